"""One pre-order pass of the cursor, and everything else by arrays over the rows it leaves."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np

from clonedetect.domain import TEXT_BASE, Columns, Statements, mix
from clonedetect.grammar import ANY, LAST
from clonedetect.parse.language import INNER, KEEP, flags, kinds, role_rules
from clonedetect.parse.recover import parsed

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from clonedetect.domain import Kinds

_COLON, _EQUALS = ord(":"), ord("=")
_YIELD_FROM = re.compile(rb"yield\s+from\b")


class _Powers:
    """Powers of a base modulo 2**64, grown on demand."""

    def __init__(self, base: int) -> None:
        self.base, self.values = np.uint64(base), np.ones(1, np.uint64)

    def upto(self, n: int) -> NDArray[np.uint64]:
        if n >= len(self.values):
            run = np.full(max(n + 1, 1 << 16), self.base)
            run[0] = 1
            self.values = np.multiply.accumulate(run, dtype=np.uint64)
        return self.values


_POWERS, _INVERSES = _Powers(TEXT_BASE), _Powers(pow(TEXT_BASE, -1, 1 << 64))


def content_hashes(data: bytes, start: NDArray[np.uint32], end: NDArray[np.uint32]) -> NDArray[np.uint64]:
    """`domain.content_hash` of the byte ranges `start:end`, all at once by prefix sums."""
    if not len(start):
        return np.zeros(0, np.uint64)
    raw = np.frombuffer(data, np.uint8).astype(np.uint64) + np.uint64(1)
    prefix = np.zeros(len(raw) + 1, np.uint64)
    np.cumsum(raw * _POWERS.upto(len(raw))[: len(raw)], out=prefix[1:])
    ranged = (prefix[end] - prefix[start]) * _INVERSES.upto(len(raw))[start]
    return mix(ranged + (end - start).astype(np.uint64)) | np.uint64(1)


def _walk(data: bytes, language: str) -> tuple[list[int], list[int], list[int], list[int], list[int]]:
    """Kind, start, end, pre-order place and subtree size of every kept node. A loop, not a recursion: depth is free."""
    keep = flags(language)
    kind: list[int] = []
    start: list[int] = []
    end: list[int] = []
    place: list[int] = []
    size: list[int] = []
    add_kind, add_start, add_end, add_place, add_size = (c.append for c in (kind, start, end, place, size))
    cursor = parsed(data, language).walk()
    down, across, up = cursor.goto_first_child, cursor.goto_next_sibling, cursor.goto_parent
    i, known = 0, len(keep)
    while True:
        node = cursor.node
        assert node is not None  # a cursor always stands on a node
        k = node.kind_id
        flag = keep[k] if k < known else KEEP | INNER  # ERROR is 65535
        if flag & KEEP:
            add_kind(k)
            add_start(node.start_byte)
            add_end(node.end_byte)
            add_place(i)
            n = node.descendant_count
            add_size(n)
        if flag & INNER:
            i += 1
            if down():
                continue
        else:
            i += node.descendant_count
        while not across():
            if not up():
                return kind, start, end, place, size


def parents(after: NDArray[np.uint32]) -> NDArray[np.int64]:
    """The parent row of every row of a forest in pre-order, -1 for a root."""
    n = len(after)
    row = np.arange(n)
    depth = row - np.cumsum(np.bincount(after, minlength=n + 1))[:n]  # opened before, less closed by then
    key = depth * np.int64(n + 1) + row
    order = np.argsort(key, kind="stable")
    ordered = key[order]
    found = np.searchsorted(ordered, (depth - 1) * np.int64(n + 1) + row, side="right") - 1
    return np.where(depth > 0, order[np.maximum(found, 0)], -1)


def columns(data: bytes, language: str) -> tuple[Columns, Statements, int]:
    """Parse one file. Returns its columns, its statements and its number of lines; syntax errors keep the rest."""
    table = kinds(language)
    raw = _walk(data, language)
    kind = np.array(raw[0], np.uint16)
    start, end, place, size = (np.array(c, np.uint32) for c in raw[1:])
    known = np.minimum(kind, len(table.names) - 1)  # ERROR (65535) means none of the meanings below
    after = np.searchsorted(place, place + size).astype(np.uint32)

    keep = np.ones(len(kind), bool)
    bare = np.flatnonzero(table.mask("text")[known][:-1] & table.mask("string")[known][1:] & (after[:-1] == after[1:]))
    if len(bare):  # docstrings and other bare strings: as comments
        edge = np.bincount(bare, minlength=len(kind) + 1) - np.bincount(after[bare], minlength=len(kind) + 1)
        keep = np.cumsum(edge)[:-1] == 0
        kept = np.concatenate(([0], np.cumsum(keep)))
        after = kept[after[keep]].astype(np.uint32)
        kind, start, end, known = kind[keep], start[keep], end[keep], known[keep]

    leaf = after == np.arange(1, len(kind) + 1)
    spelled = np.flatnonzero(leaf & table.mask("spelled")[known])
    text = np.zeros(len(kind), np.uint64)
    text[spelled] = content_hashes(data, start[spelled], end[spelled])
    _spell_slices(data, table.mask("slice")[known], start, end, after, text)
    _spell_marks(data, table, known, start, end, text)

    parent = parents(after)
    up = known[np.maximum(parent, 0)]
    role = np.zeros(len(kind), np.uint8)
    names = table.mask("identifier")[known] & (parent >= 0)
    role[names] = 1
    row = np.arange(len(kind))
    first, last = parent + 1 == row, after == after[np.maximum(parent, 0)]
    first |= (parent + 2 == row) & table.mask("operators")[known[row - 1]]  # the name behind `async def`
    todo = names
    for index, parent_mask, position in role_rules(language):
        fits = todo & parent_mask[up]
        if position != ANY:
            fits &= last if position == LAST else first
        role[fits] = index
        todo = todo & ~fits

    newlines = np.flatnonzero(np.frombuffer(data, np.uint8) == ord("\n"))
    statement = np.flatnonzero((parent < 0) | table.mask("block")[up])
    statements = Statements(
        row=statement.astype(np.uint32),
        parent=_enclosing(after, statement),
        first=(np.searchsorted(newlines, start[statement]) + 1).astype(np.uint32),
        last=(np.searchsorted(newlines, np.maximum(end[statement], start[statement] + 1) - 1) + 1).astype(np.uint32),
    )
    lines = len(newlines) + (0 if data.endswith(b"\n") or not data else 1)
    return Columns(kind, start, end, after, text, role), statements, lines


def _enclosing(after: NDArray[np.uint32], rows: NDArray[np.int64]) -> NDArray[np.int32]:
    """For each of some rows in order the place, among them, of the nearest one whose subtree holds it; -1 for none."""
    return parents(np.searchsorted(rows, after[rows]).astype(np.uint32)).astype(np.int32)


def _spell_slices(
    data: bytes,
    slices: NDArray[np.bool_],
    start: NDArray[np.uint32],
    end: NDArray[np.uint32],
    after: NDArray[np.uint32],
    text: NDArray[np.uint64],
) -> None:
    """Tell `x[1:]` from `x[:1]` and `x[1::2]` from `x[1:2]`: colons are no rows, so the slice's own row tells."""
    rows = np.flatnonzero(slices)
    if not len(rows):
        return
    colons = np.concatenate(([0], np.cumsum(np.frombuffer(data, np.uint8) == _COLON)))
    has = after[rows] > rows + 1
    child = np.minimum(rows + 1, len(start) - 1)
    head = np.where(has, colons[start[child]], colons[end[rows]]) - colons[start[rows]]
    second = np.minimum(after[child], len(start) - 1)
    two = has & (after[child] < after[rows])
    gap = np.where(two, colons[start[second]] - colons[end[child]], 0)
    text[rows] = (1 + 4 * head + gap).astype(np.uint64)


def _spell_marks(
    data: bytes,
    table: Kinds,
    kind: NDArray[np.uint16],
    start: NDArray[np.uint32],
    end: NDArray[np.uint32],
    text: NDArray[np.uint64],
) -> None:
    """What no row of its own says: the `b` of `b"x"`, the `from` of `yield from x`, the `=` of `f"{x=}"`."""
    raw = np.frombuffer(data, np.uint8)
    rows = np.flatnonzero(table.mask("string")[kind])
    rows = rows[start[rows] + 1 < len(raw)]
    first, second = raw[start[rows]] | 32, raw[start[rows] + 1] | 32  # in lower case
    text[rows[(first == ord("b")) | ((first == ord("r")) & (second == ord("b")))]] = 1
    rows = np.flatnonzero(table.mask("interpolation")[kind] & (end >= 2))
    text[rows[raw[end[rows] - 2] == _EQUALS]] = 1
    for row in np.flatnonzero(table.mask("yield")[kind]).tolist():
        if _YIELD_FROM.match(data, int(start[row])):
            text[row] = 1
