"""A forest as content features read it: its plain form, and the bags of that."""

from __future__ import annotations

from typing import TYPE_CHECKING

from clonedetect.fingerprint import features
from clonedetect.normalise import content_labels, kept_names, plain

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from clonedetect.domain import Features, Forest, StandIns

Own = tuple["NDArray[np.uint64]", "NDArray[np.uint64]", "NDArray[np.uint64]"]  # of `normalise.own_names`


def plain_bags(forest: Forest, own: Own) -> tuple[Forest, StandIns, Features]:
    """The plain form, what stands for what in it, and its bags. Whatever compares bags, or holds them against the
    background, takes them from here: the background was counted on them."""
    reading, stand_ins = plain(forest)
    kept = kept_names(reading, own)
    return reading, stand_ins, features(reading, kept, content_labels(reading, kept))
