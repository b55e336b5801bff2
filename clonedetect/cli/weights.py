"""`clonedetect weights`."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from clonedetect.cli.shared import progress_bar

if TYPE_CHECKING:
    from collections.abc import Callable


def weights(
    left: Annotated[
        str, typer.Argument(help="A weight file, a directory with one model's, hf:owner/name[@revision] or a URL.")
    ],
    right: Annotated[str, typer.Argument(help="The same for the other side.")],
    device: Annotated[str, typer.Option(help="auto, cpu or cuda.")] = "auto",
    full: Annotated[bool, typer.Option("--full", help="Read every value instead of a seeded sample.")] = False,
    rename_to: Annotated[
        Path | None,
        typer.Option(help="Write the left weights here (safetensors), under the right's tensor names."),
    ] = None,
    format: Annotated[str, typer.Option(help="text, json or md.")] = "text",
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress on stderr.")] = False,
) -> None:
    """Compare the weights of two models, whatever their tensors are called."""
    from clonedetect.report.codec import encode
    from clonedetect.report.markdown import section_markdown
    from clonedetect.report.sections.weights import section
    from clonedetect.report.text import section_text
    from clonedetect.weights import compare_weights
    from clonedetect.weights import rename_to as rename

    if format not in ("text", "json", "md"):
        raise typer.BadParameter(f"{format!r} is none of text, json, md", param_hint="--format")
    with progress_bar(quiet) as progress:
        told = _rate(progress) if progress else None
        finding = compare_weights(left, right, device=device, full=full, progress=told)
    if format == "json":
        typer.echo(json.dumps({"weights": encode(finding)}, indent=1, ensure_ascii=False))
    else:
        shown = section_text if format == "text" else section_markdown
        typer.echo(shown(section(finding)).strip("\n"))
    if rename_to:
        written = rename(left, finding.names(), rename_to)
        typer.echo(f"wrote {rename_to}, {written:,} tensors renamed", err=True)


def _rate(progress: Callable[[str, float | None], None]) -> Callable[[int, int], None]:
    """Progress of the pass over the values, with its rate and the time left."""
    begin = time.perf_counter()

    def told(done: int, total: int) -> None:
        rate = done / max(time.perf_counter() - begin, 1e-3)
        left = (total - done) / max(rate, 1.0)
        progress(f"comparing, {rate / 1e6:,.0f} million values a second, {left:,.0f} s left", done / max(1, total))

    return told
