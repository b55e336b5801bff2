"""What two models' answers to the same questions say about each other."""

from __future__ import annotations

from dataclasses import dataclass

from clonedetect.domain.strength import Strength


@dataclass(frozen=True, slots=True)
class ErrorCounts:
    """Items answered wrong by the left, by the right, and by both."""

    left: int
    right: int
    shared: int


@dataclass(frozen=True, slots=True)
class McNemar:
    """Items that only one side gets wrong, and the exact two-sided p of their being equally likely."""

    left_only: int
    right_only: int
    p_value: float


@dataclass(frozen=True, slots=True)
class Control:
    """An independent model on the same items. A control that is not `used` has a `reason`.

    items: of the compared items, those that it answers; errors: its own; shared_left, shared_right: those it has in
    common with each side.
    """

    name: str
    items: int
    errors: int
    shared_left: int
    shared_right: int
    used: bool
    reason: str


@dataclass(frozen=True, slots=True)
class ItemSets:
    """What could not be compared, in items (or rows): answered by one side only, answered twice (the first counts),
    without a gold answer, with different gold answers, asked with different prompts (these are compared)."""

    left_only: int
    right_only: int
    left_duplicates: int
    right_duplicates: int
    without_gold: int
    different_gold: int
    different_prompts: int


@dataclass(frozen=True, slots=True)
class PredictionsFinding:
    """Agreement of two models' answers beyond chance.

    items: compared items. identical_wrong: items on which both give the same wrong answer; exact_match: share of
    items with the same answer. kappa: error consistency (Geirhos et al., arXiv 2006.16736), with its 95 % bootstrap
    interval. capa: chance-adjusted agreement of Goel et al. (arXiv 2502.04313), None where the number of `options` of
    the items is not known.
    expected_flat: shared errors expected if all items were equally hard; expected: at equal item difficulty, by the
    controls, None without them. excess: share of the smaller side's errors that is shared beyond what is expected.
    p_value: of that many shared errors, by the controls where `adjusted_for_difficulty`, else at flat difficulty.
    identical_wrong_expected, identical_wrong_p_value: the same for identical wrong answers among the shared errors.
    groups: units that the bootstrap draws where items come in groups, else 0.
    """

    items: int
    errors: ErrorCounts
    identical_wrong: int
    exact_match: float
    kappa: float | None
    p_value: float | None
    adjusted_for_difficulty: bool
    controls: tuple[Control, ...]
    strength: Strength
    kappa_interval: tuple[float, float] | None
    capa: float | None
    options: float | None
    mcnemar: McNemar
    expected_flat: float
    expected: float | None
    excess: float | None
    identical_wrong_expected: float | None
    identical_wrong_p_value: float | None
    groups: int
    sets: ItemSets
    notes: tuple[str, ...]
