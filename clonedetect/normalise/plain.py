"""The plain form of a forest: the same code without annotations, literals by their value, hoisted constants put back.

What content features are taken from. Renaming an import, naming a constant, adding types or splitting a string over
lines changes none of its rows; blind and raw labels, which tell such edits apart, are those of the forest as it stands.
"""

from __future__ import annotations

import ast
import re
import warnings
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from clonedetect.domain import TEXT_BASE, Forest, StandIns
from clonedetect.normalise.constants import Uses, hoisted
from clonedetect.normalise.labels import mix

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

MOST_NUMBERS = 50_000  # spellings of numbers that are evaluated in a forest: tables of more are data
LONGEST = 100_000  # bytes of a literal that is evaluated
LONGEST_STAND_IN = 2_000  # characters put into the source text in place of a name
_ODD_NUMBER = re.compile(rb"0[0-9xXoObB_]|.*[_eEjJ]|\.|.*\.$", re.DOTALL)


def plain(forest: Forest) -> tuple[Forest, StandIns]:
    """The plain forest, with the places of the statements unchanged, and which names stood for something else.

    Rows that stand for a hoisted constant have the bytes of the name as their source.
    """
    simple = _without_annotations(_joined(_valued(forest)))
    uses = hoisted(simple)
    return _expanded(simple, uses), _stand_ins(simple, uses)


def _stand_ins(forest: Forest, uses: Uses) -> StandIns:
    """What a reader of the source text puts in each name's place; none inside an f-string, where quotes may clash."""
    c, k = forest.columns, forest.kinds
    kind, n = np.minimum(c.kind, len(k.names) - 1), len(c.kind)
    inserted = np.flatnonzero(k.mask("interpolation")[kind])
    edge = np.bincount(inserted, minlength=n + 1) - np.bincount(c.after[inserted], minlength=n + 1)
    clash = (np.cumsum(edge)[:n] > 0)[uses.row] & k.mask("string")[kind[uses.value]]
    spelled: dict[int, str] = {}
    for value in np.unique(uses.value[~clash]).tolist():
        text = forest.source(value).decode("utf-8", "replace")
        if k.mask("string")[kind[value]] and "\n" in text:
            literal = _evaluated(forest.source(value))
            text = ascii(literal) if literal is not None else ""
        spelled[value] = text if k.mask("string")[kind[value]] or text.isidentifier() else f"({text})"
    good = ~clash & np.array([0 < len(spelled.get(v, "")) <= LONGEST_STAND_IN for v in uses.value.tolist()], bool)
    row = uses.row[good]
    file = np.searchsorted(forest.rows, row, side="right") - 1
    start, end = c.start[row].astype(np.int64), c.end[row].astype(np.int64)
    return StandIns(file << 32 | start, end - start, tuple(spelled[v] for v in uses.value[good].tolist()))


def content_hashes(values: Sequence[bytes]) -> NDArray[np.uint64]:
    """`domain.content_hash` of many texts at once."""
    length = np.array([len(v) for v in values], np.int64)
    if not len(length):
        return np.zeros(0, np.uint64)
    power = np.full(int(length.max(initial=0)) + 1, np.uint64(TEXT_BASE))
    power[0] = 1
    power = np.multiply.accumulate(power, dtype=np.uint64)
    stop = np.cumsum(length)
    start = stop - length
    within = np.arange(stop[-1]) - np.repeat(start, length)
    terms = (np.frombuffer(b"".join(values), np.uint8).astype(np.uint64) + np.uint64(1)) * power[within]
    sums = np.concatenate((np.zeros(1, np.uint64), np.cumsum(terms, dtype=np.uint64)))
    return mix(sums[stop] - sums[start] + length.astype(np.uint64)) | np.uint64(1)


# ---------------------------------------------------------------- literals by value


def _valued(forest: Forest) -> Forest:
    """Numbers and whole texts by their value: `0x10` is `16`, `'\\x41'` is `'A'`."""
    c, k = forest.columns, forest.kinds
    kind = np.minimum(c.kind, len(k.names) - 1)
    rows, values = _numbers(forest, kind)
    whole = np.flatnonzero(k.mask("string")[kind] & (c.after == np.arange(len(kind), dtype=np.uint32) + 2))
    whole = whole[k.mask("literal")[kind[whole + 1]] & _has_escape(forest, whole)]
    known: dict[bytes, bytes | None] = {}
    for row in whole.tolist():
        source = forest.source(row)
        if source not in known:
            known[source] = _value(source)
        value = known[source]
        if value is not None:
            rows.append(row + 1)
            values.append(value)
    if not rows:
        return forest
    text = c.text.copy()
    text[rows] = content_hashes(values)
    return replace(forest, columns=replace(c, text=text))


def _numbers(forest: Forest, kind: NDArray[np.uint16]) -> tuple[list[int], list[bytes]]:
    """Rows of numbers whose spelling is not that of their value, and that spelling."""
    c, k = forest.columns, forest.kinds
    rows = np.flatnonzero(k.mask("number")[kind])
    spelled, first, which = np.unique(c.text[rows], return_index=True, return_inverse=True)
    found: dict[int, bytes] = {}
    for n in range(min(len(spelled), MOST_NUMBERS)):
        source = forest.source(int(rows[first[n]]))
        if len(source) > 1 and _ODD_NUMBER.match(source):
            value = _value(source)
            if value is not None and value != source:
                found[n] = value
    odd = np.isin(which, list(found)) if found else np.zeros(len(rows), bool)
    return rows[odd].tolist(), [found[n] for n in which[odd].tolist()]


