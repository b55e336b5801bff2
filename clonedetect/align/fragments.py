"""Places in a forest to named fragments."""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING

from clonedetect.domain import CLASS, FUNCTION, MODULE, Fragment

if TYPE_CHECKING:
    from clonedetect.domain import Forest


class Fragments:
    """Names the statements of one forest; remembers what it has named."""

    def __init__(self, forest: Forest) -> None:
        self.forest = forest
        s, c = forest.statements, forest.columns
        self._row, self._parent = s.row.tolist(), s.parent.tolist()
        self._first, self._last = s.first.tolist(), s.last.tolist()
        self._kind, self._after = c.kind, c.after
        self._places = forest.places.tolist()
        top = len(forest.kinds.names) - 1
        masks = {m: forest.kinds.mask(m) for m in ("module", "class", "function", "wrapper", "identifier", "operators")}
        self._is = {m: {i for i in range(top + 1) if mask[i]} for m, mask in masks.items()}
        self._names: dict[int, str] = {}

    def definition(self, place: int) -> int:
        """The row of the definition at a place: behind its decorators, if it has any."""
        row = self._row[place]
        if int(self._kind[row]) not in self._is["wrapper"]:
            return row
        end, inner = int(self._after[row]), row + 1
        while inner < end and int(self._after[inner]) < end:
            inner = int(self._after[inner])
        return inner

    def unit(self, place: int) -> int | None:
        """MODULE, CLASS or FUNCTION, or None for a plain statement."""
        kind = int(self._kind[self.definition(place)])
        for unit, meaning in ((FUNCTION, "function"), (CLASS, "class"), (MODULE, "module")):
            if kind in self._is[meaning]:
                return unit
        return None

    def enclosing(self, place: int) -> int:
        """The place of the nearest definition that holds a statement (not the statement itself), its module at last."""
        at = self._parent[place]
        while at >= 0 and self.unit(at) is None:
            at = self._parent[at]
        return at if at >= 0 else place

    def name(self, place: int) -> str:
        """The dotted name of the definition at or around a place; empty for a module."""
        if place in self._names:
            return self._names[place]
        unit = self.unit(place)
        outer = "" if unit == MODULE else self.name(self.enclosing(place))
        name = outer
        if unit in (FUNCTION, CLASS):
            row = self.definition(place) + 1
            own = "?"
            if row < len(self._kind) and int(self._kind[row]) in self._is["operators"]:  # `async def`
                row += 1
            if row < len(self._kind) and int(self._kind[row]) in self._is["identifier"]:
                own = self.forest.source(row).decode("utf-8", "replace")
            name = f"{outer}.{own}" if outer else own
        self._names[place] = name
        return name

    def file(self, place: int) -> int:
        """The file that holds a place."""
        return bisect_right(self._places, place) - 1

    def cells(self, place: int) -> bool:
        """Whether a place lies in a notebook."""
        return bool(self.forest.files[self.file(place)].cells)

    def lines(self, first: int, last: int) -> tuple[int, int]:
        """First and last line of the statements `first` to `last`, as the parser counts them."""
        return self._first[first], self._last[last]

    def fragment(self, first: int, last: int) -> Fragment:
        """The fragment from one statement to another of its block."""
        file = self.forest.files[self.file(first)]
        start, end = self.lines(first, last)
        unit = self.unit(first) if first == last else None
        if unit == FUNCTION:
            outer = self.unit(self.enclosing(first))
            kind = "method" if outer == CLASS else "function"
        else:
            kind = {CLASS: "class", MODULE: "module"}.get(unit, "run") if unit is not None else "run"
        if unit == MODULE:
            start, end = 1, max(1, int(self.forest.lines[self.file(first)]))
        cell = None
        if file.cells:
            at = max(0, bisect_right([line for _, line in file.cells], start) - 1)
            cell, base = file.cells[at][0], file.cells[at][1] - 1
            start, end = start - base, end - base
        return Fragment(self.forest.side, file.path, start, end, self.name(first), kind, cell)
