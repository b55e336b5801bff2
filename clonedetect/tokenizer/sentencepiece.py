"""SentencePiece models without running SentencePiece: the few protobuf fields that say what the vocabulary is."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_PIECES = 2_000_000
NORMAL, UNKNOWN, CONTROL, USER, UNUSED, BYTE = 1, 2, 3, 4, 5, 6
_KINDS = {1: "unigram", 2: "bpe", 3: "word", 4: "char"}


def read_model(data: bytes) -> tuple[list[tuple[str, int]], str, str]:
    """(pieces with their type, model type, name of the normalisation rule). ValueError where it is no such model."""
    pieces: list[tuple[str, int]] = []
    model, rule = "unigram", ""
    for number, value in _fields(data):
        if number == 1 and isinstance(value, bytes):
            pieces.append(_one_piece(value))
            if len(pieces) > MAX_PIECES:
                raise ValueError(f"more than {MAX_PIECES:,} pieces")
        elif number == 2 and isinstance(value, bytes):
            kind = dict(_fields(value)).get(3, 1)
            model = _KINDS.get(kind, "unknown") if isinstance(kind, int) else "unknown"
        elif number == 3 and isinstance(value, bytes):
            name = dict(_fields(value)).get(1, b"")
            rule = name.decode("utf-8", "replace") if isinstance(name, bytes) else ""
    if not pieces:
        raise ValueError("no pieces: not a SentencePiece model")
    return pieces, model, rule


def _one_piece(data: bytes) -> tuple[str, int]:
    text, kind = "", NORMAL
    for number, value in _fields(data):
        if number == 1 and isinstance(value, bytes):
            text = value.decode("utf-8", "replace")
        elif number == 3 and isinstance(value, int):
            kind = value
    return text, kind


def _fields(data: bytes) -> Iterator[tuple[int, int | float | bytes]]:
    """The fields of one protobuf message in order. ValueError where it is truncated or malformed."""
    at = 0
    while at < len(data):
        key, at = _varint(data, at)
        wire = key & 7
        if wire == 0:
            value, at = _varint(data, at)
            yield key >> 3, value
            continue
        if wire == 2:
            length, at = _varint(data, at)
        elif wire in (1, 5):
            length = 8 if wire == 1 else 4
        else:
            raise ValueError("not a protobuf message")
        if at + length > len(data):
            raise ValueError("truncated protobuf message")
        raw = data[at : at + length]
        at += length
        yield key >> 3, raw if wire == 2 else struct.unpack("<d" if wire == 1 else "<f", raw)[0]


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        if at >= len(data) or shift > 63:
            raise ValueError("truncated or overlong number")
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7
