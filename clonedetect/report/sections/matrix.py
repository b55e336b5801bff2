"""All pairs of several repositories."""

from __future__ import annotations

from clonedetect.domain.candidates import Matrix
from clonedetect.report import wording
from clonedetect.report.sections.layout import Column, Section, Table


def section(matrix: Matrix) -> Section:
    """What a `Matrix` shows."""
    numbers = range(len(matrix.origins))
    known = {(c.left, c.right): c for c in matrix.cells}

    def shown(row: int, column: int) -> str:
        """Share of the row's lines that the column has too, and the strength of the evidence."""
        if row == column:
            return "·"
        found = known[min(row, column), max(row, column)]
        share = found.left_share if row < column else found.right_share
        return f"{wording.percent(share)} {found.strength}" if found.strength != "none" else "–"

    grid = Table(
        "Share of the row's lines that the column has too, and how strong the evidence is",
        (Column("no.", "number"), Column("origin", "code"), *(Column(f"{n + 1}", "number") for n in numbers)),
        tuple((f"{n + 1}", matrix.origins[n], *(shown(n, m) for m in numbers)) for n in numbers),
    )
    links = Table(
        "Lineage: the strongest links of each family",
        (Column("origin", "code"), Column(""), Column("origin", "code"), Column("evidence"), Column("bits", "number")),
        tuple(
            (matrix.origins[link.source], "→" if link.known else "–", matrix.origins[link.target], link.strength,
             f"{link.bits:,.0f}")
            for link in matrix.lineage
        ),
    )  # fmt: skip
    alone = len(matrix.origins) - sum(map(len, matrix.families))
    pairs, origins = wording.counted(len(matrix.cells), "pair"), len(matrix.origins)
    words = (
        f"{pairs} of {wording.counted(origins, 'repository', 'repositories')}: "
        f"{wording.counted(len(matrix.families), 'family', 'families')}, {alone:,} without relation. An arrow leads "
        "from the side that had the shared code first by its history; a dash means that it is not known."
    )
    return Section("Matrix", (words,), (grid, links))
