"""What the rewrites ask of a syntax tree: its children, its effects, its names, and a trace of what was rewritten.

Only `ast.parse` ever touches the examined source; nothing here compiles or runs it.
"""

from __future__ import annotations

import ast
import builtins
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

INERT, READS, ACTS = 0, 1, 2  # touches only local names | reads state others may change | may change state
MADE = "item_of_"  # how a name begins that a rewrite made up: `Tokens` writes it without a name
LARGEST_EXPRESSION = 160  # nodes: a rewrite that would build a larger expression is left undone

Function = ast.FunctionDef | ast.AsyncFunctionDef
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.GeneratorExp, ast.DictComp)
LOOPS = (ast.For, ast.AsyncFor, ast.While)
LEAVES = (ast.Return, ast.Raise, ast.Continue, ast.Break)

BUILTINS = frozenset(dir(builtins))
# Builtins that change nothing themselves; they still read whatever their arguments hold.
PURE = frozenset(
    [
        "abs",
        "all",
        "any",
        "bool",
        "bytes",
        "bytearray",
        "callable",
        "chr",
        "complex",
        "dict",
        "divmod",
        "enumerate",
        "filter",
        "float",
        "format",
        "frozenset",
        "getattr",
        "hasattr",
        "hash",
        "hex",
        "id",
        "int",
        "isinstance",
        "issubclass",
        "len",
        "list",
        "map",
        "max",
        "memoryview",
        "min",
        "object",
        "oct",
        "ord",
        "pow",
        "range",
        "repr",
        "reversed",
        "round",
        "set",
        "slice",
        "sorted",
        "str",
        "sum",
        "super",
        "tuple",
        "type",
        "zip",
    ]
)

# Fields that hold texts and numbers, contexts or operators; `returns` is stripped beforehand.
_NO_NODES = frozenset(
    ["ctx", "op", "ops", "attr", "id", "arg", "kind", "type_comment", "conversion", "lineno", "returns", "name", "rest"]
) | frozenset(["asname", "module", "level", "is_async", "simple", "kwd_attrs", "tag", "type_ignores", "str"])
FIELDS: dict[type, tuple[str, ...]] = {
    cls: tuple(name for name in cls._fields if name not in _NO_NODES)
    for cls in vars(ast).values()
    if isinstance(cls, type) and issubclass(cls, ast.AST)
}
FIELDS.update(dict.fromkeys((ast.Constant, ast.MatchSingleton, ast.Global, ast.Nonlocal), ()))
HOLES = frozenset({ast.Dict, ast.arguments})  # their lists hold None too
_BLOCKS = frozenset(["body", "orelse", "finalbody", "handlers", "cases"])
COMPOUND = frozenset(cls for cls in FIELDS if issubclass(cls, ast.stmt) and not _BLOCKS.isdisjoint(cls._fields))
_HOLDERS = (ast.stmt, ast.mod, ast.ExceptHandler, ast.match_case)
EXPRESSIONS: dict[type, tuple[str, ...]] = {  # the fields of a node that hold no statements
    cls: tuple(name for name in names if not (issubclass(cls, _HOLDERS) and name in _BLOCKS))
    for cls, names in FIELDS.items()
}


class Rule(NamedTuple):
    """A rewrite of one expression: its tag in `Statement.rewrites` and the function, which answers None for "no"."""

    tag: str
    apply: Callable[[ast.expr, frozenset[str]], ast.expr | None]


@dataclass(slots=True)
class Trace:
    """Which rewrites made a statement, and which further lines of the source it came from."""

    marks: dict[ast.stmt, tuple[str, ...]] = field(default_factory=dict)
    spans: dict[ast.stmt, tuple[tuple[int, int], ...]] = field(default_factory=dict)
    touched: set[ast.stmt] = field(default_factory=set)  # since the last round

    def lines(self, node: ast.stmt) -> tuple[tuple[int, int], ...]:
        """All source lines of the statement, whole blocks included."""
        return ((node.lineno, node.end_lineno or node.lineno), *self.spans.get(node, ()))

    def note(self, new: ast.stmt, tag: str, *old: ast.stmt) -> None:
        """`new` was made by the rewrite `tag` (none where empty), out of itself and of `old`."""
        marks = list(self.marks.get(new, ()))
        spans = list(self.spans.get(new, ()))
        for source in old:
            marks.extend(self.marks.get(source, ()))
            spans.extend(self.lines(source))
        if tag:
            marks.append(tag)
        if marks:
            self.marks[new] = tuple(marks)
        if spans:
            self.spans[new] = tuple(spans)
        self.touched.add(new)


