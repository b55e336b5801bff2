"""Checkpoints made for tests and benchmarks: transformer-shaped weights, what is done to them, and file writers."""

from __future__ import annotations

import json
import pickle
import struct
import zipfile
from collections.abc import Mapping
from pathlib import Path

import ml_dtypes
import numpy as np

Model = dict[str, np.ndarray]

SAFE = {"float32": "F32", "float16": "F16", "bfloat16": "BF16", "float64": "F64", "int8": "I8", "int64": "I64"}
SAFE |= {"float8_e4m3fn": "F8_E4M3", "float8_e5m2": "F8_E5M2", "uint8": "U8", "bool": "BOOL", "int32": "I32"}


def matrix(rng: np.random.Generator, rows: int, columns: int, scale: float = 0.04) -> np.ndarray:
    """A trained-looking matrix: a power-law spectrum over a noisy bulk, rows and columns of uneven norm."""
    rank = min(rows, columns, 24)
    left, right = rng.standard_normal((rows, rank)), rng.standard_normal((rank, columns))
    spikes = (left * (1.0 / np.arange(1, rank + 1) ** 0.7)) @ right / np.sqrt(rank)
    bulk = rng.standard_normal((rows, columns))
    uneven = np.exp(0.15 * rng.standard_normal((rows, 1))) * np.exp(0.15 * rng.standard_normal((1, columns)))
    return (scale * (bulk + 0.6 * spikes) * uneven).astype(np.float32)


def transformer(seed: int, layers: int = 4, width: int = 96, vocabulary: int = 400) -> Model:
    """A small encoder with the names of a common implementation; every layer has equal shapes."""
    rng = np.random.default_rng(seed)
    model: Model = {"embeddings.word_embeddings.weight": matrix(rng, vocabulary, width)}
    for layer in range(layers):
        at = f"encoder.layer.{layer}."
        for name in ("query", "key", "value"):
            model[f"{at}attention.self.{name}.weight"] = matrix(rng, width, width)
            model[f"{at}attention.self.{name}.bias"] = (0.05 * rng.standard_normal(width)).astype(np.float32)
        model[f"{at}attention.output.dense.weight"] = matrix(rng, width, width)
        model[f"{at}attention.output.dense.bias"] = (0.05 * rng.standard_normal(width)).astype(np.float32)
        for norm in ("attention.output", "output"):
            model[f"{at}{norm}.LayerNorm.weight"] = (1 + 0.1 * rng.standard_normal(width)).astype(np.float32)
            model[f"{at}{norm}.LayerNorm.bias"] = (0.05 * rng.standard_normal(width)).astype(np.float32)
        model[f"{at}intermediate.dense.weight"] = matrix(rng, 4 * width, width)
        model[f"{at}intermediate.dense.bias"] = (0.05 * rng.standard_normal(4 * width)).astype(np.float32)
        model[f"{at}output.dense.weight"] = matrix(rng, width, 4 * width)
        model[f"{at}output.dense.bias"] = (0.05 * rng.standard_normal(width)).astype(np.float32)
    model["pooler.dense.weight"] = matrix(rng, width, width)
    return model


def matrices(model: Mapping[str, np.ndarray]) -> list[str]:
    """The names of the two-dimensional tensors."""
    return [name for name, values in model.items() if values.ndim >= 2]


def renamed(model: Model) -> Model:
    """Other names, other order: `encoder.layer.N` becomes `vison.blocks.N`, and so on."""
    table = [("encoder.layer.", "vison.blocks."), ("attention.self.", "mixer."), ("embeddings.", "tok.")]
    result = {}
    for name in reversed(list(model)):
        new = name
        for old, replacement in table:
            new = new.replace(old, replacement)
        result[new] = model[name]
    return result


def noise(model: Model, sigma: float, seed: int = 7) -> Model:
    """Independent normal noise on every value."""
    rng = np.random.default_rng(seed)
    return {k: (v + sigma * rng.standard_normal(v.shape)).astype(v.dtype) for k, v in model.items()}


def cast(model: Model, dtype: type | np.dtype) -> Model:
    """Rounded to another type and stored in it."""
    return {k: v.astype(dtype) for k, v in model.items()}


def int8(model: Model, per_row: bool) -> Model:
    """Rounded to 255 levels per tensor or per row, stored as float32."""

    def rounded(v: np.ndarray) -> np.ndarray:
        step = np.abs(v).max(axis=-1 if per_row else None, keepdims=True) / 127
        return (np.rint(v / step) * step).astype(np.float32)

    return {k: rounded(v) if v.ndim >= 2 else v for k, v in model.items()}


