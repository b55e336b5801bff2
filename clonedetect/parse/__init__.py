"""Source bytes to columns: the only room that knows tree-sitter."""

from clonedetect.parse.forest import parse
from clonedetect.parse.language import kinds, parser_version
from clonedetect.parse.settings import settings

__all__ = ["kinds", "parse", "parser_version", "settings"]
