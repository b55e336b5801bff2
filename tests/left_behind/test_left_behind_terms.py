"""Names, messages, imports and spellings are read from any text, and none of it needs to be valid."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clonedetect.corpus import load_terms
from clonedetect.domain.left_behind import Text
from clonedetect.left_behind.chance import rare
from clonedetect.left_behind.spelling import known_misspellings, meant, misspelled
from clonedetect.left_behind.terms import names_in, normal_text, parts, plain_terms, python_terms
from clonedetect.left_behind.voice import listen

SOURCE = b'''
"""Turns herons into ospreys, mostly at dawn."""
import os, sys as system
import re
from typing import (
    Optional,
    Union as Either,
)
from .pond import Reed  # the reed of the pond stays here
MARSH_LIMIT: int = 3

def wade(water: "Optional[int]") -> Either:
    raise ValueError(f"only {water} ponds of {MARSH_LIMIT} were found")
'''


def test_what_a_file_says() -> None:
    terms = python_terms(SOURCE)
    assert {each.text for each in terms.imports} == {
        "os",
        "sys",
        "re",
        "typing:Optional",
        "typing:Union",
        ".pond:Reed",
    }
    # a quoted annotation uses Optional
    assert {each.text for each in terms.unused} == {"os", "sys", "re", ".pond:Reed"}
    assert terms.defined == {"wade", "MARSH_LIMIT"}
    assert terms.texts == {
        "Turns herons into ospreys, mostly at dawn",
        "the reed of the pond stays here",
        "only {} ponds of {} were found",
    }
    assert "herons" in terms.loose and "wade" not in terms.loose and "wade" in terms.code
    assert {"marsh", "limit", "ospreys"} <= terms.words()


def test_imports_in_strings_and_comments_are_not_imports() -> None:
    assert python_terms(b'"""\nimport pond\n"""\n# import reed\nx = "import marsh"\n').imports == ()


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("# ---- the shape of  every tile ----", "the shape of every tile"),
        ("x {a!r} of %s are not there", "x {} of {} are not there"),
        ("too short", ""),
        ("a = b + c - d / e", ""),
    ],
)
def test_texts_lose_layout_and_placeholders(line: str, said: str) -> None:
    assert normal_text(line) == said


@given(st.lists(st.sampled_from(["heron", "osprey", "pond", "reed"]), min_size=1, max_size=4))
def test_a_name_is_its_words_in_any_case_style(words: list[str]) -> None:
    snake, camel = "_".join(words), "".join(word.title() for word in words)
    assert parts(snake) == parts(camel) == parts(snake.upper()) == tuple(words)


@given(st.text(max_size=300))
def test_any_text_is_read(text: str) -> None:
    data = text.encode("utf-8", "surrogatepass")
    for terms in (python_terms(data), plain_terms(data, True)):
        assert not terms.code & terms.loose
        assert all(re.search(r"\w", said) for said in terms.texts)


@pytest.mark.parametrize("piece", [b'"""', b"'", b'"\\', b"# ", b"import (", b"from a import (", b"{", b"a.", b"\\\n"])
def test_time_grows_with_the_size_only(piece: bytes) -> None:
    started = time.perf_counter()
    python_terms(piece * (400_000 // len(piece)))
    assert time.perf_counter() - started < 20


def test_misspellings_are_those_of_the_language() -> None:
    counts = load_terms()
    assert counts.packages > 200 and len(counts.common) > 3_000
    for wrong, right in (
        ("recieved", "received"),
        ("comand", "command"),
        ("enviornment", "environment"),
        ("tokeinzer", "tokenizer"),
        ("paramaters", "parameters"),
    ):
        assert meant(wrong, counts) == right, wrong
    for word in ("received", "heron", "tiles", "colour", "normalise", "labelled", "resampler", "patches", "reed"):
        assert meant(word, counts) is None, word


def test_the_list_of_misspellings_holds_no_word_that_is_right() -> None:
    counts, known = load_terms(), known_misspellings()
    assert len(known) > 150
    assert not known.keys() & set(known.values())
    assert not known.keys() & counts.common


@given(st.text(st.characters(codec="utf-8"), max_size=200) | st.text("aZ_09 .\n-", max_size=200))
def test_names_are_what_the_pattern_finds(text: str) -> None:
    assert names_in(text) == frozenset(re.findall(r"[^\W\d]\w*", text))


def test_chances_add_up_the_same_in_any_order() -> None:
    chances = [0.1, 0.2, 0.3, 1e-17, 0.7] * 7
    assert rare(3, chances) == rare(3, sorted(chances)) == rare(3, chances[::-1])
    counts = load_terms()
    some = ["tokenizer", "zqxvw", "received", ""]
    assert counts.counts("word", some) == [counts.count("word", term) for term in some]
    assert counts.counts("word", []) == []
    words = {"recieved", "received", "zqxvw", "comand"}
    assert misspelled(words, counts) == {word for word in words if meant(word, counts)}


def test_words_are_found_in_the_texts_that_have_them() -> None:
    files = (b"heronPond = 1\n", b"# the reed\nx = heron_reed\n", b"y = 2  # POND\n")
    voice = listen(Text(f"{n}.py", str(n), data, True) for n, data in enumerate(files))
    assert voice.spots({"heron", "pond", "reed", "otter"}) == {"heron": [0, 1], "pond": [0, 2], "reed": [1]}
    assert {"heron", "pond", "reed"} <= voice.words()
