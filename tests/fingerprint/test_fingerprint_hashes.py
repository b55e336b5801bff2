"""The theorems of the hashes: what renaming keeps, and that equal hashes are equal labels."""

from __future__ import annotations

import keyword
import re
from collections import defaultdict

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clonedetect.domain import CLASS, FUNCTION, MODULE, RUN, Fingerprints, Forest
from clonedetect.fingerprint import fingerprint
from clonedetect.normalise import blind_labels, content_labels, kept_names, own_names, raw_labels

TEXT = """\
import math


class Ring(Base):
    size = 3

    @property
    def area(self):
        return math.pi * self.r ** 2

    async def grow(self, by, *more, unit=1):
        total = [x + by for x in more if x > unit]
        for step in total:
            self.r += step
            print(step, sep="|")
        return total


def outer(first, second):
    def inner(first):
        return first + second
    left, right = first, second
    while left < right:
        left, right = inner(right), left
        second = left * right - first
        first = right // (second or 1)
        left += len([first, second, left, right])
    return left, right
"""
NAMES = sorted(
    {n for n in re.findall(r"\b[A-Za-z_]\w*\b", TEXT) if not keyword.iskeyword(n)}
    - {"print", "len", "math", "pi", "sep"}
)


def prints(forest: Forest, run_tokens: int = 12) -> tuple[Fingerprints, np.ndarray, np.ndarray]:
    blind = blind_labels(forest)
    raw = raw_labels(forest, blind)
    content = content_labels(forest, kept_names(forest, own_names([forest])))
    return fingerprint(forest, blind, raw, content, run_tokens), blind, raw


def renamed(text: str, table: dict[str, str]) -> str:
    return re.sub(r"\b[A-Za-z_]\w*\b", lambda m: table.get(m.group(), m.group()), text)


@given(st.permutations([f"n{i:02}" for i in range(len(NAMES))]))
def test_consistent_renaming_keeps_the_blind_and_the_renamed_hash(forest, new: list[str]) -> None:
    before, _, _ = prints(forest(TEXT))
    after, _, _ = prints(forest(renamed(TEXT, dict(zip(NAMES, new, strict=True)))))
    assert np.array_equal(before.units.blind, after.units.blind)
    assert np.array_equal(before.units.renamed, after.units.renamed)
    assert not np.isin(before.units.raw, after.units.raw).any()
    assert np.array_equal(before.statement, after.statement)


@given(st.permutations(NAMES))
def test_swapping_names_is_a_renaming_too(forest, new: list[str]) -> None:
    before, _, _ = prints(forest(TEXT))
    after, _, _ = prints(forest(renamed(TEXT, dict(zip(NAMES, new, strict=True)))))
    whole = before.units.kind != RUN
    assert np.array_equal(before.units.blind, after.units.blind)
    assert np.array_equal(before.units.renamed[whole], after.units.renamed[whole])


@pytest.mark.parametrize("before", ["", "first = left = inner\n", "class A:\n    def outer(self, first): pass\n\n"])
def test_a_definition_has_its_hashes_wherever_it_stands(forest, before: str) -> None:
    alone, _, _ = prints(forest(TEXT))
    there, _, _ = prints(forest({"0.py": "first = second = right = 1\n", "1.py": before + TEXT}))
    for column in ("blind", "renamed", "raw"):
        one, other = (
            getattr(found.units, column)[np.isin(found.units.kind, (FUNCTION, CLASS))] for found in (alone, there)
        )
        assert np.isin(one, other).all() and len(one) > 3


@pytest.mark.parametrize(
    ("old", "new"), [("left += len([first", "left += len([second"), ("first = right", "left = right")]
)
def test_an_inconsistent_renaming_keeps_only_the_blind_hash(forest, old: str, new: str) -> None:
    assert old in TEXT
    before, _, _ = prints(forest(TEXT))
    after, _, _ = prints(forest(TEXT.replace(old, new)))
    assert np.array_equal(before.units.blind, after.units.blind)
    changed = before.units.renamed != after.units.renamed
    kinds = before.units.kind[changed]
    assert MODULE in kinds and FUNCTION in kinds and CLASS not in kinds


def test_literals_count_in_the_raw_hash_alone(forest) -> None:
    before, _, _ = prints(forest(TEXT))
    after, _, _ = prints(forest(TEXT.replace("** 2", "** 3").replace('"|"', '";"')))
    assert np.array_equal(before.units.blind, after.units.blind)
    assert np.array_equal(before.units.renamed, after.units.renamed)
    assert (before.units.raw != after.units.raw).any()


