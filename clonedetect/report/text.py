"""The summary on a terminal."""

from __future__ import annotations

import io
from typing import Final

from rich import box
from rich.console import Console, Group
from rich.padding import Padding
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from clonedetect.domain import Comparison, SideSummary
from clonedetect.report import wording
from clonedetect.report.escape import visible
from clonedetect.report.sections import Section, sections

PAIRS: Final = 15
RENAMES: Final = 12
FILES: Final = 10
SKIPPED: Final = 5
ROWS: Final = 20  # of a channel's table
PLACES: Final = 3  # pairs named in a cell
_STYLES: Final = {"none": "dim", "weak": "cyan", "moderate": "yellow", "strong": "bold yellow", "decisive": "bold red"}


def to_text(comparison: Comparison, width: int = 100, color: bool = False) -> str:
    """The comparison as a terminal summary `width` columns wide, with ANSI colours only if `color`.

    Control and bidirectional characters of the repositories come out as visible escapes. Equal input, equal text.
    """
    console = console_to(io.StringIO(), width, color)
    _heading(console, comparison)
    _evidence(console, comparison)
    _pairs(console, comparison)
    _classes(console, comparison)
    _files(console, comparison)
    _renames(console, comparison)
    _channels(console, comparison)
    _not_examined(console, comparison)
    written = console.file
    assert isinstance(written, io.StringIO)
    return "\n".join(line.rstrip() for line in written.getvalue().splitlines()) + "\n"


def console_to(file: io.StringIO, width: int, color: bool) -> Console:
    """A console that writes to `file`, independent of the environment, with rich's own markup switched off."""
    return Console(
        file=file,
        width=max(40, width),
        color_system="standard" if color else None,
        force_terminal=color,
        no_color=not color,
        legacy_windows=False,
        markup=False,
        highlight=False,
        emoji=False,
        _environ={},
    )


def _title(console: Console, title: str) -> None:
    console.print()
    console.print(Text(title, style="bold"))


def _side(label: str, side: SideSummary) -> Text:
    dates = " to ".join(visible(date[:10]) for date in (side.first_commit, side.last_commit) if date)
    return Text(f"{label:<9}{wording.origin(side)}: {wording.examined(side)}{f', commits {dates}' if dates else ''}")


def _heading(console: Console, comparison: Comparison) -> None:
    verdict = comparison.verdict
    sides = [_side("left", comparison.left), _side("right", comparison.right)]
    sides += [_side("ancestor", ancestor) for ancestor in comparison.ancestors]
    strength, _, relation = wording.headline(verdict).partition(":")
    lines = [Text.assemble((strength, _STYLES[verdict.strength]), f":{relation}")]
    lines += [Text(visible(line)) for line in wording.told(verdict)]
    if verdict.best_revision:
        lines.append(Text(f"best fitting revision: {visible(verdict.best_revision)}"))
    console.print(Group(*sides))
    console.print(Panel(Group(*lines), box=box.ROUNDED, title="Verdict", title_align="left"))


def _evidence(console: Console, comparison: Comparison) -> None:
    if not comparison.evidence:
        return
    _title(console, "Evidence")
    for evidence in comparison.evidence:
        head = Text.assemble(
            f"{wording.channel(evidence.channel)}: ",
            (evidence.strength, _STYLES[evidence.strength]),
            f": {visible(evidence.claim)}",
        )
        figures = f"{visible(evidence.statistic)} = {wording.figure(evidence.value)}"
        if evidence.p_value is not None:
            figures += f", p = {wording.figure(evidence.p_value)}"
        if evidence.e_value is not None:
            figures += f", E = {wording.figure(evidence.e_value)}"
        figures += f"; null: {visible(evidence.null_hypothesis)}"
        if evidence.limits:
            figures += f"; limits: {visible(evidence.limits)}"
        console.print(Padding(head, (0, 0, 0, 2)))
        console.print(Padding(Text(figures, style="dim"), (0, 0, 0, 4)))


def _table(*columns: str, right: tuple[str, ...] = ()) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for column in columns:
        table.add_column(column, justify="right" if column in right else "left", overflow="fold")
    return table


