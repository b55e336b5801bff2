"""How equal files are shown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from clonedetect.report.sections.layout import Column, Section, Table

if TYPE_CHECKING:
    from clonedetect.domain.identity import EqualFile

_HOW: Final = {
    "bytes": "byte for byte",
    "lfs": "Git LFS object",
    "layout": "up to white space",
    "key-order": "up to white space and key order",
}


def section(alike: tuple[EqualFile, ...]) -> Section:
    """The section of the channel `identity`: telling kinds of files first, then by size."""
    order = {"weights": 0, "data": 1, "tokenizer": 2, "source": 3, "small": 4, "boilerplate": 5}
    rows = [
        (
            _HOW[each.how],
            each.kind,
            f"{each.size:,}" if each.size >= 0 else "",
            _place(each.left, each.left_commit),
            _place(each.right, each.right_commit),
            each.content_id[:12],
        )
        for each in sorted(alike, key=lambda e: (order[e.kind], -e.size, e.left, e.right))
    ]
    columns = (
        Column("equal"),
        Column("kind"),
        Column("bytes", "number"),
        Column("left", "code"),
        Column("right", "code"),
        Column("content id", "code"),
    )
    table = Table("Files of the left that are the same as one of the right", columns, tuple(rows))
    return Section("Equal files", (), (table,))


def _place(path: str, commit: str | None) -> str:
    return f"{path} (gone, commit {commit[:12]})" if commit else path
