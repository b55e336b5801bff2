"""Two models' indexes side by side: the map between their names and what is equal under it."""

from __future__ import annotations

import itertools
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final

from clonedetect.domain import Skipped
from clonedetect.domain.weight_index import (
    IndexPair,
    IndexRule,
    IndexTensor,
    NamePattern,
    TensorIndex,
    WeightIndexFinding,
)
from clonedetect.weight_index.trie import NUMBER, Matcher, Node, leaf_pairs, parts_of, starts, tree_of

ROUNDS: Final = 4  # in which the map between parts of names may settle
LISTED: Final = 2_000  # patterns of one pair
PAIRS: Final = 12  # pairs of indexes
FITS: Final = 0.3  # share of the smaller index's tensors; fewer pairs say that the two do not belong together
INHERITED: Final = 0.9  # share of one side's names that an ancestor must have to explain them
LEAST_RARE: Final = 6  # characters of a part of a name that may be rare
_NULL = (
    "independent models of one architecture, through one framework or two: their names, shapes and sizes are those of "
    "the architecture, their order that of the framework"
)
_LIMITS = (
    "Names, shapes and sizes say which architecture it is and whose code wrote the file, nothing of the values. "
    "Without shapes, groups of one structure are told apart by names and order alone."
)


def compare_indexes(
    left: Sequence[TensorIndex],
    right: Sequence[TensorIndex],
    skipped: Sequence[Skipped],
    users: Callable[[str], int],
    ancestors: Iterable[TensorIndex] = (),
) -> WeightIndexFinding | str:
    """The pairs of indexes that fit each other best; in words why there are none.

    users: how many packages of public code use a name. Parts of names that an ancestor's index has are not rare.
    """
    absent = [side for side, found in (("left", left), ("right", right)) if not found]
    if absent:
        unread = f" ({skipped[0].path}: {skipped[0].reason})" if skipped else ""
        return f"no weight index on the {' and the '.join(absent)}{unread}"
    known = {tensor.name for index in ancestors for tensor in index.tensors}
    pairs: list[IndexPair] = []
    failed: list[Skipped] = []
    for one, two in itertools.islice(itertools.product(left, right), PAIRS * PAIRS):
        try:
            pairs.append(_compared(one, two, users, known))
        except (ValueError, RecursionError) as error:
            failed.append(Skipped(f"{one.path} and {two.path}", f"not aligned: {error}"))
    pairs.sort(key=lambda pair: (-pair.matched, pair.left, pair.right))
    return WeightIndexFinding(
        pairs=tuple(pairs[:PAIRS]),
        left_files=tuple(index.path for index in left),
        right_files=tuple(index.path for index in right),
        skipped=(*skipped, *failed[:PAIRS]),
        null_hypothesis=_NULL,
        limits=_LIMITS,
    )


def _compared(left: TensorIndex, right: TensorIndex, users: Callable[[str], int], known: set[str]) -> IndexPair:
    rows = _aligned(left.tensors, right.tensors)
    inherited = [sum(t.name in known for t in index.tensors) / len(index.tensors) for index in (left, right)]
    ours, theirs = [left.tensors[i] for i, _, _ in rows], [right.tensors[j] for _, j, _ in rows]
    shaped = [(a.shape, b.shape) for a, b in zip(ours, theirs, strict=True) if a.shape is not None and b.shape]
    prefixes, components = _rules(Counter(leaves for _, _, leaves in rows))
    order = [j for _, j, _ in rows]
    return IndexPair(
        left=left.path,
        right=right.path,
        left_tensors=len(left.tensors),
        right_tensors=len(right.tensors),
        matched=len(rows),
        equal_names=sum(a.name == b.name for a, b in zip(ours, theirs, strict=True)),
        prefixes=prefixes,
        components=components,
        same_order=len(rows) > 1 and all(a < b for a, b in itertools.pairwise(order)),
        left_sorted=_sorted(left.tensors),
        right_sorted=_sorted(right.tensors),
        same_shards=_same_cuts(ours, theirs),
        left_size=left.total_size,
        right_size=right.total_size,
        shapes=len(shaped),
        equal_shapes=sum(a == b for a, b in shaped),
        rare=_rare(left, right, users, {part for name in known for part in parts_of(name)[0]}),
        explained=max(inherited) >= INHERITED,
        patterns=_patterns(left.tensors, right.tensors, [(i, j) for i, j, _ in rows])[:LISTED],
    )


def _aligned(left: Sequence[IndexTensor], right: Sequence[IndexTensor]) -> list[tuple[int, int, tuple[Node, Node]]]:
    """(left place, right place, leaves) of the pairs: the best assignment of one tree to the other, or to a part of it;
    what it puts opposite each other counts as known in the next round. None where hardly anything fits."""
    roots = tree_of(left), tree_of(right)
    shapes_known = all(t.shape is not None for t in (*left, *right))
    ways = [(roots[0], start) for start in starts(roots[1])]
    ways += [(start, roots[1]) for start in starts(roots[0])[1:]]
    votes: dict[tuple[str, str], float] = {}
    rows: list[tuple[int, int, tuple[Node, Node]]] = []
    for _ in range(ROUNDS):
        matcher = Matcher(left, right, votes, shapes_known)
        best = max(ways, key=lambda way: matcher.score(*way))
        found = leaf_pairs(matcher.pairs(*best))
        if [row[:2] for row in found] == [row[:2] for row in rows]:
            break
        rows, votes = found, _votes(Counter(leaves for _, _, leaves in found))
    return rows if len(rows) >= FITS * min(len(left), len(right)) else []


