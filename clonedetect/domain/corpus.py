"""What passes between fingerprints and a corpus of many repositories."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from clonedetect.domain.trees import Skipped

BITS_STEP = 16  # steps of one bit in stored weights


@dataclass(frozen=True, slots=True)
class Prints:
    """One repository's fragments as a corpus keeps them: places, hashes and weighed features, no source text.

    path, name, kind  one entry a fragment, as in `Fragment`; first, last  int32 lines
    tokens int32 leaves; bits float32 what all its features weigh together, repetition included
    raw, renamed, blind uint64 hashes of the whole definition in the three normal forms, 0 where it is none
    own    bool by entry: the spelling of a name that the repository defines. It counts where both sides have it, and is
           no difference where one has: it may have been renamed
    unheard  bool by entry: a name that is foreign here and that no public code is known to say
    start  int64 fragments + 1 offsets into feature (uint64, sorted within a fragment), count (uint16) and weight
           (uint8, steps of 1/16 bit): what a feature adds to the pieces inside it, by background and own repository
    """

    path: tuple[str, ...]
    name: tuple[str, ...]
    kind: tuple[str, ...]
    first: NDArray[np.int32]
    last: NDArray[np.int32]
    tokens: NDArray[np.int32]
    bits: NDArray[np.float32]
    raw: NDArray[np.uint64]
    renamed: NDArray[np.uint64]
    blind: NDArray[np.uint64]
    start: NDArray[np.int64]
    feature: NDArray[np.uint64]
    count: NDArray[np.uint16]
    weight: NDArray[np.uint8]
    own: NDArray[np.bool_]
    unheard: NDArray[np.bool_]
    skipped: tuple[Skipped, ...] = ()


@dataclass(frozen=True, slots=True)
class CorpusEntry:
    """A repository in a corpus.

    key  64 bits of the digest of all its (path, blob) pairs: equal trees are one entry, whatever they are called
    names  what a credit could call it: package, owner/name, import names; notices: its copyright lines
    """

    key: int
    origin: str
    revision: str | None
    tree: str
    licence: str | None
    names: tuple[str, ...]
    notices: tuple[str, ...]
    files: int
    lines: int
    fragments: int
    skipped: int
    segment: str


@dataclass(frozen=True, slots=True)
class Shared:
    """Two fragments, one of the repository at hand and one of the corpus, that share rare features.

    fragment  the fragment's number in the `Prints` that were searched with; the rest describes its partner.
    matched, left_only, right_only  bits; equal  1: equal up to layout, 2: up to names and literals too, 3: neither
    """

    fragment: int
    repository: int
    path: str
    first: int
    last: int
    name: str
    kind: str
    tokens: int
    matched: float
    left_only: float
    right_only: float
    equal: int
