"""The plain form: what a hoisted constant, an alias, a type or a split literal changes nothing about."""

import ast

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clonedetect.domain import SourceFile, content_hash
from clonedetect.fingerprint import features
from clonedetect.normalise import content_labels, kept_names, own_names, plain
from clonedetect.normalise.canonical import canonical
from clonedetect.normalise.plain import content_hashes
from clonedetect.parse import parse


def forest(*sources):
    files = [SourceFile(f"m{n}.py", f"{n:040}", s.encode(), "python") for n, s in enumerate(sources)]
    (found,) = parse([("left", files)], jobs=1, cache=None)
    return found


def bag(source, name="f"):
    """The content features of one function, counted."""
    tree = forest(source)
    reading, _ = plain(tree)
    kept = kept_names(reading, own_names([tree]))
    bags = features(reading, kept, content_labels(reading, kept))
    for n, place in enumerate(bags.place.tolist()):
        if tree.source(int(tree.statements.row[place])).lstrip().startswith(f"def {name}".encode()):
            part = slice(bags.start[n], bags.start[n + 1])
            return dict(zip(bags.feature[part].tolist(), bags.count[part].tolist(), strict=True))
    raise AssertionError(name)


def read(source, name="f"):
    """A function's text with its stand-ins read as what they stand for."""
    tree = forest(source)
    reading, stand_ins = plain(tree)
    for row in reading.statements.row.tolist():
        start, end = int(reading.columns.start[row]), int(reading.columns.end[row])
        data = tree.files[0].data
        if data[start:end].startswith(f"def {name}".encode()):
            return stand_ins.read(0, start, end, data).decode()
    raise AssertionError(name)


ORIGINAL = (
    "import time\ndef f(a, b=None):\n    if len(a) > -3:\n        return time.sleep(7), 'text', b'raw', True, b\n"
)
SAME = {
    "literals": "N = None\nT = 'text'\nR = b'raw'\nY = True\nS = 7\nM = -3\nimport time\n"
    "def f(a, b=N):\n    if len(a) > M:\n        return time.sleep(S), T, R, Y, b\n",
    "builtins": "L = len\nimport time\ndef f(a, b=None):\n    if L(a) > -3:\n"
    "        return time.sleep(7), 'text', b'raw', True, b\n",
    "imports": "import time as t\ndef f(a, b=None):\n    if len(a) > -3:\n"
    "        return t.sleep(7), 'text', b'raw', True, b\n",
    "types": "import time\ndef f(a: list[int], b: str | None = None) -> tuple:\n    if len(a) > -3:\n"
    "        return time.sleep(7), 'text', b'raw', True, b\n",
    "spelling": "import time\ndef f(a, b=None):\n    if len(a) > -0x3:\n"
    "        return time.sleep(0b111), 'te' \"x\\x74\", b'raw', True, b\n",
}


@pytest.mark.parametrize("kind", SAME)
def test_a_hoisted_or_respelled_constant_changes_no_feature(kind):
    assert bag(SAME[kind]) == bag(ORIGINAL)


@pytest.mark.parametrize("kind", ["literals", "builtins", "imports"])
def test_the_text_with_stand_ins_is_the_original(kind):
    assert ast.dump(ast.parse(read(SAME[kind]))) == ast.dump(ast.parse(read(ORIGINAL)))
    assert [s.tokens for s in canonical(read(SAME[kind]))] == [s.tokens for s in canonical(read(ORIGINAL))]


LOCAL = {
    "parameter": "A = 5\ndef f(A):\n    return A\n",
    "assignment": "A = 5\ndef f(x):\n    A = x\n    return A\n",
    "the rest": "A = 5\ndef f(x, *A):\n    return A\n",
    "the named rest": "A = 5\ndef f(x, **A):\n    return A\n",
    "loop": "A = 5\ndef f(x):\n    for i, (A, *j) in x:\n        return A\n",
    "comprehension": "A = 5\ndef f(x):\n    return [A for A in x]\n",
    "lambda": "A = 5\ndef f(x):\n    return lambda A: A\n",
    "with": "A = 5\ndef f(x):\n    with x as A:\n        return A\n",
    "except": "A = 5\ndef f(x):\n    try:\n        x()\n    except ValueError as A:\n        return A\n",
    "import": "A = 5\ndef f(x):\n    import A\n    return A\n",
    "outer function": "A = 5\ndef f(A):\n    def g():\n        return A\n    return g\n",
    "inner function": "A = 5\ndef f(x):\n    def A():\n        return x\n    return A\n",
    "walrus": "A = 5\ndef f(x):\n    return (A := x) + A\n",
    "twice": "A = 5\nA = 6\ndef f(x):\n    return A\n",
    "in a branch": "A = 5\nif x:\n    A = 6\ndef f(x):\n    return A\n",
    "global": "A = 5\ndef g():\n    global A\n    A = 3\ndef f(x):\n    return A\n",
    "not constant": "A = g()\ndef f(x):\n    return A\n",
    "own name": "def g(): pass\nA = g\ndef f(x):\n    return A\n",
    "list": "A = [5]\ndef f(x):\n    return A\n",
}


@pytest.mark.parametrize("kind", LOCAL)
def test_what_may_be_another_thing_is_left_alone(kind):
    source = LOCAL[kind]
    assert read(source) == source[source.index("def f") :].rstrip("\n")


def test_a_class_body_hides_a_constant_from_its_own_statements_only():
    source = "A = 5\nclass K:\n    A = 6\n    def f(self):\n        return A\n"
    assert read(source).endswith("return (5)")


def test_a_default_is_read_outside_its_function():
    assert read("A = None\ndef f(A=A):\n    return A\n") == "def f(A=None):\n    return A"


def test_quotes_do_not_clash_inside_an_f_string():
    source = "A = ''\nB = 3\ndef f(x):\n    return f'{x(A)} {B}' + A\n"
    assert read(source) == "def f(x):\n    return f'{x(A)} {(3)}' + ''"


def test_constants_of_one_file_are_not_those_of_another():
    both = forest("A = 5\n", "def f():\n    return A\n")
    assert not len(plain(both)[1].at)


@given(st.lists(st.binary(max_size=40), max_size=8))
def test_many_hashes_at_once_are_those_one_by_one(values):
    assert content_hashes(values).tolist() == [content_hash(v) for v in values]


@given(st.lists(st.sampled_from(sorted(SAME) + sorted(LOCAL)), min_size=1, max_size=4))
def test_statements_keep_their_places_and_rows_their_nesting(kinds):
    tree = forest(*({**SAME, **LOCAL}[k] for k in kinds))
    reading, _ = plain(tree)
    assert [reading.source(int(r)) for r in reading.statements.row] == [
        tree.source(int(r)) for r in tree.statements.row
    ]
    after = reading.columns.after.astype(np.int64)
    rows = np.arange(len(after))
    assert (after > rows).all()
    assert (after <= len(after)).all()
    for row in rows.tolist():  # subtrees nest: what begins inside ends inside
        assert (after[row : after[row]] <= after[row]).all()


@pytest.mark.parametrize(
    "source",
    ["A = '" + "x" * 300_000 + "'\ndef f():\n    return A\n", "A = " + "9" * 9_000 + "\ndef f():\n    return A\n"],
)
def test_a_huge_literal_is_no_error_and_is_not_copied_into_every_use(source):
    assert read(source) == "def f():\n    return A"
