"""Normal forms: what is left of a tree when layout, then names and literals, are taken as one."""

from clonedetect.normalise.labels import blind_labels, content_labels, raw_labels, turned
from clonedetect.normalise.own import builtin_names, kept_names, own_names, own_texts
from clonedetect.normalise.plain import plain

__all__ = [
    "blind_labels",
    "builtin_names",
    "content_labels",
    "kept_names",
    "own_names",
    "own_texts",
    "plain",
    "raw_labels",
    "turned",
]
