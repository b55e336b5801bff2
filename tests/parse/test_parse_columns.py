"""Columns: the invariants of the layout, what counts and what does not, and input that no one would write."""

from __future__ import annotations

import ast
import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clonedetect.domain import content_hash
from clonedetect.parse import kinds
from clonedetect.parse.columns import columns, content_hashes, parents

KINDS = kinds("python")

# ---------------------------------------------------------------- generated sources

names = st.sampled_from(["alpha", "beta", "gamma", "self", "x", "y2", "_z", "Ünïcode"])
atoms = st.one_of(
    names,
    st.integers(0, 999).map(str),
    st.floats(0, 10, allow_nan=False).map(repr),
    st.text("ab c'\\\n#", max_size=6).map(repr),
    st.just("f'{x!r:>3}'"),
    st.sampled_from(["None", "True", "...", "b'x'", "()", "[]", "{}"]),
)
expressions = st.recursive(
    atoms,
    lambda inner: st.one_of(
        st.tuples(
            inner, st.sampled_from(["+", "-", "*", "//", "%", "**", "@", "<", "==", "and", "or", "in"]), inner
        ).map(" ".join),
        inner.map(lambda e: f"({e})"),
        inner.map(lambda e: f"-({e})"),
        st.tuples(names, inner, inner).map(lambda t: f"{t[0]}({t[1]}, key={t[2]})"),
        st.tuples(names, inner).map(lambda t: f"{t[0]}[{t[1]}:]"),
        st.tuples(names, names).map(".".join),
        st.tuples(inner, names, inner).map(lambda t: f"[{t[0]} for {t[1]} in ({t[2]})]"),
        st.tuples(inner, inner, inner).map(lambda t: f"({t[0]} if {t[1]} else {t[2]})"),
        st.tuples(names, inner).map(lambda t: f"(lambda {t[0]}: {t[1]})"),
    ),
    max_leaves=6,
)


def indented(body: list[str]) -> str:
    return "".join("    " + line + "\n" for block in body for line in block.rstrip("\n").split("\n"))


simple = st.one_of(
    st.tuples(names, expressions).map(lambda t: f"{t[0]} = {t[1]}\n"),
    expressions.map(lambda e: f"print({e})\n"),
    st.just("pass  # nothing\n"),
    st.just("import os.path as p, sys\n"),
    st.just("from . import near\n"),
)
statements = st.recursive(
    simple,
    lambda inner: st.one_of(
        st.tuples(expressions, st.lists(inner, min_size=1, max_size=3)).map(
            lambda t: f"if {t[0]}:\n{indented(t[1])}else:\n    pass\n"
        ),
        st.tuples(names, st.lists(inner, min_size=1, max_size=3)).map(
            lambda t: f"@decorated\ndef {t[0]}(x, *rest, y=1):\n    '''Says.'''\n{indented(t[1])}"
        ),
        st.tuples(names, st.lists(inner, min_size=1, max_size=3)).map(lambda t: f"class {t[0]}:\n{indented(t[1])}"),
        st.lists(inner, min_size=1, max_size=2).map(lambda t: f"for x in range(3):\n{indented(t)}"),
    ),
    max_leaves=8,
)
sources = st.lists(statements, max_size=4).map("".join)


def check(data: bytes) -> None:
    """Everything that must hold of the columns of any bytes at all."""
    c, s, lines = columns(data, "python")
    n = len(c.kind)
    row = np.arange(n)
    after = c.after.astype(np.int64)
    assert n >= 1, "the module is always there"
    assert all(len(column) == n for column in (c.start, c.end, c.after, c.text, c.role))
    assert (after > row).all() and (after <= n).all() and after[0] == n
    assert (c.start <= c.end).all() and (c.end <= len(data)).all()
    assert (np.diff(c.start.astype(np.int64)) >= 0).all(), "pre-order is the order of the text"
    parent = parents(c.after)
    inner = parent >= 0
    assert (parent < row).all() and (after[inner] <= after[parent[inner]]).all(), "subtrees nest"
    assert (c.start[inner] >= c.start[parent[inner]]).all() and (c.end[inner] <= c.end[parent[inner]]).all()
    assert (s.parent < np.arange(len(s.row))).all()
    nested = s.parent >= 0
    outer = s.row[s.parent[nested]]
    assert (outer < s.row[nested]).all() and (after[s.row[nested]] <= after[outer]).all()
    assert (s.first <= s.last).all() and (s.last <= max(1, data.count(b"\n") + 1)).all() and (s.first >= 1).all()
    assert (np.diff(s.row.astype(np.int64)) > 0).all()
    assert lines == len(data.split(b"\n")) - (1 if data.endswith(b"\n") or not data else 0)
    leaf = after == row + 1
    spelled = KINDS.mask("identifier")[np.minimum(c.kind, len(KINDS.names) - 1)] & leaf
    for at in np.flatnonzero(spelled & (c.end - c.start < 1000))[:20].tolist():
        assert c.text[at] == content_hash(data[c.start[at] : c.end[at]])


