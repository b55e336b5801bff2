"""The verdict's rules: families, what never counts alone, what ancestors explain, direction, neutral words."""

from __future__ import annotations

import itertools
import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clonedetect.assess.source import source_evidence
from clonedetect.assess.verdict import FAMILIES, combined, families, verdict
from clonedetect.domain import STRENGTHS, ClonePair, Evidence, Findings, Fragment, SideSummary
from clonedetect.domain.history import HistoryFinding, SideHistory

SIDE = SideSummary("origin", None, False, 10, 1000, (("python", 10),), (), None, None)


def evidence(channel: str, strength: str) -> Evidence:
    return Evidence(channel, f"{channel} says so.", strength, "statistic", 1.0, "null")


def pair(n: int, explained_by: str | None = None, bits: float = 200.0) -> ClonePair:
    sides = [Fragment(side, f"m{n}.py", 1, 20, f"f{n}", "function") for side in ("left", "right")]
    return ClonePair(f"p{n}", 2, 1.0, 1.0, bits, 1e-6, explained_by, *sides)


def judged(*evidences: Evidence, pairs=(), **known):
    return verdict(evidences, pairs, SIDE, SIDE, **known)


def test_one_strong_channel_is_strong_and_two_kinds_that_agree_are_decisive():
    assert judged(evidence("source", "strong")).strength == "strong"
    found = judged(evidence("source", "strong"), evidence("weights", "strong"))
    assert (found.strength, found.relation) == ("decisive", "derived")
    assert "source code (strong) and weights (strong)" in found.summary
    assert judged(evidence("source", "strong"), evidence("weights", "moderate")).strength == "strong"
    three = evidence("source", "strong"), evidence("weights", "moderate"), evidence("tokenizer", "moderate")
    assert judged(*three).strength == "decisive"


def test_channels_of_one_family_count_once():
    assert judged(evidence("weights", "strong"), evidence("predictions", "strong")).strength == "strong"
    assert judged(evidence("source", "strong"), evidence("identity", "strong")).strength == "strong"
    assert judged(evidence("left_behind", "strong"), evidence("attribution", "strong")).strength == "strong"


def test_what_comes_with_shared_code_agrees_with_it_only_once():
    comments = replace(evidence("left_behind", "strong"), follows="source")
    assert judged(evidence("source", "strong"), comments).strength == "strong"
    assert judged(evidence("source", "strong"), comments, evidence("left_behind", "strong")).strength == "decisive"


def test_a_small_part_of_two_large_sides_may_be_from_a_third_project():
    large = replace(SIDE, lines=10_000)
    pairs = [pair(n) for n in range(20)]
    assert [source_evidence(pairs, *sides)[0].strength for sides in ((SIDE, SIDE), (SIDE, large), (large, SIDE))] == [
        "strong"
    ] * 3
    (found,) = source_evidence(pairs, large, large)
    assert found.strength == "moderate" and "third project" in found.limits
    history = HistoryFinding(
        *(SideHistory(None, 1, None, None, 1, ()),) * 2, 20, 0, 0, 3, 0.25, "right-from-left", ("20 of 20",), (), (), ()
    )
    assert verdict([found], pairs, SIDE, SIDE, history).direction == "right-from-left"
    assert verdict([found], pairs, large, large, history).direction == "unknown"


@pytest.mark.parametrize("channel", ["config", "weight_index", "tokenizer"])
@pytest.mark.parametrize("strength", STRENGTHS[1:])
def test_equal_configuration_architecture_or_tokenizer_alone_is_never_more_than_weak(channel, strength):
    found = judged(evidence(channel, strength))
    assert (found.strength, found.relation) == ("weak", "unrelated")


def test_configuration_tokenizer_and_architecture_together_are_still_weak():
    found = judged(*(evidence(channel, "decisive") for channel in ("config", "weight_index", "tokenizer")))
    assert found.strength == "weak"


def test_history_alone_says_nothing():
    assert judged(evidence("history", "weak")).strength == "none"


def test_no_evidence_says_what_was_examined_and_what_was_not():
    found = judged(absent=["weights", "left_behind"])
    assert (found.strength, found.relation, found.direction) == ("none", "unrelated", "unknown")
    assert "10 files (1,000 lines) on the left" in found.summary
    assert "not examined: weights and left behind" in found.summary


def test_every_channel_has_its_family():
    assert set(FAMILIES) | {"history"} == {"source", "identity", *Findings.__dataclass_fields__}


def test_an_ancestor_that_explains_nearly_all_is_the_relation():
    pairs = [pair(n, "ancestor base") for n in range(19)] + [pair(20)]
    found = judged(evidence("source", "strong"), pairs=pairs, ancestors=["base"])
    assert (found.strength, found.relation) == ("weak", "common-ancestor")
    assert "95% is explained by base" in found.summary
    found = judged(evidence("source", "strong"), evidence("weights", "strong"), pairs=pairs, ancestors=["base"])
    assert (found.strength, found.relation) == ("weak", "common-ancestor")
    assert "weights are alike too" in found.summary


def test_an_ancestor_that_fits_worse_is_said_so():
    pairs = [pair(n, "ancestor claimed" if n < 3 else None) for n in range(12)]
    found = judged(evidence("source", "strong"), pairs=pairs, ancestors=["claimed"])
    assert found.relation == "derived" and "25% is explained by claimed" in found.summary
    assert "No ancestor given fits the shared parts as well as the two sides fit each other" in found.summary
    found = judged(evidence("source", "strong"), pairs=[pair(n) for n in range(12)], ancestors=["claimed"])
    assert "0% is explained by claimed" in found.summary


def test_words_are_neutral():
    kinds = [judged(evidence("source", s), evidence("weights", t)) for s, t in itertools.product(STRENGTHS, STRENGTHS)]
    for found in kinds:
        assert not re.search("stol|plagi|copied|theft|guilt|cheat", found.summary, re.IGNORECASE)


channels = st.sampled_from(sorted(FAMILIES))
some = st.lists(st.builds(evidence, channels, st.sampled_from(STRENGTHS)), max_size=8)


@given(some, st.randoms())
def test_the_order_of_the_evidence_does_not_matter(found, random):
    shuffled = list(found)
    random.shuffle(shuffled)
    assert combined(families(found)) == combined(families(shuffled))


@given(some, some)
def test_more_evidence_never_weakens(one, more):
    assert STRENGTHS.index(combined(families(one + more))) >= STRENGTHS.index(combined(families(one)))
