"""The background: how common each content feature is in public Python code, as one sorted array in one file."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from clonedetect.domain import Background

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from clonedetect.domain import Features

SHIPPED = Path(__file__).with_name("background.npy")
LOOSE = Path(__file__).with_name("loose.npy")  # of the bags of which a corpus is made
LEAST_PACKAGES = 2  # what only one package has is not common: it is not in the table


class Counts:
    """Adds up packages: each has one vote for a feature, weighted by the share of its fragments that have it."""

    def __init__(self) -> None:
        self.packages = 0
        self._keys: list[NDArray[np.uint64]] = []
        self._shares: list[NDArray[np.float64]] = []

    def add(self, features: Features) -> None:
        """Count one package."""
        whole = np.unique(features.whole[features.whole != 0])
        feature, count = np.unique(features.feature, return_counts=True)
        keys = np.concatenate((feature, whole)) >> np.uint64(16)
        shares = np.concatenate((count, np.ones(len(whole)))) / max(1, len(features.place))
        order = np.argsort(keys, kind="stable")
        self._keys.append(keys[order])
        self._shares.append(shares[order])
        self.packages += 1

    def background(self) -> Background:
        """What has been counted so far."""
        if not self._keys:
            return Background(np.zeros(0, np.uint64))
        keys = np.concatenate(self._keys)
        found, inverse, votes = np.unique(keys, return_inverse=True, return_counts=True)
        share = np.bincount(inverse, weights=np.concatenate(self._shares)) / self.packages
        keep = votes >= LEAST_PACKAGES
        bits = np.clip(np.round(-np.log2(np.minimum(share[keep], 1.0)) * 16), 0, 255).astype(np.uint64)
        table = found[keep] << np.uint64(16) | bits << np.uint64(8) | np.minimum(votes[keep], 255).astype(np.uint64)
        return Background(table)


def save_background(background: Background, path: Path) -> None:
    """Write the table; whole or not at all."""
    partial = path.with_suffix(".part.npy")
    np.save(partial, background.table, allow_pickle=False)
    partial.replace(path)


@cache
def load_background(path: Path = SHIPPED) -> Background:
    """The shipped background, memory-mapped. An absent file is an empty background: everything then counts as rare."""
    if not path.is_file():
        return Background(np.zeros(0, np.uint64))
    return Background(np.load(path, mmap_mode="r", allow_pickle=False))
