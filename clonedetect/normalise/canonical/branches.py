"""One form for branches: conditional expressions, early returns, guards and inverted conditions.

Each rewrite looks at the statement at `index` of a block, changes the block in place and answers whether it did.
`tail` says what follows the block's end: "return" (the function ends), "continue" (a loop goes round) or "".
"""

from __future__ import annotations

import ast

from clonedetect.normalise.canonical.dead import taken
from clonedetect.normalise.canonical.expressions import condition, inert
from clonedetect.normalise.canonical.nodes import (
    LARGEST_EXPRESSION,
    Trace,
    at,
    ends,
    loads,
    negate,
    negative,
    same,
    size,
)


def _target(block: list[ast.stmt]) -> ast.expr | None:
    """The target of a block that is one plain assignment."""
    if len(block) == 1 and isinstance(block[0], ast.Assign) and len(block[0].targets) == 1:
        return block[0].targets[0]
    return None


def invert(block: list[ast.stmt], index: int, tail: str, trace: Trace) -> bool:
    """`if not c: A else: B` -> `if c: B else: A`; `if c: pass else: B` -> `if not c: B`."""
    stmt = block[index]
    if not isinstance(stmt, ast.If):
        return False
    stmt.test = condition(stmt.test)
    if not stmt.orelse:
        return False
    if len(stmt.body) == 1 and isinstance(stmt.body[0], ast.Pass):
        stmt.test, stmt.body, stmt.orelse = negate(stmt.test), stmt.orelse, []
    elif negative(stmt.test):
        stmt.test, stmt.body, stmt.orelse = negate(stmt.test), stmt.orelse, stmt.body
    else:
        return False
    trace.note(stmt, "branch-inverted")
    return True


def nested(block: list[ast.stmt], index: int, tail: str, trace: Trace) -> bool:
    """`if a: if b: X` -> `if a and b: X`."""
    stmt = block[index]
    if not isinstance(stmt, ast.If) or stmt.orelse or len(stmt.body) != 1:
        return False
    inner = stmt.body[0]
    if not isinstance(inner, ast.If) or inner.orelse:
        return False
    values: list[ast.expr] = []
    for test in (stmt.test, inner.test):
        values.extend(test.values if isinstance(test, ast.BoolOp) and isinstance(test.op, ast.And) else [test])
    stmt.test = at(ast.BoolOp(op=ast.And(), values=values), stmt.test)
    stmt.body = inner.body
    trace.note(stmt, "branch-joined")
    return True


def choose_value(block: list[ast.stmt], index: int, tail: str, trace: Trace) -> bool:
    """`if c: x = A else: x = B` -> `x = A if c else B`."""
    stmt = block[index]
    if not isinstance(stmt, ast.If):
        return False
    left, right = _target(stmt.body), _target(stmt.orelse)
    if left is None or right is None or not same(left, right) or size(stmt) > LARGEST_EXPRESSION:
        return False
    first, second = stmt.body[0], stmt.orelse[0]
    if not isinstance(first, ast.Assign) or not isinstance(second, ast.Assign):
        return False
    value = at(ast.IfExp(test=stmt.test, body=first.value, orelse=second.value), stmt)
    new = at(ast.Assign(targets=[left], value=value), stmt)
    trace.note(new, "conditional-expression", stmt, first, second)
    block[index] = new
    return True


def choose_default(block: list[ast.stmt], index: int, tail: str, trace: Trace) -> bool:
    """`x = B; if c: x = A` -> `x = A if c else B`, for a constant B and where c and A do not read x."""
    stmt = block[index]
    if index == 0 or not isinstance(stmt, ast.If) or stmt.orelse:
        return False
    before, target = block[index - 1], _target(stmt.body)
    if not isinstance(before, ast.Assign) or len(before.targets) != 1 or not isinstance(target, ast.Name):
        return False
    inner = stmt.body[0]
    if not isinstance(inner, ast.Assign) or not same(before.targets[0], target) or not inert(before.value):
        return False
    if loads(stmt.test, target.id) or loads(inner.value, target.id):
        return False
    value = at(ast.IfExp(test=stmt.test, body=inner.value, orelse=before.value), stmt)
    new = at(ast.Assign(targets=[target], value=value), stmt)
    trace.note(new, "conditional-expression", before, stmt, inner)
    block[index - 1 : index + 1] = [new]
    return True


