"""What equal configuration says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from clonedetect.domain import Evidence, Strength

if TYPE_CHECKING:
    from clonedetect.domain.config import ConfigFinding, ConfigPair

# (rare values that two files share, bits of them together) that a strength takes at least. Of 200 pairs of independent
# published configurations none shares more than one rare value or 10 bits of them (benchmarks/config/renamings.py).
_RULES: tuple[tuple[Strength, int, float], ...] = (("moderate", 6, 45.0), ("weak", 3, 18.0))


def config_evidence(finding: ConfigFinding) -> tuple[Evidence, ...]:
    """One statement on the two files that share most; what everybody has counts for nothing.

    Only values that fewer than one in 32 published configurations has are counted, and equal ones never say more than
    moderate: a published base hands all of them down.
    """
    for pair in finding.pairs[:1]:
        bits = sum(row.bits for row in pair.keys if row.rare)
        for strength, least, least_bits in _RULES:
            if len(pair.rare_values) >= least and bits >= least_bits:
                return (_statement(finding, pair, strength, bits),)
    return ()


def _statement(finding: ConfigFinding, pair: ConfigPair, strength: Strength, bits: float) -> Evidence:
    renamed = [row for row in pair.keys if row.relation == "renamed" and row.left_value]
    dead = [row.left or "" for row in pair.keys if row.dead and row.left_value == row.right_value]
    claim = f"{pair.left} and {pair.right} share {len(pair.rare_values)} rare values ({', '.join(pair.rare_values[:6])}"
    claim += ", …)" if len(pair.rare_values) > 6 else ")"
    claim += f", {len(renamed)} keys under other names." if renamed else "."
    if dead:
        claim += f" Keys that no code on either side reads: {', '.join(dead[:6])}."
    if pair.spellings:
        claim += f" Numbers spelt alike in an uncommon way: {', '.join(pair.spellings[:6])}."
    return Evidence(
        channel="config",
        claim=claim,
        strength=strength,
        statistic="bits of the rare values that both have",
        value=round(bits, 1),
        null_hypothesis=finding.null_hypothesis,
        exhibits=tuple(f"{r.left} = {r.left_value} ({pair.left}:{r.left_line})" for r in pair.keys if r.rare)[:12],
        limits=finding.limits,
    )
