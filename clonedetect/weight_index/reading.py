"""Indexes of sharded checkpoints (`*.safetensors.index.json`, `pytorch_model.bin.index.json`), read as data."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from clonedetect.domain import Skipped
from clonedetect.domain.weight_index import IndexTensor, TensorIndex

if TYPE_CHECKING:
    from collections.abc import Iterable

SUFFIX: Final = ".index.json"
MOST_TENSORS: Final = 500_000  # mixtures of experts have some hundred thousand
MOST_INDEXES: Final = 20  # of one repository
LONGEST_NAME: Final = 1_000  # characters


def read_indexes(documents: Iterable[tuple[str, bytes]]) -> tuple[list[TensorIndex], list[Skipped]]:
    """The indexes among documents, in their order, and those that could not be read, with the reason."""
    found: list[TensorIndex] = []
    skipped: list[Skipped] = []
    for path, data in documents:
        if not path.endswith(SUFFIX):
            continue
        if len(found) == MOST_INDEXES:
            skipped.append(Skipped(path, f"one of more than {MOST_INDEXES} weight indexes"))
            continue
        try:
            found.append(_index(path, data))
        except (ValueError, RecursionError) as error:
            skipped.append(Skipped(path, f"weight index not read: {str(error)[:200] or 'nested too deep'}"))
    return found, skipped


def _index(path: str, data: bytes) -> TensorIndex:
    """Raises ValueError with the reason."""
    read = json.loads(data, object_pairs_hook=_unique)
    table = read.get("weight_map") if isinstance(read, dict) else None
    if not isinstance(table, dict) or not table:
        raise ValueError("it has no weight_map")
    if len(table) > MOST_TENSORS:
        raise ValueError(f"it lists more than {MOST_TENSORS:,} tensors")
    if not all(isinstance(shard, str) and len(name) <= LONGEST_NAME for name, shard in table.items()):
        raise ValueError("a name is too long, or a tensor's file is no text")
    metadata = read.get("metadata")
    size = metadata.get("total_size") if isinstance(metadata, dict) else None
    whole = isinstance(size, int | float) and not isinstance(size, bool) and 0 <= size < 1 << 60 and size == int(size)
    tensors = tuple(IndexTensor(name, shard) for name, shard in table.items())
    return TensorIndex(path, tensors, int(size) if whole and size is not None else None)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    table = dict(pairs)
    if len(table) != len(pairs):
        raise ValueError("a key stands twice")
    return table
