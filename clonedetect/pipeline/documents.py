"""The channels that read documents: each gives its finding, or in words why there is none."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Final

from clonedetect.config import compare_configs
from clonedetect.errors import CloneDetectError
from clonedetect.parse import settings
from clonedetect.pipeline.weights import weight_files
from clonedetect.tokenizer import compare_tokenizers

if TYPE_CHECKING:
    from collections.abc import Iterable

    from clonedetect.domain import RenameEntry, Snapshot
    from clonedetect.domain.config import ConfigFinding
    from clonedetect.domain.tokenizer import GgufVocabulary, TokenizerFinding
    from clonedetect.pipeline.compared import Compared


MOST_HEADERS: Final = 6  # GGUF files of one side: a model in several quantisations has one tokenizer
_BREAKS = bytes(n if chr(n).isascii() and (chr(n).isalnum() or n == ord("_")) else ord(" ") for n in range(256))


def config(compared: Compared) -> ConfigFinding | str:
    """Configuration files, and classes and dictionaries of the source that are configuration."""
    return compare_configs(
        _everything(compared.left),
        _everything(compared.right),
        settings,
        _renames(compared.renames),
        (_words(compared.left), _words(compared.right)),
        [file for ancestor in compared.ancestors for file in _everything(ancestor)],
        compared.readings.settings,
    )


def tokenizer(compared: Compared) -> TokenizerFinding | str:
    """Tokenizers of both sides; code and rename map say which added tokens serve the same purpose."""
    return compare_tokenizers(
        _documents(compared.left),
        _documents(compared.right),
        _sources(compared.left),
        _sources(compared.right),
        _renames(compared.renames),
        (_headers(compared.left), _headers(compared.right)),
    )


def _headers(snapshot: Snapshot) -> list[GgufVocabulary]:
    """The tokenizers of GGUF files on disk. A broken file is the affair of the channel of weights."""
    found = []
    for path, place in weight_files(snapshot, ".gguf")[:MOST_HEADERS]:
        from clonedetect.weights import gguf_vocabulary  # loads what readers need, where there are weights only

        with suppress(CloneDetectError):
            found.append(gguf_vocabulary(place, path))
    return [vocabulary for vocabulary in found if vocabulary is not None]


def _documents(snapshot: Snapshot) -> list[tuple[str, bytes]]:
    return [(document.path, document.data) for document in snapshot.documents]


def _everything(snapshot: Snapshot) -> list[tuple[str, bytes]]:
    """Documents and source files."""
    return _documents(snapshot) + [(file.path, file.data) for file in snapshot.files if not file.notebook]


def _words(snapshot: Snapshot) -> frozenset[str]:
    """Every word of the source: what is none of them is a key that the code does not read."""
    found: set[bytes] = set()
    for file in snapshot.files:
        found.update(file.data.translate(_BREAKS).split())
    return frozenset(word.lstrip(b"0123456789").decode("ascii") for word in found)


def _sources(snapshot: Snapshot) -> list[str]:
    return [file.data.decode("utf-8", "replace") for file in snapshot.files]


def _renames(entries: Iterable[RenameEntry]) -> dict[str, str]:
    """Left name to right name: the best supported entry of each."""
    found: dict[str, str] = {}
    for entry in entries:
        if entry.support > entry.conflicts:
            found.setdefault(entry.left, entry.right)
    return found
