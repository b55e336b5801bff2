"""Whether a copy is credited, and what would make it right: a rule of thumb over words, no legal advice."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from clonedetect.domain import CorpusEntry

_COPYLEFT = ("GPL", "MPL", "EPL", "EUPL", "CDDL", "GNU ")
_FREE = ("CC0", "Unlicense", "0BSD", "Public Domain")


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
