"""`clonedetect weights`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from clonedetect.cli.shared import progress_bar
from clonedetect.errors import CloneDetectError


def weights(
    left: Annotated[Path, typer.Argument(help="A weight file, or a directory with one model's.")],
    right: Annotated[Path, typer.Argument(help="The same for the other side.")],
    device: Annotated[str, typer.Option(help="auto, cpu or cuda.")] = "auto",
    full: Annotated[bool, typer.Option("--full", help="Read every value instead of a seeded sample.")] = False,
    rename_to: Annotated[
        Path | None,
        typer.Option(help="Write the left weights here (safetensors), under the right's tensor names."),
    ] = None,
    format: Annotated[str, typer.Option(help="text or json.")] = "text",
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress on stderr.")] = False,
) -> None:
    """Compare the weights of two models, whatever their tensors are called."""
    from clonedetect.weights import compare_weights, summary_lines, weights_json
    from clonedetect.weights import rename_to as rename

    if format not in ("text", "json"):
        raise typer.BadParameter(f"{format!r} is none of text, json", param_hint="--format")
    for path in (left, right):
        if not path.exists():
            raise CloneDetectError(f"no such file or directory: {path}")
    with progress_bar(quiet) as progress:
        values = (lambda done, total: progress("comparing", done / max(1, total))) if progress else None
        finding = compare_weights(left, right, device=device, full=full, progress=values)
    typer.echo(weights_json(finding) if format == "json" else "\n".join(summary_lines(finding)))
    if rename_to:
        written = rename(left, finding.names(), rename_to)
        typer.echo(f"wrote {written:,} tensors to {rename_to}", err=True)
