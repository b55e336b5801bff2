"""The command line: reads arguments, calls the pipeline, shows and writes what comes back; a module a command group."""

from __future__ import annotations

import ctypes
import gc
import sys
from contextlib import suppress
from typing import Annotated

import typer

from clonedetect import __version__
from clonedetect.cli.bundle import bundle, verify
from clonedetect.cli.check import EXAMPLES as CHECK_EXAMPLES
from clonedetect.cli.check import check
from clonedetect.cli.corpus import corpus
from clonedetect.cli.matrix import matrix
from clonedetect.cli.predictions import predictions
from clonedetect.cli.report import report, schema, show
from clonedetect.cli.scan import EXAMPLES, scan
from clonedetect.cli.shared import ERROR, OK
from clonedetect.cli.weights import weights
from clonedetect.errors import CloneDetectError

_TRIM, _OWN_MAPPING, _ARENAS = -1, -3, -8  # options of mallopt(3)

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="Find copied, renamed and rewritten source between two repositories, and say how sure it is.",
    context_settings={"help_option_names": ["-h", "--help"]},
)


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


app.command(epilog=EXAMPLES)(scan)
app.command(epilog=CHECK_EXAMPLES)(check)
app.command()(report)
app.command(epilog="Example:  clonedetect show report/report.json p44ae24df47f6")(show)
app.command(epilog="Example:  clonedetect weights model.safetensors other/pytorch_model.bin --format json")(weights)
app.command(epilog="Example:  clonedetect predictions ours.jsonl theirs.csv --control other.jsonl")(predictions)
app.command(epilog="Example:  clonedetect bundle ../theirs . --out evidence.zip")(bundle)
app.command(epilog="Example:  clonedetect verify evidence.zip")(verify)
app.command(epilog="Example:  clonedetect matrix one two@v1.0 owner/three")(matrix)
app.command()(schema)
app.add_typer(corpus, name="corpus")


def _keep_memory() -> None:
    """Have the C library keep what arrays give back for those that follow.

    Fresh pages come zeroed, one fault each: a quarter of the comparison's CPU. And threads, which hardly ever ask for
    memory at one time, share an arena, or each holds on to its own largest need.
    """
    with suppress(OSError, AttributeError, TypeError):  # not glibc
        tune = ctypes.CDLL(None).mallopt
        for option, value in ((_ARENAS, 1), (_OWN_MAPPING, 32 << 20), (_TRIM, 512 << 20)):
            tune(option, value)


def main() -> None:
    """Run the command line. Status: 0 done, 1 error, 2 usage, 3 threshold reached."""
    _keep_memory()
    gc.disable()  # values point one way, so there is nothing to collect: looking for it takes a seventh of a scan
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
    finally:
        gc.freeze()  # nor does the interpreter look for any on its way out
