"""Whether a copy is credited, and what would make it right.

A rule of thumb over words, no legal advice: it finds where an origin is named, not whether that is enough.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from clonedetect.domain import CorpusEntry, Document

_NOTICE_FILE = re.compile(
    r"(?:.*/)?(?:licen[cs]es?/.*|[^/]*(?:licen[cs]e|notice|third.?party|credits|authors)[^/]*)", re.I
)
_PROSE_FILE = re.compile(r"(?:.*/)?(?:readme|acknowledg|credits|authors|contributors|citation|changelog)[^/]*", re.I)
_CREDIT_WORD = re.compile(
    r"adapt|deriv|based on|borrow|cop(?:y|ied)|from|source|credit|thank|origin|licen[cs]|vendor|port(?:ed)? |fork"
    r"|acknowledg",
    re.IGNORECASE,
)
_HEAD_LINES = 60  # of a file, in which a credit stands
_NEAR_LINES = 6  # above a fragment, likewise
_COPYLEFT = ("GPL", "MPL", "EPL", "EUPL", "CDDL", "GNU ")
_FREE = ("CC0", "Unlicense", "0BSD", "Public Domain")


def credit_of(
    entry: CorpusEntry, path: str, lines: Sequence[str], start_line: int, documents: Sequence[Document]
) -> tuple[str | None, bool]:
    """Where an origin is named as the source of a fragment, and whether one of its copyright lines is kept.

    Looked at: the head of the file and the lines above the fragment (`lines` are the file's), licence and notice
    files, and prose in which the name stands on a line with a word such as "adapted" or "from".
    """
    named: str | None = None
    kept = False
    name = re.compile("|".join(rf"(?<![\w/.-]){re.escape(n)}(?![\w/-])" for n in entry.names) or r"(?!)", re.IGNORECASE)
    near = [*lines[:_HEAD_LINES], *lines[max(0, start_line - 1 - _NEAR_LINES) : start_line + 2]]
    comments = [line for line in near if not re.match(r"\s*(?:import|from)\s", line)]
    if any(name.search(line) and _CREDIT_WORD.search(line) for line in comments):
        named = path
    if _keeps(entry, "\n".join(near)):
        kept = True
    for document in documents:
        notice, prose = _NOTICE_FILE.fullmatch(document.path), _PROSE_FILE.fullmatch(document.path)
        if not notice and not prose:
            continue
        text = document.data[:400_000].decode("utf-8", "replace")
        if named is None and any(
            name.search(line) and (notice or _CREDIT_WORD.search(line)) for line in text.splitlines()
        ):
            named = document.path
        kept = kept or _keeps(entry, text)
    return named, kept


def _keeps(entry: CorpusEntry, text: str) -> bool:
    """Whether a copyright line of the origin stands in a text, layout aside."""
    plain = " ".join(re.sub(r"[#*]", " ", text).split()).lower()
    return any(_holder(notice) in plain for notice in entry.notices if len(_holder(notice)) >= 6)


def _holder(notice: str) -> str:
    """Who a copyright line names, years aside: they change from copy to copy."""
    bare = re.sub(r"(?i)copyright|\(c\)|©|\d{4}(?:\s*[-–,]\s*(?:\d{4}|present))*|all rights reserved\.?", " ", notice)
    return " ".join(bare.replace(",", " ").split()).strip(" .").lower()


def is_credited(entry: CorpusEntry, credit: str | None, notice_kept: bool) -> bool:
    """Named, and its notice kept where it has one and its licence asks for that."""
    free = any(entry.licence and entry.licence.startswith(f) for f in _FREE)
    return credit is not None and (notice_kept or free or not entry.notices)


def remedy(entry: CorpusEntry, credit: str | None, notice_kept: bool) -> str:
    """What would make the copy right, in one sentence."""
    licence, source = entry.licence, entry.origin.removeprefix("pypi:")
    steps = []
    if credit is None:
        steps.append(f"name {source} as the source, in the file or in NOTICE")
    if licence is None or licence == "other":
        what = "no licence of it is known" if licence is None else "its licence is not one of the common ones"
        return "; ".join([*steps, f"{what}: read it or ask its authors, or take the code out"])
    if not notice_kept and not any(licence.startswith(f) for f in _FREE):
        line = f' ("{entry.notices[0]}")' if entry.notices else ""
        steps.append(f"keep its copyright notice{line} and the text of {licence} with the copy")
    if licence.startswith("Apache"):
        steps.append("say in the file that it was changed")
    if any(word in licence for word in _COPYLEFT):
        steps.append(f"check that your own licence meets the terms of {licence}")
    return "; ".join(steps) or "nothing: the copy is credited"
