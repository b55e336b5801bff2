"""Small valid weight files of every format, written by hand, as starting points for hostile ones."""

from __future__ import annotations

import struct
import zipfile
from pathlib import Path

import numpy as np
import weightlab as lab

from clonedetect.errors import CloneDetectError
from clonedetect.weights import open_weights
from clonedetect.weights.sift import sift

READABLE = 1 << 20  # values: a forged shape may promise more than a test wants to decode


def gguf_bytes(tensors: list[tuple[str, tuple[int, ...], int, bytes]]) -> bytes:
    def text(value: str) -> bytes:
        return struct.pack("<Q", len(value)) + value.encode()

    head = b"GGUF" + struct.pack("<IQQ", 3, len(tensors), 2)
    head += text("general.architecture") + struct.pack("<I", 8) + text("llama")
    head += text("tokens") + struct.pack("<IIQ", 9, 8, 2) + text("a") + text("b")
    offset, infos, data = 0, b"", b""
    for name, shape, kind, blob in tensors:
        infos += text(name) + struct.pack("<I", len(shape)) + struct.pack(f"<{len(shape)}Q", *reversed(shape))
        infos += struct.pack("<IQ", kind, offset)
        padded = blob + b"\0" * (-len(blob) % 32)
        data += padded
        offset += len(padded)
    head += infos
    return head + b"\0" * (-len(head) % 32) + data


# -- ONNX, written by hand: field key = number << 3 | wire type


def varint(value: int) -> bytes:
    out = b""
    while value > 127:
        out, value = out + bytes([value & 127 | 128]), value >> 7
    return out + bytes([value])


def message(number: int, body: bytes) -> bytes:
    return varint(number << 3 | 2) + varint(len(body)) + body


def onnx_tensor(name: str, array: np.ndarray, external: dict[str, str] | None = None) -> bytes:
    body = b"".join(varint(1 << 3) + varint(extent) for extent in array.shape) + varint(2 << 3) + varint(1)
    body += message(8, name.encode())
    if external is None:
        return body + message(9, array.tobytes())
    for key, value in external.items():
        body += message(13, message(1, key.encode()) + message(2, value.encode()))
    return body + varint(14 << 3) + varint(1)


def onnx_model(graph: bytes) -> bytes:
    return varint(1 << 3) + varint(8) + message(7, graph)


def torchscript_bytes(path: Path, model: dict[str, np.ndarray]) -> bytes:
    """A TorchScript archive: the module is an object of a class that only the archive's code knows."""
    state = lab.torch_pickle(model)[2:-1]  # without PROTO and STOP
    module = b"\x80\x02c__torch__\nNet\n)\x81" + state + b"b."
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("net/data.pkl", module)
        archive.writestr("net/code/__torch__.py", "class Net(Module):\n  pass\n")
        archive.writestr("net/constants.pkl", b"\x80\x02).")
        for key, values in enumerate(model.values()):
            archive.writestr(f"net/data/{key}", values.tobytes("A"))
    return path.read_bytes()


NAMES = ("m.safetensors", "m.pt", "m.jit", "m.bin", "m.npz", "m.npy", "m.gguf", "m.onnx")
HDF5 = "m.h5"  # needs the extra `formats`


def hostile_seed(folder: Path, name: str) -> bytes:
    """A small valid file of the format that `name` says."""
    path = folder / name
    rng = np.random.default_rng(1)
    model = {"w": rng.standard_normal((8, 32)).astype(np.float32), "b": rng.standard_normal(8).astype(np.float16)}
    if name == "m.safetensors":
        lab.save_safetensors(path, model)
    elif name == "m.pt":
        lab.save_torch(path, model | {"t": np.asfortranarray(model["w"])})
    elif name == "m.jit":
        return torchscript_bytes(path, model)
    elif name == "m.bin":
        lab.save_torch_legacy(path, model)
    elif name == "m.npz":
        np.savez_compressed(path, **model)
    elif name == "m.npy":
        np.save(path, model["w"])
    elif name == "m.h5":
        import h5py

        with h5py.File(path, "w") as handle:
            handle["dense/kernel"] = model["w"]
            handle.create_dataset("dense/packed", data=model["w"], chunks=(4, 16), compression="gzip")
            handle["gone"] = h5py.ExternalLink("other.h5", "/x")
    elif name == "m.gguf":
        blocks = rng.integers(0, 100, 144 + 210, dtype=np.uint8).tobytes()
        path.write_bytes(
            gguf_bytes(
                [
                    ("w", (8, 32), 0, model["w"].tobytes()),
                    ("q", (2, 32), 8, bytes(68)),
                    ("k", (1, 256), 12, blocks[:144]),
                    ("s", (1, 256), 14, blocks[144:]),
                ]
            )
        )
    else:
        inner = message(5, message(1, b"b") + message(6, message(5, onnx_tensor("i", model["w"]))))
        outside = onnx_tensor("e", model["w"], {"location": "data.bin", "offset": "0", "length": "1024"})
        (folder / "data.bin").write_bytes(bytes(1024))
        graph = message(5, onnx_tensor("w", model["w"])) + message(5, outside) + message(1, message(4, b"If") + inner)
        path.write_bytes(onnx_model(graph))
    return path.read_bytes()


def read_all(path: Path) -> bool:
    """Open, read and sift everything; False where it ended in a named error. Anything else escapes."""
    try:
        with open_weights(path) as checkpoint:
            for tensor in checkpoint.tensors:
                if tensor.size < READABLE:
                    tensor.floats(0, tensor.size)
            sift(checkpoint, "left")
    except CloneDetectError as error:
        assert "\n" not in str(error)
        return False
    return True
