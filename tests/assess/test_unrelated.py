"""Independent code is not called derived; a common ancestor explains what both have from it."""

import itertools
import shutil
from pathlib import Path

import pytest

from clonedetect import Options, scan

FIXTURES = Path(__file__).resolve().parents[2] / "fixtures"
INDEPENDENT = {
    "heron": FIXTURES / "vlm" / "original",
    "lantern": FIXTURES / "vlm" / "unrelated",
    "clonedetect": Path(__file__).resolve().parents[2] / "clonedetect",
}
OPTIONS = Options(jobs=1, cache=False)


@pytest.fixture(scope="module")
def trees(tmp_path_factory):
    base = tmp_path_factory.mktemp("trees")
    wanted = {**INDEPENDENT, "osprey": FIXTURES / "vlm" / "copy"}
    return {name: Path(shutil.copytree(source, base / name)) for name, source in wanted.items()}


@pytest.mark.parametrize(("left", "right"), list(itertools.combinations(INDEPENDENT, 2)))
def test_independent_projects_share_nothing_significant(trees, left, right):
    comparison = scan(trees[left], trees[right], options=OPTIONS)
    significant = [p for p in comparison.clone_pairs if p.e_value <= 0.01 and p.explained_by is None]
    assert significant == []
    assert comparison.verdict.strength in ("none", "weak")  # a common word or message may be named as weak
    assert comparison.verdict.relation == "unrelated"
    assert "Examined" in comparison.verdict.summary


def test_a_copy_is_decisive_and_says_over_how_many_fragments(trees):
    comparison = scan(trees["heron"], trees["osprey"], options=OPTIONS)
    assert comparison.verdict.strength == "decisive"  # source, names left behind, configuration, tokenizer
    assert comparison.verdict.relation == "derived"
    assert "pairs of fragments" in comparison.verdict.summary


def test_what_an_ancestor_has_counts_for_nothing(trees):
    comparison = scan(trees["heron"], trees["osprey"], [trees["heron"]], OPTIONS)
    assert comparison.verdict.strength == "weak"  # equal configuration and names, which no ancestor is compared for
    assert comparison.verdict.relation == "common-ancestor"
    assert all(p.explained_by for p in comparison.clone_pairs if p.e_value <= 0.01)


def test_an_unrelated_ancestor_explains_nothing(trees):
    comparison = scan(trees["heron"], trees["osprey"], [trees["lantern"]], OPTIONS)
    assert comparison.verdict.strength == "decisive"
    assert "0% is explained by" in comparison.verdict.summary
    assert not any((p.explained_by or "").startswith("ancestor") for p in comparison.clone_pairs)


def test_common_idioms_are_no_accusation():
    none = FIXTURES / "clones" / "none"
    comparison = scan(none / "left", none / "right", options=OPTIONS)
    assert comparison.verdict.strength in ("none", "weak")
    assert comparison.verdict.relation == "unrelated"
