"""Several repositories at once: one against many, and all against all. Each is read once."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations
from typing import TYPE_CHECKING

from clonedetect.assess import cell, name_of, rank
from clonedetect.domain.candidates import Matrix
from clonedetect.group import lineage
from clonedetect.pipeline.options import Options
from clonedetect.pipeline.scan import acquired, compare, read_sides

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from clonedetect.domain import Comparison, Snapshot

    Progress = Callable[[str, float | None], None]


def scan_candidates(
    left: str | Path,
    rights: Sequence[str | Path],
    ancestors: Sequence[str | Path] = (),
    options: Options | None = None,
    progress: Progress | None = None,
) -> tuple[Comparison, list[Snapshot]]:
    """Compare the left with each of several candidates: the comparison with the one that fits best, with the ranking of
    all in it, and the snapshots it was made from. Raises OriginError."""
    options = options or Options()
    one, first, *others = read_sides(left, rights[0], ancestors, options, progress)
    candidates = [first, *(acquired(str(right), options.right_subdir, options, progress) for right in rights[1:])]
    comparisons = [compare([one, each, *others], options, progress) for each in candidates]
    ranking, order = rank(comparisons)
    return replace(comparisons[order[0]], ranking=ranking), [one, candidates[order[0]], *others]


def scan_matrix(
    origins: Sequence[str | Path], options: Options | None = None, progress: Progress | None = None
) -> Matrix:
    """Compare all pairs of several repositories. Raises OriginError."""
    options = options or Options()
    snapshots = [acquired(str(origin), None, options, progress) for origin in origins]
    cells, names = [], [""] * len(snapshots)
    for i, j in combinations(range(len(snapshots)), 2):
        found = compare([snapshots[i], snapshots[j]], options, progress)
        names[i], names[j] = name_of(found.left), name_of(found.right)
        cells.append(cell(i, j, found))
    return Matrix(tuple(names), tuple(cells), *lineage(len(names), cells))
