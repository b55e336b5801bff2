"""A tokenizer in a GGUF header is compared as one in a file of its own."""

from __future__ import annotations

import json
import struct
from collections.abc import Callable
from pathlib import Path

import pytest

from clonedetect import Options, scan
from clonedetect.errors import WeightsError
from clonedetect.weights import gguf_vocabulary

TOKENS = [f"{a}{b}{c}" for a in "bcdfgh" for b in "aeiou" for c in "klmnprst"]
MERGES = [f"{a} {b}" for a in "bcdfgh" for b in "aeiou"]
OPTIONS = Options(jobs=1, cache=False, times=False)


def text(value: str) -> bytes:
    return struct.pack("<Q", len(value.encode())) + value.encode()


def texts(values: list[str]) -> bytes:
    return struct.pack("<IIQ", 9, 8, len(values)) + b"".join(map(text, values))


def header(**keys: bytes) -> bytes:
    """A GGUF file without tensors; a key's value begins with its type."""
    named = {f"tokenizer.ggml.{key}": value for key, value in keys.items()}
    made = b"".join(text(key) + value for key, value in named.items())
    return b"GGUF" + struct.pack("<IQQ", 3, 0, len(named)) + made + b"\0" * 8_000


def whole() -> bytes:
    kinds = struct.pack("<IIQ", 9, 5, len(TOKENS) + 1) + struct.pack(f"<{len(TOKENS) + 1}i", *[1] * len(TOKENS), 3)
    model, other = struct.pack("<I", 8) + text("gpt2"), struct.pack("<If", 6, 0.5)
    return header(model=model, scores=other, tokens=texts([*TOKENS, "<stop>"]), token_type=kinds, merges=texts(MERGES))


def test_the_tokenizer_of_a_header_is_found_beside_a_file(write: Callable, tmp_path: Path) -> None:
    vocab = {token: n for n, token in enumerate(TOKENS)}
    described = {"model": {"type": "BPE", "vocab": vocab, "merges": MERGES}, "added_tokens": []}
    left = write(tmp_path / "a", {"m.gguf": whole()})
    right = write(tmp_path / "b", {"tokenizer.json": json.dumps(described)})
    finding = scan(left, right, options=OPTIONS).findings.tokenizer
    assert finding is not None
    (pair,) = finding.pairs
    assert (pair.left, pair.left_format, pair.relation) == ("m.gguf", "gguf", "identical")
    assert [(row.left, row.left_id, row.relation) for row in pair.added] == [("<stop>", len(TOKENS), "dropped")]


@pytest.mark.parametrize(
    "data",
    [
        b"GGUF",
        b"GGUX" + b"\0" * 100,
        whole()[:600],
        b"GGUF" + struct.pack("<IQQ", 3, 0, 1 << 60) + b"\0" * 99,
        header(tokens=struct.pack("<IIQ", 9, 8, 1 << 63)),
        header(tokens=struct.pack("<IIQ", 9, 4, 5)),
        header(token_type=struct.pack("<IIQ", 9, 5, 1 << 40)),
    ],
)
def test_a_broken_header_is_refused(data: bytes, write: Callable, tmp_path: Path) -> None:
    write(tmp_path, {"m.gguf": data})
    with pytest.raises(WeightsError):
        gguf_vocabulary(tmp_path / "m.gguf", "m.gguf")


def test_a_header_without_a_tokenizer_has_none(write: Callable, tmp_path: Path) -> None:
    write(tmp_path, {"m.gguf": header(model=struct.pack("<I", 8) + text("gpt2"))})
    assert gguf_vocabulary(tmp_path / "m.gguf", "m.gguf") is None
