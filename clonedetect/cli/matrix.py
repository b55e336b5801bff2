"""`clonedetect matrix`."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from clonedetect.cli.shared import progress_bar


def matrix(
    origins: Annotated[list[str], typer.Argument(help="Two or more origins, as `clonedetect scan` takes them.")],
    format: Annotated[str, typer.Option(help="text, json or md.")] = "text",
    jobs: Annotated[int | None, typer.Option(min=1, help="Worker processes; default one a core.")] = None,
    no_cache: Annotated[
        bool, typer.Option("--no-cache", help="Neither read nor write the cache of parsed files and comparisons.")
    ] = False,
    exact_only: Annotated[
        bool, typer.Option("--exact-only", help="Only equal and renamed code; several times faster.")
    ] = False,
    no_history: Annotated[bool, typer.Option("--no-history", help="Leave the history channels out.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress on stderr.")] = False,
) -> None:
    """Compare all pairs of several repositories: a matrix of what they share, and the lineage that joins them."""
    from clonedetect.pipeline import Options, scan_matrix
    from clonedetect.report.codec import encode
    from clonedetect.report.markdown import section_markdown
    from clonedetect.report.sections.matrix import section
    from clonedetect.report.text import section_text

    if format not in ("text", "json", "md"):
        raise typer.BadParameter(f"{format!r} is none of text, json, md", param_hint="--format")
    if len(origins) < 2:
        raise typer.BadParameter("two origins at least", param_hint="ORIGINS")
    options = Options(jobs=jobs, cache=not no_cache, rewritten=not exact_only, history=not no_history, times=False)
    with progress_bar(quiet) as progress:
        found = scan_matrix(origins, options, progress)
    if format == "json":
        typer.echo(json.dumps({"matrix": encode(found)}, indent=1))
    else:
        shown = section_text if format == "text" else section_markdown
        typer.echo(shown(section(found)).strip("\n"))
