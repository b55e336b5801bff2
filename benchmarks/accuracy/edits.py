"""Edits of statements and expressions that keep a program's meaning (levels 5 and 6 of the laundering tool).

Each edit takes the body it may change and returns it changed; the choice of sites is drawn from one seeded generator.
"Pure" below means: reading names, attributes, subscripts and arithmetic on them is taken to have no side effect.
"""

from __future__ import annotations

import ast
import copy
import random
from collections import Counter
from collections.abc import Callable, Iterator

from names import COMPREHENSIONS, FUNCTIONS, Vocabulary

Body = list[ast.stmt]
SCOPES = (*FUNCTIONS, ast.ClassDef, *COMPREHENSIONS)
FLIPPED = {ast.Lt: ast.Gt, ast.Gt: ast.Lt, ast.LtE: ast.GtE, ast.GtE: ast.LtE, ast.Eq: ast.Eq, ast.NotEq: ast.NotEq}
NEGATED = {
    ast.Eq: ast.NotEq, ast.NotEq: ast.Eq, ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In,
}  # fmt: skip
PURE = (
    ast.Name, ast.Constant, ast.Attribute, ast.Subscript, ast.Compare, ast.BoolOp, ast.BinOp, ast.UnaryOp, ast.Tuple,
    ast.Slice, ast.expr_context, ast.operator, ast.cmpop, ast.unaryop, ast.boolop, ast.List, ast.JoinedStr,
    ast.FormattedValue, ast.IfExp,
)  # fmt: skip
LEAVES = (ast.Return, ast.Raise, ast.Continue, ast.Break)


def pure(node: ast.AST) -> bool:
    """Whether evaluating `node` only reads."""
    return all(isinstance(item, PURE) for item in ast.walk(node))


def simple(node: ast.AST) -> bool:
    """A name, constant or dotted name: evaluating it can be moved anywhere the names do not change."""
    return isinstance(node, (ast.Name, ast.Constant)) or (isinstance(node, ast.Attribute) and simple(node.value))


def reads(node: ast.AST) -> Counter[str]:
    """How often each name is read under `node`."""
    return Counter(n.id for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load))


def writes(node: ast.AST) -> Counter[str]:
    """How often each name is bound or deleted under `node`."""
    return Counter(n.id for n in ast.walk(node) if isinstance(n, ast.Name) and not isinstance(n.ctx, ast.Load))


def has(node: ast.AST, *kinds: type) -> bool:
    """Whether a node of one of `kinds` is under `node`."""
    return any(isinstance(item, kinds) for item in ast.walk(node))


def negate(test: ast.expr) -> ast.expr:
    """The opposite of a condition."""
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        return test.operand
    if isinstance(test, ast.Compare) and len(test.ops) == 1 and type(test.ops[0]) in NEGATED:
        return ast.Compare(test.left, [NEGATED[type(test.ops[0])]()], test.comparators)
    return ast.UnaryOp(ast.Not(), test)


def load(name: str) -> ast.Name:
    """A read of `name`."""
    return ast.Name(name, ast.Load())


def store(name: str, value: ast.expr) -> ast.Assign:
    """`name = value`."""
    return ast.Assign([ast.Name(name, ast.Store())], value)


def single_target(statement: ast.stmt) -> ast.expr | None:
    """The target of an assignment with one target."""
    return statement.targets[0] if isinstance(statement, ast.Assign) and len(statement.targets) == 1 else None


def same(one: ast.AST, two: ast.AST) -> bool:
    """Equal but for positions."""
    return ast.dump(one) == ast.dump(two)


class Site:
    """Where an edit happens: the function around it, the new names, and the dice."""

    def __init__(self, rng: random.Random, vocabulary: Vocabulary, rate: float) -> None:
        self.rng, self.vocabulary, self.rate = rng, vocabulary, rate
        self.function: ast.AST | None = None

    def take(self) -> bool:
        """Whether to edit here."""
        return self.rng.random() < self.rate

    def fresh(self, like: str = "value") -> str:
        """An unused name."""
        return self.vocabulary.fresh(like)


# ---------------------------------------------------------------- expressions


