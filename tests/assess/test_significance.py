"""E-values: monotone in every argument, conservative for small repositories, shared only by consistent sets."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import poisson

from clonedetect.assess import Context, anchors, e_values, linked_e_values, score, shares

SHARE = st.floats(0.05, 1.0)


def z(bits=50.0, similarity=0.8, containment=0.9, idiom=0.0, conflicts=0.0, rare=0.0):
    arrays = [np.array([v]) for v in (bits, similarity, containment, idiom, conflicts, rare)]
    return float(score(*arrays)[0])


@given(st.floats(0, 500), st.floats(0.1, 100), SHARE, SHARE)
def test_more_shared_is_never_weaker(bits, more, similarity, containment):
    assert z(bits + more) > z(bits)
    assert z(bits, similarity=1.0) >= z(bits, similarity=similarity)
    assert z(bits, containment=1.0) >= z(bits, containment=containment)
    assert z(bits, rare=more) > z(bits)


def test_idioms_and_contradictions_count_against():
    assert z(idiom=20) < z(idiom=3) < z()
    assert z(conflicts=0.5) < z()


@given(st.floats(-20, 40), st.integers(300, 10_000), st.integers(300, 10_000))
def test_e_values_grow_with_both_repositories(value, left, right):
    one, both = e_values(np.array([value]), left, right)[0], e_values(np.array([value]), 2 * left, right)[0]
    assert np.isclose(both, 2 * one)
    assert e_values(np.array([value + 1]), left, right)[0] < one


def test_a_small_repository_counts_as_a_larger_one():
    assert e_values(np.array([5.0]), 3, 4)[0] == e_values(np.array([5.0]), 300, 300)[0]


def linked(alone, counts=None, free=True, agreement=0.0, groups=((0,), (0,))):
    """Pairs of different fragments in one linked group of 10 among 100 fragments on each side."""
    alone, n = np.array(alone), len(alone)
    each = np.arange(n)
    chosen = anchors(alone, each, each, np.ones(n, bool) if counts is None else np.array(counts))
    if not len(chosen):
        return alone
    zeros, sizes, loose = np.zeros(n, np.int64), np.array([10]), np.array([2])
    context = Context((zeros, zeros), (sizes, sizes), (loose, loose), tuple(np.array(g, np.int64) for g in groups))
    share = shares([context], np.full(n, free), len(chosen), (100, 100))
    return linked_e_values(alone, chosen, share, np.full(n, agreement))


def test_two_strong_pairs_vouch_for_nobody():
    alone = [1e-9, 1e-9, 0.5]
    assert linked(alone).tolist() == alone


def test_many_strong_pairs_lift_a_weak_one_but_not_beyond_themselves():
    alone = [1e-4] * 20 + [0.05]
    together = linked(alone)
    assert poisson.sf(2, 1e-4) <= together.min() <= together[-1] < 0.05
    assert (together <= np.array(alone)).all()


def test_explained_pairs_vouch_for_nobody():
    alone = [1e-4] * 20 + [0.05]
    assert linked(alone, [False] * 20 + [True]).tolist() == alone


def test_a_pair_competes_with_the_linked_groups_only_and_a_free_one_with_the_free():
    alone = [1e-9] * 20 + [0.5]
    nowhere = linked(alone, groups=((), ()))[-1]
    held, free = linked(alone, free=False)[-1], linked(alone)[-1]
    assert np.isclose(nowhere, 0.5 / 20)
    assert np.isclose(held, 0.5 * 100 / 100**2)
    assert np.isclose(free, 0.5 * 4 / 100**2)


@given(st.floats(-5, 5), st.floats(0.1, 3))
def test_confirmed_renames_lower_the_e_value(agreement, more):
    alone = [1e-12] * 5 + [0.9]
    assert linked(alone, agreement=agreement + more)[-1] <= linked(alone, agreement=agreement)[-1]
