"""`clonedetect corpus`: public code to compare with."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from clonedetect.cli.shared import progress_bar

corpus = typer.Typer(help="Public code to compare with.", no_args_is_help=True)
background = typer.Typer(help="What is common in public Python code.", no_args_is_help=True)
corpus.add_typer(background, name="background")


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

    with progress_bar(quiet) as progress:
        done = build_background(pins, packages or default_cache_dir() / "packages", out or SHIPPED, jobs, progress)
    typer.echo(f"{done[0]} packages, {done[1]:,} features", err=True)
