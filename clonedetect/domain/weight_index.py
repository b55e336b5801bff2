"""Weight indexes: the names, shapes and shards of two models' tensors, without their values."""

from __future__ import annotations

from dataclasses import dataclass

from clonedetect.domain.trees import Skipped


@dataclass(frozen=True, slots=True)
class IndexTensor:
    """A tensor as an index or a header lists it. shape and dtype: None and "" where only names are known; shard: the
    file that holds it."""

    name: str
    shard: str
    shape: tuple[int, ...] | None = None
    dtype: str = ""


@dataclass(frozen=True, slots=True)
class TensorIndex:
    """All tensors of one model in the order of the file. total_size: bytes of all values, None where not said."""

    path: str
    tensors: tuple[IndexTensor, ...]
    total_size: int | None


@dataclass(frozen=True, slots=True)
class IndexRule:
    """`left` stands where `right` stands, in the names of `tensors` pairs; "": nothing stands there."""

    left: str
    right: str
    tensors: int


@dataclass(frozen=True, slots=True)
class NamePattern:
    """Names that differ in layer numbers alone (`{n}`), and those they stand opposite; None where nothing does."""

    left: str | None
    right: str | None
    tensors: int


@dataclass(frozen=True, slots=True)
class IndexPair:
    """Two indexes side by side.

    matched: tensors in pairs; equal_names: pairs of one name. prefixes: how names begin; components: parts of names
    under other names. same_order: the pairs stand in one order in both files; left_sorted, right_sorted: the order is
    the alphabet's, or that of the layers' numbers, so it says nothing. same_shards: both cut their pairs into files at
    the same tensors (None: one file). shapes: pairs whose shapes both sides state, and how many of them are equal.
    rare: parts of names that both have and that no code of the background uses. explained: an ancestor's index has
    nearly all names of either side.
    """

    left: str
    right: str
    left_tensors: int
    right_tensors: int
    matched: int
    equal_names: int
    prefixes: tuple[IndexRule, ...]
    components: tuple[IndexRule, ...]
    same_order: bool
    left_sorted: bool
    right_sorted: bool
    same_shards: bool | None
    left_size: int | None
    right_size: int | None
    shapes: int
    equal_shapes: int
    rare: tuple[str, ...]
    explained: bool
    patterns: tuple[NamePattern, ...]


@dataclass(frozen=True, slots=True)
class WeightIndexFinding:
    """The indexes that belong together, those with most pairs first."""

    pairs: tuple[IndexPair, ...]
    left_files: tuple[str, ...]
    right_files: tuple[str, ...]
    skipped: tuple[Skipped, ...]
    null_hypothesis: str
    limits: str
