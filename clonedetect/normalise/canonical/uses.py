"""Where a statement uses a name, in order of evaluation, and what is evaluated before that."""

from __future__ import annotations

import ast
from typing import NamedTuple

from clonedetect.normalise.canonical.nodes import COMPREHENSIONS, INERT, LOOPS, effect_of, fields, walk

TRY = (ast.Try, getattr(ast, "TryStar", ast.Try))


class Use(NamedTuple):
    """Where a name is used, and how."""

    parent: ast.AST
    field: str
    index: int  # -1 where the field is not a list
    level: int  # the strongest effect evaluated before the use
    conditional: bool
    repeated: bool


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
    """Finds the one use of a name in order of evaluation, and the effects that come before it."""

    def __init__(self, name: str, local: dict[str, int]) -> None:
        self.name = name
        self.local = local
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
