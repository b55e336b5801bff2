"""Predictions compared: the founding case's figures, what mirrors, what controls change, and bad input."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clonedetect.errors import PredictionsError
from clonedetect.pipeline import compare_predictions
from clonedetect.report.sections.predictions import section
from clonedetect.report.text import section_text

LETTERS = np.array(list("abcd"))


def write(path: Path, answers, gold, groups=None) -> Path:
    with path.open("w", encoding="utf-8") as stream:
        for n, (answer, truth) in enumerate(zip(answers, gold, strict=True)):
            row = {"id": f"q{n}", "gold": str(truth), "pred": str(answer)}
            stream.write(json.dumps(row | ({"group": str(groups[n])} if groups is not None else {})) + "\n")
    return path


def founding(folder: Path) -> tuple[Path, Path]:
    """1,000 items, 236 and 194 errors, 182 of them shared."""
    gold = np.full(1000, "right")
    left, right = gold.astype("<U12"), gold.astype("<U12")
    left[:236] = [f"wrong {n}" for n in range(236)]
    right[:182] = left[:182]
    right[236:248] = "other"
    return write(folder / "left.jsonl", left, gold), write(folder / "right.jsonl", right, gold)


def models(seed: int, count: int, items: int = 1000, uneven: float = 1.5) -> tuple[np.ndarray, list[np.ndarray]]:
    """Gold answers and the answers of `count` independent models: four options, items of uneven difficulty, wrong
    options that tempt unevenly, models of different strength."""
    random = np.random.default_rng(seed)
    gold = random.integers(0, 4, items)
    hard = random.normal(0, uneven, items)
    tempting = random.integers(1, 4, items)
    out = []
    for _ in range(count):
        wrong = random.random(items) < 1 / (1 + np.exp(-(hard - 1.2 + random.normal(0, 0.3))))
        slip = np.where(random.random(items) < 0.6, tempting, random.integers(1, 4, items))
        out.append(LETTERS[(gold + wrong * slip) % 4])
    return LETTERS[gold], out


def test_founding_figures(tmp_path):
    found = compare_predictions(*founding(tmp_path))
    assert (found.items, found.errors.left, found.errors.right, found.errors.shared) == (1000, 236, 194, 182)
    assert found.kappa == pytest.approx(0.805, abs=5e-4)
    assert found.expected_flat == pytest.approx(45.8, abs=0.05)
    assert np.log10(found.p_value) == pytest.approx(-132.4, abs=0.1)
    assert (found.mcnemar.left_only, found.mcnemar.right_only) == (54, 12)
    assert found.identical_wrong == 182
    assert found.kappa_interval[0] < found.kappa < found.kappa_interval[1]
    assert not found.adjusted_for_difficulty and found.strength == "weak"
    assert "not adjusted for difficulty" in " ".join(section_text(section(found)).split())


def test_founding_figures_with_controls_of_uneven_difficulty(tmp_path):
    left, right = founding(tmp_path)
    random = np.random.default_rng(7)
    # What is hard for the two is hard for the controls too: they share far more than at flat difficulty.
    chance = np.concatenate((np.full(300, 0.5), np.full(700, 0.08)))
    gold = np.full(1000, "right")
    controls = [
        write(tmp_path / f"c{n}.jsonl", np.where(random.random(1000) < chance, f"slip {n}", gold), gold)
        for n in range(4)
    ]
    found = compare_predictions(left, right, None, controls)
    assert found.adjusted_for_difficulty and all(c.used for c in found.controls)
    assert 60 < found.expected < 140
    assert found.strength == "strong"


def test_left_and_right_mirror(tmp_path):
    gold, (a, b, c) = models(1, 3)
    paths = [write(tmp_path / name, answers, gold) for name, answers in (("a", a), ("b", b), ("c", c))]
    one, other = (compare_predictions(*pair, None, paths[2:]) for pair in (paths[:2], paths[1::-1]))
    assert (one.errors.left, one.errors.right) == (other.errors.right, other.errors.left)
    assert (one.mcnemar.left_only, one.mcnemar.right_only) == (other.mcnemar.right_only, other.mcnemar.left_only)
    for name in ("kappa", "p_value", "expected", "excess", "capa", "kappa_interval", "identical_wrong_p_value"):
        assert getattr(one, name) == getattr(other, name), name
    assert one == compare_predictions(paths[0], paths[1], None, paths[2:])


@pytest.mark.parametrize("seed", range(6))
def test_independent_models_are_not_strong(tmp_path, seed):
    gold, answers = models(seed, 4)
    left, right, *controls = (write(tmp_path / f"{n}.jsonl", each, gold) for n, each in enumerate(answers))
    assert compare_predictions(left, right, None, controls).strength in ("none", "weak")
    assert compare_predictions(left, right).strength in ("none", "weak")


def test_a_noisy_copy_is_strong_with_controls_and_weak_without(tmp_path):
    gold, (left, one, two, three) = models(3, 4)
    random = np.random.default_rng(3)
    right = np.where(random.random(len(gold)) < 0.08, three, left)  # another model's answer on a few items
    paths = [write(tmp_path / f"{n}.jsonl", each, gold) for n, each in enumerate((left, right, one, two))]
    found = compare_predictions(paths[0], paths[1], None, paths[2:])
    assert found.strength == "strong" and found.excess > 0.5
    assert found.identical_wrong_p_value < 1e-6
    assert compare_predictions(paths[0], paths[1]).strength == "weak"


def test_items_in_groups_widen_the_interval(tmp_path):
    gold, (left, right) = models(5, 2)
    twenty = np.repeat(np.arange(50), 20)
    alike = np.repeat(np.random.default_rng(1).random(50) < 0.4, 20)
    right = np.where(alike, left, right)  # whole groups are answered alike
    paths = [write(tmp_path / name, each, gold) for name, each in (("l", left), ("r", right))]
    grouped = [write(tmp_path / f"{name}g", each, gold, twenty) for name, each in (("l", left), ("r", right))]
    single, groups = compare_predictions(*paths), compare_predictions(*grouped)
    assert groups.groups == 50 and single.groups == 0
    assert np.ptp(groups.kappa_interval) > 1.2 * np.ptp(single.kappa_interval)


def test_a_control_equal_to_a_side_is_no_control(tmp_path):
    gold, (left, right, other) = models(2, 3)
    paths = [write(tmp_path / f"{n}.jsonl", each, gold) for n, each in enumerate((left, right, other))]
    found = compare_predictions(paths[0], paths[1], None, [paths[0]])
    assert not found.adjusted_for_difficulty and not found.controls[0].used
    assert "no independent model" in found.controls[0].reason
    found = compare_predictions(paths[0], paths[1], None, [paths[1], paths[2]])
    assert [c.used for c in found.controls] == [False, True]


def test_a_control_of_another_level_or_of_other_items_is_not_used(tmp_path):
    gold, (left, right) = models(2, 2)
    paths = [write(tmp_path / f"{n}.jsonl", each, gold) for n, each in enumerate((left, right))]
    guesses = write(tmp_path / "guess.jsonl", LETTERS[np.random.default_rng(0).integers(0, 4, len(gold))], gold)
    few = write(tmp_path / "few.jsonl", right[:500][::-1], gold[:500])
    found = compare_predictions(*paths, None, [guesses, few])
    assert [c.used for c in found.controls] == [False, False]
    assert "better or worse" in found.controls[0].reason and "50%" in found.controls[1].reason


def test_chance_adjusted_agreement_by_hand(tmp_path):
    gold = ["a"] * 100
    left = ["a"] * 80 + ["b"] * 20
    right = ["a"] * 70 + ["b"] * 20 + ["c"] * 10
    paths = []
    for name, answers in (("l", left), ("r", right)):
        rows = [
            {"id": n, "gold": g, "pred": p, "options": 4} for n, (p, g) in enumerate(zip(answers, gold, strict=True))
        ]
        paths.append(tmp_path / name)
        paths[-1].write_text("\n".join(map(json.dumps, rows)), "utf-8")
    found = compare_predictions(*paths)
    expected = 0.8 * 0.7 + 0.2 * 0.3 / 3
    assert found.capa == pytest.approx((0.8 - expected) / (1 - expected), abs=1e-4)  # 70 right, 10 equal wrong answers
    assert found.identical_wrong == 10 and found.options == 4


@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("abc"), st.sampled_from("abc")), min_size=1, max_size=60)
)
def test_counts_are_those_of_a_plain_loop(tmp_path_factory, rows):
    folder = tmp_path_factory.mktemp("counts")
    gold, left, right = zip(*rows, strict=True)
    found = compare_predictions(write(folder / "l", left, gold), write(folder / "r", right, gold))
    assert found.items == len(rows)
    assert found.errors.left == sum(p != g for g, p, _ in rows)
    assert found.errors.shared == sum(p != g and q != g for g, p, q in rows)
    assert found.identical_wrong == sum(p == q != g for g, p, q in rows)
    assert found.exact_match == pytest.approx(sum(p == q for _, p, q in rows) / len(rows), abs=1e-6)
    assert 0 <= found.p_value <= 1


# ---------------------------------------------------------------- formats and bad input


def test_csv_and_jsonl_hold_the_same(tmp_path):
    gold, (left, right) = models(4, 2, 200)
    lines = [write(tmp_path / name, each, gold) for name, each in (("l.jsonl", left), ("r.jsonl", right))]
    table = tmp_path / "r.csv"
    with table.open("w", newline="", encoding="utf-8-sig") as stream:
        rows = csv.writer(stream)
        rows.writerow(("ID", " gold", "pred"))
        rows.writerows((f"q{n}", g, p) for n, (g, p) in enumerate(zip(gold, right, strict=True)))
    assert compare_predictions(lines[0], table) == compare_predictions(*lines)


def sample(n: int, answer: int, gold: int, prompt: str = "p", filter_name: str = "none") -> str:
    scores = [["-9.0", "False"] for _ in range(4)]
    scores[answer][0] = "-1.5"
    return json.dumps(
        {
            "doc_id": n,
            "doc": {"question": f"{n}?"},
            "target": str(gold),
            "filtered_resps": scores,
            "filter": filter_name,
            "metrics": ["acc"],
            "doc_hash": f"{n:064x}",
            "prompt_hash": prompt,
            "acc": float(answer == gold),
        }
    )


def test_samples_of_the_evaluation_harness_are_joined_by_document_and_filter(tmp_path):
    random = np.random.default_rng(0)
    gold, left, right = random.integers(0, 4, (3, 300))
    for side, answers, prompt in (("left", left, "p"), ("right", right, "q")):
        (tmp_path / side / "run").mkdir(parents=True)
        for task, rows in (("arc", range(200)), ("boolq", range(200, 300))):
            name = f"samples_{task}_2024-06-03T10-00-00.{'1' if side == 'left' else '2'}.jsonl"
            text = "\n".join(sample(n, answers[n], gold[n], prompt if n < 5 else "p") for n in reversed(rows))
            (tmp_path / side / "run" / name).write_text(text, "utf-8")
    (tmp_path / "left" / "run" / "results.jsonl").write_text('{"id": 1, "pred": 1}', "utf-8")
    found = compare_predictions(tmp_path / "left", tmp_path / "right")
    assert found.items == 300 and found.options == 4 and found.sets.different_prompts == 5
    assert found.errors.shared == int(((left != gold) & (right != gold)).sum())
    assert found.identical_wrong == int(((left == right) & (left != gold)).sum())
    assert any("different prompts" in note for note in found.notes)


def test_filters_of_one_document_are_different_items(tmp_path):
    for side in ("l", "r"):
        text = "\n".join(sample(n, n % 2, 0, filter_name=f) for n in range(20) for f in ("strict", "flexible"))
        (tmp_path / f"samples_{side}.jsonl").write_text(text, "utf-8")
    assert compare_predictions(tmp_path / "samples_l.jsonl", tmp_path / "samples_r.jsonl").items == 40


def test_other_item_sets_duplicates_and_missing_ids_are_said(tmp_path):
    rows = [{"id": n, "gold": "a", "pred": "ab"[n % 2]} for n in range(50)]
    left = [json.dumps(r) for r in rows] + [
        json.dumps(rows[0] | {"pred": "z"}),
        '{"gold": "a", "pred": "b"}',
        "{",
        "[1]",
    ]
    right = [json.dumps(r) for r in rows[10:]] + [json.dumps({"id": "new", "gold": "a", "pred": "a"})]
    (tmp_path / "l.jsonl").write_text("\n".join(left), "utf-8")
    (tmp_path / "r.jsonl").write_text("\n".join(right), "utf-8")
    found = compare_predictions(tmp_path / "l.jsonl", tmp_path / "r.jsonl")
    assert found.items == 40
    assert (found.sets.left_only, found.sets.right_only, found.sets.left_duplicates) == (10, 1, 1)
    assert any("3 rows" in note and "line 52" in note and "no id" in note for note in found.notes)


def test_gold_from_a_file_of_its_own(tmp_path):
    rows = [{"id": n, "pred": "ab"[n % 2]} for n in range(40)]
    for side in ("l", "r"):
        (tmp_path / side).write_text("\n".join(map(json.dumps, rows)), "utf-8")
    with pytest.raises(PredictionsError, match="give --gold"):
        compare_predictions(tmp_path / "l", tmp_path / "r")
    (tmp_path / "gold.csv").write_text("id,gold\n" + "\n".join(f"{n},a" for n in range(30)), "utf-8")
    found = compare_predictions(tmp_path / "l", tmp_path / "r", tmp_path / "gold.csv")
    assert (found.items, found.errors.left, found.sets.without_gold) == (30, 15, 10)


def test_different_gold_answers_are_left_out(tmp_path):
    for side in ("l", "r"):
        rows = [{"id": n, "gold": side if n < 3 else "a", "pred": "a"} for n in range(20)]
        (tmp_path / side).write_text("\n".join(map(json.dumps, rows)), "utf-8")
    found = compare_predictions(tmp_path / "l", tmp_path / "r")
    assert (found.items, found.sets.different_gold) == (17, 3)


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("empty.jsonl", "", "it is empty"),
        ("blank.csv", "\n\n", "it is empty"),
        ("head.csv", "id,gold,pred\n", "it is empty"),
        ("columns.csv", "question,answer\n1,2\n", "no column id or pred"),
        ("broken.jsonl", "{\nnope\n", "not JSON"),
        ("noid.jsonl", '{"pred": 1}\n', "line 1: no id"),
        ("nopred.jsonl", '{"id": 1}\n', "line 1: no pred"),
        ("deep.jsonl", "[" * 200_000, "not JSON"),
        ("other.jsonl", '{"id": "elsewhere", "gold": 1, "pred": 1}', "no item in common"),
    ],
)
def test_what_cannot_be_compared_is_one_clear_error(tmp_path, name, text, message):
    (tmp_path / name).write_text(text, "utf-8")
    good = tmp_path / "good.jsonl"
    good.write_text('{"id": "here", "gold": 1, "pred": 1}', "utf-8")
    with pytest.raises(PredictionsError, match=message):
        compare_predictions(good, tmp_path / name)


def test_an_empty_directory_and_a_missing_file(tmp_path):
    with pytest.raises(PredictionsError, match=r"holds no samples_\*\.jsonl"):
        compare_predictions(tmp_path, tmp_path)
    with pytest.raises(PredictionsError, match="no such file"):
        compare_predictions(tmp_path / "absent", tmp_path)


def test_answers_that_are_numbers_and_texts_are_one(tmp_path):
    (tmp_path / "l").write_text('{"id": 1, "gold": 3, "pred": 3.0}\n{"id": "2", "gold": "4", "pred": null}', "utf-8")
    (tmp_path / "r").write_text('{"id": "1", "gold": "3", "pred": " 3 "}\n{"id": 2, "gold": 4, "pred": ""}', "utf-8")
    found = compare_predictions(tmp_path / "l", tmp_path / "r")
    assert found.items == 2 and found.errors.shared == 1
    assert found.identical_wrong == 0  # no answer is no identical answer
