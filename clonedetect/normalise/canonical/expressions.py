"""Rewrites of single expressions, bottom-up. Each takes an expression and answers its canonical form or None."""

from __future__ import annotations

import ast

from clonedetect.normalise.canonical import strings
from clonedetect.normalise.canonical.dead import decided
from clonedetect.normalise.canonical.nodes import (
    EXPRESSIONS,
    INERT,
    READS,
    Rule,
    at,
    call,
    clone,
    effect,
    is_call,
    mirrored,
    names,
    negate,
    negative,
)

Bound = frozenset[str]
_TAKES_GENERATOR = ("sum", "min", "max", "sorted", "set", "tuple", "frozenset", "any", "all")


def negation(node: ast.expr, bound: Bound) -> ast.expr | None:
    """`not a == b` -> `a != b`, `not x is None` -> `x is not None`, De Morgan."""
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        operand = node.operand
        if isinstance(operand, ast.BoolOp):
            return negate(operand, ordered=False)
        if isinstance(operand, ast.Compare) and len(operand.ops) == 1:
            new = negate(operand, ordered=False)
            return None if isinstance(new, ast.UnaryOp) else new
    return None


def ordered_negation(node: ast.expr, bound: Bound) -> ast.expr | None:
    """`not a < b` -> `b <= a`; approximate: differs where the order is not total."""
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not) and isinstance(node.operand, ast.Compare):
        new = negate(node.operand)
        return None if isinstance(new, ast.UnaryOp) else new
    return None


def comparison_direction(node: ast.expr, bound: Bound) -> ast.expr | None:
    """`a > b` -> `b < a`, `None == x` -> `x == None`."""
    if not isinstance(node, ast.Compare) or len(node.ops) != 1:
        return None
    if isinstance(node.ops[0], (ast.Eq, ast.NotEq)):
        if isinstance(node.left, ast.Constant) and not isinstance(node.comparators[0], ast.Constant):
            return at(ast.Compare(left=node.comparators[0], ops=node.ops, comparators=[node.left]), node)
        return None
    new = mirrored(node)
    return None if new is node else new


def comparison_chain(node: ast.expr, bound: Bound) -> ast.expr | None:
    """`a < b < c` -> `a < b and b < c`, where reading b twice does nothing."""
    if not isinstance(node, ast.Compare) or len(node.ops) < 2:
        return None
    if any(not isinstance(middle, (ast.Name, ast.Constant)) for middle in node.comparators[:-1]):
        return None
    lefts = [node.left, *(clone(middle) for middle in node.comparators[:-1])]
    parts = zip(lefts, node.ops, node.comparators, strict=True)
    values: list[ast.expr] = [at(ast.Compare(left=a, ops=[op], comparators=[b]), node) for a, op, b in parts]
    return at(ast.BoolOp(op=ast.And(), values=values), node)


def constant_right(node: ast.expr, bound: Bound) -> ast.expr | None:
    """`2 * x` -> `x * 2` and `1 + x` -> `x + 1` for numbers."""
    if not isinstance(node, ast.BinOp) or not isinstance(node.op, (ast.Add, ast.Mult)):
        return None
    left = node.left
    if isinstance(left, ast.Constant) and type(left.value) in (int, float):
        right = node.right
        if not (isinstance(right, ast.Constant) and type(right.value) in (int, float)):
            return at(ast.BinOp(left=right, op=node.op, right=left), node)
    return None


def floor_division(node: ast.expr, bound: Bound) -> ast.expr | None:
    """`int(a / b)` -> `a // b`, also `math.floor`; approximate: int() truncates towards zero, large ints round."""
    if not isinstance(node, ast.Call) or len(node.args) != 1 or node.keywords:
        return None
    floor = is_call(node, "int") and "int" not in bound
    if isinstance(node.func, ast.Attribute) and node.func.attr == "floor" and isinstance(node.func.value, ast.Name):
        floor = node.func.value.id == "math"
    value = node.args[0]
    if floor and isinstance(value, ast.BinOp) and isinstance(value.op, ast.Div):
        return at(ast.BinOp(left=value.left, op=ast.FloorDiv(), right=value.right), node)
    return None