def children(node: ast.AST) -> list[ast.AST]:
    """Child nodes in field order, without contexts and operators."""
    found: list[ast.AST] = []
    cls = node.__class__
    for name in FIELDS.get(cls, ()):
        value = getattr(node, name, None)
        if value.__class__ is list:
            found += [item for item in value if item is not None] if cls in HOLES else value
        elif value is not None:
            found.append(value)
    return found


def walk(node: ast.AST) -> list[ast.AST]:
    """Every node of the subtree, level by level."""
    found = [node]
    known, holes = FIELDS, HOLES  # the innermost loop of everything here: no calls, no global look-ups
    for inner in found:  # grows while it is read
        cls = inner.__class__
        for name in known.get(cls, ()):
            value = getattr(inner, name, None)
            if value.__class__ is list:
                found += [item for item in value if item is not None] if cls in holes else value
            elif value is not None:
                found.append(value)
    return found


def fields(node: ast.AST) -> tuple[str, ...]:
    """The fields of a node that may hold nodes."""
    return FIELDS.get(node.__class__, ())


def blocks(node: ast.stmt) -> Iterator[list[ast.stmt]]:
    """The statement lists directly inside a statement."""
    if node.__class__ not in COMPOUND:
        return
    for name in ("body", "orelse", "finalbody"):
        block = getattr(node, name, None)
        if block:
            yield block
    for name in ("handlers", "cases"):
        for part in getattr(node, name, ()):
            yield part.body


def statements_of(stmt: ast.stmt) -> list[ast.stmt]:
    """A statement and all that it holds, level by level."""
    found = [stmt]
    for inner in found:  # grows while it is read
        if inner.__class__ in COMPOUND:
            for block in blocks(inner):
                found += block
    return found


def clone(node: ast.expr) -> ast.expr:
    """A deep copy of an expression."""
    return _clone(node)


def _clone(node):  # type: ignore[no-untyped-def]
    copy = node.__class__()
    for name in node._fields:
        value = getattr(node, name, None)
        if value.__class__ is list:
            value = [_clone(item) if isinstance(item, ast.AST) else item for item in value]
        elif isinstance(value, ast.AST) and name not in ("ctx", "op"):
            value = _clone(value)
        setattr(copy, name, value)
    return at(copy, node)


def at(new, old):  # type: ignore[no-untyped-def]
    """`new` placed where `old` stood."""
    if hasattr(old, "lineno"):
        new.lineno, new.col_offset = old.lineno, old.col_offset
        new.end_lineno, new.end_col_offset = old.end_lineno, old.end_col_offset
    return new


def size(node: ast.AST) -> int:
    """How many nodes a subtree has."""
    return len(walk(node))


def same(left: ast.AST, right: ast.AST) -> bool:
    """Whether two expressions read the same, whatever their contexts and places."""
    if left.__class__ is not right.__class__:
        return False
    if isinstance(left, ast.Name) and isinstance(right, ast.Name):
        return left.id == right.id
    return ast.dump(left).replace("Store()", "Load()") == ast.dump(right).replace("Store()", "Load()")


def loads(node: ast.AST, name: str) -> int:
    """How often the subtree mentions a name, stores included."""
    count = 0
    for child in walk(node):
        if child.__class__ is ast.Name and child.id == name:
            count += 1
    return count


def names(node: ast.AST) -> set[str]:
    """All plain names of a subtree."""
    return {child.id for child in walk(node) if isinstance(child, ast.Name)}


_ACTING = frozenset(
    [ast.Await, ast.Yield, ast.YieldFrom, ast.NamedExpr, ast.Delete, ast.Import, ast.ImportFrom, ast.Return, ast.Raise]
) | frozenset([ast.Break, ast.Continue, ast.Assert, ast.With, ast.AsyncWith, ast.AsyncFor])


_FRESH = (ast.Constant, ast.JoinedStr, ast.Dict, ast.List, ast.Tuple, ast.Set)


