"""Edits of statements and expressions that keep a program's meaning (levels 5 and 6 of the laundering tool).

Each edit takes the body it may change and returns it changed; the choice of sites is drawn from one seeded generator.
"Pure" below means: reading names, attributes, subscripts and arithmetic on them is taken to have no side effect.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Callable, Iterator

from expressions import (
    LEAVES,
    SCOPES,
    Body,
    Expressions,
    Site,
    has,
    load,
    negate,
    reads,
    same,
    simple,
    single_target,
    store,
    writes,
)
from names import COMPREHENSIONS

# ---------------------------------------------------------------- statements: each yields the statements to put


def invert_if(body: Body, site: Site) -> Body:
    """`if c: A else: B` to `if not c: B else: A`."""
    for item in body:
        if isinstance(item, ast.If) and item.orelse and site.take():
            item.test, item.body, item.orelse = negate(item.test), item.orelse, item.body
    return body


def branch_to_conditional(body: Body, site: Site) -> Body:
    """Two branches that set one name, or return, to a conditional expression."""
    for index, item in enumerate(body):
        if isinstance(item, ast.If) and len(item.body) == len(item.orelse) == 1 and site.take():
            one, two = item.body[0], item.orelse[0]
            if isinstance(one, ast.Return) and isinstance(two, ast.Return) and one.value and two.value:
                body[index] = ast.Return(ast.IfExp(item.test, one.value, two.value))
            elif isinstance(target := single_target(one), ast.Name) and same(target, single_target(two) or item):
                body[index] = ast.Assign([target], ast.IfExp(item.test, one.value, two.value))
    return body


def conditional_to_branch(body: Body, site: Site) -> Body:
    """A conditional expression that is assigned or returned to two branches."""
    for index, item in enumerate(body):
        value = item.value if isinstance(item, ast.Return) or single_target(item) is not None else None
        if not isinstance(value, ast.IfExp) or not site.take():
            continue
        one, two = copy.copy(item), copy.copy(item)
        one.value, two.value = value.body, value.orelse
        if isinstance(item, ast.Assign):
            two.targets = copy.deepcopy(item.targets)
        body[index] = ast.If(value.test, [one], [two])
    return body


def comprehension_to_loop(body: Body, site: Site) -> Body:
    """`x = [e for t in xs if c]` to an append loop, `x = {k: v for ...}` to a loop that sets items."""
    out: Body = []
    for item in body:
        target = single_target(item)
        value = item.value if isinstance(item, ast.Assign) else None
        good = isinstance(target, ast.Name) and isinstance(value, (ast.ListComp, ast.DictComp))
        if not good or has(value, ast.Lambda, ast.NamedExpr, ast.Await, ast.Yield) or not site.take():
            out.append(item)
            continue
        inner = [n for g in value.generators for n in ast.walk(g.target) if isinstance(n, ast.Name)]
        nested = any(isinstance(n, COMPREHENSIONS) for n in ast.walk(value) if n is not value)
        if nested or any(g.is_async for g in value.generators) or target.id in reads(value):
            out.append(item)
            continue
        renames = {n.id: site.fresh(n.id) for n in inner}
        first = copy.deepcopy(value.generators[0].iter)
        for node in ast.walk(value):
            if isinstance(node, ast.Name) and node.id in renames:
                node.id = renames[node.id]
        value.generators[0].iter = first
        if isinstance(value, ast.ListComp):
            call = ast.Call(ast.Attribute(load(target.id), "append", ast.Load()), [value.elt], [])
            inside: ast.stmt = ast.Expr(call)
            empty: ast.expr = ast.List([], ast.Load())
        else:
            inside = ast.Assign([ast.Subscript(load(target.id), value.key, ast.Store())], value.value)
            empty = ast.Dict([], [])
        for generator in reversed(value.generators):
            for test in reversed(generator.ifs):
                inside = ast.If(test, [inside], [])
            inside = ast.For(generator.target, generator.iter, [inside], [])
        out += [store(target.id, empty), inside]
    return out


def loop_to_comprehension(body: Body, site: Site) -> Body:
    """`x = []` and the append loop after it to a comprehension, where the loop's names are not used elsewhere."""
    out: Body = []
    for item in body:
        start = out[-1] if out else None
        target = single_target(start) if start is not None else None
        made = None
        if (
            isinstance(item, ast.For)
            and isinstance(target, ast.Name)
            and isinstance(start, ast.Assign)
            and not item.orelse
        ):
            made = _comprehension(item, target.id, start.value, site)
        if made is not None and site.take():
            out[-1] = store(target.id, made)
        else:
            out.append(item)
    return out


