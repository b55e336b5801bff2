"""What equal bytes say."""

from __future__ import annotations

from typing import TYPE_CHECKING

from clonedetect.domain import Evidence

if TYPE_CHECKING:
    from clonedetect.domain import Identity


def identity_evidence(identity: Identity) -> Evidence | None:
    """Equal files alone are weak: licences, empty packages and common configuration are equal everywhere."""
    if not identity.files:
        return None
    return Evidence(
        channel="identity",
        claim=f"{len(identity.files):,} pairs of files have identical content on both sides.",
        strength="weak",
        statistic="pairs of files with equal content id",
        value=float(len(identity.files)),
        null_hypothesis="equal files are common boilerplate (licences, configuration)",
        exhibits=tuple(f"{a} = {b}" for a, b, _ in identity.files[:10]),
        limits="Equal bytes do not say where both sides have them from.",
    )
