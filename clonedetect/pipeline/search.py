"""Which repositories of a corpus share rare fragments with one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from clonedetect import __version__
from clonedetect.acquire import acquire, default_cache_dir
from clonedetect.assess import shared_e_values, shared_score, worth_a_look
from clonedetect.corpus import open_corpus
from clonedetect.domain import Place, RepositoryMatch, Search, SharedPair
from clonedetect.grammar import languages_by_extension
from clonedetect.normalise import own_names
from clonedetect.parse import parse
from clonedetect.pipeline.library import corpus_form, entry_of, source_files
from clonedetect.pipeline.prints import forest_prints, outermost

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from clonedetect.domain import CorpusEntry, Prints, Shared


def corpus_search(
    root: Path,
    origin: str,
    engine: str = "duckdb",
    jobs: int | None = None,
    cache_dir: Path | None = None,
    progress: Callable[[str, float | None], None] | None = None,
) -> Search:
    """Search a corpus with a repository; the repository itself, if it is in the corpus, is left out.

    Raises OriginError, CorpusError.
    """
    tell = progress or (lambda stage, share: None)
    tell("reading", None)
    snapshot = acquire(origin, cache_dir=cache_dir, extensions=languages_by_extension())
    tell("fingerprints", None)
    cache = (cache_dir or default_cache_dir()) / "columns.sqlite"
    (forest,) = parse([("left", source_files(snapshot))], jobs=jobs, cache=cache)
    ours = forest_prints(forest, own_names([forest]))
    tell("searching", None)
    with open_corpus(root, corpus_form(), engine, jobs) as corpus:
        found = corpus.search(ours)
    own = entry_of(snapshot).key
    entries = {e.key: e for e in found.entries if e.key != own}
    pairs = [p for p in found.pairs if p.repository in entries]
    e_values = shared_e_values(pairs, len(ours.path), found.fragments)
    strong = [(p, e) for p, e in zip(pairs, e_values, strict=True) if worth_a_look(e, len(ours.path))]
    by_repository: dict[int, dict[int, tuple[Shared, float]]] = {}
    for pair, e_value in strong:
        best = by_repository.setdefault(pair.repository, {})
        if pair.fragment not in best or shared_score(pair) > shared_score(best[pair.fragment][0]):
            best[pair.fragment] = pair, e_value
    matches = [
        _match(entries[key], ours, [best[i] for i in outermost(ours, dict.fromkeys(best, key))])
        for key, best in by_repository.items()
    ]
    return Search(
        version=__version__,
        origin=snapshot.origin,
        revision=snapshot.revision,
        fragments=len(ours.path),
        corpus_repositories=len(found.entries),
        corpus_fragments=found.fragments,
        matches=tuple(sorted(matches, key=lambda m: (-m.bits, m.e_value, m.origin, m.revision or ""))),
        notes=tuple(f"the corpus is damaged: {what}" for what in found.damaged),
    )


def _match(entry: CorpusEntry, ours: Prints, best: Sequence[tuple[Shared, float]]) -> RepositoryMatch:
    pairs = [
        SharedPair(
            here=Place(ours.path[i], int(ours.first[i]), int(ours.last[i]), ours.name[i], ours.kind[i]),
            there=Place(pair.path, pair.first, pair.last, pair.name, pair.kind),
            type=pair.equal,
            alike=round(pair.matched / max(1e-9, pair.matched + pair.left_only + pair.right_only), 4),
            bits=round(pair.matched, 1),
            e_value=float(f"{e_value:.3g}"),
        )
        for pair, e_value in best
        for i in (pair.fragment,)
    ]
    return RepositoryMatch(
        origin=entry.origin,
        revision=entry.revision,
        licence=entry.licence,
        bits=round(sum(p.bits for p in pairs), 1),
        e_value=min(p.e_value for p in pairs),
        pairs=tuple(sorted(pairs, key=lambda p: (p.e_value, -p.bits, p.here.path, p.here.start_line))),
    )
