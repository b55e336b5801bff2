"""What an alignment comes to: shared mass, edits by kind, renames with conflicts, and the regions of lines."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace

from rapidfuzz.distance import Indel

from clonedetect.align.codes import ASSERT_SHARE, BLIND, COMPARABLE, NAME_MASS, Side, last, opcodes
from clonedetect.domain import Alignment, Edit, Region, Rename, Statement

Pair = tuple[int, int, float]  # left index, right index, score
Votes = Counter[tuple[str, str]]

JOINED = 0.55  # least share of a statement's mass found in the unmatched rest of a neighbour's partner
LEAST_SHARED = 0.3  # of the lighter statement's mass, or the pair is dropped
WINDOW = 4  # statements ahead in which a joined statement is looked for
GAP = 2  # unmatched statements a region may hold in a row
LIGHTEST_REGION = 3.0  # token mass of a region beside a heavier one
LIGHTEST_IN_ORDER = 0.75  # of one that follows or precedes the heaviest on both sides: what lies between was put in
STRONG_VOTES = 2  # places that make a rename count in full
FLAGS = frozenset({"assert"})  # rewrites that are flags, not edits
_MIRRORED = {"deleted": "inserted", "inserted": "deleted", "joined": "split", "split": "joined"}
_LITERAL_STARTS = frozenset("0123456789'\"")


def outcome(
    left: Side,
    right: Side,
    pairs: list[Pair],
    names: dict[str, str],
    votes: Votes,
    belief: Callable[[str, str], float],
) -> Alignment:
    """Score the pairs under the rename map and describe them."""
    strong = {(x, y) for x, y in names.items() if votes[x, y] >= STRONG_VOTES or belief(x, y)}
    edits: Counter[str] = Counter()
    kept: list[Pair] = []
    masses: dict[tuple[int, int], float] = {}
    matched = 0.0
    for i, j, score in pairs:
        spans = _spans(left.blind[i], right.blind[j])
        mass = _mass(left, right, i, j, spans, names, strong)
        if mass >= LEAST_SHARED * min(left.mass[i], right.mass[j]):
            kept.append((i, j, score))
            masses[i, j] = mass
            matched += mass
            _edits(left.statements[i], right.statements[j], left.blind[i], right.blind[j], edits)
    edits["moved"] += len(_out_of_order(kept))
    extra, gained = _joined(left, right, kept, masses, edits)
    matched += gained
    every = sorted((i, j, round(score, 4)) for i, j, score in (*kept, *extra))
    for kind, side, used in (
        ("deleted", left, {i for i, _, _ in every}),
        ("inserted", right, {j for _, j, _ in every}),
    ):
        unused = [one for index, one in enumerate(side.statements) if index not in used]
        dropped = sum(["assert" in one.rewrites for one in unused])
        edits["assert-dropped"] += dropped
        edits[kind] += len(unused) - dropped
    renames, conflicts = _renames(left.codes.token, votes, names, edits)
    total_left, total_right = sum(left.mass), sum(right.mass)
    union, smaller = total_left + total_right - matched, min(total_left, total_right)
    return Alignment(
        pairs=tuple(every),
        regions=_regions(left, right, every, masses),
        edits=tuple(Edit(kind, count) for kind, count in sorted(edits.items()) if count),
        renames=renames,
        conflicts=conflicts,
        similarity=round(min(1.0, matched / union), 4) if union > 0 else 0.0,
        containment=round(min(1.0, matched / smaller), 4) if smaller > 0 else 0.0,
    )


def mirrored(alignment: Alignment) -> Alignment:
    """The same alignment with left for right."""
    edits = sorted((_MIRRORED.get(e.kind, e.kind), e.count) for e in alignment.edits)
    renames = [Rename(r.right, r.left, r.kind, r.count) for r in alignment.renames]
    return replace(
        alignment,
        pairs=tuple(sorted((j, i, score) for i, j, score in alignment.pairs)),
        regions=tuple(sorted((Region(r.right, r.left) for r in alignment.regions), key=lambda r: (r.left, r.right))),
        edits=tuple(Edit(kind, count) for kind, count in edits),
        renames=tuple(sorted(renames, key=lambda r: (-r.count, r.left, r.right, r.kind))),
    )


def _spans(a: str, b: str) -> list[tuple[int, int, int]]:
    """Equal stretches of two blind statements: start and end in the first, start in the second."""
    if a == b:
        return [(0, len(a), 0)]
    return [(start, end, there) for tag, start, end, there, _ in opcodes(a, b) if tag == "equal"]


def _mass(
    left: Side,
    right: Side,
    i: int,
    j: int,
    spans: list[tuple[int, int, int]],
    names: dict[str, str],
    strong: set[tuple[str, str]],
) -> float:
    """Token mass two statements share; a name counts as far as the rename map bears it out."""
    blind, x, y = left.blind[i], left.named[i], right.named[j]
    weight, total = left.codes.mass, 0.0
    for start, end, there in spans:
        for character, p, q in zip(blind[start:end], x[start:end], y[there:], strict=False):
            if character != BLIND:
                total += weight[character]
            elif names.get(p) == q:
                total += NAME_MASS if (p, q) in strong else NAME_MASS / 2
    return total * ASSERT_SHARE if "assert" in left.statements[i].rewrites else total


def _edits(left: Statement, right: Statement, a: str, b: str, edits: Counter[str]) -> None:
    """Rewrites that only one side needed, changed literals and operators."""
    if left.rewrites != right.rewrites:
        here, there = Counter(left.rewrites), Counter(right.rewrites)
        for kind in (here.keys() | there.keys()) - FLAGS:
            edits[kind] += abs(here[kind] - there[kind])
    if a == b:
        return
    for tag, start, end, there, stop in opcodes(a, b):
        if tag != "replace":
            continue
        lefts, rights = left.tokens[start:end], right.tokens[there:stop]
        for x, y in zip(lefts, rights, strict=False):
            if x[:1] in _LITERAL_STARTS and y[:1] in _LITERAL_STARTS:
                edits["literal-changed"] += 1
            elif x in COMPARABLE and y in COMPARABLE:
                edits["operator-changed"] += 1


def _joined(
    left: Side, right: Side, pairs: list[Pair], masses: dict[tuple[int, int], float], edits: Counter[str]
) -> tuple[list[Pair], float]:
    """Unmatched statements whose tokens stand in what a nearby statement of the other side has left over."""
    extra: list[Pair] = []
    gained, similarity = 0.0, Indel.similarity
    by_left, by_right = {i: j for i, j, _ in pairs}, {j: i for i, j, _ in pairs}
    for forward in (True, False):
        here, there, partner, other = (left, right, by_left, by_right) if forward else (right, left, by_right, by_left)
        rests: dict[int, str] = {}
        following = sorted(partner)
        low, seen = -1, 0
        for index, text in enumerate(here.blind):
            if index in partner:
                low = partner[index]
                continue
            if here.mass[index] < 1.0:
                continue
            while seen < len(following) and following[seen] <= index:
                seen += 1
            high = partner[following[seen]] if seen < len(following) else len(there.blind) - 1
            best, place, least = 0.0, -1, len(text)
            for candidate in range(max(0, low, high - WINDOW if low < 0 else 0), min(high, max(low, 0) + WINDOW) + 1):
                if candidate not in rests:
                    whole = there.blind[candidate]
                    rests[candidate] = _rest(here.blind[other[candidate]], whole) if candidate in other else whole
                rest = rests[candidate]
                # Less than half of it in common: the similarity is twice the common length, at most twice the shorter.
                if 2 * len(rest) < least or similarity(text, rest, score_cutoff=least) < least:
                    continue
                mass = _overlap(text, rest, here)
                if mass > best:
                    best, place = mass, candidate
            if place < 0 or best < JOINED * here.mass[index]:
                continue
            pair = (index, place) if forward else (place, index)
            extra.append((*pair, min(1.0, best / here.mass[index])))
            masses[pair] = best / 2  # blind names: half of what a matched pair would count
            gained += best / 2
            edits["joined" if forward else "split"] += 1
            rests[place] = _rest(text, rests[place])
            other.setdefault(place, index)
            low = place
    return extra, gained


def _rest(short: str, long: str) -> str:
    """What of `long` is not aligned with `short`."""
    return "".join([long[there:stop] for tag, _, _, there, stop in opcodes(short, long) if tag != "equal"])


def _overlap(a: str, b: str, side: Side) -> float:
    weight = side.codes.mass
    return sum([weight[character] for start, end, _ in _spans(a, b) for character in a[start:end]])


def _out_of_order(pairs: list[Pair]) -> list[int]:
    """Left indices outside the longest increasing run of right indices: the moved statements."""
    tails: list[int] = []
    lengths = []
    for _, j, _ in pairs:
        low, high = 0, len(tails)
        while low < high:
            middle = (low + high) // 2
            low, high = (middle + 1, high) if tails[middle] < j else (low, middle)
        tails[low : low + 1] = [j]
        lengths.append(low + 1)
    wanted, moved = len(tails), []
    for (i, _, _), length in zip(reversed(pairs), reversed(lengths), strict=True):
        if wanted and length == wanted:
            wanted -= 1
        else:
            moved.append(i)
    return moved


def _renames(
    token: dict[str, str], votes: Votes, names: dict[str, str], edits: Counter[str]
) -> tuple[tuple[Rename, ...], int]:
    """Renames by the last name of a chain, and how many places contradict the map."""
    merged: Counter[tuple[str, str, str]] = Counter()
    conflicts = methods = 0
    for (x, y), count in votes.items():
        if names.get(x) != y:
            conflicts += count
            continue
        full_x, full_y = token[x], token[y]
        if ("." in full_x) != ("." in full_y):
            methods += count
        a, b = last(full_x), last(full_y)
        if a != b and a and b:  # a name that a rewrite made up is none
            merged[a, b, "attribute" if "." in full_x and "." in full_y else "name"] += count
    edits["method-to-function"] += methods
    edits["renamed"] += len(merged)
    ranked = sorted(merged.items(), key=lambda item: (-item[1], item[0]))
    return tuple(Rename(a, b, kind, count) for (a, b, kind), count in ranked), conflicts


def _regions(left: Side, right: Side, pairs: list[Pair], masses: dict[tuple[int, int], float]) -> tuple[Region, ...]:
    """Runs of pairs close together on both sides; one of little mass, out of order with the heaviest, is left out."""
    runs: list[list[tuple[int, int]]] = []
    for i, j, _ in pairs:
        if runs:
            last_i, last_j = runs[-1][-1]
            if i - last_i <= GAP + 1 and -1 <= j - last_j <= GAP + 1:
                runs[-1].append((i, j))
                continue
        runs.append([(i, j)])
    weights = [sum(masses.get(pair, 0.0) for pair in run) for run in runs]
    heaviest = max(weights, default=0.0)
    (first, top), (last, bottom) = (runs[weights.index(heaviest)][n] for n in (0, -1)) if runs else ((0, 0), (0, 0))
    regions = []
    for run, weight in zip(runs, weights, strict=True):
        (i, j), (k, m) = run[0], run[-1]
        in_order = (k < first and max(j, m) < top) or (i > last and min(j, m) > bottom)
        heavy = weight >= LIGHTEST_REGION and weight >= 0.1 * heaviest
        if weight == heaviest or heavy or (in_order and weight >= LIGHTEST_IN_ORDER):
            regions.append(
                Region(_lines([left.statements[i] for i, _ in run]), _lines([right.statements[j] for _, j in run]))
            )
    return tuple(sorted(regions, key=lambda r: (r.left, r.right)))


def _lines(statements: list[Statement]) -> tuple[int, int]:
    return min(one.start_line for one in statements), max(one.end_line for one in statements)
