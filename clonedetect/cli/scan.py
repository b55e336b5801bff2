"""`clonedetect scan`."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from clonedetect.cli.shared import (
    FILES,
    THRESHOLD,
    Level,
    formats_of,
    progress_bar,
    reached,
    show_reports,
    write_reports,
)
from clonedetect.errors import CloneDetectError

if TYPE_CHECKING:
    from clonedetect.domain import Comparison
    from clonedetect.pipeline import Options

EXAMPLES = (
    "Examples:  clonedetect scan ../theirs .   |   clonedetect scan owner/name@v1.2 ./mine --out report   |   "
    "clonedetect scan LEFT RIGHT --format json > report.json"
)


def scan(
    left: Annotated[str, typer.Argument(help="A directory, git URL, owner/name or hf:owner/name, with @revision.")],
    right: Annotated[
        list[str], typer.Argument(help="The same for the other side; of several, the report is of the best fit.")
    ],
    ancestor: Annotated[
        list[str] | None, typer.Option(help="An origin that may explain what both share; repeatable.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Directory for the reports.")] = None,
    format: Annotated[
        list[str] | None, typer.Option(help="text, json, md, html, sarif; repeatable. With --out: all by default.")
    ] = None,
    left_weights: Annotated[
        str | None, typer.Option(help="The left's weights, as `clonedetect weights` takes them.")
    ] = None,
    right_weights: Annotated[str | None, typer.Option(help="The same for the right.")] = None,
    left_predictions: Annotated[
        Path | None, typer.Option(help="Answers of the left's model; see `clonedetect predictions`.")
    ] = None,
    right_predictions: Annotated[Path | None, typer.Option(help="Answers of the right's model.")] = None,
    gold: Annotated[Path | None, typer.Option(help="Gold answers for the predictions.")] = None,
    control: Annotated[list[Path] | None, typer.Option(help="Answers of an independent model; repeatable.")] = None,
    left_subdir: Annotated[str | None, typer.Option(help="Only this directory of the left.")] = None,
    right_subdir: Annotated[str | None, typer.Option(help="Only this directory of the right.")] = None,
    include: Annotated[list[str] | None, typer.Option(help="Only paths that match this glob; repeatable.")] = None,
    exclude: Annotated[list[str] | None, typer.Option(help="No paths that match this glob; repeatable.")] = None,
    vendored: Annotated[bool, typer.Option("--vendored", help="Examine vendored code too.")] = False,
    generated: Annotated[bool, typer.Option("--generated", help="Examine generated code too.")] = False,
    jobs: Annotated[int | None, typer.Option(min=1, help="Worker processes; default one a core.")] = None,
    no_cache: Annotated[
        bool, typer.Option("--no-cache", help="Neither read nor write the cache of parsed files and comparisons.")
    ] = False,
    exact_only: Annotated[
        bool,
        typer.Option(
            "--exact-only", help="Only equal and renamed code; what reads every text is left out; several times faster."
        ),
    ] = False,
    no_history: Annotated[bool, typer.Option("--no-history", help="Leave the history channels out.")] = False,
    bundle: Annotated[
        Path | None, typer.Option(help="Also write an evidence bundle (zip) that `clonedetect verify` checks.")
    ] = None,
    files_only: Annotated[
        bool, typer.Option("--files-only", help="The bundle keeps the files that were read, and no history of them.")
    ] = False,
    fail_on: Annotated[Level | None, typer.Option(help="Exit with 3 if the verdict is at least this.")] = None,
    reproducible: Annotated[
        bool, typer.Option("--reproducible", help="Leave the run's own times out of the report.")
    ] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress on stderr.")] = False,
) -> None:
    """Compare two repositories and report what one shares with the other."""
    from clonedetect.pipeline import Options
    from clonedetect.report import FORMATS

    formats = formats_of(format)
    if len(right) > 1 and (left_weights or right_weights or left_predictions or right_predictions):
        raise typer.BadParameter("weights and predictions belong to one right: give one")
    _check_predictions(left_predictions, right_predictions, gold, control or [])
    options = Options(
        jobs=jobs,
        cache=not no_cache,
        left_subdir=left_subdir,
        right_subdir=right_subdir,
        include=tuple(include or ()),
        exclude=tuple(exclude or ()),
        vendored=vendored,
        generated=generated,
        rewritten=not exact_only,
        history=not no_history and not files_only,
        times=not reproducible,
        left_weights=left_weights,
        right_weights=right_weights,
        left_predictions=left_predictions,
        right_predictions=right_predictions,
        gold=gold,
        controls=tuple(control or ()),
    )
    comparison = run_scan(left, right, tuple(ancestor or ()), options, bundle, files_only, quiet)
    if out is not None:
        write_reports(comparison, out, formats or [f for f in FORMATS if f != "text"])
    if out is None or "text" in formats:
        show_reports(comparison, formats or ["text"])
    if fail_on and reached(comparison.verdict.strength, fail_on):
        raise typer.Exit(THRESHOLD)


def run_scan(
    left: str,
    rights: list[str],
    ancestors: tuple[str, ...],
    options: Options,
    bundle: Path | None,
    files_only: bool,
    quiet: bool,
) -> Comparison:
    """Scan, of several rights all, and write the evidence bundle (of the best) if one is asked for."""
    from clonedetect.pipeline import compare, read_sides, scan_candidates, write_bundle
    from clonedetect.report import FORMATS

    with progress_bar(quiet) as progress:
        if len(rights) > 1:
            comparison, sides = scan_candidates(left, rights, ancestors, options, progress)
        else:
            sides = read_sides(left, rights[0], ancestors, options, progress)
            comparison = compare(sides, options, progress)
        if bundle is not None:
            kept = replace(comparison, seconds=(), ranking=None)
            reports = {FILES[name]: show(kept) for name, show in FORMATS.items()}
            digest = write_bundle(bundle, sides, kept, options, reports, sys.argv[1:], files_only, progress)
    if bundle is not None:
        typer.echo(f"wrote {bundle}, SHA-256 {digest}", err=True)
    return comparison


def _check_predictions(left: Path | None, right: Path | None, gold: Path | None, controls: list[Path]) -> None:
    """Both sides or neither, and all of them there, before the long part begins."""
    if (left is None) != (right is None) or (left is None and (gold or controls)):
        raise typer.BadParameter("predictions are compared: give --left-predictions and --right-predictions")
    for path in (left, right, gold, *controls):
        if path is not None and not path.exists():
            raise CloneDetectError(f"no such file or directory: {path}")
