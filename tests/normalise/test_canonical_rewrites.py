"""Every rewrite keeps the meaning of a program: both forms are run on generated inputs and compared.

The programs are written by this test, from templates and from a small grammar; nothing else is ever run.
"""

# ruff: noqa: E501 - programs on one line

from __future__ import annotations

import ast
import math
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clonedetect.normalise.canonical import canonical_tree


class State:
    """What the generated programs may change and read."""

    def __init__(self) -> None:
        self.log: list[object] = []
        self.n = 0


def run(source: str, name: str, args: tuple[object, ...]) -> tuple[object, ...]:
    """The answer (or the exception's type), the calls made in order, and the arguments afterwards."""
    state = State()

    def t(value):  # a call with an effect that can be seen
        state.log.append(value)
        state.n += 1
        return value

    def boom(value):
        t(value)
        if isinstance(value, int) and value % 3 == 0:
            raise ValueError(value)
        return value

    space: dict[str, object] = {"t": t, "boom": boom, "S": state, "math": math}
    exec(compile(source, "<test>", "exec"), space)  # noqa: S102 - the test's own program
    given_args = [list(arg) if isinstance(arg, list) else arg for arg in args]
    try:
        answer: object = space[name](*given_args)  # type: ignore[operator]
    except Exception as error:
        answer = type(error).__name__
    return answer, state.log, given_args


def rewritten(source: str, only: frozenset[str] | None = None) -> tuple[str, set[str]]:
    tree = ast.parse(source)
    trace = canonical_tree(tree, only)
    marks = {mark for marks in trace.marks.values() for mark in marks}
    return ast.unparse(ast.fix_missing_locations(tree)), marks


OPERATORS = ["<", "<=", ">", ">=", "==", "!="]

