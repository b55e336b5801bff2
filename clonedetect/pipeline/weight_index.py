"""The channel of weight indexes: what indexes and headers of both sides list; no values are read."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from clonedetect.corpus import load_terms
from clonedetect.domain import Skipped
from clonedetect.domain.weight_index import IndexTensor, TensorIndex
from clonedetect.errors import CloneDetectError
from clonedetect.pipeline.weights import weights_in
from clonedetect.weight_index import compare_indexes, read_indexes

if TYPE_CHECKING:
    from clonedetect.domain import Snapshot
    from clonedetect.domain.weight_index import WeightIndexFinding
    from clonedetect.pipeline.compared import Compared


def examine_weight_index(compared: Compared) -> WeightIndexFinding | str:
    """The finding of the channel `weight_index`. Headers are read where the weights were named or lie on disk, and of
    `hf:` origins by range request where the repository has no index."""
    options = compared.options
    left, unread = _indexes(compared.left, options.left_weights)
    right, more = _indexes(compared.right, options.right_weights)
    ancestors = [index for snapshot in compared.ancestors for index in _indexes(snapshot, None)[0]]
    terms = load_terms()
    return compare_indexes(left, right, unread + more, lambda name: terms.count("name", name), ancestors)


def _indexes(snapshot: Snapshot, named: str | Path | None) -> tuple[list[TensorIndex], list[Skipped]]:
    found, skipped = read_indexes((document.path, document.data) for document in snapshot.documents)
    place = named or weights_in(snapshot)
    if place is None and not found and snapshot.origin.startswith("hf:") and _has_weights(snapshot):
        place = f"{snapshot.origin}@{snapshot.revision}" if snapshot.revision else snapshot.origin
    if place is None:
        return found, skipped
    try:
        headers = _headers(place)
    except CloneDetectError as error:
        return found, [*skipped, Skipped(Path(str(place)).name, f"headers not read: {error}")]
    return _with_shapes(found, headers), skipped


def _has_weights(snapshot: Snapshot) -> bool:
    return any(entry.path.endswith(".safetensors") and "/" not in entry.path for entry in snapshot.entries)


def _headers(place: str | Path) -> TensorIndex:
    """What the headers of a checkpoint list."""
    from clonedetect.weights import open_weights  # loads what readers need, where there are weights only

    with open_weights(place) as checkpoint:
        tensors = tuple(IndexTensor(t.name, t.file, t.shape, t.dtype) for t in checkpoint.tensors)
    return TensorIndex(Path(str(place)).name, tensors, None)


def _with_shapes(found: list[TensorIndex], headers: TensorIndex) -> list[TensorIndex]:
    """An index whose tensors the headers have takes their shapes; without such an index the headers are one."""
    listed = {tensor.name: tensor for tensor in headers.tensors}
    out, met = [], False
    for index in found:
        if all(tensor.name in listed for tensor in index.tensors):
            shaped = (replace(t, shape=listed[t.name].shape, dtype=listed[t.name].dtype) for t in index.tensors)
            index, met = replace(index, tensors=tuple(shaped)), True
        out.append(index)
    return out if met or not headers.tensors else [*out, headers]
