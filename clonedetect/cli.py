"""The command line: reads arguments, calls the pipeline, shows and writes what comes back."""

from __future__ import annotations

import shutil
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
    "pdf": "report.pdf",
}

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="Find copied, renamed and rewritten source between two repositories, and say how sure it is.",
    context_settings={"help_option_names": ["-h", "--help"]},
)


corpus = typer.Typer(help="Public code to compare with.", no_args_is_help=True)
background = typer.Typer(help="What is common in public Python code.", no_args_is_help=True)
app.add_typer(corpus, name="corpus")
corpus.add_typer(background, name="background")


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
    exact_only: Annotated[
        bool,
        typer.Option("--exact-only", help="Only equal and renamed code, not rewritten code; several times faster."),
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

    formats = _formats(format)
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
    comparison = _read(path)
    formats = _formats(format) or ["text"]
    if out is not None:
        _write(comparison, out, formats)
    else:
        _show(comparison, formats)


@app.command(epilog="Example:  clonedetect show report/report.json p44ae24df47f6")
def show(
    path: Annotated[Path, typer.Argument(help="A report.json.")],
    pair: Annotated[str, typer.Argument(help="The id of a clone pair.")],
) -> None:
    """Show one clone pair of a finished report side by side."""
    from clonedetect.report.show import show as side_by_side

    typer.echo(side_by_side(_read(path), pair, shutil.get_terminal_size((120, 40)).columns, sys.stdout.isatty()))


@app.command(epilog="Example:  clonedetect weights model.safetensors other/pytorch_model.bin --format json")
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
    with _progress(quiet) as progress:
        values = (lambda done, total: progress("comparing", done / max(1, total))) if progress else None
        finding = compare_weights(left, right, device=device, full=full, progress=values)
    typer.echo(weights_json(finding) if format == "json" else "\n".join(summary_lines(finding)))
    if rename_to:
        written = rename(left, finding.names(), rename_to)
        typer.echo(f"wrote {written:,} tensors to {rename_to}", err=True)


@background.command("build", epilog="Example:  clonedetect corpus background build benchmarks/packages/background.toml")
def background_build(
    pins: Annotated[Path, typer.Argument(help="A TOML list of pinned packages.")],
    packages: Annotated[Path | None, typer.Option(help="Where the wheels are kept; default the cache.")] = None,
    out: Annotated[Path | None, typer.Option(help="The file to write; default the one that is shipped.")] = None,
    jobs: Annotated[int | None, typer.Option(min=1, help="Worker processes; default one a core.")] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress on stderr.")] = False,
) -> None:
    """Count how common content features are in a list of public packages, fetched by pinned hash, never installed."""
    from clonedetect.acquire import default_cache_dir
    from clonedetect.corpus import SHIPPED
    from clonedetect.pipeline import build_background

    with _progress(quiet) as progress:
        done = build_background(pins, packages or default_cache_dir() / "packages", out or SHIPPED, jobs, progress)
    typer.echo(f"{done[0]} packages, {done[1]:,} features", err=True)


@app.command()
def schema() -> None:
    """Print the JSON Schema of report.json."""
    from clonedetect.report.json_format import schema as text

    typer.echo(text())


def _formats(wanted: list[str] | None) -> list[str]:
    """The formats asked for, each once. Raises BadParameter for an unknown one."""
    from clonedetect.report import FORMATS

    names = (*FORMATS, "pdf")
    for name in wanted or ():
        if name not in names:
            raise typer.BadParameter(f"{name!r} is none of {', '.join(names)}", param_hint="--format")
    return list(dict.fromkeys(wanted or ()))


def _read(path: Path) -> Comparison:
    from clonedetect.report.json_format import from_json

    try:
        return from_json(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise CloneDetectError(f"cannot read {path}: {error}") from error


def _write(comparison: Comparison, out: Path, formats: list[str]) -> None:
    """Write each format to its file in `out`, whole or not at all."""
    from clonedetect.report import FORMATS

    try:
        out.mkdir(parents=True, exist_ok=True)
        for name in formats:
            target = out / _FILES[name]
            partial = target.with_suffix(target.suffix + ".part")
            if name == "pdf":
                from clonedetect.report.pdf import to_pdf

                partial.write_bytes(to_pdf(comparison))
            else:
                partial.write_text(FORMATS[name](comparison), "utf-8", errors="replace")
            partial.replace(target)
            typer.echo(f"wrote {target}", err=True)
    except OSError as error:
        raise CloneDetectError(f"cannot write to {out}: {error.strerror or error}") from error


def _show(comparison: Comparison, formats: list[str]) -> None:
    from clonedetect.report import FORMATS

    for name in formats:
        if name == "pdf":
            raise typer.BadParameter("a PDF needs --out", param_hint="--format")
        if name == "text" and sys.stdout.isatty():
            from clonedetect.report.text import to_text

            text = to_text(comparison, shutil.get_terminal_size((100, 40)).columns, color=True)
        else:
            text = FORMATS[name](comparison)
        sys.stdout.write(text.rstrip("\n") + "\n")


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
