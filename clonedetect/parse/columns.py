"""One pre-order pass of the cursor, and everything else by arrays over the rows it leaves."""

from __future__ import annotations

import re
from array import array
from typing import TYPE_CHECKING, Any

import numpy as np

from clonedetect.domain import TEXT_BASE, Columns, Statements, mix
from clonedetect.grammar import ANY, LAST
from clonedetect.parse.language import INNER, KEEP, flags, kinds, role_rules
from clonedetect.parse.recover import TooSlowError, parsed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from tree_sitter import Tree

    from clonedetect.domain import Kinds

_COLON, _EQUALS = ord(":"), ord("=")
_TOGETHER = 400_000  # bytes of source whose arrays are made together: what fits the processor's cache
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
    n = len(data)
    prefix = np.zeros(n + 1, np.uint64)
    sums = prefix[1:]
    sums[:] = np.frombuffer(data, np.uint8)
    sums += np.uint64(1)  # a byte counts one more than it is, so that none counts nothing
    sums *= _POWERS.upto(n)[:n]
    np.cumsum(sums, out=sums)
    ranged = (prefix[end] - prefix[start]) * _INVERSES.upto(n)[start]
    return mix(ranged + (end - start).astype(np.uint64)) | np.uint64(1)


def _walk(tree: Tree, language: str) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Kind, start and end of every kept node. A loop, not a recursion: depth is free."""
    keep = flags(language)
    kind: list[int] = []
    edges: list[int] = []  # start and end by turns
    cursor: Any = tree.walk()  # any: it always stands on a node
    while True:
        node = cursor.node
        k = node.kind_id
        flag = keep[k]
        if flag:
            if flag & KEEP:
                kind.append(k)
                edges += node.byte_range
            if flag & INNER and cursor.goto_first_child():
                continue
        while not cursor.goto_next_sibling():
            if not cursor.goto_parent():
                both = _array(edges)
                return _array(kind), both[::2], both[1::2]


def _array(values: list[int]) -> NDArray[np.int64]:
    """A quarter of the time that numpy takes to look at each value."""
    return np.frombuffer(array("I", values), np.uint32).astype(np.int64)


def _sizes(tree: Tree, language: str) -> tuple[list[int], list[int]]:
    """Pre-order place and subtree size, among all nodes, of every kept node."""
    keep = flags(language)
    place: list[int] = []
    size: list[int] = []
    cursor: Any = tree.walk()
    i = 0
    while True:
        node = cursor.node
        flag = keep[node.kind_id]
        if flag & KEEP:
            place.append(i)
            size.append(node.descendant_count)
        if flag & INNER:
            i += 1
            if cursor.goto_first_child():
                continue
        else:
            i += node.descendant_count
        while not cursor.goto_next_sibling():
            if not cursor.goto_parent():
                return place, size


def _rows(data: bytes, language: str) -> tuple[NDArray, ...]:
    """Kind, start, end and the row after the subtree of every kept node."""
    tree = parsed(data, language)
    kind, start, end = _walk(tree, language)
    if (start == end)[1:].any():  # nodes without width have no place of their own to tell what holds them
        place, size = (np.array(c, np.int64) for c in _sizes(tree, language))
        after = np.searchsorted(place, place + size)
    else:  # rows begin in order, and a subtree ends where the next row begins at or behind its end
        after = np.maximum(np.searchsorted(start, end), np.arange(1, len(start) + 1))
    return kind.astype(np.uint16), start, end, after


def parents(after: NDArray[np.integer]) -> NDArray[np.int64]:
    """The parent row of every row of a forest in pre-order, -1 for a root."""
    n = len(after)
    depth = np.arange(n) - np.cumsum(np.bincount(after, minlength=n + 1))[:n]  # opened before, less closed by then
    deepest = int(depth.max(initial=0))
    order = np.argsort(depth.astype(np.uint16 if deepest < 65536 else np.uint32), kind="stable")
    edge = np.concatenate(([0], np.cumsum(np.bincount(depth, minlength=deepest + 1))))
    parent = np.full(n, -1)
    above = order[: edge[1]]
    for level in range(1, deepest + 1):
        here = order[edge[level] : edge[level + 1]]
        parent[here] = above[np.searchsorted(above, here) - 1]
        above = here
    return parent


Parsed = tuple[Columns, Statements, int]
_GAP = b"\0"  # between the files of a batch: no name, literal or line goes over it


def columns(data: bytes, language: str) -> Parsed:
    """Parse one file. Returns its columns, its statements and its number of lines; syntax errors keep the rest.

    Raises TooSlowError.
    """
    return _assemble([data], [_rows(data, language)], language)[0]


def many_columns(sources: Sequence[bytes], language: str) -> list[Parsed | None]:
    """`columns` of many files, their arrays made together; None for a file that takes too long."""
    found: list[Parsed | None] = []
    begin = 0
    while begin < len(sources):
        stop, size = begin, 0
        while stop < len(sources) and size < _TOGETHER:
            size += len(sources[stop])
            stop += 1
        rows = []
        for source in sources[begin:stop]:
            try:
                rows.append(_rows(source, language))
            except TooSlowError:
                rows.append(None)
        good = [n for n, one in enumerate(rows) if one is not None]
        made = iter(_assemble([sources[begin + n] for n in good], [one for one in rows if one is not None], language))
        found += [None if one is None else next(made) for one in rows]
        begin = stop
    return found


def _assemble(sources: Sequence[bytes], rows: Sequence[tuple[NDArray, ...]], language: str) -> list[Parsed]:
    """Everything else, by arrays over the rows of several files at once."""
    if not sources:
        return []
    table = kinds(language)
    data = _GAP.join(sources)
    base = np.concatenate(([0], np.cumsum([len(source) + 1 for source in sources])))  # of each file in `data`
    count = np.array([len(one[0]) for one in rows])
    first_row = np.concatenate(([0], np.cumsum(count)))
    kind = np.concatenate([one[0] for one in rows])
    shift = np.repeat(base[:-1], count)
    start, end = (np.concatenate([one[n] for one in rows]) + shift for n in (1, 2))
    after = np.concatenate([one[3] for one in rows]) + np.repeat(first_row[:-1], count)
    known = np.minimum(kind, len(table.names) - 1)  # ERROR (65535) means none of the meanings below

    docstring = table.mask("text")[known][:-1] & table.mask("string")[known][1:] & (after[:-1] == after[1:])
    bare = np.flatnonzero(docstring)
    if len(bare):  # docstrings and other bare strings: as comments
        edge = np.bincount(bare, minlength=len(kind) + 1) - np.bincount(after[bare], minlength=len(kind) + 1)
        keep = np.cumsum(edge)[:-1] == 0
        kept = np.concatenate(([0], np.cumsum(keep)))
        after, first_row = kept[after[keep]], kept[first_row]
        kind, start, end, known = kind[keep], start[keep], end[keep], known[keep]
        count = np.diff(first_row)

    leaf = after == np.arange(1, len(kind) + 1)
    spelled = np.flatnonzero(leaf & table.mask("spelled")[known])
    text = np.zeros(len(kind), np.uint64)
    text[spelled] = content_hashes(data, start[spelled], end[spelled])
    _spell_slices(data, table.mask("slice")[known], start, end, after, text)
    _spell_marks(data, table, known, start, end, text)

    parent = parents(after)
    role = _roles(table, language, known, parent, after)
    newlines = np.flatnonzero(np.frombuffer(data, np.uint8) == ord("\n"))
    statement = np.flatnonzero((parent < 0) | table.mask("block")[known[np.maximum(parent, 0)]])
    edges = np.searchsorted(statement, first_row)
    of_file = np.repeat(np.arange(len(sources)), np.diff(edges))
    before = np.searchsorted(newlines, base)  # line ends before each file
    last_byte = np.maximum(end[statement], start[statement] + 1) - 1
    holder = _enclosing(after, statement)
    columns_: tuple[NDArray, ...] = (
        kind,
        (start - np.repeat(base[:-1], count)).astype(np.uint32),
        (end - np.repeat(base[:-1], count)).astype(np.uint32),
        (after - np.repeat(first_row[:-1], count)).astype(np.uint32),
        text,
        role,
    )
    statements: tuple[NDArray, ...] = (
        (statement - first_row[of_file]).astype(np.uint32),
        np.where(holder >= 0, holder - edges[of_file], -1).astype(np.int32),
        (np.searchsorted(newlines, start[statement]) - before[of_file] + 1).astype(np.uint32),
        (np.searchsorted(newlines, last_byte) - before[of_file] + 1).astype(np.uint32),
    )
    out: list[Parsed] = []
    for n, source in enumerate(sources):
        a, b, c, d = (int(x) for x in (first_row[n], first_row[n + 1], edges[n], edges[n + 1]))
        own: list[Any] = [x[a:b] for x in columns_]
        places: list[Any] = [x[c:d] for x in statements]
        lines = int(before[n + 1] - before[n]) + (0 if source.endswith(b"\n") or not source else 1)
        out.append((Columns(*own), Statements(*places), lines))
    return out


def _roles(
    table: Kinds, language: str, kind: NDArray[np.uint16], parent: NDArray[np.int64], after: NDArray[np.int64]
) -> NDArray[np.uint8]:
    """What each identifier names: the first rule that fits its parent and its place there."""
    role = np.zeros(len(kind), np.uint8)
    names = np.flatnonzero(table.mask("identifier")[kind] & (parent >= 0))
    up = parent[names]
    first, last = up + 1 == names, after[names] == after[up]
    first |= (up + 2 == names) & table.mask("operators")[kind[names - 1]]  # the name behind `async def`
    found = np.ones(len(names), np.uint8)
    todo, above = np.ones(len(names), bool), kind[up]
    for index, parent_mask, position in role_rules(language):
        fits = todo & parent_mask[above]
        if position != ANY:
            fits &= last if position == LAST else first
        found[fits] = index
        todo &= ~fits
    role[names] = found
    return role


def _enclosing(after: NDArray[np.int64], rows: NDArray[np.int64]) -> NDArray[np.int64]:
    """For each of some rows in order the place, among them, of the nearest one whose subtree holds it; -1 for none."""
    return parents(np.searchsorted(rows, after[rows]))


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
    places = np.flatnonzero(np.frombuffer(data, np.uint8) == _COLON)

    def between(begin: NDArray, stop: NDArray) -> NDArray[np.int64]:
        return np.searchsorted(places, stop) - np.searchsorted(places, begin)

    has = after[rows] > rows + 1
    child = np.minimum(rows + 1, len(start) - 1)
    head = between(start[rows], np.where(has, start[child], end[rows]))
    second = np.minimum(after[child], len(start) - 1)
    two = has & (after[child] < after[rows])
    gap = np.where(two, between(end[child], start[second]), 0)
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
