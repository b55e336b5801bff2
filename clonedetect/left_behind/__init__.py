"""What one side still says of the other: names, messages, unused imports, misspellings, dangling references."""

from clonedetect.left_behind.compare import left_behind
from clonedetect.left_behind.terms import Import, Terms, package_terms, python_terms

__all__ = ["Import", "Terms", "left_behind", "package_terms", "python_terms"]