def literal_call(node: ast.expr, bound: Bound) -> ast.expr | None:
    """`dict(a=1)` -> `{'a': 1}`, `list()` -> `[]`, `tuple()` -> `()`, `str()` -> `''`."""
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name) or node.args or node.func.id in bound:
        return None
    if node.func.id == "dict":
        keys: list[ast.expr | None] = [ast.Constant(value=part.arg) if part.arg else None for part in node.keywords]
        return at(ast.Dict(keys=keys, values=[part.value for part in node.keywords]), node)
    if node.keywords:
        return None
    match node.func.id:
        case "list":
            return at(ast.List(elts=[], ctx=ast.Load()), node)
        case "tuple":
            return at(ast.Tuple(elts=[], ctx=ast.Load()), node)
        case "str":
            return at(ast.Constant(value=""), node)
    return None


def comprehension_call(node: ast.expr, bound: Bound) -> ast.expr | None:
    """`list(e for ...)` -> `[e for ...]`, also set and dict; `list(map(lambda x: e, xs))`, `list(filter(...))`."""
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name) or node.keywords or len(node.args) != 1:
        return None
    kind, value = node.func.id, node.args[0]
    if kind not in ("list", "set", "dict") or kind in bound:
        return None
    if isinstance(value, ast.GeneratorExp) or (isinstance(value, ast.ListComp) and kind != "list"):
        if kind == "dict":
            if not isinstance(value.elt, ast.Tuple) or len(value.elt.elts) != 2:
                return None
            key, item = value.elt.elts
            return at(ast.DictComp(key=key, value=item, generators=value.generators), node)
        form = ast.ListComp if kind == "list" else ast.SetComp
        return at(form(elt=value.elt, generators=value.generators), node)
    if kind == "list" and isinstance(value, ast.Call) and is_call(value, "map", "filter"):
        inner = value.func.id if isinstance(value.func, ast.Name) else ""
        if inner in bound or len(value.args) != 2 or value.keywords or not isinstance(value.args[0], ast.Lambda):
            return None
        lamb = value.args[0]
        if len(lamb.args.args) != 1 or lamb.args.vararg or lamb.args.kwonlyargs or lamb.args.defaults:
            return None
        name = lamb.args.args[0].arg
        if name in names(value.args[1]):
            return None
        kept = [lamb.body] if inner == "filter" else []
        element = ast.Name(id=name, ctx=ast.Load()) if kept else lamb.body
        loop = ast.comprehension(target=ast.Name(id=name, ctx=ast.Store()), iter=value.args[1], ifs=kept, is_async=0)
        return at(ast.ListComp(elt=element, generators=[loop]), node)
    return None


def generator_argument(node: ast.expr, bound: Bound) -> ast.expr | None:
    """`sum([e for ...])` -> `sum(e for ...)`; any and all only where stopping early skips no side effect."""
    if not isinstance(node, ast.Call) or not node.args or not isinstance(node.args[0], ast.ListComp):
        return None
    joins = isinstance(node.func, ast.Attribute) and node.func.attr == "join"
    if not joins and (not is_call(node, *_TAKES_GENERATOR) or names(node.func) & bound or len(node.args) != 1):
        return None
    value = node.args[0]
    if is_call(node, "any", "all") and effect(value) > READS:
        return None
    node.args[0] = at(ast.GeneratorExp(elt=value.elt, generators=value.generators), value)
    return node


def first_of_sorted(node: ast.expr, bound: Bound) -> ast.expr | None:
    """`sorted(xs, key=k)[0]` -> `min(xs, key=k)`; approximate: the error for an empty xs is another one."""
    if (
        isinstance(node, ast.Subscript)
        and isinstance(node.slice, ast.Constant)
        and type(node.slice.value) is int
        and node.slice.value == 0
        and isinstance(node.value, ast.Call)
        and is_call(node.value, "sorted")
        and not {"sorted", "min", "max"} & bound
    ):
        keywords = [part for part in node.value.keywords if part.arg != "reverse"]
        dropped = [part.value for part in node.value.keywords if part.arg == "reverse"]
        if any(not isinstance(value, ast.Constant) for value in dropped):
            return None
        largest = any(isinstance(value, ast.Constant) and value.value for value in dropped)
        new = call("max" if largest else "min", *node.value.args)
        new.keywords = keywords
        return at(new, node)
    return None


