"""What several commands need: exit statuses, formats, reading and writing reports, progress."""

from __future__ import annotations

import shutil
import sys
from contextlib import suppress
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from clonedetect.errors import CloneDetectError

if TYPE_CHECKING:
    from collections.abc import Callable

    from rich.progress import Progress

    from clonedetect.domain import Comparison

OK, ERROR, USAGE, THRESHOLD = 0, 1, 2, 3
STRENGTHS = ("none", "weak", "moderate", "strong", "decisive")
FILES = {
    "text": "report.txt",
    "json": "report.json",
    "md": "report.md",
    "html": "report.html",
    "sarif": "report.sarif",
    "pdf": "report.pdf",
}


class Level(StrEnum):
    """Strengths that `--fail-on` takes."""

    weak = "weak"
    moderate = "moderate"
    strong = "strong"
    decisive = "decisive"


def visible(text: str) -> str:
    """Text of a repository as a terminal may show it."""
    from clonedetect.report.escape import visible as escaped

    return escaped(text)


def reached(strength: str, level: Level) -> bool:
    """Whether a strength is at or above the threshold."""
    return STRENGTHS.index(strength) >= STRENGTHS.index(level.value)


def formats_of(wanted: list[str] | None) -> list[str]:
    """The formats asked for, each once. Raises BadParameter for an unknown one."""
    from clonedetect.report import FORMATS

    names = (*FORMATS, "pdf")
    for name in wanted or ():
        if name not in names:
            raise typer.BadParameter(f"{name!r} is none of {', '.join(names)}", param_hint="--format")
    return list(dict.fromkeys(wanted or ()))


def read_report(path: Path) -> Comparison:
    from clonedetect.report.json_format import from_json

    try:
        return from_json(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise CloneDetectError(f"cannot read {path}: {error}") from error


def write_reports(comparison: Comparison, out: Path, formats: list[str]) -> None:
    """Write each format to its file in `out`: all of them, whole, or none."""
    from clonedetect.report import FORMATS

    partials = {out / FILES[name]: out / f"{FILES[name]}.part" for name in formats}
    try:
        out.mkdir(parents=True, exist_ok=True)
        for name, partial in zip(formats, partials.values(), strict=True):
            if name == "pdf":
                from clonedetect.report.pdf import to_pdf

                partial.write_bytes(to_pdf(comparison))
            else:
                partial.write_text(FORMATS[name](comparison), "utf-8", errors="replace")
        for target, partial in partials.items():
            partial.replace(target)
            typer.echo(f"wrote {target}", err=True)
    except OSError as error:
        raise CloneDetectError(f"cannot write to {out}: {error.strerror or error}") from error
    finally:
        for partial in partials.values():
            with suppress(OSError):
                partial.unlink(missing_ok=True)


def show_reports(comparison: Comparison, formats: list[str]) -> None:
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


class progress_bar:
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
