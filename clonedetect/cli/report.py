"""`clonedetect report`, `show` and `schema`: finished reports."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import Annotated

import typer

from clonedetect.cli.shared import formats_of, read_report, show_reports, write_reports


def report(
    path: Annotated[Path, typer.Argument(help="A report.json.")],
    out: Annotated[Path | None, typer.Option(help="Directory for the reports.")] = None,
    format: Annotated[list[str] | None, typer.Option(help="text, json, md, html, sarif; repeatable.")] = None,
) -> None:
    """Show a finished report again, in any format, without the repositories."""
    comparison = read_report(path)
    formats = formats_of(format) or ["text"]
    if out is not None:
        write_reports(comparison, out, formats)
    else:
        show_reports(comparison, formats)


def show(
    path: Annotated[Path, typer.Argument(help="A report.json.")],
    pair: Annotated[str, typer.Argument(help="The id of a clone pair.")],
) -> None:
    """Show one clone pair of a finished report side by side."""
    from clonedetect.report.show import show as side_by_side

    typer.echo(side_by_side(read_report(path), pair, shutil.get_terminal_size((120, 40)).columns, sys.stdout.isatty()))


def schema() -> None:
    """Print the JSON Schema of report.json."""
    from clonedetect.report.json_format import schema as text

    typer.echo(text())
