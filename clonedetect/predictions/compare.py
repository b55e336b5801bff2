"""The run: read both sides, join them on their items, count, and hold the count against controls."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from clonedetect.domain.predictions import Control, ErrorCounts, ItemSets, McNemar, PredictionsFinding
from clonedetect.errors import PredictionsError
from clonedetect.predictions import agreement
from clonedetect.predictions.rows import UNKNOWN
from clonedetect.predictions.table import Answers, column, find, read_answers

CLOSED: Final = 10  # at most so many distinct answers, each used often, are the options of every item
COVERAGE: Final = 0.9  # share of the compared items that a control must answer
TOO_ALIKE: Final = 0.9  # share of all its errors that a control may have in common with a side
LEVEL: Final = 1.5  # how far a control's error rate may lie outside the sides', in logits
LEAST: Final = 20  # shared errors with a control from which equal wrong answers are counted


@dataclass(frozen=True, slots=True)
class _Items:
    """The compared items, in the order of their ids' hashes: what each side answers, and whether it is wrong."""

    key: NDArray[np.uint64]
    gold: NDArray[np.uint64]
    left: NDArray[np.uint64]
    right: NDArray[np.uint64]
    left_wrong: NDArray[np.bool_]
    right_wrong: NDArray[np.bool_]
    group: NDArray[np.uint64]
    options: NDArray[np.uint16]


@dataclass(frozen=True, slots=True)
class _Answered:
    """A control's answers to the compared items."""

    there: NDArray[np.bool_]
    answer: NDArray[np.uint64]
    wrong: NDArray[np.bool_]


def compare_predictions(
    left: Path, right: Path, gold: Path | None = None, controls: Sequence[Path] = ()
) -> PredictionsFinding:
    """Compare two models' answers. Each path is a file or directory: JSONL or CSV of `id, gold, pred[, group]`, or
    samples of lm-evaluation-harness. `gold` holds `id, gold`, and then decides alone what is wrong.

    Without a usable control nothing is known of the items' difficulty, and `adjusted_for_difficulty` is false. The
    finding's strength is left at "none": `assess` decides it. Raises PredictionsError.
    """
    sides = read_answers(left), read_answers(right)
    truth = read_answers(gold, "gold") if gold is not None else None
    items, sets = _join(*sides, truth, left, right)
    notes = [note for side in sides for note in side.notes]
    judged = [_control(path, items, truth) for path in controls]
    notes += _doubts(sets)
    return _finding(items, sets, judged, notes)


def _join(left: Answers, right: Answers, truth: Answers | None, *paths: Path) -> tuple[_Items, ItemSets]:
    at = find(right.key, left.key)
    rows, others = np.flatnonzero(at >= 0), at[at >= 0]
    if not len(rows):
        raise PredictionsError(f"{paths[0]} and {paths[1]} have no item in common: their ids differ")
    common = len(rows)
    gold = [column(side.gold, where, 0) for side, where in ((left, rows), (right, others))]
    correct = [column(side.correct, where, UNKNOWN) for side, where in ((left, rows), (right, others))]
    if truth is not None:
        place = find(truth.key, left.key[rows])
        given = np.where(place >= 0, column(truth.gold, np.maximum(place, 0), 0), 0)
        gold, correct = [given, given], [np.full(common, UNKNOWN, np.uint8)] * 2
    differ = (gold[0] != 0) & (gold[1] != 0) & (gold[0] != gold[1])
    known = np.where(gold[0] != 0, gold[0], gold[1])
    graded = (known != 0) | ((correct[0] != UNKNOWN) & (correct[1] != UNKNOWN))
    prompts = [column(side.prompt, where, 0) for side, where in ((left, rows), (right, others))]
    sets = ItemSets(
        left_only=len(left.key) - common,
        right_only=len(right.key) - common,
        left_duplicates=left.duplicates,
        right_duplicates=right.duplicates,
        without_gold=int((~graded).sum()),
        different_gold=int(differ.sum()),
        different_prompts=int(((prompts[0] != prompts[1]) & (prompts[0] != 0) & (prompts[1] != 0)).sum()),
    )
    keep = graded & ~differ
    if not keep.any():
        why = "the gold answers of the two sides differ" if differ.any() else "there is no gold answer: give --gold"
        raise PredictionsError(f"{paths[0]} and {paths[1]} cannot be compared: {why}")
    rows, others, known = rows[keep], others[keep], known[keep]
    answers = column(left.answer, rows, 0), column(right.answer, others, 0)
    return _Items(
        key=left.key[rows],
        gold=known,
        left=answers[0],
        right=answers[1],
        left_wrong=_wrong(answers[0], known, correct[0][keep]),
        right_wrong=_wrong(answers[1], known, correct[1][keep]),
        group=np.maximum(column(left.group, rows, 0), column(right.group, others, 0)),
        options=np.maximum(column(left.options, rows, 0), column(right.options, others, 0)),
    ), sets


