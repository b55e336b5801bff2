"""What two models' weights say."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from clonedetect.domain import Evidence

if TYPE_CHECKING:
    from clonedetect.domain.weights import WeightsFinding

_CLAIMS: Final = {
    "identical": "are equal",
    "re-encoded": "are equal and stored in another way",
    "cast": "are equal but for rounding to another number type",
    "quantised": "are equal but for quantisation",
    "noise": "differ by independent noise of one size and by nothing else",
    "scaled": "are equal but for a factor",
    "permuted": "are equal in another order",
    "rotated": "are equal in a rotated basis",
    "folded": "are equal with a normalisation folded in",
    "low-rank": "differ by a change of low rank",
    "pruned": "are equal but for values set to zero",
    "merged": "are a linear mixture in which the other side takes part",
    "fine-tuned": "were trained on from one common state",
    "shared-initialisation": "were trained apart from the same initial values",
}
_LIMITS: Final = (
    "Which side was first, and whether both were made from a third, published model, the weights do not say: compare "
    "that model with each side. An equal architecture counts for nothing here."
)


def weights_evidence(finding: WeightsFinding) -> tuple[Evidence, ...]:
    """One statement, where the values are related.

    The strength is the finding's own (`weights.overall`): by the permutation test and by values that are
    equal, never by shapes, names or configuration.
    """
    if finding.mechanism not in _CLAIMS:
        return ()
    related = [t for t in finding.tensors if t.mechanism not in ("unrelated", "insufficient")]
    claim = f"The weights of {len(related):,} of {finding.examined:,} paired tensors {_CLAIMS[finding.mechanism]}."
    if finding.sigma is not None:
        claim += f" Standard deviation of the noise: {finding.sigma:.4g}."
    exhibits = [f"{rule.left} -> {rule.right} ({rule.tensors:,} tensors)" for rule in finding.rename_map[:5]]
    exhibits += [f"{part.mechanism}: {part.tensors:,} tensors, {100 * part.share:.3g} %" for part in finding.parts]
    return (
        Evidence(
            channel="weights",
            claim=claim,
            strength=finding.strength,
            statistic="Stouffer's z of the double-centred correlation over tensors",
            value=finding.statistic,
            null_hypothesis=finding.null_hypothesis,
            p_value=finding.p_value,
            exhibits=tuple(exhibits),
            limits=" ".join((_LIMITS, *(f"{note[0].upper()}{note[1:]}." for note in finding.notes[:3]))),
        ),
    )
