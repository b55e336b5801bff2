"""Every format of one vocabulary gives the same bytes; what is broken is a reason, never a traceback."""

from __future__ import annotations

import base64
import json
import struct
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clonedetect.domain.tokenizer import GgufVocabulary
from clonedetect.tokenizer import from_gguf, read_vocabularies, read_vocabulary
from clonedetect.tokenizer.vocabulary import byte_alphabet

LETTERS = {byte: letter for letter, byte in byte_alphabet().items()}
TOKENS = [b" the", b"the", "é".encode(), b"\n\n", b"\xff", b"ing", b" ", b"a", b"b", b"ab"]


def written(token: bytes) -> str:
    return "".join(LETTERS[byte] for byte in token)


def varint(number: int) -> bytes:
    out = bytearray()
    while True:
        out.append(number & 0x7F | (0x80 if number > 0x7F else 0))
        number >>= 7
        if not number:
            return bytes(out)


def field(number: int, value: bytes | int | float) -> bytes:
    if isinstance(value, bytes):
        return varint(number << 3 | 2) + varint(len(value)) + value
    if isinstance(value, float):
        return varint(number << 3 | 5) + struct.pack("<f", value)
    return varint(number << 3) + varint(value)


def piece(text: str, kind: int = 1) -> bytes:
    return field(1, field(1, text.encode()) + field(2, -1.5) + field(3, kind))


def byte_level() -> dict[str, int]:
    return {written(token): i for i, token in enumerate(TOKENS)}


def test_formats_of_one_vocabulary_agree():
    vocab = byte_level()
    merges = [[written(b"a"), written(b"b")]]
    whole = {"model": {"type": "BPE", "vocab": vocab, "merges": merges}, "added_tokens": [{"id": 10, "content": "<x>"}]}
    ranks = b"".join(base64.b64encode(t) + b" %d\n" % i for i, t in enumerate(TOKENS))
    tekken = {
        "config": {"pattern": "x"},
        "vocab": [{"rank": i, "token_bytes": base64.b64encode(t).decode()} for i, t in enumerate(TOKENS)],
        "special_tokens": [{"rank": 10, "token_str": "<x>"}],
    }
    files = {
        "hf/tokenizer.json": json.dumps(whole).encode(),
        "gpt/vocab.json": json.dumps(vocab).encode(),
        "gpt/merges.txt": b"#version: 0.2\na b\n",
        "gpt/added_tokens.json": b'{"<x>": 10}',
        "llama/tokenizer.model": ranks,
        "mistral/tekken.json": json.dumps(tekken).encode(),
    }
    found, skipped = read_vocabularies(files.items())
    assert not skipped
    expected = tuple(enumerate(TOKENS))
    assert {v.path: v.tokens for v in found} == dict.fromkeys(
        ("gpt/vocab.json", "hf/tokenizer.json", "llama/tokenizer.model", "mistral/tekken.json"), expected
    )
    by_path = {v.path: v for v in found}
    assert by_path["hf/tokenizer.json"].merges == by_path["gpt/vocab.json"].merges == ((b"a", b"b"),)
    for path in ("hf/tokenizer.json", "gpt/vocab.json", "mistral/tekken.json"):
        assert by_path[path].added == ((10, "<x>"),)
    gguf = GgufVocabulary("m.gguf", "gpt2", (*vocab, "<x>"), (1,) * 10 + (4,), ("a b",), None)
    assert (from_gguf(gguf).tokens, from_gguf(gguf).added) == (expected, ((10, "<x>"),))


def test_sentencepiece_and_unigram_json_agree():
    texts = ["<unk>", "<s>", "<0x0A>", "\u2581the", "ing", "é"]
    kinds = [2, 3, 6, 1, 1, 1]
    model = b"".join(piece(t, k) for t, k in zip(texts, kinds, strict=True))
    model += field(2, field(3, 2)) + field(3, field(1, b"nmt_nfkc"))
    read = read_vocabulary("spiece.model", model)
    assert read.format == "sentencepiece bpe" and read.normaliser == "nmt_nfkc"
    assert read.added == ((1, "<s>"),)
    assert dict(read.tokens)[2] == b"\n" and dict(read.tokens)[3] == b" the"
    raw = {"model": {"vocab": [[t, -1.0] for t in texts]}, "added_tokens": [{"id": 1, "content": "<s>"}]}
    assert read_vocabulary("tokenizer.json", json.dumps(raw).encode()).tokens == read.tokens


