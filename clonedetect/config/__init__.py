"""Configuration files: keys of two sides matched under renames, values weighed by how rare they are."""

from clonedetect.config.compare import compare_configs
from clonedetect.config.python import python_settings
from clonedetect.config.reading import settings_of

__all__ = ["compare_configs", "python_settings", "settings_of"]
