"""Findings to evidence to verdict: rules, one function each, in words that state statistic, null and limits."""

from clonedetect.assess.attribution import attribution_evidence
from clonedetect.assess.candidates import cell, name_of, rank
from clonedetect.assess.config import config_evidence
from clonedetect.assess.credit import is_credited, remedy
from clonedetect.assess.history import history_evidence
from clonedetect.assess.identity import identity_evidence
from clonedetect.assess.left_behind import left_behind_evidence
from clonedetect.assess.linked import Context, anchors, linked_e_values, shares
from clonedetect.assess.predictions import predictions_evidence, predictions_strength
from clonedetect.assess.shared import lead_e_value, pair_strength, shared_e_values, shared_score, worth_a_look
from clonedetect.assess.significance import IDIOM_PACKAGES, LAMBDA, e_values, score
from clonedetect.assess.source import SIGNIFICANT, one_to_one, source_evidence
from clonedetect.assess.tokenizer import tokenizer_evidence
from clonedetect.assess.verdict import verdict
from clonedetect.assess.weight_index import weight_index_evidence
from clonedetect.assess.weights import weights_evidence

__all__ = [
    "IDIOM_PACKAGES",
    "LAMBDA",
    "SIGNIFICANT",
    "Context",
    "anchors",
    "attribution_evidence",
    "cell",
    "config_evidence",
    "e_values",
    "history_evidence",
    "identity_evidence",
    "is_credited",
    "lead_e_value",
    "left_behind_evidence",
    "linked_e_values",
    "name_of",
    "one_to_one",
    "pair_strength",
    "predictions_evidence",
    "predictions_strength",
    "rank",
    "remedy",
    "score",
    "shared_e_values",
    "shared_score",
    "shares",
    "source_evidence",
    "tokenizer_evidence",
    "verdict",
    "weight_index_evidence",
    "weights_evidence",
    "worth_a_look",
]
