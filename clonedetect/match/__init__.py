"""Hashes to matches: equal units, maximal and verified; and candidates that share rare features."""

from clonedetect.match.exact import match_exact
from clonedetect.match.similar import (
    candidates,
    explained,
    range_bits,
    range_entries,
    range_features,
    scored,
    shared_bits,
    shared_entries,
    shared_features,
    weigh,
)

__all__ = [
    "candidates",
    "explained",
    "match_exact",
    "range_bits",
    "range_entries",
    "range_features",
    "scored",
    "shared_bits",
    "shared_entries",
    "shared_features",
    "weigh",
]
