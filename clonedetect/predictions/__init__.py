"""Two models' answers to the same questions: shared errors, identical wrong answers, and what chance explains.

Usable alone: `compare_predictions(left, right, gold, controls)` reads JSONL, CSV and the sample files of
lm-evaluation-harness, as files or directories, and returns a `PredictionsFinding`.
"""

from clonedetect.predictions.compare import compare_predictions

__all__ = ["compare_predictions"]
