"""The consistent set of a comparison: its anchors, and the classes, files and gaps between anchors that they link."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from clonedetect.assess import Context, anchors, e_values, shares
from clonedetect.domain import CLASS, FUNCTION
from clonedetect.pipeline.found import EXACT, RARE, Found, Side, rows, scores

if TYPE_CHECKING:
    from numpy.typing import NDArray

Groups = tuple["NDArray[np.int64]", "NDArray[np.int64]"]  # the group of each place on the left and on the right

LEAST_RARE = 1.0  # bits of what the background does not know, of an anchor
MOST_BESIDE = 100  # pairs of free fragments in two linked groups that are looked at


@dataclass(frozen=True, slots=True)
class Linked:
    """alone: each pair's own E-value; anchored: the anchors among the pairs; free: places that no anchor holds;
    groups: of the places, closest first, and which are linked."""

    alone: NDArray[np.float64]
    anchored: NDArray[np.int64]
    free: tuple[NDArray[np.bool_], NDArray[np.bool_]]
    groups: tuple[tuple[Groups, Groups], ...]

    def shares(self, sides: list[Side], places: NDArray[np.int64]) -> NDArray[np.float64]:
        """Which share of all pairs of fragments the pairs at these places compete with; needs anchors."""
        at = places[:, 0], places[:, 2]
        contexts = []
        for groups, linked in self.groups:
            sizes, free = [], []
            for one, group, loose in zip(sides, groups, self.free, strict=True):
                place = one.bags.place[group[one.bags.place] >= 0]
                top = int(group.max(initial=0)) + 1
                sizes.append(np.bincount(group[place], minlength=top))
                free.append(np.bincount(group[place[loose[place]]], minlength=top))
            pairs = groups[0][at[0]], groups[1][at[1]]
            contexts.append(Context(pairs, (sizes[0], sizes[1]), (free[0], free[1]), linked))
        loose = self.free[0][at[0]] & self.free[1][at[1]]
        return shares(contexts, loose, len(self.anchored), (len(sides[0].bags.place), len(sides[1].bags.place)))


def linked(sides: list[Side], found: Found, counts: NDArray[np.bool_]) -> Linked:
    """The consistent set among the pairs that count.

    What shares nothing rare is no anchor: idioms follow each other in many repositories.
    """
    alone = e_values(scores(found.numbers), len(sides[0].bags.place), len(sides[1].bags.place))
    left, right = found.places[:, 0], found.places[:, 2]
    chosen = anchors(alone, left, right, counts & (found.numbers[:, RARE] >= LEAST_RARE))
    free = tuple(~_held(one, found, chosen, side) for side, one in enumerate(sides))
    files = sides[0].fragments.files, sides[1].fragments.files
    classes = _classes(sides[0]), _classes(sides[1])
    everything = np.zeros_like(files[0]), np.zeros_like(files[1])
    grouped = [(g, _linked(g, left[chosen], right[chosen])) for g in (classes, files, everything)]
    return Linked(alone, chosen, (free[0], free[1]), (_gaps(sides, left[chosen], right[chosen]), *grouped))


def beside_anchors(sides: list[Side], consistent: Linked) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Bags, free on both sides, that lie in groups which anchors link: candidates whatever their features."""
    found: set[tuple[int, int]] = set()
    for groups, (lefts, rights) in consistent.groups[:-1]:
        members: list[dict[int, list[int]]] = []
        for one, group, free in zip(sides, groups, consistent.free, strict=True):
            inside: dict[int, list[int]] = {}
            loose = free[one.bags.place] & np.isin(one.bags.kind, (FUNCTION, CLASS))
            for bag in np.flatnonzero(loose).tolist():
                inside.setdefault(int(group[one.bags.place[bag]]), []).append(bag)
            members.append(inside)
        for a, b in zip(lefts.tolist(), rights.tolist(), strict=True):
            here, there = members[0].get(a, []), members[1].get(b, [])
            if 0 < len(here) * len(there) <= MOST_BESIDE:
                found.update((i, j) for i in here for j in there)
    both = np.array(sorted(found), np.int64).reshape(-1, 2)
    return both[:, 0], both[:, 1]


def _held(one: Side, found: Found, chosen: NDArray[np.int64], side: int) -> NDArray[np.bool_]:
    """Which places anchors hold: all of an equal fragment or a function; of a rewritten class what is its own."""
    first, last = found.places[chosen, 2 * side], found.places[chosen, 2 * side + 1]
    lo, hi = rows(one.forest, first, last)
    own = (found.numbers[chosen, EXACT] == 0) & (one.fragments.units[first] != FUNCTION)
    hi = np.where(own, lo + 1, hi)
    size = len(one.forest.columns.after) + 1
    inside = np.cumsum(np.bincount(lo, minlength=size) - np.bincount(hi, minlength=size)) > 0
    return inside[one.forest.statements.row]


def _classes(one: Side) -> NDArray[np.int64]:
    """The innermost class around each place, as its place; -1 for none."""
    units, enclosing = one.fragments.units, one.fragments.enclosing_places
    at = enclosing.copy()
    while True:
        inside = np.flatnonzero((units[at] == FUNCTION) & (enclosing[at] != at))
        if not len(inside):
            return np.where(units[at] == CLASS, at, -1)
        at[inside] = enclosing[at[inside]]


def _linked(groups: Groups, left: NDArray[np.int64], right: NDArray[np.int64]) -> Groups:
    """The groups that the anchors join, where they are not few beside those that join either to another."""
    a, b = groups[0][left], groups[1][right]
    both, votes = np.unique(np.stack((a, b), axis=1)[(a >= 0) & (b >= 0)], axis=0, return_counts=True)
    most = np.zeros(len(both), np.int64)
    for group in both.T:
        best = np.zeros(int(group.max(initial=0)) + 1, np.int64)
        np.maximum.at(best, group, votes)
        most = np.maximum(most, best[group])
    both = both[votes * 3 >= most]
    return both[:, 0], both[:, 1]


def _gaps(sides: list[Side], left: NDArray[np.int64], right: NDArray[np.int64]) -> tuple[Groups, Groups]:
    """The stretches between anchors that follow each other on both sides, in files that are each other's partner.

    Anchors come strongest first: one that contradicts the order of stronger ones bounds nothing.
    """
    files = sides[0].fragments.files[left].tolist(), sides[1].fragments.files[right].tolist()
    votes = Counter(zip(*files, strict=True))
    forth: dict[int, int] = {}
    back: dict[int, int] = {}
    for (a, b), _ in votes.most_common():
        forth.setdefault(a, b)
        back.setdefault(b, a)
    chains: dict[tuple[int, int], tuple[list[int], list[int]]] = {}
    for a, b, x, y in zip(*files, left.tolist(), right.tolist(), strict=True):
        if forth[a] == b and back[b] == a:
            lefts, rights = chains.setdefault((a, b), ([], []))
            at = bisect_left(lefts, x)
            if at == bisect_left(rights, y):
                lefts.insert(at, x)
                rights.insert(at, y)
    groups = tuple(np.full(len(one.fragments.files), -1) for one in sides)
    base = 0
    for files_here, chain in chains.items():
        for one, group, file, places in zip(sides, groups, files_here, chain, strict=True):
            lo, hi = one.forest.places[file : file + 2].tolist()
            group[lo:hi] = base + np.searchsorted(places, np.arange(lo, hi), side="right")
        base += len(chain[0]) + 1
    every = np.arange(base)
    return (groups[0], groups[1]), (every, every)
