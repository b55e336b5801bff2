"""Columns to hashes: every subtree and statement run in three normal forms, and bags of content features."""

from clonedetect.fingerprint.features import features
from clonedetect.fingerprint.hashes import fingerprint

__all__ = ["features", "fingerprint"]
