"""What all the evidence comes to.

The channels are never blended into one probability. Each has its own null hypothesis; what they say is counted by
families: channels of one family have one innocent explanation in common (what copies a file copies its names and its
settings' architecture with it), channels of different families do not.

- The verdict is as strong as the strongest family.
- It is decisive only where families agree: two are strong, or one is strong and two more are moderate.
- Equal configuration, architecture or tokenizer alone is never more than weak: many projects share them.
- Evidence that follows another channel (comments that come with shared code) counts in that one's family.
- Little shared code of two large sides may be from a third project: it is not strong, and its dates give no direction.
- What an ancestor explains is not counted. Where it explains nearly all, the relation is a common ancestor, and what
  ancestors were not examined for (weights, predictions) is said and not counted either.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from clonedetect.assess.attribution import attribution_words
from clonedetect.assess.history import common_words
from clonedetect.assess.source import SIGNIFICANT, functions_held, one_to_one, small_part
from clonedetect.domain import STRENGTHS, Direction, Strength, Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from clonedetect.domain import ClonePair, Evidence, SideSummary
    from clonedetect.domain.attribution import AttributionFinding
    from clonedetect.domain.history import HistoryFinding

MOSTLY: Final = 0.9  # share of the bits beyond chance that ancestors must explain to be the relation
LEAST_INHERITED: Final = 3  # pairs; fewer are one borrowed function
ANCESTOR: Final = "ancestor "  # how `explained_by` begins where an ancestor explains a pair

FAMILIES: Final[Mapping[str, str]] = {
    "source": "source code",
    "identity": "source code",
    "left_behind": "names left behind",
    "attribution": "names left behind",
    "config": "configuration",
    "weight_index": "configuration",
    "tokenizer": "tokenizer",
    "weights": "weights",
    "predictions": "weights",  # a model's answers follow from its weights
}
"""Channel to family. History is in none: it says who had something first, not that it was copied."""

NEVER_ALONE: Final = frozenset({"configuration", "tokenizer"})


def verdict(
    evidence: Sequence[Evidence],
    pairs: Sequence[ClonePair],
    left: SideSummary,
    right: SideSummary,
    history: HistoryFinding | None = None,
    ancestors: Sequence[str] = (),
    absent: Sequence[str] = (),
    attribution: AttributionFinding | None = None,
) -> Verdict:
    """The strength of the evidence together, the relation and direction it speaks for, and the reasons in words.

    ancestors: the origins given as such. absent: channels that were not examined. The summary names both, and whether
    what derives credits where it is from (attribution).
    """
    best = families(evidence)
    strength = combined(best)
    shares, inherited = explained_shares(pairs, ancestors)
    told = [_shares_told(shares)] if shares and pairs else []
    examined = _examined(left, right, absent)
    if history and history.common:
        examined = f"{common_words(history.common)}\n{examined}"
    if inherited >= LEAST_INHERITED and (strength in ("none", "weak") or sum(shares.values()) >= MOSTLY):
        if strength not in ("none", "weak"):
            told.append(
                "The rest may be later changes that both made to it, or a copy between the two sides: look at each."
            )
            told += _uncounted(evidence)
            strength = "weak"
        return Verdict(strength, "common-ancestor", "unknown", _joined(*told, examined))
    if strength == "none":
        return Verdict(
            "none",
            "unrelated",
            "unknown",
            _joined(f"No sign that one side derives from the other.{_hints(evidence)}", examined),
        )
    claims = _claims(evidence)
    if strength == "weak":
        why = "That is too little to call one side derived from the other."
        return Verdict("weak", "unrelated", "unknown", _joined(*claims, why, examined))
    if told and sum(shares.values()) < MOSTLY:
        told.append("No ancestor given fits the shared parts as well as the two sides fit each other.")
    if not ancestors:
        told.append("A common origin that was not given (--ancestor) is not excluded.")
    direction, best_revision, words = _direction(history, strength == "moderate" and small_part(pairs, left, right))
    return Verdict(
        strength,
        "derived",
        direction,
        _joined(_agreement(best), *claims, *told, words, attribution_words(attribution, direction), examined),
        best_revision,
    )


# ---------------------------------------------------------------- strength


def families(evidence: Sequence[Evidence]) -> dict[str, Strength]:
    """The strongest evidence of each family that has any; a single channel is never decisive."""
    best: dict[str, Strength] = {}
    for each in evidence:
        family = FAMILIES.get(each.follows or each.channel)
        if family is not None and each.strength != "none":
            found: Strength = "strong" if each.strength == "decisive" else each.strength
            best[family] = max(found, best.get(family, "none"), key=STRENGTHS.index)
    return best


def combined(best: Mapping[str, Strength]) -> Strength:
    """The strength of the families together."""
    strong = sum(s == "strong" for s in best.values())
    moderate = sum(s == "moderate" for s in best.values())
    alone: Strength = max(
        (s for family, s in best.items() if family not in NEVER_ALONE), key=STRENGTHS.index, default="none"
    )
    if alone == "none":
        return "weak" if best else "none"
    if alone == "strong" and (strong >= 2 or moderate >= 2):
        return "decisive"
    return alone


def _claims(evidence: Sequence[Evidence]) -> list[str]:
    """What carries the verdict: of each family that is moderate or stronger one claim, its first sentence."""
    ranked = sorted(
        (e for e in evidence if e.channel in FAMILIES and e.strength != "none"),
        key=lambda e: -STRENGTHS.index(e.strength),
    )
    chosen: dict[str, str] = {}
    least = min(STRENGTHS.index(ranked[0].strength), STRENGTHS.index("moderate"))
    for each in ranked:
        if STRENGTHS.index(each.strength) >= least:
            claim = each.claim.split(". ")[0].rstrip(".")
            chosen.setdefault(
                FAMILIES[each.follows or each.channel], f"{each.channel.replace('_', ' ').capitalize()}: {claim}."
            )
    return list(chosen.values())


def _agreement(best: Mapping[str, Strength]) -> str:
    ranked = sorted(best.items(), key=lambda item: -STRENGTHS.index(item[1]))
    names = [f"{family} ({strength})" for family, strength in ranked if strength in ("moderate", "strong")]
    if len(names) == 1:
        return f"One kind of evidence speaks for a derivation: {names[0]}."
    return (
        f"{len(names)} kinds of evidence that do not follow from each other speak for a derivation: {_listed(names)}."
    )


def _hints(evidence: Sequence[Evidence]) -> str:
    quiet = [e.channel for e in evidence if e.channel in FAMILIES]
    return f" Compared and found ordinary: {_listed(dict.fromkeys(quiet))}." if quiet else ""


# ---------------------------------------------------------------- ancestors


def explained_shares(pairs: Sequence[ClonePair], ancestors: Sequence[str]) -> tuple[dict[str, float], int]:
    """Share of the bits beyond chance that each ancestor explains, every line counted once; functions explained."""
    strong = one_to_one([p for p in pairs if p.e_value is not None and p.e_value <= SIGNIFICANT])
    total = sum(p.bits or 0.0 for p in strong)
    bits = dict.fromkeys(ancestors, 0.0)
    inherited = 0
    for pair in strong:
        if (pair.explained_by or "").startswith(ANCESTOR):
            origin = str(pair.explained_by).removeprefix(ANCESTOR)
            bits[origin] = bits.get(origin, 0.0) + (pair.bits or 0.0)
            inherited += functions_held(pair)
    return {origin: value / max(total, 1e-9) for origin, value in bits.items()}, inherited


def _shares_told(shares: Mapping[str, float]) -> str:
    told = _listed([f"{min(share, 1.0):.0%} is explained by {origin}" for origin, share in shares.items()])
    return f"Of what both sides share beyond chance, {told}."


def _uncounted(evidence: Sequence[Evidence]) -> list[str]:
    alike = [e.channel for e in evidence if FAMILIES.get(e.channel) == "weights" and e.strength not in ("none", "weak")]
    if not alike:
        return []
    names = _listed(dict.fromkeys(alike))
    return [f"The {names} are alike too; whether the ancestor explains that was not examined, so it is not counted."]


# ---------------------------------------------------------------- words


def _direction(history: HistoryFinding | None, small: bool) -> tuple[Direction, str | None, str]:
    """Which way, the revision of the earlier side that fits best, and both in words."""
    if history is None:
        return "unknown", None, "Which side has it from which is not known: no history was compared."
    if small:
        why = "so small a part of both may come from a third project"
        return "unknown", None, f"Which side has it from which is not known: {why}."
    best = _best_revision(history)
    if history.direction == "unknown":
        return "unknown", best, f"Which side has it from which is not known: {'; '.join(history.reasons)}."
    first, second = ("left", "right") if history.direction == "right-from-left" else ("right", "left")
    fits = f" Of the {first}'s revisions {best} fits the {second} best." if best else ""
    return history.direction, best, f"The {first} had the shared code before the {second}: {history.reasons[0]}.{fits}"


def _best_revision(history: HistoryFinding) -> str | None:
    """The revision of the earlier side that fits the other best; of the only side that has revisions to choose from
    where the direction is not known."""
    if history.direction == "unknown":
        return history.best[0].name if len(history.best) == 1 else None
    side = "left" if history.direction == "right-from-left" else "right"
    return next((each.name for each in history.best if each.side == side), None)


def _examined(left: SideSummary, right: SideSummary, absent: Sequence[str]) -> str:
    told = (
        f"Examined: {left.files:,} files ({left.lines:,} lines) on the left, "
        f"{right.files:,} files ({right.lines:,} lines) on the right"
    )
    return f"{told}; not examined: {_listed([name.replace('_', ' ') for name in absent])}." if absent else f"{told}."


def _listed(names: Sequence[str] | Mapping[str, object]) -> str:
    *rest, last = names
    return f"{', '.join(rest)} and {last}" if rest else last


def _joined(*sentences: str) -> str:
    return "\n".join(sentence for sentence in sentences if sentence)
