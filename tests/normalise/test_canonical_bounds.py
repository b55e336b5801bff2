"""What canonical() answers for hostile, odd and indented fragments, and which lines its statements come from."""
# ruff: noqa: E501 - programs on one line

from __future__ import annotations

import time

import pytest

from clonedetect.normalise.canonical import canonical, canonicals


def tokens(source: str, **options: object) -> list[str]:
    statements = canonical(source, **options)  # type: ignore[arg-type]
    assert statements is not None
    return [" ".join(statement.tokens) for statement in statements]


@pytest.mark.parametrize(
    "source",
    [
        "def f(:",
        "print 'two'",
        "x = '\0'",
        "x = " + "(" * 5000,
        "x = " + "-" * 3000 + "1",
        "x = " + "+".join(["y"] * 5000),
        "\n".join("    " * depth + "if x:" for depth in range(150)) + "\n" + "    " * 150 + "pass",
        "x = 1\n" * 40_000,
        "x = '" + "\ud800" * 70_000 + "'",
    ],
)
def test_not_canonicalised(source: str) -> None:
    started = time.perf_counter()
    assert canonical(source) is None
    assert time.perf_counter() - started < 3


def test_long_function_is_bounded() -> None:
    source = "def f(x):\n" + "".join(f"    a{n} = x + {n}\n    x = g(a{n})\n" for n in range(2500)) + "    return x\n"
    started = time.perf_counter()
    statements = canonical(source)
    assert statements is not None
    assert len(statements) > 2500
    assert time.perf_counter() - started < 6


def test_lines_of_an_indented_method() -> None:
    source = '    @staticmethod\n    def f(x):\n        """Doc\nnot indented.\n"""\n        y = x.strip()\n        return y\n'
    statements = canonical(source, first_line=10)
    assert statements is not None
    assert [(one.start_line, one.end_line) for one in statements] == [(10, 10), (11, 11), (15, 16)]
    assert "docstring-dropped" in statements[1].rewrites
    assert statements[2].rewrites == ("inlined",)


def test_a_setting_of_an_own_object_may_have_become_a_parameter() -> None:
    source = "def f(self, x):\n    return self.config.floor + self.config.load(x) + self.table.shape + x.floor\n"
    assert tokens(source, own={"f", "config", "table"})[1] == (
        "return name:self.config.floor + name:self.config .load ( name:x ) + name:self.table .shape + name:x .floor"
    )


def test_a_name_that_a_rewrite_made_up_is_written_without_one() -> None:
    loop = "    for a, b in xs:\n        s = a * b\n        if s < n:\n            n = s\n            m = a\n"
    assert tokens(f"def f(xs):\n    m = None\n    n = float('inf')\n{loop}    return m\n")[-1] == (
        "return min ( name:xs key= lambda name: : name: [ 0 ] * name: [ 1 ] default= ( None None ) ) [ 0 ]"
    )


def test_lines_of_early_returns_that_became_one_expression() -> None:
    source = (
        "def f(x):\n    if x < 1:\n        return 1\n    if x < 2:\n        return x\n    y = x * 2\n    return y - 1\n"
    )
    statements = canonical(source)
    assert statements is not None
    assert [(one.start_line, one.end_line) for one in statements] == [(1, 1), (2, 7)]


def test_fragment_that_starts_in_the_middle_of_its_line() -> None:
    source = "@cached\n    def f(self):\n        return self.config.width\n"
    assert tokens(source) == ["@ name:cached", "def name:f", "return name:self.config.width"]


def test_names_that_a_copier_may_change() -> None:
    source = "def f(x):\n    import numpy as np\n    z = helper(np.dot(x, axis=1), dim=2)\n    return z.shape, torch.cat(z)\n"
    assert tokens(source)[2] == "name:z = name:helper ( np .dot ( name:x axis= 1 ) name:dim = 2 )"
    assert tokens(source)[3] == "return ( name:z .shape torch .cat ( name:z ) )"
    assert tokens(source, own={"f"})[2] == "name:z = helper ( np .dot ( name:x axis= 1 ) dim= 2 )"


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("def f(a):\n    if a > 3:\n        return g(a)\n    return a", "def f(a):\n    return g(a) if 3 < a else a"),
        ("def f(a):\n    r = []\n    for x in a:\n        y = x + 1\n        if y:\n            r.append(y)\n    return r",) * 2,
        ("def f(a):\n    x = a[0] - 1\n    return g(x * x)", "def f(a):\n    return g((a[0] - 1) * (a[0] - 1))"),
        ("def f(a):\n    x = str(a)\n    return 'n=' + x + '!'", "def f(a):\n    return 'n=%s!' % a"),
        ("def f(a: int) -> int:\n    a += 1\n    return a", "def f(a):\n    return a + 1"),
        ("def f(a):\n    if not a is None:\n        b = 1\n    else:\n        b = 2\n    g(b, b)", "def f(a):\n    b = 2 if a is None else 1\n    g(b, b)"),
        ("def f(a):\n    for x in a:\n        if not x:\n            continue\n        g(x)\n        h(x)", "def f(a):\n    for x in a:\n        if x:\n            g(x)\n            h(x)"),
    ],
)  # fmt: skip
def test_two_ways_of_saying_it_are_one(left: str, right: str) -> None:
    assert tokens(left) == tokens(right)


MEMBERS = '''class Pond(Water):
    """Docs."""
    depth = max([1, 2])

    @wraps(list(a for a in b))
    def min(self, reeds, start=dict(a=1)):
        found = []
        for reed in reeds:
            found.append(min(reed, start))
        return found

    class Inner:
        def list(self): return list(x for x in self.all)

        def other(self, max):
            def deeper(y):
                z = max(y)
                return z
            return deeper

    async def last(self):
        text = """a
  b"""
        return list(text)
'''


def test_members_of_a_class_are_as_by_themselves() -> None:
    lines = MEMBERS.split("\n")
    inner = {4: 10, 11: 19, 12: 13, 14: 19, 20: 24}  # first line from 0, end
    parts: list[tuple[int, int, None]] = [(0, 1, None), *((at, 5, None) for at in inner)]
    whole, *found = canonicals(MEMBERS, parts)
    assert whole is not None
    assert found == [canonical("\n".join(lines[at:end]), 5) for at, end in inner.items()]
    assert all(found)
    assert canonicals(MEMBERS, [(5, 1, None), (15, 1, None), (-1, 1, None)]) == [None] * 3  # no member begins there
    assert canonicals("def f(:", parts[:2]) == [None] * 2
