"""How a channel's finding is shown to people, the same in text, Markdown and HTML.

A channel adds a module with `section(finding) -> Section` and its line in the closed table here; the formats lay it
out. A section decides nothing and escapes nothing: that is each format's own matter.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final, Literal

from clonedetect.domain import Comparison

Kind = Literal["text", "code", "number", "left", "right"]


@dataclass(frozen=True, slots=True)
class Column:
    """A column's head and what stands in it: `left` and `right` are names of that side, coloured where they differ."""

    name: str
    kind: Kind = "text"


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of text below a title; a cell of kind `number` is written as it is to be shown."""

    title: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Figure:
    """A plot as inline SVG with its title, a caption and its content in words, for those who cannot see it.

    `svg` is markup of our own: whoever builds it escapes what comes from a repository (`report.plots`).
    """

    title: str
    caption: str
    words: str
    svg: str


@dataclass(frozen=True, slots=True)
class Section:
    """What one channel shows: paragraphs, then tables, then figures. Empty parts are left out."""

    title: str
    paragraphs: tuple[str, ...] = ()
    tables: tuple[Table, ...] = ()
    figures: tuple[Figure, ...] = ()


SECTIONS: Final[Mapping[str, Callable[[Any], Section]]] = MappingProxyType({})
"""Channel to the function that shows its finding, in reading order."""


def sections(comparison: Comparison) -> list[tuple[str, Section]]:
    """(channel, section) of each channel that was examined, in reading order."""
    found = ((name, getattr(comparison.findings, name)) for name in SECTIONS)
    return [(name, SECTIONS[name](finding)) for name, finding in found if finding is not None]
