"""Many repositories: fetch packages by pinned hash, count what is common, keep and search fingerprints of many."""

from __future__ import annotations

from contextlib import suppress
from threading import Thread
from typing import TYPE_CHECKING

from clonedetect.corpus.background import LOOSE, SHIPPED, Counts, load_background, save_background
from clonedetect.corpus.layout import read_any_manifest, replace_corpus
from clonedetect.corpus.packages import Pin, fetch, read_pins, sources
from clonedetect.corpus.terms import TermTally, load_terms
from clonedetect.errors import MissingExtraError

if TYPE_CHECKING:
    from contextlib import AbstractContextManager
    from pathlib import Path

    from clonedetect.corpus.library import Corpus

__all__ = [
    "LOOSE",
    "SHIPPED",
    "Counts",
    "Pin",
    "TermTally",
    "fetch",
    "load_background",
    "load_engine",
    "load_terms",
    "open_corpus",
    "read_any_manifest",
    "read_pins",
    "replace_corpus",
    "save_background",
    "sources",
]


def load_engine() -> None:
    """Begin to load the dataframe engine on a thread of its own: that takes longer than a search for a few files."""

    def load() -> None:
        with suppress(ImportError):  # `open_corpus` says it
            from clonedetect.corpus.duck import ibis

            _ = ibis.duckdb

    Thread(target=load).start()


def open_corpus(
    root: Path, form: str, engine: str = "duckdb", jobs: int | None = None
) -> AbstractContextManager[Corpus]:
    """A corpus on disk. The dataframe engine is loaded here, not before: most commands need none.

    Raises CorpusError, and MissingExtraError where the extra is not installed.
    """
    try:
        from clonedetect.corpus.library import open_corpus as opened
    except ImportError as error:
        raise MissingExtraError(f"a corpus needs {error.name}: pip install 'clonedetect[corpus]'") from error
    return opened(root, form, engine, jobs)
