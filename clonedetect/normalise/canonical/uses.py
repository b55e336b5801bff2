"""Which names are a function's own, where a statement uses one, in order of evaluation, and what is before that."""

from __future__ import annotations

import ast
from typing import NamedTuple

from clonedetect.normalise.canonical.nodes import (
    COMPREHENSIONS,
    FUNCTIONS,
    INERT,
    LOOPS,
    Function,
    children,
    effect_of,
    fields,
    size,
    walk,
)

_SEES_LOCALS = frozenset({"locals", "vars", "eval", "exec", "dir"})
_NAMED = frozenset(
    cls for cls in vars(ast).values() if isinstance(cls, type) and {"name", "rest"} & {*getattr(cls, "_fields", ())}
)
_PLAIN_NODES = frozenset({ast.Attribute, ast.Call, ast.keyword, ast.BinOp, ast.Subscript, ast.Assign, ast.Expr})
TRY = (ast.Try, getattr(ast, "TryStar", ast.Try))


def local_names(function: Function) -> frozenset[str]:
    """Names that only this function's own statements can read or write.

    A lambda reads too, whenever it is called; where no assignment can follow it, what it reads is what it saw.
    """
    arguments = function.args
    every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    every.extend(extra for extra in (arguments.vararg, arguments.kwarg) if extra)
    stored = {argument.arg for argument in every}
    odd: set[str] = set()
    lambdas: list[tuple[ast.Lambda, set[str]]] = []
    places: dict[str, list[tuple[int, int]]] = {}
    stack: list[ast.AST] = list(function.body)
    while stack:
        node = stack.pop()
        cls = node.__class__
        if cls is ast.Constant:
            continue
        if isinstance(node, ast.Name):
            if not isinstance(node.ctx, ast.Load):
                stored.add(node.id)
                places.setdefault(node.id, []).append((node.lineno, node.col_offset))
            elif node.id in _SEES_LOCALS:
                return frozenset()
        elif cls in _PLAIN_NODES:
            stack += children(node)
        elif isinstance(node, (*FUNCTIONS, ast.ClassDef)):
            odd.add(node.name)
            odd.update(inner.id for inner in walk(node) if isinstance(inner, ast.Name))
            odd.update(name for inner in walk(node) if isinstance(inner, ast.Nonlocal) for name in inner.names)
        elif isinstance(node, ast.Lambda):
            own = {argument.arg for argument in (*node.args.args, *node.args.kwonlyargs)}
            lambdas.append((node, {i.id for i in walk(node) if isinstance(i, ast.Name) and i.id not in own}))
        elif isinstance(node, (ast.Global, ast.Nonlocal)):
            odd.update(node.names)
        elif isinstance(node, ast.alias):
            odd.add((node.asname or node.name).partition(".")[0])
        elif isinstance(node, ast.Delete):
            odd.update(inner.id for inner in walk(node) if isinstance(inner, ast.Name))
        else:
            if cls in _NAMED:  # except ... as name, case name
                name = getattr(node, "name", None) or getattr(node, "rest", None)
                if isinstance(name, str):
                    odd.add(name)
            stack += children(node)
    for one, read in lambdas:
        odd.update(name for name in read if max(places.get(name, [(0, 0)])) > (one.lineno, one.col_offset))
    if lambdas:  # going round again, an assignment above a lambda follows it
        for loop in walk(function):
            if isinstance(loop, (*LOOPS, *COMPREHENSIONS)):
                inside = set(walk(loop))
                again = {i.id for i in inside if isinstance(i, ast.Name) and not isinstance(i.ctx, ast.Load)}
                odd.update(name for one, read in lambdas if one in inside for name in read & again)
    return frozenset(stored - odd)


class Use(NamedTuple):
    """Where a name is used, and how."""

    parent: ast.AST
    field: str
    index: int  # -1 where the field is not a list
    level: int  # the strongest effect evaluated before the use
    conditional: bool
    repeated: bool


_PLAIN = (ast.Name, ast.Constant, ast.BinOp, ast.UnaryOp, ast.Attribute, ast.Subscript)
_CHEAP = 7  # nodes


def cheap(value: ast.expr) -> bool:
    """Whether a copier may as well write the value out wherever it is used: a little arithmetic, an item."""
    return size(value) <= _CHEAP and all(isinstance(inner, _PLAIN) for inner in walk(value))


