"""Weight indexes of two models: the map that aligns their tensors' names, and what is equal under it."""

from clonedetect.weight_index.compare import compare_indexes
from clonedetect.weight_index.reading import read_indexes

__all__ = ["compare_indexes", "read_indexes"]
