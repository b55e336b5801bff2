"""Names that stand for something else in a whole file: `A = None`, `A = len`, `import numpy as A`.

Anyone can hoist a constant to a name, or give an import another name, without changing what the code does; so the name
is read as what it stands for. Only names that the file binds once, at its top level, count, and only where no scope
around the use binds the same name, as Python resolves names.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from clonedetect.domain import among, content_hash
from clonedetect.grammar import grammar
from clonedetect.normalise.labels import mix

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from clonedetect.domain import Forest

LARGEST_VALUE = 4  # rows: a literal with its sign or quotes, a builtin with an attribute


@dataclass(frozen=True, slots=True)
class Uses:
    """Rows `row` that stand for the rows `value:stop` of the same forest, in row order."""

    row: NDArray[np.int64]
    value: NDArray[np.int64]
    stop: NDArray[np.int64]


def hoisted(forest: Forest) -> Uses:
    """Where names of a forest stand for constants, builtins and imports."""
    c = forest.columns
    target, value = (np.concatenate(both) for both in zip(_constants(forest), _aliases(forest), strict=True))
    wanted = _keys(forest, target)
    order = np.argsort(wanted, kind="stable")
    wanted, value = wanted[order], value[order]

    names = np.flatnonzero(c.role > 0)
    names = names[among(c.text[names], np.unique(c.text[target]))]
    key = _keys(forest, names)
    mentioned = among(key, wanted)
    names, key = names[mentioned], key[mentioned]
    scopes = _Scopes(forest)
    scope, binds = _bindings(forest, names, scopes)
    bound, times = np.unique(key[binds & (scope < 0)], return_counts=True)
    local = np.unique(key[binds] + mix((scope[binds] + 1).astype(np.uint64)))

    use = ~binds & (c.role[names] == 1) & among(key, bound[times == 1])
    names, key, at = names[use], key[use], scope[use]
    free, first = np.ones(len(names), bool), True
    while (at >= 0).any():
        hides = (at >= 0) & among(key + mix((at + 1).astype(np.uint64)), local)
        # What a class body binds is seen by its own statements alone, not by its methods.
        free &= ~(hides & (first | ~scopes.is_class[at]))
        at, first = np.where(at >= 0, scopes.outer[at], -1), False
    names, key = names[free], key[free]
    found = value[np.searchsorted(wanted, key)]
    return Uses(names, found, c.after[found].astype(np.int64))


def _keys(forest: Forest, rows: NDArray[np.int64]) -> NDArray[np.uint64]:
    """A name and the file it stands in, as one number."""
    return forest.columns.text[rows] + mix(np.searchsorted(forest.rows, rows, side="right").astype(np.uint64))


def _kind(forest: Forest) -> NDArray[np.uint16]:
    return np.minimum(forest.columns.kind, len(forest.kinds.names) - 1)


def _within(forest: Forest, rows: NDArray[np.int64], first: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Which rows lie in the subtrees of `rows`, from the rows `first` on."""
    n = len(forest.columns.kind)
    edge = np.bincount(first, minlength=n + 1) - np.bincount(forest.columns.after[rows], minlength=n + 1)
    return np.cumsum(edge)[:n] > 0


def _top_level(forest: Forest) -> NDArray[np.bool_]:
    """Which statements are a module's own."""
    parent = forest.statements.parent
    return (parent >= 0) & (parent[np.maximum(parent, 0)] < 0)


