"""Shows a comparison. Each format is a plain function from `Comparison` to text; none of them decides anything."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from clonedetect.domain import Comparison

# Each format is imported when it is first asked for: rich, Jinja2 and Pygments would otherwise cost every
# command of the tool their start-up time.


def _text(comparison: Comparison) -> str:
    from clonedetect.report.text import to_text

    return to_text(comparison)


def _json(comparison: Comparison) -> str:
    from clonedetect.report.json_format import to_json

    return to_json(comparison)


def _markdown(comparison: Comparison) -> str:
    from clonedetect.report.markdown import to_markdown

    return to_markdown(comparison)


def _html(comparison: Comparison) -> str:
    from clonedetect.report.html import to_html

    return to_html(comparison)


def _sarif(comparison: Comparison) -> str:
    from clonedetect.report.sarif import to_sarif

    return to_sarif(comparison)


FORMATS: Final[Mapping[str, Callable[[Comparison], str]]] = MappingProxyType(
    {"text": _text, "json": _json, "html": _html, "md": _markdown, "sarif": _sarif}
)
"""Every textual format by the name that `--format` takes. PDF is bytes and needs a browser: `report.pdf.to_pdf`."""

__all__ = ["FORMATS"]
