"""The source channel: from forests to clone pairs with their significance."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from clonedetect.align import Fragments, aligned_pair, class_pairs, compare_exact, exact_pairs
from clonedetect.assess import IDIOM_PACKAGES, e_values, linked_e_values, score
from clonedetect.domain import CLASS, FUNCTION, CloneClass, ClonePair, Feature, Features, Forest, Rename, Weights
from clonedetect.fingerprint import features, fingerprint
from clonedetect.group import clone_classes
from clonedetect.match import (
    candidates,
    explained,
    match_exact,
    range_bits,
    range_features,
    range_known,
    shared_features,
    weigh,
)
from clonedetect.normalise import blind_labels, content_labels, kept_names, own_names, own_texts, raw_labels
from clonedetect.pipeline.choose import Side, around_runs, best_of_each, idiom_packages, worth_aligning
from clonedetect.pipeline.rewritten import align_pairs

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from clonedetect.domain import Background

REPORTED_E = 1.0  # a rewritten copy is reported if unrelated repositories show at most so many as strong
REPORTED_TOKENS = 40  # an equal fragment of so many leaves is reported whatever its E-value
ANCESTOR_SHARE = 0.6  # share of a pair's matched bits that one fragment of an ancestor must have to explain it
KNOWN_SHARE = 0.8  # share of the bits of a run, class or module whose features an ancestor has to explain it
FEATURE_PAIRS = 3000  # pairs for which the report lists the features, strongest first


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
    bags, prints = [], []
    for forest in forests:
        kept = kept_names(forest, own)
        content = content_labels(forest, kept)
        bags.append(features(forest, kept, content))
        if len(prints) < 2:
            blind = blind_labels(forest)
            prints.append(fingerprint(forest, blind, raw_labels(forest, blind), content))
    stage("matching", None)
    weights = weigh(bags[0], bags[1], left, right, background)
    matches = match_exact(left, right, *prints)
    del prints
    sides = [
        Side(f, b, Fragments(f), {int(p): i for i, p in enumerate(b.place)})
        for f, b in zip(forests[:2], bags[:2], strict=True)
    ]
    exact, places = exact_pairs(sides[0].fragments, sides[1].fragments, matches, compare_exact(left, right, matches))
    numbers = _exact_numbers(sides, weights, exact, places, background)

    stage("aligning", None)
    pairs = exact
    if rewritten:
        names = own_texts(forests[:2], own)
        found, at, more = _rewritten(sides, weights, exact, places, background, names, jobs, stage)
        pairs, places = exact + found, places + [(a, a, c, c) for a, c in at]
        numbers = np.concatenate((numbers, more))

    # By id, which does not depend on which side is left: so does nothing that follows.
    order = sorted(range(len(pairs)), key=lambda n: pairs[n].id)
    pairs, places, numbers = [pairs[n] for n in order], [places[n] for n in order], numbers[order]
    stage("weighing", None)
    explanations = _explanations(
        sides, weights, places, [(o, b) for (o, _), b in zip(ancestors, bags[2:], strict=True)]
    )
    data = _only_data(sides[0], places)
    explanations = [e or d or _idiom(n) for e, d, n in zip(explanations, data, numbers, strict=True)]
    pairs = _weighed(sides, pairs, places, numbers, explanations)
    kept_pairs = _reported(sides, pairs, places, numbers)
    kept_pairs += class_pairs(sides[0].fragments, sides[1].fragments, kept_pairs)
    kept_pairs.sort(key=_strongest_first)
    out = _with_features(sides, weights, kept_pairs)
    groups = (
        [sides[0].fragments.fragment(p, p) for p in ls] + [sides[1].fragments.fragment(p, p) for p in rs]
        for ls, rs in matches.classes
    )
    return out, clone_classes(out, groups)


# columns of a pair's numbers: bits, tokens, similarity, containment, exact, idiom packages, share of conflicts
_BITS, _TOKENS, _SIMILARITY, _CONTAINMENT, _EXACT, _IDIOM, _CONFLICTS = range(7)


def _exact_numbers(
    sides: list[Side],
    weights: Weights,
    pairs: list[ClonePair],
    places: list[tuple[int, int, int, int]],
    background: Background,
) -> NDArray[np.float64]:
    if not pairs:
        return np.zeros((0, 7))
    at = np.array(places, np.int64)
    bits, tokens, idioms = [], [], []
    for side, first, last in ((sides[0], at[:, 0], at[:, 1]), (sides[1], at[:, 2], at[:, 3])):
        c, row = side.forest.columns, side.forest.statements.row.astype(np.int64)
        lo, hi = row[first], c.after[row[last]].astype(np.int64)
        leaves = np.concatenate(([0], np.cumsum(c.after == np.arange(1, len(c.kind) + 1, dtype=np.uint32))))
        bits.append(range_bits(side.bags, weights, lo, hi))
        tokens.append(leaves[hi] - leaves[lo])
    known = [idiom_packages(side.bags, background) for side in sides]
    idioms = [
        max(int(known[0][sides[0].bag_at[a]]), int(known[1][sides[1].bag_at[c]]))
        if a == b and a in sides[0].bag_at and c in sides[1].bag_at
        else 0
        for a, b, c, _ in places
    ]
    similarity = np.array([p.similarity for p in pairs])
    share = np.array([p.conflicts / (len(p.renames) + 1) for p in pairs])
    ones = np.ones(len(pairs))
    return np.stack((np.minimum(*bits), np.minimum(*tokens), similarity, ones, ones, np.array(idioms), share), axis=1)


def _rewritten(
    sides: list[Side],
    weights: Weights,
    exact: list[ClonePair],
    places: list[tuple[int, int, int, int]],
    background: Background,
    own: frozenset[str],
    jobs: int | None,
    stage: Callable[[str, float | None], None],
) -> tuple[list[ClonePair], list[tuple[int, int]], NDArray[np.float64]]:
    """Type-3 pairs: candidates by shared features, aligned, the best of each fragment."""
    scores = candidates(sides[0].bags, sides[1].bags, weights, around_runs(sides, exact, places))
    idioms = np.maximum(
        idiom_packages(sides[0].bags, background)[scores.left],
        idiom_packages(sides[1].bags, background)[scores.right],
    )
    chosen = worth_aligning(sides, scores, idioms, exact, places)
    at = [
        (int(sides[0].bags.place[i]), int(sides[1].bags.place[j]))
        for i, j in zip(scores.left[chosen], scores.right[chosen], strict=True)
    ]
    lifted = _majority(exact)
    aligned = align_pairs(
        sides[0].forest, sides[1].forest, at, own, lifted, jobs, lambda done, total: stage("aligning", done / total)
    )
    rows, kept = [], []
    for n, (k, alignment) in enumerate(zip(chosen.tolist(), aligned, strict=True)):
        if alignment is None or not alignment.pairs:
            continue
        tokens = min(sides[0].bags.tokens[scores.left[k]], sides[1].bags.tokens[scores.right[k]])
        share = alignment.conflicts / (len(alignment.renames) + 1)
        rows.append((scores.matched[k], tokens, alignment.similarity, alignment.containment, 0.0, idioms[k], share))
        kept.append(n)
    numbers = np.array(rows, np.float64).reshape(-1, 7)
    z = _score(numbers)
    best = best_of_each([at[n] for n in kept], z)
    pairs = [aligned_pair(sides[0].fragments, sides[1].fragments, *at[kept[b]], aligned[kept[b]]) for b in best]
    return pairs, [at[kept[b]] for b in best], numbers[best]


def _score(numbers: NDArray[np.float64]) -> NDArray[np.float64]:
    return score(
        numbers[:, _BITS],
        numbers[:, _TOKENS],
        numbers[:, _SIMILARITY],
        numbers[:, _CONTAINMENT],
        numbers[:, _EXACT] > 0,
        numbers[:, _IDIOM],
        numbers[:, _CONFLICTS],
    )


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


def _explanations(
    sides: list[Side],
    weights: Weights,
    places: list[tuple[int, int, int, int]],
    ancestors: list[tuple[str, Features]],
) -> list[str | None]:
    """Which ancestor has most of what each pair shares, if any."""
    out: list[str | None] = [None] * len(places)
    if not ancestors:
        return out
    known, i, j = [], [], []
    for n, (a, _, c, _) in enumerate(places):
        x, y = sides[0].bag_at.get(a), sides[1].bag_at.get(c)
        if x is not None and y is not None and sides[0].fragments.unit(a) == FUNCTION:
            known.append(n)
            i.append(x)
            j.append(y)
    # Runs, classes and modules are no bags of their own: the ancestor must know what their rows are made of.
    at, row = np.array(places, np.int64).reshape(-1, 4), sides[0].forest.statements.row.astype(np.int64)
    lo, hi = row[at[:, 0]], sides[0].forest.columns.after[row[at[:, 1]]].astype(np.int64)
    functions = set(known)
    for origin, bags in ancestors:
        share = explained(sides[0].bags, sides[1].bags, weights, np.array(i, np.int64), np.array(j, np.int64), bags)
        for n, s in zip(known, share.tolist(), strict=True):
            if out[n] is None and s >= ANCESTOR_SHARE:
                out[n] = f"ancestor {origin}"
        for n, s in enumerate(range_known(sides[0].bags, weights, lo, hi, bags).tolist()):
            if out[n] is None and n not in functions and s >= KNOWN_SHARE:
                out[n] = f"ancestor {origin}"
    return out


def _only_data(side: Side, places: list[tuple[int, int, int, int]]) -> list[str | None]:
    """Which pairs are tables of literals and names and nothing else."""
    c, row = side.forest.columns, side.forest.statements.row.astype(np.int64)
    data = side.forest.kinds.mask("data")
    other = np.concatenate(([0], np.cumsum(~data[np.minimum(c.kind, len(data) - 1)] | (c.kind >= len(data)))))
    return [
        "data: literals and names only" if other[c.after[row[b]]] == other[row[a]] else None for a, b, _, _ in places
    ]


def _idiom(numbers: NDArray[np.float64]) -> str | None:
    packages = int(numbers[_IDIOM])
    return f"idiom: {packages} packages of the background have it" if packages >= IDIOM_PACKAGES else None


def _weighed(
    sides: list[Side],
    pairs: list[ClonePair],
    places: list[tuple[int, int, int, int]],
    numbers: NDArray[np.float64],
    explanations: list[str | None],
) -> list[ClonePair]:
    """The pairs with bits, E-value and explanation."""
    if not pairs:
        return []
    at = np.array(places, np.int64)
    alone = e_values(_score(numbers), len(sides[0].bags.place), len(sides[1].bags.place))
    contexts = [_context(sides, at, _files), _context(sides, at, _classes)]
    free = np.array([e is None for e in explanations])
    agreement = _agreement(pairs, alone, free)
    together = linked_e_values(alone, at[:, 0], at[:, 2], contexts, agreement, free)
    return [
        replace(p, bits=round(float(b), 1), e_value=float(f"{e:.3g}"), explained_by=why)
        for p, b, e, why in zip(pairs, numbers[:, _BITS], together, explanations, strict=True)
    ]


def _files(side: Side, places: list[int]) -> list[int]:
    return [side.fragments.file(p) for p in places]


def _classes(side: Side, places: list[int]) -> list[int]:
    """The innermost class around each place, as its place; -1 for none."""
    out = []
    for place in places:
        at = side.fragments.enclosing(place)
        while at != place and side.fragments.unit(at) == FUNCTION:
            place, at = at, side.fragments.enclosing(at)
        out.append(at if side.fragments.unit(at) == CLASS else -1)
    return out


def _context(
    sides: list[Side], at: NDArray[np.int64], group: Callable[[Side, list[int]], list[int]]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Group of each pair's left and right, and how many fragments each group has."""
    found, sizes = [], []
    for side, column in ((sides[0], 0), (sides[1], 2)):
        groups = np.array(group(side, at[:, column].tolist()), np.int64)
        members = np.array(group(side, side.bags.place.tolist()), np.int64)
        found.append(groups)
        top = int(max(groups.max(initial=0), members.max(initial=0))) + 1
        sizes.append(np.bincount(members[members >= 0], minlength=top))
    return found[0], found[1], sizes[0], sizes[1]


