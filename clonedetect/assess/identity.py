"""What equal files say."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from clonedetect.domain import Evidence

if TYPE_CHECKING:
    from clonedetect.domain import Identity, Strength
    from clonedetect.domain.identity import EqualFile

LARGE: Final = 1_000_000  # bytes of a weight file that nobody makes twice
MAINLY: Final = 0.5  # share of a side's weight bytes from which on they are its model, not a helper of it
RARE: Final = 4_096  # bytes of another data file that is worth naming
_LIMITS: Final = (
    "Equal content does not say where both sides have it from: a file that both took from a third project, a published "
    "model above all, is equal too."
)


def identity_evidence(identity: Identity) -> Evidence | None:
    """Only weight files that make up most of both sides' weights say more than little: one file moderately, two or more
    strongly. What else is equal may come from a third project (data, fonts, styles, a helper model) or is common
    (licences, empty packages, tokenizers), and source files are weighed by the channel `source`."""
    if not identity.files and not identity.alike:
        return None
    weights = {e.content_id for e in identity.alike if e.kind == "weights" and e.size >= LARGE}
    data = {e.content_id for e in identity.alike if e.kind == "data" and e.size >= RARE}
    alike = [e for e in identity.alike if e.content_id in weights | data] or list(identity.alike)
    past = sum(e.left_commit is not None or e.right_commit is not None for e in identity.alike)
    layout = sum(e.how in ("layout", "key-order") for e in identity.alike)
    claim = f"Pairs of files with identical content on both sides: {len(identity.files):,}"
    if weights or data:
        claim += f", among them {len(weights):,} weight files and {len(data):,} other data files"
    claim += f"; {layout:,} more are equal up to layout or key order" if layout else ""
    claim += f"; {past:,} more were identical in an earlier commit." if past else "."
    counted = "pairs of files with identical content", len(identity.files)
    if weights:
        share = f"{identity.weight_share:.0%} of the weight bytes of the side with the smaller share"
        counted = f"distinct contents of large weight files that both sides have, {share}", len(weights)
    return Evidence(
        channel="identity",
        claim=claim,
        strength=_strength(len(weights), identity.weight_share),
        statistic=counted[0],
        value=float(counted[1]),
        null_hypothesis="equal files are common boilerplate, or small, or of a published third project",
        exhibits=tuple(map(_exhibit, alike[:10])) or tuple(f"{a} = {b}" for a, b, _ in identity.files[:10]),
        limits=_LIMITS,
    )


def _strength(weights: int, share: float) -> Strength:
    if not weights or share < MAINLY:
        return "weak"
    return "strong" if weights >= 2 else "moderate"


def _exhibit(each: EqualFile) -> str:
    places = []
    for path, commit in ((each.left, each.left_commit), (each.right, each.right_commit)):
        places.append(f"{path} (gone, commit {commit[:12]})" if commit else path)
    return f"{places[0]} = {places[1]} ({each.how}, {each.size:,} bytes)"
