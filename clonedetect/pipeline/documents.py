"""The channels that read documents: each gives its finding, or in words why there is none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from clonedetect.tokenizer import compare_tokenizers

if TYPE_CHECKING:
    from collections.abc import Iterable

    from clonedetect.domain import RenameEntry, Snapshot
    from clonedetect.domain.tokenizer import TokenizerFinding
    from clonedetect.pipeline.channels import Compared


def tokenizer(compared: Compared) -> TokenizerFinding | str:
    """Tokenizers of both sides; code and rename map say which added tokens serve the same purpose."""
    return compare_tokenizers(
        _documents(compared.left),
        _documents(compared.right),
        _sources(compared.left),
        _sources(compared.right),
        _renames(compared.renames),
    )


def _documents(snapshot: Snapshot) -> list[tuple[str, bytes]]:
    return [(document.path, document.data) for document in snapshot.documents]


def _sources(snapshot: Snapshot) -> list[str]:
    return [file.data.decode("utf-8", "replace") for file in snapshot.files]


def _renames(entries: Iterable[RenameEntry]) -> dict[str, str]:
    """Left name to right name: the best supported entry of each."""
    found: dict[str, str] = {}
    for entry in entries:
        if entry.support > entry.conflicts:
            found.setdefault(entry.left, entry.right)
    return found
