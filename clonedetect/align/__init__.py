"""Matches to clone pairs: which statements, names and literals stand opposite each other, regions, edits."""

from clonedetect.align.exact import compare_exact
from clonedetect.align.fragments import Fragments
from clonedetect.align.pairs import exact_pairs, pair_id

__all__ = ["Fragments", "compare_exact", "exact_pairs", "pair_id"]
