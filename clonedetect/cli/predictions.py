"""`clonedetect predictions`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer


def predictions(
    left: Annotated[
        Path, typer.Argument(help="JSONL or CSV of id, gold, pred[, group], samples_*.jsonl, a directory.")
    ],
    right: Annotated[Path, typer.Argument(help="The same for the other side.")],
    gold: Annotated[Path | None, typer.Option(help="Gold answers (id, gold), in place of the files' own.")] = None,
    control: Annotated[
        list[Path] | None, typer.Option(help="Predictions of an independent model on the same items; repeatable.")
    ] = None,
    format: Annotated[str, typer.Option(help="text, json or md.")] = "text",
) -> None:
    """Compare two models' answers to the same questions: shared errors, and what chance explains of them."""
    from clonedetect.pipeline import compare_predictions
    from clonedetect.report.codec import encode
    from clonedetect.report.markdown import section_markdown
    from clonedetect.report.sections.predictions import section
    from clonedetect.report.text import section_text

    if format not in ("text", "json", "md"):
        raise typer.BadParameter(f"{format!r} is none of text, json, md", param_hint="--format")
    finding = compare_predictions(left, right, gold, tuple(control or ()))
    if format == "json":
        typer.echo(json.dumps({"predictions": encode(finding)}, indent=1))
    else:
        shown = section_text if format == "text" else section_markdown
        typer.echo(shown(section(finding)).strip("\n"))
