"""`clonedetect check`: what would be published, against what it may have come from."""

from __future__ import annotations

import datetime
import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from clonedetect.cli.corpus import ENGINE
from clonedetect.cli.shared import THRESHOLD, Level, progress_bar
from clonedetect.errors import CloneDetectError

EXAMPLES = (
    "Examples:  clonedetect check --against owner/name   |   clonedetect check --corpus CORPUS --staged   |   "
    "clonedetect check --accept"
)
_FILES = {"text": "check.txt", "json": "check.json", "sarif": "check.sarif", "md": "check.md", "github": "check.log"}


def check(
    path: Annotated[Path, typer.Argument(help="The repository to check.")] = Path(),
    against: Annotated[
        list[str] | None,
        typer.Option(help="An origin it may share code with; repeatable, beside those of the settings."),
    ] = None,
    corpus: Annotated[Path | None, typer.Option(help="A corpus to search, in place of that of the settings.")] = None,
    ancestor: Annotated[list[str] | None, typer.Option(help="An origin that may explain what is shared.")] = None,
    staged: Annotated[bool, typer.Option("--staged", help="Only files that are staged, against everything.")] = False,
    since: Annotated[str | None, typer.Option(help="Only files that changed since this revision.")] = None,
    accept: Annotated[
        bool, typer.Option("--accept", help="Write the findings to the baseline: later checks report others only.")
    ] = False,
    fail_on: Annotated[Level | None, typer.Option(help="Exit with 3 for a new finding of at least this.")] = None,
    format: Annotated[
        list[str] | None, typer.Option(help="text, json, sarif, md, github (annotations); repeatable with --out.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Directory for the reports.")] = None,
    engine: Annotated[str, typer.Option(help=ENGINE)] = "duckdb",
    jobs: Annotated[int | None, typer.Option(min=1, help="Worker processes; default one a core.")] = None,
    no_cache: Annotated[
        bool, typer.Option("--no-cache", help="Neither read nor write the cache of parsed files.")
    ] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress on stderr.")] = False,
) -> None:
    """Check that what is about to be published holds no uncredited copies. Settings: [tool.clonedetect]."""
    from clonedetect.pipeline.baseline import read_baseline, write_baseline
    from clonedetect.pipeline.check import PAIR_E, CheckOptions
    from clonedetect.pipeline.check import check as run
    from clonedetect.pipeline.settings import read_settings
    from clonedetect.report.check import CHECK_FORMATS

    formats = list(dict.fromkeys(format or ()))
    for name in formats:
        if name not in CHECK_FORMATS:
            raise typer.BadParameter(f"{name!r} is none of {', '.join(CHECK_FORMATS)}", param_hint="--format")
    if out is None and len(formats) > 1:
        raise typer.BadParameter("several formats need --out", param_hint="--format")
    if staged and since is not None:
        raise typer.BadParameter("either --staged or --since", param_hint="--staged")
    if not path.is_dir():
        raise CloneDetectError(f"no such directory: {path}")
    settings = read_settings(path)
    settings = replace(
        settings,
        against=(*settings.against, *(against or ())),
        ancestors=(*settings.ancestors, *(ancestor or ())),
        corpus=str(corpus) if corpus is not None else _beside(path, settings.corpus),
        fail_on=fail_on.value if fail_on else settings.fail_on,
    )
    accepted = read_baseline(path)
    options = CheckOptions(
        staged, since, engine, jobs, not no_cache, today=_today(), accepted=frozenset() if accept else accepted
    )
    with progress_bar(quiet) as progress:
        result = run(path, settings, options, progress)
    if accept:
        # What chance shows is no one's to accept; what lies beyond it is, however weak it is as evidence.
        new = [f for f in result.findings if f.state == "new" and (f.strength != "weak" or f.e_value <= PAIR_E)]
        written = write_baseline(path, new, accepted if result.changed is not None else None)
        typer.echo(f"wrote {len(new):,} accepted findings to {written}", err=True)
        return
    if out is not None:
        _write(out, {name: CHECK_FORMATS[name](result) for name in formats or CHECK_FORMATS})
    if out is None or "text" in formats:
        sys.stdout.write(CHECK_FORMATS["text" if out is not None else (formats or ["text"])[0]](result))
    if result.failed:
        raise typer.Exit(THRESHOLD)


def _beside(path: Path, corpus: str | None) -> str | None:
    """A corpus that the settings name lies relative to them."""
    return str(path / Path(corpus).expanduser()) if corpus else None


def _today() -> str:
    """The date that expiries are compared with; SOURCE_DATE_EPOCH sets it where a run is to be repeatable."""
    epoch = os.environ.get("SOURCE_DATE_EPOCH", "")
    moment = datetime.datetime.fromtimestamp(int(epoch), datetime.UTC) if epoch.isdigit() else None
    return (moment or datetime.datetime.now(datetime.UTC)).date().isoformat()


def _write(out: Path, reports: dict[str, str]) -> None:
    try:
        out.mkdir(parents=True, exist_ok=True)
        for name, text in reports.items():
            target = out / _FILES[name]
            partial = target.with_suffix(target.suffix + ".part")
            partial.write_text(text, "utf-8", errors="replace")
            partial.replace(target)
            typer.echo(f"wrote {target}", err=True)
    except OSError as error:
        raise CloneDetectError(f"cannot write to {out}: {error.strerror or error}") from error