def may_fail(value: ast.expr) -> bool:
    """Whether leaving out the evaluation could leave out an exception, attribute lookups aside."""
    risky = (ast.Call, ast.Subscript, ast.BinOp, ast.Await, *COMPREHENSIONS)
    return any(isinstance(inner, risky) for inner in walk(value))


def jumps(stmt: ast.stmt) -> bool:
    """Whether a compound statement holds a break or a continue."""
    if isinstance(stmt, (ast.If, ast.With, ast.AsyncWith, ast.Match, *TRY, *LOOPS)):
        return any(isinstance(inner, (ast.Break, ast.Continue)) for inner in walk(stmt))
    return False


def plain(callee: object) -> bool:
    """A name with attributes: `f`, `self.layers.append`."""
    while isinstance(callee, ast.Attribute):
        callee = callee.value
    return isinstance(callee, ast.Name)


def header(stmt: ast.stmt) -> list[tuple[ast.AST, str]]:
    """The expressions a statement evaluates once, in order of evaluation."""
    if isinstance(stmt, ast.Assign):
        return [(stmt, "value"), (stmt, "targets")]
    if isinstance(stmt, (ast.Return, ast.Expr)):
        return [(stmt, "value")] if stmt.value is not None else []
    if isinstance(stmt, ast.AugAssign):
        return [(stmt, "value")]
    if isinstance(stmt, (ast.If, ast.Assert)):
        return [(stmt, "test")]
    if isinstance(stmt, (ast.For, ast.AsyncFor)):
        return [(stmt, "iter")]
    if isinstance(stmt, (ast.With, ast.AsyncWith)):
        return [(stmt.items[0], "context_expr")]
    if isinstance(stmt, ast.Raise) and stmt.exc is not None:
        return [(stmt, "exc")]
    return [(stmt, "subject")] if isinstance(stmt, ast.Match) else []


class Search:
    """Finds a use of a name in order of evaluation, after so many others, and the effects that come before it."""

    def __init__(self, name: str, local: dict[str, int], others: int = 0) -> None:
        self.name = name
        self.local = local
        self.others = others
        self.level = INERT

    def find(self, parent: ast.AST, field: str) -> Use | None:
        """The use inside one field of a node, or None."""
        value = getattr(parent, field)
        items = value if isinstance(value, list) else [value]
        for index, item in enumerate(items):
            use = self._visit(item, parent, field, index if isinstance(value, list) else -1)
            if use is not None:
                return use
        return None

    def _visit(self, node: ast.AST | None, parent: ast.AST, field: str, index: int) -> Use | None:
        if not isinstance(node, ast.AST):
            return None
        if isinstance(node, ast.Name):
            if node.id == self.name:
                if self.others:
                    self.others -= 1
                    return None
                return Use(parent, field, index, self.level, False, False)
            return None
        conditional = repeated = False
        order = list(fields(node))
        if isinstance(node, ast.IfExp):
            order = ["test", "body", "orelse"]
        elif isinstance(node, COMPREHENSIONS):
            order = ["generators", *(name for name in order if name != "generators")]
        elif isinstance(node, ast.Lambda):
            repeated = True
        for name in order:
            value = getattr(node, name, None)
            items = value if isinstance(value, list) else [value]
            for place, item in enumerate(items):
                before = self.level
                use = self._visit(item, node, name, place if isinstance(value, list) else -1)
                if use is None:
                    if name == "func" and plain(item):
                        self.level = before  # looking a method up counts as nothing: no call rebinds it
                    continue
                if isinstance(node, ast.IfExp):
                    conditional = name != "test"
                elif isinstance(node, ast.BoolOp):
                    conditional = place > 0
                elif isinstance(node, ast.Compare):
                    conditional = name == "comparators" and place > 0
                elif isinstance(node, COMPREHENSIONS):
                    repeated = not (name == "generators" and place == 0 and use.field == "iter")
                elif isinstance(node, ast.comprehension):
                    repeated = name != "iter"
                elif isinstance(node, ast.Dict) and (name == "values" or place > 0):
                    # keys and values alternate: what lies between counts as evaluated before
                    use = use._replace(level=max([use.level, *(self._effect(item) for item in node.values[:place])]))
                return use._replace(conditional=use.conditional or conditional, repeated=use.repeated or repeated)
        self.level = max(self.level, effect_of(node, self.local))
        return None

    def _effect(self, node: ast.AST) -> int:
        return max(effect_of(inner, self.local) for inner in walk(node))