# tag -> templates; {o} an operator, {k} a small constant. Each is a function f(a, b, xs).
TEMPLATES: dict[str, list[str]] = {
    "joined": [
        "def f(a, b, xs):\n    p, q = t(a), t(b + {k})\n    return p - q",
        "def f(a, b, xs):\n    [p, q, r] = a, b, len(xs)\n    p = q = p + r\n    return (p, q)",
        "def f(a, b, xs):\n    S.p, S.q = a, {k}\n    return S.p + S.q",
    ],
    "augmented-assignment": [
        "def f(a, b, xs):\n    a += b\n    a *= {k}\n    S.n -= a\n    return (a, S.n)",
        "def f(a, b, xs):\n    s = ''\n    for x in xs:\n        s += str(x)\n    return s",
    ],
    "negation": [
        "def f(a, b, xs):\n    return not t(a) == t(b), not a in xs, not (a == b or a in xs), not a is None",
    ],
    "comparison-direction": [
        "def f(a, b, xs):\n    return a > b, a >= {k}, {k} == a, t(a) > b, a + 1 > len(xs)",
    ],
    "comparison-chain": ["def f(a, b, xs):\n    return a {o} b {o} {k}, t(a) {o} b < t({k})"],
    "constant-right": ["def f(a, b, xs):\n    return 2 * a + {k} * b, 1 + t(a), 3 * xs"],
    "literal-call": ["def f(a, b, xs):\n    return dict(p=t(a), q=t(b)), dict(), list(), tuple(), str(), list(xs)"],
    "comprehension-call": [
        "def f(a, b, xs):\n    return list(t(x) for x in xs), set(x + a for x in xs), dict((x, t(b)) for x in xs)",
        "def f(a, b, xs):\n    return list(map(lambda x: x {o} b, xs)), list(filter(lambda x: x {o} a, xs))",
    ],
    "generator-argument": [
        "def f(a, b, xs):\n    return sum([t(x) for x in xs]), any([t(x) {o} a for x in xs]), all([x {o} a for x in xs])",
        "def f(a, b, xs):\n    return ','.join([str(x) for x in xs]), sorted([x * b for x in xs])",
    ],
    "spare-argument": [
        "def f(a, b, xs):\n    return list(range(0, len(xs))), {{a: 1}}.get(b, None), list(range({k}, {k}))",
    ],
    "branch-inverted": [
        "def f(a, b, xs):\n    if not a {o} b:\n        t(1)\n    else:\n        t(2)\n    return a",
        "def f(a, b, xs):\n    return t(1) if a != b else t(2)",
        "def f(a, b, xs):\n    if a is not None and a {o} b:\n        pass\n    else:\n        t(a)\n    return b",
        "def f(a, b, xs):\n    if a not in xs:\n        t(1)\n        return a\n    t(2)\n    return b",
    ],
    "branch-joined": [
        "def f(a, b, xs):\n    if t(a) {o} {k}:\n        if t(b):\n            t('in')\n    return a",
    ],
    "conditional-expression": [
        "def f(a, b, xs):\n    if t(a) {o} b:\n        r = t(1)\n    else:\n        r = t(2)\n    return r",
        "def f(a, b, xs):\n    r = {k}\n    if a {o} b:\n        r = t(a)\n    return r",
        "def f(a, b, xs):\n    if a {o} b:\n        return t(1)\n    if a {o} {k}:\n        return t(2)\n    return t(3)",
    ],
    "early-return": [
        "def f(a, b, xs):\n    if a {o} b:\n        t(1)\n        return 1\n    else:\n        t(2)\n    t(3)\n    return 2",
        "def f(a, b, xs):\n    if a {o} b:\n        t(1)\n    else:\n        return 5\n    t(3)\n    return 2",
        "def f(a, b, xs):\n    if a {o} b:\n        return\n    t(3)\n    if a {o} {k}:\n        return None\n    t(4)",
        "def f(a, b, xs):\n    for x in xs:\n        if x {o} a:\n            continue\n        t(x)\n        continue\n    return b",
    ],
    "inlined": [
        "def f(a, b, xs):\n    p = t(a)\n    q = t(b)\n    return (p, q)",
        "def f(a, b, xs):\n    p = t(a)\n    q = t(b)\n    return (q, p)",
        "def f(a, b, xs):\n    a = a + 1\n    a = t(a)\n    a = a * 2\n    return a",
        "def f(a, b, xs):\n    p = S.n\n    q = t(a)\n    return p + q",
        "def f(a, b, xs):\n    p = t(a)\n    return b and p, (p if b else 0)",
        "def f(a, b, xs):\n    p = t(a)\n    return b or p",
        "def f(a, b, xs):\n    for x in xs:\n        p = x + a\n        if p {o} b:\n            break\n        a = p\n    return a",
        "def f(a, b, xs):\n    p = a + b\n    a = t({k})\n    return p + a",
        "def f(a, b, xs):\n    p = t(a)\n    return [p for x in xs]",
        "def f(a, b, xs):\n    p = {k}\n    for x in xs:\n        t(x + p)\n    return p, 'z' if p {o} a else b",
        "def f(a, b, xs):\n    p = a\n    q = xs\n    p = p + b\n    return [p for p in q], p",
        "def f(a, b, xs):\n    p = a\n    return t(p) + a, [x + p for x in xs]",
        "def f(a, b, xs):\n    p = xs\n    q = a\n    q = q + t(b)\n    return q, p, (lambda q: q * 2)(b)",
        "def f(a, b, xs):\n    p, q = a + 1, t(b)\n    r = q\n    return sorted(xs, key=lambda x: (x - p) % 3), r",
        "def f(a, b, xs):\n    p = a\n    h = lambda: p + b\n    p = t(b)\n    return h(), p",
        "def f(a, b, xs):\n    p = a + b\n    return t(p) * p + p",
        "def f(a, b, xs):\n    p = S.n + 1\n    return p + t(p) + p",
        "def f(a, b, xs):\n    p = a - b\n    p = p * p + p\n    a, p = p, p + {k}\n    return a, p",
        "def f(a, b, xs):\n    p = boom(a)\n    try:\n        q = boom(b)\n        p = q + 1\n    except ValueError:\n        return p\n    return p",
    ],
    "dead-code": [
        "def f(a, b, xs):\n    p = a + b\n    for q in ():\n        p = t(q)\n    return t(a)",
        "def f(a, b, xs):\n    if len('abc') > {k}:\n        t(1)\n    if None is not None:\n        return b\n    return t(a)",
        "def f(a, b, xs):\n    try:\n        p = int('7')\n    except ValueError:\n        p = 0\n    return t(b)",
        "def f(a, b, xs):\n    p = {{1: a}}.get(b)\n    q = [x for x in xs if x {o} a]\n    q = t(b)\n    return q",
        "def f(a, b, xs):\n    p = a\n    for x in xs:\n        if x {o} b:\n            break\n        p = x\n        q = p\n    return p",
    ],
    "loop-to-comprehension": [
        "def f(a, b, xs):\n    r = []\n    for x in xs:\n        if x {o} a:\n            r.append(t(x))\n    return r",
        "def f(a, b, xs):\n    r = []\n    for x in xs:\n        for y in xs:\n            r.append((x, y, a))\n    return r",
        "def f(a, b, xs):\n    r = {{}}\n    for x in xs:\n        r[x {o} a] = t(x)\n    return r",
        "def f(a, b, xs):\n    r = set()\n    for x in xs:\n        r.add(x * {k})\n    return r",
        "def f(a, b, xs):\n    r = 0\n    for x in xs:\n        r = r + x\n    return r",
        "def f(a, b, xs):\n    r = False\n    for x in xs:\n        if t(x) {o} a:\n            r = True\n            break\n    return r",
        "def f(a, b, xs):\n    for x in xs:\n        if t(x) {o} a:\n            return x\n    return None",
        "def f(a, b, xs):\n    for x in xs:\n        if x {o} a:\n            return False\n    return True",
    ],
    "loop-to-min": [
        "def f(a, b, xs):\n    m = float('inf')\n    for x in xs:\n        if x * a < m:\n            m = x * a\n    return m",
        "def f(a, b, xs):\n    m = None\n    n = math.inf\n    for x in xs:\n        s = t(x - a)\n        if s < n:\n            n = s\n            m = x\n    return m",
        "def f(a, b, xs):\n    m = None\n    n = -math.inf if a is None else None\n    n = None\n    for x in xs:\n        if x {o} b:\n            if n is None or abs(x - a) < n:\n                m = x\n                n = abs(x - a)\n    return m",
        "def f(a, b, xs):\n    m = None\n    n = math.inf\n    for p, q in zip(xs, xs[1:]):\n        s = abs(p - q - a)\n        if s < n:\n            n = s\n            m = (p, q)\n    return m",
        "def f(a, b, xs):\n    m = None\n    n = -math.inf\n    for i, x in enumerate(xs):\n        if x {o} b:\n            if n < abs(x * i):\n                n = abs(x * i)\n                m = i\n    return m",
        "def f(a, b, xs):\n    m = None\n    n = -math.inf\n    for i, x in enumerate(xs):\n        s = t(x * a - i)\n        if n < s:\n            n = s\n            m = i\n    return m",
        "def f(a, b, xs):\n    d = dict.fromkeys(xs, a)\n    m = None\n    n = math.inf\n    for k, v in d.items():\n        s = t(k * b + v)\n        if s < n:\n            n = s\n            m = k\n    return m",
        "def f(a, b, xs):\n    return sorted(xs + [a], key=lambda x: x % 3)[0]",
    ],
    "sorted": [
        "def f(a, b, xs):\n    r = [t(x) for x in xs]\n    r.sort()\n    return r[0:{k}]",
        "def f(a, b, xs):\n    r = []\n    for x in xs:\n        r.append(x * a)\n    r.sort(key=lambda x: x {o} b, reverse=True)\n    return (r, b)",
        "def f(a, b, xs):\n    r = list(xs)\n    s = r\n    r.sort()\n    return s",
        "def f(a, b, xs):\n    r = [a, b]\n    if a {o} b:\n        r = xs\n    r.sort()\n    return r",
        "def f(a, b, xs):\n    r = []\n    s = [b, a]\n    for x in xs:\n        s.sort()\n        s += [x]\n        r.append(s)\n    return r",
    ],
    "format-string": [
        "def f(a, b, xs):\n    return '{{}}-{{:>4}}%'.format(a, b), '%s=%d, %05.2f%%' % (xs, a, b), '%r' % a",
        "def f(a, b, xs):\n    s = str(a)\n    return 'p' + s + ':' + str(t(b)) + f'<{{t(a)!s}}>' + s",
        "def f(a, b, xs):\n    return '{{q}} {{p!r}}'.format(q=t(b), p=t(a)), '{{1}}{{0}}'.format(a, b)",
    ],
}
# Rewrites that speak only when nothing else was allowed before them, or that need another first.
ALSO = {
    "loop-to-min": {"comparison-direction"},
    "branch-inverted": {"negation", "conditional-expression"},
    "loop-to-comprehension": {"branch-inverted"},
}
CASES = [(tag, template) for tag, templates in TEMPLATES.items() for template in templates]
# Templates on which the rewrite must not speak: it would reorder, repeat or skip an effect.
SILENT = {TEMPLATES["inlined"][place] for place in (4, 5, 6, 8, 16)} | set(TEMPLATES["sorted"][2:])

