"""Which key of the left is which key of the right: names, values, the groups they stand in, and their neighbours.

Every pair of keys gets a score in bits and the best one-to-one assignment is taken; what it says of groups, words and
neighbours goes into the next round, until it stands.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from clonedetect.config.names import ALIAS, RENAMED, SAME, learn_words, name_scores, squeezed
from clonedetect.config.values import Published, canonical, says_something

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from clonedetect.domain.config import Setting

ROUNDS = 6
ACCEPT = 2.5  # bits
MARGIN = 0.5  # bits that a pair must be ahead of what else its keys could be
FIRM = 2.0  # bits by which a key belongs to another one for good
OTHER_VALUE, OTHER_KIND = -1.5, -4.0
NOTHING = 0.5  # bits of an equal value that says nothing: null, an empty list
GROUP, OTHER_GROUP = 2.5, -2.0  # the groups two keys stand in belong together, or do not
LEFT_OVER = 2.0  # the only ones of their groups with this value that are left
NEIGHBOUR = 1.5  # each of the two neighbours that belong together
MOST_VALUE = 9.0  # bits of a value that count towards a pair of keys
LARGEST = 1_000  # keys of a file that are matched


@dataclass(frozen=True, slots=True)
class Leaf:
    """A setting with what its value means."""

    setting: Setting
    value: str

    @property
    def key(self) -> str:
        return self.setting.path[-1]

    @property
    def group(self) -> tuple[str, ...]:
        return self.setting.path[:-1]


@dataclass(frozen=True, slots=True)
class Match:
    """Indices of two leaves that belong together and why."""

    left: int
    right: int
    why: str


def leaves(settings: Sequence[Setting]) -> list[Leaf]:
    """One leaf a path, the last where a key occurs twice, as parsers do."""
    last = {s.path: s for s in settings}
    return [Leaf(s, canonical(s)) for s in last.values()][:LARGEST]


def match_keys(
    left: Sequence[Leaf], right: Sequence[Leaf], renames: Mapping[str, str], published: Published
) -> tuple[list[Match], dict[tuple[str, ...], tuple[str, ...]]]:
    """Pairs of leaves, by left index, and the groups of keys that belong together."""
    if not left or not right:
        return [], {}
    values = _value_scores(left, right, published)
    groups: dict[tuple[str, ...], tuple[str, ...]] = {}
    learned: dict[str, str] = {}
    chosen: list[tuple[int, int]] = []
    names = scores = np.zeros((0, 0))
    for _ in range(ROUNDS):
        names = name_scores([x.key for x in left], [x.key for x in right], renames, learned)
        scores = names + values + _group_scores(left, right, groups, renames) + _neighbour_scores(left, right, chosen)
        scores += _left_over_scores(left, right, chosen, groups)
        before, chosen = chosen, _assign(scores, names)
        groups = _groups(left, right, chosen, renames)
        learned = learn_words([(left[i].key, right[j].key) for i, j in chosen])
        if chosen == before:
            break
    return [Match(i, j, _why(names[i, j], left[i], right[j], renames)) for i, j in chosen], groups


class Matcher:
    """`match_keys`, which does nothing twice: for the same leaves under renames that speak of none of their keys."""

    def __init__(self, published: Published) -> None:
        self.published = published
        self._known: dict[tuple, tuple[list[Match], dict[tuple[str, ...], tuple[str, ...]]]] = {}

    def match(
        self, left: Sequence[Leaf], right: Sequence[Leaf], renames: Mapping[str, str]
    ) -> tuple[list[Match], dict[tuple[str, ...], tuple[str, ...]]]:
        """As `match_keys`. The leaves must stay alive: they are known by their identity."""
        keys = {key for leaf in left for key in leaf.setting.path}
        case = id(left), id(right), frozenset((key, renames[key]) for key in keys if key in renames)
        if case not in self._known:
            self._known[case] = match_keys(left, right, renames, self.published)
        return self._known[case]


def _value_scores(left: Sequence[Leaf], right: Sequence[Leaf], published: Published) -> NDArray[np.float64]:
    kinds = [np.array([x.setting.kind for x in side], object) for side in (left, right)]
    scores = np.where(kinds[0][:, None] == kinds[1][None, :], OTHER_VALUE, OTHER_KIND)
    at: dict[str, list[int]] = {}
    for j, leaf in enumerate(right):
        at.setdefault(leaf.value, []).append(j)
    for i, leaf in enumerate(left):
        for j in at.get(leaf.value, ()):
            scores[i, j] = min(MOST_VALUE, published.bits(leaf.value)) if says_something(leaf.value) else NOTHING
    return scores


def _group_scores(
    left: Sequence[Leaf],
    right: Sequence[Leaf],
    groups: Mapping[tuple[str, ...], tuple[str, ...]],
    renames: Mapping[str, str],
) -> NDArray[np.float64]:
    """How well the groups of two keys fit: by the last round's pairs, in the first round by their names."""
    ours, theirs = sorted({x.group for x in left}), sorted({x.group for x in right})
    if groups:
        fit = np.array([[GROUP if groups.get(a) == b else OTHER_GROUP for b in theirs] for a in ours])
    else:
        fit = np.array([[GROUP * _same_place(a, b, renames) for b in theirs] for a in ours])
    rows = [ours.index(x.group) for x in left]
    columns = [theirs.index(x.group) for x in right]
    return fit[np.ix_(rows, columns)]


