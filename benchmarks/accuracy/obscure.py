"""Level 6 of the laundering tool: temporaries, inverted branches, early exits and dead code."""

from __future__ import annotations

import ast

from edits import apply, bodies, functions, invert_if
from expressions import Body, Site, has, load, negate, simple, store


def add_temporaries(body: Body, site: Site) -> Body:
    """A returned value, or the first argument of a call that is not simple, gets a name of its own."""
    out: Body = []
    for item in body:
        value = getattr(item, "value", None) if isinstance(item, (ast.Assign, ast.Return, ast.Expr)) else None
        call = value if isinstance(value, ast.Call) and simple(value.func) and value.args else None
        first = call.args[0] if call else None
        if first is not None and not simple(first) and not has(first, ast.Starred, ast.NamedExpr) and site.take():
            name = site.fresh()
            out.append(store(name, first))
            call.args[0] = load(name)
        elif isinstance(item, ast.Return) and value is not None and not simple(value) and site.take():
            name = site.fresh()
            out.append(store(name, value))
            item.value = load(name)
        out.append(item)
    return out


def early_exit(body: Body, site: Site, kind: type = ast.Return) -> Body:
    """A last `if c: X` of a function (or loop body) to `if not c: return` (or continue) and X."""
    last = body[-1]
    if isinstance(last, ast.If) and not last.orelse and site.take():
        leave = ast.Return(None) if kind is ast.Return else ast.Continue()
        return [*body[:-1], ast.If(negate(last.test), [leave], []), *last.body]
    return body


def add_dead_code(body: Body, site: Site, every: int = 10) -> Body:
    """Statements that change nothing: unused values, loops over nothing, branches never taken."""
    out: Body = []
    for item in body:
        if site.rng.random() < 1 / every and not (isinstance(item, ast.Expr) and isinstance(item.value, ast.Constant)):
            out += _dead(site)
        out.append(item)
    return out


def _dead(site: Site) -> Body:
    one, two = site.fresh("spare"), site.fresh("count")
    number = site.rng.randrange(2, 900)
    forms = (
        f"{one} = {number}\n{two} = {one} * {number % 7 + 2} - {number // 3}",
        f"for {one} in ():\n    {two} = {one}",
        f"if len('{one}') > {number + 100}:\n    raise RuntimeError('{two}')",
        f"try:\n    {one} = int('{number}')\nexcept ValueError:\n    {one} = 0",
        f"{one} = {{'{two}': {number}}}.get('{one}')",
        f"{one} = [{two} for {two} in range({number % 9}) if {two} > {number + 9}]",
        f"{one} = None\nif {one} is not None:\n    {two} = {one}.{two}",
    )
    return ast.parse(site.rng.choice(forms)).body


def obscure(tree: ast.Module, site: Site) -> None:
    """Level 6: temporaries, inverted branches, early exits and dead code."""
    for function in functions(tree):
        apply(function, [add_temporaries, invert_if], site)
        generator = has(function, ast.Yield, ast.YieldFrom)
        if not generator:
            function.body = early_exit(function.body, site)
        for holder, field in list(bodies(function)):
            if field == "body" and isinstance(holder, (ast.For, ast.While)):
                holder.body = early_exit(holder.body, site, ast.Continue)
        apply(function, [add_dead_code], site)
    ast.fix_missing_locations(tree)
