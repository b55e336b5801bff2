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
_NAME = re.compile(r"[^\W\d]\w*")
_PART = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
_HOLE = re.compile(r"\{[^{}]*\}|%[-#0-9.]*[sdrfgxi]|%\(\w+\)[srdf]")
_SPACE = re.compile(r"\s+")
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
    code: list[str] = []
    said: list[str] = []
    quoted: set[str] = set()
    at = 0
    for found in _LEXEME.finditer(text):
        code.append(text[at : found.start()])
        at = found.end()
        comment, short, short2, long, long2 = found.group("comment", "short", "short2", "long", "long2")
        if comment is not None:
            said.append(comment)
            code.append(" ")
            continue
        brief = short if short is not None else short2
        if brief is not None:
            said.append(brief)
            quoted.update(_NAME.findall(brief))
        else:
            said.append(long if long is not None else long2)
        code.append(" 0 ")
    code.append(text[at:])
    bare, talk = "".join(code), "\n".join(said)
    names = frozenset(_NAME.findall(bare))
    imports = _imports(bare)
    return Terms(
        code=names,
        loose=frozenset(_NAME.findall(talk)) - names,
        texts=_texts(talk),
        imports=imports,
        unused=_unused(bare, imports, quoted),
        defined=frozenset(a or b for a, b in _DEFINED.findall(bare)),
    )


def plain_terms(data: bytes, prose: bool) -> Terms:
    """The terms of any other text: a configuration file, or prose: a document, a commit message."""
    text = data[:LONGEST].decode("utf-8", "replace")
    none: frozenset[str] = frozenset()
    return Terms(none, frozenset(_NAME.findall(text)), _texts(text) if prose else none, (), (), none)


def _texts(text: str) -> frozenset[str]:
    said = (normal_text(line) for line in text.split("\n") if len(line) >= LEAST_TEXT and line.count(" ") >= 2)
    return frozenset(said) - {""}


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


def _imports(code: str) -> tuple[Import, ...]:
    out: list[Import] = []
    for found in _IMPORT.finditer(code):
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
    return tuple(out)


def _unused(code: str, imports: tuple[Import, ...], quoted: set[str]) -> tuple[Import, ...]:
    if not imports:
        return ()
    rest = set(_NAME.findall(_IMPORT.sub("", code)))
    return tuple(
        each for each in imports if each.bound not in rest and each.bound not in quoted and each.module != "__future__"
    )


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
