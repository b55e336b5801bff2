"""What one side still says of the other: names, messages, unused imports, misspellings, dangling references."""

from clonedetect.left_behind.compare import left_behind
from clonedetect.left_behind.terms import plain_terms, python_terms

__all__ = ["left_behind", "plain_terms", "python_terms"]
