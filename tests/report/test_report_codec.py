"""The codec of the channels' findings: there and back, its schema, damage named by its place."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import Literal

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clonedetect.errors import ReportError
from clonedetect.report.codec import decode, encode, schema_of


@dataclass(frozen=True, slots=True)
class Inner:
    word: Literal["kept", "removed"]
    share: float
    span: tuple[int, str]


@dataclass(frozen=True, slots=True)
class Outer:
    title: str
    count: int
    flag: bool
    inner: tuple[Inner, ...]
    best: Inner | None
    note: str | None
    p_value: float | None


inners = st.builds(
    Inner,
    st.sampled_from(["kept", "removed"]),
    st.floats(allow_nan=False, allow_infinity=False),
    st.tuples(st.integers(), st.text()),
)
outers = st.builds(
    Outer,
    st.text(),
    st.integers(),
    st.booleans(),
    st.lists(inners, max_size=3).map(tuple),
    st.none() | inners,
    st.none() | st.text(),
    st.none() | st.floats(0, 1),
)


@given(outers)
def test_there_and_back_and_valid_by_its_schema(value):
    written = json.loads(json.dumps(encode(value)))
    assert decode(Outer, written, "report") == value
    jsonschema.Draft202012Validator(schema_of(Outer)).validate(written)


def test_a_number_that_is_not_finite_is_null():
    assert encode(Inner("kept", math.nan, (1, ""))) == {"word": "kept", "share": None, "span": [1, ""]}
    assert math.isnan(decode(Inner, {"word": "kept", "share": None, "span": [1, ""]}, "x").share)


@pytest.mark.parametrize(
    ("damage", "says"),
    [
        ({"title": 1}, "r.title: expected text, found int"),
        ({"count": True}, "r.count: expected a whole number, found bool"),
        ({"flag": 0}, "r.flag: expected true or false"),
        ({"inner": {}}, "r.inner: expected a list"),
        ({"inner": [3]}, "r.inner[0]: expected an object, found int"),
        ({"best": {"word": "lost", "share": 1, "span": [1, ""]}}, "r.best.word: unknown word 'lost'"),
        ({"best": {"word": "kept", "share": 1, "span": [1]}}, "r.best.span: expected 2 items, found 1"),
        ({"p_value": 10**400}, "r.p_value: the number is too large"),
    ],
)
def test_damage_is_named_by_its_place(damage, says):
    good = encode(Outer("t", 1, True, (), None, None, 0.5))
    with pytest.raises(ReportError) as caught:
        decode(Outer, good | damage, "r")
    assert says in str(caught.value)


def test_what_is_no_type_of_a_finding_is_refused():
    with pytest.raises(TypeError):
        schema_of(dict[str, int])