def effect_of(node: ast.AST, local: Iterable[str] = ()) -> int:
    """What evaluating this node itself does, its children aside."""
    cls = node.__class__
    if cls is ast.Name:
        return INERT if node.id in local or node.id in BUILTINS else READS  # ty: ignore
    if cls is ast.Call:
        callee = node.func  # ty: ignore
        if isinstance(callee, ast.Name) and callee.id in PURE and callee.id not in local:
            return READS
        if isinstance(callee, ast.Attribute) and isinstance(callee.value, ast.Name) and callee.value.id == "math":
            return READS
        if isinstance(callee, ast.Attribute) and isinstance(callee.value, _FRESH):
            return READS  # a method of an object that nobody else has
        return ACTS
    if cls is ast.Attribute or cls is ast.Subscript:
        return READS if isinstance(node.ctx, ast.Load) else ACTS  # ty: ignore
    return ACTS if cls in _ACTING else INERT


def effect(node: ast.AST, local: Iterable[str] = ()) -> int:
    """What evaluating the whole subtree may do at most."""
    if node.__class__ is ast.Constant:
        return INERT
    level = INERT
    found = [node]
    for child in found:  # grows while it is read
        own = effect_of(child, local)
        if own > level:
            level = own
            if level == ACTS:
                break
        found += children(child)
    return level


def commute(left: ast.expr, right: ast.expr) -> bool:
    """Whether two operands may be evaluated in the other order without reordering a side effect."""
    first, second = effect(left), effect(right)
    if ACTS not in (first, second):
        return True
    return isinstance(left, ast.Constant) or isinstance(right, ast.Constant)


def is_call(node: ast.AST, *callees: str) -> bool:
    """Whether the node calls one of these plain names."""
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in callees


def call(name: str, *args: ast.expr, **keywords: ast.expr) -> ast.Call:
    """A call of a builtin."""
    return ast.Call(
        func=ast.Name(id=name, ctx=ast.Load()),
        args=list(args),
        keywords=[ast.keyword(arg=key, value=value) for key, value in keywords.items()],
    )


_FLIP: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
}
_ORDER: dict[type[ast.cmpop], type[ast.cmpop]] = {ast.Lt: ast.GtE, ast.GtE: ast.Lt, ast.Gt: ast.LtE, ast.LtE: ast.Gt}
_MIRROR: dict[type[ast.cmpop], type[ast.cmpop]] = {ast.Gt: ast.Lt, ast.GtE: ast.LtE, ast.Lt: ast.Gt, ast.LtE: ast.GtE}


def mirrored(node: ast.Compare) -> ast.Compare:
    """`a > b` as `b < a`, where the operands commute."""
    mirror = _MIRROR.get(type(node.ops[0]))
    if mirror in (ast.Lt, ast.LtE) and len(node.ops) == 1 and commute(node.left, node.comparators[0]):
        return at(ast.Compare(left=node.comparators[0], ops=[mirror()], comparators=[node.left]), node)
    return node


def negate(test: ast.expr, *, ordered: bool = True) -> ast.expr:
    """The opposite condition. With `ordered`, `not a < b` becomes `b <= a`, which assumes a total order (no NaN)."""
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        return test.operand
    if isinstance(test, ast.Compare) and len(test.ops) == 1:
        flipped = _FLIP.get(type(test.ops[0])) or (_ORDER.get(type(test.ops[0])) if ordered else None)
        if flipped:
            return mirrored(at(ast.Compare(left=test.left, ops=[flipped()], comparators=test.comparators), test))
    if isinstance(test, ast.BoolOp):
        other = ast.Or() if isinstance(test.op, ast.And) else ast.And()
        return at(ast.BoolOp(op=other, values=[negate(value, ordered=ordered) for value in test.values]), test)
    return at(ast.UnaryOp(op=ast.Not(), operand=test), test)


def negative(test: ast.expr) -> bool:
    """Whether the opposite condition is the canonical one for a choice between two branches."""
    if isinstance(test, ast.UnaryOp):
        return isinstance(test.op, ast.Not)
    if isinstance(test, ast.Compare) and len(test.ops) == 1:
        return isinstance(test.ops[0], (ast.NotEq, ast.IsNot, ast.NotIn, ast.LtE))
    return isinstance(test, ast.BoolOp) and all(negative(value) for value in test.values)


def ends(block: list[ast.stmt]) -> bool:
    """Whether control never leaves the block at its end."""
    if not block:
        return False
    last = block[-1]
    if isinstance(last, ast.If):
        return ends(last.body) and ends(last.orelse)
    return isinstance(last, LEAVES)
