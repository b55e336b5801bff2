"""HDF5 and Keras files through h5py (extra `formats`); external links and external storage are not followed."""

from __future__ import annotations

import io
import zipfile
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clonedetect.domain.weights import Excluded
from clonedetect.errors import MissingExtraError, WeightsError
from clonedetect.weights.tensors import ByteFile, Checkpoint, LastLoaded, LoadedSource, Tensor, checked_shape
from clonedetect.weights.zips import MAX_INFLATED, read_directory

MAX_DATASET = 1 << 31  # bytes; a chunked dataset is decoded whole


# what h5py raises on a damaged file, found by fuzzing
HDF5_ERRORS = (OSError, ValueError, KeyError, RuntimeError, TypeError, OverflowError, zipfile.BadZipFile)


def _load(handle: Any, cache: LastLoaded, key: str, dtype: np.dtype) -> NDArray:
    try:
        return cache.get(key, lambda: np.asarray(handle[key][()], dtype).ravel())
    except HDF5_ERRORS as error:
        raise WeightsError(f"{key}: its values cannot be read ({str(error)[:120]})") from error


def _tensors(handle: Any, file: str, h5py: Any) -> tuple[list[Tensor], list[Excluded]]:
    tensors: list[Tensor] = []
    skipped: list[Excluded] = []
    cache = LastLoaded()

    def visit(key: str, node: Any) -> None:
        if not isinstance(node, h5py.Dataset):
            return
        name = key.replace("/", ".")
        if node.external is not None or node.is_virtual:
            skipped.append(Excluded(name, "its values lie in another file; not followed"))
        elif node.dtype.kind not in "fiub":
            skipped.append(Excluded(name, f"element type {node.dtype} is not supported"))
        elif node.size * node.dtype.itemsize > MAX_DATASET:
            skipped.append(Excluded(name, f"a dataset over {MAX_DATASET} bytes"))
        else:
            shape = checked_shape(tuple(node.shape), name)
            dtype = node.dtype.newbyteorder("=")
            source = LoadedSource(partial(_load, handle, cache, key, dtype))
            tensors.append(Tensor(name, shape, dtype.name, file, source))

    handle.visititems(visit)
    return tensors, skipped


def read_hdf5(path: Path) -> Checkpoint:
    """An HDF5 file or a `.keras` archive. MissingExtraError without h5py, WeightsError where the file is broken."""
    try:
        h5py = import_module("h5py")
    except ImportError as error:
        hint = "pip install clonedetect[formats]"
        raise MissingExtraError(f"{path}: HDF5 files need the extra `formats`: {hint}") from error
    file = ByteFile(path)
    try:
        target: Any = str(path)
        if file.size >= 4 and file.read(0, 4) == b"PK\x03\x04":
            members = [entry for entry in read_directory(file) if entry.name.endswith(".h5")]
            if not members:
                raise WeightsError(f"{path}: a Keras archive without model.weights.h5")
            target = io.BytesIO(members[0].content(file, MAX_INFLATED))
        handle = h5py.File(target, "r")
        tensors, skipped = _tensors(handle, path.name, h5py)
    except HDF5_ERRORS as error:
        file.close()
        raise WeightsError(f"{path}: not a readable HDF5 file ({str(error)[:120]})") from error
    except BaseException:
        file.close()
        raise
    return Checkpoint(str(path), "hdf5", tuple(tensors), tuple(skipped), files=(file,))
