"""The channels beside the source code: which there are, and how each is examined."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from clonedetect.assess import (
    attribution_evidence,
    config_evidence,
    history_evidence,
    left_behind_evidence,
    predictions_evidence,
    tokenizer_evidence,
    weight_index_evidence,
    weights_evidence,
)
from clonedetect.domain import Findings
from clonedetect.pipeline import documents
from clonedetect.pipeline.attribution import examine_attribution
from clonedetect.pipeline.history import examine_history
from clonedetect.pipeline.left_behind import examine_left_behind
from clonedetect.pipeline.predictions import examine_predictions
from clonedetect.pipeline.weight_index import examine_weight_index
from clonedetect.pipeline.weights import examine_weights

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from clonedetect.domain import Evidence
    from clonedetect.pipeline.compared import Compared


@dataclass(frozen=True, slots=True)
class Channel:
    """One channel. `name` is its field of `Findings`; `examine` gives the finding, or in words why there is none.

    `all_text`: it reads the text of every source file, which takes as long as the comparison of equal code itself.
    """

    name: str
    examine: Callable[[Compared], Any]
    evidence: Callable[[Any], tuple[Evidence, ...]]
    all_text: bool = False


CHANNELS: Final[tuple[Channel, ...]] = (
    # one line a channel
    Channel("predictions", examine_predictions, predictions_evidence),
    Channel("weights", examine_weights, weights_evidence),
    Channel("weight_index", examine_weight_index, weight_index_evidence),
    Channel("config", documents.config, config_evidence, all_text=True),
    Channel("tokenizer", documents.tokenizer, tokenizer_evidence),
    Channel("history", examine_history, history_evidence),
    Channel("attribution", examine_attribution, attribution_evidence),
    Channel("left_behind", examine_left_behind, left_behind_evidence, all_text=True),
)


def examine(
    compared: Compared, carried: Mapping[str, Any] | None = None
) -> tuple[Findings, tuple[Evidence, ...], tuple[tuple[str, str], ...]]:
    """All findings, their evidence, and (channel, reason) of those that were not examined, by name.

    carried: by channel, a finding or a reason that is known already; the channel is not examined again.
    """
    found: dict[str, Any] = {}
    evidence: list[Evidence] = []
    absent: dict[str, str] = {}
    for channel in CHANNELS:
        compared.tell(channel.name.replace("_", " "), None)
        known = (carried or {}).get(channel.name)
        if channel.all_text and not compared.options.rewritten:
            known = "left out by --exact-only"
        finding = channel.examine(compared) if known is None else known
        if isinstance(finding, str):
            absent[channel.name] = finding
        else:
            found[channel.name] = finding
            evidence.extend(channel.evidence(finding))
    return Findings(**found), tuple(evidence), tuple(sorted(absent.items()))