def _has_escape(forest: Forest, rows: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Which rows have a backslash in their source."""
    c = forest.columns
    out = np.zeros(len(rows), bool)
    edge = np.searchsorted(rows, forest.rows)
    for n, file in enumerate(forest.files):
        a, b = edge[n], edge[n + 1]
        if a < b:
            at = np.flatnonzero(np.frombuffer(file.data, np.uint8) == ord("\\"))
            mine = rows[a:b]
            out[a:b] = np.searchsorted(at, c.start[mine]) < np.searchsorted(at, c.end[mine])
    return out


def _evaluated(source: bytes) -> object:
    """The value of a literal; None where Python does not read it."""
    if len(source) > LONGEST:
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.literal_eval("(" + source.decode("utf-8") + "\n)")
    except (ValueError, SyntaxError, RecursionError, MemoryError):
        return None


def _value(source: bytes) -> bytes | None:
    """The value of a literal as bytes, of a number its shortest spelling; None where Python does not read it."""
    value = _evaluated(source)
    if isinstance(value, str):
        return value.encode("utf-8", "surrogatepass")
    if isinstance(value, bytes):
        return value
    try:
        return repr(value).encode() if isinstance(value, (int, float, complex)) else None
    except ValueError:  # an integer of more digits than Python writes
        return None


# ---------------------------------------------------------------- rows left out and put in


def _joined(forest: Forest) -> Forest:
    """`'a' 'b'` -> `'ab'`: the text's row, and one row that holds all of it."""
    c, k = forest.columns, forest.kinds
    n = len(c.kind)
    kind = np.minimum(c.kind, len(k.names) - 1)
    rows = np.flatnonzero(k.mask("joined")[kind])
    if not len(rows):
        return forest
    pieces = np.concatenate(([0], np.cumsum(k.mask("interpolation")[kind])))
    rows = rows[pieces[c.after[rows]] == pieces[rows]]  # what an f-string inserts is not known
    one = int(np.flatnonzero(k.mask("string") & ~k.mask("joined"))[0])
    piece = int(np.flatnonzero(k.mask("literal") & ~k.mask("number"))[0])
    kept = np.ones(n, bool)
    new_kind, text = c.kind.copy(), c.text.copy()
    hold, values = [], []
    for row in rows.tolist():
        value = _value(forest.source(row))
        after = int(c.after[row])
        if value is None or after < row + 2:
            continue
        new_kind[row] = one
        kept[row + 1 : after] = False
        if value:
            kept[row + 1] = True
            new_kind[row + 1] = piece
            hold.append(row + 1)
            values.append(value)
    text[hold] = content_hashes(values)
    after = c.after.copy()
    after[hold] = np.array(hold, np.uint32) + 1
    return _kept(replace(forest, columns=replace(c, kind=new_kind, text=text, after=after)), kept)


def _without_annotations(forest: Forest) -> Forest:
    """No types; a parameter with a type is as one without."""
    c, k = forest.columns, forest.kinds
    n = len(c.kind)
    kind = np.minimum(c.kind, len(k.names) - 1)
    types = np.flatnonzero(k.mask("annotation")[kind])
    edge = np.bincount(types, minlength=n + 1) - np.bincount(c.after[types], minlength=n + 1)
    keep = (np.cumsum(edge)[:n] == 0) & ~k.mask("typed")[kind]
    new_kind = c.kind.copy()
    new_kind[k.mask("default")[kind]] = np.flatnonzero(k.mask("default"))[0]
    return _kept(replace(forest, columns=replace(c, kind=new_kind)), keep)


def _kept(forest: Forest, keep: NDArray[np.bool_]) -> Forest:
    """The rows that are kept."""
    c, s = forest.columns, forest.statements
    offset = np.concatenate(([0], np.cumsum(keep)))
    columns = replace(
        c,
        kind=c.kind[keep],
        start=c.start[keep],
        end=c.end[keep],
        after=offset[c.after[keep]].astype(np.uint32),
        text=c.text[keep],
        role=c.role[keep],
    )
    statements = replace(s, row=offset[s.row].astype(np.uint32))
    return replace(forest, columns=columns, rows=offset[forest.rows], statements=statements)


def _expanded(forest: Forest, uses: Uses) -> Forest:
    """The names that stand for a constant as the rows of that constant."""
    c, s = forest.columns, forest.statements
    size = uses.stop - uses.value
    count = np.ones(len(c.kind), np.int64)
    count[uses.row] = size
    offset = np.concatenate(([0], np.cumsum(count)))
    owner = np.repeat(np.arange(len(count)), count)
    taken, after = owner.copy(), offset[c.after[owner]]
    within = np.arange(int(size.sum())) - np.repeat(np.cumsum(size) - size, size)
    first = np.repeat(offset[uses.row], size)
    value = np.repeat(uses.value, size)
    taken[first + within] = value + within
    after[first + within] = first + c.after[value + within] - value
    columns = replace(
        c,
        kind=c.kind[taken],
        start=c.start[owner],
        end=c.end[owner],
        after=after.astype(np.uint32),
        text=c.text[taken],
        role=c.role[taken],
    )
    statements = replace(s, row=offset[s.row].astype(np.uint32))
    return replace(forest, columns=columns, rows=offset[forest.rows], statements=statements)
