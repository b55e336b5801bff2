"""What the comparison of two sources found, kept: to compare the same again is to read it.

An entry's key is a digest of everything that the result depends on, the bytes of clonedetect itself included, and its
content is fixed by its key: an entry can be damaged, which reads as "not there", or thrown away for newer ones, but
never out of date.
"""

from __future__ import annotations

import hashlib
import json
import platform
import sys
import zlib
from dataclasses import dataclass, fields, is_dataclass
from functools import cache
from importlib.metadata import version
from operator import attrgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, get_args, get_origin, get_type_hints

from clonedetect.domain import CloneClass, ClonePair, FilePair, RenameEntry, Skipped, SourceFile
from clonedetect.grammar import grammars_dir
from clonedetect.group import file_pairs, rename_map
from clonedetect.parse import TOO_SLOW, readable_files
from clonedetect.parse.cache import Cache

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from clonedetect.domain import Forest, Identity, Snapshot

MOST_BYTES: Final = 64_000_000  # of one result as JSON; a larger one is not kept
KEPT_BYTES: Final = 256_000_000  # of all results, compressed; the oldest are thrown away
_PACKAGE: Final = Path(__file__).parents[1]
_LIBRARIES: Final = ("numpy", "scipy", "rapidfuzz", "tree-sitter", "tree-sitter-python")


@dataclass(frozen=True, slots=True)
class SourceFound:
    """What the comparison of the source found. lines: of every file that was parsed, left, right and ancestors."""

    pairs: tuple[ClonePair, ...]
    classes: tuple[CloneClass, ...]
    files: tuple[FilePair, ...]
    renames: tuple[RenameEntry, ...]
    lines: tuple[tuple[int, ...], ...]


@dataclass(frozen=True, slots=True)
class Examined:
    """The source of one repository as it was parsed: files, the lines of each, what had to be left out."""

    files: tuple[SourceFile, ...]
    lines: tuple[int, ...]
    skipped: tuple[Skipped, ...]


def examined_of(forest: Forest) -> Examined:
    """What was parsed."""
    return Examined(forest.files, tuple(forest.lines.tolist()), forest.skipped)


def grouped(
    pairs: Sequence[ClonePair], classes: tuple[CloneClass, ...], identity: Identity, examined: Sequence[Examined]
) -> SourceFound:
    """Pairs and classes with what follows of them for whole files and for names."""
    left, right = (dict(zip((f.path for f in one.files), one.lines, strict=True)) for one in examined[:2])
    files = file_pairs(pairs, {(a, b) for a, b, _ in identity.files if a in left and b in right}, left, right)
    return SourceFound(tuple(pairs), classes, files, rename_map(pairs, files), tuple(one.lines for one in examined))


class Memory:
    """The place of one comparison among those that are kept in a file; without a file, nothing is known or kept.

    snapshots: left, right, ancestors; rewritten: whether Type-3 copies are looked for.
    """

    def __init__(self, path: Path | None, snapshots: Sequence[Snapshot], identity: Identity, rewritten: bool) -> None:
        self._path, self._snapshots = path, snapshots
        self._key = _key(snapshots, identity, rewritten) if path else ""

    def recall(self) -> SourceFound | None:
        """The result, if it is there and whole."""
        packed = Cache(self._path).get([self._key], _tool()).get(self._key) if self._path else None
        if packed is None:
            return None
        try:
            return _reader(SourceFound)(json.loads(zlib.decompressobj().decompress(packed, MOST_BYTES)))
        except (zlib.error, ValueError, TypeError, LookupError):
            return None

    def examined(self, found: SourceFound) -> list[Examined]:
        """What was parsed for a result that was kept."""
        read = [readable_files(snapshot.files) for snapshot in self._snapshots]
        return [
            Examined(tuple(files), lines, tuple(skipped))
            for (files, skipped), lines in zip(read, found.lines, strict=True)
        ]

    def keep(self, found: SourceFound, examined: Sequence[Examined]) -> None:
        """Keep a result, the oldest ones making room. One that hung on how fast the machine was is not kept."""
        slow = any(gone.reason == TOO_SLOW for one in examined for gone in one.skipped)
        if self._path is None or slow:
            return
        raw = json.dumps(_packer(SourceFound)(found), separators=(",", ":")).encode()
        if len(raw) < MOST_BYTES:
            Cache(self._path).put([(self._key, zlib.compress(raw, 1))], _tool(), KEPT_BYTES)


def _key(snapshots: Sequence[Snapshot], identity: Identity, rewritten: bool) -> str:
    digest = hashlib.blake2b(digest_size=32)
    for number, snapshot in enumerate(snapshots):
        name = snapshot.origin if number > 1 else ""  # what an ancestor explains is explained by its name
        files = [(f.path, f.language, f.notebook, hashlib.sha256(f.data).hexdigest()) for f in snapshot.files]
        digest.update(json.dumps([name, files]).encode())
    left, right = ({f.path for f in snapshot.files} for snapshot in snapshots[:2])
    same = [(a, b) for a, b, _ in identity.files if a in left and b in right]
    digest.update(json.dumps([same, rewritten]).encode())
    return digest.hexdigest()


@cache
def _tool() -> str:
    """A digest of clonedetect's own files, of the grammars and of what they are run by."""
    libraries = [f"{name} {version(name)}" for name in _LIBRARIES]
    digest = hashlib.blake2b("\n".join([sys.version, platform.machine(), *libraries]).encode(), digest_size=16)
    for root in (_PACKAGE, grammars_dir()):
        for path in sorted(root.rglob("*")):
            if path.suffix != ".pyc" and path.is_file():
                data = path.read_bytes()
                digest.update(f"{path.relative_to(root).as_posix()} {len(data)}\n".encode() + data)
    return digest.hexdigest()


# Dataclasses as lists of their fields: half the size and time of objects with a key a field.


@cache
def _packer(kind: Any) -> Callable[[Any], Any]:
    """What makes of a `kind` a value that `json` writes. A tuple is a list there."""
    if is_dataclass(kind):
        take, parts = attrgetter(*(field.name for field in fields(kind))), _parts(kind, _packer)
        return (lambda value: _replaced([*take(value)], parts)) if parts else take
    inner = _packer(get_args(kind)[0]) if get_origin(kind) is tuple else _same
    return inner if inner is _same else lambda values: [*map(inner, values)]


@cache
def _reader(kind: Any) -> Callable[[Any], Any]:
    """The inverse of `_packer`. It may raise ValueError, TypeError or LookupError for what that did not make."""
    if is_dataclass(kind) and isinstance(kind, type):
        parts = _parts(kind, _reader)
        return lambda row: kind(*_replaced(row, parts))
    if get_origin(kind) is not tuple:
        return _same
    inner = _reader(get_args(kind)[0])
    return tuple if inner is _same else lambda values: tuple(map(inner, values))


def _parts(kind: Any, each: Callable[[Any], Callable[[Any], Any]]) -> list[tuple[int, Callable[[Any], Any]]]:
    """The fields of a dataclass, by number, that are not written as they are, and what makes of them what is."""
    hints = get_type_hints(kind)
    made = ((n, each(hints[field.name])) for n, field in enumerate(fields(kind)))
    return [(n, part) for n, part in made if part is not _same]


def _replaced(row: list[Any], parts: list[tuple[int, Callable[[Any], Any]]]) -> list[Any]:
    for n, part in parts:
        row[n] = part(row[n])
    return row


def _same(value: Any) -> Any:
    return value
