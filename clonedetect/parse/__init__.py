"""Source bytes to columns: the only room that knows tree-sitter."""

from clonedetect.parse.forest import parse, readable_files
from clonedetect.parse.language import kinds, parser_version
from clonedetect.parse.recover import TOO_SLOW
from clonedetect.parse.settings import settings

__all__ = ["TOO_SLOW", "kinds", "parse", "parser_version", "readable_files", "settings"]