numbers = st.integers(-4, 5)


@pytest.mark.parametrize(("tag", "template"), CASES)
@settings(max_examples=20, deadline=None)
@given(a=numbers, b=numbers, k=numbers, operator=st.sampled_from(OPERATORS), xs=st.lists(numbers, max_size=5))
def test_rewrite_keeps_meaning(tag: str, template: str, a: int, b: int, k: int, operator: str, xs: list[int]) -> None:
    source = template.format(o=operator, k=k)
    new, _ = rewritten(source, frozenset({tag, "", *ALSO.get(tag, ())}))
    assert run(source, "f", (a, b, xs)) == run(new, "f", (a, b, xs)), new


@pytest.mark.parametrize(("tag", "template"), CASES)
def test_rewrite_speaks(tag: str, template: str) -> None:
    _, marks = rewritten(template.format(o="==", k=2), frozenset({tag, "", *ALSO.get(tag, ())}))
    assert (tag in marks) is (template not in SILENT)


@pytest.mark.parametrize(("a", "b"), [(7, 2), (0, 3), (12, 4), (-6, 3)])
def test_floor_division_keeps_meaning_where_the_quotient_is_exact_or_positive(a: int, b: int) -> None:
    source = "def f(a, b, xs):\n    return int(a / b), math.floor(a / b)"
    new, marks = rewritten(source)
    assert "floor-division" in marks
    assert run(source, "f", (a, b, [])) == run(new, "f", (a, b, []))


