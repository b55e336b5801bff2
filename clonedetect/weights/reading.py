"""`open_weights`: a file, a sharded index or a directory becomes one `Checkpoint`."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from clonedetect.domain.weights import Excluded
from clonedetect.errors import WeightsError
from clonedetect.weights.gguf import read_gguf
from clonedetect.weights.hdf5 import read_hdf5
from clonedetect.weights.numpyfile import read_numpy
from clonedetect.weights.onnx import read_onnx
from clonedetect.weights.remote import is_remote, remote_files
from clonedetect.weights.safetensors import read_open_safetensors, read_safetensors
from clonedetect.weights.tensors import ByteFile, Checkpoint, Tensor
from clonedetect.weights.torchfile import read_torch

MAX_INDEX = 1 << 26
MAX_SHARDS = 4096
READERS: dict[str, Callable[[Path], Checkpoint]] = {
    ".safetensors": read_safetensors,
    ".bin": read_torch,
    ".pt": read_torch,
    ".pth": read_torch,
    ".ckpt": read_torch,
    ".jit": read_torch,
    ".gguf": read_gguf,
    ".onnx": read_onnx,
    ".npz": read_numpy,
    ".npy": read_numpy,
    ".h5": read_hdf5,
    ".hdf5": read_hdf5,
    ".keras": read_hdf5,
}


def _by_content(path: Path) -> Callable[[Path], Checkpoint]:
    """The reader for a file whose name does not say what it is."""
    file = ByteFile(path)
    head = file.read(0, min(file.size, 16))
    file.close()
    if head[:4] == b"GGUF":
        return read_gguf
    if head[:8] == b"\x89HDF\r\n\x1a\n":
        return read_hdf5
    if head[:6] == b"\x93NUMPY":
        return read_numpy
    if head[:4] == b"PK\x03\x04" or head[:1] == b"\x80":
        return read_torch
    if head[8:9] == b"{":
        return read_safetensors
    raise WeightsError(f"{path}: not a weight file of a known format")


def _shard_names(text: bytes, index: str) -> list[str]:
    """The files an index names, each a bare name."""
    try:
        table = json.loads(text)
        names = sorted(set(table["weight_map"].values()))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise WeightsError(f"{index}: not an index of shards") from error
    if len(names) > MAX_SHARDS:
        raise WeightsError(f"{index}: names more than {MAX_SHARDS} files")
    for name in names:
        if not isinstance(name, str) or Path(name).name != name or name in (".", ".."):
            raise WeightsError(f"{index}: a shard's name leaves the directory")
    return names


def _shards(index: Path) -> list[Path]:
    if index.stat().st_size > MAX_INDEX:
        raise WeightsError(f"{index}: the index is over {MAX_INDEX} bytes")
    return [index.parent / name for name in _shard_names(index.read_bytes(), str(index))]


def _files(directory: Path) -> list[Path]:
    """The weight files of a directory: of the first kind there is, in the order of READERS."""
    for index in sorted(directory.glob("*.index.json")):
        shards = _shards(index)
        if any(shard.is_file() for shard in shards):
            return shards
    present = sorted(path for path in directory.iterdir() if path.is_file())
    for suffix in READERS:
        found = [path for path in present if path.suffix.lower() == suffix and path.name != "training_args.bin"]
        if found:
            return found
    raise WeightsError(f"{directory}: no weight files (looked for {', '.join(READERS)})")


def open_weights(path: Path | str) -> Checkpoint:
    """Open a weight file, a `*.index.json`, a directory, `hf:owner/name[@revision]` or a URL of a safetensors file.

    Values are read only when asked for, nothing is run. WeightsError with one line where it cannot be read. Of
    several shards a broken one is a `skipped` entry.
    """
    if is_remote(str(path)):
        return _open_remote(str(path))
    path = Path(path)
    if path.is_dir():
        files = _files(path)
    elif path.name.endswith(".index.json"):
        if not path.is_file():
            raise WeightsError(f"{path}: no such file")
        files = _shards(path)
    elif path.exists():
        files = [path]
    else:
        raise WeightsError(f"{path}: no such file or directory")
    opened: list[Checkpoint] = []
    skipped: list[Excluded] = []
    for file in files:
        reader = READERS.get(file.suffix.lower())
        try:
            opened.append((reader or _by_content(file))(file))
        except WeightsError as error:
            if len(files) == 1:
                raise
            skipped.append(Excluded(file.name, str(error)))
    if not opened:
        raise WeightsError(f"{path}: none of its {len(files)} files could be read ({skipped[0].reason})")
    return _joined(str(path), opened, skipped)


def _open_remote(text: str) -> Checkpoint:
    files, note = remote_files(text, _shard_names)
    joined = _joined(text, [read_open_safetensors(file) for file in files], [])
    return replace(joined, notes=(note, *joined.notes) if note else joined.notes, remote=True)


def _joined(path: str, opened: list[Checkpoint], skipped: list[Excluded]) -> Checkpoint:
    """The shards as one checkpoint."""
    tensors: dict[str, Tensor] = {}
    for checkpoint in opened:
        for tensor in checkpoint.tensors:
            name = tensor.name if tensor.name not in tensors else f"{tensor.file}:{tensor.name}"
            tensors[name] = replace(tensor, name=name)
    skipped += [entry for checkpoint in opened for entry in checkpoint.skipped]
    notes = tuple(line for checkpoint in opened for line in checkpoint.notes)
    handles = tuple(file for checkpoint in opened for file in checkpoint.files)
    return Checkpoint(path, opened[0].format, tuple(tensors.values()), tuple(skipped), notes, handles)
