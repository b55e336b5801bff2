"""Looks up the text that a report quotes, by side, path and line."""

from __future__ import annotations

from collections.abc import Iterable

from clonedetect.domain import Fragment, Quote
from clonedetect.report.escape import visible_line


def quote_path(fragment: Fragment) -> str:
    """The path under which a fragment's text is quoted: the file's, with `#cell` for a cell of a notebook."""
    return fragment.path if fragment.cell is None else f"{fragment.path}#{fragment.cell}"


class Quoted:
    """The quoted lines of both sides. Text is made visible (`escape`) as it is read out."""

    def __init__(self, quotes: Iterable[Quote]) -> None:
        self._quotes: dict[tuple[str, str], list[Quote]] = {}
        self._lines: dict[tuple[str, str], dict[int, str]] = {}
        for quote in quotes:
            self._quotes.setdefault((quote.side, quote.path), []).append(quote)

    def lines(self, fragment: Fragment) -> list[tuple[int, str]]:
        """Number and text of each quoted line of `fragment`, in order; a line that is not quoted is left out."""
        known = self._file(fragment.side, quote_path(fragment))
        return [(n, known[n]) for n in range(fragment.start_line, fragment.end_line + 1) if n in known]

    def blob(self, fragment: Fragment) -> str | None:
        """Git blob id of the file that holds `fragment`, None where nothing of it is quoted."""
        quotes = self._quotes.get((fragment.side, quote_path(fragment)))
        return quotes[0].blob if quotes else None

    def _file(self, side: str, path: str) -> dict[int, str]:
        lines = self._lines.get((side, path))
        if lines is None:
            lines = {}
            for quote in self._quotes.get((side, path), ()):
                for number, line in enumerate(split_lines(quote.text), quote.start_line):
                    lines[number] = visible_line(line)
            self._lines[side, path] = lines
        return lines


def split_lines(text: str) -> list[str]:
    """Lines as parsers and editors count them: only a line feed ends one (form feeds and U+2028 do not)."""
    lines = text.split("\n")
    return lines[:-1] if lines[-1] == "" else lines
