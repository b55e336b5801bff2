"""Hashes to matches: which units stand on both sides, maximal, each verified on the columns."""

from clonedetect.match.exact import match_exact

__all__ = ["match_exact"]
