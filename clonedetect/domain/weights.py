"""What a comparison of two checkpoints found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from clonedetect.domain.strength import Strength

Mechanism = Literal[
    "identical",
    "re-encoded",
    "cast",
    "quantised",
    "noise",
    "scaled",
    "permuted",
    "rotated",
    "folded",
    "low-rank",
    "pruned",
    "merged",
    "fine-tuned",
    "shared-initialisation",
    "unrelated",
    "insufficient",
]

WEIGHT_SUFFIXES = (
    ".safetensors", ".bin", ".pt", ".pth", ".ckpt", ".jit", ".gguf", ".onnx", ".npz", ".npy", ".h5", ".hdf5", ".keras",
)  # fmt: skip
"""What the names of weight files end with; where a directory holds several kinds, the first of these is read."""

NULL_HYPOTHESIS = (
    "the tensors are independent: which row (and which column) of the left stands opposite which of the right is "
    "arbitrary. Statistic: double-centred Frobenius correlation of values that were not used for pairing, "
    "standardised under all row and all column permutations (the smaller of the two), joined by Stouffer over tensors"
)


@dataclass(frozen=True, slots=True)
class Excluded:
    """A tensor or file part that was set aside, with the reason."""

    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class NameRule:
    """A rename rule that `tensors` pairs follow; `*` stands for any path, `{n}` for a layer number."""

    left: str
    right: str
    tensors: int


@dataclass(frozen=True, slots=True)
class TensorFinding:
    """One pair of tensors.

    correlation: centred, after the recovered layout or permutation, None where undefined (no variance).
    sigma: standard deviation of right minus left, None where the two do not stand opposite each other.
    z: the tensor's own permutation statistic, None where it has too few rows or columns.
    detail: scheme, rank, scale or layout in words.
    """

    left: str
    right: str
    shape: tuple[int, ...]
    dtype: str
    mechanism: Mechanism
    correlation: float | None
    sigma: float | None
    z: float | None = None
    detail: str = ""
    values: int = 0


@dataclass(frozen=True, slots=True)
class Part:
    """A mechanism and the share of the compared values it holds for: the localised verdict."""

    mechanism: Mechanism
    tensors: int
    share: float  # of the values in pairs, 0..1
    names: tuple[str, ...]  # common left prefixes, or the first names


@dataclass(frozen=True, slots=True)
class WeightsFinding:
    """The whole finding, the `weights` object of report.json.

    strength: by the permutation test and the values that are equal; shapes and names count for nothing.
    statistic: Stouffer's z over tensors. sigma: of the additive noise where that is the mechanism, with
    `sigma_interval` its 95 % interval. correlation: over all pairs, weighted by values. examined and total count
    left tensors. notes: lines for a person (odd globals of a pickle, limits of the quick mode).
    """

    mechanism: Mechanism
    strength: Strength
    statistic: float | None
    p_value: float | None
    null_hypothesis: str
    sigma: float | None
    correlation: float | None
    rename_map: tuple[NameRule, ...]
    tensors: tuple[TensorFinding, ...]
    excluded: tuple[Excluded, ...]
    examined: int
    total: int
    sigma_interval: tuple[float, float] | None = None
    parts: tuple[Part, ...] = ()
    detail: str = ""
    notes: tuple[str, ...] = ()
    full: bool = False

    def names(self) -> dict[str, str]:
        """Left tensor name to right tensor name, for `rename_to`; pairs found unrelated are left out."""
        return {t.left: t.right for t in self.tensors if t.mechanism not in ("unrelated", "insufficient")}