def _agreement(pairs: list[ClonePair], alone: NDArray[np.float64], free: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Renames of each pair that strong other pairs confirm, less those that they contradict."""
    votes: tuple[dict[str, Counter[str]], ...] = (defaultdict(Counter), defaultdict(Counter))
    strong = (alone <= 1e-3) & free
    for pair in (p for p, s in zip(pairs, strong, strict=True) if s):
        for rename in pair.renames:
            votes[0][rename.left][rename.right] += 1
            votes[1][rename.right][rename.left] += 1
    nothing: Counter[str] = Counter()
    out = np.zeros(len(pairs))
    for n, pair in enumerate(pairs):
        for rename in pair.renames:
            if min(len(rename.left), len(rename.right)) < 3:
                continue
            forth, back = votes[0].get(rename.left, nothing), votes[1].get(rename.right, nothing)
            if forth[rename.right] - (1 if strong[n] else 0) >= 2:
                out[n] += 1
            elif any(v >= 3 for r, v in forth.items() if r != rename.right) or any(
                v >= 3 for name, v in back.items() if name != rename.left
            ):
                out[n] -= 1
    return out


def _reported(
    sides: list[Side], pairs: list[ClonePair], places: list[tuple[int, int, int, int]], numbers: NDArray[np.float64]
) -> list[tuple[ClonePair, tuple[int, int]]]:
    """What the report lists: no chance pairs, and no runs inside a pair of functions listed already.

    Such a run is sure of its renames: it gives them to the pair around it.
    """
    whole = {
        (a, c)
        for p, (a, _, c, _) in zip(pairs, places, strict=True)
        if p.left.kind != "run" and p.e_value is not None and p.e_value <= REPORTED_E
    }
    kept = []
    inner: dict[tuple[int, int], list[Rename]] = {}
    for pair, (a, _, c, _), row in zip(pairs, places, numbers, strict=True):
        assert pair.e_value is not None
        big = pair.type < 3 and row[_TOKENS] >= REPORTED_TOKENS
        if pair.e_value > REPORTED_E and not big:
            continue
        if pair.left.kind == "run":
            outer = sides[0].fragments.enclosing(a), sides[1].fragments.enclosing(c)
            if outer in whole:
                inner.setdefault(outer, []).extend(pair.renames)
                continue
        kept.append((pair, (a, c)))
    return [(_with_renames(pair, inner.get(at, ())) if pair.type == 3 else pair, at) for pair, at in kept]


def _with_renames(pair: ClonePair, sure: Sequence[Rename]) -> ClonePair:
    """The pair with renames that are sure in place of its own that contradict them."""
    if not sure:
        return pair
    counts = Counter({(r.left, r.right): r.count for r in pair.renames})
    kinds = {(r.left, r.right): r.kind for r in (*sure, *pair.renames)}
    lefts, rights = {r.left for r in sure}, {r.right for r in sure}
    for left, right in list(counts):
        if left in lefts or right in rights:
            del counts[left, right]
    for rename in sure:
        counts[rename.left, rename.right] += rename.count
    renames = [Rename(*names, kinds[names], n) for names, n in counts.items()]
    return replace(pair, renames=tuple(sorted(renames, key=lambda r: (-r.count, r.left, r.right))))


def _strongest_first(item: tuple[ClonePair, tuple[int, int]]) -> tuple[bool, float, float, str]:
    pair = item[0]
    return pair.explained_by is not None, pair.e_value or 0.0, -(pair.bits or 0.0), pair.id


def _with_features(
    sides: list[Side], weights: Weights, pairs: list[tuple[ClonePair, tuple[int, int]]]
) -> list[ClonePair]:
    """The strongest pairs with the features that carry their bits."""
    forest, bags = sides[0].forest, sides[0].bags
    out = []
    for n, (pair, (a, c)) in enumerate(pairs):
        i, j = sides[0].bag_at.get(a), sides[1].bag_at.get(c)
        shared: list[tuple[int, float, int]] = []
        if n < FEATURE_PAIRS and pair.type < 3 and pair.left.kind != "run":
            row = int(forest.statements.row[a])
            shared = range_features(bags, weights, row, int(forest.columns.after[row]))
        elif n < FEATURE_PAIRS and i is not None and j is not None:
            shared = shared_features(bags, sides[1].bags, weights, i, j)
        named = tuple(
            Feature(" ".join(forest.source(r).decode("utf-8", "replace").split())[:80], round(b, 1), k)
            for r, b, k in shared
        )
        out.append(replace(pair, features=named))
    return out
