"""Findings to evidence to verdict: rules, one function each, in words that state statistic, null and limits."""

from clonedetect.assess.history import history_evidence
from clonedetect.assess.identity import identity_evidence
from clonedetect.assess.significance import IDIOM_PACKAGES, e_values, linked_e_values, score
from clonedetect.assess.source import source_evidence
from clonedetect.assess.verdict import verdict

__all__ = [
    "IDIOM_PACKAGES",
    "e_values",
    "history_evidence",
    "identity_evidence",
    "linked_e_values",
    "score",
    "source_evidence",
    "verdict",
]
