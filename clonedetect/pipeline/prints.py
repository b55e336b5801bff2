"""From a repository's files to what a corpus keeps of it: the rooms of a scan, up to the features."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from clonedetect.align import Fragments
from clonedetect.corpus import load_background
from clonedetect.domain import BITS_STEP, CLASS, FUNCTION, RUN, Prints
from clonedetect.fingerprint import fingerprint
from clonedetect.match import weigh
from clonedetect.normalise import blind_labels, content_labels, kept_names, own_names, raw_labels
from clonedetect.parse import parse
from clonedetect.pipeline.bags import plain_bags

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from clonedetect.corpus import Corpus
    from clonedetect.domain import Features, Fingerprints, Forest, SourceFile
    from clonedetect.pipeline.bags import Own

FORM = 3  # raised when equal source no longer gives equal prints: a corpus of another form cannot be searched
LEAST_TOKENS = 20  # a smaller fragment holds too little to be told from a coincidence
LEAST_WEIGHT = 0.5  # bits; what adds less to a fragment is not kept
NO_RUNS = 1 << 40  # tokens of the smallest statement run: only definitions are wanted


def prints(files: Sequence[SourceFile], jobs: int | None = 1, cache: Path | None = None) -> Prints:
    """Fingerprints of a repository's definitions.

    Which names are the repository's own, and how common a feature is in it, is settled by all of its files.
    """
    (forest,) = parse([("left", files)], jobs=jobs, cache=cache)
    return forest_prints(forest, own_names([forest]))


def search_prints(corpus: Corpus, forest: Forest, own: Own, only: frozenset[str] | None = None) -> Prints:
    """The fingerprints with which a corpus is searched: names that nobody else says count as own ones."""
    return forest_prints(forest, _with_unknown(own, forest, corpus), only)


def _with_unknown(own: Own, forest: Forest, corpus: Corpus) -> Own:
    """The repository's own names, and as such also every name it uses that is said nowhere else.

    A function that was taken alone calls what is not defined here. If it was renamed, nobody else says that name
    either; read as foreign, it would tell the copy from its source, where that name is an own one. A name that no
    public code says cannot be shared, so nothing that could be found is lost.
    """
    kept = np.unique(forest.columns.text[kept_names(forest, own)])
    unseen = corpus.unknown(kept[load_background().packages(kept) == 0])  # a kept name's feature is its text's hash
    members, parameters, variables = own
    return np.union1d(members, unseen), parameters, variables


def forest_prints(forest: Forest, own: Own, only: frozenset[str] | None = None) -> Prints:
    """The same of parsed files, whose own names are known; with `only`, of the definitions in these paths alone."""
    reading, _, bags = plain_bags(forest, own)
    weights = weigh(bags, bags, reading, reading, load_background())
    content, blind = content_labels(forest, kept_names(forest, own)), blind_labels(forest)
    whole = fingerprint(forest, blind, raw_labels(forest, blind), content, NO_RUNS)
    return _prints(forest, bags, weights.added[np.searchsorted(weights.feature, bags.feature)], whole, only)


def _prints(
    forest: Forest, bags: Features, added: NDArray[np.float64], whole: Fingerprints, only: frozenset[str] | None
) -> Prints:
    chosen = np.isin(bags.kind, (FUNCTION, CLASS)) & (bags.tokens >= LEAST_TOKENS)
    if only is not None:
        wanted = np.array([file.path in only for file in forest.files], bool)
        chosen &= wanted[np.searchsorted(forest.places, bags.place, side="right") - 1]
    entry = np.repeat(chosen, np.diff(bags.start)) & (added >= LEAST_WEIGHT)
    bag = np.repeat(np.arange(len(bags.place)), np.diff(bags.start))[entry]
    at = np.flatnonzero(chosen)
    weight = np.minimum(np.round(added[entry] * BITS_STEP), 255).astype(np.uint8)
    count = bags.count[entry]
    bits = np.bincount(bag, weights=weight * (1.0 + np.log2(count)) / BITS_STEP, minlength=len(bags.place))
    names = Fragments(forest)
    place = bags.place[at]
    fragments = [names.fragment(p, p) for p in place.tolist()]
    hashes = _whole(whole, place)
    return Prints(
        path=tuple(f.path if f.cell is None else f"{f.path}#{f.cell}" for f in fragments),
        name=tuple(f.name for f in fragments),
        kind=tuple(f.kind for f in fragments),
        first=np.array([f.start_line for f in fragments], np.int32),
        last=np.array([f.end_line for f in fragments], np.int32),
        tokens=bags.tokens[at].astype(np.int32),
        bits=bits[at].astype(np.float32),
        raw=hashes[0],
        renamed=hashes[1],
        blind=hashes[2],
        start=np.searchsorted(bag, np.concatenate((at, [len(bags.place)]))),
        feature=bags.feature[entry],
        count=count,
        weight=weight,
        skipped=forest.skipped,
    )


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
