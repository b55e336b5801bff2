"""The channel of predictions: compared by their room, judged by `assess`."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from clonedetect.assess import predictions_strength
from clonedetect.errors import PredictionsError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from clonedetect.domain import PredictionsFinding
    from clonedetect.pipeline.compared import Compared


def compare_predictions(
    left: Path, right: Path, gold: Path | None = None, controls: Sequence[Path] = ()
) -> PredictionsFinding:
    """Two models' answers to the same questions, with the strength of what they share. Raises PredictionsError."""
    from clonedetect.predictions import compare_predictions as compare  # scipy.stats loads longer than a small scan

    finding = compare(left, right, gold, controls)
    return replace(finding, strength=predictions_strength(finding))


def examine_predictions(compared: Compared) -> PredictionsFinding | str:
    """The predictions that the options name."""
    options = compared.options
    if options.left_predictions is None or options.right_predictions is None:
        return "no predictions were given (--left-predictions, --right-predictions)"
    try:
        return compare_predictions(options.left_predictions, options.right_predictions, options.gold, options.controls)
    except PredictionsError as error:
        return str(error)
