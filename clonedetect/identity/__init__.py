"""Files that both sides have: equal bytes, equal LFS objects, equal up to layout or key order, also in the past."""

from clonedetect.identity.equal import equal_files, weight_share

__all__ = ["equal_files", "weight_share"]
