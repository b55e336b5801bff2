"""Alignment of two sequences of canonical statements: in order first, then order-free, under one rename map.

Similarity of two statements is the normalised indel similarity of their token sequences, once with the changeable
names blind and once with the left's names under the rename map. In order: the heaviest common subsequence of
statements (Needleman and Wunsch 1970, without gap costs). What is left is paired by a maximum-weight assignment, and
then joined to or split from a neighbour. Aligned names vote for the rename map until it is stable.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from rapidfuzz.distance import Indel, Levenshtein
from rapidfuzz.process import cdist

from clonedetect.align.codes import BLIND, END, Side, opcodes, sides
from clonedetect.align.outcome import Pair, Votes, mirrored, outcome
from clonedetect.domain import Alignment, Edit, Statement

ROUNDS = 4  # of voting and aligning
LARGEST_MATRIX = 60_000  # statement pairs compared at once; longer fragments align around equal statements
LARGEST_ASSIGNMENT = 400  # statements a side
STRETCH = 200  # statements a side of a stretch between equal statements of long fragments
IN_ORDER = 0.5  # least score of a pair in order
OUT_OF_ORDER = 0.72  # least score of a pair out of order, where chance has many more tries
LEAST_MASS = 2.0  # of a statement that may match out of order


def align(
    left: Sequence[Statement],
    right: Sequence[Statement],
    *,
    lifted: Mapping[str, str] | None = None,
    back: Mapping[str, str] | None = None,
) -> Alignment:
    """Align the canonical statements of two fragments.

    `lifted` is the repository's rename map (left name to right name, one to one): it votes beforehand; `back` is its
    inverse, for a caller who aligns many pairs under one map. Time is
    bounded: beyond 60,000 pairs of statements only the stretches between equal statements are compared closely.
    `align(b, a)` mirrors `align(a, b)`: whichever comes first by what it says is aligned to the other.
    """
    if not left or not right:
        counts = (("deleted", len(left)), ("inserted", len(right)))
        return Alignment((), (), tuple(Edit(kind, count) for kind, count in counts if count), (), 0, 0.0, 0.0)
    lifted = lifted or {}
    if _before(right, left):
        b, a = sides(right, left)
        return mirrored(_Aligner(b, a, {y: x for x, y in lifted.items()} if back is None else back).run())
    a, b = sides(left, right)
    return _Aligner(a, b, lifted).run()


def ceiling(left: Sequence[Statement], right: Sequence[Statement]) -> tuple[float, float]:
    """The similarity and the containment that an alignment can have at most: as if all tokens that both have stood
    opposite each other. A hundredth of the time of the alignment.
    """
    if not left or not right:
        return 0.0, 0.0
    a, b = sides(left, right)
    fewer, more = sorted((a.held, b.held), key=len)
    shared = sum([min(mass, more[character]) for character, mass in fewer.items() if character in more])
    totals = sum(a.mass), sum(b.mass)
    union, smaller = sum(totals) - shared, min(totals)
    # An alignment's figures are rounded.
    return tuple(min(1.0, shared / whole + 1e-4) if whole > shared else 1.0 for whole in (union, smaller))  # ty: ignore


def _before(first: Sequence[Statement], second: Sequence[Statement]) -> bool:
    """Whether the first comes first by what it says."""
    for one, other in zip(first, second, strict=False):
        if one.tokens != other.tokens or one.rewrites != other.rewrites:
            return (one.tokens, one.rewrites) < (other.tokens, other.rewrites)
    return len(first) < len(second)


class _Aligner:
    def __init__(self, left: Side, right: Side, lifted: Mapping[str, str]) -> None:
        self.left = left
        self.right = right
        self.lifted = lifted
        self.token = left.codes.token
        self.last = left.codes.last
        self._before: tuple[list[str], NDArray[np.float32]] | None = None
        self._pairings: dict[tuple[int, int], list[tuple[str, str]]] = {}
        self._beliefs: dict[tuple[str, str], float] = {}

    def run(self) -> Alignment:
        """Vote and align until the rename map is stable."""
        full = len(self.left.blind) * len(self.right.blind) <= LARGEST_MATRIX
        # Scores below the cut-off pair nothing: with the names mapped they only become smaller.
        blind = _matrix(self.left.blind, self.right.blind, IN_ORDER) if full else None
        names = self._prior() if self.lifted else {}
        pairs: list[Pair] = []
        votes: Votes = Counter()
        before: NDArray[np.float32] | None = None
        for turn in range(ROUNDS):
            if blind is None:
                pairs = self._long(names)
            else:
                scores = blind
                if names:
                    scores = self._scores(blind, names)
                if turn == 0 or scores is not before:
                    pairs = self._in_order(scores, 0, 0)
                    pairs += self._order_free(pairs, scores)
                before = scores
            votes, headers = Counter(), Counter()
            for i, j, _ in pairs:
                votes.update(self._pairing(i, j))
                if self.left.statements[i].tokens[0] == "def":
                    headers.update(self._pairing(i, j))
            voted = self._elect(votes, headers, names)
            stable = turn > 0 and sum(names.get(x) != y for x, y in voted.items()) * 20 <= len(voted)
            names = voted
            if stable:
                break
        return outcome(self.left, self.right, sorted(pairs), names, votes, self._belief)

    # ------------------------------------------------------------ pairs

    def _mapped(self, names: dict[str, str]) -> list[str]:
        """The left's statements with its names as the map says; unmapped names equal nothing."""
        table = self.left.unmapped | {ord(x): y for x, y in names.items()}
        return self.left.text.translate(table).split(END)

    def _scores(self, blind: NDArray[np.float32], names: dict[str, str]) -> NDArray[np.float32]:
        """The mean of the blind and the mapped scores; the matrix of the round before where no statement changed."""
        mapped = self._mapped(names)
        if self._before is None:
            scores = (blind + _matrix(mapped, self.right.named)) * np.float32(0.5)
        else:
            texts, scores = self._before
            rows = [row for row, text in enumerate(mapped) if text != texts[row]]
            if not rows:
                return scores
            scores = scores.copy()
            scores[rows] = (blind[rows] + _matrix([mapped[row] for row in rows], self.right.named)) * np.float32(0.5)
        self._before = mapped, scores
        return scores

    def _in_order(self, scores: NDArray[np.float32], top: int, first: int) -> list[Pair]:
        """The heaviest common subsequence; `top`, `first` are the indices of the matrix's first row and column."""
        # Only the rows and columns that can pair at all: the others leave every sum as it is.
        pairing = scores >= IN_ORDER
        rows, columns = np.flatnonzero(pairing.any(axis=1)), np.flatnonzero(pairing.any(axis=0))
        if not len(rows):
            return []
        lefts, rights = self.left.weight[rows + top], self.right.weight[columns + first]
        if pairing.shape != (len(rows), len(columns)):
            scores = scores[rows[:, None], columns]
            pairing = scores >= IN_ORDER
        gains = (scores - np.float32(0.3)) * (np.minimum(lefts[:, None], rights) + np.float32(0.2)) * pairing
        row, width = gains.shape
        table, column, way = _sums(gains), width, []
        up, aside = table[1:, 1:] == table[:-1, 1:], table[1:, 1:] == table[1:, :-1]
        moves = (2 * up.view(np.uint8) | aside.view(np.uint8)).tobytes()
        while row and column:
            move = moves[(row - 1) * width + column - 1]
            if move >= 2:
                row -= 1
            elif move:
                column -= 1
            else:
                row, column = row - 1, column - 1
                way.append((row, column))
        i, j = np.array(way[::-1]).T
        return list(zip((rows[i] + top).tolist(), (columns[j] + first).tolist(), scores[i, j].tolist(), strict=True))

    def _order_free(self, pairs: list[Pair], scores: NDArray[np.float32]) -> list[Pair]:
        used_left, used_right = {pair[0] for pair in pairs}, {pair[1] for pair in pairs}
        rows = [i for i, mass in enumerate(self.left.mass) if mass >= LEAST_MASS and i not in used_left]
        columns = [j for j, mass in enumerate(self.right.mass) if mass >= LEAST_MASS and j not in used_right]
        if not rows or not columns or len(rows) > LARGEST_ASSIGNMENT or len(columns) > LARGEST_ASSIGNMENT:
            return []
        part = scores[np.array(rows)[:, None], columns]
        if part.max() < OUT_OF_ORDER:
            return []
        able = part >= OUT_OF_ORDER
        if able.sum(axis=0).max() == 1 == able.sum(axis=1).max():  # nothing competes
            return [(rows[i], columns[j], float(part[i, j])) for i, j in np.argwhere(able).tolist()]
        from scipy.optimize import linear_sum_assignment  # its start-up is longer than a scan of a few files

        chosen = linear_sum_assignment(np.where(able, part, 0.0), maximize=True)
        return [
            (rows[i], columns[j], float(part[i, j]))
            for i, j in zip(*(index.tolist() for index in chosen), strict=True)
            if part[i, j] >= OUT_OF_ORDER
        ]

    def _long(self, names: dict[str, str]) -> list[Pair]:
        """In-order pairs of long fragments: equal statements first, then what stands between them."""
        table: dict[str, str] = {}
        lines = [
            "".join(table.setdefault(text, chr(len(table) + 1)) for text in side.blind)
            for side in (self.left, self.right)
        ]
        mapped = self._mapped(names) if names else None
        pairs: list[Pair] = []
        for op in Levenshtein.opcodes(lines[0], lines[1]):
            i, j = op.src_start, op.dest_start
            if op.tag == "equal":
                for k in range(op.src_end - i):
                    score = 1.0
                    if mapped is not None:
                        score = (1 + Indel.normalized_similarity(mapped[i + k], self.right.named[j + k])) / 2
                    pairs.append((i + k, j + k, score))
            elif op.tag == "replace":
                for start in range(0, min(op.src_end - i, op.dest_end - j), STRETCH):
                    rows = slice(i + start, min(op.src_end, i + start + STRETCH))
                    columns = slice(j + start, min(op.dest_end, j + start + STRETCH))
                    scores = _matrix(self.left.blind[rows], self.right.blind[columns])
                    pairs += self._in_order(scores, rows.start, columns.start)
        return pairs

    # ------------------------------------------------------------ names

    def _pairing(self, i: int, j: int) -> list[tuple[str, str]]:
        """The names that stand opposite each other when two statements are aligned blindly."""
        known = self._pairings.get((i, j))
        if known is None:
            a, b = self.left.blind[i], self.right.blind[j]
            x, y = self.left.named[i], self.right.named[j]
            if a == b:
                known = [(p, q) for p, q, blind in zip(x, y, a, strict=True) if blind == BLIND]
            else:
                known = []
                for tag, start, end, there, stop in opcodes(a, b):
                    if tag == "equal":
                        places = zip(x[start:end], y[there:stop], a[start:end], strict=True)
                        known += [(p, q) for p, q, blind in places if blind == BLIND]
            self._pairings[i, j] = known
        return known

    def _elect(self, votes: Votes, headers: Votes, before: dict[str, str]) -> dict[str, str]:
        """The rename map: each left name to the right name most of its places stand opposite to, one to one.

        Of two equally good, what a parameter does says more than its place among those put in and left out.
        """
        token = self.token
        ranked = sorted(
            (-(count + self._belief(x, y) + (before.get(x) == y)), count == headers[x, y], token[x], token[y], x, y)
            for (x, y), count in votes.items()
        )
        names: dict[str, str] = {}
        taken: set[str] = set()
        for _, _, _, _, x, y in ranked:
            if x not in names and y not in taken:
                names[x] = y
                taken.add(y)
        return names

    def _prior(self) -> dict[str, str]:
        """What the repository's map says about the names of this pair."""
        there: dict[str, str] = {}
        for character, name in self.right.names.items():
            there.setdefault(name, character)
        names = {}
        for character, name in self.left.names.items():
            target = there.get(self.lifted.get(name, name))
            if target is not None:
                names[character] = target
        return names

    def _belief(self, x: str, y: str) -> float:
        """Votes a pair of names has beforehand: the same name, or the repository's rename."""
        known = self._beliefs.get((x, y))
        if known is None:
            a, b = self.last[x], self.last[y]
            known = 0.5 if a == b else 1.0 if self.lifted.get(a) == b else 0.0
            self._beliefs[x, y] = known
        return known


def _sums(gains: NDArray[np.float32]) -> NDArray[np.float32]:
    """The heaviest sum of gains, in order, of the first so many rows and columns."""
    rows, columns = gains.shape
    if rows > columns:
        return _sums(gains.T).T
    best = np.zeros((rows + 1, columns + 1), np.float32)
    add, maximum, furthest = np.add, np.maximum, np.maximum.accumulate
    above, above_left = best[0, 1:], best[0, :-1]
    for below, gain in zip(best[1:], gains, strict=True):
        here = below[1:]
        add(above_left, gain, out=here)
        maximum(here, above, out=here)
        furthest(here, out=here)
        above, above_left = here, below[:-1]
    return best


def _matrix(left: list[str], right: list[str], least: float | None = None) -> NDArray[np.float32]:
    return cdist(left, right, scorer=Indel.normalized_similarity, score_cutoff=least)  # float32
