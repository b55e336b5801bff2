"""Copyright and author lines, and who they name."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from clonedetect.attribution.licences import LARGEST, licence_files

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from clonedetect.domain import Document

MOST_NOTICES: Final = 6
LEAST_NAME: Final = 4  # characters; initials are anybody's
_COPYRIGHT = re.compile(
    r"^[ \t#*/;:.\"'!<>-]*((?:copyright\b:?\s*(?:\(c\)|©|\d{4})|(?:\(c\)|©)\s*(?:copyright\s*)?\d{4}"
    r"|spdx-filecopyrighttext:\s*).{3,120}?)[ \t*/]*$",
    re.IGNORECASE | re.MULTILINE,
)
_AUTHOR = re.compile(
    r"^[ \t#*/;:-]*(?:__author__\s*=\s*[\"'](?P<code>[^\"'\n]{3,80})[\"']"
    r"|(?:@author|[Aa]uthors?|[Ww]ritten by|[Cc]reated by)\s*:?[ \t]+(?P<prose>[A-Z][^\n]{2,80}?))[ \t*/]*$",
    re.MULTILINE,
)
_ASIDE = re.compile(
    r"(?i)spdx-filecopyrighttext:|copyright|\(c\)|©|&copy;|<[^>]*>|\([^)]*\)|https?://\S+|\S+@\S+"
    r"|\b\d{4}\b(?:\s*[-–,]\s*(?:\d{2,4}\b|present))*|\ball rights reserved\b.*|\bpresent\b"
)
_SEVERAL = re.compile(
    r"\s*(?:[,;/|&]|\band\b)\s*(?:(?:inc|ltd|llc|gmbh|corp)\b\.?)?|\s+(?:inc|ltd|llc|gmbh|corp)\b\.?", re.I
)
_EDGES: Final = " .,;:-–'\"()[]"
_AND_OTHERS = re.compile(
    r"(?i)[,;]?\s*(?:\band\b|&)\s+(?:(?:the|its|other|all)\s+)*(?:[\w.-]+\s+){0,3}"
    r"(?:contributors?|authors|developers|others|team|community)\b.*"
)
# Stand in a licence text itself, or where nobody filled a form in.
_NOBODY = re.compile(
    r"(?i)free software foundation|\[(?:yyyy|year|name)|<(?:year|name|author|owner|copyright|your)|yyyy|[{}$%]"
    r"|name of (?:author|copyright)|your name|\bholders?\b|\bowners?\b|\bnotices?\b|\blicen[cs]e\b"
)


def copyright_lines(text: str) -> Iterator[tuple[int, str, str]]:
    """(line, what it says, holder) for each holder of each copyright line."""
    for found in _COPYRIGHT.finditer(text):
        said = " ".join(found[1].split())
        if not _NOBODY.search(said):
            line = text.count("\n", 0, found.start(1)) + 1
            yield from ((line, said, name) for name in holders(said))


def author_lines(text: str) -> Iterator[tuple[int, str, str]]:
    """(line, what it says, author) for each author of each author line."""
    for found in _AUTHOR.finditer(text):
        said = " ".join((found["code"] or found["prose"]).split())
        if not _NOBODY.search(said):
            line = text.count("\n", 0, found.start()) + 1
            yield from ((line, said, name) for name in holders(said))


def holders(line: str) -> list[str]:
    """Who a copyright or author line names. Years, addresses and "and contributors" change from copy to copy and are
    left out."""
    bare = " ".join(_ASIDE.sub(" ", line).split())
    bare = re.sub(r"(?i)^\W*by\b", "", bare)
    alone = _AND_OTHERS.sub("", bare)
    bare = alone if len(alone.strip(_EDGES)) >= LEAST_NAME else bare
    names = (name.strip(_EDGES) for name in _SEVERAL.split(bare))
    return list(dict.fromkeys(name for name in names if len(name) >= LEAST_NAME))


def notices_of(documents: Sequence[Document]) -> tuple[str, ...]:
    """The copyright lines of a repository's licence and notice files."""
    found: dict[str, None] = {}
    for document in sorted(licence_files(documents), key=lambda d: d.path):
        for _, said, _ in copyright_lines(document.data[:LARGEST].decode("utf-8", "replace")):
            found.setdefault(said, None)
    return tuple(found)[:MOST_NOTICES]
