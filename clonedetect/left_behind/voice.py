"""What one side says and defines as a whole, from the terms of its files."""

from __future__ import annotations

import re
import sys
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path, PurePosixPath
from typing import Final

from clonedetect.domain.left_behind import Text
from clonedetect.left_behind.terms import PART, Terms, parts, plain_terms, python_terms

MOST_BYTES: Final = 40_000_000  # of one side's present texts
OPEN: Final = re.compile(
    r"(readme|notice|licen[cs]e|copying|citation|authors|credits|changelog|changes|history|news)", re.I
)
"""Documents whose business it is to name other projects."""
DEPENDENCIES: Final = re.compile(
    r"^(pyproject\.toml|setup\.(cfg|py)|.*requirements.*\.(txt|in)|environment.*\.ya?ml|pipfile.*|poetry\.lock|uv\.lock)$",
    re.I,
)
PROSE: Final = (".md", ".rst", ".txt", "(commit message)")
_PART_OR_END = re.compile(PART.pattern + r"|\n")
_TOKEN = re.compile(r"<\|?/?[A-Za-z][\w-]{1,30}\|?>")


@dataclass(frozen=True, slots=True)
class Voice:
    """One side. Names are distinct over all its present files.

    code     identifiers of code; `loose` those that stand nowhere in code, with the numbers of texts that have them
    phrases  comments and messages, with the numbers of texts that have them
    modules  dotted paths and stems of its modules; `roots` its top-level packages
    tokens   special tokens of documents; `spoken` those that code mentions
    """

    texts: tuple[Text, ...]
    terms: tuple[Terms, ...]
    code: frozenset[str]
    defined: frozenset[str]
    loose: dict[str, list[int]]
    phrases: dict[str, list[int]]
    modules: frozenset[str]
    roots: frozenset[str]
    tokens: dict[str, int]
    spoken: frozenset[str]
    importers: Counter[str]  # files that import each package
    declared: str  # all that its dependency files say, in lower case
    left_out: int

    def open_document(self, number: int) -> bool:
        """Whether a text is a document that may name other projects openly."""
        text = self.texts[number]
        return not text.python and bool(OPEN.match(PurePosixPath(text.path).name))

    def words(self) -> set[str]:
        """The lower-case words that all its names consist of."""
        return set(map(str.lower, PART.findall("\n".join(self.code | self.loose.keys()))))

    def spots(self, words: Collection[str]) -> dict[str, list[int]]:
        """The numbers of the texts whose names have each of some lower-case words; no entry for words of no text."""
        names = [*self.code, *self.loose]
        carriers: dict[str, set[str]] = {}
        at = 0
        for piece in _PART_OR_END.findall("\n".join(names)):
            if piece == "\n":
                at += 1
            elif (word := piece.lower()) in words:
                carriers.setdefault(names[at], set()).add(word)
        carrying = frozenset(carriers)
        found: dict[str, list[int]] = {}
        for number, terms in enumerate(self.terms):
            here = carrying & terms.code | carrying & terms.loose
            for word in {word for name in here for word in carriers[name]}:
                found.setdefault(word, []).append(number)
        return found


def listen(texts: Iterable[Text], read: Callable[[bytes], Terms] = python_terms) -> Voice:
    """Gather what the present texts of one side say. `read` gives the terms of Python source."""
    kept: list[Text] = []
    terms: list[Terms] = []
    size = left_out = 0
    known: dict[tuple[str, bool], Terms] = {}
    for text in texts:
        if size + len(text.data) > MOST_BYTES:
            left_out += 1
            continue
        size += len(text.data)
        key = text.blob, text.python
        if key not in known:
            known[key] = read(text.data) if text.python else plain_terms(text.data, text.path.endswith(PROSE))
        kept.append(text)
        terms.append(known[key])
    code = frozenset(name for each in terms for name in each.code)
    loose: dict[str, list[int]] = {}
    phrases: dict[str, list[int]] = {}
    for number, each in enumerate(terms):
        for name in each.loose - code:
            loose.setdefault(name, []).append(number)
        for said in each.texts:
            phrases.setdefault(said, []).append(number)
    modules, roots = _modules(kept)
    tokens: dict[str, int] = {}
    spoken: set[str] = set()
    declared: list[str] = []
    for number, text in enumerate(kept):
        found = set(_TOKEN.findall(text.data.decode("utf-8", "replace"))) - standard_tokens()
        if text.python:
            spoken |= found
        elif text.path.endswith((".json", ".jinja", ".txt")):
            for token in sorted(found):
                tokens.setdefault(token, number)
        if DEPENDENCIES.match(PurePosixPath(text.path).name):
            declared.append(text.data.decode("utf-8", "replace").lower())
    defined = frozenset(name for each in terms for name in each.defined)
    return Voice(
        tuple(kept),
        tuple(terms),
        code,
        defined,
        loose,
        phrases,
        modules,
        roots,
        tokens,
        frozenset(spoken),
        Counter(root for each in terms for root in {one.module.split(".")[0] for one in each.imports}),
        "\n".join(declared),
        left_out,
    )


def _modules(texts: Sequence[Text]) -> tuple[frozenset[str], frozenset[str]]:
    """Every way to name a module of these files: the whole dotted path and each tail of it; and the top packages."""
    modules: set[str] = set()
    roots: set[str] = set()
    packages = {str(PurePosixPath(t.path).parent) for t in texts if t.path.endswith("/__init__.py")}
    for text in texts:
        path = PurePosixPath(text.path)
        if path.suffix != ".py":
            continue
        names = [*path.parent.parts, *([] if path.stem == "__init__" else [path.stem])]
        for first in range(len(names)):
            modules.add(".".join(names[first:]))
        for last in range(1, len(names)):
            modules |= {".".join(names[first:last]) for first in range(last)}
    for package in sorted(packages):
        if str(PurePosixPath(package).parent) not in packages:
            roots.add(PurePosixPath(package).name)
    return frozenset(modules), frozenset(roots - {"tests", "test", "src", "lib", "docs", "scripts", "examples"})


@cache
def standard_tokens() -> frozenset[str]:
    """Special tokens and tags that any project may have."""
    return frozenset(Path(__file__).with_name("tokens.txt").read_text("utf-8").split())


def distinctive(name: str) -> bool:
    """Whether a name is long and composed enough to belong to one project."""
    return len(name) >= 8 and len([part for part in parts(name) if len(part) > 1]) >= 2 and not name.startswith("__")


def standard_module(root: str) -> bool:
    """Whether an import root is the standard library's."""
    return root in sys.stdlib_module_names
