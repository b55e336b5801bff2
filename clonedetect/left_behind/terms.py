"""What a file says beside its structure: names, words, comments and messages, imports. Read by regular expressions.

Linear in the size of the text, on any text: a file that is no valid Python still has comments and names.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from clonedetect.domain.left_behind import TermKind

LONGEST: Final = 1_000_000  # bytes of a file; what lies behind is not read
LEAST_WORDS: Final = 3  # of a comment or message
LEAST_TEXT: Final = 16  # characters of a comment or message
MOST_TEXT: Final = 300
COUNTED_WORD: Final = 4  # letters of a word, and of a name, that the background counts
COUNTED_NAME: Final = 6

# Every alternative ends somewhere, at the end of the text at last: what was read is never read again.
_LEXEME = re.compile(
    r"(?P<comment>#[^\n]*)"
    r"|\"\"\"(?P<long>(?:[^\\\"]++|\\.|\"(?!\"\"))*+)(?:\"\"\"|\\?\Z)"
    r"|'''(?P<long2>(?:[^\\']++|\\.|'(?!''))*+)(?:'''|\\?\Z)"
    r"|\"(?P<short>(?:[^\\\"\n]++|\\.)*+)(?:\"|(?=\n)|\\?\Z)"
    r"|'(?P<short2>(?:[^\\'\n]++|\\.)*+)(?:'|(?=\n)|\\?\Z)",
    re.DOTALL,
)
_STEP: Final = _LEXEME.groups + 1
_NAME = re.compile(r"[^\W\d]\w*")
_BREAKS: Final = {n: " " for n in range(128) if not (chr(n).isalnum() or chr(n) == "_")}
_DIGITS: Final = "0123456789"
PART = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
_HOLE = re.compile(r"\{[^{}]*\}|%[-#0-9.]*[sdrfgxi]|%\(\w+\)[srdf]")
_IMPORT = re.compile(
    r"^[ \t]*(?:from[ \t]+(?P<module>\.*[\w.]*)[ \t]+import[ \t]+(?P<names>\([^)]*(?:\)|\Z)|(?:[^\n;\\]|\\\n)*)"
    r"|import[ \t]+(?P<modules>(?:[^\n;\\]|\\\n)*))",
    re.MULTILINE,
)
_ALIAS = re.compile(r"([\w.]+)(?:\s+as\s+(\w+))?")
_DEFINED = re.compile(
    r"^[ \t]*(?:async[ \t]+)?(?:def|class)[ \t]+(\w+)|^([A-Z][A-Z0-9_]{2,})\b[^=\n]*=(?!=)", re.MULTILINE
)


@dataclass(frozen=True, slots=True)
class Import:
    """One imported name. `module` is as written, with its leading dots; `bound` the name that it gives the file."""

    module: str
    name: str  # "" for `import module`
    bound: str

    @property
    def text(self) -> str:
        """The import in one word: `module:name`."""
        return f"{self.module}:{self.name}" if self.name else self.module


@dataclass(frozen=True, slots=True)
class Terms:
    """What one file says.

    code       identifiers of the code; `loose` those that stand in strings and comments only
    texts      comments and messages of several words, layout and placeholders aside
    imports    every import of the code; `unused` those whose name the file never uses
    defined    names of definitions and constants
    """

    code: frozenset[str]
    loose: frozenset[str]
    texts: frozenset[str]
    imports: tuple[Import, ...]
    unused: tuple[Import, ...]
    defined: frozenset[str]

    def words(self) -> set[str]:
        """The lower-case words that all names, comments and strings consist of."""
        return {part for names in (self.code, self.loose) for name in names for part in parts(name)}


def python_terms(data: bytes) -> Terms:
    """The terms of Python source."""
    text = data[:LONGEST].decode("utf-8", "replace")
    pieces = _LEXEME.split(text)  # code, then the five groups of a lexeme, then code again
    said: list[str] = []
    brief: list[str] = []
    code: list[str] = []
    for at in range(0, len(pieces) - _STEP, _STEP):
        before, comment, long, long2, short, short2 = pieces[at : at + _STEP]
        code.append(before)
        if comment is not None:
            said.append(comment)
            code.append(" ")
            continue
        code.append(" 0 ")
        if (spoken := short if short is not None else short2) is not None:
            brief.append(spoken)
            said.append(spoken)
        else:
            said.append(long if long is not None else long2)
    code.append(pieces[-1])
    bare, talk = "".join(code), "\n".join(said)
    names = names_in(bare)
    imports, rest = _imports(bare)
    return Terms(
        code=names,
        loose=names_in(talk) - names,
        texts=_texts(talk),
        imports=imports,
        unused=_unused(rest, imports, names_in("\n".join(brief))),
        defined=frozenset(a or b for a, b in _DEFINED.findall(bare)),
    )


def plain_terms(data: bytes, prose: bool) -> Terms:
    """The terms of any other text: a configuration file, or prose: a document, a commit message."""
    text = data[:LONGEST].decode("utf-8", "replace")
    none: frozenset[str] = frozenset()
    return Terms(none, names_in(text), _texts(text) if prose else none, (), (), none)


def names_in(text: str) -> frozenset[str]:
    """All names in a text, whatever stands around them."""
    if not text.isascii():
        return frozenset(_NAME.findall(text))
    # The same several times faster: a word of plain text is a name behind its leading digits.
    words = set(text.translate(_BREAKS).split())
    return frozenset(words - (numbers := {word for word in words if word[0] in _DIGITS})).union(
        name for number in numbers if (name := number.lstrip(_DIGITS))
    )


def _texts(text: str) -> frozenset[str]:
    said = (normal_text(line) for line in text.split("\n") if len(line) >= LEAST_TEXT and line.count(" ") >= 2)
    return frozenset(said) - {""}


def normal_text(line: str) -> str:
    """A comment or message without layout, marks and placeholders; "" where it is too short to say something."""
    if "{" in line or "%" in line:
        line = _HOLE.sub("{}", line)
    said = " ".join(line.split()).strip(" #*-=~_/\\\"'`.:,;|+<>()[]")[:MOST_TEXT]
    if len(said) < LEAST_TEXT:
        return ""
    found = 0
    for word in said.split(" "):
        found += (len(word) > 1 and word.isalpha()) or sum(map(str.isalpha, word)) > 1
        if found == LEAST_WORDS:
            return said
    return ""


@lru_cache(maxsize=200_000)
def parts(name: str) -> tuple[str, ...]:
    """The words that a name consists of, in lower case: `HeronForGeneration` -> heron, for, generation."""
    return tuple(part.lower() for part in PART.findall(name))


def _imports(code: str) -> tuple[tuple[Import, ...], str]:
    """The imports, and the code without them."""
    out: list[Import] = []
    rest: list[str] = []
    at = 0
    for found in _IMPORT.finditer(code):
        rest.append(code[at : found.start()])
        at = found.end()
        if found["modules"] is not None:
            for part in found["modules"].replace("\\\n", " ").split(","):
                alias = _ALIAS.match(part.strip())
                if alias:
                    out.append(Import(alias[1], "", alias[2] or alias[1].split(".")[0]))
            continue
        for part in found["names"].replace("\\\n", " ").strip("() \n").split(","):
            alias = _ALIAS.match(part.strip())
            if alias:
                out.append(Import(found["module"], alias[1], alias[2] or alias[1]))
    rest.append(code[at:])
    return tuple(out), "".join(rest)


def _unused(rest: str, imports: tuple[Import, ...], quoted: frozenset[str]) -> tuple[Import, ...]:
    if not imports:
        return ()
    used = names_in(rest) | quoted
    return tuple(each for each in imports if each.bound not in used and each.module != "__future__")


def package_terms(files: Iterable[tuple[str, bytes]]) -> dict[TermKind, set[str]]:
    """What one package says, as the background counts it. `files` are (path, source)."""
    found: dict[TermKind, set[str]] = {"word": set(), "name": set(), "text": set(), "root": set(), "unused": set()}
    for path, data in files:
        terms = python_terms(data)
        found["word"] |= {word for word in terms.words() if len(word) >= COUNTED_WORD}
        found["name"] |= {name for name in terms.code | terms.loose if len(name) >= COUNTED_NAME}
        found["text"] |= terms.texts
        found["root"] |= {each.module.split(".")[0] for each in terms.imports if each.module[:1] not in ("", ".")}
        if not path.endswith("__init__.py"):  # what a package imports there it hands on
            found["unused"] |= {each.text for each in terms.unused}
    return found
