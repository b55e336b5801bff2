"""What the channels beside the source code find, one field a channel."""

from __future__ import annotations

from dataclasses import dataclass

from clonedetect.domain.attribution import AttributionFinding
from clonedetect.domain.config import ConfigFinding
from clonedetect.domain.history import HistoryFinding
from clonedetect.domain.left_behind import LeftBehindFinding
from clonedetect.domain.predictions import PredictionsFinding
from clonedetect.domain.tokenizer import TokenizerFinding
from clonedetect.domain.weight_index import WeightIndexFinding
from clonedetect.domain.weights import WeightsFinding


@dataclass(frozen=True, slots=True)
class Findings:
    """One field a channel, None where it was not examined (`Comparison.channels` says why).

    The names are keys of report.json, in its order. A finding is a frozen dataclass of its own module in this
    package, of str, int, float, bool, None, Literal, tuples and such dataclasses: `report.codec` writes and reads it.
    """

    config: ConfigFinding | None = None
    tokenizer: TokenizerFinding | None = None
    weights: WeightsFinding | None = None
    predictions: PredictionsFinding | None = None
    history: HistoryFinding | None = None
    attribution: AttributionFinding | None = None
    weight_index: WeightIndexFinding | None = None
    left_behind: LeftBehindFinding | None = None
