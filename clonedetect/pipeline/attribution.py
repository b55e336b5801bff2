"""The channel of attribution: what both repositories state, and which of their files share code."""

from __future__ import annotations

from typing import TYPE_CHECKING

from clonedetect.assess import SIGNIFICANT
from clonedetect.attribution import compare_attribution

if TYPE_CHECKING:
    from clonedetect.domain.attribution import AttributionFinding
    from clonedetect.pipeline.compared import Compared


def examine_attribution(compared: Compared) -> AttributionFinding | str:
    """The finding of the channel `attribution`. Files share code where a pair of theirs is beyond chance."""
    sharing = {
        (pair.left.path, pair.right.path)
        for pair in compared.pairs
        if pair.explained_by is None and pair.e_value is not None and pair.e_value <= SIGNIFICANT
    }
    return compare_attribution(compared.left, compared.right, sorted(sharing), compared.ancestors)