def early_return(block: list[ast.stmt], index: int, tail: str, trace: Trace) -> bool:
    """`if c: A; return` with an else -> the else's statements follow; the branch that ends comes first."""
    stmt = block[index]
    if not isinstance(stmt, ast.If) or not stmt.orelse:
        return False
    if not ends(stmt.body):
        if not ends(stmt.orelse):
            return False
        stmt.test, stmt.body, stmt.orelse = negate(stmt.test), stmt.orelse, stmt.body
    rest, stmt.orelse = stmt.orelse, []
    trace.note(stmt, "early-return")
    if ends(rest):
        del block[index + 1 :]  # what follows was never reached
    block[index + 1 : index + 1] = rest
    return True


def choose_return(block: list[ast.stmt], index: int, tail: str, trace: Trace) -> bool:
    """`if c: return A` and then `return B` -> `return A if c else B`."""
    stmt = block[index]
    if not isinstance(stmt, ast.If) or stmt.orelse or len(stmt.body) != 1 or index + 1 >= len(block):
        return False
    first, second = stmt.body[0], block[index + 1]
    if not isinstance(first, ast.Return) or not isinstance(second, ast.Return):
        return False
    if first.value is None or second.value is None or size(stmt) + size(second) > LARGEST_EXPRESSION:
        return False
    test, body, orelse = stmt.test, first.value, second.value
    if negative(test):
        test, body, orelse = negate(test), orelse, body
    new = at(ast.Return(value=at(ast.IfExp(test=test, body=body, orelse=orelse), stmt)), stmt)
    trace.note(new, "conditional-expression", stmt, first, second)
    block[index:] = [new]
    return True


def guard(block: list[ast.stmt], index: int, tail: str, trace: Trace) -> bool:
    """`if c: return` (or `continue` in a loop) before the rest of the body -> `if not c: rest`."""
    stmt = block[index]
    if not isinstance(stmt, ast.If) or stmt.orelse or len(stmt.body) != 1 or not tail or index + 1 >= len(block):
        return False
    jump = stmt.body[0]
    if not (isinstance(jump, ast.Return) and jump.value is None and tail == "return") and not (
        isinstance(jump, ast.Continue) and tail == "continue"
    ):
        return False
    rest = block[index + 1 :]
    if any(isinstance(later, ast.Return) and later.value is not None for later in rest):
        return False  # such a function answers values: its guards stay early returns
    stmt.test, stmt.body = condition(negate(stmt.test)), rest
    trace.note(stmt, "early-return")
    del block[index + 1 :]
    return True


def spare_jump(block: list[ast.stmt], index: int, tail: str, trace: Trace) -> bool:
    """A bare `return` at the end of a function, a `continue` at the end of a loop."""
    stmt = block[index]
    if index + 1 != len(block) or index == 0:
        return False
    if (isinstance(stmt, ast.Return) and stmt.value is None and tail == "return") or (
        isinstance(stmt, ast.Continue) and tail == "continue"
    ):
        del block[index]
        return True
    return False


def positive_first(block: list[ast.stmt], index: int, tail: str, trace: Trace) -> bool:
    """`if not c: A; return a` and then `B; return b` -> `if c: B; return b` and then `A; return a`."""
    stmt = block[index]
    if not isinstance(stmt, ast.If) or stmt.orelse or not negative(stmt.test) or not ends(stmt.body):
        return False
    rest = block[index + 1 :]
    if not rest or not isinstance(stmt.body[-1], ast.Return) or not isinstance(rest[-1], ast.Return):
        return False
    if len(rest) > 2 * len(stmt.body) + 2:
        return False  # a guard before a long body stays a guard
    body = stmt.body
    stmt.test, stmt.body = negate(stmt.test), rest
    block[index + 1 :] = body
    trace.note(stmt, "branch-inverted")
    return True


REWRITES = (
    ("dead-code", taken),
    ("branch-inverted", invert),
    ("branch-joined", nested),
    ("conditional-expression", choose_value),
    ("conditional-expression", choose_default),
    ("early-return", early_return),
    ("conditional-expression", choose_return),
    ("early-return", guard),
    ("branch-inverted", positive_first),
)
