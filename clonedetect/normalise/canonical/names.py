"""Which names of a fragment a copier may change, and which are the language's or a library's."""

from __future__ import annotations

import hashlib
from collections.abc import Container

from clonedetect.normalise.canonical.nodes import BUILTINS
from clonedetect.normalise.canonical.survey import Survey

# Attributes of the language's own objects and of arrays: no project made these up, so no rename changes them.
EXTERNAL_ATTRIBUTES = frozenset(
    name for cls in (str, bytes, list, dict, set, tuple, int, float, complex, Exception, object) for name in dir(cls)
) | frozenset(
    [
        "shape",
        "dtype",
        "device",
        "ndim",
        "T",
        "grad",
        "read",
        "write",
        "close",
        "seek",
        "flush",
        "group",
        "match",
        "name",
        "stem",
        "suffix",
        "parent",
    ]
)


class Names:
    """Which names of a fragment a copier may change.

    `own`: the names the repository defines, where known; then every other free name and attribute is external.
    """

    def __init__(self, found: Survey, own: Container[str] | None) -> None:
        self.bound, self.imported, self.own = found.bound, found.imported, own

    def changeable(self, name: str, *, root: bool = False) -> bool:
        """Whether a plain name may have been renamed; `root`: it stands before a dot."""
        if name in self.imported:
            return False
        if name in self.bound:
            return True
        if self.own is not None:
            return name in self.own
        return not root and name not in BUILTINS  # a free name before a dot is most often a module

    def attribute(self, name: str) -> bool:
        """Whether an attribute is one of the project's own."""
        if self.own is not None:
            return name in self.own
        return name not in EXTERNAL_ATTRIBUTES

    def setting(self, owner: str, name: str) -> bool:
        """Whether `name` may be a setting that `owner.config.name` reads: no code defines it, and none outside has it.

        In the copy it is a parameter.
        """
        return owner in ("self", "cls") and name not in EXTERNAL_ATTRIBUTES


LONGEST_TEXT = 120  # characters of a literal kept as they are; the rest is a digest


def literal(value: object) -> str:
    """The token of a constant; long texts are cut and carry a digest."""
    text = "..." if value is Ellipsis else repr(value)
    if len(text) <= LONGEST_TEXT:
        return text
    digest = hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()
    return text[:LONGEST_TEXT] + digest
