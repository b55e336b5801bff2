"""What a check before publishing is asked and what it finds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from clonedetect.domain.findings import Strength
from clonedetect.domain.trees import Skipped

State = Literal["new", "accepted", "allowed", "credited", "explained"]


@dataclass(frozen=True, slots=True)
class Allow:
    """A finding that is known and right, by path (glob) or by clone fingerprint; `expires` is an ISO date."""

    reason: str
    path: str | None = None
    clone: str | None = None
    expires: str | None = None


@dataclass(frozen=True, slots=True)
class CheckSettings:
    """What a repository is checked against, and from which strength on the check fails."""

    against: tuple[str, ...] = ()
    ancestors: tuple[str, ...] = ()
    corpus: str | None = None
    fail_on: Strength = "moderate"
    allow: tuple[Allow, ...] = ()


@dataclass(frozen=True, slots=True)
class Place:
    """Lines of a file, 1-based and inclusive, and the definition they are."""

    path: str
    start_line: int
    end_line: int
    name: str
    kind: str


@dataclass(frozen=True, slots=True)
class CheckFinding:
    """A fragment of the repository that is also in an origin.

    clone  a fingerprint of what the fragment says and of the origin: the same wherever its lines move to
    type   1: equal up to layout and comments, 2: also up to names and literals, 3: with edits
    alike  0..1; bits: matched; e_value: how many such pairs unrelated code of these sizes would show
    credit where the origin is named, or None; notice_kept: whether a copyright line of its is kept there
    state  only `new` findings count; why: the reason of the state
    """

    clone: str
    here: Place
    origin: str
    revision: str | None
    there: Place
    type: int
    alike: float
    bits: float
    e_value: float
    strength: Strength
    licence: str | None
    credit: str | None
    notice_kept: bool
    remedy: str
    state: State = "new"
    why: str = ""
    also: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Check:
    """A finished check: its findings, new and strong ones first, and what was looked at."""

    version: str
    origin: str
    revision: str | None
    files: int
    lines: int
    changed: tuple[str, ...] | None  # the paths that were looked at, None for all
    references: tuple[str, ...]
    corpus_repositories: int
    corpus_fragments: int
    fail_on: Strength
    failed: bool
    findings: tuple[CheckFinding, ...]
    notes: tuple[str, ...] = ()
    skipped: tuple[Skipped, ...] = ()


@dataclass(frozen=True, slots=True)
class SharedPair:
    """A fragment of the searched repository and the one of the corpus that it is most like; numbers as in a finding."""

    here: Place
    there: Place
    type: int
    alike: float
    bits: float
    e_value: float


@dataclass(frozen=True, slots=True)
class RepositoryMatch:
    """A repository of the corpus that shares rare fragments with the searched one: bits of all, E-value of the best."""

    origin: str
    revision: str | None
    licence: str | None
    bits: float
    e_value: float
    pairs: tuple[SharedPair, ...]


@dataclass(frozen=True, slots=True)
class Search:
    """Repositories of a corpus that share rare fragments with one, most bits first."""

    version: str
    origin: str
    revision: str | None
    fragments: int
    corpus_repositories: int
    corpus_fragments: int
    matches: tuple[RepositoryMatch, ...]
    notes: tuple[str, ...] = ()
