"""A finding as lines for a person and as JSON."""

from __future__ import annotations

import json

from clonedetect.weights.finding import WeightsFinding

WORDS = {
    "identical": "every value is the same",
    "re-encoded": "the same values, stored another way",
    "cast": "the same values, rounded to another number type",
    "quantised": "the same values on a quantiser's lattice",
    "noise": "the right is the left plus independent noise",
    "scaled": "the same values times a factor",
    "permuted": "the same values in another order of neurons, heads or gates",
    "rotated": "the same function in a rotated basis",
    "folded": "the same values with a normalisation folded in",
    "low-rank": "the same values plus a change of low rank",
    "pruned": "the same values, some set to zero",
    "merged": "a linear mixture in which the other side takes part",
    "fine-tuned": "the same values, trained on from a common state",
    "shared-initialisation": "trained apart from the same initial values",
    "unrelated": "no relation between the values",
    "insufficient": "too little to tell",
}


def _share(share: float) -> str:
    return f"{100 * share:.0f} %" if share >= 0.01 else "under 1 %"


def summary_lines(finding: WeightsFinding) -> list[str]:
    """The finding in a few lines: mechanism, chance, sigma, where it holds, renames, what was set aside."""
    lines = [f"weights: {finding.mechanism} ({finding.strength}): {WORDS[finding.mechanism]}"]
    if finding.statistic is not None and finding.p_value is not None:
        below = "below 1e-300" if finding.p_value <= 1e-300 else f"{finding.p_value:.2g}"
        lines.append(f"  by chance: z = {finding.statistic:.1f} over {finding.examined} pairs, p {below}")
    if finding.sigma is not None and finding.sigma_interval is not None:
        low, high = finding.sigma_interval
        lines.append(f"  noise: sigma = {finding.sigma:.4g} (95 %: {low:.4g} to {high:.4g}), {finding.detail}")
    elif finding.detail:
        lines.append(f"  {finding.detail}")
    if finding.correlation is not None:
        lines.append(f"  correlation over all pairs: {finding.correlation:.4f}")
    for part in finding.parts:
        names = ", ".join(part.names)
        lines.append(f"  {part.mechanism}: {part.tensors} tensors, {_share(part.share)} of the values: {names}")
    for rule in finding.rename_map[:8]:
        lines.append(f"  renamed: {rule.left} -> {rule.right} ({rule.tensors} tensors)")
    if len(finding.rename_map) > 8:
        lines.append(f"  and {len(finding.rename_map) - 8} more rename rules")
    lines.append(f"  examined {finding.examined} of {finding.total} left tensors; {len(finding.excluded)} set aside")
    lines += [f"  note: {note}" for note in finding.notes]
    return lines


def weights_json(finding: WeightsFinding) -> str:
    """The `weights` object of report.json under its key."""
    return json.dumps({"weights": finding.to_dict()}, indent=2, ensure_ascii=False, allow_nan=False)
