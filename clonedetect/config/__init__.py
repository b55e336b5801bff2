"""Configuration files: keys of two sides matched under renames, values weighed by how rare they are."""

from clonedetect.config.compare import compare_configs
from clonedetect.config.reading import settings_of

__all__ = ["compare_configs", "settings_of"]
