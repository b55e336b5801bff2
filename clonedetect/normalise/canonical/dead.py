"""Code that changes nothing: constants named once, branches never taken, loops over nothing, handlers of nothing.

The stores that nobody reads go in `temporaries`, which knows what is read later.
"""

from __future__ import annotations

import ast
from collections import Counter

from clonedetect.normalise.canonical.nodes import (
    ACTS,
    Function,
    Trace,
    at,
    clone,
    effect,
    fields,
    is_call,
    statements_of,
    walk,
)

LONGEST = 80  # characters of a text that is put in place of its name


def name_constants(function: Function, local: frozenset[str], trace: Trace) -> bool:
    """`x = 5` as the only assignment to a local x -> 5 wherever x is read: any other reading of x raises an error."""
    arguments = function.args
    taken = {part.arg for part in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)}
    taken |= {part.arg for part in (arguments.vararg, arguments.kwarg) if part is not None}
    values: dict[str, ast.Constant] = {}
    for node in statements_of(function):
        if isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.value, ast.Constant):
            target, value = node.targets[0], node.value
            short = not isinstance(value.value, (str, bytes)) or len(value.value) <= LONGEST
            if isinstance(target, ast.Name) and short and target.id in local - taken:
                values[target.id] = value
    if not values:
        return False
    stores: Counter[str] = Counter()
    inside = [node for stmt in function.body for node in walk(stmt)]
    for node in inside:
        if isinstance(node, ast.arg):
            stores[node.arg] += 1
        elif isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            stores[node.id] += 1
    named = {name: value for name, value in values.items() if stores[name] == 1}
    changed = False
    for node in inside if named else ():
        for name in fields(node):
            value = getattr(node, name, None)
            if isinstance(value, list):
                for index, item in enumerate(value):
                    if _reads(item, named):
                        value[index] = at(clone(named[item.id]), item)
                        changed = True
            elif _reads(value, named):
                setattr(node, name, at(clone(named[value.id]), value))  # ty: ignore
                changed = True
    if changed:
        trace.note(function, "inlined")
    return changed


def _reads(node: object, named: dict[str, ast.Constant]) -> bool:
    return isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node.id in named


def decided(node: ast.expr, bound: frozenset[str]) -> ast.expr | None:
    """`None is not None` -> `False`, `9 < len('abc')` -> `False`: comparisons of constants of one kind."""
    if not isinstance(node, ast.Compare) or len(node.ops) != 1:
        return None
    left, right = (_constant(side, bound) for side in (node.left, node.comparators[0]))
    if left is None or right is None:
        return None
    a, b, op = left.value, right.value, node.ops[0]
    if isinstance(op, (ast.Is, ast.IsNot)) and (a is None or b is None):
        return at(ast.Constant(value=(a is b) is isinstance(op, ast.Is)), node)
    if type(a) is not type(b) or type(a) not in (int, str):
        return None
    match op:
        case ast.Eq():
            answer = a == b
        case ast.NotEq():
            answer = a != b
        case ast.Lt():
            answer = a < b  # ty: ignore
        case ast.LtE():
            answer = a <= b  # ty: ignore
        case _:
            return None
    return at(ast.Constant(value=answer), node)


def _constant(node: ast.expr, bound: frozenset[str]) -> ast.Constant | None:
    if isinstance(node, ast.Constant):
        return node
    if isinstance(node, ast.Call) and is_call(node, "len") and "len" not in bound and len(node.args) == 1:
        text = node.args[0].value if isinstance(node.args[0], ast.Constant) else None
        return ast.Constant(value=len(text)) if isinstance(text, (str, bytes)) else None
    return None


def taken(block: list[ast.stmt], index: int, tail: str, trace: Trace) -> bool:
    """`if True: A else: B` -> `A`."""
    stmt = block[index]
    if not isinstance(stmt, ast.If) or not isinstance(stmt.test, ast.Constant):
        return False
    rest = (stmt.body if stmt.test.value else stmt.orelse) or [at(ast.Pass(), stmt)]
    trace.note(rest[0], "dead-code")
    block[index : index + 1] = rest
    return True


def idle(stmt: ast.stmt) -> bool:
    """A loop over nothing, a branch without statements, a `try` around none."""
    if isinstance(stmt, ast.For):
        return isinstance(stmt.iter, (ast.Tuple, ast.List)) and not stmt.iter.elts and not stmt.orelse
    if isinstance(stmt, ast.If):
        return _empty(stmt.body) and not stmt.orelse and effect(stmt.test) != ACTS
    return isinstance(stmt, ast.Try) and _empty([*stmt.body, *stmt.orelse, *stmt.finalbody])


def _empty(block: list[ast.stmt]) -> bool:
    return all(isinstance(stmt, ast.Pass) for stmt in block)
