"""The source text that a report shows: each line once, strongest pairs first until the bound is reached."""

from __future__ import annotations

from typing import TYPE_CHECKING

from clonedetect.domain import Quote

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from clonedetect.domain import ClonePair, SourceFile

QUOTE_BYTES = 24_000_000  # source text that a report carries at most
GAP = 3  # lines between two quoted stretches that are quoted too


def quotes(left: Sequence[SourceFile], right: Sequence[SourceFile], pairs: Iterable[ClonePair]) -> tuple[Quote, ...]:
    """Whole lines around every pair, from the files as they were parsed.

    A notebook cell is quoted under `path#cell`, its lines counted in the cell.
    """
    files = {(side, f.path): f for side, sources in (("left", left), ("right", right)) for f in sources}
    wanted: dict[tuple[str, str, int | None], list[tuple[int, int]]] = {}
    size = 0
    for pair in pairs:
        for f in (pair.left, pair.right):
            spans = wanted.setdefault((f.side, f.path, f.cell), [])
            if (f.start_line, f.end_line) not in spans[-4:]:
                spans.append((f.start_line, f.end_line))
                size += 45 * (f.end_line - f.start_line + 1)
        if size > QUOTE_BYTES:
            break
    out: list[Quote] = []
    for (side, path, cell), spans in wanted.items():
        file = files[side, path]
        lines = file.data.split(b"\n")
        first = dict(file.cells)[cell] - 1 if cell is not None else 0
        for start, end in _merged(spans):
            text = b"\n".join(lines[first + start - 1 : first + end]).decode("utf-8", "replace")
            name = path if cell is None else f"{path}#{cell}"
            out.append(Quote("left" if side == "left" else "right", name, file.blob, start, text))
    return tuple(sorted(out, key=lambda q: (q.side, q.path, q.start_line)))


def _merged(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    merged: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if merged and start <= merged[-1][1] + GAP + 1:
            merged[-1] = (merged[-1][0], max(merged[-1][1], end))
        else:
            merged.append((start, end))
    return merged
