"""Matches to clone pairs: which statements, names and literals stand opposite each other, regions, edits."""

from clonedetect.align.classes import class_pairs
from clonedetect.align.exact import compare_exact
from clonedetect.align.fragments import Fragments
from clonedetect.align.pairs import aligned_pair, exact_pairs, pair_id

__all__ = ["Fragments", "aligned_pair", "class_pairs", "compare_exact", "exact_pairs", "pair_id"]
