"""What the rewriting asks of a whole syntax tree before it begins."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field

from clonedetect.normalise.canonical.nodes import FIELDS, FUNCTIONS, HOLES, Function

DEEPEST = 120  # levels of a syntax tree
_BINDING = frozenset({*FUNCTIONS, ast.ClassDef, ast.arg, ast.alias, ast.ExceptHandler}) | frozenset(
    {ast.MatchAs, ast.MatchStar, ast.MatchMapping}
)


@dataclass(slots=True)
class Survey:
    """What a tree binds and imports, and its definitions, each after the one that holds it."""

    bound: set[str] = field(default_factory=set)
    imported: set[str] = field(default_factory=set)
    functions: list[Function] = field(default_factory=list)
    classes: list[ast.ClassDef] = field(default_factory=list)


Member = tuple[Function | ast.ClassDef, Survey]


def members(tree: ast.Module, found: Survey) -> list[Member]:
    """The definitions directly in classes, outer ones first, each with its own survey; `found`: that of the tree."""
    out: list[Member] = []
    blocks = [node.body for node in tree.body if isinstance(node, ast.ClassDef)] if found.classes else []
    for block in blocks:  # grows while it is read
        for node in block:
            if isinstance(node, (*FUNCTIONS, ast.ClassDef)):
                own = survey(node)
                if own is not None:
                    out.append((node, own))
                if isinstance(node, ast.ClassDef):
                    blocks.append(node.body)
    return out


def first_line_of(node: Function | ast.ClassDef) -> int:
    """The line of the first decorator or of the definition."""
    return min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])


def survey(tree: ast.AST) -> Survey | None:
    """All that is asked of the whole tree, in one pass; None where it is deeper than `DEEPEST` levels."""
    found = Survey()
    level: list[ast.AST] = [tree]
    known, holes = FIELDS, HOLES  # as in `walk`
    for _ in range(DEEPEST):
        below: list[ast.AST] = []
        for node in level:
            cls = node.__class__
            if cls is ast.Name:
                if node.ctx.__class__ is not ast.Load:  # ty: ignore
                    found.bound.add(node.id)  # ty: ignore
                continue
            if cls in _BINDING:
                _bind(node, found)
            for name in known.get(cls, ()):
                value = getattr(node, name, None)
                if value.__class__ is list:
                    below += [item for item in value if item is not None] if cls in holes else value
                elif value is not None:
                    below.append(value)
        if not below:
            return found
        level = below
    return None


def _bind(node: ast.AST, found: Survey) -> None:
    if isinstance(node, ast.arg):
        found.bound.add(node.arg)
    elif isinstance(node, ast.alias):
        found.imported.add((node.asname or node.name).partition(".")[0])
    elif isinstance(node, (*FUNCTIONS, ast.ClassDef)):
        found.bound.add(node.name)
        if isinstance(node, ast.ClassDef):
            found.classes.append(node)
        else:
            found.functions.append(node)
    else:
        name = getattr(node, "name", None) or getattr(node, "rest", None)
        if name:
            found.bound.add(name)
