"""Which files are examined, and in words why the others are not."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from clonedetect.domain import Document, Entry, Skipped, SourceFile

VENDORED = frozenset(
    {"_vendor", "_vendored", "vendor", "vendored", "vendors", "third_party", "third-party", "thirdparty", "3rdparty"}
    | {"node_modules", "bower_components", "site-packages", "dist-packages"}
)
"""Directory names that hold other projects' code."""
POINTER_BYTES = range(100, 1025)
"""A Git LFS pointer is never shorter or longer than this."""
TOTAL_BYTES = 1 << 30
"""Source and documents read from one repository in all."""
HASH_BYTES = 1 << 28
"""A file larger than this is not hashed where git does not know its id already."""
DOCUMENT_BYTES = 4 << 20
"""A larger document is skipped."""
VOCABULARY_BYTES = 128 << 20
"""The same for a tokenizer's files, which are large where a vocabulary is."""
INDEX_BYTES = 32 << 20
"""The same for the index of a checkpoint's shards, which lists every tensor."""
DOCUMENTS = 20_000
"""Documents read from one repository; a data set may be millions of JSON files."""

_DOCUMENT = re.compile(
    r".*\.(?:json|ya?ml|toml|ini|cfg|conf|env|md|rst|txt|cff)|\.env(?:\..*)?"
    r"|(?:licen[cs]e|copying|copyright|notice|citation|authors|contributors|credits|readme)(?:[-_.][^.]*)?",
    re.IGNORECASE,
)
_VOCABULARY = re.compile(
    r".*(?:token|vocab|merges|tekken|sentencepiece|spiece|spm).*\.(?:json|txt|model|tiktoken|bpe)|.*\.(?:tiktoken|spm)",
    re.IGNORECASE,
)

