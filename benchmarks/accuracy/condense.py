"""The edits of a condensed copy (DESIGN section 4): what was done to the code of the founding case."""

from __future__ import annotations

import ast
import copy
from collections import Counter

from edits import (
    apply,
    branch_to_conditional,
    conditional_to_branch,
    drop_return_temporary,
    else_after_return,
    functions,
    join_assignments,
    loop_to_comprehension,
)
from expressions import Body, Site, has, load, pure, reads, simple, single_target, writes
from names import COMPREHENSIONS, FUNCTIONS
from obscure import early_exit

OPAQUE = (*FUNCTIONS, ast.ClassDef, *COMPREHENSIONS, ast.For, ast.While, ast.AsyncFor, ast.Try, ast.NamedExpr, ast.If)


def drop_asserts(body: Body, site: Site) -> Body:
    """Asserts go."""
    return [item for item in body if not isinstance(item, ast.Assert)] or [ast.Pass()]


def inline_temporaries(body: Body, site: Site) -> Body:
    """`t = e` and the next statement, the only one that reads t, become one statement."""
    counts = reads(site.function) if site.function else Counter()
    stores = writes(site.function) if site.function else Counter()
    out: Body = []
    for item in body:
        while out and (name := _temporary(out[-1], item)) and counts[name] == 1 and stores[name] == 1 and site.take():
            item = Inline({name: out.pop().value}).visit(item)
        out.append(item)
    return out


def _temporary(one: ast.stmt, two: ast.stmt) -> str | None:
    """The name that `one` sets and `two` reads before it calls or changes anything."""
    target = single_target(one)
    if not isinstance(target, ast.Name) or isinstance(two, OPAQUE) or has(one, ast.Yield, ast.YieldFrom, ast.Await):
        return None
    if not isinstance(two, (ast.Assign, ast.Return, ast.Expr)) or two.value is None:
        return None
    plain = pure(one.value)
    return target.id if _reached(two.value, target.id, plain) else None


def _reached(node: ast.AST, name: str, plain: bool) -> bool:
    """Whether `name` is read under `node`, outside scopes and branches, before anything else that may act."""
    if isinstance(node, ast.Name):
        return node.id == name
    if isinstance(node, (*OPAQUE, ast.IfExp, ast.BoolOp, ast.JoinedStr)):
        return False
    for child in ast.iter_child_nodes(node):
        if any(isinstance(n, ast.Name) and n.id == name for n in ast.walk(child)):
            return _reached(child, name, plain)
        if has(child, ast.Call, ast.Await, *OPAQUE) or (
            not plain and not simple(child) and isinstance(child, ast.expr)
        ):
            return False
    return False


class Inline(ast.NodeTransformer):
    """Puts expressions in the place of names."""

    def __init__(self, values: dict[str, ast.expr]) -> None:
        self.values = values

    def visit_Name(self, node: ast.Name) -> ast.expr:
        if isinstance(node.ctx, ast.Load) and node.id in self.values:
            return copy.deepcopy(self.values[node.id])
        return node


class Halves(ast.NodeTransformer):
    """`int(a / b)` to `a // b` (equal for the sizes and counts it is used on, not for negative numbers)."""

    def visit_Call(self, node: ast.Call) -> ast.expr:
        self.generic_visit(node)
        if isinstance(node.func, ast.Name) and node.func.id == "int" and len(node.args) == 1 and not node.keywords:
            inner = node.args[0]
            if isinstance(inner, ast.BinOp) and isinstance(inner.op, ast.Div):
                return ast.BinOp(inner.left, ast.FloorDiv(), inner.right)
        return node


def inline_helpers(tree: ast.Module, site: Site) -> None:
    """Calls of one-line module functions become their expression; a private helper without other uses goes."""
    helpers: dict[str, ast.FunctionDef] = {}
    for item in tree.body:
        if isinstance(item, ast.FunctionDef) and not item.decorator_list and len(item.body) == 1:
            value = item.body[0].value if isinstance(item.body[0], ast.Return) else None
            plain = item.args.args and not (item.args.defaults or item.args.vararg or item.args.kwarg)
            if value is not None and plain and not item.args.kwonlyargs and not has(value, *OPAQUE[:7], ast.NamedExpr):
                helpers[item.name] = item

    class Calls(ast.NodeTransformer):
        def visit_Call(self, node: ast.Call) -> ast.expr:
            self.generic_visit(node)
            helper = helpers.get(node.func.id) if isinstance(node.func, ast.Name) else None
            if helper is None or node.keywords or len(node.args) != len(helper.args.args):
                return node
            value = helper.body[0].value
            names = [item.arg for item in helper.args.args]
            if any(isinstance(arg, ast.Starred) for arg in node.args) or not all(simple(arg) for arg in node.args):
                return node
            return Inline(dict(zip(names, node.args, strict=True))).visit(copy.deepcopy(value))

    for item in tree.body:
        if not isinstance(item, ast.FunctionDef) or item.name not in helpers:
            Calls().visit(item)
    left = reads(tree)
    tree.body = [
        item
        for item in tree.body
        if not (
            isinstance(item, ast.FunctionDef) and item.name in helpers and item.name[0] == "_" and not left[item.name]
        )
    ] or [ast.Pass()]


