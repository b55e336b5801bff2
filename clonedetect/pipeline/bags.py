"""A forest as content features read it: its plain form, and the bags of that, as a scan or as a corpus takes them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from clonedetect.fingerprint import features
from clonedetect.normalise import builtin_names, content_labels, kept_names, plain, turned

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from clonedetect.domain import Features, Forest, StandIns

Own = tuple["NDArray[np.uint64]", "NDArray[np.uint64]", "NDArray[np.uint64]"]  # of `normalise.own_names`
NOTHING_OWN: Own = (np.zeros(0, np.uint64), np.zeros(0, np.uint64), np.zeros(0, np.uint64))


@dataclass(frozen=True, slots=True)
class LooseBags:
    """Bags that rewriting and the repository around a fragment change little.

    forest  the plain form they were taken from; blind: its rows that are one symbol in expressions
    own     sorted: the features that are the spelling of a name that the repository defines
    """

    forest: Forest
    bags: Features
    blind: NDArray[np.bool_]
    own: NDArray[np.uint64]


def loose_bags(forest: Forest, own: Own) -> LooseBags:
    """The loose bags of a forest. Whatever compares these, or holds them against their background, takes them here.

    In the expressions all names are blind but the language's, operands stand in any order, and operators that turning
    or negating a condition exchanges are one. Which names a repository owns is left out: two repositories seldom agree
    on it. Names count beside the expressions, as they are spelled: also own ones, which a renamed copy has not.
    """
    reading = turned(plain(forest)[0])
    builtin, kept, spelled = builtin_names(reading), kept_names(reading, own), kept_names(reading, NOTHING_OWN)
    text = reading.columns.text
    return LooseBags(
        forest=reading,
        bags=features(reading, spelled, content_labels(reading, builtin), in_order=False),
        blind=(reading.columns.role > 0) & ~builtin,
        own=np.unique(text[spelled & ~kept]),
    )


def plain_bags(forest: Forest, own: Own) -> tuple[Forest, StandIns, Features]:
    """The plain form, what stands for what in it, and its bags. Whatever compares bags, or holds them against the
    background, takes them from here: the background was counted on them."""
    reading, stand_ins = plain(forest)
    kept = kept_names(reading, own)
    return reading, stand_ins, features(reading, kept, content_labels(reading, kept))
