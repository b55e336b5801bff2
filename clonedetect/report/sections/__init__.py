"""How a channel's finding is shown to people, the same in text, Markdown and HTML.

A channel adds a module with `section(finding) -> Section` and its line in the closed table here; the formats lay it
out. A section decides nothing and escapes nothing: that is each format's own matter.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final

from clonedetect.domain import Comparison
from clonedetect.report.sections import (
    attribution,
    candidates,
    config,
    history,
    identity,
    left_behind,
    predictions,
    tokenizer,
    weight_index,
    weights,
)
from clonedetect.report.sections.layout import Column, Figure, Kind, Section, Table

__all__ = ["SECTIONS", "Column", "Figure", "Kind", "Section", "Table", "sections"]

SECTIONS: Final[Mapping[str, Callable[[Any], Section]]] = MappingProxyType(
    {
        "config": config.section,
        "weight_index": weight_index.section,
        "tokenizer": tokenizer.section,
        "weights": weights.section,
        "predictions": predictions.section,
        "history": history.section,
        "left_behind": left_behind.section,
        "attribution": attribution.section,
    }
)
"""Channel to the function that shows its finding, in reading order."""


def sections(comparison: Comparison) -> list[tuple[str, Section]]:
    """(name, section) of the ranking of candidates and each channel that was examined, in reading order."""
    found = ((name, getattr(comparison.findings, name)) for name in SECTIONS)
    shown = [(name, SECTIONS[name](finding)) for name, finding in found if finding is not None]
    if comparison.identity.alike:
        shown.append(("identity", identity.section(comparison.identity.alike)))
    ranking = comparison.ranking
    return [("candidates", candidates.section(ranking)), *shown] if ranking is not None else shown