def _same_place(a: tuple[str, ...], b: tuple[str, ...], renames: Mapping[str, str]) -> float:
    """0..1: the share of keys that two groups have in common, from the root on."""
    if a == b:
        return 1.0
    same = sum(squeezed(x) == squeezed(y) or renames.get(x) == y for x, y in zip(a, b, strict=False))
    return 0.9 * same / max(len(a), len(b))


def _neighbour_scores(
    left: Sequence[Leaf], right: Sequence[Leaf], chosen: Sequence[tuple[int, int]]
) -> NDArray[np.float64]:
    scores = np.zeros((len(left), len(right)))
    for i, j in chosen:
        for step in (-1, 1):
            a, b = i + step, j + step
            if (
                0 <= a < len(left)
                and 0 <= b < len(right)
                and left[a].group == left[i].group
                and right[b].group == right[j].group
            ):
                scores[a, b] += NEIGHBOUR
    return scores


def _left_over_scores(
    left: Sequence[Leaf],
    right: Sequence[Leaf],
    chosen: Sequence[tuple[int, int]],
    groups: Mapping[tuple[str, ...], tuple[str, ...]],
) -> NDArray[np.float64]:
    """Keys of two groups that belong together, whose value no other key of either group has that is still alone."""
    scores = np.zeros((len(left), len(right)))
    settled = (
        {i for i, j in chosen if left[i].key == right[j].key},
        {j for i, j in chosen if left[i].key == right[j].key},
    )
    alone: list[dict[tuple[tuple[str, ...], str], list[int]]] = [{}, {}]
    for side, (found, done) in enumerate(zip(alone, settled, strict=True)):
        for i, leaf in enumerate((left, right)[side]):
            if i not in done and says_something(leaf.value):
                found.setdefault((leaf.group, leaf.value), []).append(i)
    for (group, value), rows in alone[0].items():
        columns = alone[1].get((groups[group], value), []) if group in groups else []
        if len(rows) == 1 == len(columns):
            scores[rows[0], columns[0]] = LEFT_OVER
    return scores


def _assign(scores: NDArray[np.float64], names: NDArray[np.float64]) -> list[tuple[int, int]]:
    """The best assignment's pairs that are good enough and clearly better than what else their keys could be."""
    from scipy.optimize import linear_sum_assignment  # its start-up is longer than a scan of a few files

    rows, columns = linear_sum_assignment(scores, maximize=True)
    own = scores[rows, columns]
    of_row, of_column = np.full(scores.shape[0], -np.inf), np.full(scores.shape[1], -np.inf)
    of_row[rows], of_column[columns] = own, own
    # What a key could be instead: not what belongs to another key by far.
    by_row = np.where(of_column[None, :] > scores + FIRM, -np.inf, scores)
    by_column = np.where(of_row[:, None] > scores + FIRM, -np.inf, scores)
    by_row[rows, columns] = by_column[rows, columns] = -np.inf
    ahead = own - np.maximum(by_row[rows].max(1), by_column[:, columns].max(0))
    good = (own >= ACCEPT) & ((names[rows, columns] >= SAME) | (ahead >= MARGIN))
    return list(zip(rows[good].tolist(), columns[good].tolist(), strict=True))


def _groups(
    left: Sequence[Leaf],
    right: Sequence[Leaf],
    chosen: Sequence[tuple[int, int]],
    renames: Mapping[str, str],
) -> dict[tuple[str, ...], tuple[str, ...]]:
    """Groups that belong together by most of their keys, one to one; the groups around them follow."""
    votes: Counter[tuple[tuple[str, ...], tuple[str, ...]]] = Counter()
    for i, j in chosen:
        a, b = left[i].group, right[j].group
        votes[a, b] += 1
        while a and b:
            a, b = a[:-1], b[:-1]
            votes[a, b] += 0 if (a, b) in votes else 1
    found: dict[tuple[str, ...], tuple[str, ...]] = {}
    taken: set[tuple[str, ...]] = set()
    # Of groups that share as many keys those whose own names agree: one file may hold the same keys twice.
    ranked = [(-n * (1 + _same_place(a, b, renames)), a, b) for (a, b), n in votes.items()]
    for _, a, b in sorted(ranked):
        if a not in found and b not in taken:
            found[a] = b
            taken.add(b)
    return found


def _why(name: float, left: Leaf, right: Leaf, renames: Mapping[str, str]) -> str:
    if left.key == right.key:
        return "same key"
    if name >= SAME:
        return "same key in another style"
    if renames.get(left.key) == right.key:
        return "renamed alike elsewhere"
    if name >= RENAMED or name >= ALIAS:
        return "known alias"
    if name > 1.0:
        return "similar name" + (" and value" if left.value == right.value else "")
    return "value and place" if left.value == right.value else "place"
