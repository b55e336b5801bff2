"""Places in a forest to named fragments."""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING

import numpy as np

from clonedetect.domain import CLASS, FUNCTION, MODULE, RUN, Fragment

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from clonedetect.domain import Forest

_KINDS = {MODULE: "module", CLASS: "class", FUNCTION: "function"}


class Fragments:
    """Names the statements of one forest; remembers what it has named.

    units: MODULE, CLASS or FUNCTION for each place, RUN for a plain statement; a decorated definition is what it
    decorates. enclosing: the place of the nearest definition that holds each statement (not the statement itself), its
    module at last. files: the file of each place.
    """

    def __init__(self, forest: Forest) -> None:
        self.forest = forest
        s = forest.statements
        definition, self.units = _definitions(forest)
        self.enclosing_places = _enclosing(s.parent.astype(np.int64), self.units)
        self.files = np.searchsorted(forest.places, np.arange(len(s.row)), side="right") - 1
        self._definition, self._unit = definition.tolist(), self.units.tolist()
        self._enclosing, self._file = self.enclosing_places.tolist(), self.files.tolist()
        self._first, self._last = s.first.tolist(), s.last.tolist()
        self._kind, self._start, self._end = forest.columns.kind, forest.columns.start, forest.columns.end
        masks = {m: forest.kinds.mask(m) for m in ("identifier", "operators")}
        self._is = {m: set(np.flatnonzero(mask).tolist()) for m, mask in masks.items()}
        self._names: dict[int, str] = {}
        self._fragments: dict[tuple[int, int], Fragment] = {}

    def unit(self, place: int) -> int:
        """MODULE, CLASS or FUNCTION, or RUN for a plain statement."""
        return self._unit[place]

    def enclosing(self, place: int) -> int:
        """The place of the nearest definition that holds a statement (not the statement itself), its module at last."""
        return self._enclosing[place]

    def name(self, place: int) -> str:
        """The dotted name of the definition at or around a place; empty for a module."""
        known = self._names.get(place)
        if known is not None:
            return known
        unit = self._unit[place]
        outer = "" if unit == MODULE else self.name(self._enclosing[place])
        name = outer
        if unit in (FUNCTION, CLASS):
            row = self._definition[place] + 1
            own = "?"
            if row < len(self._kind) and int(self._kind[row]) in self._is["operators"]:  # `async def`
                row += 1
            if row < len(self._kind) and int(self._kind[row]) in self._is["identifier"]:
                data = self.forest.files[self._file[place]].data
                own = data[int(self._start[row]) : int(self._end[row])].decode("utf-8", "replace")
            name = f"{outer}.{own}" if outer else own
        self._names[place] = name
        return name

    def file(self, place: int) -> int:
        """The file that holds a place."""
        return self._file[place]

    def cells(self, place: int) -> bool:
        """Whether a place lies in a notebook."""
        return bool(self.forest.files[self._file[place]].cells)

    def lines(self, first: int, last: int) -> tuple[int, int]:
        """First and last line of the statements `first` to `last`, as the parser counts them."""
        return self._first[first], self._last[last]

    def fragment(self, first: int, last: int) -> Fragment:
        """The fragment from one statement to another of its block."""
        known = self._fragments.get((first, last))
        if known is None:
            known = self._fragments[first, last] = self._fragment(first, last)
        return known

    def _fragment(self, first: int, last: int) -> Fragment:
        number = self._file[first]
        file = self.forest.files[number]
        start, end = self._first[first], self._last[last]
        unit = self._unit[first] if first == last else RUN
        method = unit == FUNCTION and self._unit[self._enclosing[first]] == CLASS
        kind = "method" if method else _KINDS.get(unit, "run")
        if unit == MODULE:
            start, end = 1, max(1, int(self.forest.lines[number]))
        cell = None
        if file.cells:
            at = max(0, bisect_right([line for _, line in file.cells], start) - 1)
            cell, base = file.cells[at][0], file.cells[at][1] - 1
            start, end = start - base, end - base
        return Fragment(self.forest.side, file.path, start, end, self.name(first), kind, cell)


def _definitions(forest: Forest) -> tuple[NDArray[np.int64], NDArray[np.uint8]]:
    """For each statement the row of its definition, behind any decorators, and what unit it is."""
    c, k = forest.columns, forest.kinds
    top = len(k.names) - 1
    row = forest.statements.row.astype(np.int64)
    wrapped = np.flatnonzero(k.mask("wrapper")[np.minimum(c.kind[row], top)])
    end, inner = c.after[row[wrapped]], np.minimum(row[wrapped] + 1, len(c.kind) - 1)
    while True:  # the definition is the wrapper's last child
        decorator = c.after[inner] < end
        if not decorator.any():
            break
        inner = np.where(decorator, c.after[inner].astype(np.int64), inner)
    row[wrapped] = inner
    kind = np.minimum(c.kind[row], top)
    units = np.full(len(row), RUN, np.uint8)
    for unit, meaning in ((MODULE, "module"), (CLASS, "class"), (FUNCTION, "function")):
        units[k.mask(meaning)[kind]] = unit
    return row, units


def _enclosing(parent: NDArray[np.int64], units: NDArray[np.uint8]) -> NDArray[np.int64]:
    at = parent.copy()
    while True:
        plain = np.flatnonzero((at >= 0) & (units[at] == RUN))
        if not len(plain):
            return np.where(at >= 0, at, np.arange(len(parent)))
        at[plain] = parent[at[plain]]
