"""The source channel: from forests to clone pairs with their significance."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import numpy as np

from clonedetect.align import aligned_pair, class_pairs, compare_exact, exact_pairs
from clonedetect.domain import CloneClass, ClonePair, Fingerprints, Forest, Weights
from clonedetect.fingerprint import features, fingerprint
from clonedetect.group import clone_classes
from clonedetect.match import candidates, match_exact, weigh
from clonedetect.normalise import blind_labels, content_labels, kept_names, own_names, own_texts, raw_labels
from clonedetect.pipeline.choose import around_runs, best_of_each, worth_aligning
from clonedetect.pipeline.found import Found, Side, exact_numbers, idiom_packages, scores, side
from clonedetect.pipeline.listing import reported, strongest_first, with_features
from clonedetect.pipeline.rewritten import align_pairs
from clonedetect.pipeline.weighing import explanations, weighed

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from clonedetect.domain import Background


def compare_source(
    left: Forest,
    right: Forest,
    ancestors: Sequence[tuple[str, Forest]],
    background: Background,
    jobs: int | None,
    stage: Callable[[str, float | None], None],
    rewritten: bool = True,
) -> tuple[list[ClonePair], tuple[CloneClass, ...]]:
    """All clone pairs of two forests, strongest first, and the clone classes. `ancestors` are (origin, forest)."""
    forests = [left, right, *(f for _, f in ancestors)]
    own = own_names(forests)
    # Threads: what takes long in arrays lets go of the interpreter.
    with ThreadPoolExecutor(1 if jobs == 1 else 2) as pool:
        prepared = list(pool.map(lambda forest: _prepared(forest, own), forests))
        sides, prints = [one for one, _ in prepared], [found for _, found in prepared[:2]]
        del prepared
        stage("matching", None)
        weighing = pool.submit(weigh, sides[0].bags, sides[1].bags, left, right, background)
        matches = match_exact(left, right, *prints)
        del prints
        differences = compare_exact(left, right, matches)
        weights = weighing.result()
    pairs, places = exact_pairs(sides[0].fragments, sides[1].fragments, matches, differences)
    found = Found(pairs, places, exact_numbers(sides, weights, pairs, places, background))

    stage("aligning", None)
    if rewritten:
        found += _rewritten(sides, weights, found, background, own_texts(forests[:2], own), jobs, stage)

    stage("weighing", None)
    found = found.ordered()
    why = explanations(sides, weights, found, [(o, s.bags) for (o, _), s in zip(ancestors, sides[2:], strict=True)])
    kept_pairs = reported(sides, weighed(sides, found, why))
    kept_pairs += class_pairs(sides[0].fragments, sides[1].fragments, kept_pairs)
    kept_pairs.sort(key=strongest_first)
    out = with_features(sides, weights, kept_pairs)
    groups = (
        [sides[0].fragments.fragment(p, p) for p in ls] + [sides[1].fragments.fragment(p, p) for p in rs]
        for ls, rs in matches.classes
    )
    return out, clone_classes(out, groups)


def _prepared(
    forest: Forest, own: tuple[NDArray[np.uint64], NDArray[np.uint64], NDArray[np.uint64]]
) -> tuple[Side, Fingerprints]:
    kept = kept_names(forest, own)
    blind, content = blind_labels(forest), content_labels(forest, kept)
    prints = fingerprint(forest, blind, raw_labels(forest, blind), content)
    return side(forest, features(forest, kept, content)), prints


def _rewritten(
    sides: list[Side],
    weights: Weights,
    exact: Found,
    background: Background,
    own: frozenset[str],
    jobs: int | None,
    stage: Callable[[str, float | None], None],
) -> Found:
    """Type-3 pairs: candidates by shared features, aligned, the best of each fragment."""
    near = candidates(sides[0].bags, sides[1].bags, weights, around_runs(sides, exact))
    idioms = np.maximum(
        idiom_packages(sides[0].bags, background)[near.left],
        idiom_packages(sides[1].bags, background)[near.right],
    )
    chosen = worth_aligning(sides, near, idioms, exact)
    i, j = near.left[chosen], near.right[chosen]
    at = list(zip(sides[0].bags.place[i].tolist(), sides[1].bags.place[j].tolist(), strict=True))
    aligned = align_pairs(
        sides[0].forest,
        sides[1].forest,
        at,
        own,
        _majority(exact.pairs),
        jobs,
        lambda done, total: stage("aligning", done / total),
    )
    tokens = np.minimum(sides[0].bags.tokens[i], sides[1].bags.tokens[j])
    kept, rows = [], []
    for n, alignment in enumerate(aligned):
        if alignment is not None and alignment.pairs:
            share = alignment.conflicts / (len(alignment.renames) + 1)
            rows.append((alignment.similarity, alignment.containment, 0.0, idioms[chosen[n]], share))
            kept.append((n, alignment))
    numbers = np.zeros((len(kept), 7))
    if kept:
        which = np.array([n for n, _ in kept])
        numbers = np.column_stack((near.matched[chosen[which]], tokens[which], np.array(rows, np.float64)))
    best = best_of_each([at[n] for n, _ in kept], scores(numbers))
    pairs = [aligned_pair(sides[0].fragments, sides[1].fragments, *at[kept[b][0]], kept[b][1]) for b in best]
    places = np.array([at[kept[b][0]] for b in best], np.int64).reshape(-1, 2)
    return Found(pairs, places[:, (0, 0, 1, 1)], numbers[best])


def _majority(pairs: Sequence[ClonePair]) -> dict[str, str]:
    """The rename map so far: names that are each other's commonest partner, where several pairs agree."""
    votes = Counter((rename.left, rename.right) for pair in pairs for rename in pair.renames)
    ranked = sorted((-n, *names) for names, n in votes.items() if n >= 2)
    forth: dict[str, str] = {}
    back: dict[str, str] = {}
    for _, left, right in ranked:
        forth.setdefault(left, right)
    for _, right, left in sorted((n, right, left) for n, left, right in ranked):
        back.setdefault(right, left)
    return {left: right for left, right in forth.items() if back[right] == left}