def spare_argument(node: ast.expr, bound: Bound) -> ast.expr | None:
    """Arguments that say the default: `range(0, n)`, `d.get(k, None)`, `super(C, self)`."""
    if not isinstance(node, ast.Call) or node.keywords or len(node.args) != 2:
        return None
    first, second = node.args
    if is_call(node, "range") and "range" not in bound and isinstance(first, ast.Constant) and first.value == 0:
        return None if isinstance(second, ast.Starred) else at(call("range", second), node)
    if isinstance(node.func, ast.Attribute) and node.func.attr == "get":
        if isinstance(second, ast.Constant) and second.value is None:
            return at(ast.Call(func=node.func, args=[first], keywords=[]), node)
    elif is_call(node, "super") and isinstance(second, ast.Name) and second.id in ("self", "cls"):
        return at(call("super"), node)
    return None


def condition(test: ast.expr) -> ast.expr:
    """A test without its double negation: only its truth counts."""
    while (
        isinstance(test, ast.UnaryOp)
        and isinstance(test.op, ast.Not)
        and isinstance(test.operand, ast.UnaryOp)
        and isinstance(test.operand.op, ast.Not)
    ):
        test = test.operand.operand
    return test


def inverted_choice(node: ast.expr, bound: Bound) -> ast.expr | None:
    """`a if not c else b` -> `b if c else a`."""
    if isinstance(node, ast.IfExp):
        node.test = condition(node.test)
        if negative(node.test):
            return at(ast.IfExp(test=negate(node.test), body=node.orelse, orelse=node.body), node)
    return None


RULES: dict[type[ast.AST], tuple[Rule, ...]] = {
    ast.UnaryOp: (Rule("negation", negation), Rule("negation", ordered_negation)),
    ast.Compare: (
        Rule("comparison-chain", comparison_chain),
        Rule("comparison-direction", comparison_direction),
        Rule("dead-code", decided),
    ),
    ast.BinOp: (
        Rule("format-string", strings.percent),
        Rule("format-string", strings.concatenation),
        Rule("constant-right", constant_right),
    ),
    ast.Call: (
        Rule("floor-division", floor_division),
        Rule("literal-call", literal_call),
        Rule("comprehension-call", comprehension_call),
        Rule("generator-argument", generator_argument),
        Rule("spare-argument", spare_argument),
        Rule("format-string", strings.format_call),
    ),
    ast.Subscript: (Rule("loop-to-min", first_of_sorted),),
    ast.IfExp: (Rule("branch-inverted", inverted_choice),),
    ast.JoinedStr: (Rule("", strings.joined),),
}
MOST_REWRITES = 400  # of one statement
_PLAIN = frozenset({ast.Name, ast.Constant, type(None)})  # nothing to rewrite


def rewrite(node: ast.AST, bound: Bound, tags: list[str], only: frozenset[str] | None = None) -> ast.AST:
    """All rules to a fixed point, children first, in place; statements inside a statement are left alone.

    `tags` gets the tag of every rule that applied.
    """
    cls = node.__class__
    if cls in _PLAIN:
        return node
    for name in EXPRESSIONS.get(cls, ()):
        value = getattr(node, name, None)
        if value.__class__ is list:
            for index, item in enumerate(value):
                if item.__class__ not in _PLAIN:
                    value[index] = rewrite(item, bound, tags, only)  # ty: ignore
        elif value.__class__ not in _PLAIN:
            new = rewrite(value, bound, tags, only)  # ty: ignore
            if new is not value:
                setattr(node, name, new)
    rules = RULES.get(cls)
    if rules:
        for rule in rules:
            if only is not None and rule.tag not in only:
                continue
            new = rule.apply(node, bound)  # ty: ignore
            if new is not None:
                if rule.tag:
                    tags.append(rule.tag)
                if len(tags) > MOST_REWRITES or new is node or new.__class__ is ast.Constant:
                    return new
                return rewrite(new, bound, tags, only)
    return node


def inert(node: ast.expr) -> bool:
    """A constant or a display of constants: evaluating it at another place changes nothing."""
    if isinstance(node, ast.Constant):
        return True
    return isinstance(node, ast.UnaryOp) and effect(node) == INERT and isinstance(node.operand, ast.Constant)
