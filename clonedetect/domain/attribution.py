"""Attribution: whose work each side says it is, under which terms, and which of it both say."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from clonedetect.domain.trees import Side

NoticeKind = Literal["licence", "licence-tag", "holder", "notice-file", "citation"]
NoticeRelation = Literal["kept", "changed", "left-only", "right-only"]


@dataclass(frozen=True, slots=True)
class Stated:
    """Where one side states something. line: 1-based, 0 for a file as a whole. text: as it stands there. files: how
    many say it. own: said of the whole project (its top-level licence, metadata or citation), not of one file."""

    path: str
    line: int
    text: str
    files: int
    own: bool


@dataclass(frozen=True, slots=True)
class Notice:
    """One statement and what the other side has of it.

    kind: licence (a licence text), licence-tag (an SPDX tag or a metadata field), holder (a copyright or author line),
    notice-file (NOTICE, AUTHORS and such), citation. what: SPDX id, name or title. relation: kept (both state it),
    changed (each states another in the same place), left-only, right-only. Which side lost it is for the direction to
    say.
    """

    relation: NoticeRelation
    kind: NoticeKind
    what: str
    left: Stated | None
    right: Stated | None


@dataclass(frozen=True, slots=True)
class Credit:
    """A line of `side` that names the other side (`name`) as a source."""

    side: Side
    name: str
    path: str
    line: int
    text: str


@dataclass(frozen=True, slots=True)
class Claim:
    """A line of a README of `side` that says the work is its own."""

    side: Side
    path: str
    line: int
    text: str


@dataclass(frozen=True, slots=True)
class KeptHolder:
    """A file of `side` that shares code with `other` and names a holder that the other side calls its own, and `side`
    does not."""

    side: Side
    path: str
    line: int
    holder: str
    other: str


@dataclass(frozen=True, slots=True)
class AttributionFinding:
    """Licences are SPDX ids (`other`: a text that is none of them). Notices: those that are not on both sides first."""

    left_licences: tuple[str, ...]
    right_licences: tuple[str, ...]
    notices: tuple[Notice, ...]
    credits: tuple[Credit, ...]
    claims: tuple[Claim, ...]
    kept: tuple[KeptHolder, ...]
    explained: int  # statements of both sides that an ancestor has too, left out
    null_hypothesis: str
    limits: str
