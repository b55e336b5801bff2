"""clonedetect: finds copied, renamed and rewritten source between two repositories, and says how sure it is.

>>> from clonedetect import Options, scan
>>> comparison = scan("path/to/left", "owner/right@v1.0", options=Options(jobs=2))  # doctest: +SKIP
>>> comparison.verdict.strength  # doctest: +SKIP
'moderate'
"""

from __future__ import annotations

from typing import TYPE_CHECKING

__version__ = "0.1.0"
__all__ = ["CloneDetectError", "Comparison", "Options", "__version__", "scan"]

if TYPE_CHECKING:
    from clonedetect.domain import Comparison
    from clonedetect.errors import CloneDetectError
    from clonedetect.pipeline.options import Options
    from clonedetect.pipeline.scan import scan

_HOMES = {
    "CloneDetectError": "clonedetect.errors",
    "Comparison": "clonedetect.domain",
    "Options": "clonedetect.pipeline.options",
    "scan": "clonedetect.pipeline.scan",
}


def __getattr__(name: str) -> object:
    """Load the public names on first use: `clonedetect --help` needs none of the libraries behind them."""
    from importlib import import_module

    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