def methods_to_functions(tree: ast.Module, site: Site, attribute_uses: Counter[str]) -> None:
    """Methods that only read `self.x` or `self.config.x` become functions with these as parameters.

    Only methods that nothing outside their class names, so that every call can be rewritten.
    """
    out: Body = []
    for item in tree.body:
        if isinstance(item, ast.ClassDef):
            out += _extract(item, site, attribute_uses)
        out.append(item)
    tree.body = out


def _extract(owner: ast.ClassDef, site: Site, attribute_uses: Counter[str]) -> Body:
    made: Body = []
    for method in [m for m in owner.body if isinstance(m, ast.FunctionDef)]:
        arguments = method.args
        plain = arguments.args and arguments.args[0].arg == "self" and not method.decorator_list
        if not plain or method.name.startswith("__") or arguments.vararg or arguments.posonlyargs:
            continue
        inside = [n for n in ast.walk(owner) if isinstance(n, ast.Attribute) and n.attr == method.name]
        calls = [
            n for n in ast.walk(owner)
            if isinstance(n, ast.Call) and any(n.func is i for i in inside) and _is_self(n.func.value)
        ]  # fmt: skip
        wanted = _self_reads(method)
        if wanted is None or len(wanted) > 8 or len(calls) != attribute_uses[method.name] or not site.take():
            continue
        if any(has(call, ast.Starred) or any(k.arg is None for k in call.keywords) for call in calls):
            continue
        if any(id(call) in {id(n) for n in ast.walk(method)} for call in calls):
            continue
        _lift(owner, method, wanted, calls, site)
        made.append(method)
    owner.body = [item for item in owner.body if item not in made] or [ast.Pass()]
    return made


def _is_self(node: ast.AST) -> bool:
    return isinstance(node, ast.Name) and node.id == "self"


def _path(node: ast.AST) -> tuple[str, ...] | None:
    """("x",) for self.x and ("config", "x") for self.config.x, read."""
    if not isinstance(node, ast.Attribute) or not isinstance(node.ctx, ast.Load):
        return None
    if _is_self(node.value):
        return (node.attr,)
    inner = node.value
    if isinstance(inner, ast.Attribute) and inner.attr == "config" and _is_self(inner.value):
        return ("config", node.attr)
    return None


def _self_reads(method: ast.FunctionDef) -> list[tuple[str, ...]] | None:
    """The attributes that a method reads through self, or None where self is used in another way."""
    wanted: dict[tuple[str, ...], None] = {}
    accounted: set[int] = set()
    called = {id(n.func) for n in ast.walk(method) if isinstance(n, ast.Call)}
    for node in ast.walk(method):
        path = _path(node)
        if path is not None and id(node) not in accounted:
            if path == ("config",) or id(node) in called:
                return None
            wanted[path] = None
            accounted.update(id(n) for n in ast.walk(node))
    loose = [n for n in ast.walk(method) if _is_self(n) and id(n) not in accounted]
    nested = any(isinstance(n, (*FUNCTIONS, ast.ClassDef)) for n in ast.walk(method) if n is not method)
    return (
        None if loose or nested or has(method, ast.Global, ast.Nonlocal) or "super" in reads(method) else list(wanted)
    )


def _lift(owner: ast.ClassDef, method: ast.FunctionDef, wanted: list[tuple[str, ...]], calls: list, site: Site) -> None:
    names = {path: site.fresh(path[-1]) for path in wanted}

    class Reads(ast.NodeTransformer):
        def visit_Attribute(self, node: ast.Attribute) -> ast.expr:
            path = _path(node)
            if path in names:
                return load(names[path])
            self.generic_visit(node)
            return node

    for index, item in enumerate(method.body):
        method.body[index] = Reads().visit(item)
    method.args.args = [*(ast.arg(names[path]) for path in wanted), *method.args.args[1:]]
    for call in calls:
        call.func = load(method.name)
        call.args = [*(_attribute(path) for path in wanted), *call.args]


def _attribute(path: tuple[str, ...]) -> ast.expr:
    node: ast.expr = load("self")
    for name in path:
        node = ast.Attribute(node, name, ast.Load())
    return node


def cut_regions(tree: ast.Module, site: Site, least: int = 10, share: float = 0.3) -> None:
    """Of some long functions only a run of half to four fifths of the statements is kept (`_kept` says which lines)."""
    for function in functions(tree):
        length = (function.end_lineno or 0) - function.lineno + 1
        if len(function.body) < least or length < 25 or site.rng.random() > share:
            continue
        count = int(len(function.body) * site.rng.uniform(0.5, 0.8))
        start = site.rng.randrange(len(function.body) - count + 1)
        function.body = function.body[start : start + count]
        function._kept = (function.body[0].lineno, function.body[-1].end_lineno)


def condense(tree: ast.Module, site: Site, attribute_uses: Counter[str], cut: bool = True) -> None:
    """All edits of a condensed copy on one file. With `cut`, meaning is kept but for the regions left out."""
    if cut:
        cut_regions(tree, site)
    inline_helpers(tree, site)
    methods_to_functions(tree, site, attribute_uses)
    for function in functions(tree):
        apply(function, [drop_asserts, loop_to_comprehension, branch_to_conditional], site)
        apply(function, [inline_temporaries, drop_return_temporary], site)
        apply(function, [lambda body, s: join_assignments(body, s, most=4)], site)
        apply(function, [else_after_return if site.rng.random() < 0.6 else conditional_to_branch], site)
        if not has(function, ast.Yield, ast.YieldFrom):
            function.body = early_exit(function.body, site)
        Halves().visit(function)
    ast.fix_missing_locations(tree)
