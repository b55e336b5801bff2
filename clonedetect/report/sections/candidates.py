"""Several candidates for one repository: their order, and the fragments that decide it."""

from __future__ import annotations

from clonedetect.domain.candidates import Ranking
from clonedetect.report import wording
from clonedetect.report.sections.layout import Column, Section, Table


def section(ranking: Ranking) -> Section:
    """What a `Ranking` shows."""
    first = ranking.candidates[0]
    words = f"Of {len(ranking.candidates):,} candidates {first.right} fits {ranking.left} best."
    if ranking.ties:
        words = f"{ranking.ties + 1:,} of {len(ranking.candidates):,} candidates fit {ranking.left} equally well."
    apart = f"{wording.counted(len(ranking.telling), 'fragment')} set the candidates apart"
    alike = f"{ranking.alike:,} fit all of them alike and say nothing about which it is"
    candidates = Table(
        "Candidates, best fit first. Fit: mean likeness of the shared fragments, weighted by bits",
        (
            Column("no.", "number"), Column("candidate", "code"), Column("fit", "number"), Column("evidence"),
            Column("relation"), Column("pairs", "number"), Column("bits", "number"),
        ),
        tuple(
            (f"{n}", c.right, f"{c.fit:.4f}", c.strength, c.relation, f"{c.pairs:,}", f"{c.bits:,.0f}")
            for n, c in enumerate(ranking.candidates, 1)
        ),
    )  # fmt: skip
    telling = Table(
        "Fragments that set the candidates apart, by candidate number: likeness to each",
        (
            Column("left", "left"), Column("name", "code"), Column("bits", "number"),
            *(Column(f"{n}", "number") for n in range(1, len(ranking.candidates) + 1)),
        ),
        tuple(
            (f"{t.path}:{t.start_line}-{t.end_line}", t.name, f"{t.bits:,.0f}",
             *(wording.percent(s) if s else "–" for s in t.similarities))
            for t in ranking.telling
        ),
    )  # fmt: skip
    return Section("Candidates", (f"{words} {apart}; {alike}.",), (candidates, telling))