@given(sources)
def test_invariants_on_python(source: str) -> None:
    ast.parse(source)
    check(source.encode())


@given(st.one_of(st.binary(max_size=300), st.text("()[]{}:=,\n\t \\\"'#@defclasxif\0é", max_size=200).map(str.encode)))
def test_invariants_on_anything(data: bytes) -> None:
    check(data)


@given(st.binary(max_size=80), st.data())
def test_content_hash_is_the_text_column(data: bytes, draw: st.DataObject) -> None:
    start = draw.draw(st.integers(0, len(data)))
    end = draw.draw(st.integers(start, len(data)))
    (found,) = content_hashes(data, np.array([start], np.uint32), np.array([end], np.uint32))
    assert int(found) == content_hash(data[start:end]) != 0


# ---------------------------------------------------------------- what counts


def shape(source: str) -> list[tuple[str, int, int, int]]:
    c, _, _ = columns(source.encode(), "python")
    return [
        (KINDS.names[k], a, t, r)
        for k, a, t, r in zip(c.kind.tolist(), c.after.tolist(), c.text.tolist(), c.role.tolist(), strict=True)
    ]


def test_kinds_of_a_small_file() -> None:
    source = (
        "import math\n\n\n"
        "class Ring(Base):\n"
        '    """A ring."""\n\n'
        "    @property\n"
        "    def area(self):  # of the disc\n"
        "        return math.pi * self.r[1:]\n"
    )
    c, s, lines = columns(source.encode(), "python")
    assert [KINDS.names[k] for k in c.kind.tolist()] == [
        "module", "import_statement", "dotted_name", "identifier",
        "class_definition", "identifier", "argument_list", "identifier", "block",
        "decorated_definition", "decorator", "@", "identifier",
        "function_definition", "identifier", "parameters", "identifier", "block",
        "return_statement", "binary_operator", "attribute", "identifier", "identifier", "*",
        "subscript", "attribute", "identifier", "identifier", "slice", "integer",
    ]  # fmt: skip
    roles = {source[a:b]: KINDS.roles[r] for a, b, r in zip(c.start, c.end, c.role, strict=True) if r > 1}
    assert roles == {"math": "module", "Ring": "class", "area": "function", "self": "parameter", "pi": "attribute",
                     "r": "attribute"}  # fmt: skip
    assert [(int(a), int(b)) for a, b in zip(s.first, s.last, strict=True)] == [(1, 9), (1, 1), (4, 9), (7, 9), (9, 9)]
    assert lines == 9


def test_the_name_of_an_async_function_is_a_functions() -> None:
    roles = [KINDS.roles[r] for _, _, _, r in shape("async def f(a):\n    return -b\n") if r]
    assert roles == ["function", "parameter", "name"]


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("x = y\n", "x = (((y)))  # why\n"),
        ("def f():\n    return 1\n", 'def f():\n    """Doc."""\n\n    return 1\n'),
        ("def f():\n    return 1\n", "def f():\n\t'a' 'b'\n\treturn (\n\t\t1\n\t)\n"),
        ("f(a, b)\n", "f(\n    a,\n    b,\n)\n"),
        ("x = a + b\n", "x = a \\\n  + b\n"),
        ("x = 'a'\n", 'x = """a"""\n'),
        ("a = 1\nb = 2\n", "a = 1; b = 2\n"),
        ("if x:\n  y()\n", "if x: y()\n"),
        ("x = 1\ny = 2\n", "x = 1\r\ny = 2\r\n"),
        ("x = 1\n", "\ufeffx = 1"),
        ("x = b'q'\n", "x = B'q'\n"),
    ],
)
def test_layout_does_not_count(left: str, right: str) -> None:
    assert shape(left) == shape(right)


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("x[1:]", "x[:1]"),
        ("x[::1]", "x[:1]"),
        ("x[1::2]", "x[1:2]"),
        ("x[a:b]", "x[a::b]"),
        ("x[:]", "x[::]" + "[:]"),
        ("f(*a)", "f(**a)"),
        ("a - b", "a + b"),
        ("a < b", "a <= b"),
        ("a is b", "a is not b"),
        ("x = 'a'", "x = b'a'"),
        ("x = f'{a!r}'", "x = f'{a!s}'"),
        ("x = f'{a!r}'", "x = f'{a}'"),
        ("x = f'{a=}'", "x = f'{a}'"),
        ("x = f'{a:>3}'", "x = f'{a:>4}'"),
        ("def f():\n  yield x", "def f():\n  yield from x"),
        ("from . import a", "from .. import a"),
        ("import a.b", "import a"),
        ("x = (a,)", "x = (a)"),
        ("x = 1", "x = 1.0"),
        ("x = 1", "x += 1"),
        ("async def f(): pass", "def f(): pass"),
        ("try: a\nexcept b: c", "try: a\nexcept* b: c"),
        ("def f(a, /, b): a", "def f(a, *, b): a"),
        ("raise a from b", "raise a, b"),
        ("x: int = 1", "x = 1"),
    ],
)
def test_meaning_counts(left: str, right: str) -> None:
    assert shape(left) != shape(right)


