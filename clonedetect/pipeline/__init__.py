"""The runs, each as a straight line through the rooms. The only place that knows their order.

A run's module is loaded when its name is first asked for: a check of a few staged files needs few of the rooms.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from clonedetect.pipeline.background import build_background
    from clonedetect.pipeline.bundle import QUOTES, REPORT, differences, open_bundle, rerun, write_bundle
    from clonedetect.pipeline.candidates import scan_candidates, scan_matrix
    from clonedetect.pipeline.library import corpus_add, corpus_list, corpus_remove, corpus_upgrade
    from clonedetect.pipeline.options import Options
    from clonedetect.pipeline.predictions import compare_predictions
    from clonedetect.pipeline.scan import compare, read_sides

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
    "scan_candidates",
    "scan_matrix",
    "write_bundle",
]

_MODULES = {
    "background": ("build_background",),
    "bundle": ("QUOTES", "REPORT", "differences", "open_bundle", "rerun", "write_bundle"),
    "candidates": ("scan_candidates", "scan_matrix"),
    "library": ("corpus_add", "corpus_list", "corpus_remove", "corpus_upgrade"),
    "options": ("Options",),
    "predictions": ("compare_predictions",),
    "scan": ("compare", "read_sides"),
}
_HOMES = {name: module for module, names in _MODULES.items() for name in names}


def __getattr__(name: str) -> object:
    if name in _HOMES:
        return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
