"""Normal forms: what is left of a tree when layout, then names and literals, are taken as one."""

from clonedetect.normalise.labels import blind_labels, raw_labels

__all__ = ["blind_labels", "raw_labels"]