@pytest.mark.parametrize(("old", "new"), [("<", "<="), ("//", "/"), ("async def", "def"), ("+= step", "-= step")])
def test_operators_count_everywhere(forest, old: str, new: str) -> None:
    before, _, _ = prints(forest(TEXT))
    after, _, _ = prints(forest(TEXT.replace(old, new)))
    modules = before.units.kind == MODULE
    assert before.units.blind[modules][0] != after.units.blind[after.units.kind == MODULE][0]


small = st.recursive(
    st.sampled_from(["a", "b", "1", "2", "'s'"]),
    lambda e: st.one_of(
        st.tuples(e, st.sampled_from(["+", "-", "<"]), e).map(lambda t: f"({t[0]} {t[1]} {t[2]})"),
        st.lists(e, max_size=3).map(lambda t: f"f({', '.join(t)})"),
        e.map(lambda x: f"[{x}]"),
    ),
    max_leaves=5,
)


@given(st.lists(small, min_size=2, max_size=6))
def test_statement_hashes_are_equal_where_the_labels_are(forest, expressions: list[str]) -> None:
    made = forest("".join(f"x = {e}\n" for e in expressions))
    found, blind, _ = prints(made)
    by_labels: dict[tuple, set[int]] = defaultdict(set)
    for place, row in enumerate(made.statements.row.tolist()):
        labels = tuple(blind[row : made.columns.after[row]].tolist())
        by_labels[labels].add(int(found.statement[place]))
    assert all(len(hashes) == 1 for hashes in by_labels.values())
    assert len(set().union(*by_labels.values())) == len(by_labels), "different labels, different hashes"


def test_equal_code_at_any_place_has_equal_hashes(forest) -> None:
    body = TEXT[TEXT.index("def outer") :]
    alone, _, _ = prints(forest(body))
    far, _, _ = prints(forest("x = [1, 2, 3]\n" * 5_000 + "class Deep:\n" + re.sub("(?m)^", "    ", body)))
    function = alone.units.kind == FUNCTION
    for form in ("raw", "renamed", "blind"):
        assert np.isin(getattr(alone.units, form)[function], getattr(far.units, form)).all()


def test_runs_are_the_shortest_that_are_long_enough(forest) -> None:
    made = forest("def f(a, b):\n" + "".join(f"    v{i} = a + b * {i}\n" for i in range(12)))
    found, _, _ = prints(made, run_tokens=12)
    c = made.columns
    leaf = c.after == np.arange(1, len(c.kind) + 1)
    runs = found.units.kind == RUN
    assert runs.sum() > 5
    for lo, hi, last, tokens in zip(
        found.units.lo[runs], found.units.hi[runs], found.units.last[runs], found.units.tokens[runs], strict=True
    ):
        assert tokens == leaf[lo:hi].sum() >= 12
        assert leaf[lo : made.statements.row[last]].sum() < 12, "without its last statement it is too short"


def test_the_first_names_of_runs_do_not_matter(forest) -> None:
    """A run inside one body and the same run renamed inside another have one blind hash."""
    run = "    {0} = sorted({1}, key=len)\n    {0}.append({1}[0] + 3)\n    {2} = [{0}, {1}, {0}]\n"
    one = forest("def f(p):\n    q = 1\n" + run.format("q", "p", "r") + "    return r\n")
    two = forest("def g(z, w):\n    print(w)\n    del w\n" + run.format("k", "z", "m") + "    raise m\n")
    shared = np.intersect1d(*(p.units.blind[p.units.kind == RUN] for p in (prints(one, 15)[0], prints(two, 15)[0])))
    assert len(shared) >= 1


def test_siblings_and_ordinals(forest) -> None:
    made = forest("a = 1\ndef f():\n    b = 2\n    c = 3\nd = 4\n", {"z.py": "e = 5\n"})
    found, _, _ = prints(made)
    rows = made.statements
    texts = [made.source(int(r)).split(b"\n")[0] for r in rows.row]
    at = {t: i for i, t in enumerate(texts) if t in (b"a = 1", b"def f():", b"b = 2", b"c = 3", b"d = 4", b"e = 5")}
    following = {t: int(found.sibling[i]) for t, i in at.items()}
    assert texts[following[b"def f():"]] == b"d = 4" and texts[following[b"b = 2"]] == b"c = 3"
    assert following[b"c = 3"] == following[b"d = 4"] == following[b"e = 5"] == -1
    ordinals = {t: int(found.ordinal[i]) for t, i in at.items()}
    assert (ordinals[b"def f():"], ordinals[b"d = 4"], ordinals[b"c = 3"], ordinals[b"e = 5"]) == (1, 2, 1, 0)
    modules = [i for i, k in enumerate(rows.parent.tolist()) if k < 0]
    assert len(modules) == 2 and (found.sibling[modules] == -1).all(), "files are nobody's siblings"


def test_nothing_at_all(forest) -> None:
    found, _, _ = prints(forest(""))
    assert len(found.units.first) == 0
