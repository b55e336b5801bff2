"""Which names a copier could change: those that one of the two repositories defines itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from clonedetect.domain import among, content_hash
from clonedetect.grammar import grammar

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from clonedetect.domain import Forest


def own_names(forests: Sequence[Forest]) -> tuple[NDArray[np.uint64], NDArray[np.uint64], NDArray[np.uint64]]:
    """Sorted text hashes of what the forests define: (functions, classes and attributes; parameters; variables).

    Both sides of a comparison are taken together: a name that one side renamed is its own on the other only.
    """
    members, parameters, variables = [], [], []
    for forest in forests:
        c, k = forest.columns, forest.kinds
        top = len(k.names) - 1
        kind = np.minimum(c.kind, top)
        roles = k.roles
        members.append(c.text[(c.role == roles.index("function")) | (c.role == roles.index("class"))])
        parameters.append(c.text[c.role == roles.index("parameter")])
        # The target of an assignment is its first child; of a tuple of targets, every child.
        target = np.flatnonzero(k.mask("assignment")[kind]) + 1
        target = target[target < len(kind)]
        pattern = target[k.mask("pattern")[kind[target]]]
        inside = _children(c.after, pattern)
        target = np.concatenate((target, inside))
        variables.append(c.text[target[c.role[target] > 0]])
        attribute = target[k.mask("attribute")[kind[target]]]
        last = c.after[attribute].astype(np.int64) - 1
        members.append(c.text[last[c.role[last] > 0]])
        # A variable of a class body is also an attribute of its instances.
        members.append(_class_variables(forest, kind))
    return (
        np.unique(np.concatenate(members)),
        np.unique(np.concatenate(parameters)),
        np.unique(np.concatenate(variables)),
    )


def _children(after: NDArray[np.uint32], rows: NDArray[np.int64]) -> NDArray[np.int64]:
    """All children of some rows (few levels, short lists): by stepping from sibling to sibling."""
    out, at, end = [], rows + 1, after[rows].astype(np.int64)
    on = at < end
    at, end = at[on], end[on]
    while len(at):
        out.append(at)
        at = after[at].astype(np.int64)
        on = at < end
        at, end = at[on], end[on]
    return np.concatenate(out) if out else np.zeros(0, np.int64)


def _class_variables(forest: Forest, kind: NDArray[np.uint16]) -> NDArray[np.uint64]:
    """Names assigned right in a class body: statement -> assignment -> name."""
    c, s, k = forest.columns, forest.statements, forest.kinds
    parent = s.parent
    row = s.row.astype(np.int64)
    in_class = (parent >= 0) & k.mask("class")[kind[row[np.maximum(parent, 0)]]]
    first = row[in_class] + 2  # expression_statement, assignment, target
    first = first[first < len(kind)]
    first = first[k.mask("assignment")[kind[first - 1]] & (c.role[first] > 0)]
    return c.text[first]


def builtin_names(forest: Forest) -> NDArray[np.bool_]:
    """Rows of identifiers that the language itself defines."""
    c = forest.columns
    builtin = np.sort(np.array([content_hash(n.encode()) for n in grammar(forest.kinds.language).builtins], np.uint64))
    keep = np.zeros(len(c.role), bool)
    rows = np.flatnonzero(c.role > 0)
    keep[rows[among(c.text[rows], builtin)]] = True
    return keep


def kept_names(
    forest: Forest, own: tuple[NDArray[np.uint64], NDArray[np.uint64], NDArray[np.uint64]]
) -> NDArray[np.bool_]:
    """Rows of identifiers that no one can rename without changing what the code does.

    Builtins; names that a file imports and neither side defines; attributes that neither side defines, or that hang
    on an imported module; keyword arguments that are no own parameter.
    """
    c, k = forest.columns, forest.kinds
    members, parameters, variables = own
    kind = np.minimum(c.kind, len(k.names) - 1)
    roles = k.roles
    text = c.text
    keep = builtin_names(forest)
    rows = np.flatnonzero(c.role > 0)
    role = c.role[rows]
    plain = rows[((role == roles.index("name")) | (role == roles.index("module"))) & _imported(forest, kind, rows)]
    imported = plain[~among(text[plain], members) & ~among(text[plain], variables)]
    keep[imported] = True
    attribute, keyword = rows[role == roles.index("attribute")], rows[role == roles.index("keyword")]
    keep[attribute[~among(text[attribute], members)]] = True
    keep[keyword[~among(text[keyword], members) & ~among(text[keyword], parameters)]] = True
    # What hangs on an imported module is external even if an own method has its name.
    chain = np.flatnonzero(k.mask("attribute")[kind])
    root = chain + 1
    nested = k.mask("attribute")[kind[root]]
    while nested.any():
        root[nested] += 1
        nested[nested] = k.mask("attribute")[kind[root[nested]]]
    outside = np.zeros(len(kind), bool)
    outside[imported] = True
    last = c.after[chain].astype(np.int64) - 1
    keep[last[outside[root] & (c.role[last] > 0)]] = True
    return keep


def _imported(forest: Forest, kind: NDArray[np.uint16], rows: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Which identifier rows spell a name that an import statement of the same file mentions."""
    c, k = forest.columns, forest.kinds
    statement = np.flatnonzero(k.mask("import")[kind])
    edge = np.bincount(statement, minlength=len(kind) + 1) - np.bincount(c.after[statement], minlength=len(kind) + 1)
    inside = np.cumsum(edge)[:-1] > 0
    file = (np.searchsorted(forest.rows, rows, side="right")).astype(np.uint64)
    key = c.text[rows] + file * np.uint64(0x9E3779B97F4A7C15)
    return among(key, np.unique(key[inside[rows]]))


def own_texts(forests: Sequence[Forest], own: Sequence[NDArray[np.uint64]]) -> frozenset[str]:
    """The own names as they are spelled."""
    table = np.unique(np.concatenate(list(own)))
    found: set[str] = set()
    for forest in forests:
        c = forest.columns
        rows = np.flatnonzero(c.role > 0)
        text, first = np.unique(c.text[rows], return_index=True)
        for row in rows[first[among(text, table)]].tolist():
            found.add(forest.source(row).decode("utf-8", "replace"))
    return frozenset(found)