def _votes(leaves: Mapping[tuple[Node, Node], int]) -> dict[tuple[str, str], float]:
    """For each two parts of names that stand opposite each other the share of the tensors with either that say so."""
    counts: Counter[tuple[str, str]] = Counter()
    sides: tuple[Counter[str], Counter[str]] = Counter(), Counter()
    for (one, two), tensors in leaves.items():
        for a, b in _opposite(one.path(), two.path()):
            if a and b and NUMBER not in (a, b):
                counts[a, b] += tensors
                sides[0][a] += tensors
                sides[1][b] += tensors
    return {(a, b): count / max(sides[0][a], sides[1][b]) for (a, b), count in counts.items()}


def _opposite(ours: list[str], theirs: list[str]) -> list[tuple[str, str]]:
    """The parts of two names that stand opposite each other, "" for none: most equal parts, then most pairs, then those
    nearest to the end (what is put in mostly stands in front)."""
    if len(ours) == len(theirs):
        return list(zip(ours, theirs, strict=True))
    best = [[0] * (len(theirs) + 1) for _ in range(len(ours) + 1)]  # of the first i and j parts
    for i, a in enumerate(ours):
        for j, b in enumerate(theirs):
            best[i + 1][j + 1] = max(best[i][j] + _worth(a, b), best[i][j + 1], best[i + 1][j])
    out, i, j = [], len(ours), len(theirs)
    while i or j:
        if i and j and best[i][j] == best[i - 1][j - 1] + _worth(ours[i - 1], theirs[j - 1]):
            i, j = i - 1, j - 1
            out.append((ours[i], theirs[j]))
        elif i and (not j or best[i][j] == best[i - 1][j]):
            i -= 1
            out.append((ours[i], ""))
        else:
            j -= 1
            out.append(("", theirs[j]))
    return out[::-1]


def _worth(a: str, b: str) -> int:
    if a == b:
        return 3
    return 0 if NUMBER in (a, b) else 1


def _rules(leaves: Mapping[tuple[Node, Node], int]) -> tuple[tuple[IndexRule, ...], tuple[IndexRule, ...]]:
    """How names begin on both sides, up to the first two parts that stand opposite each other; and parts of names that
    stand opposite others behind that, "" where one side has a part more."""
    prefixes: Counter[tuple[str, str]] = Counter()
    components: Counter[tuple[str, str]] = Counter()
    for (one, two), tensors in leaves.items():
        rows = _opposite(one.path(), two.path())
        first = next((place for place, row in enumerate(rows) if all(row)), len(rows)) + 1
        heads = ["".join(f"{row[side]}." for row in rows[:first] if row[side]) for side in (0, 1)]
        if first < len(rows) and not any(NUMBER in head for head in heads):
            prefixes[heads[0], heads[1]] += tensors
        for a, b in rows[first:]:
            if a != b:
                components[a, b] += tensors
    ranked = [sorted(counted.items(), key=lambda item: (-item[1], item[0])) for counted in (prefixes, components)]
    made = [tuple(IndexRule(a, b, count) for (a, b), count in rules) for rules in ranked]
    return made[0], made[1]


def _sorted(tensors: Sequence[IndexTensor]) -> bool:
    """Whether a file lists its names by the alphabet."""
    return all(a.name <= b.name for a, b in itertools.pairwise(tensors))


def _same_cuts(ours: Sequence[IndexTensor], theirs: Sequence[IndexTensor]) -> bool | None:
    """Whether tensors that share a file on one side do on the other; None where both have one file only."""
    if len({t.shard for t in ours}) <= 1 and len({t.shard for t in theirs}) <= 1:
        return None
    there: dict[str, set[str]] = defaultdict(set)
    back: dict[str, set[str]] = defaultdict(set)
    for a, b in zip(ours, theirs, strict=True):
        there[a.shard].add(b.shard)
        back[b.shard].add(a.shard)
    return all(len(shards) == 1 for shards in (*there.values(), *back.values()))


def _rare(left: TensorIndex, right: TensorIndex, users: Callable[[str], int], known: set[str]) -> tuple[str, ...]:
    """Composed parts of names that both have and no public code uses."""
    sides = [{part for t in index.tensors for part in parts_of(t.name)[0]} for index in (left, right)]
    both = (part for part in sides[0] & sides[1] - known if len(part) >= LEAST_RARE and "_" in part.strip("_"))
    return tuple(sorted(part for part in both if users(part) == 0))


def _patterns(
    left: Sequence[IndexTensor], right: Sequence[IndexTensor], rows: Sequence[tuple[int, int]]
) -> tuple[NamePattern, ...]:
    """Pairs of names with numbers taken as one, in the order of the left; then what has no partner."""
    counted: Counter[tuple[str | None, str | None]] = Counter()
    for i, j in rows:
        counted[_pattern(left[i].name), _pattern(right[j].name)] += 1
    paired = {i for i, _ in rows}, {j for _, j in rows}
    for i, tensor in enumerate(left):
        if i not in paired[0]:
            counted[_pattern(tensor.name), None] += 1
    for j, tensor in enumerate(right):
        if j not in paired[1]:
            counted[None, _pattern(tensor.name)] += 1
    return tuple(NamePattern(a, b, count) for (a, b), count in counted.items())


def _pattern(name: str) -> str:
    return ".".join(parts_of(name)[0])