class Expressions(ast.NodeTransformer):
    """Rewrites expressions: comparison direction, De Morgan, chains, conditional order, isinstance, format, keywords."""

    def __init__(self, site: Site) -> None:
        self.site = site

    def visit_Compare(self, node: ast.Compare) -> ast.expr:
        self.generic_visit(node)
        if not self.site.take():
            return node
        if len(node.ops) == 2 and simple(node.comparators[0]) and all(type(op) in FLIPPED for op in node.ops):
            first = ast.Compare(node.left, [node.ops[0]], [node.comparators[0]])
            return ast.BoolOp(ast.And(), [first, ast.Compare(node.comparators[0], [node.ops[1]], [node.comparators[1]])])
        if len(node.ops) == 1 and type(node.ops[0]) in FLIPPED and pure(node):
            return ast.Compare(node.comparators[0], [FLIPPED[type(node.ops[0])]()], [node.left])
        return node

    def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.expr:
        self.generic_visit(node)
        inner = node.operand
        if isinstance(node.op, ast.Not) and isinstance(inner, ast.BoolOp) and self.site.take():
            other = ast.Or() if isinstance(inner.op, ast.And) else ast.And()
            return ast.BoolOp(other, [ast.UnaryOp(ast.Not(), value) for value in inner.values])
        return node

    def visit_IfExp(self, node: ast.IfExp) -> ast.expr:
        self.generic_visit(node)
        return ast.IfExp(negate(node.test), node.orelse, node.body) if self.site.take() else node

    def visit_Call(self, node: ast.Call) -> ast.expr:
        self.generic_visit(node)
        if not self.site.take():
            return node
        name = node.func.id if isinstance(node.func, ast.Name) else ""
        if name == "isinstance" and len(node.args) == 2 and isinstance(node.args[1], ast.Tuple) and simple(node.args[0]):
            kinds = node.args[1].elts
            if len(kinds) > 1 and not any(isinstance(kind, ast.Starred) for kind in kinds):
                calls = [ast.Call(load(name), [copy.deepcopy(node.args[0]), kind], []) for kind in kinds]
                return ast.BoolOp(ast.Or(), calls)
        if len(node.keywords) > 1 and all(item.arg and pure(item.value) for item in node.keywords):
            self.site.rng.shuffle(node.keywords)
        return node

    def visit_JoinedStr(self, node: ast.JoinedStr) -> ast.expr:
        if not self.site.take():
            return node
        text, values = "", []
        for part in node.values:
            if isinstance(part, ast.Constant):
                text += part.value.replace("{", "{{").replace("}", "}}")
            elif isinstance(part, ast.FormattedValue):
                spec = part.format_spec
                if spec is not None and not all(isinstance(item, ast.Constant) for item in spec.values):
                    return node
                text += "{" + ("" if part.conversion < 0 else "!" + chr(part.conversion))
                text += (":" + "".join(item.value for item in spec.values) if spec else "") + "}"
                values.append(self.visit(part.value))
        return ast.Call(ast.Attribute(ast.Constant(text), "format", ast.Load()), values, []) if values else node

    def visit_FormattedValue(self, node: ast.FormattedValue) -> ast.expr:
        return node

    def visit_List(self, node: ast.List) -> ast.expr:
        self.generic_visit(node)
        return ast.Call(load("list"), [], []) if not node.elts and self._fresh_container(node) else node

    def visit_Dict(self, node: ast.Dict) -> ast.expr:
        self.generic_visit(node)
        return ast.Call(load("dict"), [], []) if not node.keys and self.site.take() else node

    def _fresh_container(self, node: ast.List) -> bool:
        return isinstance(node.ctx, ast.Load) and self.site.rng.random() < self.site.rate / 3


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
        if isinstance(item, ast.For) and isinstance(target, ast.Name) and isinstance(start, ast.Assign) and not item.orelse:
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
    clean = not any(name in reads(part) or has(part, ast.Await, ast.Yield, ast.YieldFrom, ast.Starred) for part in parts)
    return made if clean else None


def augmented(body: Body, site: Site) -> Body:
    """`x += 1` to `x = x + 1` and back, for constants only (an alias of a list would see the difference)."""
    for index, item in enumerate(body):
        if isinstance(item, ast.AugAssign) and isinstance(item.target, ast.Name) and isinstance(item.value, ast.Constant):
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
    if len(targets) >= most or len(targets) != len(values) or any(isinstance(t, ast.Starred) for t in (*targets, *values)):
        return None
    written = {t.id for t in targets if isinstance(t, ast.Name)}
    attributes = any(not isinstance(t, ast.Name) for t in targets)
    if not all(isinstance(t, (ast.Name, ast.Attribute)) and simple(t) for t in targets):
        return None
    if written & set(reads(two)) or written & set(writes(two)) or has(two, SCOPES) or (attributes and not _blind(two.value)):
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
        if isinstance(item, ast.Return) and isinstance(last, ast.Name) and item.value and same(item.value, load(last.id)):
            if site.take():
                out[-1] = ast.Return(out[-1].value)
                continue
        out.append(item)
    return out


# ---------------------------------------------------------------- level 6


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


def add_dead_code(body: Body, site: Site, every: int = 5) -> Body:
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
