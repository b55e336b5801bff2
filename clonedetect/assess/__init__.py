"""Findings to evidence to verdict: rules, one function each, in words that state statistic, null and limits."""

from clonedetect.assess.history import history_evidence
from clonedetect.assess.identity import identity_evidence
from clonedetect.assess.predictions import predictions_evidence, predictions_strength
from clonedetect.assess.significance import IDIOM_PACKAGES, e_values, linked_e_values, score
from clonedetect.assess.source import source_evidence
from clonedetect.assess.tokenizer import tokenizer_evidence
from clonedetect.assess.verdict import verdict
from clonedetect.assess.weights import weights_evidence

__all__ = [
    "IDIOM_PACKAGES",
    "e_values",
    "history_evidence",
    "identity_evidence",
    "linked_e_values",
    "predictions_evidence",
    "predictions_strength",
    "score",
    "source_evidence",
    "tokenizer_evidence",
    "verdict",
    "weights_evidence",
]
