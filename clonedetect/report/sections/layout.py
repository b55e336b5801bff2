"""What a section consists of: paragraphs, tables and figures, without their looks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["text", "code", "number", "left", "right", "pairs"]


@dataclass(frozen=True, slots=True)
class Column:
    """A column's head and what stands in it.

    `left` and `right` are names of that side, coloured where they differ; `pairs` are ids of clone pairs, with spaces
    between them, which become links where a format has links.
    """

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
