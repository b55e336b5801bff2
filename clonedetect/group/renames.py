"""The repository-wide rename map: clone pairs vote for what was renamed to what."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from itertools import takewhile
from typing import TYPE_CHECKING

from clonedetect.domain import RenameEntry

if TYPE_CHECKING:
    from collections.abc import Iterable

    from clonedetect.domain import ClonePair

# What a name is, said by the place that says most: a class is also a plain name wherever it is used.
_KINDS = ("class", "function", "module", "attribute", "parameter", "keyword", "variable", "name")
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+|_+|[^\W\d_]+")
STEM_SUPPORT = 3  # different names that must show the same change of a part before it is a stem


def rename_map(pairs: Iterable[ClonePair]) -> tuple[RenameEntry, ...]:
    """What the pairs say was renamed, best supported first.

    A pair votes once for each of its renames. `conflicts` counts the votes of either name for another partner. Parts
    of names that change alike in several names (`BertLayer` -> `RobertaLayer`) are entries of kind `stem`.
    """
    votes: Counter[tuple[str, str]] = Counter()
    kinds: dict[tuple[str, str], int] = {}
    for pair in pairs:
        for rename in pair.renames:
            key = rename.left, rename.right
            votes[key] += 1
            rank = _KINDS.index(rename.kind)
            kinds[key] = min(kinds.get(key, rank), rank)
    from_left: Counter[str] = Counter()
    from_right: Counter[str] = Counter()
    for (left, right), n in votes.items():
        from_left[left] += n
        from_right[right] += n
    entries = [
        RenameEntry(left, right, _KINDS[kinds[left, right]], n, from_left[left] + from_right[right] - 2 * n)
        for (left, right), n in votes.items()
    ]
    entries += _stems(votes)
    return tuple(sorted(entries, key=lambda e: (-e.support, e.conflicts, e.kind, e.left, e.right)))


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
