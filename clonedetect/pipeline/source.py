"""The source channel: from forests to clone pairs with their significance."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import numpy as np

from clonedetect.align import Fragments, aligned_pair, class_pairs, compare_exact, exact_pairs
from clonedetect.assess import IDIOM_PACKAGES, LAMBDA
from clonedetect.domain import CloneClass, ClonePair, Fingerprints, Forest, Weights
from clonedetect.fingerprint import fingerprint
from clonedetect.group import clone_classes
from clonedetect.match import candidates, match_exact, scored, weigh
from clonedetect.normalise import blind_labels, content_labels, kept_names, own_names, own_texts, raw_labels
from clonedetect.pipeline.bags import Own, plain_bags
from clonedetect.pipeline.choose import (
    HOPELESS_BESIDE,
    HOPELESS_E,
    around_runs,
    at_best,
    best_of_each,
    worth_aligning,
    worth_aligning_beside,
)
from clonedetect.pipeline.forms import Forms
from clonedetect.pipeline.found import (
    COLUMNS,
    IDIOM,
    Found,
    Side,
    contradiction,
    exact_numbers,
    idiom_packages,
    rare_bits,
    scores,
    side,
)
from clonedetect.pipeline.linked import beside_anchors, linked
from clonedetect.pipeline.listing import reported, strongest_first, with_features
from clonedetect.pipeline.rewritten import align_pairs
from clonedetect.pipeline.weighing import explanations, weighed

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from clonedetect.domain import Background, Scores


def compare_source(
    left: Forest,
    right: Forest,
    ancestors: Sequence[tuple[str, Forest]],
    background: Background,
    jobs: int | None,
    stage: Callable[[str, float | None], None],
    rewritten: bool = True,
    cache: Path | None = None,
) -> tuple[list[ClonePair], tuple[CloneClass, ...]]:
    """All clone pairs of two forests, strongest first, and the clone classes. `ancestors` are (origin, forest).

    `cache`: a file for canonical forms, without which they are made anew.
    """
    forests = [left, right, *(f for _, f in ancestors)]
    own = own_names(forests)
    # Threads: what takes long in arrays lets go of the interpreter.
    with ThreadPoolExecutor(1 if jobs == 1 else 2) as pool:
        prepared = list(pool.map(lambda forest: _prepared(forest, own), forests))
        sides, older = [one for one, _ in prepared[:2]], [one.bags for one, _ in prepared[2:]]
        prints = [found for _, found in prepared[:2]]
        del prepared
        stage("matching", None)
        weighing = pool.submit(weigh, sides[0].bags, sides[1].bags, sides[0].forest, sides[1].forest, background)
        matches = match_exact(left, right, *prints)
        del prints
        differences = compare_exact(left, right, matches)
        weights = weighing.result()
    pairs, places = exact_pairs(sides[0].fragments, sides[1].fragments, matches, differences)
    found = Found(pairs, places, exact_numbers(sides, weights, pairs, places, background))

    stage("aligning", None)
    if rewritten:
        readings = (sides[0].forest, sides[1].forest), (sides[0].stand_ins, sides[1].stand_ins)
        forms = Forms(*readings, own_texts(forests[:2], own), jobs, cache)
        found += _rewritten(sides, weights, found, background, forms, jobs, stage)

    stage("weighing", None)
    found = found.ordered()
    why = explanations(sides, weights, found, [(o, bags) for (o, _), bags in zip(ancestors, older, strict=True)])
    kept_pairs = reported(sides, weighed(sides, found, why))
    kept_pairs += class_pairs(sides[0].fragments, sides[1].fragments, kept_pairs)
    kept_pairs.sort(key=strongest_first)
    out = with_features(sides, weights, kept_pairs)
    groups = (
        [sides[0].fragments.fragment(p, p) for p in ls] + [sides[1].fragments.fragment(p, p) for p in rs]
        for ls, rs in matches.classes
    )
    return out, clone_classes(out, groups)


def _prepared(forest: Forest, own: Own) -> tuple[Side, Fingerprints]:
    content, blind = content_labels(forest, kept_names(forest, own)), blind_labels(forest)
    prints = fingerprint(forest, blind, raw_labels(forest, blind), content)
    return side(*plain_bags(forest, own), Fragments(forest)), prints


def _rewritten(
    sides: list[Side],
    weights: Weights,
    exact: Found,
    background: Background,
    forms: Forms,
    jobs: int | None,
    stage: Callable[[str, float | None], None],
) -> Found:
    """Type-3 pairs, the best of each fragment: candidates by shared features, then those beside what was found."""
    idioms = [idiom_packages(one.bags, background) for one in sides]
    near = candidates(sides[0].bags, sides[1].bags, weights, around_runs(sides, exact))
    both = np.maximum(idioms[0][near.left], idioms[1][near.right])
    chosen = worth_aligning(sides, near, both, exact)
    rare = _rare(sides, near, chosen, weights, background)
    found = _aligned(sides, near, both, chosen, rare, HOPELESS_E, forms, exact, jobs, stage)

    so_far = exact + found
    consistent = linked(sides, so_far, so_far.numbers[:, IDIOM] < IDIOM_PACKAGES)
    if not len(consistent.anchored):
        return _best(found)
    beside = scored(sides[0].bags, sides[1].bags, weights, *beside_anchors(sides, consistent))
    both = np.maximum(idioms[0][beside.left], idioms[1][beside.right])
    late = worth_aligning_beside(sides, beside, both, exact, near.left[chosen], near.right[chosen])
    rare = _rare(sides, beside, late, weights, background)
    found += _aligned(sides, beside, both, late, rare, HOPELESS_BESIDE, forms, so_far, jobs, stage)
    # Of twins, which are as good by themselves, the one that lies consistently is the better.
    return _best(found, -np.log(consistent.shares(sides, found.places)) / LAMBDA)


def _rare(
    sides: list[Side], near: Scores, chosen: NDArray[np.int64], weights: Weights, background: Background
) -> NDArray[np.float64]:
    """What the chosen candidates share and the background does not know, in bits."""
    places = sides[0].bags.place[near.left[chosen]], sides[1].bags.place[near.right[chosen]]
    return rare_bits(sides, weights, np.stack(places, axis=1)[:, (0, 0, 1, 1)], background)


def _aligned(
    sides: list[Side],
    near: Scores,
    idioms: NDArray[np.int64],
    chosen: NDArray[np.int64],
    rare: NDArray[np.float64],
    hopeless: float,
    forms: Forms,
    before: Found,
    jobs: int | None,
    stage: Callable[[str, float | None], None],
) -> Found:
    """The chosen candidates aligned, with the names that the pairs `before` them suggest; none whose E-value would be
    above `hopeless` at best: they are there, for they tell of code that repeats, as if nothing of them were alike."""
    i, j, matched, idioms = near.left[chosen], near.right[chosen], near.matched[chosen], idioms[chosen]
    at = list(zip(sides[0].bags.place[i].tolist(), sides[1].bags.place[j].tolist(), strict=True))
    aligned = align_pairs(
        forms,
        at,
        lambda n, similarity, containment: (
            at_best(sides, matched[n], idioms[n], rare[n], similarity, containment) <= hopeless
        ),
        _majority(before.pairs),
        jobs,
        lambda done, total: stage("aligning", done / total),
    )
    tokens = np.minimum(sides[0].bags.tokens[i], sides[1].bags.tokens[j])
    pairs, places, rows = [], [], []
    for n, alignment in enumerate(aligned):
        if alignment is not None:
            share = contradiction(alignment.conflicts, alignment.renames)
            alike = alignment.similarity, alignment.containment
            rows.append((matched[n], tokens[n], *alike, 0.0, idioms[n], share, rare[n]))
            pairs.append(aligned_pair(sides[0].fragments, sides[1].fragments, *at[n], alignment))
            places.append(at[n])
    both = np.array(places, np.int64).reshape(-1, 2)
    return Found(pairs, both[:, (0, 0, 1, 1)], np.array(rows, np.float64).reshape(-1, len(COLUMNS)))


def _best(found: Found, gain: NDArray[np.float64] | float = 0.0) -> Found:
    best = best_of_each(found.places[:, (0, 2)], scores(found.numbers) + gain)
    return Found([found.pairs[n] for n in best.tolist()], found.places[best], found.numbers[best])


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
