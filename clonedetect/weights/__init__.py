"""Weights: the same tensors under other names, with noise, casts, quantisation or fine-tuning. Usable alone."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from clonedetect.domain.weights import Excluded, Mechanism, NameRule, Part, TensorFinding, WeightsFinding
from clonedetect.weights.compare import compare_weights
from clonedetect.weights.gguf_vocabulary import gguf_vocabulary
from clonedetect.weights.merges import Mixture, explain_merge
from clonedetect.weights.reading import open_weights
from clonedetect.weights.safetensors import rename_tensors
from clonedetect.weights.tensors import Checkpoint, Tensor


def rename_to(left: str | Path, right_names_map: Mapping[str, str], out: str | Path) -> int:
    """Write the left checkpoint to `out` (safetensors) with each tensor renamed as the map says; how many were.

    The map comes from `WeightsFinding.names()`. Values are streamed in their stored types. WeightsError where two
    tensors would get one name or `out` is a file being read.
    """
    with open_weights(left) as checkpoint:
        return rename_tensors(checkpoint, right_names_map, Path(out))


__all__ = [
    "Checkpoint",
    "Excluded",
    "Mechanism",
    "Mixture",
    "NameRule",
    "Part",
    "Tensor",
    "TensorFinding",
    "WeightsFinding",
    "compare_weights",
    "explain_merge",
    "gguf_vocabulary",
    "open_weights",
    "rename_to",
]
