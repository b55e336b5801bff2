"""Several repositories against one another: which of them fits one best, and how they all hang together."""

from __future__ import annotations

from dataclasses import dataclass

from clonedetect.domain.strength import Direction, Relation, Strength


@dataclass(frozen=True, slots=True)
class Candidate:
    """One possible counterpart of the left. `fit` is the mean likeness (0..1) of the left's shared fragments to their
    counterparts here, each weighted by its bits; a fragment without a counterpart counts 0."""

    right: str
    strength: Strength
    relation: Relation
    pairs: int
    bits: float
    fit: float


@dataclass(frozen=True, slots=True)
class Telling:
    """A fragment of the left whose likeness differs between candidates; `similarities` in their order, 0 for none."""

    path: str
    start_line: int
    end_line: int
    name: str
    bits: float
    similarities: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Ranking:
    """Candidates, best fit first. ties: how many fit as well as the first. `telling` are the fragments that set
    candidates apart, first those that most divide the first from the next that fits less well; `alike` is how many
    fragments fit all candidates equally and so tell nothing."""

    left: str
    candidates: tuple[Candidate, ...]
    telling: tuple[Telling, ...]
    alike: int
    ties: int


@dataclass(frozen=True, slots=True)
class Cell:
    """What one pair of repositories comes to. left_share, right_share: share of each side's lines that are matched
    beyond chance and unexplained."""

    left: int  # place in `Matrix.origins`
    right: int
    strength: Strength
    relation: Relation
    direction: Direction
    pairs: int
    bits: float
    left_share: float
    right_share: float


@dataclass(frozen=True, slots=True)
class Link:
    """An edge of the lineage: two origins between which most is shared. `known`: the histories say that `source` had
    it first; else the order means nothing."""

    source: int
    target: int
    known: bool
    strength: Strength
    bits: float


@dataclass(frozen=True, slots=True)
class Matrix:
    """All pairs of some repositories. `lineage` joins each family by its strongest links, without circles; `families`
    are the origins that hang together, largest first, and those that hang together with none are left out."""

    origins: tuple[str, ...]
    cells: tuple[Cell, ...]
    lineage: tuple[Link, ...]
    families: tuple[tuple[int, ...], ...]
