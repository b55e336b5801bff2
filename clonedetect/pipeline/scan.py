"""The run, in the order in which the rooms work. The only place that knows it."""

from __future__ import annotations

import time
from collections import Counter
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from clonedetect import __version__
from clonedetect.acquire import OpenHistory, acquire, default_cache_dir
from clonedetect.assess import identity_evidence, source_evidence, verdict
from clonedetect.corpus import load_background
from clonedetect.domain import Comparison, Identity, SideSummary
from clonedetect.grammar import languages_by_extension
from clonedetect.identity import equal_files, weight_share
from clonedetect.parse import parse
from clonedetect.pipeline.channels import examine
from clonedetect.pipeline.compared import Compared
from clonedetect.pipeline.histories import open_histories
from clonedetect.pipeline.options import Options
from clonedetect.pipeline.quotes import quotes
from clonedetect.pipeline.readings import reading
from clonedetect.pipeline.remembered import Memory, examined_of, grouped
from clonedetect.pipeline.source import compare_source

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from clonedetect.domain import Forest, Snapshot
    from clonedetect.pipeline.remembered import Examined


class _Clock:
    """Seconds by stage; tells the caller which stage begins."""

    def __init__(self, progress: Callable[[str, float | None], None] | None) -> None:
        self.progress, self.stages, self.last = progress, [], time.perf_counter()

    def done(self, stage: str, then: str | None = None) -> None:
        now = time.perf_counter()
        self.stages.append((stage, round(now - self.last, 3)))
        self.last = now
        if then:
            self.stage(then, None)

    def stage(self, name: str, share: float | None) -> None:
        if self.progress:
            self.progress(name, share)


def scan(
    left: str | Path,
    right: str | Path,
    ancestors: Sequence[str | Path] = (),
    options: Options | None = None,
    progress: Callable[[str, float | None], None] | None = None,
) -> Comparison:
    """Compare two repositories.

    `left`, `right` and `ancestors` are origins: a directory, a git URL, `owner/name`, `hf:owner/name`, each with an
    optional `@revision`. `progress(stage, share)` is called as the run goes on. Raises OriginError for an origin that
    cannot be read; a single unreadable file is a `skipped` entry instead.
    """
    options = options or Options()
    return compare(read_sides(left, right, ancestors, options, progress), options, progress)


def read_sides(
    left: str | Path,
    right: str | Path,
    ancestors: Sequence[str | Path],
    options: Options,
    progress: Callable[[str, float | None], None] | None = None,
) -> list[Snapshot]:
    """What `compare` takes: left, right, ancestors. Raises OriginError."""
    if progress:
        progress("reading", None)
    return [
        acquired(str(left), options.left_subdir, options, progress),
        acquired(str(right), options.right_subdir, options, progress),
        *(acquired(str(a), None, options, progress) for a in ancestors),
    ]


