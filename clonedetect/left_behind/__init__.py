"""What one side still says of the other: names, messages, unused imports, misspellings, dangling references."""

from clonedetect.left_behind.compare import left_behind
from clonedetect.left_behind.terms import package_terms

__all__ = ["left_behind", "package_terms"]