def _pairs(console: Console, comparison: Comparison) -> None:
    if not comparison.clone_pairs:
        _title(console, "Shared code")
        console.print(Padding(Text(wording.nothing_shared(comparison)), (0, 0, 0, 2)))
        return
    pairs = wording.ranked(comparison.clone_pairs)
    explained = sum(pair.explained_by is not None for pair in pairs)
    _title(console, f"Shared code: {wording.counted(len(pairs), 'pair')}, {explained:,} explained")
    table = _table("pair", "how", "alike", "bits", "E", "left", "right", right=("alike", "bits", "E"))
    for pair in pairs[:PAIRS]:
        how = wording.TYPES[pair.type]
        if pair.explained_by is not None:
            how += f", explained by {visible(pair.explained_by)}"
        table.add_row(
            Text(visible(pair.id)),
            Text(how),
            Text(wording.percent(pair.similarity)),
            Text(wording.bits(pair.bits)),
            Text(wording.figure(pair.e_value)),
            Text(f"{wording.name(pair.left)}\n{wording.place(pair.left)}"),
            Text(f"{wording.name(pair.right)}\n{wording.place(pair.right)}"),
        )
    console.print(table)
    _more(console, len(pairs) - PAIRS, "pair")


def _classes(console: Console, comparison: Comparison) -> None:
    sizes = [len(each.fragments) for each in comparison.clone_classes if len(each.fragments) > 2]
    if sizes:
        words = f"{wording.counted(len(sizes), 'fragment')} with more than two copies, the most with {max(sizes):,}"
        console.print(Padding(Text(words, style="dim"), (0, 0, 0, 2)))


def _files(console: Console, comparison: Comparison) -> None:
    if not comparison.file_pairs:
        return
    _title(console, f"Files that share code: {wording.counted(len(comparison.file_pairs), 'pair')}")
    table = _table("relation", "shared", "left", "right", right=("shared",))
    for pair in comparison.file_pairs[:FILES]:
        row = (visible(pair.relation), wording.percent(pair.similarity), visible(pair.left), visible(pair.right))
        table.add_row(*map(Text, row))
    console.print(table)
    _more(console, len(comparison.file_pairs) - FILES, "pair")


def _renames(console: Console, comparison: Comparison) -> None:
    if not comparison.rename_map:
        return
    _title(console, f"Renames: {wording.counted(len(comparison.rename_map), 'name')}")
    table = _table("left", "right", "kind", "pairs for", "against", right=("pairs for", "against"))
    for each in comparison.rename_map[:RENAMES]:
        row = (visible(each.left), visible(each.right), visible(each.kind), f"{each.support:,}", f"{each.conflicts:,}")
        table.add_row(*map(Text, row))
    console.print(table)
    _more(console, len(comparison.rename_map) - RENAMES, "name")


def _channels(console: Console, comparison: Comparison) -> None:
    for _, section in sections(comparison):
        _section(console, section)


def section_text(section: Section, width: int = 100) -> str:
    """One channel's section alone, as `to_text` shows it."""
    console = console_to(io.StringIO(), width, color=False)
    _section(console, section)
    written = console.file
    assert isinstance(written, io.StringIO)
    return "\n".join(line.rstrip() for line in written.getvalue().splitlines()) + "\n"


def _section(console: Console, section: Section) -> None:
    _title(console, section.title)
    for paragraph in section.paragraphs:
        console.print(Padding(Text(visible(paragraph)), (0, 0, 0, 2)))
    for each in section.tables:
        if not each.rows:
            continue
        numbers = tuple(column.name for column in each.columns if column.kind == "number")
        table = _table(*(column.name for column in each.columns), right=numbers)
        for row in each.rows[:ROWS]:
            table.add_row(*(Text(visible(cell)) for cell in row))
        console.print(Padding(Text(visible(each.title), style="italic"), (0, 0, 0, 2)))
        console.print(table)
        _more(console, len(each.rows) - ROWS, "row")


def _cell(text: str, kind: str) -> Text:
    if kind == "pairs":
        text = wording.first_of(text.split(), PLACES)
    return Text(visible(text), style={"left": "blue", "right": "yellow"}.get(kind, ""))


def _not_examined(console: Console, comparison: Comparison) -> None:
    lines = [f"{wording.channel(channel)}: {visible(reason)}" for channel, reason in comparison.channels]
    sides = [("left", comparison.left), ("right", comparison.right), *(("ancestor", a) for a in comparison.ancestors)]
    for label, side in sides:
        lines += [f"{label}: {visible(note)}" for note in side.notes]
        lines += [f"{label}: {visible(each.path)}: {visible(each.reason)}" for each in side.skipped[:SKIPPED]]
        if len(side.skipped) > SKIPPED:
            lines.append(f"{label}: {wording.counted(len(side.skipped) - SKIPPED, 'more file')} skipped")
    if lines:
        _title(console, "Not examined")
        for line in lines:
            console.print(Padding(Text(line), (0, 0, 0, 2)))


def _more(console: Console, number: int, noun: str) -> None:
    if number > 0:
        console.print(Padding(Text(f"and {wording.counted(number, f'more {noun}')}", style="dim"), (0, 0, 0, 2)))
