"""A corpus of many repositories: adding to it, taking out of it, and asking it who shares rare fragments."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeVar

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from clonedetect.corpus import queries
from clonedetect.corpus.arrow import FEATURE, OWN, UNIT, UNIT_WEIGHT, numbers_of, numbers_table, repository_batch
from clonedetect.corpus.layout import (
    Manifest,
    Segment,
    partial,
    publish,
    read_manifest,
    sweep,
    usable,
)
from clonedetect.domain import BITS_STEP, CorpusEntry, Prints, Shared, SourceFile
from clonedetect.errors import CorpusError

if TYPE_CHECKING:
    from pathlib import Path

    import ibis.expr.types as ir

    from clonedetect.corpus.engine import Engine, Fingerprint

PRODUCTS = 4_000_000  # occurrences here times in the corpus that are joined at most: the commonest are left out first
EACH_PRODUCTS = 2_000  # and for each fragment here, so that a few files do not cost as much as a whole repository
MOST_SEGMENTS = 12  # more than these are merged: every file costs a query its opening
T = TypeVar("T")
UNUSABLE = (duckdb.Error, pa.ArrowException)


@dataclass(frozen=True, slots=True)
class Found:
    """What a search gives: pairs of fragments, how much was searched, and what of the corpus cannot be read."""

    pairs: tuple[Shared, ...]
    entries: tuple[CorpusEntry, ...]
    fragments: int
    damaged: tuple[str, ...]


class Corpus:
    """A corpus on disk and the engine that works on it. `form` names the fingerprints that this version makes."""

    def __init__(self, root: Path, form: str, engine: Engine) -> None:
        self.root, self.form, self.engine = root, form, engine

    def manifest(self) -> Manifest:
        """What is in it now. Raises CorpusError."""
        return read_manifest(self.root, self.form)

    def add(
        self,
        repositories: Sequence[tuple[CorpusEntry, Sequence[SourceFile]]],
        prints: Fingerprint,
    ) -> list[CorpusEntry]:
        """Fingerprint repositories and make them part of the corpus, all of them or none; those it has are left out.

        Returns the entries that were added. Raises CorpusError where it cannot be written.
        """
        known = {e.key for e in self.manifest().entries}
        fresh = {e.key: (e, files) for e, files in repositories if e.key not in known}
        if not fresh:
            return []
        with partial(self.root) as work, _unwritable(self.root):
            batches = [repository_batch(key, files) for key, (_, files) in fresh.items()]
            nested = self.engine.fingerprint(batches, prints, work)
            entries = [e for e, _ in fresh.values()]
            counts = self._counts(nested)
            entries = [replace(e, fragments=counts[0].get(e.key, 0), skipped=counts[1].get(e.key, 0)) for e in entries]
            while entries:
                written = self._write(queries.fragment_rows(nested), queries.fingerprint_rows(nested), work)
                twice = publish(self.root, self.form, written, entries)
                if not twice:
                    break
                gone = [e.key for e in twice]
                entries = [e for e in entries if e.key not in gone]
                nested = queries.without(nested, gone)
            sweep(self.root, self.form)
        return entries

    def _counts(self, nested: ir.Table) -> tuple[dict[int, int], dict[int, int]]:
        """Fragments, and files that were not examined, of each repository."""
        rows = self.engine.run(queries.counts(nested)).to_pylist()
        return {r["repository"]: r["fragments"] for r in rows}, {r["repository"]: r["skipped"] for r in rows}

    def _write(self, fragments: ir.Table, prints: ir.Table, work: Path) -> Path:
        written = work / "segment"
        shutil.rmtree(written, ignore_errors=True)
        self.engine.write(fragments, written / "fragments")
        self.engine.write(prints, written / "prints", "prefix")
        return written

    def remove(self, wanted: Callable[[CorpusEntry], bool]) -> list[CorpusEntry]:
        """Take repositories out; the segments that hold them are written anew. Returns what was taken out."""
        manifest = self.manifest()
        out = [e for e in manifest.entries if wanted(e)]
        if out:
            self._rewrite(manifest, {e.segment for e in out}, {e.key for e in out})
        return out

    def merge(self) -> None:
        """Make one segment of the smaller ones once there are many."""
        manifest = self.manifest()
        if len(manifest.segments) > MOST_SEGMENTS:
            by_size = sorted(manifest.segments, key=lambda s: (sum(n for _, n in s.files), s.name))
            self._rewrite(manifest, {s.name for s in by_size[: -MOST_SEGMENTS // 2]}, set())

    def _rewrite(self, manifest: Manifest, names: set[str], gone: set[int]) -> None:
        kept = [e for e in manifest.entries if e.segment in names and e.key not in gone]
        segments = [s for s in manifest.segments if s.name in names]
        with partial(self.root) as work, _unwritable(self.root):
            written = work / "segment"
            if kept:
                tables = self._tables(usable(self.root, replace(manifest, segments=tuple(segments)))[0])
                if tables is None:
                    raise CorpusError(f"the segments to rewrite in {self.root} cannot be read")
                prints, fragments = (queries.without(t, sorted(gone)) for t in tables)
                written = self._write(fragments.order_by("repository", "fragment"), queries.by_hash(prints), work)
            publish(self.root, self.form, written, kept, frozenset(names))

    def _tables(self, segments: list[Segment]) -> tuple[ir.Table, ir.Table] | None:
        """All fingerprints and all fragments of some segments; None where there are none."""
        paths = [self.root / "segments" / s.name / name for s in segments for name, _ in s.files]
        prints = [p for p in paths if p.parent.parent.name == "prints"]
        fragments = [p for p in paths if p.parent.name == "fragments"]
        if not prints or not fragments:
            return None
        return self.engine.read(prints), self.engine.read(fragments)

    def search(self, found: Prints) -> Found:
        """The fragments of the corpus that share rare features with these. A damaged file is named and left out."""
        manifest = self.manifest()
        total = sum(e.fragments for e in manifest.entries)
        pairs, segments, damaged = self._read(manifest, lambda segments: self._search(found, segments, total))
        live = {s.name for s in segments}
        entries = tuple(e for e in manifest.entries if e.segment in live)
        known = {e.key for e in entries}
        return Found(
            tuple(p for p in pairs if p.repository in known),
            entries,
            sum(e.fragments for e in entries),
            tuple(damaged),
        )

    def _read(self, manifest: Manifest, ask: Callable[[list[Segment]], T]) -> tuple[T, list[Segment], list[str]]:
        """What a question to the usable segments gives, these, and what is damaged. Raises CorpusError."""
        segments, damaged = usable(self.root, manifest)
        try:
            return ask(segments), segments, damaged
        except UNUSABLE as error:
            segments, more = self._readable(segments)
            if not more:
                raise CorpusError(f"the corpus {self.root} cannot be searched: {_line(error)}") from error
            return ask(segments), segments, damaged + more

    def _readable(self, segments: list[Segment]) -> tuple[list[Segment], list[str]]:
        """Segments less the files that no Parquet reader gets through, and what these are."""
        good, wrong = [], []
        for segment in segments:
            kept = []
            for name, size in segment.files:
                try:
                    pq.read_table(self.root / "segments" / segment.name / name)
                    kept.append((name, size))
                except (OSError, pa.ArrowException) as error:
                    wrong.append(f"segments/{segment.name}/{name}: {_line(error)}")
            if any(name.startswith("fragments/") for name, _ in kept):
                good.append(Segment(segment.name, tuple(kept)))
        return good, wrong

    def _search(self, found: Prints, segments: list[Segment], total: int) -> list[Shared]:
        tables, query = self._tables(segments), _query(found)
        if tables is None or not len(query["hash"]):
            return []
        prints, fragments = tables
        asked = self.engine.table(numbers_table({"hash": np.unique(query["hash"])}))
        often = self.engine.run(queries.frequency(prints, asked))
        query = _weighed(query, often, total, min(PRODUCTS, EACH_PRODUCTS * len(found.path)))
        bits = np.bincount(
            query["bag"], weights=query["told"] * query["weight"] * _often(query), minlength=len(found.path)
        )
        rare = self.engine.table(numbers_table({k: query[k][query["rare"]] for k in ("bag", "hash", "rarity")}))
        features = query["kind"] != UNIT
        rows = {k: query[k][features] for k in ("bag", "hash", "count", "weight", "told")}
        bags = self.engine.table(numbers_table({"bag": np.arange(len(bits), dtype=np.int32), "bits": bits}))
        partners = self.engine.table(self.engine.run(queries.best_partners(prints, fragments, rare, bags)))
        result = queries.matched_bits(prints, fragments, self.engine.table(numbers_table(rows)), partners)
        return [_shared(row, found, bits) for row in self.engine.run(result).to_pylist()]


@contextmanager
def open_corpus(root: Path, form: str, engine: str = "duckdb", jobs: int | None = None) -> Generator[Corpus]:
    """A corpus, with its engine for as long as it is open. Raises CorpusError."""
    read_manifest(root, form)  # before an engine is started
    with _open_engine(engine, jobs) as running:
        yield Corpus(root, form, running)


@contextmanager
def _open_engine(name: str, jobs: int | None) -> Generator[Engine]:
    """`duckdb`, or `spark://host:port` for a Spark cluster. Raises CorpusError for another one or one out of reach."""
    if name == "duckdb":
        from clonedetect.corpus.duck import DuckEngine

        engine: Engine = DuckEngine(jobs or os.cpu_count() or 1)
    elif name.startswith("spark://"):
        from clonedetect.corpus.spark import SparkEngine

        engine = SparkEngine(name)
    else:
        raise CorpusError(f"no engine {name!r}: duckdb, or spark://host:port for a Spark cluster")
    try:
        yield engine
    finally:
        engine.close()


@contextmanager
def _unwritable(root: Path) -> Generator[None]:
    """What an engine says of a full disk, as one line."""
    try:
        yield
    except UNUSABLE as error:
        raise CorpusError(f"cannot write to the corpus {root}: {_line(error)}; it is as before") from error


def _line(error: BaseException) -> str:
    return " ".join(str(error).split())[:300]


def _query(found: Prints) -> dict[str, np.ndarray]:
    """The fingerprints of the repository at hand as columns: its features and the blind hashes of its definitions."""
    whole = np.flatnonzero(found.blind != 0)
    bag = np.concatenate((np.repeat(np.arange(len(found.path)), np.diff(found.start)), whole))
    return {
        "bag": bag.astype(np.int32),
        "hash": np.concatenate((found.feature, found.blind[whole])).view(np.int64),
        "kind": np.concatenate((np.where(found.own, OWN, FEATURE), np.full(len(whole), UNIT))).astype(np.int16),
        "unheard": np.concatenate((found.unheard, np.zeros(len(whole), bool))),
        "count": np.concatenate((found.count, np.ones(len(whole)))).astype(np.int32),
        "weight": np.concatenate((found.weight, np.full(len(whole), UNIT_WEIGHT))) / BITS_STEP,
    }


def _often(query: dict[str, np.ndarray]) -> np.ndarray:
    return 1.0 + np.log2(query["count"])


def _weighed(query: dict[str, np.ndarray], often: pa.Table, total: int, products: int) -> dict[str, np.ndarray]:
    """The query with weights that know the corpus, the rarity of each row in it, and which rows find candidates.

    What many fragments of the corpus have is common, whatever the background says. Rows are used rarest first, until
    the join would have more than `products` rows. They count by their rarity there, not by their weight: a small
    expression made of common parts adds few bits to these, but it leads to the few that have it.
    """
    known, fragments = numbers_of(often, "hash"), numbers_of(often, "fragments")
    order = np.argsort(known)
    known, fragments = known[order], fragments[order]
    at = np.minimum(np.searchsorted(known, query["hash"]), max(len(known) - 1, 0))
    there = known[at] == query["hash"] if len(known) else np.zeros(len(at), bool)
    count = np.where(there, fragments[at], 0) if len(known) else np.zeros(len(at), np.int64)
    with np.errstate(divide="ignore"):
        others = -np.log2(np.maximum(count - 1, 0) / max(total, 1))
    weight = np.minimum(query["weight"], others)
    # In steps, as weights are: their sums, by which partners are ranked, are then the same in any order.
    rarity = np.round(-np.log2(np.maximum(count, 1) / max(total, 1)) * BITS_STEP) / BITS_STEP
    rarest = np.argsort(count, kind="stable")
    rarest = rarest[: int(np.searchsorted(np.cumsum(count[rarest]), products))]
    rare = np.zeros(len(at), bool)
    rare[rarest] = True
    # A function that was taken alone calls what is not defined here. If that was renamed, nobody else says the name:
    # it is as one's own, no difference from the source.
    told = (query["kind"] == FEATURE) & (there | ~query["unheard"])
    return query | {
        "weight": weight,
        "rarity": rarity,
        "rare": rare & there & (rarity > 0),
        "told": told.astype(np.float64),
    }


def _shared(row: dict, found: Prints, bits: np.ndarray) -> Shared:
    i = row["bag"]
    ours = [int(h[i].view(np.int64)) for h in (found.raw, found.blind)]
    equal = 1 if row["raw"] == ours[0] != 0 else 2 if row["blind"] == ours[1] != 0 else 3
    return Shared(
        fragment=i,
        repository=row["repository"],
        path=row["path"],
        first=row["start_line"],
        last=row["end_line"],
        name=row["name"],
        kind=row["kind"],
        tokens=row["tokens"],
        matched=row["matched"],
        left_only=max(0.0, float(bits[i]) - row["left_told"]),
        right_only=max(0.0, row["bits"] - row["right_told"]),
        equal=equal,
    )