def q_blocks(model: Model, bits: int) -> Model:
    """Q8_0 or Q4_0: blocks of 32 with a float16 step, dequantised to float32."""

    def rounded(v: np.ndarray) -> np.ndarray:
        blocks = v.reshape(-1, 32)
        if bits == 8:
            step = (np.abs(blocks).max(axis=1, keepdims=True) / 127).astype(np.float16).astype(np.float32)
            levels = np.clip(np.rint(blocks / step), -128, 127)
        else:
            largest = np.take_along_axis(blocks, np.abs(blocks).argmax(axis=1)[:, None], 1)
            step = (largest / -8).astype(np.float16).astype(np.float32)
            levels = np.clip(np.trunc(blocks / step + 8.5), 0, 15) - 8
        return (levels * step).reshape(v.shape).astype(np.float32)

    return {k: rounded(v) if v.ndim >= 2 else v for k, v in model.items()}


def lora(model: Model, rank: int = 8, seed: int = 8) -> Model:
    """A low-rank change of query and value, all else untouched."""
    rng = np.random.default_rng(seed)
    result = dict(model)
    for name, v in model.items():
        if name.endswith(("query.weight", "value.weight")):
            change = rng.standard_normal((v.shape[0], rank)) @ rng.standard_normal((rank, v.shape[1]))
            result[name] = (v + 0.004 * change).astype(np.float32)
    return result


def fine_tuned(model: Model, strength: float = 0.1, seed: int = 9) -> Model:
    """Each tensor moved by its own amount, mostly along few directions, as training does."""
    rng = np.random.default_rng(seed)
    result = {}
    for name, v in model.items():
        amount = strength * float(v.std()) * float(np.exp(0.4 * rng.standard_normal()))
        move = rng.standard_normal(v.shape)
        if v.ndim == 2:
            rank = 12
            few = (rng.standard_normal((v.shape[0], rank)) / np.arange(1, rank + 1)) @ rng.standard_normal(
                (rank, v.shape[1])
            )
            move = move + 1.2 * few
        result[name] = (v + amount * move).astype(np.float32)
    return result


def pruned(model: Model, share: float = 0.2) -> Model:
    """The smallest values of each matrix set to zero."""
    return {
        k: np.where(np.abs(v) < np.quantile(np.abs(v), share), 0, v).astype(v.dtype) if v.ndim >= 2 else v
        for k, v in model.items()
    }


def scaled(model: Model, factor: float = 1.7) -> Model:
    """Every matrix times a factor."""
    return {k: (factor * v).astype(v.dtype) if v.ndim >= 2 else v for k, v in model.items()}


def folded(model: Model, seed: int = 10) -> Model:
    """Each row of each matrix times a factor of its own, as when a normalisation is folded into it."""
    rng = np.random.default_rng(seed)
    return {
        k: (v * np.exp(0.3 * rng.standard_normal((len(v), 1)))).astype(v.dtype) if v.ndim >= 2 else v
        for k, v in model.items()
    }


def neurons_permuted(model: Model, seed: int = 11) -> Model:
    """The hidden units of every feed-forward block in another order."""
    rng = np.random.default_rng(seed)
    result = dict(model)
    for name in list(model):
        if name.endswith("intermediate.dense.weight"):
            at = name.removesuffix("intermediate.dense.weight")
            order = rng.permutation(len(model[name]))
            result[name] = model[name][order]
            result[at + "intermediate.dense.bias"] = model[at + "intermediate.dense.bias"][order]
            result[at + "output.dense.weight"] = model[at + "output.dense.weight"][:, order]
    return result


def heads_permuted(model: Model, heads: int = 6, seed: int = 12) -> Model:
    """The attention heads of every layer in another order."""
    rng = np.random.default_rng(seed)
    result = dict(model)
    for name in list(model):
        if not name.endswith("query.weight"):
            continue
        at = name.removesuffix("self.query.weight")
        width = len(model[name])
        order = np.arange(width).reshape(heads, -1)[rng.permutation(heads)].ravel()
        for part in ("query", "key", "value"):
            for kind in ("weight", "bias"):
                result[f"{at}self.{part}.{kind}"] = model[f"{at}self.{part}.{kind}"][order]
        result[f"{at}output.dense.weight"] = model[f"{at}output.dense.weight"][:, order]
    return result


def rotated(model: Model, seed: int = 13) -> Model:
    """The residual stream in a rotated basis, norm gains folded into what reads them."""
    rng = np.random.default_rng(seed)
    width = model["embeddings.word_embeddings.weight"].shape[1]
    basis = np.linalg.qr(rng.standard_normal((width, width)))[0]
    result = dict(model)
    result["embeddings.word_embeddings.weight"] = (model["embeddings.word_embeddings.weight"] @ basis).astype("f4")
    for name, v in model.items():
        if name.endswith(("query.weight", "key.weight", "value.weight", "intermediate.dense.weight")):
            result[name] = (v @ basis).astype(np.float32)
        elif name.endswith("output.dense.weight") or name.endswith("output.dense.bias"):
            result[name] = (basis.T @ v).astype(np.float32)
    return result


