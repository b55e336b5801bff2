"""The parts of the page that are written straight from values: rows by the hundred, where a template is too slow.

They stand once, for a reader without JavaScript and for the page's own script alike. End tags and quotes that HTML does
not need are left out: these rows are a good part of a small report.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from html import escape
from typing import Final
from urllib.parse import quote as percent_encoded

from markupsafe import Markup

from clonedetect.domain import ClonePair, Comparison
from clonedetect.report import wording
from clonedetect.report.escape import visible
from clonedetect.report.html_data import SourceIndex, feature_list
from clonedetect.report.sections import Table

MAP_ROWS: Final = 1_000
"""Rows of the rename map, of the shared features and of a channel's table that the page shows."""

_PLACES: Final = 8
_HUES: Final = 12  # colours of renames in the tables of channels: classes q0 to q11 of report.css


@lru_cache(maxsize=65536)
def safe(text: str) -> str:
    """Text of a repository as HTML between tags; in an attribute it would need its quotes escaped too."""
    return escape(visible(text), quote=False)


def pair_anchor(pair_id: str) -> str:
    """The permalink of a pair, without the `#`."""
    return "pair-" + percent_encoded(visible(pair_id), safe="")


def rename_rows(comparison: Comparison, pairs: Iterable[ClonePair]) -> Markup:
    """Rows of the rename map with the numbers of the pairs that show each, which the page's script makes links."""
    places = _places(((r.left, r.right), number) for number, pair in enumerate(pairs, 1) for r in pair.renames)
    rows = []
    for each in comparison.rename_map[:MAP_ROWS]:
        cells = safe(each.left), safe(each.right), safe(each.kind), f"{each.support:,}", f"{each.conflicts:,}"
        rows.append(f"<tr><td>{'<td>'.join(cells)}<td>{_numbers(places.get((each.left, each.right), []))}")
    return Markup("\n".join(rows))


def feature_rows(pairs: list[ClonePair]) -> Markup:
    """Rows of the shared features, rarest first, with the numbers of the pairs that share each."""
    listed = feature_list(pairs)
    places = _places(((f.text, f.bits), number) for number, pair in enumerate(pairs, 1) for f in pair.features)
    rows = [f"<tr><td>{safe(text)}<td>{bits:.1f}<td>{_numbers(places[text, bits])}" for text, bits in listed]
    return Markup("\n".join(rows[:MAP_ROWS]))


def pair_list(pairs: Iterable[ClonePair], index: SourceIndex) -> Markup:
    """The pairs for a reader without JavaScript; their renames and features stand in the tables by pair number."""
    return Markup("\n".join([_pair(number, pair, index) for number, pair in enumerate(pairs, 1)]))


def channel_rows(table: Table, pairs: dict[str, ClonePair]) -> Markup:
    """Rows of a channel's table. A name of the left and one of the right that differ have one colour in their row."""
    kinds = [column.kind for column in table.columns]
    hues: dict[tuple[str, ...], int] = {}
    return Markup("\n".join(_row(row, kinds, hues, pairs) for row in table.rows[:MAP_ROWS]))


def _row(
    row: tuple[str, ...], kinds: Sequence[str], hues: dict[tuple[str, ...], int], pairs: dict[str, ClonePair]
) -> str:
    names = [cell for cell, kind in zip(row, kinds, strict=True) if kind in ("left", "right")]
    renamed = len(set(names)) > 1 and all(names)
    hue = hues.setdefault(tuple(names), len(hues) % _HUES) if renamed else None
    return "<tr>" + "".join(_cell(cell, kind, hue, pairs) for cell, kind in zip(row, kinds, strict=True))


def _cell(text: str, kind: str, hue: int | None, pairs: dict[str, ClonePair]) -> str:
    if kind == "pairs":
        ids = text.split()
        more = f" and {len(ids) - _PLACES} more" if len(ids) > _PLACES else ""
        return f"<td>{', '.join([_link(each, pairs) for each in ids[:_PLACES]])}{more}"
    if hue is not None and kind in ("left", "right"):
        return f"<td><b class=q{hue}>{safe(text)}</b>"
    return f"<td>{safe(text)}"


def _link(pair_id: str, pairs: dict[str, ClonePair]) -> str:
    pair = pairs.get(pair_id)
    return safe(pair_id) if pair is None else f"<a href=#{pair_anchor(pair_id)}>{safe(wording.name(pair.left))}</a>"


def _places(found: Iterator[tuple[tuple[str, object], int]]) -> dict[tuple[str, object], list[int]]:
    places: dict[tuple[str, object], list[int]] = {}
    for key, number in found:
        at = places.setdefault(key, [])
        if number not in at[-1:]:
            at.append(number)
    return places


def _numbers(found: list[int]) -> str:
    more = len(found) - _PLACES
    return " ".join(map(str, found[:_PLACES])) + (f" and {more} more" if more > 0 else "")


def _pair(number: int, pair: ClonePair, index: SourceIndex) -> str:
    figures = f"{wording.TYPES[pair.type]}, {wording.percent(pair.similarity)} alike, {wording.bits(pair.bits)} bits"
    figures += f", E = {wording.figure(pair.e_value)}"
    if pair.explained_by is not None:
        figures += f", explained by {safe(pair.explained_by)}"
    if pair.edits:
        figures += "; " + ", ".join([f"{safe(e.kind)} {e.count}" for e in pair.edits])
    sides = " and ".join(
        [
            f"<a href=#{index.anchor(f)}>{safe(wording.place(f))}</a> {safe(wording.name(f))}"
            for f in (pair.left, pair.right)
        ]
    )
    return f"<p id=n{number}><b id={pair_anchor(pair.id)}>{number}: {safe(pair.id)}</b> {figures}<br>{sides}"