# ---------------------------------------------------------------- syntax errors


def names_of(source: bytes) -> list[str]:
    c, s, _ = columns(source, "python")
    rows = [r for r in s.row.tolist() if KINDS.names[min(c.kind[r], len(KINDS.names) - 1)] == "function_definition"]
    return [source[c.start[r + 1] : c.end[r + 1]].decode() for r in rows]


GOOD = "def {}(a, b):\n    total = a + b\n    for x in range(total):\n        print(x)\n    return total\n\n\n"


@pytest.mark.parametrize(
    "broken",
    [
        "def broken(a:\n    return [a\n\n\n",
        "x = [1, 2\n\n\n",
        "print 'it is' 2.7 or not\n\n\n",
        "class Broken(:\n    pass\n\n\n",
        "<<<<<<< HEAD\nx = 1\n=======\nx = 2\n>>>>>>> other\n\n\n",
        "x = )\n",
        "def f(:\n  pass\n",
        "    return 1\n",
        "$$$ ??? !!!\n",
        "{% if template %}\n",
    ],
)
def test_a_syntax_error_costs_only_its_own_statement(broken: str) -> None:
    source = GOOD.format("before") + broken + GOOD.format("behind") + GOOD.format("last")
    assert {"before", "behind", "last"} <= set(names_of(source.encode()))


def test_a_broken_method_leaves_the_other_methods() -> None:
    method = "    def {}(self, a):\n        b = a * 2\n        return b\n\n"
    source = (
        "class A:\n" + method.format("one") + "    def two(self, a:\n        return (a\n\n" + method.format("three")
    )
    assert {"one", "three"} <= set(names_of(source.encode()))


def test_positions_behind_an_error_are_those_of_the_file() -> None:
    source = "def broken(a:\n    return [a\n\n\n" + GOOD.format("behind")
    c, s, lines = columns(source.encode(), "python")
    found = [(int(f), int(x)) for f, x, r in zip(s.first, s.last, s.row, strict=True)
             if KINDS.names[c.kind[r]] == "function_definition"]  # fmt: skip
    assert found == [(5, 9)] and lines == source.count("\n")


# ---------------------------------------------------------------- input nobody would write

HOSTILE = {
    "100,000 nested parentheses": b"x = " + b"(" * 100_000 + b")" * 100_000 + b"\ny = 1\n",
    "100,000 open brackets": b"[" * 100_000,
    "deep blocks": b"".join(b" " * i + b"if x:\n" for i in range(800)) + b" " * 800 + b"y\n",
    "deep calls": b"f(" * 20_000,
    "unary operators": b"not " * 20_000 + b"x\n",
    "attribute chain": b"a" + b".a" * 50_000,
    "lambdas": b"lambda: " * 20_000 + b"1\n",
    "elif chain": b"if a: b\n" + b"elif c: d\n" * 8_000,
    "comments in a row": b"x\n" + b"# a\n" * 100_000 + b"y = 2\n",
    "indented comments": b"def f():\n" + b"    # a\n\n" * 50_000 + b"    return 1\n",
    "line continuations": b"\\\n" * 100_000,
    "continued lines": b"x = a" + b" + \\\nb" * 60_000,
    "NUL bytes": b"\0" * 100_000 + b"\nx = 1\n",
    "no UTF-8": bytes(range(256)) * 1_000,
    "one string": b'"""' + b"a" * 1_000_000,
    "quotes": b'"' * 50_001,
    "errors": b"def (:\n" * 5_000,
    "f-strings": b'f"{' * 5_000,
    "tabs": b"\t" * 100_000 + b"x",
    "empty": b"",
    "only a BOM": b"\xef\xbb\xbf",
    "BOM and tabs": b"\xef\xbb\xbfif x:\n\ty = 1\n",
    "carriage returns": b"x = 1\ry = 2\r",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_input_takes_bounded_time(name: str) -> None:
    began = time.process_time()
    check(HOSTILE[name])
    assert time.process_time() - began < 8, "seconds of CPU; half of one is usual"


@pytest.mark.slow
def test_two_megabytes_on_one_line() -> None:
    data = b"x = [" + b"1, " * 680_000 + b"]\n"
    began = time.process_time()
    c, s, lines = columns(data, "python")
    assert (len(s.row), lines) == (2, 1) and len(c.kind) > 680_000
    assert time.process_time() - began < 30


def test_long_runs_of_comments_change_nothing() -> None:
    text = "def f(a):\n    b = a\n{}    return b\n"
    assert shape(text.format("    # why\n" * 5_000)) == shape(text.format(""))
    inside = 'x = """\n' + "# a\n" * 2_000 + '"""\n'
    other = 'x = """\n' + "# b\n" * 2_000 + '"""\n'
    assert shape(inside) != shape(other), "in a string they are text"
