"""How the history is shown: who had what first, a timeline of first appearances, the revision that fits best."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from html import escape
from typing import TYPE_CHECKING, Final

from clonedetect.report.escape import visible
from clonedetect.report.sections.layout import Column, Figure, Section, Table

if TYPE_CHECKING:
    from clonedetect.domain.history import Appearance, HistoryFinding, SideHistory

_DIRECTIONS: Final = {
    "right-from-left": "The left had the shared code first.",
    "left-from-right": "The right had the shared code first.",
    "unknown": "Which side had the shared code first is not known.",
}
_WIDTH, _LEFT, _RIGHT = 560.0, 60.0, 540.0
_LANES: Final = {"left": 50.0, "right": 120.0}
_DOTS: Final = 300  # commits drawn at most, those that bring most


def section(finding: HistoryFinding) -> Section:
    """The section of the channel `history`."""
    paragraphs = [_DIRECTIONS[finding.direction] + " " + "; ".join(finding.reasons) + "."]
    if finding.common:
        common = finding.common
        paragraphs.append(
            f"Commits that stand in both histories: {common.count:,}, the last {common.last[:12]} of "
            f"{(common.date or 'no date')[:10]}, {common.subject!r}."
        )
    paragraphs += [_side(name, side) for name, side in (("left", finding.left), ("right", finding.right))]
    paragraphs += [f"Note: {warning}." for warning in finding.warnings]
    for best in finding.best:
        ties = f" (as well as {', '.join(best.ties)})" if best.ties else ""
        paragraphs.append(
            f"Of the revisions of the {best.side}, {best.name}{ties} fits the other side best; the fragments that tell "
            f"it from the others are {', '.join(best.deciding[:6])}."
        )
    flags = [
        (name, flag.kind, flag.detail, flag.commit[:12])
        for name, side in (("left", finding.left), ("right", finding.right))
        for flag in side.flags
    ]
    tables = [
        Table(
            "What weakens the dates",
            (Column("side"), Column("flag"), Column("what was found"), Column("commit", "code")),
            tuple(flags),
        ),
        *(
            Table(
                f"Revisions of the {best.side} by how well they fit the other side",
                (
                    Column("revision", "code"),
                    Column("date"),
                    Column("likeness", "number"),
                    Column("equal", "number"),
                ),
                tuple((f.name, (f.date or "")[:10], f"{f.similarity:.3f}", f"{f.present:,}") for f in best.fits),
            )
            for best in finding.best
        ),
        _first_commits(finding),
    ]
    return Section("History", tuple(paragraphs), tuple(tables), _timeline(finding))


def _side(name: str, side: SideHistory) -> str:
    dates = f" from {side.first[:10]} to {side.last[:10]}" if side.first and side.last else ""
    return f"Walked on the {name}: {side.commits:,} commits{dates}, {side.contents:,} contents of source."


def _first_commits(finding: HistoryFinding) -> Table:
    """The pairs by the commits that first hold them: a row for each couple of commits, most pairs first."""
    rows: dict[tuple[str, ...], list[str]] = {}
    for pair in finding.pairs:
        rows.setdefault((pair.earlier, *_shown(pair.left), *_shown(pair.right)), []).append(pair.pair)
    columns = (Column("first"), Column("left", "code"), Column("left date"), Column("right", "code"))
    columns += (Column("right date"), Column("pairs", "number"), Column("shared code", "pairs"))
    grouped = sorted(rows.items(), key=lambda item: (-len(item[1]), item[0]))
    return Table(
        "First commits that hold the shared code",
        columns,
        tuple((*key, f"{len(pairs):,}", " ".join(pairs)) for key, pairs in grouped),
    )


def _shown(found: Appearance | None) -> tuple[str, str]:
    if found is None:
        return "", ""
    date = (found.committed or "")[:10]
    if found.authored and found.committed and found.authored[:10] != found.committed[:10]:
        date += f" (authored {found.authored[:10]})"
    return found.commit[:12], ("at or before " if found.at_least else "") + date


def _moment(date: str) -> float | None:
    """Seconds since 1970, None for what is no date: a report may be read back from a file that anyone wrote."""
    try:
        return datetime.fromisoformat(date).timestamp()
    except (ValueError, OverflowError, OSError):
        return None


def _timeline(finding: HistoryFinding) -> tuple[Figure, ...]:
    """Commits that brought shared fragments, as circles on a lane a side; the area grows with the fragments."""
    dots: Counter[tuple[str, float, str, str]] = Counter()
    for pair in finding.pairs:
        for side, found in (("left", pair.left), ("right", pair.right)):
            if found is not None and found.committed:
                moment = _moment(found.committed)
                if moment is not None:
                    dots[side, moment, found.commit[:12], found.committed[:10]] += 1
    if not dots:
        return ()
    low, high = min(key[1] for key in dots), max(key[1] for key in dots)
    largest = max(dots.values())
    drawn = sorted(sorted(dots.items(), key=lambda item: (-item[1], item[0]))[:_DOTS])
    parts = [f'<svg viewBox="0 0 {_WIDTH:g} 165" aria-hidden="true">']
    for side, y in _LANES.items():
        parts.append(f'<line class="grid" x1="{_LEFT:g}" x2="{_RIGHT:g}" y1="{y:g}" y2="{y:g}"></line>')
        parts.append(f'<text class="soft" x="{_LEFT - 14:g}" y="{y + 4:g}" text-anchor="end">{side}</text>')
    for (side, moment, commit, date), count in drawn:
        x = _LEFT + (_RIGHT - _LEFT) * ((moment - low) / (high - low) if high > low else 0.5)
        radius = 3 + 13 * (count / largest) ** 0.5
        words = escape(visible(f"{side}, {date}, {commit}: {count} fragments"))
        parts.append(
            f'<circle class="bar" fill-opacity=".6" cx="{x:.1f}" cy="{_LANES[side]:g}" r="{radius:.1f}">'
            f"<title>{words}</title></circle>"
        )
    first, last = (min(key[3] for key in dots), max(key[3] for key in dots))
    parts.append(f'<text class="soft" x="{_LEFT:g}" y="158">{escape(visible(first))}</text>')
    parts.append(f'<text class="soft" x="{_RIGHT:g}" y="158" text-anchor="end">{escape(visible(last))}</text></svg>')
    words = "; ".join(f"{side} {date} {commit} {count}" for (side, _, commit, date), count in drawn[:40])
    caption = "one circle a commit, larger where it brought more of the shared fragments"
    return (Figure("First appearances of the shared code", caption, words, "".join(parts)),)
