"""Findings to evidence to verdict: rules, one function each, in words that state statistic, null and limits."""

from clonedetect.assess.source import source_evidence
from clonedetect.assess.verdict import verdict

__all__ = ["source_evidence", "verdict"]
