"""What each strength means: how often whole scans of known pairs reached it. Measured, not derived."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from clonedetect.domain.strength import Strength


@dataclass(frozen=True, slots=True)
class Reached:
    """A strength, what it takes, and how many pairs of each kind got it as their verdict."""

    strength: Strength
    meaning: str
    unrelated: int
    derived: int


UNRELATED: Final = 997  # pairs of independent packages; three more of the 1,000 scanned hold hand-checked true copies
DERIVED: Final = 24  # real derivations between published packages: forks, vendored and slimmed copies

CALIBRATION: Final = (
    Reached("none", "nothing beyond chance", 968, 0),
    Reached("weak", "a fragment or two, equal files, or equal configuration, architecture or tokenizer alone", 29, 0),
    Reached("moderate", "several unexplained fragments, or one channel clearly beyond its null", 0, 0),
    Reached("strong", "one kind of evidence far beyond its null hypothesis, unexplained", 0, 24),
    Reached(
        "decisive", "two kinds strong, or one strong and two more moderate, that do not follow from each other", 0, 0
    ),
)
"""Measured by benchmarks/accuracy/unrelated.py (--half both --limit 1000) and by
benchmarks/accuracy/derivations.py, without histories, weights or predictions; docs/strengths.md says more."""
