"""What one fragment of a corpus says, and when a first candidate is worth a look for its lead."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clonedetect.assess import lead_e_value, shared_e_values, shared_score
from clonedetect.domain import Shared

BITS = st.floats(0.0, 500.0)


def shared(matched, left_only, right_only):
    return Shared(0, 1, "a.py", 1, 9, "f", "function", 60, matched, left_only, right_only, 3)


def test_a_first_candidate_must_be_far_ahead_of_those_of_other_origins():
    first = shared(70.0, 40.0, 30.0)  # as a rewritten function is: -17.5
    assert lead_e_value(first, [], 3000) is not None
    assert lead_e_value(first, [shared(70.0, 40.0, 75.0)], 3000) is None  # 56 bits behind
    assert lead_e_value(first, [shared(70.0, 40.0, 95.0)], 3000) is not None
    assert lead_e_value(shared(70.0, 80.0, 30.0), [], 3000) is None  # too little in common
    assert lead_e_value(shared(20.0, 10.0, 0.0), [], 3000) is None  # so small that any candidate comes near


@given(BITS, BITS, BITS, st.lists(st.tuples(BITS, BITS), max_size=5), st.integers(1, 10_000))
def test_more_rivals_never_make_a_lead_rarer(matched, left_only, right_only, rivals, here):
    first = shared(matched, left_only, right_only)
    others = [shared(m, max(0.0, matched + left_only - m), r) for m, r in rivals]
    alone, among = lead_e_value(first, [], here), lead_e_value(first, others, here)
    assert among is None or (alone is not None and 0 < alone <= among)


def test_the_e_value_of_a_pair_grows_with_both_sides_and_falls_with_its_score():
    pairs = [shared(100.0, 10.0, 10.0), shared(100.0, 40.0, 10.0)]
    assert shared_score(pairs[0]) == pytest.approx(75.0)
    small, large = shared_e_values(pairs, 1000, 1000), shared_e_values(pairs, 2000, 4000)
    assert small[0] < small[1]
    assert large == pytest.approx([8 * e for e in small])