def _uses(node: ast.AST, names: set[str]) -> int:
    return sum(isinstance(item, ast.Name) and item.id in names for item in ast.walk(node))


def _comprehension(loop: ast.For, name: str, empty: ast.expr, site: Site) -> ast.expr | None:
    test, inside = None, loop.body[0]
    if len(loop.body) == 1 and isinstance(inside, ast.If) and not inside.orelse and len(inside.body) == 1:
        test, inside = inside.test, inside.body[0]
    elif len(loop.body) != 1:
        return None
    loop_names = set(writes(loop.target))
    if site.function is None or _uses(site.function, loop_names) != _uses(loop, loop_names):
        return None
    call = inside.value if isinstance(inside, ast.Expr) else None
    generator = ast.comprehension(loop.target, loop.iter, [test] if test else [], 0)
    parts = [loop.iter, *([test] if test else [])]
    made: ast.expr | None = None
    if isinstance(empty, ast.List) and not empty.elts and isinstance(call, ast.Call) and len(call.args) == 1:
        function = call.func
        if isinstance(function, ast.Attribute) and function.attr == "append" and same(function.value, load(name)):
            made = ast.ListComp(call.args[0], [generator])
            parts.append(call.args[0])
    elif isinstance(empty, ast.Dict) and not empty.keys:
        target = single_target(inside)
        if isinstance(target, ast.Subscript) and same(target.value, load(name)):
            made = ast.DictComp(target.slice, inside.value, [generator])
            parts += [target.slice, inside.value]
    clean = not any(
        name in reads(part) or has(part, ast.Await, ast.Yield, ast.YieldFrom, ast.Starred) for part in parts
    )
    return made if clean else None


def augmented(body: Body, site: Site) -> Body:
    """`x += 1` to `x = x + 1` and back, for constants only (an alias of a list would see the difference)."""
    for index, item in enumerate(body):
        if (
            isinstance(item, ast.AugAssign)
            and isinstance(item.target, ast.Name)
            and isinstance(item.value, ast.Constant)
        ):
            if site.take():
                body[index] = store(item.target.id, ast.BinOp(load(item.target.id), item.op, item.value))
        elif isinstance(target := single_target(item), ast.Name) and isinstance(item.value, ast.BinOp) and site.take():
            value = item.value
            if isinstance(value.right, ast.Constant) and same(value.left, load(target.id)):
                body[index] = ast.AugAssign(target, value.op, value.right)
    return body


def join_assignments(body: Body, site: Site, most: int = 2) -> Body:
    """Independent assignments in a row to one tuple assignment."""
    out: Body = []
    for item in body:
        last = out[-1] if out else None
        if last is not None and (joined := _joined(last, item, most)) and site.take():
            out[-1] = joined
        else:
            out.append(item)
    return out


def _joined(one: ast.stmt, two: ast.stmt, most: int) -> ast.Assign | None:
    first, second = single_target(one), single_target(two)
    if first is None or not isinstance(second, (ast.Name, ast.Attribute)) or not simple(second):
        return None
    several = isinstance(first, ast.Tuple) and isinstance(one.value, ast.Tuple)
    targets = first.elts if several else [first]
    values = one.value.elts if several else [one.value]
    if (
        len(targets) >= most
        or len(targets) != len(values)
        or any(isinstance(t, ast.Starred) for t in (*targets, *values))
    ):
        return None
    written = {t.id for t in targets if isinstance(t, ast.Name)}
    attributes = any(not isinstance(t, ast.Name) for t in targets)
    if not all(isinstance(t, (ast.Name, ast.Attribute)) and simple(t) for t in targets):
        return None
    if (
        written & set(reads(two))
        or written & set(writes(two))
        or has(two, SCOPES)
        or (attributes and not _blind(two.value))
    ):
        return None
    if isinstance(second, ast.Attribute) and any(not _blind(v) for v in values):
        return None
    return ast.Assign([ast.Tuple([*targets, second], ast.Store())], ast.Tuple([*values, two.value], ast.Load()))


def _blind(node: ast.AST) -> bool:
    """Reads no attribute and calls nothing, so an attribute set before or after makes no difference."""
    return not has(node, ast.Attribute, ast.Call, ast.Await, ast.Subscript, ast.NamedExpr, ast.Yield)


