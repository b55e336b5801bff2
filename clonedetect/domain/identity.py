"""Files that are the same on both sides, under whatever name, today or in a commit of the past."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Sameness = Literal["bytes", "lfs", "layout", "key-order"]
FileKind = Literal["boilerplate", "small", "source", "tokenizer", "weights", "data"]


@dataclass(frozen=True, slots=True)
class EqualFile:
    """One file of the left that is the same as one of the right.

    how: equal bytes (git blob id), equal content behind Git LFS pointers (object id and size, nothing fetched), equal
    up to white space, or JSON equal up to the order of keys. size: bytes of the content, -1 where it is not known.
    left_commit, right_commit: None where the examined revision has the file; else the first commit that had it.
    """

    left: str
    right: str
    how: Sameness
    kind: FileKind
    content_id: str
    size: int
    left_commit: str | None = None
    right_commit: str | None = None
