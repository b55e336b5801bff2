"""`clonedetect bundle` and `clonedetect verify`: what is left when the repositories are gone."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from clonedetect.cli.scan import run_scan
from clonedetect.cli.shared import progress_bar
from clonedetect.errors import BundleError


def bundle(
    left: Annotated[str, typer.Argument(help="An origin, as `clonedetect scan` takes it.")],
    right: Annotated[str, typer.Argument(help="The same for the other side.")],
    out: Annotated[Path, typer.Option(help="The file to write.")] = Path("bundle.zip"),
    ancestor: Annotated[
        list[str] | None, typer.Option(help="An origin that may explain what both share; repeatable.")
    ] = None,
    files_only: Annotated[
        bool, typer.Option("--files-only", help="Keep the files that were read, and no history of them.")
    ] = False,
    left_subdir: Annotated[str | None, typer.Option(help="Only this directory of the left.")] = None,
    right_subdir: Annotated[str | None, typer.Option(help="Only this directory of the right.")] = None,
    jobs: Annotated[int | None, typer.Option(min=1, help="Worker processes; default one a core.")] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress on stderr.")] = False,
) -> None:
    """Scan, and put the reports and all that they rest on into one file. `scan --bundle` takes every option."""
    from clonedetect.pipeline import Options

    options = Options(
        jobs=jobs, left_subdir=left_subdir, right_subdir=right_subdir, history=not files_only, times=False
    )
    run_scan(left, [right], tuple(ancestor or ()), options, bundle=out, files_only=files_only, quiet=quiet)


def verify(
    path: Annotated[Path, typer.Argument(help="A bundle.")],
    jobs: Annotated[int | None, typer.Option(min=1, help="Worker processes; default one a core.")] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress on stderr.")] = False,
) -> None:
    """Check every byte of a bundle, scan again from it alone, and compare the reports. Status 1 if they differ."""
    from clonedetect.pipeline import QUOTES, REPORT, differences, open_bundle, rerun
    from clonedetect.report.json_format import from_json, to_json

    most = 4_000_000_000
    with progress_bar(quiet) as progress:
        archive, run = open_bundle(path)
        report = archive.read(REPORT, most)
        recorded = from_json(report.decode("utf-8", "replace"))
        again = rerun(archive, run, recorded, jobs, progress)
    typer.echo(f"{path}: SHA-256 {archive.sha256}")
    typer.echo(f"every byte is as it was written: {len(archive.members):,} files, each with its own SHA-256")
    for line in again.rests_on:
        typer.echo(line)
    made = to_json(again.comparison).encode()
    if made != report or again.quotes != archive.read(QUOTES, most):
        why = _first_difference(report, made) or "the quoted ranges differ"
        there = "; ".join(differences(run)) or "the versions are the same"
        raise BundleError(f"{path}: the scan comes out otherwise than its report.json: {why} ({there})")
    typer.echo(f"scanned again from the bundle alone: report.json is the same, all {len(made):,} bytes of it")
    verdict = again.comparison.verdict
    typer.echo(f"verdict: {verdict.strength}, {verdict.relation}")


def _first_difference(recorded: bytes, made: bytes) -> str | None:
    for number, (one, other) in enumerate(zip(recorded.split(b"\n"), made.split(b"\n"), strict=False), 1):
        if one != other:
            return f"line {number} is the first to differ"
    return None if len(recorded) == len(made) else "one of the two is longer"
