"""The command line: reads arguments, calls the pipeline, shows and writes what comes back."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from clonedetect import __version__
from clonedetect.errors import CloneDetectError

if TYPE_CHECKING:
    from collections.abc import Callable

    from rich.progress import Progress

    from clonedetect.domain import Comparison

OK, ERROR, USAGE, THRESHOLD = 0, 1, 2, 3
_STRENGTHS = ("none", "weak", "moderate", "strong", "decisive")
_FILES = {
    "text": "report.txt",
    "json": "report.json",
    "md": "report.md",
    "html": "report.html",
    "sarif": "report.sarif",
}

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="Find copied, renamed and rewritten source between two repositories, and say how sure it is.",
    context_settings={"help_option_names": ["-h", "--help"]},
)


class Level(StrEnum):
    """Strengths that `--fail-on` takes."""

    weak = "weak"
    moderate = "moderate"
    strong = "strong"
    decisive = "decisive"


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"clonedetect {__version__}")
        raise typer.Exit(OK)


@app.callback()
def _top(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    pass


@app.command(
    epilog="Examples:  clonedetect scan ../theirs .   |   clonedetect scan owner/name@v1.2 ./mine --out report   |   "
    "clonedetect scan LEFT RIGHT --format json > report.json"
)
def scan(
    left: Annotated[str, typer.Argument(help="A directory, git URL, owner/name or hf:owner/name, with @revision.")],
    right: Annotated[str, typer.Argument(help="The same for the other side.")],
    ancestor: Annotated[
        list[str] | None, typer.Option(help="An origin that may explain what both share; repeatable.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Directory for the reports.")] = None,
    format: Annotated[
        list[str] | None, typer.Option(help="text, json, md, html, sarif; repeatable. With --out: all by default.")
    ] = None,
    left_subdir: Annotated[str | None, typer.Option(help="Only this directory of the left.")] = None,
    right_subdir: Annotated[str | None, typer.Option(help="Only this directory of the right.")] = None,
    include: Annotated[list[str] | None, typer.Option(help="Only paths that match this glob; repeatable.")] = None,
    exclude: Annotated[list[str] | None, typer.Option(help="No paths that match this glob; repeatable.")] = None,
    vendored: Annotated[bool, typer.Option("--vendored", help="Examine vendored code too.")] = False,
    generated: Annotated[bool, typer.Option("--generated", help="Examine generated code too.")] = False,
    jobs: Annotated[int | None, typer.Option(min=1, help="Worker processes; default one a core.")] = None,
    no_cache: Annotated[
        bool, typer.Option("--no-cache", help="Neither read nor write the cache of parsed files.")
    ] = False,
    no_history: Annotated[bool, typer.Option("--no-history", help="Leave the history channels out.")] = False,
    fail_on: Annotated[Level | None, typer.Option(help="Exit with 3 if the verdict is at least this.")] = None,
    reproducible: Annotated[
        bool, typer.Option("--reproducible", help="Leave the run's own times out of the report.")
    ] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress on stderr.")] = False,
) -> None:
    """Compare two repositories and report what one shares with the other."""
    from clonedetect.pipeline import Options
    from clonedetect.pipeline import scan as run
    from clonedetect.report import FORMATS

    formats = list(dict.fromkeys(format or []))
    for name in formats:
        if name not in FORMATS:
            raise typer.BadParameter(f"{name!r} is none of {', '.join(FORMATS)}", param_hint="--format")
    options = Options(
        jobs=jobs,
        cache=not no_cache,
        left_subdir=left_subdir,
        right_subdir=right_subdir,
        include=tuple(include or ()),
        exclude=tuple(exclude or ()),
        vendored=vendored,
        generated=generated,
        history=not no_history,
        times=not reproducible,
    )
    with _progress(quiet) as progress:
        comparison = run(left, right, tuple(ancestor or ()), options, progress)
    if out is not None:
        _write(comparison, out, formats or [f for f in FORMATS if f != "text"])
    if out is None or "text" in formats:
        _show(comparison, formats or ["text"])
    if fail_on and _STRENGTHS.index(comparison.verdict.strength) >= _STRENGTHS.index(fail_on.value):
        raise typer.Exit(THRESHOLD)


@app.command()
def report(
    path: Annotated[Path, typer.Argument(help="A report.json.")],
    out: Annotated[Path | None, typer.Option(help="Directory for the reports.")] = None,
    format: Annotated[list[str] | None, typer.Option(help="text, json, md, html, sarif; repeatable.")] = None,
) -> None:
    """Show a finished report again, in any format, without the repositories."""
    from clonedetect.report import FORMATS
    from clonedetect.report.json_format import from_json

    try:
        comparison = from_json(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise CloneDetectError(f"cannot read {path}: {error}") from error
    formats = list(dict.fromkeys(format or ["text"]))
    for name in formats:
        if name not in FORMATS:
            raise typer.BadParameter(f"{name!r} is none of {', '.join(FORMATS)}", param_hint="--format")
    if out is not None:
        _write(comparison, out, formats)
    else:
        _show(comparison, formats)


@app.command()
def schema() -> None:
    """Print the JSON Schema of report.json."""
    from clonedetect.report.json_format import schema as text

    typer.echo(text())


def _write(comparison: Comparison, out: Path, formats: list[str]) -> None:
    """Write each format to its file in `out`, whole or not at all."""
    from clonedetect.report import FORMATS

    try:
        out.mkdir(parents=True, exist_ok=True)
        for name in formats:
            target = out / _FILES[name]
            partial = target.with_suffix(target.suffix + ".part")
            partial.write_text(FORMATS[name](comparison), "utf-8", errors="replace")
            partial.replace(target)
            typer.echo(f"wrote {target}", err=True)
    except OSError as error:
        raise CloneDetectError(f"cannot write to {out}: {error.strerror or error}") from error


def _show(comparison: Comparison, formats: list[str]) -> None:
    from clonedetect.report import FORMATS

    for name in formats:
        sys.stdout.write(FORMATS[name](comparison).rstrip("\n") + "\n")


class _progress:
    """Stages and shares on stderr while the run goes on; nothing where stderr is no terminal."""

    def __init__(self, quiet: bool) -> None:
        self.quiet = quiet or not sys.stderr.isatty()
        self.live: Progress | None = None

    def __enter__(self) -> Callable[[str, float | None], None] | None:
        if self.quiet:
            return None
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

        self.live = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TimeElapsedColumn(),
            console=Console(stderr=True),
            transient=True,
        )
        self.live.start()
        live = self.live
        task = live.add_task("starting", total=None)

        def show(stage: str, share: float | None) -> None:
            live.update(task, description=stage, total=None if share is None else 1.0, completed=share or 0)

        return show

    def __exit__(self, *_: object) -> None:
        if self.live:
            self.live.stop()


def main() -> None:
    """Run the command line. Status: 0 done, 1 error, 2 usage, 3 threshold reached."""
    try:
        app(standalone_mode=True)
    except CloneDetectError as error:
        sys.stderr.write("clonedetect: " + " ".join(str(error).split()) + "\n")
        raise SystemExit(ERROR) from None
    except KeyboardInterrupt:
        sys.stderr.write("clonedetect: stopped\n")
        raise SystemExit(130) from None
    except BrokenPipeError:
        raise SystemExit(ERROR) from None
