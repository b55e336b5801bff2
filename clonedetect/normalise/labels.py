"""A label per row and normal form: two subtrees are equal in a form when their rows' labels are."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from clonedetect.domain import mix

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from clonedetect.domain import Forest


TURNED = ("less", "least", "equal", "identity", "membership", "logic")  # meanings: operators, each one of a group


def turned(forest: Forest) -> Forest:
    """The forest in which `<` and `>`, `==` and `!=`, `and` and `or` are one operator: turning a comparison round,
    negating it or taking a negation into a condition changes none of its operators."""
    k = forest.kinds
    kind = np.arange(len(k.names), dtype=np.uint16)
    for meaning in TURNED:
        kind[k.mask(meaning)] = np.flatnonzero(k.mask(meaning))[0]
    columns = forest.columns
    return replace(forest, columns=replace(columns, kind=kind[np.minimum(columns.kind, len(kind) - 1)]))


def blind_labels(forest: Forest) -> NDArray[np.uint64]:
    """Names and literals are one symbol a kind; the label holds kind and subtree size, so it fixes the shape."""
    c = forest.columns
    size = c.after.astype(np.int64) - np.arange(len(c.after))
    label = c.kind.astype(np.uint64) << np.uint64(40) | size.astype(np.uint64)
    free = forest.kinds.mask("identifier") | forest.kinds.mask("literal")
    spelled = (c.text != 0) & ~free[np.minimum(c.kind, len(free) - 1)]
    label[spelled] ^= mix(c.text[spelled])
    return mix(label)


def raw_labels(forest: Forest, blind: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """As the blind form, and names and literals count."""
    return blind + mix(forest.columns.text)


def content_labels(forest: Forest, kept: NDArray[np.bool_]) -> NDArray[np.uint64]:
    """Own names are one symbol; names that nobody can rename and literals are spelled; the shape counts."""
    c = forest.columns
    size = c.after.astype(np.int64) - np.arange(len(c.after))
    label = c.kind.astype(np.uint64) << np.uint64(40) | size.astype(np.uint64)
    spelled = (c.text != 0) & (kept | (c.role == 0))
    label[spelled] ^= mix(c.text[spelled])
    return mix(label)
