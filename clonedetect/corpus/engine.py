"""What a corpus needs of the engine that its expressions run on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Protocol

from clonedetect.domain import Prints, SourceFile

if TYPE_CHECKING:
    from pathlib import Path

    import ibis.expr.types as ir
    import pyarrow as pa

Fingerprint = Callable[[Sequence[SourceFile]], Prints]


class Engine(Protocol):
    """What a corpus needs of an engine. All tables and expressions are Ibis ones."""

    def fingerprint(self, batches: list[pa.RecordBatch], prints: Fingerprint, work: Path) -> ir.Table:
        """The fragments, with their fingerprints, of repositories given as Arrow. `work` is room for files."""
        ...

    def read(self, paths: list[Path]) -> ir.Table:
        """Parquet files as one table."""
        ...

    def table(self, rows: pa.Table) -> ir.Table:
        """A few rows of this process as a table."""
        ...

    def run(self, expression: ir.Table) -> pa.Table:
        """An expression's rows."""
        ...

    def write(self, expression: ir.Table, directory: Path, partition: str | None = None) -> None:
        """An expression's rows as Parquet files, in a directory of their own for each value of `partition`."""
        ...

    def close(self) -> None:
        """Let go of what the engine holds."""
        ...
