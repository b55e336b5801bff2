"""Columns to hashes: every subtree and statement run in three normal forms, by prefix sums over the rows."""

from clonedetect.fingerprint.hashes import fingerprint

__all__ = ["fingerprint"]
