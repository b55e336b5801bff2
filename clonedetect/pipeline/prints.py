"""From a repository's files to what a corpus keeps of it: the rooms of a scan, up to the features."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from clonedetect.align import Fragments
from clonedetect.corpus import LOOSE, load_background
from clonedetect.domain import BITS_STEP, CLASS, FUNCTION, RUN, Prints, among
from clonedetect.fingerprint import fingerprint
from clonedetect.match import range_entries, weigh
from clonedetect.normalise import blind_labels, content_labels, kept_names, own_names, raw_labels
from clonedetect.parse import parse
from clonedetect.pipeline.bags import loose_bags

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from clonedetect.domain import Fingerprints, Forest, SourceFile, Weights
    from clonedetect.pipeline.bags import LooseBags, Own

FORM = 4  # raised when equal source no longer gives equal prints: a corpus of another form cannot be searched
LEAST_TOKENS = 20  # a smaller fragment holds too little to be told from a coincidence
LEAST_WEIGHT = 0.5  # bits; what adds less to a fragment is not kept
NO_RUNS = 1 << 40  # tokens of the smallest statement run: only definitions are wanted


def prints(files: Sequence[SourceFile], jobs: int | None = 1, cache: Path | None = None) -> Prints:
    """Fingerprints of a repository's definitions.

    Which names are the repository's own, and how common a feature is in it, is settled by all of its files.
    """
    (forest,) = parse([("left", files)], jobs=jobs, cache=cache)
    return forest_prints(forest, own_names([forest]))


def forest_prints(forest: Forest, own: Own, only: frozenset[str] | None = None) -> Prints:
    """The same of parsed files, whose own names are known; with `only`, of the definitions in these paths alone."""
    loose, background = loose_bags(forest, own), load_background(LOOSE)
    weights = weigh(loose.bags, loose.bags, loose.forest, loose.forest, background, loose.blind)
    content, blind = content_labels(forest, kept_names(forest, own)), blind_labels(forest)
    whole = fingerprint(forest, blind, raw_labels(forest, blind), content, NO_RUNS)
    kept = _definitions(forest, loose, weights, whole, only)
    value = weights.feature[kept.feature]
    weight = np.minimum(np.round(weights.added[kept.feature] * BITS_STEP), 255).astype(np.uint8)
    ours = among(value, loose.own)
    foreign = among(value, np.unique(loose.forest.columns.text[loose.blind])) & ~ours
    bits = np.where(ours, 0.0, weight * (1.0 + np.log2(kept.count)) / BITS_STEP)
    names = Fragments(forest)
    fragments = [names.fragment(p, p) for p in kept.place.tolist()]
    hashes = _whole(whole, kept.place)
    return Prints(
        path=tuple(f.path if f.cell is None else f"{f.path}#{f.cell}" for f in fragments),
        name=tuple(f.name for f in fragments),
        kind=tuple(f.kind for f in fragments),
        first=np.array([f.start_line for f in fragments], np.int32),
        last=np.array([f.end_line for f in fragments], np.int32),
        tokens=kept.tokens.astype(np.int32),
        bits=np.bincount(kept.fragment, weights=bits, minlength=len(fragments)).astype(np.float32),
        raw=hashes[0],
        renamed=hashes[1],
        blind=hashes[2],
        start=np.searchsorted(kept.fragment, np.arange(len(fragments) + 1)),
        feature=value,
        count=kept.count,
        weight=weight,
        own=ours,
        unheard=foreign & (background.packages(value) == 0),
        skipped=forest.skipped,
    )


def outermost(found: Prints, repository: Mapping[int, int]) -> list[int]:
    """Of fragments with the repository that each was found in, those not within a function found in the same one."""
    out: list[int] = []
    around: list[int] = []  # functions found, each within the one before
    for i in sorted(repository, key=lambda i: (found.path[i], found.first[i], -found.last[i], i)):
        while around and (found.path[around[-1]] != found.path[i] or found.last[around[-1]] < found.last[i]):
            around.pop()
        if any(repository[o] == repository[i] for o in around):
            continue
        out.append(i)
        if found.kind[i] != "class":  # of a class its methods are no part
            around.append(i)
    return sorted(out)


@dataclass(frozen=True, slots=True)
class _Definitions:
    """Definitions by place, with their tokens, and what is in them: an entry a fragment and feature, in this order.

    fragment  its number; feature its number in the vocabulary; count uint16
    """

    place: NDArray[np.int64]
    tokens: NDArray[np.int64]
    fragment: NDArray[np.int64]
    feature: NDArray[np.int64]
    count: NDArray[np.uint16]


def _definitions(
    forest: Forest, loose: LooseBags, weights: Weights, whole: Fingerprints, only: frozenset[str] | None
) -> _Definitions:
    """The definitions of a forest that are kept. A function within a function, which may be taken out of it alone, is
    one of its own as well."""
    bags, units = loose.bags, whole.units
    outer = np.flatnonzero(np.isin(bags.kind, (FUNCTION, CLASS)) & (bags.tokens >= LEAST_TOKENS))
    nested = (units.kind == FUNCTION) & ~np.isin(units.first, bags.place) & (units.tokens >= LEAST_TOKENS)
    inner = np.flatnonzero(nested)
    place = np.concatenate((bags.place[outer], units.first[inner]))
    tokens = np.concatenate((bags.tokens[outer], units.tokens[inner]))
    held = np.diff(bags.start)
    entry = np.repeat(np.isin(np.arange(len(held)), outer), held)
    lo = loose.forest.statements.row[units.first[inner]].astype(np.int64)
    parts = [
        (
            np.repeat(np.arange(len(outer)), held[outer]),
            np.searchsorted(weights.feature, bags.distinct)[bags.number[entry]],
            bags.count[entry],
        ),
        *(
            (which + len(outer), feature, np.minimum(count, 65535).astype(np.uint16))
            for which, feature, count in range_entries(
                bags, weights, lo, loose.forest.columns.after[lo].astype(np.int64)
            )
        ),
    ]
    fragment, feature, count = (np.concatenate(column) for column in zip(*parts, strict=True))
    chosen = np.ones(len(place), bool)
    if only is not None:
        wanted = np.array([file.path in only for file in forest.files], bool)
        chosen = wanted[np.searchsorted(forest.places, place, side="right") - 1]
    order = np.argsort(place, kind="stable")
    order = order[chosen[order]]
    number = np.full(len(place), -1)
    number[order] = np.arange(len(order))
    kept = np.flatnonzero((number[fragment] >= 0) & (weights.added[feature] >= LEAST_WEIGHT))
    kept = kept[np.argsort(number[fragment[kept]], kind="stable")]
    return _Definitions(place[order], tokens[order], number[fragment[kept]], feature[kept], count[kept])


def _whole(whole: Fingerprints, place: NDArray[np.int64]) -> list[NDArray[np.uint64]]:
    """The three hashes of the definitions at some places."""
    units = whole.units
    definition = np.flatnonzero(units.kind != RUN)
    at = definition[np.argsort(units.first[definition], kind="stable")]
    first = units.first[at]
    if not len(first):
        return [np.zeros(len(place), np.uint64) for _ in range(3)]
    found = np.minimum(np.searchsorted(first, place), len(first) - 1)
    known = first[found] == place
    return [np.where(known, column[at[found]], np.uint64(0)) for column in (units.raw, units.renamed, units.blind)]
