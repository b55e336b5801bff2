"""A checkpoint reduced to a middle part of each tensor, for weights that lie on a server: one request a tensor."""

from __future__ import annotations

from dataclasses import replace

from clonedetect.errors import WeightsError
from clonedetect.weights.pairing import as_matrix, squeezed
from clonedetect.weights.tensors import ArraySource, Checkpoint, PartSource, Tensor
from clonedetect.weights.threads import in_threads

ROWS = 32  # enough for the permutation test and for the spectrum of a residual
VALUES = 1 << 15
MAX_VALUES = 1 << 28  # of all parts together
REQUESTS = 8  # at a time


def _part(tensor: Tensor) -> Tensor:
    """The middle rows of a tensor that has more than a few."""
    rows, columns = as_matrix(tensor.shape)
    if rows == 1:
        rows, columns = tensor.size, 1
    count = max(ROWS, -(-VALUES // columns))
    if rows < 2 * count:
        return tensor
    begin = (rows - count) // 2 * columns
    shape = (count, *squeezed(tensor.shape)[1:])
    return replace(tensor, shape=shape, whole=tensor.shape, source=PartSource(tensor.source, begin))


def _fetched(tensor: Tensor) -> Tensor:
    return replace(tensor, source=ArraySource(tensor.read(0, tensor.size)))


def middle_parts(checkpoint: Checkpoint) -> Checkpoint:
    """The checkpoint with a middle part in place of each large tensor; what lies on a server is fetched now.

    Two tensors of one shape are reduced to the same part. WeightsError where the parts would be too much to fetch.
    """
    parts = [_part(tensor) for tensor in checkpoint.tensors]
    if checkpoint.remote:
        if sum(part.size for part in parts) > MAX_VALUES:
            raise WeightsError(f"{checkpoint.path}: too much to fetch a part of each tensor; download it instead")
        parts = list(in_threads(_fetched, parts, REQUESTS))
    share = sum(part.size for part in parts) / max(1, sum(tensor.size for tensor in checkpoint.tensors))
    note = (
        f"of each large tensor a middle part was read, {100 * share:.2g} % of the values; an order of rows is not seen"
    )
    notes = (*checkpoint.notes, note) if share < 1 else checkpoint.notes
    return replace(checkpoint, tensors=tuple(parts), notes=notes)
