"""What the laundering edits share: what may be moved past what, and rewrites of single expressions."""

from __future__ import annotations

import ast
import copy
import random
from collections import Counter

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


class Expressions(ast.NodeTransformer):
    """Rewrites comparisons, De Morgan, chains, conditional order, isinstance, f-strings and keyword order."""

    def __init__(self, site: Site) -> None:
        self.site = site

    def visit_Compare(self, node: ast.Compare) -> ast.expr:
        self.generic_visit(node)
        if not self.site.take():
            return node
        if len(node.ops) == 2 and simple(node.comparators[0]) and all(type(op) in FLIPPED for op in node.ops):
            first = ast.Compare(node.left, [node.ops[0]], [node.comparators[0]])
            return ast.BoolOp(
                ast.And(), [first, ast.Compare(node.comparators[0], [node.ops[1]], [node.comparators[1]])]
            )
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
        if (
            name == "isinstance"
            and len(node.args) == 2
            and isinstance(node.args[1], ast.Tuple)
            and simple(node.args[0])
        ):
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
