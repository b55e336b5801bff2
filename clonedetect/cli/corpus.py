"""`clonedetect corpus`: public code to compare with."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from clonedetect.cli.shared import ERROR, progress_bar, visible

corpus = typer.Typer(help="Public code to compare with.", no_args_is_help=True)
background = typer.Typer(help="What is common in public Python code.", no_args_is_help=True)
corpus.add_typer(background, name="background")


ENGINE = "duckdb, or spark://host:port for a Spark cluster that sees the same files."


@corpus.command(epilog="Example:  clonedetect corpus add CORPUS owner/name pypi:flask==3.1.3 ../mine --installed")
def add(
    directory: Annotated[Path, typer.Argument(metavar="CORPUS", help="The corpus; made if there is none.")],
    origins: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="ORIGIN...", help="Directories, git URLs, owner/name, hf:owner/name, pypi:name==version."
        ),
    ] = None,
    installed: Annotated[bool, typer.Option("--installed", help="Also the packages of this environment.")] = False,
    engine: Annotated[str, typer.Option(help=ENGINE)] = "duckdb",
    jobs: Annotated[int | None, typer.Option(min=1, help="Worker processes; default one a core.")] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress on stderr.")] = False,
) -> None:
    """Add repositories' fingerprints to a corpus. Trees that it has are left as they are; no source text is kept."""
    from clonedetect.pipeline import corpus_add

    if not origins and not installed:
        raise typer.BadParameter("name at least one, or --installed", param_hint="ORIGIN...")
    with progress_bar(quiet) as progress:
        added, known, failed = corpus_add(directory, tuple(origins or ()), installed, engine, jobs, progress=progress)
    for line in failed:
        typer.echo(f"not added: {visible(line)}", err=True)
    lines, fragments = sum(e.lines for e in added), sum(e.fragments for e in added)
    typer.echo(f"added {len(added):,} ({lines:,} lines, {fragments:,} fragments), {len(known):,} were there", err=True)
    if failed and not added and not known:
        raise typer.Exit(ERROR)


@corpus.command("list", epilog="Example:  clonedetect corpus list CORPUS")
def list_(directory: Annotated[Path, typer.Argument(metavar="CORPUS", help="The corpus.")]) -> None:
    """List what is in a corpus: origin, revision, licence, lines, fragments."""
    from clonedetect.pipeline import corpus_list

    for entry in corpus_list(directory):
        fields = (entry.origin, entry.revision or "-", entry.licence or "-", f"{entry.lines}", f"{entry.fragments}")
        typer.echo("\t".join(visible(f) for f in fields))


@corpus.command(epilog="Example:  clonedetect corpus remove CORPUS pypi:flask")
def remove(
    directory: Annotated[Path, typer.Argument(metavar="CORPUS", help="The corpus.")],
    origins: Annotated[list[str], typer.Argument(metavar="ORIGIN...", help="As `corpus list` shows them.")],
    engine: Annotated[str, typer.Option(help=ENGINE)] = "duckdb",
) -> None:
    """Take repositories out of a corpus."""
    from clonedetect.pipeline import corpus_remove

    gone = corpus_remove(directory, origins, engine)
    typer.echo(f"removed {len(gone):,}", err=True)


@corpus.command(epilog="Example:  clonedetect corpus search CORPUS ../mine")
def search(
    directory: Annotated[Path, typer.Argument(metavar="CORPUS", help="The corpus.")],
    origin: Annotated[str, typer.Argument(metavar="REPO", help="The repository to search it with.")],
    format: Annotated[str, typer.Option(help="text or json.")] = "text",
    engine: Annotated[str, typer.Option(help=ENGINE)] = "duckdb",
    jobs: Annotated[int | None, typer.Option(min=1, help="Worker processes; default one a core.")] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress on stderr.")] = False,
) -> None:
    """List the repositories of a corpus that share rare fragments with one, most bits first."""
    from clonedetect.pipeline.search import corpus_search
    from clonedetect.report.search import SEARCH_FORMATS

    if format not in SEARCH_FORMATS:
        raise typer.BadParameter(f"{format!r} is none of {', '.join(SEARCH_FORMATS)}", param_hint="--format")
    with progress_bar(quiet) as progress:
        found = corpus_search(directory, origin, engine, jobs, progress=progress)
    sys.stdout.write(SEARCH_FORMATS[format](found))


@corpus.command(epilog="Example:  clonedetect corpus upgrade CORPUS")
def upgrade(
    directory: Annotated[Path, typer.Argument(metavar="CORPUS", help="The corpus.")],
    engine: Annotated[str, typer.Option(help=ENGINE)] = "duckdb",
    jobs: Annotated[int | None, typer.Option(min=1, help="Worker processes; default one a core.")] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress on stderr.")] = False,
) -> None:
    """Make the fingerprints of another version's corpus anew, from the origins that it names."""
    from clonedetect.pipeline import corpus_upgrade

    with progress_bar(quiet) as progress:
        added, failed = corpus_upgrade(directory, engine, jobs, progress=progress)
    for line in failed:
        typer.echo(f"not in it any more: {visible(line)}", err=True)
    typer.echo(f"{len(added):,} repositories are of this version now", err=True)


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
