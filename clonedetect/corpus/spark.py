"""The Spark engine: the cluster runs the expressions, and the fingerprints in `mapInArrow`."""

from __future__ import annotations

import os
import re
import socket
import sys
from functools import partial
from typing import TYPE_CHECKING

import ibis
import pyarrow as pa
import pyarrow.parquet as pq

from clonedetect.corpus.arrow import FRAGMENTS, fingerprint_batches
from clonedetect.errors import CorpusError, MissingExtraError

if TYPE_CHECKING:
    from pathlib import Path

    import ibis.expr.types as ir
    from pyspark.sql import DataFrame, SparkSession

    from clonedetect.corpus.engine import Fingerprint

PATIENCE = 5.0  # seconds in which the master must answer
_NESTED = "hash bigint, kind smallint, `count` int, weight smallint"
_TYPES = {pa.int64(): "bigint", pa.int32(): "int", pa.string(): "string", pa.float32(): "float"}


class SparkEngine:
    """A Spark session on a standalone cluster. The corpus must lie where the driver and all workers see it."""

    def __init__(self, master: str) -> None:
        _answers(master)
        try:
            from pyspark.sql import SparkSession
        except ImportError as error:
            raise MissingExtraError("--engine spark://... needs: pip install 'clonedetect[spark]'") from error
        os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
        session: SparkSession = (
            SparkSession.builder.master(master)
            .appName("clonedetect")
            .config("spark.ui.enabled", "false")
            .config("spark.ui.showConsoleProgress", "false")
            .config("spark.sql.session.timeZone", "UTC")
            .config("spark.sql.execution.arrow.pyspark.enabled", "true")
            .config("spark.sql.execution.arrow.maxRecordsPerBatch", "1")  # a row is a whole repository
            .config("spark.sql.adaptive.enabled", "true")  # few rows make few partitions
            .config("spark.task.maxFailures", "8")  # a worker may go
            .getOrCreate()
        )
        session.sparkContext.setLogLevel("ERROR")
        self._session = session
        self._con = ibis.pyspark.connect(session)

    def fingerprint(self, batches: list[pa.RecordBatch], prints: Fingerprint, work: Path) -> ir.Table:
        inputs = work / "repositories"
        inputs.mkdir()
        for number, batch in enumerate(batches):
            pq.write_table(pa.Table.from_batches([batch]), inputs / f"{number:06}.parquet")
        fields = [f"{f.name} {_TYPES.get(f.type, f'array<struct<{_fields()}>>')}" for f in FRAGMENTS]
        rows = self._session.read.parquet(str(inputs)).repartition(max(1, len(batches)))
        out = work / "fingerprints"
        rows.mapInArrow(partial(fingerprint_batches, prints=prints), ", ".join(fields)).write.parquet(str(out))
        return self.read(sorted(out.glob("*.parquet")))

    def read(self, paths: list[Path]) -> ir.Table:
        name = ibis.util.gen_name("parquet")
        self._session.read.parquet(*(str(p) for p in paths)).createOrReplaceTempView(name)
        return self._con.table(name)

    def table(self, rows: pa.Table) -> ir.Table:
        name = ibis.util.gen_name("rows")
        columns = {c: rows.column(c).to_pylist() for c in rows.column_names}
        fields = ", ".join(f"{f.name} {_sql(f.type)}" for f in rows.schema)
        frame = self._session.createDataFrame(list(zip(*columns.values(), strict=True)), fields)
        frame.createOrReplaceTempView(name)
        return self._con.table(name)

    def run(self, expression: ir.Table) -> pa.Table:
        return self._con.to_pyarrow(expression)

    def _frame(self, expression: ir.Table) -> DataFrame:
        return self._session.sql(self._con.compile(expression))

    def write(self, expression: ir.Table, directory: Path, partition: str | None = None) -> None:
        frame = self._frame(expression)
        writer = frame.write.option("compression", "zstd")
        (writer.partitionBy(partition) if partition else writer).parquet(str(directory))
        for odd in [*directory.rglob("*.crc"), *directory.rglob("_SUCCESS")]:
            odd.unlink()

    def close(self) -> None:
        self._session.stop()


def _sql(kind: pa.DataType) -> str:
    return {pa.float64(): "double", pa.int16(): "smallint"}.get(kind) or _TYPES[kind]


def _fields() -> str:
    return re.sub(r"(`?\w+`?) (\w+)", r"\1: \2", _NESTED)


def _answers(master: str) -> None:
    """Spark itself would try for minutes. Raises CorpusError."""
    for address in master.removeprefix("spark://").split(","):
        host, _, port = address.rpartition(":")
        try:
            with socket.create_connection((host, int(port)), PATIENCE):
                return
        except (OSError, ValueError):
            continue
    raise CorpusError(f"no Spark master answers at {master}: start one, or leave --engine out to use DuckDB here")
