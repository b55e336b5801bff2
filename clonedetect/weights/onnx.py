"""ONNX: the protobuf read by hand for its tensors only (initialisers, Constant nodes, subgraphs, external data).

Reading the wire format directly needs no `onnx`, loads no values, and has no size limit of its own.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import ml_dtypes
import numpy as np

from clonedetect.domain.weights import Excluded
from clonedetect.errors import WeightsError
from clonedetect.weights.tensors import (
    ArraySource,
    ByteFile,
    Checkpoint,
    RawSource,
    Source,
    Tensor,
    checked_shape,
)

MAX_DEPTH = 24
MAX_FIELDS = 5_000_000
WINDOW = 1 << 20

DTYPES = {
    1: np.dtype("<f4"),
    2: np.dtype("u1"),
    3: np.dtype("i1"),
    4: np.dtype("<u2"),
    5: np.dtype("<i2"),
    6: np.dtype("<i4"),
    7: np.dtype("<i8"),
    9: np.dtype("?"),
    10: np.dtype("<f2"),
    11: np.dtype("<f8"),
    12: np.dtype("<u4"),
    13: np.dtype("<u8"),
    16: np.dtype(ml_dtypes.bfloat16),
    17: np.dtype(ml_dtypes.float8_e4m3fn),
    18: np.dtype(ml_dtypes.float8_e4m3fnuz),
    19: np.dtype(ml_dtypes.float8_e5m2),
    20: np.dtype(ml_dtypes.float8_e5m2fnuz),
}
# field numbers of the messages, as published in onnx.proto
MODEL_GRAPH, MODEL_FUNCTIONS = 7, 25
GRAPH_NODE, GRAPH_INITIALIZER = 1, 5
NODE_OUTPUT, NODE_OP, NODE_ATTRIBUTE, FUNCTION_NODE = 2, 4, 5, 7
ATTRIBUTE_T, ATTRIBUTE_G, ATTRIBUTE_TENSORS, ATTRIBUTE_GRAPHS = 5, 6, 10, 11


class _Wire:
    """Fields of a protobuf message, by position in the file."""

    def __init__(self, file: ByteFile) -> None:
        self.file = file
        self.count = 0
        self._begin, self._window = 0, b""

    def byte(self, position: int) -> int:
        """One byte, through a window."""
        index = position - self._begin
        if not 0 <= index < len(self._window):
            length = min(WINDOW, self.file.size - position)
            if length <= 0:
                raise WeightsError(f"{self.file.path}: truncated ONNX file")
            self._begin, self._window, index = position, self.file.read(position, length), 0
        return self._window[index]

    def varint(self, position: int) -> tuple[int, int]:
        """A number and the position after it."""
        value = shift = 0
        while True:
            byte = self.byte(position)
            position += 1
            value |= (byte & 127) << shift
            shift += 7
            if value >> 64 or (byte & 128 and shift > 63):  # ten bytes hold 70 bits
                raise WeightsError(f"{self.file.path}: not a readable ONNX file (a number of more than 64 bits)")
            if not byte & 128:
                return value, position

    def fields(self, begin: int, end: int) -> Iterator[tuple[int, int, int, int]]:
        """(field number, wire type, begin, end) of each field of the message at [begin, end); a number is `begin`."""
        position = begin
        while position < end:
            self.count += 1
            if self.count > MAX_FIELDS:
                raise WeightsError(f"{self.file.path}: an ONNX file of more than {MAX_FIELDS} fields")
            tag, position = self.varint(position)
            number, wire = tag >> 3, tag & 7
            if wire == 0:
                value, position = self.varint(position)
                yield number, wire, value, position
                continue
            if wire == 2:
                length, position = self.varint(position)
            elif wire in (1, 5):
                length = 8 if wire == 1 else 4
            else:
                raise WeightsError(f"{self.file.path}: not a readable ONNX file (wire type {wire})")
            if position + length > end:
                raise WeightsError(f"{self.file.path}: truncated ONNX file")
            yield number, wire, position, position + length
            position += length

    def text(self, begin: int, end: int) -> str:
        """A string field, cut to a sane length."""
        return self.file.read(begin, min(end - begin, 4096)).decode("utf-8", "replace")


@dataclass(slots=True)
class _Proto:
    """A TensorProto as found."""

    dims: list[int] = field(default_factory=list)
    kind: int = 0
    name: str = ""
    raw: tuple[int, int] | None = None
    literals: list[tuple[int, int, int, int]] = field(default_factory=list)
    external: dict[str, str] = field(default_factory=dict)


class _Reader:
    def __init__(self, file: ByteFile) -> None:
        self.wire = _Wire(file)
        self.file = file
        self.tensors: dict[str, Tensor] = {}
        self.skipped: list[Excluded] = []
        self.others: dict[Path, ByteFile] = {}

    def graph(self, begin: int, end: int, prefix: str, depth: int) -> None:
        """Initialisers first, then nodes, each with its subgraphs."""
        if depth > MAX_DEPTH:
            raise WeightsError(f"{self.file.path}: ONNX subgraphs nested more than {MAX_DEPTH} deep")
        for number, wire, first, last in self.wire.fields(begin, end):
            if number == GRAPH_INITIALIZER and wire == 2:
                self.tensor(first, last, prefix, "")
            elif number == GRAPH_NODE and wire == 2:
                self.node(first, last, prefix, depth)

    def node(self, begin: int, end: int, prefix: str, depth: int) -> None:
        """Constant tensors are named by the node's output; subgraphs carry it as prefix."""
        output, operator, attributes = "", "", []
        for number, wire, first, last in self.wire.fields(begin, end):
            if wire != 2:
                continue
            if number == NODE_OUTPUT and not output:
                output = self.wire.text(first, last)
            elif number == NODE_OP:
                operator = self.wire.text(first, last)
            elif number == NODE_ATTRIBUTE:
                attributes.append((first, last))
        for first, last in attributes:
            for number, wire, inner, after in self.wire.fields(first, last):
                if wire != 2:
                    continue
                if number in (ATTRIBUTE_T, ATTRIBUTE_TENSORS):
                    self.tensor(inner, after, prefix, output or operator)
                elif number in (ATTRIBUTE_G, ATTRIBUTE_GRAPHS):
                    self.graph(inner, after, f"{prefix}{output or operator}/", depth + 1)

    def tensor(self, begin: int, end: int, prefix: str, fallback: str) -> None:
        """One TensorProto; what cannot be read is a reason, not an error."""
        proto = _Proto()
        for number, wire, first, last in self.wire.fields(begin, end):
            if number == 1:
                proto.dims += [first] if wire == 0 else self._packed(first, last)
            elif number == 2 and wire == 0:
                proto.kind = first
            elif number == 8 and wire == 2:
                proto.name = self.wire.text(first, last)
            elif number == 9 and wire == 2:
                proto.raw = (first, last)
            elif number in (4, 5, 7, 10, 11):
                proto.literals.append((number, wire, first, last))
            elif number == 13 and wire == 2:
                pair = {n: self.wire.text(a, b) for n, w, a, b in self.wire.fields(first, last) if w == 2}
                proto.external[pair.get(1, "")] = pair.get(2, "")
        base = prefix + (proto.name or fallback or "constant")
        name, count = base, 1
        while name in self.tensors:
            count += 1
            name = f"{base}#{count}"
        try:
            self.tensors[name] = self._made(name, proto)
        except WeightsError as error:
            self.skipped.append(Excluded(name, str(error)))

    def _packed(self, begin: int, end: int) -> list[int]:
        values, position = [], begin
        while position < end:
            value, position = self.wire.varint(position)
            values.append(value)
            if len(values) > 1 << 22:
                raise WeightsError("a literal of more than 4 million numbers")
        return values

    def _made(self, name: str, proto: _Proto) -> Tensor:
        dtype = DTYPES.get(proto.kind)
        if dtype is None:
            raise WeightsError(f"element type {proto.kind} is not supported")
        shape = checked_shape(proto.dims, name)
        size = math.prod(shape) * dtype.itemsize
        source: Source
        if proto.external:
            source = self._external(proto.external, size, dtype)
        elif proto.raw is not None:
            if proto.raw[1] - proto.raw[0] != size:
                raise WeightsError(f"{proto.raw[1] - proto.raw[0]} bytes do not hold shape {list(shape)}")
            source = RawSource(self.file, proto.raw[0], dtype)
        else:
            source = self._literal(proto, math.prod(shape), dtype)
        return Tensor(name, shape, dtype.name, self.file.path.name, source)

    def _literal(self, proto: _Proto, count: int, dtype: np.dtype) -> Source:
        parts: list[np.ndarray] = []
        for number, wire, first, last in proto.literals:
            if number in (4, 10):
                width = np.dtype("<f4") if number == 4 else np.dtype("<f8")
                if (last - first) % width.itemsize:
                    raise WeightsError("a literal of broken length")
                if wire == 2 and number == 4 and dtype == width and last - first == count * 4:
                    return RawSource(self.file, first, dtype)
                parts.append(np.frombuffer(self.file.read(first, last - first), width))
            else:
                numbers = [first] if wire == 0 else self._packed(first, last)
                parts.append(np.array(numbers, np.uint64).astype(np.int64))
        values = np.concatenate(parts) if parts else np.empty(0, dtype)
        if values.size != count:
            raise WeightsError(f"{values.size} values do not fill its shape")
        if dtype.kind == "V" or dtype == np.float16 or dtype.name.startswith(("bfloat", "float8")):
            bits = np.uint16 if dtype.itemsize == 2 else np.uint8
            return ArraySource(values.astype(bits).view(dtype))
        return ArraySource(values.astype(dtype))

    def _external(self, entries: dict[str, str], size: int, dtype: np.dtype) -> Source:
        location = entries.get("location", "")
        directory = self.file.path.resolve().parent
        if not location or Path(location).is_absolute() or ".." in Path(location).parts:
            raise WeightsError(f"external data at {location!r} would leave the model's directory; not followed")
        try:
            target = (directory / location).resolve()
            inside = target.is_relative_to(directory) and target.is_file()
        except (OSError, ValueError, RuntimeError):
            inside, target = False, directory
        if not inside:
            raise WeightsError(f"external data at {location!r}: no such file in the model's directory")
        if target == self.file.path.resolve():
            raise WeightsError(f"external data at {location!r} points back to the model itself; not followed")
        try:
            offset, length = int(entries.get("offset", "0")), int(entries.get("length", str(size)))
        except ValueError as error:
            raise WeightsError("external data whose offset is no number") from error
        if target not in self.others:
            self.others[target] = ByteFile(target)
        if length != size or offset < 0 or offset + size > self.others[target].size:
            raise WeightsError(f"external data at {location!r} is truncated or of the wrong length")
        return RawSource(self.others[target], offset, dtype)


def read_onnx(path: Path) -> Checkpoint:
    """An ONNX model's tensors. WeightsError where the file is broken; broken tensors are set aside with a reason."""
    file = ByteFile(path)
    reader = _Reader(file)
    try:
        graphs = 0
        for number, wire, begin, end in reader.wire.fields(0, file.size):
            if number == MODEL_GRAPH and wire == 2:
                graphs += 1
                reader.graph(begin, end, "", 0)
            elif number == MODEL_FUNCTIONS and wire == 2:
                for inner, kind, first, last in reader.wire.fields(begin, end):
                    if inner == FUNCTION_NODE and kind == 2:
                        reader.node(first, last, "function/", 0)
        if not graphs:
            raise WeightsError(f"{path}: not an ONNX model (it has no graph)")
    except BaseException:
        for handle in (file, *reader.others.values()):
            handle.close()
        raise
    handles = (file, *reader.others.values())
    return Checkpoint(str(path), "onnx", tuple(reader.tensors.values()), tuple(reader.skipped), files=handles)