def split_tuple(body: Body, site: Site) -> Body:
    """`a, b = x, y` to two assignments where y does not read a."""
    out: Body = []
    for item in body:
        target = single_target(item)
        value = item.value if isinstance(item, ast.Assign) else None
        fits = isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple) and len(target.elts) == len(value.elts)
        if fits and all(isinstance(t, ast.Name) for t in target.elts) and site.take():
            later = [(t.id, v) for t, v in zip(target.elts, value.elts, strict=True)]
            clash = any(later[i][0] in reads(v) for i in range(len(later)) for _, v in later[i + 1 :])
            if not clash and not any(isinstance(v, ast.Starred) or has(v, SCOPES) for _, v in later):
                out += [store(name, v) for name, v in later]
                continue
        out.append(item)
    return out


def nest_conditions(body: Body, site: Site) -> Body:
    """`if a and b: X` to nested ifs and back; `with a, b:` to nested withs."""
    for index, item in enumerate(body):
        if isinstance(item, ast.If) and not item.orelse and site.take():
            if isinstance(item.test, ast.BoolOp) and isinstance(item.test.op, ast.And):
                rest = item.test.values[1:]
                test = rest[0] if len(rest) == 1 else ast.BoolOp(ast.And(), rest)
                body[index] = ast.If(item.test.values[0], [ast.If(test, item.body, [])], [])
            elif len(item.body) == 1 and isinstance(inner := item.body[0], ast.If) and not inner.orelse:
                body[index] = ast.If(ast.BoolOp(ast.And(), [item.test, inner.test]), inner.body, [])
        elif isinstance(item, ast.With) and len(item.items) > 1 and site.take():
            body[index] = ast.With(item.items[:1], [ast.With(item.items[1:], item.body)])
    return body


def guard_to_else(body: Body, site: Site) -> Body:
    """The statements after `if c: ...; return` into its else branch."""
    for index, item in enumerate(body[:-1]):
        if isinstance(item, ast.If) and not item.orelse and isinstance(item.body[-1], LEAVES) and site.take():
            item.orelse = body[index + 1 :]
            return body[: index + 1]
    return body


def else_after_return(body: Body, site: Site) -> Body:
    """An else branch after a branch that leaves moves out of the if."""
    out: Body = []
    for item in body:
        out.append(item)
        if isinstance(item, ast.If) and item.orelse and isinstance(item.body[-1], LEAVES) and site.take():
            rest, item.orelse = item.orelse, []
            out += rest
    return out


def drop_return_temporary(body: Body, site: Site) -> Body:
    """`v = e; return v` to `return e`."""
    out: Body = []
    for item in body:
        last = single_target(out[-1]) if out else None
        ends = isinstance(item, ast.Return) and isinstance(last, ast.Name) and item.value is not None
        if ends and same(item.value, load(last.id)) and site.take():
            out[-1] = ast.Return(out[-1].value)
            continue
        out.append(item)
    return out


# ---------------------------------------------------------------- walking


def bodies(node: ast.AST) -> Iterator[tuple[ast.AST, str]]:
    """Every statement list of a function, innermost first, without those of nested definitions."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.expr)):
            continue
        yield from bodies(child)
    for field in ("body", "orelse", "finalbody"):
        if isinstance(getattr(node, field, None), list) and getattr(node, field):
            yield node, field


def functions(tree: ast.AST) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    """All functions and methods, outer before inner."""
    return [n for n in ast.walk(tree) if isinstance(n, (ast.FunctionDef, ast.AsyncFunctionDef))]


def apply(function: ast.AST, edits: list[Callable[[Body, Site], Body]], site: Site) -> None:
    """Runs edits over every statement list of one function."""
    site.function = function
    for edit in edits:
        for holder, field in list(bodies(function)):
            setattr(holder, field, edit(getattr(holder, field), site))


REWRITE = [
    conditional_to_branch, invert_if, comprehension_to_loop, augmented, split_tuple, join_assignments, nest_conditions,
    drop_return_temporary, else_after_return,
]  # fmt: skip
REWRITE_OTHERS = [
    branch_to_conditional, invert_if, loop_to_comprehension, augmented, join_assignments, nest_conditions,
    drop_return_temporary, guard_to_else,
]  # fmt: skip


def rewrite(tree: ast.Module, site: Site) -> None:
    """Level 5: statements and expressions rewritten; which family of edits a function gets is drawn per function."""
    for function in functions(tree):
        apply(function, REWRITE if site.rng.random() < 0.5 else REWRITE_OTHERS, site)
        site.function = function
        for index, item in enumerate(function.body):
            if not isinstance(item, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
                function.body[index] = Expressions(site).visit(item)
    ast.fix_missing_locations(tree)