def transposed(model: Model) -> Model:
    """Every matrix stored the other way round."""
    return {k: np.ascontiguousarray(v.T) for k, v in model.items()}


def merged(*parts: tuple[float, Model]) -> Model:
    """A linear mixture of models."""
    return {k: sum(w * m[k] for w, m in parts).astype(np.float32) for k in parts[0][1]}


def shared_initialisation(seed_a: int, seed_b: int, seed: int = 14, learned: float = 1.2) -> tuple[Model, Model]:
    """Two models trained apart from one random state: equal bulk, different learned directions and biases."""
    start = np.random.default_rng(seed)
    shape_of = transformer(0)
    initial = {k: 0.04 * start.standard_normal(v.shape) if v.ndim >= 2 else v for k, v in shape_of.items()}
    pair = []
    for own in (seed_a, seed_b):
        rng, model = np.random.default_rng(own), {}
        for name, v in initial.items():
            if v.ndim >= 2:
                rank = 10
                few = (rng.standard_normal((v.shape[0], rank)) / np.arange(1, rank + 1) ** 0.5) @ rng.standard_normal(
                    (rank, v.shape[1])
                )
                model[name] = (v + 0.04 * learned * few / 2 + 0.012 * rng.standard_normal(v.shape)).astype(np.float32)
            else:
                model[name] = (v + 0.1 * rng.standard_normal(v.shape)).astype(np.float32)
        pair.append(model)
    return pair[0], pair[1]


def save_safetensors(path: Path, model: Mapping[str, np.ndarray]) -> Path:
    """A safetensors file."""
    header, blobs, offset = {}, [], 0
    for name, values in model.items():
        data = np.ascontiguousarray(values).tobytes()
        span = [offset, offset + len(data)]
        header[name] = {"dtype": SAFE[values.dtype.name], "shape": list(values.shape), "data_offsets": span}
        blobs.append(data)
        offset += len(data)
    text = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + b"".join(blobs))
    return path


STORAGE = {"float32": "FloatStorage", "float16": "HalfStorage", "bfloat16": "BFloat16Storage", "int64": "LongStorage"}


def _text(value: str) -> bytes:
    return pickle.BINUNICODE + struct.pack("<I", len(value.encode())) + value.encode()


def _number(value: int) -> bytes:
    return pickle.BININT + struct.pack("<i", value)


def _numbers(values: tuple[int, ...]) -> bytes:
    return pickle.MARK + b"".join(_number(v) for v in values) + pickle.TUPLE


def torch_pickle(model: Mapping[str, np.ndarray], extra: bytes = b"") -> bytes:
    """The data.pkl that torch.save would write for a state dict; `extra` opcodes leave one value, stored as `x`."""
    out = [pickle.PROTO + b"\x02", pickle.EMPTY_DICT, pickle.MARK]
    for key, (name, values) in enumerate(model.items()):
        strides = tuple(s // values.itemsize for s in values.strides)
        out += [_text(name), b"ctorch._utils\n_rebuild_tensor_v2\n", pickle.MARK, pickle.MARK, _text("storage")]
        out += [b"ctorch\n" + STORAGE[values.dtype.name].encode() + b"\n", _text(str(key)), _text("cpu")]
        out += [_number(values.size), pickle.TUPLE, pickle.BINPERSID, _number(0), _numbers(values.shape)]
        out += [_numbers(strides), pickle.NEWFALSE, b"ccollections\nOrderedDict\n", pickle.EMPTY_TUPLE, pickle.REDUCE]
        out += [pickle.TUPLE, pickle.REDUCE]
    if extra:
        out += [_text("x"), extra]
    return b"".join([*out, pickle.SETITEMS, pickle.STOP])


def save_torch(path: Path, model: Mapping[str, np.ndarray], extra: bytes = b"") -> Path:
    """A PyTorch zip file; a transposed (Fortran-order) array keeps its strides, as torch does."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("archive/data.pkl", torch_pickle(model, extra))
        archive.writestr("archive/byteorder", "little")
        for key, values in enumerate(model.values()):
            archive.writestr(f"archive/data/{key}", values.tobytes("A"))
    return path


def save_torch_legacy(path: Path, model: Mapping[str, np.ndarray]) -> Path:
    """A PyTorch file of the form before 1.6."""
    heads = [pickle.dumps(x, 2) for x in (0x1950A86A20F9469CFC6C, 1001, {"little_endian": True})]
    body = torch_pickle(model).replace(pickle.TUPLE + pickle.BINPERSID, pickle.NONE + pickle.TUPLE + pickle.BINPERSID)
    keys = pickle.dumps([str(i) for i in range(len(model))], 2)
    data = b"".join(struct.pack("<q", v.size) + v.tobytes("A") for v in model.values())
    path.write_bytes(b"".join(heads) + body + keys + data)
    return path


BFLOAT16 = ml_dtypes.bfloat16