_POINTER = re.compile(
    rb"\Aversion https://(?:git-lfs\.github\.com|hawser\.github\.com)/spec/v1\n(?:ext-[^\n]*\n)*"
    rb"oid sha256:([0-9a-f]{64})\nsize (\d{1,19})\n"
)
_HEAD_LINES = 40
_GENERATED = tuple(
    re.compile(pattern, re.IGNORECASE | re.DOTALL)
    for pattern in (
        r"(?:^|\s)@generated\b",
        r"\b(?:auto-?|automatically |machine[- ])generated\b.{0,400}\bdo not (?:edit|modify|change)\b",
        r"\bdo not (?:edit|modify|change)\b.{0,400}\bgenerated (?:by|from|automatically)\b",
        r"\bgenerated (?:by|from|with)\b.{0,400}\bdo not (?:edit|modify|change)\b",
        r"\bcode generated\b.{0,200}\bdo not edit\b",
        r"\bgenerated (?:by|from|with)\b.{0,120}\b(?:openapi|swagger|protocol (?:buffer )?compiler|protobuf|thrift|"
        r"smithy|stainless|antlr|swig|cython|django \d)",
    )
)
_FROM_PYTHON = re.compile(r"\bgenerated (?:by \S+ )?from\s+\S+\.py\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Selection:
    """The rules. `root` is the directory asked for ("" for all): what lies above it says nothing about a file."""

    extensions: Mapping[str, str]
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    max_bytes: int = 2_000_000
    vendored: bool = False
    generated: bool = False
    root: str = ""

    def language(self, path: str) -> str | None:
        """The grammar for a path, by its extension; None where there is none."""
        return self.extensions.get(extension(path).lower())

    def limit(self, path: str) -> int | None:
        """The size in bytes up to which a file is read; None where nothing reads files of its name."""
        if self.language(path) is not None:
            return self.max_bytes
        name = path.rpartition("/")[2]
        if _VOCABULARY.fullmatch(name):
            return VOCABULARY_BYTES
        if name.lower().endswith(".index.json"):
            return INDEX_BYTES
        return DOCUMENT_BYTES if _DOCUMENT.fullmatch(name) else None

    def refuse_path(self, path: str, size: int) -> str | None:
        """Why a file that something here reads is not examined, by its path and size; None if it may be."""
        inner = path[len(self.root) + 1 :] if self.root and path.startswith(self.root + "/") else path
        inner = path.rpartition("/")[2] if path == self.root else inner
        if self.include and not any(matches(p, pattern) for p in {path, inner} for pattern in self.include):
            return "not among the included paths"
        if any(matches(p, pattern) for p in {path, inner} for pattern in self.exclude):
            return "excluded"
        if not self.vendored:
            for part in inner.split("/")[:-1]:
                if part.lower() in VENDORED:
                    return f"vendored (below {part}/)"
        limit = self.limit(path) or self.max_bytes
        if size > limit:
            return f"larger than {limit:,} bytes ({size:,})"
        if not self.generated and path.endswith(("_pb2.py", "_pb2_grpc.py")):
            return "generated (protocol buffers)"
        return None

    def refuse_content(self, data: bytes) -> str | None:
        """Why a file is not examined, judged by its bytes; None if it is."""
        if b"\0" in data:
            return "binary (holds NUL bytes)"
        if not self.generated and is_generated(data):
            return "generated (its header says so)"
        return None


def extension(path: str) -> str:
    """The last suffix of a path's name with its dot, "" where there is none (`.gitignore` has none)."""
    name = path.rpartition("/")[2]
    stem, dot, suffix = name.rpartition(".")
    return dot + suffix if stem else ""


def matches(path: str, pattern: str) -> bool:
    """Whether a glob names the path or a directory above it, in the manner of .gitignore.

    Without a slash inside, the pattern may match any component; with one, it is anchored at the top. `**` crosses
    directories.
    """
    directory_only = pattern.endswith("/")
    anchored = pattern.removeprefix("./").strip("/")
    expression = _compile(anchored)
    parts = path.split("/")
    last = len(parts) - 1 if directory_only else len(parts)
    if "/" not in anchored and not pattern.startswith(("/", "./")):
        return any(expression.fullmatch(part) for part in parts[:last])
    return any(expression.fullmatch("/".join(parts[:count])) for count in range(1, last + 1))


@lru_cache(maxsize=512)
def _compile(pattern: str) -> re.Pattern[str]:
    out, rest = "", pattern
    while rest:
        if rest.startswith("**/"):
            out, rest = out + "(?:.*/)?", rest[3:]
        elif rest.startswith("**"):
            out, rest = out + ".*", rest[2:]
        elif rest[0] == "*":
            out, rest = out + "[^/]*", rest[1:]
        elif rest[0] == "?":
            out, rest = out + "[^/]", rest[1:]
        elif rest[0] == "[" and (end := rest.find("]", 2)) > 0:
            body = rest[1:end].replace("\\", "\\\\").replace("[", "\\[")
            out, rest = out + "[" + ("^" + body[1:] if body[0] in "!^" else body) + "]", rest[end + 1 :]
        else:
            out, rest = out + re.escape(rest[0]), rest[1:]
    try:
        return re.compile(out, re.DOTALL)
    except re.error:  # a range such as [z-a]
        return re.compile(re.escape(pattern), re.DOTALL)


def lfs_pointer(data: bytes) -> tuple[str, int] | None:
    """(sha256 of the real content, its size) where these bytes are a Git LFS pointer."""
    if len(data) not in POINTER_BYTES or (found := _POINTER.match(data)) is None:
        return None
    return found[1].decode("ascii"), int(found[2])


def is_generated(data: bytes) -> bool:
    """Whether the comments or docstring that open a file say that a program wrote it.

    A file generated from another Python file (async to sync, modular to single-file models) is not meant: people
    wrote what it says, and such files are copied between projects.
    """
    opening = data[:8192]
    if b"generated" not in opening.lower():
        return False
    header = _header(opening.decode("utf-8", "replace"))
    if _FROM_PYTHON.search(header):
        return False
    return any(pattern.search(header) for pattern in _GENERATED)


def _header(text: str) -> str:
    """The comment lines and the docstring before the first statement, comment signs taken off."""
    kept: list[str] = []
    quote = ""
    for line in text.lstrip("\ufeff").splitlines()[:_HEAD_LINES]:
        bare = line.strip()
        if quote:
            kept.append(bare)
            if quote in bare:
                quote = ""
        elif not bare or bare.startswith("#"):
            kept.append(bare.lstrip("#").strip())
        elif (opened := re.match(r"[rRuU]?(\"\"\"|''')", bare)) is not None:
            kept.append(bare)
            quote = "" if opened[1] in bare[opened.end() :] else opened[1]
        else:
            break
    return " ".join(kept)


def printable(path: bytes) -> str:
    """A path as text that can be shown and stored: what is not printable, and the backslash, as escapes."""
    text = path.decode("utf-8", "surrogateescape")
    if text.isprintable() and "\\" not in text:
        return text
    return "".join(_escape(c) for c in text)


def _escape(c: str) -> str:
    if "\udc80" <= c <= "\udcff":
        return f"\\x{ord(c) - 0xDC00:02x}"
    if c == "\\":
        return "\\\\"
    return c if c.isprintable() else c.encode("unicode_escape").decode("ascii")


@dataclass(frozen=True, slots=True)
class Gathered:
    """The files of a tree, by what is done with them; each part sorted by path bytes."""

    files: tuple[SourceFile, ...]
    entries: tuple[Entry, ...]
    skipped: tuple[Skipped, ...]
    documents: tuple[Document, ...]


class Harvest:
    """What was gathered of a tree; `finish` sorts it by path bytes, so that the order of discovery is forgotten."""

    def __init__(self, selection: Selection) -> None:
        self.selection = selection
        self._files: list[tuple[bytes, SourceFile]] = []
        self._documents: list[tuple[bytes, Document]] = []
        self._entries: list[tuple[bytes, Entry]] = []
        self._skipped: list[tuple[bytes, str, Skipped]] = []
        self._no_grammar: Counter[str] = Counter()
        self._total = 0

    def entry(self, path: bytes, blob: str, size: int, lfs_oid: str | None = None) -> None:
        """Record that a file exists, by its content id."""
        self._entries.append((path, Entry(printable(path), blob, size, lfs_oid)))

    def skip(self, path: bytes, reason: str) -> None:
        """Record that a file was not examined."""
        self._skipped.append((path, reason, Skipped(printable(path), reason)))

    def may_want(self, path: bytes, size: int) -> bool:
        """Whether a file could be read, before all the rules: then its bytes are worth keeping."""
        limit = self.selection.limit(printable(path))
        return limit is not None and size <= limit

    def wants(self, path: bytes, size: int) -> bool:
        """Whether a file's content is to be read; where not, the reason is recorded."""
        shown = printable(path)
        if self.selection.limit(shown) is None:
            self._no_grammar[extension(shown).lower()] += 1
            return False
        reason = self.selection.refuse_path(shown, size)
        if reason is None and self._total + size > TOTAL_BYTES:
            reason = f"more than {TOTAL_BYTES:,} bytes of source in all: narrow it to a subdirectory"
        if reason is not None:
            self.skip(path, reason)
            return False
        self._total += size
        return True

    def content(self, path: bytes, blob: str, data: bytes) -> None:
        """Record a file's content, unless the content speaks against it."""
        shown = printable(path)
        language = self.selection.language(shown)
        if language is None:
            self.document(path, blob, data)
        elif (reason := self.selection.refuse_content(data)) is not None:
            self.skip(path, reason)
        else:
            notebook = extension(shown).lower() == ".ipynb"
            self._files.append((path, SourceFile(shown, blob, data, language, notebook)))

    def document(self, path: bytes, blob: str, data: bytes) -> None:
        """Record a file's content as a document's, up to a number of them."""
        if len(self._documents) >= DOCUMENTS:
            self.skip(path, f"more than {DOCUMENTS:,} documents: narrow it to a subdirectory")
        else:
            self._documents.append((path, Document(printable(path), blob, data)))

    def finish(self) -> Gathered:
        """What was gathered, each part sorted."""
        for suffix, count in self._no_grammar.items():
            name = f"*{suffix}" if suffix else "(no extension)"
            reason = f"no grammar ({count} file{'s' if count > 1 else ''})"
            self._skipped.append((name.encode(), reason, Skipped(name, reason)))
        return Gathered(
            tuple(file for _, file in sorted(self._files, key=lambda item: item[0])),
            tuple(entry for _, entry in sorted(self._entries, key=lambda item: item[0])),
            tuple(skipped for _, _, skipped in sorted(self._skipped, key=lambda item: item[:2])),
            tuple(document for _, document in sorted(self._documents, key=lambda item: item[0])),
        )