def _wrong(answer: NDArray[np.uint64], gold: NDArray[np.uint64], correct: NDArray[np.uint8]) -> NDArray[np.bool_]:
    return np.where(correct == UNKNOWN, answer != gold, correct == 0)


def _doubts(sets: ItemSets) -> list[str]:
    told = (
        (sets.left_only, "items are only on the left"),
        (sets.right_only, "items are only on the right"),
        (sets.left_duplicates, "rows of the left repeat an id; the first of each counts"),
        (sets.right_duplicates, "rows of the right repeat an id; the first of each counts"),
        (sets.without_gold, "items have no gold answer and were left out"),
        (sets.different_gold, "items have different gold answers on the two sides and were left out"),
        (sets.different_prompts, "items were asked with different prompts on the two sides"),
    )
    return [f"{count:,} {words}" for count, words in told if count]


# ---------------------------------------------------------------- controls


def _control(path: Path, items: _Items, truth: Answers | None) -> tuple[Control, _Answered]:
    """A control on the compared items, and why it cannot serve, if so."""
    table = read_answers(path)
    at = find(table.key, items.key)
    there, where = at >= 0, np.maximum(at, 0)
    answer = np.where(there, column(table.answer, where, 0), 0)
    correct = column(table.correct, where, UNKNOWN)
    if truth is not None:
        correct = np.full(len(where), UNKNOWN, np.uint8)
    wrong = there & _wrong(answer, items.gold, correct)
    shared = [int((wrong & side).sum()) for side in (items.left_wrong, items.right_wrong)]
    reason = _unfit(items, there, answer, wrong)
    control = Control(path.name, int(there.sum()), int(wrong.sum()), *shared, used=not reason, reason=reason)
    return control, _Answered(there, answer, wrong)


def _unfit(items: _Items, there: NDArray[np.bool_], answer: NDArray[np.uint64], wrong: NDArray[np.bool_]) -> str:
    if there.mean() < COVERAGE:
        return f"it answers only {there.mean():.0%} of the compared items"
    rates = []
    for name, side, side_wrong in (("left", items.left, items.left_wrong), ("right", items.right, items.right_wrong)):
        either = wrong | (side_wrong & there)
        same = ((answer == side) & there).sum() == there.sum()
        if same or (either.sum() >= LEAST and (wrong & side_wrong).sum() >= TOO_ALIKE * either.sum()):
            return f"it answers like the {name}: it is no independent model"
        rates.append(_logit(side_wrong))
    rate = _logit(wrong[there])
    if not min(rates) - LEVEL <= rate <= max(rates) + LEVEL:
        return "it is much better or worse than both sides: what is hard for it says little about them"
    return ""


def _logit(wrong: NDArray[np.bool_]) -> float:
    count = int(wrong.sum())
    return float(np.log((count + 0.5) / (len(wrong) - count + 0.5)))


# ---------------------------------------------------------------- figures


def _finding(
    items: _Items, sets: ItemSets, judged: list[tuple[Control, _Answered]], notes: list[str]
) -> PredictionsFinding:
    n = len(items.key)
    left, right = int(items.left_wrong.sum()), int(items.right_wrong.sum())
    both = items.left_wrong & items.right_wrong
    shared = int(both.sum())
    same_wrong = both & (items.left == items.right) & (items.left != 0)
    unit, units, groups = _units(items)
    used = [answered for control, answered in judged if control.used]
    expected, p_value, interval = _overlap(items, used, unit, units)
    flat = left * right / n
    at = expected if expected is not None else flat
    room = min(left, right) - at
    wrong_expected, wrong_p = _identical(items, both, int(same_wrong.sum()), used)
    same = float((items.left == items.right).mean())
    options, chance = _options(items)
    whole = float(agreement.kappa(agreement.table(items.left_wrong, items.right_wrong)))
    return PredictionsFinding(
        items=n,
        errors=ErrorCounts(left, right, shared),
        identical_wrong=int(same_wrong.sum()),
        exact_match=round(same, 6),
        kappa=_rounded(whole),
        p_value=p_value if p_value is not None else agreement.flat_p(left, right, shared, n),
        adjusted_for_difficulty=bool(used),
        controls=tuple(control for control, _ in judged),
        strength="none",
        kappa_interval=interval,
        capa=None if chance is None else _rounded(agreement.capa(1 - left / n, 1 - right / n, same, chance)),
        options=options,
        mcnemar=McNemar(left - shared, right - shared, agreement.mcnemar(left - shared, right - shared)),
        expected_flat=round(flat, 3),
        expected=_rounded(expected),
        excess=_rounded((shared - at) / room) if room > 0 else None,
        identical_wrong_expected=_rounded(wrong_expected),
        identical_wrong_p_value=wrong_p,
        groups=groups,
        sets=sets,
        notes=tuple(notes),
    )


