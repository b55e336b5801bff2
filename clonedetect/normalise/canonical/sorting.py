"""Lists that are sorted where they stand, as the sorted list that a shorter program says."""

from __future__ import annotations

import ast

from clonedetect.normalise.canonical.nodes import (
    COMPREHENSIONS,
    LOOPS,
    PURE,
    Function,
    Trace,
    at,
    blocks,
    call,
    children,
    is_call,
    walk,
)

_LOOKS = (ast.Attribute, ast.Subscript, ast.Compare, ast.comprehension, ast.For, ast.If, ast.While, ast.IfExp)
_LOOKS_TOO = (ast.UnaryOp, ast.BoolOp, ast.BinOp, ast.JoinedStr, ast.FormattedValue)


def sort_in_place(function: Function, local: frozenset[str], trace: Trace) -> bool:
    """`xs.sort(key=k)` -> `xs = sorted(xs, key=k)`, for a list this function made and has shown to nobody before."""
    found: list[tuple[list[ast.stmt], int, ast.Name, int]] = []
    todo: list[tuple[list[ast.stmt], int]] = [(function.body, 0)]  # a block, and where the loop around it ends
    for block, loop in todo:  # grows while it is read
        for place, stmt in enumerate(block):
            name = _sorted(stmt)
            if name is not None and name.id in local:
                found.append((block, place, name, max(loop, stmt.lineno)))
            ends = max(loop, stmt.end_lineno or 0) if isinstance(stmt, LOOPS) else loop
            todo += [(inner, ends) for inner in blocks(stmt)]
    if not found:
        return False
    made, shown = _lists(function)
    changed = False
    for block, place, name, line in found:
        if name.id not in made or any(at_line <= line for at_line in shown.get(name.id, ())):
            continue
        stmt = block[place]
        value = call("sorted", name)
        assert isinstance(stmt, ast.Expr) and isinstance(stmt.value, ast.Call)
        value.keywords = stmt.value.keywords
        target = at(ast.Name(id=name.id, ctx=ast.Store()), name)
        block[place] = at(ast.Assign(targets=[target], value=at(value, stmt)), stmt)
        trace.note(block[place], "sorted")
        changed = True
    return changed


def _sorted(stmt: ast.stmt) -> ast.Name | None:
    """xs of `xs.sort(...)`."""
    if not isinstance(stmt, ast.Expr) or not isinstance(stmt.value, ast.Call) or stmt.value.args:
        return None
    callee = stmt.value.func
    if not isinstance(callee, ast.Attribute) or callee.attr != "sort" or not isinstance(callee.value, ast.Name):
        return None
    return callee.value if all(part.arg in ("key", "reverse") for part in stmt.value.keywords) else None


def _lists(function: Function) -> tuple[set[str], dict[str, list[int]]]:
    """Names that only ever hold lists made here, and the lines on which somebody else may get hold of a name's."""
    arguments = function.args
    every = (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, arguments.vararg, arguments.kwarg)
    other = {part.arg for part in every if part is not None}
    made: set[str] = set()
    shown: dict[str, list[int]] = {}
    for node in walk(function):
        fresh = isinstance(node, ast.Assign) and (
            isinstance(node.value, (ast.List, ast.ListComp)) or is_call(node.value, "list", "sorted")
        )
        for child in children(node):
            if not isinstance(child, ast.Name):
                continue
            if not isinstance(child.ctx, ast.Load):
                (made if fresh else other).add(child.id)
            elif not isinstance(node, (*_LOOKS, *_LOOKS_TOO, *COMPREHENSIONS)) and not is_call(node, *PURE):
                shown.setdefault(child.id, []).append(child.lineno)
    return made - other, shown
