"""Files that share code, and which lines of each side are matched."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from clonedetect.domain import FilePair

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from clonedetect.domain import ClonePair

Spans = list[tuple[int, int]]


def _length(spans: Iterable[tuple[int, int]]) -> int:
    """Lines in the union of inclusive spans."""
    total, reached = 0, 0
    for start, end in sorted(spans):
        total += max(0, end - max(start, reached + 1) + 1)
        reached = max(reached, end)
    return total


def matched_lines(pairs: Iterable[ClonePair]) -> tuple[dict[str, int], dict[str, int]]:
    """Per path of the left and of the right how many lines lie in a matched region of some pair."""
    left: dict[tuple[str, int | None], Spans] = defaultdict(list)
    right: dict[tuple[str, int | None], Spans] = defaultdict(list)
    for pair in pairs:
        left[pair.left.path, pair.left.cell].extend(r.left for r in pair.regions)
        right[pair.right.path, pair.right.cell].extend(r.right for r in pair.regions)
    out: tuple[dict[str, int], dict[str, int]] = ({}, {})
    for side, spans in zip(out, (left, right), strict=True):
        for (path, _), found in spans.items():
            side[path] = side.get(path, 0) + _length(found)
    return out


def file_pairs(
    pairs: Sequence[ClonePair],
    identical: Iterable[tuple[str, str]],
    left_lines: Mapping[str, int],
    right_lines: Mapping[str, int],
) -> tuple[FilePair, ...]:
    """Every pair of files with identical bytes or with matched code, most similar first.

    `left_lines` and `right_lines` are the lines of each examined file.
    """
    same = set(identical)
    whole = {(p.left.path, p.right.path) for p in pairs if p.left.kind == p.right.kind == "module" and p.type < 3}
    spans: dict[tuple[str, str], tuple[Spans, Spans]] = defaultdict(lambda: ([], []))
    for pair in pairs:
        left, right = spans[pair.left.path, pair.right.path]
        left.extend(r.left for r in pair.regions)
        right.extend(r.right for r in pair.regions)
    found = [FilePair(left, right, "identical", 1.0) for left, right in same]
    found += [FilePair(left, right, "renamed", 1.0) for left, right in whole - same]
    for (left, right), (ls, rs) in spans.items():
        if (left, right) in same or (left, right) in whole:
            continue
        shares = (_length(ls) / max(1, left_lines.get(left, 1)), _length(rs) / max(1, right_lines.get(right, 1)))
        found.append(FilePair(left, right, "similar", round(min(1.0, max(shares)), 4)))
    return tuple(sorted(found, key=lambda f: (-f.similarity, f.relation, f.left, f.right)))
