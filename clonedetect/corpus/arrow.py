"""Repositories in, fingerprints out, as Arrow: so a process pool and a Spark cluster do the same work."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from clonedetect.domain import SourceFile

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from clonedetect.domain import Prints

# Kinds of fingerprints: a content feature, the blind hash of a whole definition, the spelling of an own name.
FEATURE, UNIT, OWN = 0, 1, 2
UNIT_WEIGHT = 192  # steps of 1/16 bit: a whole definition of equal shape is a candidate whatever it is made of
SKIPPED = "skipped"  # the kind of a row that is no fragment: a file that was not examined, and why

REPOSITORIES = pa.schema(
    [
        ("repository", pa.int64()),
        (
            "files",
            pa.list_(
                pa.struct(
                    [("path", pa.string()), ("blob", pa.string()), ("data", pa.binary()), ("notebook", pa.bool_())]
                )
            ),
        ),
    ]
)
_FINGERPRINT = pa.struct(
    [
        ("hash", pa.int64()),
        ("kind", pa.int16()),
        ("count", pa.int32()),
        ("weight", pa.int16()),
    ]
)
FRAGMENTS = pa.schema(
    [
        ("repository", pa.int64()),
        ("fragment", pa.int32()),
        ("path", pa.string()),
        ("start_line", pa.int32()),
        ("end_line", pa.int32()),
        ("name", pa.string()),
        ("kind", pa.string()),
        ("tokens", pa.int32()),
        ("bits", pa.float32()),
        ("raw", pa.int64()),
        ("renamed", pa.int64()),
        ("blind", pa.int64()),
        ("fingerprints", pa.list_(_FINGERPRINT)),
    ]
)


def numbers_table(columns: Mapping[str, NDArray]) -> pa.Table:
    """Columns of numbers as a table, by their buffers: given an array, pyarrow would load pandas to ask what it is."""
    arrays = {}
    for name, values in columns.items():
        buffer = pa.py_buffer(np.ascontiguousarray(values))
        arrays[name] = pa.Array.from_buffers(pa.from_numpy_dtype(values.dtype), len(values), [None, buffer])
    return pa.table(arrays)


def numbers_of(table: pa.Table, name: str) -> NDArray:
    """A column of numbers without nulls as an array; again without pandas."""
    return np.from_dlpack(table.column(name).combine_chunks())


def repository_batch(key: int, files: Sequence[SourceFile]) -> pa.RecordBatch:
    """One repository as one row."""
    rows = [{"path": f.path, "blob": f.blob, "data": f.data, "notebook": f.notebook} for f in files]
    return pa.RecordBatch.from_pylist([{"repository": key, "files": rows}], schema=REPOSITORIES)


def fingerprint_batches(
    batches: Iterable[pa.RecordBatch], prints: Callable[[Sequence[SourceFile]], Prints]
) -> Iterator[pa.RecordBatch]:
    """Rows of `REPOSITORIES` to rows of `FRAGMENTS`, one batch a repository. What Spark's `mapInArrow` calls."""
    for batch in batches:
        for row in range(batch.num_rows):
            files = batch.column("files").slice(row, 1).flatten()
            columns = (files.field(name).to_pylist() for name in ("path", "blob", "data", "notebook"))
            sources = [SourceFile(p, b, d, "python", n) for p, b, d, n in zip(*columns, strict=True)]
            yield _encoded(batch.column("repository")[row].as_py(), prints(sources))


def _encoded(key: int, found: Prints) -> pa.RecordBatch:
    n, extra = len(found.path), len(found.skipped)
    numbers, fingerprints = _fingerprints(found)
    columns = {
        "fragment": np.arange(n, dtype=np.int32),
        "start_line": found.first,
        "end_line": found.last,
        "tokens": found.tokens,
        "bits": found.bits,
        "raw": found.raw.view(np.int64),
        "renamed": found.renamed.view(np.int64),
        "blind": found.blind.view(np.int64),
    }
    arrays: dict[str, pa.Array] = {
        name: pa.array(np.concatenate((values, np.zeros(extra, values.dtype)))) for name, values in columns.items()
    }
    arrays["repository"] = pa.array(np.full(n + extra, key, np.int64))
    arrays["path"] = pa.array([*found.path, *(s.path for s in found.skipped)], pa.string())
    arrays["name"] = pa.array([*found.name, *(s.reason for s in found.skipped)], pa.string())
    arrays["kind"] = pa.array([*found.kind, *[SKIPPED] * extra], pa.string())
    offsets = np.searchsorted(numbers, np.arange(n + extra + 1)).astype(np.int32)
    arrays["fingerprints"] = pa.ListArray.from_arrays(pa.array(offsets), fingerprints)
    return pa.RecordBatch.from_arrays([arrays[name] for name in FRAGMENTS.names], schema=FRAGMENTS)


def _fingerprints(found: Prints) -> tuple[np.ndarray, pa.StructArray]:
    """The fragment of each fingerprint, sorted, and the fingerprints: features, then the definition's blind hash."""
    whole = np.flatnonzero(found.blind != 0)
    number = np.concatenate((np.repeat(np.arange(len(found.path)), np.diff(found.start)), whole))
    order = np.argsort(number, kind="stable")
    value = np.concatenate((found.feature, found.blind[whole]))[order]
    kind = np.concatenate((np.where(found.own, OWN, FEATURE), np.full(len(whole), UNIT)))[order]
    count = np.concatenate((found.count, np.ones(len(whole))))[order]
    weight = np.concatenate((found.weight, np.full(len(whole), UNIT_WEIGHT)))[order]
    arrays = (
        value.view(np.int64),
        kind.astype(np.int16),
        count.astype(np.int32),
        weight.astype(np.int16),
    )
    return number[order], pa.StructArray.from_arrays([pa.array(a) for a in arrays], fields=list(_FINGERPRINT))