@given(st.floats(allow_nan=False), st.floats(allow_nan=False))
def test_ordered_negation_keeps_meaning_under_a_total_order(a: float, b: float) -> None:
    source = "def f(a, b):\n    return not a < b, not a >= b"
    assert run(source, "f", (a, b)) == run(rewritten(source)[0], "f", (a, b))


class Writer:
    """A small grammar of programs: assignments, branches, loops, jumps, handlers, and calls that leave a trace."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.size = 0

    def expression(self, depth: int) -> str:
        pick = self.random.randrange(10 if depth else 5)
        if pick < 3:
            return self.random.choice("abcde")
        if pick == 3:
            return str(self.random.randrange(4))
        if pick == 4:
            return self.random.choice(["S.n", "a", "b"])
        if pick == 5:
            return f"t({self.expression(depth - 1)})"
        if pick == 6:
            return f"({self.expression(depth - 1)} if {self.test(depth - 1)} else {self.expression(depth - 1)})"
        if pick == 7:
            return f"len([{self.expression(0)} for i in range(2)])"
        return f"({self.expression(depth - 1)} {self.random.choice('+-*')} {self.expression(depth - 1)})"

    def test(self, depth: int) -> str:
        pick = self.random.randrange(5)
        if pick == 0:
            return f"not {self.expression(depth)} {self.random.choice(OPERATORS)} {self.expression(0)}"
        if pick == 1 and depth:
            return f"({self.test(depth - 1)} {self.random.choice(['and', 'or'])} {self.test(depth - 1)})"
        return f"{self.expression(depth)} {self.random.choice(OPERATORS)} {self.expression(0)}"

    def block(self, depth: int, loop: bool, indent: str) -> list[str]:
        lines: list[str] = []
        for _ in range(self.random.randrange(1, 5)):
            lines += self.statement(depth, loop, indent)
        if not self.random.randrange(5):  # what it reads is read when it is called
            lines.insert(0, f"{indent}h = lambda: {self.expression(2)}")
            lines.append(f"{indent}t(h())")
        return lines

    def statement(self, depth: int, loop: bool, indent: str) -> list[str]:
        self.size += 1
        name, other = self.random.choice("abcde"), self.random.choice("abcde")
        pick = self.random.randrange(14 if depth and self.size < 30 else 7)
        if pick < 4:
            return [f"{indent}{name} = {self.expression(2)}"]
        if pick == 4:
            return [f"{indent}{name}, {other} = {self.expression(1)}, {self.expression(1)}"]
        if pick == 5:
            return [f"{indent}{name} += {self.expression(1)}"]
        if pick == 6:
            jumps = [f"return {self.expression(1)}", f"t({name})", f"boom({name})"] + ["break", "continue"] * loop
            return [f"{indent}if {self.test(1)}:", f"{indent}    {self.random.choice(jumps)}"]
        deeper = indent + "    "
        if pick in (7, 8, 9):
            lines = [f"{indent}if {self.test(1)}:", *self.block(depth - 1, loop, deeper)]
            return lines + ([f"{indent}else:", *self.block(depth - 1, loop, deeper)] if pick < 9 else [])
        if pick == 10:
            return [f"{indent}for {name} in range(3):", *self.block(depth - 1, True, deeper)]
        if pick == 11:
            lines = [f"{indent}try:", *self.block(depth - 1, loop, deeper), f"{deeper}boom({other})"]
            return [*lines, f"{indent}except ValueError:", *self.block(depth - 1, loop, deeper)]
        test = self.random.choice([f"{name} < {self.expression(1)}", self.test(1)])
        loops = [f"{indent}for {name} in range(4):", f"{deeper}if {test}:", f"{deeper}    {{}}"]
        start, step = self.random.choice(
            [("r = []", "r.append({})"), ("r = 0", "r += {}"), ("r = {{}}", f"r[{name}] = {{}}")]
        )
        loops[2] = f"{deeper}    " + step.format(self.expression(1))
        return [indent + start.replace("{{}}", "{}"), *loops, f"{indent}t(r)"]

    def program(self) -> str:
        lines = ["def f(a, b):", "    c = d = e = 1", *self.block(3, False, "    "), "    return (a, b, c, d, e)"]
        return "\n".join(lines)


@settings(max_examples=120, deadline=None)
@given(seed=st.integers(0, 2**32), a=numbers, b=numbers)
def test_all_rewrites_together_keep_meaning(seed: int, a: int, b: int) -> None:
    source = Writer(Random(seed)).program()
    new, _ = rewritten(source)
    assert run(source, "f", (a, b)) == run(new, "f", (a, b)), f"{source}\n----\n{new}"


@pytest.mark.slow
def test_all_rewrites_together_keep_meaning_on_many_programs() -> None:
    speaking = 0
    for seed in range(6_000):
        source = Writer(Random(seed)).program()
        new, marks = rewritten(source)
        speaking += bool(marks & {"inlined", "loop-to-comprehension"})
        for a, b in ((0, 1), (3, -2)):
            assert run(source, "f", (a, b)) == run(new, "f", (a, b)), f"{seed}\n{source}\n----\n{new}"
    assert speaking > 1_500