def _constants(forest: Forest) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Targets and values of top-level assignments of one literal or builtin to one name."""
    c, k, kind = forest.columns, forest.kinds, _kind(forest)
    after = c.after.astype(np.int64)
    statement = forest.statements.row.astype(np.int64)[_top_level(forest)]
    statement = statement[after[statement] >= statement + 4]  # itself, assignment, target, value
    target = statement + 2
    value = after[target]
    fits = (
        k.mask("assignment")[kind[statement + 1]] & (c.role[target] == 1) & (after[statement] == after[statement + 1])
    )
    fits &= (value < after[statement]) & (after[statement] - value <= LARGEST_VALUE)
    target, value, stop = target[fits], value[fits], after[statement[fits]]
    builtin = np.sort(np.array([content_hash(name.encode()) for name in grammar(k.language).builtins], np.uint64))
    other = ~k.mask("constant")[kind] | ((c.role == 1) & ~among(c.text, builtin))
    others = np.concatenate(([0], np.cumsum(other)))
    fits = (after[value] == stop) & (others[stop] == others[value])
    return target[fits], value[fits]


def _aliases(forest: Forest) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The rows of z and of y in top-level `from x import y as z` and `import x.y as z`."""
    c, s = forest.columns, forest.statements
    row = np.flatnonzero(forest.kinds.mask("alias")[_kind(forest)])
    alias = c.after[row].astype(np.int64) - 1
    fits = (alias >= row + 3) & (c.role[alias] > 0) & (c.role[alias - 1] > 0)
    fits &= _top_level(forest)[np.searchsorted(s.row, row, side="right") - 1]
    return alias[fits], alias[fits] - 1


class _Scopes:
    """Functions, lambdas, comprehensions and classes, numbered in row order.

    row, after: of each; outer: the scope around each, -1 for the file; is_class: whether it is a class.
    """

    def __init__(self, forest: Forest) -> None:
        c, k, kind = forest.columns, forest.kinds, _kind(forest)
        self.row = np.flatnonzero(k.mask("scope")[kind] | k.mask("function")[kind] | k.mask("class")[kind])
        self.after = c.after[self.row].astype(np.int64)
        self.is_class = k.mask("class")[kind[self.row]]
        outer: list[int] = []
        stack: list[tuple[int, int]] = []
        for place, (row, after) in enumerate(zip(self.row.tolist(), self.after.tolist(), strict=True)):
            while stack and stack[-1][1] <= row:
                stack.pop()
            outer.append(stack[-1][0] if stack else -1)
            stack.append((place, after))
        self.outer = np.array(outer, np.int64)

    def of(self, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """The innermost scope around each row."""
        at = np.searchsorted(self.row, rows, side="right") - 1
        outside = (at >= 0) & (self.after[at] <= rows) if len(self.row) else np.zeros(len(rows), bool)
        while outside.any():
            at[outside] = self.outer[at[outside]]
            outside = (at >= 0) & (self.after[at] <= rows)
        return at


def _bindings(forest: Forest, names: NDArray[np.int64], scopes: _Scopes) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """The scope that each name belongs to where it stands, and whether it is bound there."""
    c, k, kind = forest.columns, forest.kinds, _kind(forest)
    role = c.role[names]
    defines = (role == k.roles.index("function")) | (role == k.roles.index("class"))
    binds = defines | (role == k.roles.index("parameter")) | (role == k.roles.index("module"))

    target = np.flatnonzero(k.mask("assignment")[kind]) + 1
    target = target[target < len(kind)]
    target += k.mask("operators")[kind[target]]  # the name behind `async for`
    spread = np.concatenate((target[k.mask("pattern")[kind[target]]], np.flatnonzero(k.mask("target")[kind])))
    declared = np.flatnonzero(k.mask("global")[kind])
    is_target, is_declared = _within(forest, spread, spread), _within(forest, declared, declared)[names]
    is_target[target] = True
    binds |= (is_target[names] & (role == 1)) | is_declared

    # A default is evaluated outside its function, and a function's name is bound there; `global` speaks of the file.
    default = np.flatnonzero(k.mask("default")[kind])
    outside = defines | _within(forest, default, c.after[default + 1].astype(np.int64))[names]
    scope = scopes.of(names)
    outside &= scope >= 0
    scope[outside] = scopes.outer[scope[outside]]
    scope[is_declared] = -1
    return scope, binds
