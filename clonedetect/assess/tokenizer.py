"""What tokenizers of one origin say."""

from __future__ import annotations

from typing import TYPE_CHECKING

from clonedetect.domain import Evidence, Strength

if TYPE_CHECKING:
    from clonedetect.domain.tokenizer import TokenizerFinding, TokenizerPair

OWN = 3  # added tokens of a project's own making that both sides have; fewer may be a fashion


def tokenizer_evidence(finding: TokenizerFinding) -> tuple[Evidence, ...]:
    """One statement on the pair that fits best.

    A common vocabulary alone is weak: many models use one published tokenizer. Added tokens that only these two
    projects have come from no common base: at least `OWN` of them with equal content make it moderate.
    """
    best = finding.pairs[0]
    if best.relation not in ("identical", "derived"):
        return ()
    own = [row for row in best.added if row.relation in ("kept", "moved") and not row.conventional]
    strength: Strength = "moderate" if len(own) >= OWN else "weak"
    what = "the same vocabulary" if best.relation == "identical" else "vocabularies of one origin"
    claim = f"The tokenizers {best.left} and {best.right} have {what} ({_figures(best)})."
    if own:
        at_home = sum(row.relation == "kept" for row in own)
        claim += f" {len(own)} added tokens of a project's own are on both sides, {at_home} of them at the same id."
        unused = [row for row in own if row.used_left != row.used_right]
        if unused:
            claim += f" {len(unused)} of these are named in the code of one side only."
    return (
        Evidence(
            channel="tokenizer",
            claim=claim,
            strength=strength,
            statistic="share of rank-neighbours that stand in the same order on both sides",
            value=best.order_share,
            null_hypothesis=finding.null_hypothesis,
            p_value=best.p_value,
            exhibits=(best.left, best.right, *(row.left or "" for row in own[:10])),
            limits=finding.limits,
        ),
    )


def _figures(pair: TokenizerPair) -> str:
    parts = [f"{pair.shared_tokens:,} of {pair.left_tokens:,} and {pair.right_tokens:,} tokens equal"]
    if pair.order_share is not None:
        parts.append(f"{pair.order_share:.1%} of {pair.order_pairs:,} neighbours in the same order")
    if pair.merges_prefix:
        parts.append(f"the first {pair.merges_prefix:,} merges equal")
    return ", ".join(parts)
