"""Numbers behind the page's heat map and figures: geometry only, the drawing is the templates'."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from clonedetect.domain import ClonePair, Comparison
from clonedetect.report import wording
from clonedetect.report.html_data import SourceIndex
from clonedetect.report.quoted import quote_path

FILES: Final = 50
"""Rows and columns of the heat map at most."""

BARS: Final = 18
_LEFT, _RIGHT, _TOP, _BOTTOM = 44.0, 548.0, 34.0, 190.0  # the plot's area in its own units
_LONGEST_BAR: Final = 230.0


@dataclass(frozen=True, slots=True)
class Cell:
    """Two files that share code."""

    right: str
    left_index: int
    right_index: int
    label: str
    words: str
    shade: int  # 0..9
    relation: str
    first_pair: str | None


@dataclass(frozen=True, slots=True)
class Row:
    """A file of the left and its cells, None where nothing is shared."""

    path: str
    cells: tuple[Cell | None, ...]


@dataclass(frozen=True, slots=True)
class HeatMap:
    """Files against files. `left_out` pairs of files did not fit."""

    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    left_out: int


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar of the histogram, in the figure's units."""

    x: float
    y: float
    width: float
    height: float
    count: int
    label: str
    title: str


@dataclass(frozen=True, slots=True)
class Histogram:
    """How many pairs are how strong. `mark` is where chance ends, None without E-values."""

    title: str
    caption: str
    axis: str
    words: str
    bars: tuple[Bar, ...]
    mark: float | None


@dataclass(frozen=True, slots=True)
class FileShare:
    """Matched lines of one file, and the widths of their bars."""

    path: str
    unexplained: int
    explained: int
    width: float
    explained_width: float


def heat_map(comparison: Comparison, index: SourceIndex) -> HeatMap:
    """The files that share code, at most `FILES` a side; each right file stands near its best left file."""
    shared: dict[tuple[str, str], list[ClonePair]] = {}
    for pair in wording.ranked(comparison.clone_pairs):
        shared.setdefault((pair.left.path, pair.right.path), []).append(pair)
    known = {(each.left, each.right): each for each in comparison.file_pairs}
    weight = {
        key: (known[key].similarity if key in known else 0.0, len(shared.get(key, ()))) for key in {*shared, *known}
    }
    strongest = sorted(weight, key=lambda key: (-weight[key][0], -weight[key][1], key))
    rows: dict[str, None] = {}
    columns: dict[str, None] = {}
    for left, right in strongest:
        fits = (left in rows or len(rows) < FILES) and (right in columns or len(columns) < FILES)
        if fits:
            rows.setdefault(left)
            columns.setdefault(right)
    inside = [key for key in strongest if key[0] in rows and key[1] in columns]
    lefts = sorted(rows)
    best: dict[str, int] = {}
    for left, right in inside:
        best.setdefault(right, lefts.index(left))
    rights = sorted(columns, key=lambda path: (best[path], path))

    def cell(left: str, right: str) -> Cell | None:
        if (left, right) not in weight:
            return None
        pairs, file_pair = shared.get((left, right), []), known.get((left, right))
        words = wording.counted(len(pairs), "pair of fragments", "pairs of fragments")
        label, shade, relation = f"{len(pairs)}×", 0, ""
        if file_pair is not None:
            share = wording.percent(file_pair.similarity)
            words = f"{file_pair.relation}, {share} of the smaller file, {words}"
            label, relation = share.removesuffix(" %"), file_pair.relation
            shade = max(0, min(9, int(file_pair.similarity * 10))) if math.isfinite(file_pair.similarity) else 0
        numbers = index.files["left"].get(left, -1), index.files["right"].get(right, -1)
        return Cell(right, *numbers, label, words, shade, relation, pairs[0].id if pairs else None)

    made = tuple(Row(left, tuple(cell(left, right) for right in rights)) for left in lefts)
    return HeatMap(tuple(rights), made, len(weight) - len(inside))


def histogram(pairs: Sequence[ClonePair]) -> Histogram:
    """Pairs by E-value where there are any, else by bits, else by similarity."""
    e_values = [pair.e_value for pair in pairs if pair.e_value is not None and pair.e_value >= 0]
    bits = [pair.bits for pair in pairs if pair.bits is not None and math.isfinite(pair.bits)]
    if e_values:
        scores = [min(60.0, -math.log10(max(e, 1e-60))) for e in e_values if math.isfinite(e)]
        caption = "E = 1 is what two unrelated repositories of these sizes show once by chance"
        return _histogram("Pairs against the unrelated background", caption, "−log₁₀ E-value", scores, 0.0)
    if bits:
        return _histogram(
            "Pairs by bits", "bits of what both sides share; no E-values were computed", "bits", bits, None
        )
    shares = [pair.similarity * 100 for pair in pairs if math.isfinite(pair.similarity)]
    return _histogram("Pairs by similarity", "no E-values were computed", "percent alike", shares, None)


def _histogram(title: str, caption: str, axis: str, scores: Sequence[float], mark: float | None) -> Histogram:
    if not scores:
        return Histogram(title, caption, axis, "no figures", (), None)
    low, high = min(scores), max(scores)
    step = next(
        (s for s in (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 5000) if (high - low) / s <= 12), (high - low) / 12
    )
    first = math.floor(min(low, 0 if mark is not None else low) / step)
    number = math.floor(high / step) - first + 1
    counts = [0] * number
    for score in scores:
        counts[math.floor(score / step) - first] += 1
    width = (_RIGHT - _LEFT) / number
    tallest = max(counts)
    edges = [f"{(first + position) * step:g}" for position in range(number + 1)]
    bars = tuple(
        Bar(
            x=round(_LEFT + position * width + 1, 1),
            y=round(_BOTTOM - (_BOTTOM - _TOP) * count / tallest, 1),
            width=round(max(1.0, width - 2), 1),
            height=round((_BOTTOM - _TOP) * count / tallest, 1),
            count=count,
            label=edges[position],
            title=f"{wording.counted(count, 'pair')} from {edges[position]} to {edges[position + 1]}",
        )
        for position, count in enumerate(counts)
    )
    words = ", ".join(bar.title for bar in bars if bar.count)
    place = None if mark is None else round(_LEFT + (mark / step - first) * width, 1)
    return Histogram(title, caption, axis, words, bars, place)


def matched_lines(pairs: Sequence[ClonePair], side: str) -> list[tuple[str, int, int]]:
    """(file, lines that an unexplained pair holds, lines that only explained ones hold), most lines first."""
    lines: dict[str, tuple[set[int], set[int]]] = {}
    for pair in pairs:
        fragment = pair.left if side == "left" else pair.right
        spans = [r.left if side == "left" else r.right for r in pair.regions]
        spans = spans or [(fragment.start_line, fragment.end_line)]
        both = lines.setdefault(quote_path(fragment), (set(), set()))
        for first, last in spans:
            both[pair.explained_by is not None].update(range(first, min(last, first + 100_000) + 1))
    counted = [(path, len(free), len(known - free)) for path, (free, known) in lines.items()]
    return sorted(counted, key=lambda row: (-row[1] - row[2], row[0]))


def coverage(matched: Sequence[tuple[str, int, int]]) -> tuple[FileShare, ...]:
    """Bars of the files with the most matched lines, from `matched_lines`."""
    top = matched[:BARS]
    longest = max((free + known for _, free, known in top), default=1) or 1
    return tuple(
        FileShare(path, free, known, round(_LONGEST_BAR * free / longest, 1), round(_LONGEST_BAR * known / longest, 1))
        for path, free, known in top
    )
