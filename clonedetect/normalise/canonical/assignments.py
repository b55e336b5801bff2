"""Rewrites of one assignment: annotations off, tuples and chains split, augmented assignment written out."""

from __future__ import annotations

import ast

from clonedetect.normalise.canonical.nodes import INERT, Function, at, clone, effect, loads, names, walk


def strip_annotation(stmt: ast.stmt, local: frozenset[str]) -> list[ast.stmt] | None:
    """`x: int = 1` -> `x = 1`; a bare `x: int` vanishes."""
    if not isinstance(stmt, ast.AnnAssign):
        return None
    if stmt.value is None:
        return [at(ast.Pass(), stmt)]
    return [at(ast.Assign(targets=[stmt.target], value=stmt.value), stmt)]


def split_tuple(stmt: ast.stmt, local: frozenset[str]) -> list[ast.stmt] | None:
    """`a, b = x, y` -> `a = x; b = y`, where no later value can see an earlier target.

    `local` are the names nothing but this function can read: a call in a later value cannot observe them. Targets
    that are attributes or items split only where all values are constants or local names.
    """
    if not isinstance(stmt, ast.Assign) or len(stmt.targets) != 1:
        return None
    target, value = stmt.targets[0], stmt.value
    if not isinstance(target, (ast.Tuple, ast.List)) or not isinstance(value, (ast.Tuple, ast.List)):
        return None
    if len(target.elts) != len(value.elts) or not target.elts:
        return None
    if any(isinstance(part, ast.Starred) for part in (*target.elts, *value.elts)):
        return None
    plain = all(isinstance(part, ast.Name) and part.id in local for part in target.elts)
    if not plain and any(effect(part, local) != INERT for part in value.elts):
        return None
    if not plain and any(not isinstance(part, (ast.Name, ast.Attribute)) for part in target.elts):
        return None
    for index, part in enumerate(target.elts):
        if isinstance(part, ast.Name) and any(loads(later, part.id) for later in value.elts[index + 1 :]):
            return None
        if isinstance(part, ast.Name) and any(loads(later, part.id) for later in target.elts[index + 1 :]):
            return None
    return [
        at(ast.Assign(targets=[left], value=right), stmt) for left, right in zip(target.elts, value.elts, strict=True)
    ]


def split_chain(stmt: ast.stmt, local: frozenset[str]) -> list[ast.stmt] | None:
    """`a = b = 0` -> `a = 0; b = 0` for constants; `a = b = v` -> `a = v; b = a` where a is a local name."""
    if not isinstance(stmt, ast.Assign) or len(stmt.targets) < 2:
        return None
    if isinstance(stmt.value, ast.Constant):
        return [at(ast.Assign(targets=[target], value=clone(stmt.value)), stmt) for target in stmt.targets]
    first, rest = stmt.targets[0], stmt.targets[1:]
    if not isinstance(first, ast.Name) or first.id not in local or any(first.id in names(target) for target in rest):
        return None
    head: list[ast.stmt] = [at(ast.Assign(targets=[first], value=stmt.value), stmt)]
    source = ast.Name(id=first.id, ctx=ast.Load())
    return head + [at(ast.Assign(targets=[target], value=clone(source)), stmt) for target in rest]


def expand_augmented(stmt: ast.stmt, local: frozenset[str]) -> list[ast.stmt] | None:
    """`x += 1` -> `x = x + 1`, for names and attributes of names.

    Approximate: an object that changes in place (a list, an array) keeps its identity in the first form only.
    """
    if not isinstance(stmt, ast.AugAssign):
        return None
    target = stmt.target
    if isinstance(target, ast.Attribute):
        base: ast.expr = target.value
        while isinstance(base, ast.Attribute):
            base = base.value
        if not isinstance(base, ast.Name):
            return None
        read: ast.expr = ast.Attribute(value=clone(target.value), attr=target.attr, ctx=ast.Load())
    elif isinstance(target, ast.Name):
        read = ast.Name(id=target.id, ctx=ast.Load())
    else:
        return None
    value = at(ast.BinOp(left=at(read, stmt), op=stmt.op, right=stmt.value), stmt)
    return [at(ast.Assign(targets=[target], value=value), stmt)]


def split_with(stmt: ast.stmt, local: frozenset[str]) -> list[ast.stmt] | None:
    """`with a, b:` -> `with a:` holding `with b:`."""
    if not isinstance(stmt, ast.With) or len(stmt.items) < 2:
        return None
    inner = at(ast.With(items=stmt.items[1:], body=stmt.body), stmt)
    return [at(ast.With(items=stmt.items[:1], body=[inner]), stmt)]


def bare_return(stmt: ast.stmt, local: frozenset[str]) -> list[ast.stmt] | None:
    """`return None` -> `return`, `raise E()` -> `raise E`."""
    if isinstance(stmt, ast.Return) and isinstance(stmt.value, ast.Constant) and stmt.value.value is None:
        return [at(ast.Return(value=None), stmt)]
    exc = stmt.exc if isinstance(stmt, ast.Raise) else None
    if isinstance(stmt, ast.Raise) and isinstance(exc, ast.Call) and not exc.args and not exc.keywords:
        called = exc.func.id if isinstance(exc.func, ast.Name) else ""
        return [at(ast.Raise(exc=exc.func, cause=stmt.cause), stmt)] if called[:1].isupper() else None
    return None


def drop_aliases(function: Function, local: frozenset[str]) -> bool:
    """`def f(p): x = p; ...` -> `def f(p): ...` with p for x; `local` as above.

    Where p is read nowhere else, x only carries on what p was, whatever is assigned to it later; where it is, neither
    may be assigned again.
    """
    parameters = {argument.arg for argument in _arguments(function.args)}
    changed = False
    while isinstance(first := function.body[0], ast.Assign) and len(function.body) > 1 and len(first.targets) == 1:
        target, value = first.targets[0], first.value
        if not isinstance(target, ast.Name) or not isinstance(value, ast.Name) or {target.id, value.id} - local:
            break
        x, p = target.id, value.id
        if p not in parameters or x in parameters:
            break
        spelled = [part for stmt in function.body for part in walk(stmt) if isinstance(part, (ast.Name, ast.arg))]
        reads = sum(isinstance(part, ast.Name) and part.id == p for part in spelled)
        stored = [part for part in spelled if isinstance(part, ast.arg) or not isinstance(part.ctx, ast.Load)]
        again = sum((part.arg if isinstance(part, ast.arg) else part.id) in (x, p) for part in stored)
        if again > 1 and (reads > 1 or any(isinstance(part, ast.arg) and part.arg == p for part in stored)):
            break
        for part in spelled:
            if isinstance(part, ast.arg):
                part.arg = p if part.arg == x else part.arg
            elif part.id == x:
                part.id = p
        del function.body[0]
        changed = True
    return changed


def _arguments(arguments: ast.arguments) -> list[ast.arg]:
    extra = [part for part in (arguments.vararg, arguments.kwarg) if part is not None]
    return [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, *extra]


RULES = {
    ast.AnnAssign: (("", strip_annotation),),
    ast.Assign: (("joined", split_tuple), ("joined", split_chain)),
    ast.AugAssign: (("augmented-assignment", expand_augmented),),
    ast.With: (("", split_with),),
    ast.Return: (("", bare_return),),
    ast.Raise: (("", bare_return),),
}
