"""The repository-wide rename map: clone pairs vote for what was renamed to what."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from itertools import takewhile
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from clonedetect.domain import RenameEntry

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from clonedetect.domain import ClonePair, FilePair

# What a name is, said by the place that says most: a class is also a plain name wherever it is used.
_KINDS = ("class", "function", "module", "attribute", "parameter", "keyword", "variable", "name")
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+|_+|[^\W\d_]+")
SAME_FILE = 0.5  # share of the smaller file's lines that a pair of files must share to be one file under two names
STEM_SUPPORT = 3  # different names that must show the same change of a part before it is a stem

_Place = tuple[str, str]  # path, and the dotted name in it


def rename_map(pairs: Sequence[ClonePair], files: Iterable[FilePair] = ()) -> tuple[RenameEntry, ...]:
    """What the pairs say was renamed, those first that most more pairs support than contradict.

    A pair votes once for each of its renames. Classes whose methods are paired, and files that share code, vote for
    their own names where each is the other's best partner. `conflicts` counts the votes of either name for another
    partner, and those for the same two names the other way round: what stands for each other in either direction was
    rather put in another order than renamed. Parts of names that change alike in several names (`BertLayer` ->
    `RobertaLayer`) are entries of kind `stem`.
    """
    votes: Counter[tuple[str, str]] = Counter()
    kinds: dict[tuple[str, str], int] = {}
    told = ((rename.left, rename.right, rename.kind) for pair in pairs for rename in pair.renames)
    for left, right, kind in (*told, *_classes(pairs), *_modules(files)):
        votes[left, right] += 1
        rank = _KINDS.index(kind)
        kinds[left, right] = min(kinds.get((left, right), rank), rank)
    from_left: Counter[str] = Counter()
    from_right: Counter[str] = Counter()
    for (left, right), n in votes.items():
        from_left[left] += n
        from_right[right] += n
    entries = [
        RenameEntry(
            left,
            right,
            _KINDS[kinds[left, right]],
            n,
            from_left[left] + from_right[right] - 2 * n + votes.get((right, left), 0),
        )
        for (left, right), n in votes.items()
    ]
    entries += _stems(votes)
    return tuple(sorted(entries, key=lambda e: (e.conflicts - e.support, e.conflicts, e.kind, e.left, e.right)))


def _classes(pairs: Iterable[ClonePair]) -> Iterator[tuple[str, str, str]]:
    """Classes around paired methods under other names, each with the one that most of its methods are paired with."""
    methods: Counter[tuple[_Place, _Place]] = Counter()
    for pair in pairs:
        if pair.left.kind == pair.right.kind == "method":
            left, right = ((f.path, f.name.rpartition(".")[0]) for f in (pair.left, pair.right))
            methods[left, right] += 1
    for (_, left), (_, right) in _partners(methods):
        a, b = left.rpartition(".")[2], right.rpartition(".")[2]
        if a != b:
            yield a, b, "class"


def _modules(files: Iterable[FilePair]) -> Iterator[tuple[str, str, str]]:
    """Module names that differ, and those of the packages around files equally deep in their repositories."""
    alike = {((f.left, ""), (f.right, "")): f.similarity for f in files if f.similarity >= SAME_FILE}
    for (left, _), (right, _) in _partners(alike):
        a, b = PurePosixPath(left).with_suffix("").parts, PurePosixPath(right).with_suffix("").parts
        for x, y in zip(a, b, strict=True) if len(a) == len(b) else [(a[-1], b[-1])]:
            if x != y and x.isidentifier() and y.isidentifier() and "__init__" not in (x, y):
                yield x, y, "module"


def _partners(weights: Mapping[tuple[_Place, _Place], float]) -> list[tuple[_Place, _Place]]:
    """Pairs than which neither member has a heavier one."""
    best: tuple[dict[_Place, float], dict[_Place, float]] = ({}, {})
    for pair, weight in weights.items():
        for side, place in zip(best, pair, strict=True):
            side[place] = max(weight, side.get(place, weight))
    return [(a, b) for (a, b), weight in weights.items() if weight == best[0][a] == best[1][b]]


def _stems(votes: Counter[tuple[str, str]]) -> list[RenameEntry]:
    names: dict[tuple[str, str], set[tuple[str, str]]] = defaultdict(set)
    support: Counter[tuple[str, str]] = Counter()
    for (left, right), n in votes.items():
        stem = _stem(left, right)
        if stem:
            names[stem].add((left, right))
            support[stem] += n
    known = {stem for stem, seen in names.items() if len(seen) >= STEM_SUPPORT and stem not in votes}
    from_left: Counter[str] = Counter()
    for stem in known:
        from_left[stem[0]] += support[stem]
    return [RenameEntry(*stem, "stem", support[stem], from_left[stem[0]] - support[stem]) for stem in known]


def _stem(left: str, right: str) -> tuple[str, str] | None:
    """The words in which two names differ, if they share others: (`Bert`, `Roberta`) of BertLayer and RobertaLayer."""
    if left[:1] != right[:1] and left[-1:] != right[-1:]:
        return None  # no word in common at either end: most names
    a, b = _WORD.findall(left), _WORD.findall(right)
    head = _common(a, b)
    tail = _common(a[head:][::-1], b[head:][::-1])
    if not head and not tail:
        return None
    x, y = "".join(a[head : len(a) - tail]).strip("_"), "".join(b[head : len(b) - tail]).strip("_")
    return (x, y) if len(x) > 1 and len(y) > 1 and x[0].isalpha() and y[0].isalpha() else None


def _common(a: list[str], b: list[str]) -> int:
    """How many words two lists begin with in common."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(a, b, strict=False)))
