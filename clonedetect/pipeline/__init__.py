"""The runs, each as a straight line through the rooms. The only place that knows their order."""

from clonedetect.pipeline.background import build_background
from clonedetect.pipeline.options import Options
from clonedetect.pipeline.predictions import compare_predictions
from clonedetect.pipeline.scan import scan

__all__ = ["Options", "build_background", "compare_predictions", "scan"]
