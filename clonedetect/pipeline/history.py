"""The history channel: both histories walked, each pair's first commits found, revisions ranked."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from clonedetect.acquire import OpenHistory
from clonedetect.align import Fragments
from clonedetect.domain import SourceFile
from clonedetect.history import (
    Doubts,
    Passage,
    Revision,
    Search,
    doubts,
    earliest,
    fit_revisions,
    history_finding,
    lines_of,
    revisions_of,
)
from clonedetect.normalise import own_names
from clonedetect.parse import parse
from clonedetect.parse.notebook import code
from clonedetect.pipeline.bags import plain_bags

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from clonedetect.domain import Background, ClonePair, Forest, Rename
    from clonedetect.domain.history import BestRevision, HistoryFinding, HistoryWalk
    from clonedetect.domain.trees import Side
    from clonedetect.pipeline.compared import Compared

MOST_PAIRS = 5_000  # pairs whose first commits are looked for
MOST_CONTENTS = 60_000  # contents looked into, a side; oldest first
LARGEST = 1_000_000  # bytes of a content that is looked into
POOL_FILES = 1_500  # contents that revisions are made of
FEWEST = 6  # lines of the other side's text that are not found together by chance
NOTEBOOK = ".ipynb"
_WORD = re.compile(rb"[A-Za-z_\x80-\xff][\w\x80-\xff]*")


@dataclass(frozen=True, slots=True)
class _Walked:
    """One side, walked and looked into."""

    history: OpenHistory
    doubts: Doubts
    passages: list[Passage]
    contents: int
    holding: set[str]  # contents with at least half of some fragment

    def parts(self) -> tuple[HistoryWalk, Doubts, list[Passage], int]:
        return self.history.walk, self.doubts, self.passages, self.contents


def examine_history(compared: Compared) -> HistoryFinding | str:
    """The finding of the channel `history`, or why there is none."""
    left, right = compared.histories.left, compared.histories.right
    for side, history in (("left", left), ("right", right)):
        if isinstance(history, str):
            return history if not compared.options.history else f"the {side} has no history to walk: {history}"
    assert isinstance(left, OpenHistory) and isinstance(right, OpenHistory)
    pairs = [pair for pair in compared.pairs if pair.explained_by is None][:MOST_PAIRS]
    texts = _texts(pairs, "left", compared.left_files), _texts(pairs, "right", compared.right_files)
    one = _look(left, texts[0], [_named(t, p.renames, "left") for p, t in zip(pairs, texts[1], strict=True)])
    two = _look(right, texts[1], [_named(t, p.renames, "right") for p, t in zip(pairs, texts[0], strict=True)])
    best = (
        _best("left", one, {pair.left.path for pair in pairs}, 1, compared),
        _best("right", two, {pair.right.path for pair in pairs}, 0, compared),
    )
    return history_finding(pairs, one.parts(), two.parts(), tuple(each for each in best if each))


def _texts(pairs: Sequence[ClonePair], side: Side, sources: Sequence[SourceFile]) -> list[bytes]:
    """For each pair the lines of one side that stand opposite the other."""
    files = {file.path: (file.data.split(b"\n"), dict(file.cells)) for file in sources}
    out = []
    for pair in pairs:
        fragment = pair.left if side == "left" else pair.right
        lines, cells = files[fragment.path]
        shift = cells[fragment.cell] - 2 if fragment.cell is not None else -1
        spans = [region.left if side == "left" else region.right for region in pair.regions]
        spans = spans or [(fragment.start_line, fragment.end_line)]
        out.append(b"\n".join(line for first, last in spans for line in lines[shift + first : shift + last + 1]))
    return out


def _named(text: bytes, renames: Sequence[Rename], side: Side) -> bytes:
    """The other side's text of a pair in this side's names: what this side had, had it been written by it."""
    pairs = [(r.right, r.left) if side == "left" else (r.left, r.right) for r in renames]
    names = {theirs.encode(): own.encode() for theirs, own in reversed(pairs)}
    return _WORD.sub(lambda match: names.get(match[0], match[0]), text) if names else text


def _look(history: OpenHistory, own: list[bytes], others: list[bytes]) -> _Walked:
    """Look into every source content of a history once, for each pair's code as either side has it today.

    The copy may be nearer to what the older side once had than that side's own code of today, which has been
    formatted and extended since.
    """
    walk = history.walk
    theirs = [lines_of(text) for text in others]
    fragments = [*map(lines_of, own), *(lines if len(set(lines)) >= FEWEST else [] for lines in theirs)]
    search = Search(fragments, walk)
    wanted = [v for v in sorted(walk.versions, key=lambda v: (v.added, v.path)) if v.path.endswith((".py", NOTEBOOK))]
    blobs = {version.blob: version.path.endswith(NOTEBOOK) for version in wanted[:MOST_CONTENTS]}
    if fragments:
        for blob, data in _sources(history, blobs):
            search.look(blob, data)
    found = search.passages()
    passages = [earliest(*two) for two in zip(found[: len(own)], found[len(own) :], strict=True)]
    return _Walked(history, doubts(walk), passages, search.contents, search.holding)


def _sources(history: OpenHistory, blobs: dict[str, bool]) -> Iterator[tuple[str, bytes]]:
    """Contents as source; notebooks as their code. What is missing, too large or no notebook is left out."""
    for blob, data in history.read(list(blobs), LARGEST):
        if data is None:
            continue
        try:
            yield blob, code(data)[0] if blobs[blob] else data
        except ValueError:
            continue


def _best(side: Side, walked: _Walked, paths: set[str], other: int, compared: Compared) -> BestRevision | None:
    """The revision of one side that fits the other side (0 left, 1 right) best."""
    walk = walked.history.walk
    paths = paths | {version.path for version in walk.versions if version.blob in walked.holding}
    kept = sorted((v for v in walk.versions if v.path in paths), key=lambda v: (v.added, v.path))
    blobs = {v.blob: v.path.endswith(NOTEBOOK) for v in kept if v.path.endswith((".py", NOTEBOOK))}
    if len(blobs) > POOL_FILES:
        even = np.linspace(0, len(blobs) - 1, POOL_FILES).astype(int)
        names = list(blobs)
        blobs = {names[n]: blobs[names[n]] for n in sorted(set(even.tolist()))}
    files = [SourceFile(blob, blob, data, "python") for blob, data in _sources(walked.history, blobs)]
    revisions = revisions_of(walk, [file.path for file in files])
    if len(revisions) < 2:
        return None
    return rank_files(side, files, revisions, compared.forests()[other], compared.background, compared.options.jobs)


def rank_versions(
    target: Sequence[SourceFile],
    candidates: Sequence[tuple[str, Sequence[SourceFile]]],
    background: Background,
    jobs: int | None = None,
) -> BestRevision | None:
    """Which of several versions, oldest first, each (name, its files), fits the target best: version attribution.

    None where nothing tells the versions apart. The target is the right side of the answer, its files may be renamed.
    """
    distinct: dict[str, SourceFile] = {}
    for _, files in candidates:
        for file in files:
            distinct.setdefault(file.blob, replace(file, path=file.blob))
    number = {blob: n for n, blob in enumerate(distinct)}
    revisions = [Revision(name, "", None, frozenset(number[file.blob] for file in files)) for name, files in candidates]
    (other,) = parse([("right", target)], jobs=jobs)
    return rank_files("left", list(distinct.values()), revisions, other, background, jobs)


def rank_files(
    side: Side,
    files: Sequence[SourceFile],
    revisions: Sequence[Revision],
    other: Forest,
    background: Background,
    jobs: int | None = None,
) -> BestRevision | None:
    """Rank revisions, each a set of numbers into `files`, by how well they fit the forest of the other side."""
    (pool,) = parse([(side, files)], jobs=jobs)
    number = {file.path: n for n, file in enumerate(files)}
    own = own_names([pool, other])
    bags = [plain_bags(forest, own)[2] for forest in (pool, other)]
    owner = np.searchsorted(pool.places, bags[0].place, side="right") - 1
    file_number = np.array([number[file.path] for file in pool.files], np.int64)
    named = Fragments(other)
    names = []
    for place in bags[1].place.tolist():
        path, name = other.files[named.file(place)].path, named.name(place)
        names.append(f"{path}: {name}" if name else path)
    return fit_revisions(side, bags[0], file_number[owner], bags[1], names, revisions, background)
