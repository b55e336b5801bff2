"""One pair side by side on a terminal."""

from __future__ import annotations

import difflib
import io
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from rich import box
from rich.table import Table
from rich.text import Text

from clonedetect.domain import ClonePair, Comparison, Region
from clonedetect.errors import ReportError
from clonedetect.report import wording
from clonedetect.report.escape import visible
from clonedetect.report.quoted import Quoted
from clonedetect.report.text import console_to

_COLOURS: Final = ("cyan", "magenta", "green", "yellow", "blue", "red")
_WORD: Final = re.compile(r"[^\W\d]\w*|\d[\w.]*|\S")
_COMPARED: Final = 3_000  # lines of a region that are compared one by one; longer ones stand opposite in order
_MARKS: Final = {"same": " ", "changed": "≠", "left": "−", "right": "+"}


@dataclass(frozen=True, slots=True)
class Opposite:
    """A line of the left and the line of the right that stands opposite it; None where there is none."""

    left: int | None
    right: int | None
    state: str  # same | changed | left | right


def show(comparison: Comparison, pair_id: str, width: int = 120, color: bool = False) -> str:
    """The pair `pair_id` side by side, `width` columns wide, with ANSI colours only if `color`.

    Raises ReportError, naming some pairs that there are, for an id that the report does not have.
    """
    pair = next((pair for pair in comparison.clone_pairs if pair.id == pair_id), None)
    if pair is None:
        known = ", ".join(visible(pair.id) for pair in comparison.clone_pairs[:8]) or "none"
        raise ReportError(f"the report has no pair {visible(pair_id)}; it has {known}")
    quoted = Quoted(comparison.quotes)
    left, right = dict(quoted.lines(pair.left)), dict(quoted.lines(pair.right))
    console = console_to(io.StringIO(), width, color)
    console.print(Text(f"{wording.name(pair.left)} and {wording.name(pair.right)}", style="bold"))
    console.print(Text(_facts(pair)))
    colours = _colours(pair)
    if pair.renames:
        names = Text("renames: ")
        for index, rename in enumerate(pair.renames):
            names.append(", " if index else "")
            names.append(f"{visible(rename.left)} → {visible(rename.right)}", style=colours[0][visible(rename.left)])
        console.print(names)
    if pair.edits:
        console.print(Text("edits: " + ", ".join(f"{visible(e.kind)} ×{e.count}" for e in pair.edits)))
    if not left and not right:
        console.print(Text("The text of this pair is not in the report."))
        return _written(console.file)
    table = Table(box=box.SIMPLE_HEAD, expand=True, pad_edge=False)
    table.add_column("", justify="right", style="dim", no_wrap=True)
    table.add_column(Text(wording.place(pair.left)), ratio=1, overflow="fold")
    table.add_column("", no_wrap=True)
    table.add_column("", justify="right", style="dim", no_wrap=True)
    table.add_column(Text(wording.place(pair.right)), ratio=1, overflow="fold")
    for row in opposites(pair, left, right):
        table.add_row(
            "" if row.left is None else str(row.left),
            _line(left, row.left, colours[0]),
            _MARKS[row.state],
            "" if row.right is None else str(row.right),
            _line(right, row.right, colours[1]),
        )
    console.print(table)
    return _written(console.file)


def _written(file: object) -> str:
    assert isinstance(file, io.StringIO)
    return "\n".join(line.rstrip() for line in file.getvalue().splitlines()) + "\n"


def _facts(pair: ClonePair) -> str:
    facts = [f"pair {visible(pair.id)}", wording.TYPES[pair.type], f"{wording.percent(pair.similarity)} alike"]
    facts += [f"{wording.percent(pair.containment)} contained", f"{wording.bits(pair.bits)} bits"]
    facts.append(f"E = {wording.figure(pair.e_value)}")
    if pair.explained_by is not None:
        facts.append(f"explained by {visible(pair.explained_by)}")
    return ", ".join(facts)


def _colours(pair: ClonePair) -> tuple[dict[str, str], dict[str, str]]:
    """A colour for each renamed name, the same on both sides."""
    left: dict[str, str] = {}
    right: dict[str, str] = {}
    for index, rename in enumerate(pair.renames):
        colour = _COLOURS[index % len(_COLOURS)]
        left.setdefault(visible(rename.left), colour)
        right.setdefault(visible(rename.right), colour)
    return left, right


def _line(lines: Mapping[int, str], number: int | None, colours: Mapping[str, str]) -> Text:
    if number is None:
        return Text("")
    text = Text(lines.get(number, "· not quoted"))
    for match in _WORD.finditer(text.plain):
        if match[0] in colours:
            text.stylize(colours[match[0]], match.start(), match.end())
    return text


def opposites(pair: ClonePair, left: Mapping[int, str], right: Mapping[int, str]) -> Iterator[Opposite]:
    """The pair's lines in the order of the left, aligned inside its regions; lines outside them stand alone.

    A region that was moved stands opposite its counterpart, so its lines on the right are out of their order there.
    Every line stands once.
    """
    names = {visible(rename.left): visible(rename.right) for rename in pair.renames}
    regions, taken = _apart(pair.regions)
    at_left, at_right = pair.left.start_line, pair.right.start_line
    for region in regions:
        yield from (Opposite(n, None, "left") for n in range(at_left, region.left[0]))
        if region.right[0] >= at_right:
            yield from (Opposite(None, n, "right") for n in range(at_right, region.right[0]) if n not in taken)
            at_right = region.right[1] + 1
        yield from _inside(region, left, right, names)
        at_left = region.left[1] + 1
    yield from (Opposite(n, None, "left") for n in range(at_left, pair.left.end_line + 1))
    yield from (Opposite(None, n, "right") for n in range(at_right, pair.right.end_line + 1) if n not in taken)


def _apart(regions: Iterable[Region]) -> tuple[list[Region], set[int]]:
    """Regions that share no line with an earlier one, by the lines of the left; and their lines on the right."""
    chosen: list[Region] = []
    taken: set[int] = set()
    for region in sorted(regions, key=lambda region: region.left):
        lines = range(region.right[0], region.right[1] + 1)
        if (not chosen or region.left[0] > chosen[-1].left[1]) and taken.isdisjoint(lines):
            chosen.append(region)
            taken.update(lines)
    return chosen, taken


def _inside(
    region: Region, left: Mapping[int, str], right: Mapping[int, str], names: Mapping[str, str]
) -> Iterator[Opposite]:
    first, second = range(region.left[0], region.left[1] + 1), range(region.right[0], region.right[1] + 1)
    a = [" ".join(names.get(word, word) for word in _WORD.findall(left.get(n, ""))) for n in first]
    b = [" ".join(_WORD.findall(right.get(n, ""))) for n in second]
    if max(len(a), len(b)) > _COMPARED:
        opcodes = [("replace", 0, len(a), 0, len(b))]
    else:
        opcodes = difflib.SequenceMatcher(None, a, b, autojunk=False).get_opcodes()
    for _, i, i_end, j, j_end in opcodes:
        both = min(i_end - i, j_end - j)
        for k in range(both):
            yield Opposite(first[i + k], second[j + k], "same" if a[i + k] == b[j + k] else "changed")
        yield from (Opposite(first[k], None, "left") for k in range(i + both, i_end))
        yield from (Opposite(None, second[k], "right") for k in range(j + both, j_end))