def compare(
    snapshots: Sequence[Snapshot],
    options: Options,
    progress: Callable[[str, float | None], None] | None = None,
    carried: Mapping[str, Any] | None = None,
) -> Comparison:
    """Compare repositories that were read: left, right, then ancestors.

    carried: what is known of channels already (`channels.examine`).
    """
    clock = _Clock(progress)
    clock.done("start", "parsing")
    cache = (options.cache_dir or default_cache_dir()) if options.cache else None

    @lru_cache(1)
    def forests() -> list[Forest]:
        return parse(
            [("left", snapshots[0].files), ("right", snapshots[1].files), *(("left", s.files) for s in snapshots[2:])],
            jobs=options.jobs,
            cache=cache and cache / "columns.sqlite",
            progress=lambda done, total: clock.stage("parsing", done / total),
        )

    background = load_background()
    identity = _identity(snapshots[0], snapshots[1])
    memory = Memory(cache and cache / "comparisons.sqlite", snapshots, identity, options.rewritten)
    source = memory.recall()
    examined = memory.examined(source) if source else [examined_of(forest) for forest in forests()]
    clock.done("parse", "normalising")
    texts = [file for one in examined for file in one.files] if options.rewritten else []
    with reading(texts, options.jobs, cache and cache / "readings.sqlite") as readings:
        if source is None:
            ancestors = [(s.origin, forest) for s, forest in zip(snapshots[2:], forests()[2:], strict=True)]
            pairs, classes = compare_source(
                *forests()[:2],
                ancestors,
                background,
                options.jobs,
                clock.stage,
                options.rewritten,
                cache and cache / "forms.sqlite",
            )
            clock.done("source", "grouping")
            source = grouped(pairs, classes, identity, examined)
            memory.keep(source, examined)
            clock.done("group")
        sides = [_summary(s, one) for s, one in zip(snapshots, examined, strict=True)]
        with open_histories(snapshots[0], snapshots[1], options, clock.stage) as histories:
            findings, around, absent = examine(
                Compared(
                    left=snapshots[0],
                    right=snapshots[1],
                    ancestors=tuple(snapshots[2:]),
                    left_files=examined[0].files,
                    right_files=examined[1].files,
                    forests=forests,
                    pairs=source.pairs,
                    renames=source.renames,
                    background=background,
                    histories=histories,
                    readings=readings,
                    options=options,
                    tell=clock.stage,
                ),
                carried,
            )
            walks = [h.walk if isinstance(h, OpenHistory) else None for h in (histories.left, histories.right)]
            alike = equal_files(snapshots[0], snapshots[1], *walks, snapshots[2:])
        identity = Identity(identity.files, alike, weight_share(snapshots[0], snapshots[1], alike))
    evidence = tuple(e for e in (*source_evidence(source.pairs, *sides[:2]), identity_evidence(identity), *around) if e)
    clock.done("channels")
    quoted = quotes(examined[0].files, examined[1].files, source.pairs)
    clock.done("quote")
    return Comparison(
        version=__version__,
        options=options.reported(),
        left=sides[0],
        right=sides[1],
        ancestors=tuple(sides[2:]),
        clone_pairs=source.pairs,
        clone_classes=source.classes,
        file_pairs=source.files,
        rename_map=source.renames,
        identity=identity,
        evidence=evidence,
        verdict=verdict(
            evidence,
            source.pairs,
            sides[0],
            sides[1],
            findings.history,
            ancestors=[s.origin for s in snapshots[2:]],
            absent=[name for name, _ in absent],
            attribution=findings.attribution,
        ),
        findings=findings,
        channels=absent,
        quotes=quoted,
        seconds=tuple(clock.stages) if options.times else (),
    )


def acquired(
    origin: str, subdir: str | None, options: Options, progress: Callable[[str, float | None], None] | None
) -> Snapshot:
    """An origin as the options say to read it. Raises OriginError."""
    return acquire(
        origin,
        subdir=subdir,
        include=options.include,
        exclude=options.exclude,
        cache_dir=options.cache_dir,
        max_bytes=options.max_bytes,
        extensions=languages_by_extension(),
        vendored=options.vendored,
        generated=options.generated,
        progress=progress,
    )


def _identity(left: Snapshot, right: Snapshot) -> Identity:
    """Files with equal content on both sides; the empty file is nobody's."""
    by_id: dict[str, list[str]] = {}
    for entry in right.entries:
        if entry.size:
            by_id.setdefault(entry.lfs_oid or entry.blob, []).append(entry.path)
    found = [
        (entry.path, path, entry.lfs_oid or entry.blob)
        for entry in left.entries
        if entry.size
        for path in by_id.get(entry.lfs_oid or entry.blob, ())
    ]
    return Identity(tuple(sorted(found)))


def _summary(snapshot: Snapshot, examined: Examined) -> SideSummary:
    languages = Counter(f.language for f in snapshot.files)
    return SideSummary(
        origin=snapshot.origin,
        revision=snapshot.revision,
        dirty=snapshot.dirty,
        files=len(examined.files),
        lines=sum(examined.lines),
        languages=tuple(sorted(languages.items())),
        skipped=tuple(sorted((*snapshot.skipped, *examined.skipped), key=lambda s: (s.path, s.reason))),
        first_commit=snapshot.first_commit,
        last_commit=snapshot.last_commit,
        notes=snapshot.notes,
    )
