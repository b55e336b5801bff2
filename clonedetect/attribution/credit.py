"""Where one repository names another as a source: for one fragment of a corpus, and for a repository as a whole.

A rule of thumb over words, no legal advice: it finds where an origin is named, not whether that is enough.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from clonedetect.attribution.holders import copyright_lines, holders
from clonedetect.attribution.stated import is_citation, is_notice_file, is_readme
from clonedetect.domain.attribution import Claim, Credit

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from clonedetect.domain import CorpusEntry, Document, Side

_NOTICE_FILE = re.compile(
    r"(?:.*/)?(?:licen[cs]es?/.*|[^/]*(?:licen[cs]e|notice|third.?party|credits|authors)[^/]*)", re.I
)
_PROSE_FILE = re.compile(r"(?:.*/)?(?:readme|acknowledg|credits|authors|contributors|citation|changelog)[^/]*", re.I)
_CREDIT_WORD = re.compile(
    r"adapt|deriv|based on|borrow|cop(?:y|ied)|from|source|credit|thank|origin|licen[cs]|vendor|port(?:ed)? |fork"
    r"|acknowledg",
    re.IGNORECASE,
)
# The same for prose about a whole repository, where "from x import y" and "the source" are no credit.
_CREDITS = re.compile(
    r"\badapt(?:ed|ation)|\bderiv(?:ed|es|ative)|\b(?:based|built|builds) (?:up)?on\b|\bbase_model\b|\bborrow(?:s|ed)"
    r"|\b(?:cop(?:y|ied)|taken|ported?|modified|extracted|forked|vendored|originates?) (?:of|from)\b|\ba fork of\b"
    r"|\bthanks? to\b|\bthank\b|\bcredits?\b|\backnowledg|\binspired by\b|\bcode (?:is |was )?from\b|\boriginally\b"
    r"|\bfine-?tuned (?:from|on)\b|\bextends\b",
    re.IGNORECASE,
)
_HEADING = re.compile(r"^(?:#{1,6}[ \t]*(?P<hash>[^\n]+)|(?P<line>[^\n]{3,80})\n(?:={3,}|-{3,}|~{3,}))$", re.MULTILINE)
_THANKS_HEADING = re.compile(r"acknowledg|credit|thank|attribution|licen[cs]e|citation|cite", re.IGNORECASE)
_CLAIM = re.compile(
    r"[^.!?\n]*\b(?:(?:built|developed|written|implemented|created|designed|made|coded)\s+(?:\w+\s+){0,3}?"
    r"|(?:was|is|were|are|been|we)\s+(?:\w+\s+){0,2}?(?:pre)?trained\s+(?:\w+\s+){0,3}?)"
    r"from\s+(?:the\s+)?(?:scratch|ground\s+up)\b[^.!?\n]*",
    re.IGNORECASE,
)
_BREAKS: Final = bytes(n if chr(n).isascii() and chr(n).isalnum() else ord(" ") for n in range(256))
_HEAD_LINES: Final = 60  # of a file, in which a credit stands
_NEAR_LINES: Final = 6  # above a fragment, likewise
_BEFORE: Final = 120  # characters before a name in which a word of credit makes it one
_PROSE: Final = 400_000  # bytes of a document that are read
_MENTIONS: Final = 2_000  # of the other side in one text


def credit_of(
    entry: CorpusEntry, path: str, lines: Sequence[str], start_line: int, documents: Sequence[Document]
) -> tuple[str | None, bool]:
    """Where an origin is named as the source of a fragment, and whether one of its copyright lines is kept.

    Looked at: the head of the file and the lines above the fragment (`lines` are the file's), licence and notice
    files, and prose in which the name stands on a line with a word such as "adapted" or "from".
    """
    named: str | None = None
    name = _any_of(entry.names)
    near = [*lines[:_HEAD_LINES], *lines[max(0, start_line - 1 - _NEAR_LINES) : start_line + 2]]
    comments = [line for line in near if not re.match(r"\s*(?:import|from)\s", line)]
    if any(name.search(line) and _CREDIT_WORD.search(line) for line in comments):
        named = path
    asked = {name.lower() for notice in entry.notices for name in holders(notice)}
    kept = _keeps(asked, "\n".join(near))
    for document in documents:
        notice, prose = _NOTICE_FILE.fullmatch(document.path), _PROSE_FILE.fullmatch(document.path)
        if not notice and not prose:
            continue
        text = document.data[:_PROSE].decode("utf-8", "replace")
        if named is None and any(
            name.search(line) and (notice or _CREDIT_WORD.search(line)) for line in text.splitlines()
        ):
            named = document.path
        kept = kept or _keeps(asked, text)
    return named, kept


def _any_of(names: Iterable[str]) -> re.Pattern[str]:
    """Any of some names as a word, or as a repository's in an address. One look behind for all of them: where no word
    begins, none is tried."""
    either = "|".join(re.escape(name) for name in sorted(names))
    if not either:
        return re.compile(r"(?!)")
    host = r"(?:github\.com|gitlab\.com|huggingface\.co)/"
    return re.compile(
        rf"(?<![\w/.-])(?:{either})(?![\w/-])|{host}(?:[\w.-]+/)?(?:{either})(?:\.git)?(?![\w-])", re.IGNORECASE
    )


def _keeps(asked: set[str], text: str) -> bool:
    """Whether a text has a copyright line of one of these holders."""
    return any(name.lower() in asked for _, _, name in copyright_lines(text))


# ---------------------------------------------------------------- repositories


def credits_in(
    side: Side, texts: Iterable[tuple[str, bytes, bool]], names: Sequence[str], titles: Sequence[str]
) -> Iterator[Credit]:
    """Lines that name the other side (its `names`, or the title of its work) as a source.

    texts: (path, bytes, whether a document). In a notice file and below a heading such as "Acknowledgements" a name is
    enough; elsewhere a word of credit must stand shortly before it. In source files only the credit counts, no title.
    """
    if not names and not titles:
        return
    title = _titles(titles)
    probes = [(name, frozenset(_words(name.lower().encode()))) for name in names]
    for path, data, document in texts:
        named, cited = is_notice_file(path), is_readme(path) or is_citation(path)
        if document and not (named or cited or path.endswith((".md", ".rst", ".txt"))):
            continue
        lower = data[:_PROSE].lower()
        maybe = [(name, parts) for name, parts in probes if all(part in lower for part in parts)]
        if not maybe and not cited:
            continue  # most texts have no name
        text = data[:_PROSE].decode("utf-8", "replace")
        words = _words(lower) if maybe else set()
        name = _any_of(name for name, parts in maybe if parts <= words)
        found = {m.start(): m for m in _first(name, text) if named or _credited(text, m.start(), document)}
        if cited:
            found |= {m.start(): m for m in _first(title, text)}
        for start, match in sorted(found.items()):
            yield Credit(side, " ".join(match[0].split()), path, text.count("\n", 0, start) + 1, _line(text, start))


def _words(lower: bytes) -> set[bytes]:
    """The ASCII words of a text in lower case."""
    return set(lower.translate(_BREAKS).split())


def claims_in(side: Side, documents: Iterable[Document]) -> Iterator[Claim]:
    """Lines of a README that say the work was made from scratch."""
    for document in documents:
        if is_readme(document.path):
            text = document.data[:_PROSE].decode("utf-8", "replace")
            for number, line in enumerate(text.splitlines(), 1):
                if len(line) <= 2_000 and (found := _CLAIM.search(line)):
                    yield Claim(side, document.path, number, " ".join(found[0].split())[:300])


def _titles(titles: Iterable[str]) -> re.Pattern[str]:
    """Titles as they stand in prose, whatever the white space; a title of two words may be anything."""
    long = [title.split() for title in titles if len(title.split()) >= 3]
    return re.compile("|".join(r"\s+".join(map(re.escape, words)) for words in long) or r"(?!)", re.IGNORECASE)


def _first(pattern: re.Pattern[str], text: str) -> Iterator[re.Match[str]]:
    return (found for _, found in zip(range(_MENTIONS), pattern.finditer(text), strict=False))


def _credited(text: str, place: int, document: bool) -> bool:
    before = text[max(0, place - _BEFORE) : place]
    before = re.split(r"\n[ \t]*\n", before)[-1]
    if _CREDITS.search(before) and not re.match(r"\s*(?:import|from)\s", before.splitlines()[-1] if before else ""):
        return True
    if not document:
        return False
    headings = [found for _, found in zip(range(400), _HEADING.finditer(text, 0, place), strict=False)]
    last = headings[-1] if headings else None
    return last is not None and _THANKS_HEADING.search(last["hash"] or last["line"]) is not None


def _line(text: str, place: int) -> str:
    start, end = text.rfind("\n", 0, place) + 1, text.find("\n", place)
    return " ".join(text[start : end if end >= 0 else len(text)].split())[:300]