def _rounded(value: float | None) -> float | None:
    return None if value is None or np.isnan(value) else round(float(value), 4)


def _units(items: _Items) -> tuple[NDArray[np.int64], int, int]:
    """What the bootstrap draws: each item's unit, how many units, and how many groups there are (0: single items)."""
    n = len(items.key)
    if items.group.any():
        names, unit = np.unique(items.group, return_inverse=True)
        if len(names) >= 10:  # fewer say nothing about how much groups vary
            count = min(len(names), agreement.UNITS)
            return unit % count, count, len(names)
    count = min(n, agreement.UNITS)
    return np.arange(n) * count // n, count, 0


def _overlap(
    items: _Items, used: list[_Answered], unit: NDArray[np.int64], units: int
) -> tuple[float | None, float | None, tuple[float, float] | None]:
    """Shared errors expected at equal difficulty and the p of those observed, both by the stricter of two ways; and
    the interval of kappa.

    The one draws errors at random among items that equally many controls get wrong; few controls leave difficulty
    uneven within such a stratum. The other asks whether the sides' errors go together more than either side's go with
    any control's, which needs no strata.
    """
    tables = [agreement.tables_by_unit(items.left_wrong, items.right_wrong, unit, units)]
    there = np.logical_and.reduce([np.ones(len(items.key), bool), *(c.there for c in used)])
    pairs = [(items.left_wrong, items.right_wrong)]
    pairs += [(side, c.wrong) for c in used for side in (items.left_wrong, items.right_wrong)]
    for one, other in pairs if used else ():
        tables.append(agreement.tables_by_unit(one[there], other[there], unit[there], units))
    stacked = np.stack(tables, axis=1)
    drawn = agreement.resample(stacked)
    kappas = agreement.kappa(drawn[:, 0])
    kappas = kappas[~np.isnan(kappas)]
    interval = None
    if len(kappas):
        low, high = np.percentile(kappas, (2.5, 97.5))
        interval = (round(float(low), 4), round(float(high), 4))
    if not used:
        return None, None, interval
    left, right = items.left_wrong[there], items.right_wrong[there]
    wrong = np.stack([c.wrong[there] for c in used]).sum(axis=0, dtype=np.int64)
    in_strata, p_strata = agreement.stratified(left, right, wrong)
    ratios, ratios_drawn = agreement.log_odds_ratio(stacked.sum(0)[1:]), agreement.log_odds_ratio(drawn[:, 1:])
    nearest = max(0.0, float(ratios[1:].max()))
    beyond = ratios[0] - nearest
    spread = float(np.std(ratios_drawn[:, 0] - np.maximum(0.0, ratios_drawn[:, 1:].max(axis=1)), ddof=1))
    p_controls = agreement.normal_p(float(beyond), spread)
    by_controls = agreement.expected_at(nearest, int(left.sum()), int(right.sum()), len(left))
    scale = len(items.key) / len(left)
    return max(in_strata, by_controls) * scale, max(p_strata, p_controls), interval


def _identical(
    items: _Items, both: NDArray[np.bool_], same: int, used: list[_Answered]
) -> tuple[float | None, float | None]:
    """Identical wrong answers expected among the shared errors, and the p of those observed.

    With controls: at the rate at which a side's wrong answers equal a control's, of the nearest control. Without: if
    each side's wrong answers fell at random on the shared errors with the same gold answer.
    """
    shared = int(both.sum())
    if not shared:
        return None, None
    rate, p_value = -1.0, 0.0
    for control in used:
        for answer, wrong in ((items.left, items.left_wrong), (items.right, items.right_wrong)):
            common = wrong & control.wrong
            of = int(common.sum())
            if of < LEAST:
                continue
            equal = int((common & (answer == control.answer) & (answer != 0)).sum())
            rate = max(rate, equal / of)
            p_value = max(p_value, agreement.more_alike(same, shared, equal, of))
    if rate >= 0:
        return rate * shared, p_value
    if used:
        return None, None  # no control has errors enough in common with a side
    return agreement.permuted(items.left[both], items.right[both], items.gold[both], same)


def _options(items: _Items) -> tuple[float | None, float | None]:
    """Mean number of options and the chance that two wrong answers are equal; (None, None) for open questions."""
    if (items.options > 1).all():
        return round(float(items.options.mean()), 3), float((1 / (items.options - 1.0)).mean())
    distinct = np.unique(np.concatenate([np.unique(items.left), np.unique(items.right), np.unique(items.gold)]))
    distinct = distinct[distinct != 0]
    if 2 <= len(distinct) <= CLOSED and len(items.key) >= 20 * len(distinct):
        return float(len(distinct)), 1 / (len(distinct) - 1)
    return None, None
