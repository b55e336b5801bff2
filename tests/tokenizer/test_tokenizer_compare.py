"""Order, kinship and added tokens: what independent and derived vocabularies look like."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clonedetect.tokenizer import Vocabulary, compare_pair, compare_tokenizers, rank
from clonedetect.tokenizer.added import is_conventional, uses

WORDS = [f"word{i:05d}".encode() for i in range(6_000)]


def vocabulary(tokens: list[bytes], path: str = "t", **more) -> Vocabulary:
    return Vocabulary(path, repr((tokens, more)), "test", tuple(enumerate(tokens)), **more)


def trained(seed: int, spread: float = 0.5) -> list[bytes]:
    """The words by a noisy frequency: one common order over the whole, chance from neighbour to neighbour."""
    draw = random.Random(seed)
    return sorted(WORDS, key=lambda w: (int(w[4:]) + 1) * draw.lognormvariate(0, spread))


def test_independent_trainings_are_unrelated_though_their_ranks_correlate():
    pair = compare_pair(vocabulary(trained(1)), vocabulary(trained(2)))
    assert pair.relation == "unrelated"
    assert pair.order_share is not None and abs(pair.order_share - 0.5) < 0.03
    assert pair.shared_tokens == len(WORDS)


def test_a_vocabulary_cut_and_grown_is_derived():
    base = trained(3)
    draw = random.Random(4)
    grown = [w for w in base if draw.random() < 0.7] + [f"new{i}".encode() for i in range(2_000)]
    pair = compare_pair(vocabulary(base), vocabulary(grown))
    assert pair.relation == "derived" and pair.order_share == 1.0
    assert pair.p_value is not None and pair.p_value < 1e-100


def test_a_tenth_of_the_tokens_moved_is_still_derived():
    base = trained(5)
    moved = list(base)
    draw = random.Random(6)
    for _ in range(300):
        moved.insert(draw.randrange(len(moved)), moved.pop(draw.randrange(len(moved))))
    assert compare_pair(vocabulary(base), vocabulary(moved)).relation == "derived"


@pytest.mark.parametrize("seed", range(20))
def test_small_independent_vocabularies_are_never_called_related(seed: int):
    few = [w for w in trained(seed, 0.3) if int(w[4:]) % 60 == 0]
    others = [w for w in trained(seed + 100, 0.3) if int(w[4:]) % 60 == 0]
    assert compare_pair(vocabulary(few), vocabulary(others)).relation in ("insufficient", "unrelated")


@given(st.permutations(WORDS[:40]), st.permutations(WORDS[:40]))
def test_sides_can_be_exchanged(left: list[bytes], right: list[bytes]):
    there, back = (compare_pair(vocabulary(a), vocabulary(b)) for a, b in ((left, right), (right, left)))
    assert (there.order_share, there.order_low, there.p_value, there.relation) == (
        back.order_share,
        back.order_low,
        back.p_value,
        back.relation,
    )


def test_the_base_that_fits_best_comes_first():
    base, other = trained(7), trained(8)
    own = vocabulary([*base[:5_000], b"extra"], "own", added=((6_000, "<mine>"),))
    candidates = [
        vocabulary(other, "other"),
        vocabulary(base[:3_000], "part"),
        vocabulary(base[:5_000], "base", added=((6_000, "<mine>"),)),
    ]
    assert [pair.right for pair in rank(own, candidates)] == ["base", "part", "other"]


def test_equal_merges_tell_small_vocabularies():
    merges = tuple((w[:4], w[4:]) for w in WORDS[:50])
    few = vocabulary(WORDS[:30], merges=merges)
    assert compare_pair(few, replace(few, path="u", content="u", merges=merges[:40])).relation == "derived"


LEFT = (
    (100, "<ink>"),
    (101, "</ink>"),
    (102, "<ink_pad>"),
    (103, "<|you|>"),
    (104, "<|me|>"),
    (105, "<s>"),
    (106, "<keep>"),
)
RIGHT = (
    (90, "<|usr|>"),
    (91, "<|bot|>"),
    (92, "<dye>"),
    (93, "</dye>"),
    (94, "<dye_slot>"),
    (105, "<s>"),
    (106, "<keep>"),
    (110, "<ink>"),
)


def relations(pair) -> dict[tuple[str | None, str | None], str]:
    return {(row.left, row.right): row.relation for row in pair.added}


def test_added_tokens_are_matched_by_use_and_by_place():
    left_code = ['ROLES = {"user": "<|you|>", "assistant": "<|me|>"}']
    right_code = ['WHO = {"user": "<|usr|>", "assistant": "<|bot|>"}']
    named = [uses((t for _, t in added), code) for added, code in ((LEFT, left_code), (RIGHT, right_code))]
    pair = compare_pair(vocabulary(WORDS[:30], added=LEFT), vocabulary(WORDS[:30], added=RIGHT), *named)
    found = relations(pair)
    assert found == {
        ("<ink>", "<dye>"): "renamed",
        ("</ink>", "</dye>"): "renamed",
        ("<ink_pad>", "<dye_slot>"): "renamed",
        ("<|you|>", "<|usr|>"): "renamed",
        ("<|me|>", "<|bot|>"): "renamed",
        ("<s>", "<s>"): "kept",
        ("<keep>", "<keep>"): "kept",
        ("<ink>", "<ink>"): "moved",
    }
    back = compare_pair(vocabulary(WORDS[:30], added=RIGHT), vocabulary(WORDS[:30], added=LEFT), *named[::-1])
    assert {(b, a): r for (a, b), r in relations(back).items()} == found


def test_names_of_the_code_are_followed_through_its_renames():
    named = uses(["<a>"], ['OPEN = "<a>"']), uses(["<b>"], ['BEGIN: str = "<b>"'])
    sides = (
        vocabulary(WORDS[:30], added=((1, "<a>"), (2, "<|q|>"))),
        vocabulary(WORDS[:30], added=((1, "<b>"), (2, "[z]"))),
    )
    assert relations(compare_pair(*sides))["<a>", "<b>"] == "renamed"  # the last of its make
    sides = vocabulary(WORDS[:30], added=((1, "<a>"),)), vocabulary(WORDS[:30], added=((1, "<b c>"),))
    named = named[0], uses(["<b c>"], ['BEGIN: str = "<b c>"'])
    assert ("<a>", "<b c>") not in relations(compare_pair(*sides))
    pair = compare_pair(*sides, *named, {"OPEN": "BEGIN"})
    assert next(row.reason for row in pair.added if row.left == "<a>") == "same use in the code"


@pytest.mark.parametrize(
    "token", ["<s>", "[CLS]", "<|endoftext|>", "<|reserved_special_token_12|>", "<unused7>", "   "]
)
def test_conventions(token: str):
    assert is_conventional(token)


def test_nothing_to_compare_is_said():
    assert compare_tokenizers([], [("vocab.txt", b"a\nb\n")]) == "no tokenizer on the left"
    assert "nested too deeply" in compare_tokenizers([("tokenizer.json", b"[" * 9_000)], [])


def test_long_lists_of_added_tokens_take_bounded_time():
    rng = random.Random(1)
    many = [tuple((i, f"<{rng.getrandbits(40):x}_{i}>") for i in range(5_000)) for _ in range(2)]
    pair = compare_pair(vocabulary(WORDS[:30], added=many[0]), vocabulary(WORDS[:30], added=many[1]))
    assert len(pair.added) == 10_000