def test_wordpiece_marks_what_begins_a_word():
    read = read_vocabulary("vocab.txt", b"[PAD]\nthe\n##ing\n##s\n")
    assert dict(read.tokens) == {0: b" [PAD]", 1: b" the", 2: b"ing", 3: b"s"}


def test_one_directory_is_one_tokenizer():
    vocab = json.dumps({"model": {"vocab": byte_level()}}).encode()
    config = json.dumps({"added_tokens_decoder": {"11": {"content": "<y>"}}}).encode()
    files = [("a/tokenizer.json", vocab), ("a/vocab.json", b"{}"), ("a/tokenizer_config.json", config)]
    (found,), skipped = read_vocabularies(files)
    assert not skipped and found.path == "a/tokenizer.json" and found.added == ((11, "<y>"),)


BROKEN = {
    "deep/tokenizer.json": b'{"model":' * 10_000,
    "text/tokenizer.json": b"not json",
    "list/vocab.json": b"[]",
    "empty/vocab.json": b"{}",
    "types/tokenizer.json": b'{"model": {"vocab": 3}}',
    "rows/tekken.json": b'{"vocab": [{"rank": "a"}]}',
    "bytes/tekken.json": b'{"vocab": [{"rank": 1, "token_bytes": "!"}]}',
    "ranks/x.tiktoken": b"aGk= 0\nbroken\n",
    "long/tokenizer.model": field(1, b"")[:1] + varint(1 << 63),
    "cut/spiece.model": piece("word")[:-3],
    "wire/spiece.model": b"\x0f\x0f\x0f",
    "over/spiece.model": b"\xff" * 40,
}


def test_broken_files_are_skipped_with_a_reason():
    found, skipped = read_vocabularies(BROKEN.items())
    assert not found
    assert {s.path for s in skipped} == set(BROKEN)
    assert all(s.reason.startswith("no readable tokenizer: ") and len(s.reason) > 30 for s in skipped)


def test_duplicate_keys_keep_the_last_and_odd_entries_are_left_out():
    data = b'{"ab": 0, "ab": 3, "cd": "x", "ef": 1.5, "gh": true, "ij": 4}'
    assert read_vocabulary("vocab.json", data).tokens == ((3, b"ab"), (4, b"ij"))


def test_a_file_of_100_megabytes_is_refused_at_once():
    start = time.perf_counter()
    found, skipped = read_vocabularies([("tokenizer.json", b"[" * 100_000_000)])
    assert not found and "larger than" in skipped[0].reason
    assert time.perf_counter() - start < 2


def test_a_published_ranks_file_ends_with_an_empty_token():
    read = read_vocabulary("gpt2.tiktoken", b"aGk= 0\nIQ== 1\n= 2\n")
    assert read.tokens == ((0, b"hi"), (1, b"!"), (2, b""))


@given(st.binary(max_size=400), st.sampled_from(["tokenizer.json", "vocab.txt", "x.tiktoken", "tokenizer.model"]))
def test_any_bytes_are_read_or_refused(data: bytes, name: str):
    try:
        read = read_vocabulary(name, data)
    except ValueError:
        return
    assert read.tokens


@given(
    st.recursive(
        st.none() | st.integers() | st.text(max_size=4),
        lambda inner: (
            st.lists(inner, max_size=4)
            | st.dictionaries(
                st.sampled_from(
                    ["model", "vocab", "merges", "added_tokens", "id", "content", "pre_tokenizer", "normalizer", "x"]
                ),
                inner,
                max_size=4,
            )
        ),
    )
)
def test_any_json_is_read_or_refused(value: object):
    for name in ("tokenizer.json", "vocab.json", "tekken.json"):
        try:
            read_vocabulary(name, json.dumps(value).encode(), b"a b", [json.dumps(value).encode()])
        except ValueError:
            continue


@pytest.mark.parametrize(
    "side", [b"[]", b"{", b'{"a": 1, "b": "c"}', b'{"added_tokens_decoder": {"\xc2\xb2": {"content": "x"}}}']
)
def test_odd_lists_of_added_tokens_add_nothing(side: bytes):
    assert read_vocabulary("vocab.json", b'{"a": 0}', b"", [side]).added == ()
