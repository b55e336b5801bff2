"""The runs, each as a straight line through the rooms. The only place that knows their order."""

from clonedetect.pipeline.background import build_background
from clonedetect.pipeline.bundle import QUOTES, REPORT, differences, open_bundle, rerun, write_bundle
from clonedetect.pipeline.candidates import scan_candidates, scan_matrix
from clonedetect.pipeline.library import corpus_add, corpus_list, corpus_remove, corpus_upgrade
from clonedetect.pipeline.options import Options
from clonedetect.pipeline.predictions import compare_predictions
from clonedetect.pipeline.scan import compare, read_sides, scan

__all__ = [
    "QUOTES",
    "REPORT",
    "Options",
    "build_background",
    "compare",
    "compare_predictions",
    "corpus_add",
    "corpus_list",
    "corpus_remove",
    "corpus_upgrade",
    "differences",
    "open_bundle",
    "read_sides",
    "rerun",
    "scan",
    "scan_candidates",
    "scan_matrix",
    "write_bundle",
]
