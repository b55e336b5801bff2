"""The tokenizer that a GGUF header holds; no tensor is looked at."""

from __future__ import annotations

import struct
from pathlib import Path

from clonedetect.domain.tokenizer import GgufVocabulary
from clonedetect.errors import WeightsError
from clonedetect.weights.gguf import MAX_KEYS, Cursor
from clonedetect.weights.tensors import ByteFile

MAX_TOKENS = 2_000_000
MAX_TEXT = 100_000_000  # bytes of all tokens, or of all merges
_TEXT, _ARRAY, _INTEGER = 8, 9, 5  # types of metadata values
_TEXTS = ("tokenizer.ggml.tokens", "tokenizer.ggml.merges")
_WORDS = ("tokenizer.ggml.model", "tokenizer.ggml.pre")
_KINDS = "tokenizer.ggml.token_type"


def gguf_vocabulary(path: Path, name: str) -> GgufVocabulary | None:
    """The tokenizer in a GGUF header, under `name`; None where there is none. WeightsError for a broken header."""
    file = ByteFile(path)
    try:
        return _read(Cursor(file), name)
    finally:
        file.close()


def _read(cursor: Cursor, name: str) -> GgufVocabulary | None:
    if cursor.take(4) != b"GGUF" or cursor.u32() not in (2, 3):
        raise WeightsError(f"{name}: not a GGUF file of version 2 or 3")
    cursor.u64()
    keys = cursor.u64()
    if keys > MAX_KEYS:
        raise WeightsError(f"{name}: GGUF header declares {keys} keys")
    words: dict[str, str] = {}
    texts: dict[str, tuple[str, ...]] = {}
    kinds: tuple[int, ...] = ()
    for _ in range(keys):
        key, kind = cursor.text(), cursor.u32()
        if key in _WORDS and kind == _TEXT:
            words[key] = cursor.text()
        elif key in _TEXTS and kind == _ARRAY:
            texts[key] = _strings(cursor, name)
        elif key == _KINDS and kind == _ARRAY:
            kinds = _integers(cursor, name)
        else:
            cursor.skip_value(kind)
    tokens = texts.get(_TEXTS[0])
    if not tokens:
        return None
    return GgufVocabulary(name, words.get(_WORDS[0], ""), tokens, kinds, texts.get(_TEXTS[1], ()), words.get(_WORDS[1]))


def _count(cursor: Cursor, name: str, kind: int) -> int:
    inner, count = cursor.u32(), cursor.u64()
    if inner != kind or count > MAX_TOKENS:
        raise WeightsError(f"{name}: a list of the tokenizer has {count} items of type {inner}")
    return count


def _strings(cursor: Cursor, name: str) -> tuple[str, ...]:
    found, size = [], 0
    for _ in range(_count(cursor, name, _TEXT)):
        found.append(cursor.text())
        size += len(found[-1])
        if size > MAX_TEXT:
            raise WeightsError(f"{name}: more than {MAX_TEXT:,} bytes of tokens or merges")
    return tuple(found)


def _integers(cursor: Cursor, name: str) -> tuple[int, ...]:
    count = _count(cursor, name, _INTEGER)
    return struct.unpack(f"<{count}i", cursor.take(4 * count))
