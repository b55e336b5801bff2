"""Loops that build one value, as the expression that says so: comprehensions, sums, min and max, any and all.

Each takes the statements from the first initialisation to the loop and answers the one assignment that replaces
them. The caller has made sure that nothing between touches the names and that the loop's own names are dead after it.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping

from clonedetect.normalise.canonical.nodes import (
    ACTS,
    LARGEST_EXPRESSION,
    MADE,
    at,
    call,
    clone,
    effect,
    fields,
    loads,
    same,
    size,
    walk,
)

_AWAITS = (ast.Await, ast.Yield, ast.YieldFrom, ast.NamedExpr)


def _body(loop: ast.For) -> tuple[list[ast.comprehension], ast.stmt] | None:
    """The generators of nested for and if around one innermost statement."""
    if loop.orelse or size(loop) > LARGEST_EXPRESSION or any(isinstance(node, _AWAITS) for node in walk(loop)):
        return None
    generators: list[ast.comprehension] = []
    stmt: ast.stmt = loop
    while True:
        if isinstance(stmt, ast.For) and not stmt.orelse and len(stmt.body) == 1:
            generators.append(ast.comprehension(target=stmt.target, iter=stmt.iter, ifs=[], is_async=0))
            stmt = stmt.body[0]
        elif isinstance(stmt, ast.If) and not stmt.orelse and len(stmt.body) == 1 and not _picks(stmt):
            generators[-1].ifs.append(stmt.test)
            stmt = stmt.body[0]
        else:
            return generators, stmt


def _picks(stmt: ast.If) -> bool:
    """`if e < best: best = e`: the test belongs to the minimum, it is no filter."""
    inner = stmt.body[0]
    if not isinstance(inner, ast.Assign) or not isinstance(inner.targets[0], ast.Name):
        return False
    return loads(stmt.test, inner.targets[0].id) > 0


def _assign(target: ast.expr, value: ast.expr, loop: ast.stmt) -> ast.Assign:
    return at(ast.Assign(targets=[target], value=at(value, loop)), loop)


def _init(stmt: ast.stmt) -> tuple[ast.Name, ast.expr] | None:
    if isinstance(stmt, ast.Assign) and len(stmt.targets) == 1 and isinstance(stmt.targets[0], ast.Name):
        return stmt.targets[0], stmt.value
    return None


def collect(init: ast.stmt, loop: ast.For) -> ast.Assign | None:
    """`xs = []` and `for t in it: xs.append(e)` -> `xs = [e for t in it]`; `d[k] = v` and `s.add(e)` likewise."""
    known = _init(init)
    found = _body(loop) if known else None
    if known is None or found is None:
        return None
    (target, start), (generators, stmt) = known, found
    name = target.id
    if loads(loop, name) != loads(stmt, name):
        return None
    if isinstance(start, ast.List) and not start.elts:
        element: ast.expr | None = None
        if isinstance(stmt, ast.Expr):
            element = _method(stmt.value, name, "append")
        elif isinstance(stmt, ast.Assign) and isinstance(stmt.value, ast.BinOp) and same(stmt.targets[0], target):
            grown = stmt.value  # xs += [e], written out
            if isinstance(grown.op, ast.Add) and same(grown.left, target) and isinstance(grown.right, ast.List):
                element = grown.right.elts[0] if len(grown.right.elts) == 1 else None
        if element is None or isinstance(element, ast.Starred) or loads(element, name):
            return None
        return _assign(target, ast.ListComp(elt=element, generators=generators), loop)
    if isinstance(start, ast.Dict) and not start.keys:
        if not isinstance(stmt, ast.Assign) or len(stmt.targets) != 1:
            return None
        place = stmt.targets[0]
        if not isinstance(place, ast.Subscript) or not isinstance(place.value, ast.Name) or place.value.id != name:
            return None
        if loads(stmt, name) != 1 or isinstance(place.slice, ast.Slice):
            return None
        if effect(place.slice) == ACTS and effect(stmt.value) == ACTS:
            return None  # the statement evaluates the value first, the comprehension the key
        return _assign(target, ast.DictComp(key=place.slice, value=stmt.value, generators=generators), loop)
    if isinstance(start, ast.Call) and isinstance(start.func, ast.Name) and start.func.id == "set" and not start.args:
        element = _method(stmt.value, name, "add") if isinstance(stmt, ast.Expr) else None
        if element is not None and not loads(element, name):
            return _assign(target, ast.SetComp(elt=element, generators=generators), loop)
    return None


def _method(value: ast.expr, name: str, method: str) -> ast.expr | None:
    """The argument of `name.method(argument)`."""
    if isinstance(value, ast.Call) and isinstance(value.func, ast.Attribute) and value.func.attr == method:
        base = value.func.value
        if isinstance(base, ast.Name) and base.id == name and len(value.args) == 1 and not value.keywords:
            return None if isinstance(value.args[0], ast.Starred) else value.args[0]
    return None


def total(init: ast.stmt, loop: ast.For) -> ast.Assign | None:
    """`n = 0` and `for t in it: n = n + e` -> `n = sum(e for t in it)`."""
    known = _init(init)
    found = _body(loop) if known else None
    if known is None or found is None:
        return None
    (target, start), (generators, stmt) = known, found
    if not isinstance(start, ast.Constant) or type(start.value) is not int or start.value != 0:
        return None
    if not isinstance(stmt, ast.Assign) or not isinstance(stmt.value, ast.BinOp) or not same(stmt.targets[0], target):
        return None
    grown = stmt.value
    if not isinstance(grown.op, ast.Add):
        return None
    # `n + 1` keeps its order, `1 + n` was turned round before
    if not same(grown.left, target) or loads(loop, target.id) != 2:
        return None
    return _assign(target, call("sum", ast.GeneratorExp(elt=grown.right, generators=generators)), loop)


def _infinite(value: ast.expr, largest: bool) -> bool:
    """`float('inf')`, `math.inf`, None; with `largest` their negatives."""
    if isinstance(value, ast.Constant) and value.value is None:
        return True
    if largest and isinstance(value, ast.UnaryOp) and isinstance(value.op, ast.USub):
        return _infinite(value.operand, False)
    if isinstance(value, ast.Attribute):
        return not largest and value.attr in ("inf", "maxsize")
    if isinstance(value, ast.Call) and isinstance(value.func, ast.Name) and value.func.id == "float" and value.args:
        text = value.args[0].value if isinstance(value.args[0], ast.Constant) else None
        return text in (("-inf", "-Infinity") if largest else ("inf", "Infinity"))
    return False


def _below(test: ast.expr, best: str) -> tuple[ast.expr, bool] | None:
    """The candidate e of `e < best` or, for a maximum, `best < e`; `best is None or ...` may come first."""
    if isinstance(test, ast.BoolOp) and isinstance(test.op, ast.Or) and len(test.values) == 2:
        first, test = test.values
        if not isinstance(first, ast.Compare) or not isinstance(first.ops[0], ast.Is) or loads(first, best) != 1:
            return None
    if not isinstance(test, ast.Compare) or len(test.ops) != 1:
        return None
    left, right, op = test.left, test.comparators[0], test.ops[0]
    if isinstance(op, ast.Gt):  # where the operands did not commute
        left, right, op = right, left, ast.Lt()
    if not isinstance(op, ast.Lt):
        return None
    if isinstance(right, ast.Name) and right.id == best:
        return left, False
    if isinstance(left, ast.Name) and left.id == best:
        return right, True
    return None


def extreme(inits: list[ast.stmt], loop: ast.For) -> tuple[ast.Assign, str | None] | None:
    """A loop that keeps the smallest or largest, as `min` or `max`.

    `m = inf` and `for t in it: if e < m: m = e` -> `m = min((e for t in it), default=inf)`; with a second name for
    the element, `best = min(it, key=lambda t: e, default=None)`: then the caller must find the score's name (the
    second result) dead after the loop.
    """
    if not 1 <= len(inits) <= 2:
        return None
    found = _body(loop)
    candidate: ast.expr | None = None
    if found is None:
        # `for t in it: s = e; if s < m: m = s; best = t`
        if len(loop.body) != 2 or loop.orelse or (first := _init(loop.body[0])) is None or size(loop) > 120:
            return None
        stmt: ast.stmt = loop.body[1]
        generators = [ast.comprehension(target=loop.target, iter=loop.iter, ifs=[], is_async=0)]
        score, candidate = first
        if not isinstance(stmt, ast.If) or loads(stmt, score.id) != 2 or loads(loop, score.id) != 3:
            return None
    else:
        generators, stmt = found
        score = None
        if not isinstance(stmt, ast.If) and len(generators) == 1 and len(loop.body) == 2:
            return None
        if isinstance(stmt, ast.For) and len(stmt.body) == 2 and (first := _init(stmt.body[0])) is not None:
            generators = [*generators, ast.comprehension(target=stmt.target, iter=stmt.iter, ifs=[], is_async=0)]
            score, candidate = first
            stmt = stmt.body[1]
            if stmt.__class__ is not ast.If or loads(stmt, score.id) != 2 or loads(loop, score.id) != 3:
                return None
    if not isinstance(stmt, ast.If) or stmt.orelse or len(stmt.body) > 2:
        return None
    starts = {known[0].id: known[1] for known in map(_init, inits) if known}
    updates = {known[0].id: known[1] for known in map(_init, stmt.body) if known}
    if len(updates) != len(stmt.body) or set(starts) != set(updates) or len(starts) != len(inits):
        return None
    for best in updates:
        below = _below(stmt.test, best)
        if below is None:
            continue
        tested, largest = below
        if not same(updates[best], tested) or not _infinite(starts[best], largest):
            return None
        element = tested if candidate is None else candidate
        if candidate is not None and not (isinstance(tested, ast.Name) and score and tested.id == score.id):
            return None
        if any(loads(element, name) for name in updates) or (candidate is None and effect(element) == ACTS):
            return None
        function = "max" if largest else "min"
        if len(updates) == 1:
            values = ast.GeneratorExp(elt=element, generators=generators)
            target = ast.Name(id=best, ctx=ast.Store())
            return _assign(target, call(function, values, default=starts[best]), loop), None
        other = next(name for name in updates if name != best)
        if loads(stmt.test, other):
            return None
        value = _keyed(function, generators, updates[other], element, starts[other])
        return None if value is None else (_assign(ast.Name(id=other, ctx=ast.Store()), value, loop), best)
    return None


def _keyed(
    function: str, generators: list[ast.comprehension], kept: ast.expr, score: ast.expr, default: ast.expr
) -> ast.expr | None:
    """`min(it, key=lambda t: score, default=...)` of what the generators' last target is kept as; None for no such.

    A target of several names is one item: `for a, b in it` with `(a, b)` or one of them kept, as `t[0]` and `t[1]`;
    approximate: takes what is unpacked for a sequence. The keys alone of `d.items()` are those of d.
    """
    item, single = generators[-1].target, len(generators) == 1 and not generators[0].ifs
    pool = generators[0].iter
    place: int | None = None
    if isinstance(item, ast.Name):
        name = item.id
        if not isinstance(kept, ast.Name) or kept.id != name:
            return None
    elif isinstance(item, ast.Tuple) and all(isinstance(part, ast.Name) for part in item.elts):
        parts = [part.id for part in item.elts if isinstance(part, ast.Name)]
        if isinstance(kept, ast.Name) and kept.id in parts:
            place = parts.index(kept.id)
        elif not isinstance(kept, ast.Tuple) or not same(kept, item):
            return None
        if len(set(parts)) < len(parts) or any(
            not isinstance(n.ctx, ast.Load) and n.id in parts for n in _names(score)
        ):
            return None
        table = _items(pool) if single and len(parts) == 2 and place == 0 else None
        if table is not None:
            name, pool, place = parts[0], table, None
            instead: Mapping[str, ast.expr] = {
                parts[1]: ast.Subscript(value=table, slice=ast.Name(id=name, ctx=ast.Load()), ctx=ast.Load())
            }
        else:
            name = MADE + "_".join(parts)
            whole = ast.Name(id=name, ctx=ast.Load())
            instead = {
                part: ast.Subscript(value=whole, slice=ast.Constant(value=n), ctx=ast.Load())
                for n, part in enumerate(parts)
            }
            if place is not None:
                values = [default if n == place else ast.Constant(value=None) for n in range(len(parts))]
                default = ast.Tuple(elts=values, ctx=ast.Load())
        score = _replaced(score, instead)
    else:
        return None
    if not single:
        pool = ast.GeneratorExp(elt=_read(item), generators=generators)
    arguments = ast.arguments(posonlyargs=[], args=[ast.arg(arg=name)], kwonlyargs=[], kw_defaults=[], defaults=[])
    value: ast.expr = call(function, pool, key=ast.Lambda(args=arguments, body=score), default=default)
    return value if place is None else ast.Subscript(value=value, slice=ast.Constant(value=place), ctx=ast.Load())


def _names(node: ast.AST) -> list[ast.Name]:
    return [inner for inner in walk(node) if isinstance(inner, ast.Name)]


def _items(pool: ast.expr) -> ast.Name | None:
    """d of `d.items()`."""
    if isinstance(pool, ast.Call) and isinstance(pool.func, ast.Attribute) and not pool.args and not pool.keywords:
        return pool.func.value if pool.func.attr == "items" and isinstance(pool.func.value, ast.Name) else None
    return None


def _read(target: ast.expr) -> ast.expr:
    """A target as the value it was given."""
    if isinstance(target, ast.Name):
        return at(ast.Name(id=target.id, ctx=ast.Load()), target)
    assert isinstance(target, ast.Tuple)
    return at(ast.Tuple(elts=[_read(part) for part in target.elts], ctx=ast.Load()), target)


def _replaced(value: ast.expr, instead: Mapping[str, ast.expr]) -> ast.expr:
    """The expression with other expressions for some names, in place where it is not one of them."""
    if isinstance(value, ast.Name):
        return at(clone(instead[value.id]), value) if value.id in instead else value
    for inner in walk(value):
        for field in fields(inner):
            part = getattr(inner, field, None)
            if isinstance(part, list):
                part[:] = [_replaced(one, instead) if isinstance(one, ast.Name) else one for one in part]
            elif isinstance(part, ast.Name):
                setattr(inner, field, _replaced(part, instead))
    return value


def flagged(init: ast.stmt, loop: ast.For) -> ast.Assign | None:
    """`f = False` and `for t in it: if c: f = True; break` -> `f = any(c for t in it)`; the opposite is `not any`."""
    known = _init(init)
    if known is None or loop.orelse or len(loop.body) != 1 or size(loop) > LARGEST_EXPRESSION:
        return None
    test = loop.body[0]
    if not isinstance(test, ast.If) or test.orelse or len(test.body) != 2 or not isinstance(test.body[1], ast.Break):
        return None
    target, start = known
    update = _init(test.body[0])
    if update is None or update[0].id != target.id or loads(loop, target.id) != 1:
        return None
    if not isinstance(start, ast.Constant) or not isinstance(update[1], ast.Constant):
        return None
    if not isinstance(start.value, bool) or update[1].value is not (not start.value):
        return None
    generator = ast.comprehension(target=loop.target, iter=loop.iter, ifs=[], is_async=0)
    value: ast.expr = call("any", ast.GeneratorExp(elt=test.test, generators=[generator]))
    return _assign(target, ast.UnaryOp(op=ast.Not(), operand=value) if start.value else value, loop)


def searching(loop: ast.For, after: ast.stmt) -> ast.Return | None:
    """`for t in it: if c: return True` and `return False` -> `return any(c for t in it)`; else `next(...)`."""
    if not isinstance(after, ast.Return) or loop.orelse or len(loop.body) != 1 or size(loop) > LARGEST_EXPRESSION:
        return None
    test = loop.body[0]
    if not isinstance(test, ast.If) or test.orelse or len(test.body) != 1:
        return None
    if any(isinstance(node, _AWAITS) for node in walk(loop)):
        return None
    found = test.body[0]
    if not isinstance(found, ast.Return) or found.value is None:
        return None
    answer = after.value if after.value is not None else ast.Constant(value=None)
    if not isinstance(answer, ast.Constant):
        return None
    generator = ast.comprehension(target=loop.target, iter=loop.iter, ifs=[], is_async=0)
    if isinstance(found.value, ast.Constant) and isinstance(found.value.value, bool):
        if answer.value is not (not found.value.value):
            return None
        value: ast.expr = call("any", ast.GeneratorExp(elt=test.test, generators=[generator]))
        return at(ast.Return(value=value if found.value.value else ast.UnaryOp(op=ast.Not(), operand=value)), loop)
    generator.ifs.append(test.test)
    return at(ast.Return(value=call("next", ast.GeneratorExp(elt=found.value, generators=[generator]), answer)), loop)
