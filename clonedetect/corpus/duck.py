"""The engine inside this process: DuckDB for the expressions, with nothing to start, and a process pool."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import ibis
import pyarrow as pa
import pyarrow.parquet as pq

from clonedetect.corpus.arrow import FRAGMENTS, fingerprint_batches
from clonedetect.workers import worker_pool

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from concurrent.futures import ProcessPoolExecutor
    from pathlib import Path

    import ibis.expr.types as ir
    from ibis.backends.duckdb import Backend as DuckBackend

    from clonedetect.corpus.engine import Fingerprint

MEMORY = "500MB"  # that DuckDB may hold before it goes to disk
_LOCAL = 600_000  # bytes of source below which starting workers costs more than it saves


class DuckEngine:
    """DuckDB for the expressions, a process pool for the fingerprints."""

    def __init__(self, jobs: int) -> None:
        self._jobs = jobs
        self._pool: ProcessPoolExecutor | None = None
        self._connection: DuckBackend | None = None

    @property
    def _con(self) -> DuckBackend:
        if self._connection is None:
            # Two threads are what the figures were measured with; more only help where there are more cores.
            self._connection = ibis.duckdb.connect(threads=self._jobs, memory_limit=MEMORY)
        return self._connection

    def fingerprint(self, batches: list[pa.RecordBatch], prints: Fingerprint, work: Path) -> ir.Table:
        target = work / "fingerprints.parquet"
        with pq.ParquetWriter(target, FRAGMENTS) as writer:
            for done in self._each(batches, partial(_one, prints=prints)):
                for batch in done:
                    writer.write_batch(batch)
        return self.read([target])

    def _each(
        self, batches: list[pa.RecordBatch], work: Callable[[pa.RecordBatch], list[pa.RecordBatch]]
    ) -> Iterator[list[pa.RecordBatch]]:
        if self._jobs == 1 or len(batches) == 1 or sum(b.nbytes for b in batches) < _LOCAL:
            yield from map(work, batches)
            return
        if self._pool is None:
            self._pool = worker_pool(self._jobs)
        largest_first = sorted(range(len(batches)), key=lambda i: -batches[i].nbytes)
        done = {i: self._pool.submit(work, batches[i]) for i in largest_first}
        for i in range(len(batches)):
            yield done.pop(i).result()

    def read(self, paths: list[Path]) -> ir.Table:
        return self._con.read_parquet([str(p) for p in paths], hive_partitioning=False)

    def table(self, rows: pa.Table) -> ir.Table:
        name = ibis.util.gen_name("rows")
        self._con.con.register(name, rows)
        return self._con.table(name)

    def run(self, expression: ir.Table) -> pa.Table:
        # As `to_pyarrow` of Ibis, without pandas: its start-up is longer than a search for a few files.
        rows = self._con.con.sql(str(self._con.compile(expression))).to_arrow_table()
        return rows.cast(expression.schema().to_pyarrow())  # DuckDB's sums are wider than Ibis says

    def write(self, expression: ir.Table, directory: Path, partition: str | None = None) -> None:
        directory.mkdir(parents=True)
        options = {"partition_by": (partition,)} if partition else {}
        target = directory if partition else directory / "part-0.parquet"
        self._con.to_parquet(expression, target, compression="zstd", **options)

    def close(self) -> None:
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)
        if self._connection is not None:
            self._connection.disconnect()


def _one(batch: pa.RecordBatch, prints: Fingerprint) -> list[pa.RecordBatch]:
    return list(fingerprint_batches([batch], prints))
