"""What a file says beside its structure: names, words, comments and messages, imports. Read by regular expressions.

Linear in the size of the text, on any text: a file that is no valid Python still has comments and names.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

LONGEST: Final = 1_000_000  # bytes of a file; what lies behind is not read
LEAST_LETTERS: Final = 4  # of a word
LEAST_NAME: Final = 6  # letters of a name that can tell one project from another
LEAST_WORDS: Final = 3  # of a comment or message
LEAST_TEXT: Final = 16  # characters of a comment or message
MOST_TEXT: Final = 300

_LEXEME = re.compile(
    r"(?P<comment>#[^\n]*)"
    r"|(?P<string>(?P<prefix>\b[rRbBuUfF]{1,2})?"
    r"(?:\"\"\"(?P<long>(?:[^\\\"]|\\.|\"(?!\"\"))*)\"\"\"|'''(?P<long2>(?:[^\\']|\\.|'(?!''))*)'''"
    r"|\"(?P<short>(?:[^\\\"\n]|\\.)*)\"|'(?P<short2>(?:[^\\'\n]|\\.)*)'))",
    re.DOTALL,
)
_NAME = re.compile(r"[^\W\d]\w*")
_PART = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
_HOLE = re.compile(r"\{[^{}]*\}|%[-#0-9.]*[sdrfgxi]|%\(\w+\)[srdf]")
_SPACE = re.compile(r"\s+")
_IMPORT = re.compile(
    r"^[ \t]*(?:from[ \t]+(?P<module>\.*[\w.]*)[ \t]+import[ \t]+(?P<names>\([^)]*\)|(?:[^\n;\\]|\\\n)*)"
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
    line: int

    @property
    def text(self) -> str:
        """The import in one word: `module:name`."""
        return f"{self.module}:{self.name}" if self.name else self.module


@dataclass(frozen=True, slots=True)
class Terms:
    """What one file says; each term with the first line that has it.

    names      identifiers, of code, strings and comments alike
    words      lower-case words that names, comments and strings consist of
    texts      comments and messages of several words, layout and placeholders aside
    imports    every import of the code; `unused` those whose name the file never uses
    defined    names of definitions and constants
    loose      names that stand in strings and comments only, never in code
    """

    names: dict[str, int]
    words: dict[str, int]
    texts: dict[str, int]
    imports: tuple[Import, ...]
    unused: tuple[Import, ...]
    defined: frozenset[str]
    loose: frozenset[str]


def python_terms(data: bytes) -> Terms:
    """The terms of Python source."""
    text = data[:LONGEST].decode("utf-8", "replace")
    code: list[str] = []
    pieces: list[tuple[int, str, bool]] = []  # (offset, text, whether it is a short string)
    at = 0
    for found in _LEXEME.finditer(text):
        code.append(text[at : found.start()])
        whole, at = found[0], found.end()
        code.append(" " + "\n" * whole.count("\n"))
        if found["comment"] is not None:
            pieces.append((found.start(), whole.lstrip("#! "), False))
        else:
            short = found["short"] if found["short"] is not None else found["short2"]
            body = short if short is not None else found["long"] if found["long"] is not None else found["long2"]
            pieces.append((found.start(), body, short is not None))
    code.append(text[at:])
    bare = "".join(code)
    line_of = _Lines(text)
    names: dict[str, int] = {}
    inside: dict[str, int] = {}
    _gather_names(bare, _Lines(bare), names)
    in_code = frozenset(names)
    texts: dict[str, int] = {}
    for offset, body, _ in pieces:
        _gather_names(body, line_of, inside, offset)
        _gather_texts(body, line_of, texts, offset)
    for name, line in inside.items():
        names.setdefault(name, line)
    imports = _imports(bare)
    quoted = {name for _, body, short in pieces if short for name in _NAME.findall(body)}
    defined = frozenset(a or b for a, b in _DEFINED.findall(bare))
    return Terms(
        names, _words(names), texts, imports, _unused(bare, imports, quoted), defined, frozenset(inside) - in_code
    )


def plain_terms(data: bytes) -> Terms:
    """The terms of any other text: a configuration file, a document, a commit message."""
    text = data[:LONGEST].decode("utf-8", "replace")
    names: dict[str, int] = {}
    texts: dict[str, int] = {}
    line_of = _Lines(text)
    _gather_names(text, line_of, names)
    _gather_texts(text, line_of, texts)
    return Terms(names, _words(names), texts, (), (), frozenset(), frozenset(names))


class _Lines:
    """Offsets to line numbers; offsets come in growing order."""

    def __init__(self, text: str) -> None:
        self._text, self._at, self._line = text, 0, 1

    def __call__(self, offset: int) -> int:
        if offset < self._at:
            self._at, self._line = 0, 1
        self._line += self._text.count("\n", self._at, offset)
        self._at = offset
        return self._line


def _gather_names(text: str, line_of: _Lines, into: dict[str, int], shift: int = 0) -> None:
    for found in _NAME.finditer(text):
        name = found[0]
        if name not in into:
            into[name] = line_of(shift + found.start())


def _gather_texts(text: str, line_of: _Lines, into: dict[str, int], shift: int = 0) -> None:
    at = 0
    for line in text.split("\n"):
        said = normal_text(line)
        if said and said not in into:
            into[said] = line_of(shift + at)
        at += len(line) + 1


def normal_text(line: str) -> str:
    """A comment or message without layout, marks and placeholders; "" where it is too short to say something."""
    said = _SPACE.sub(" ", _HOLE.sub("{}", line)).strip(" #*-=~_/\\\"'`.:,;|+<>()[]")[:MOST_TEXT]
    if len(said) < LEAST_TEXT:
        return ""
    words = [word for word in said.split(" ") if sum(map(str.isalpha, word)) >= 2]
    return said if len(words) >= LEAST_WORDS else ""


@lru_cache(maxsize=200_000)
def parts(name: str) -> tuple[str, ...]:
    """The words that a name consists of, in lower case: `HeronForGeneration` -> heron, for, generation."""
    return tuple(part.lower() for part in _PART.findall(name))


def _words(names: dict[str, int]) -> dict[str, int]:
    words: dict[str, int] = {}
    for name, line in names.items():
        for part in parts(name):
            if len(part) >= LEAST_LETTERS and words.get(part, line + 1) > line:
                words[part] = line
    return words


def _imports(code: str) -> tuple[Import, ...]:
    out: list[Import] = []
    line_of = _Lines(code)
    for found in _IMPORT.finditer(code):
        line = line_of(found.start())
        if found["modules"] is not None:
            for part in found["modules"].replace("\\\n", " ").split(","):
                alias = _ALIAS.match(part.strip())
                if alias:
                    out.append(Import(alias[1], "", alias[2] or alias[1].split(".")[0], line))
            continue
        for part in found["names"].replace("\\\n", " ").strip("() \n").split(","):
            alias = _ALIAS.match(part.strip())
            if alias:
                out.append(Import(found["module"], alias[1], alias[2] or alias[1], line))
    return tuple(out)


def _unused(code: str, imports: tuple[Import, ...], quoted: set[str]) -> tuple[Import, ...]:
    if not imports:
        return ()
    rest = set(_NAME.findall(_IMPORT.sub("", code)))
    return tuple(
        each for each in imports if each.bound not in rest and each.bound not in quoted and each.module != "__future__"
    )
