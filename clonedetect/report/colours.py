"""Syntax classes of quoted source, in few bytes: words that always have one class once, the rest as runs.

Letters are classes of report.css: c comment, s string, k keyword, m number, b builtin, d decorator, f defined name.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Final

from pygments.lexer import Lexer
from pygments.lexers.python import PythonLexer
from pygments.token import Comment, Keyword, Name, Number, String, _TokenType

LONGEST: Final = 2_000  # columns; regular expressions of a lexer can be slow on longer lines
# The first that matches; none for plain text.
_LETTERS: Final[tuple[tuple[_TokenType, str], ...]] = (
    (Comment, "c"),
    (String, "s"),
    (Keyword, "k"),
    (Number, "m"),
    (Name.Builtin.Pseudo, ""),  # `self` on every other line would colour nothing but the page's size
    (Name.Builtin, "b"),
    (Name.Decorator, "d"),
    (Name.Function, "f"),
    (Name.Class, "f"),
)
_WORD: Final = re.compile(r"[^\W\d]\w*")
_RUN: Final = 3  # characters of a short run, about


def can_colour(path: str, lines: Sequence[str]) -> bool:
    """Whether the lexer knows the file and can read it in reasonable time."""
    return path.partition("#")[0].endswith((".py", ".pyi", ".ipynb")) and all(len(line) <= LONGEST for line in lines)


def syntax(texts: Sequence[str]) -> tuple[dict[str, str], list[str]]:
    """(letter to words that have it wherever they stand, the other classes of each text as runs).

    Numbers need neither: they begin with a digit. In a run, `3kEfC` is three plain characters, five of class k, one
    plain, three of class f; lengths are in `length`'s digits.
    """
    lexed = [[(_letter(kind), value) for _, kind, value in _lexer().get_tokens_unprocessed(text)] for text in texts]
    classes: dict[str, Counter[str]] = defaultdict(Counter)
    for tokens in lexed:
        for letter, value in tokens:
            if letter not in ("s", "c"):
                for word in _WORD.findall(value):
                    classes[word][letter] += 1
    known: dict[str, str] = {}
    for word, letters in classes.items():
        letter, times = next(iter(letters.items()))
        if len(letters) == 1 and letter in ("k", "b") and times * _RUN >= len(word):
            known[word] = letter
    words = {letter: " ".join(sorted(w for w, own in known.items() if own == letter)) for letter in ("k", "b")}
    return words, ["".join(_runs(tokens, known)) for tokens in lexed]


def _runs(tokens: Sequence[tuple[str, str]], known: dict[str, str]) -> Iterator[str]:
    letter, size, plain = "", 0, 0
    for own, value in (*tokens, ("", "")):
        new = "" if own == "m" or value in known else own
        if letter and new != letter:
            yield f"{'' if plain == 1 else plain}{letter}{length(size)}"
            size, plain = 0, 0
        letter = new
        if new:
            size += len(value)
        else:
            plain += len(value)


def length(number: int) -> str:
    """A number from 1 in capital letters, base 26 with A for nought."""
    digits = ""
    while number or not digits:
        number, digit = divmod(number, 26)
        digits = chr(65 + digit) + digits
    return digits


@cache
def _letter(kind: _TokenType) -> str:
    return next((letter for known, letter in _LETTERS if kind in known), "")


@cache
def _lexer() -> Lexer:
    return PythonLexer(stripnl=False, ensurenl=False)
