"""The check before publishing: is what stands here also elsewhere, and is it credited?"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Literal

from clonedetect import __version__
from clonedetect.acquire import acquire, changed_paths, default_cache_dir, path_matches
from clonedetect.assess import (
    is_credited,
    lead_e_value,
    one_to_one,
    pair_strength,
    remedy,
    shared_e_values,
    shared_score,
    worth_a_look,
)
from clonedetect.attribution import credit_of
from clonedetect.corpus import load_background, load_engine, open_corpus
from clonedetect.domain import Check, CheckFinding, CorpusEntry, Place
from clonedetect.errors import CloneDetectError
from clonedetect.grammar import languages_by_extension
from clonedetect.normalise import own_names
from clonedetect.parse import parse
from clonedetect.pipeline.library import corpus_add, corpus_form, entry_of, source_files
from clonedetect.pipeline.prints import forest_prints, outermost

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from clonedetect.domain import (
        Allow,
        CheckSettings,
        ClonePair,
        Forest,
        Fragment,
        Prints,
        Shared,
        Snapshot,
        SourceFile,
        Strength,
    )
    from clonedetect.pipeline.bags import Own

    Progress = Callable[[str, float | None], None]

_ORDER = ("none", "weak", "moderate", "strong", "decisive")
PAIR_E = 0.01  # E-value of a pair with one origin up to which it is a finding
SAME_SHARE = 0.6  # of what a fragment shares with the corpus, that an ancestor must share to explain it
SAMPLE = 1_000_000  # bytes of unchanged files on which the commonness of features is counted for changed ones
ALSO = 5  # other origins that a finding names


@dataclass(frozen=True, slots=True)
class CheckOptions:
    """How to check. staged, since: only changed files, against everything. today: ISO date for expiries."""

    staged: bool = False
    since: str | None = None
    engine: str = "duckdb"
    jobs: int | None = None
    cache: bool = True
    cache_dir: Path | None = None
    today: str = "1970-01-01"
    accepted: frozenset[str] = frozenset()


def check(path: str | Path, settings: CheckSettings, options: CheckOptions, progress: Progress | None = None) -> Check:
    """Check a repository against the origins and the corpus of its settings.

    Raises OriginError for an origin that cannot be read, CorpusError for a corpus that cannot.
    """
    tell = progress or (lambda stage, share: None)
    if not settings.against and not settings.corpus:
        raise CloneDetectError(
            "nothing to check against: --against ORIGIN or --corpus DIR, or the same in [tool.clonedetect]"
        )
    tell("reading", None)
    snapshot = _read(str(path), options)
    changed = None
    if options.staged or options.since is not None:
        there = changed_paths(Path(path), options.since)
        changed = frozenset(f.path for f in snapshot.files if f.path in there)
    findings: list[CheckFinding] = []
    notes: list[str] = list(snapshot.notes)
    repositories = fragments = 0
    if changed is None or changed:
        for origin in settings.against:
            tell(origin, None)
            findings += _against(snapshot, changed, origin, settings.ancestors, options, tell)
        if settings.corpus:
            tell("searching the corpus", None)
            found, repositories, fragments, damaged = _in_corpus(
                snapshot, changed, Path(settings.corpus), settings.ancestors, options
            )
            findings += found
            notes += [f"the corpus is damaged: {what}" for what in damaged]
    findings = [_judged(f, settings.allow, options) for f in _strongest(findings)]
    notes += _expired(settings.allow, options.today)
    failed = any(f.state == "new" and _ORDER.index(f.strength) >= _ORDER.index(settings.fail_on) for f in findings)
    return Check(
        version=__version__,
        origin=snapshot.origin,
        revision=snapshot.revision,
        files=len(source_files(snapshot)) if changed is None else len(changed),
        lines=sum(f.data.count(b"\n") for f in source_files(snapshot) if changed is None or f.path in changed),
        changed=None if changed is None else tuple(sorted(changed)),
        references=settings.against,
        corpus_repositories=repositories,
        corpus_fragments=fragments,
        fail_on=settings.fail_on,
        failed=failed,
        findings=tuple(sorted(findings, key=_reading_order)),
        notes=tuple(notes),
        skipped=snapshot.skipped,
    )


def _read(origin: str, options: CheckOptions) -> Snapshot:
    return acquire(origin, cache_dir=options.cache_dir, extensions=languages_by_extension())


def _cache(options: CheckOptions) -> Path | None:
    return (options.cache_dir or default_cache_dir()) / "columns.sqlite" if options.cache else None


# ---------------------------------------------------------------- against single origins


def _against(
    snapshot: Snapshot,
    changed: frozenset[str] | None,
    origin: str,
    ancestors: Sequence[str],
    options: CheckOptions,
    tell: Progress,
) -> list[CheckFinding]:
    """What a scan of the (changed) files against one origin finds beyond chance."""
    # Here, not above: a check against a corpus alone needs neither alignment nor graphs, and must start quickly.
    from clonedetect.pipeline.source import compare_source

    other = _read(origin, options)
    known = [_read(a, options) for a in ancestors]
    ours = [f for f in source_files(snapshot) if changed is None or f.path in changed]
    forests = parse(
        [("left", ours), ("right", source_files(other)), *(("left", source_files(k)) for k in known)],
        jobs=options.jobs,
        cache=_cache(options),
    )
    pairs, _ = compare_source(
        forests[0],
        forests[1],
        [(k.origin, f) for k, f in zip(known, forests[2:], strict=True)],
        load_background(),
        options.jobs,
        tell,
    )
    entry = entry_of(other)
    chosen = one_to_one([p for p in pairs if p.e_value is not None and p.e_value <= PAIR_E])
    return [_pair_finding(pair, entry, snapshot) for pair in chosen]


def _pair_finding(pair: ClonePair, entry: CorpusEntry, snapshot: Snapshot) -> CheckFinding:
    bits, e_value = pair.bits or 0.0, pair.e_value or 0.0
    finding = _finding(
        snapshot, entry, _place(pair.left), _place(pair.right), pair.type, pair.similarity, bits, e_value
    )
    if pair.explained_by is not None:
        return replace(finding, state="explained", why=pair.explained_by)
    return finding


def _place(fragment: Fragment) -> Place:
    path = fragment.path if fragment.cell is None else f"{fragment.path}#{fragment.cell}"
    return Place(path, fragment.start_line, fragment.end_line, fragment.name, fragment.kind)


# ---------------------------------------------------------------- against a corpus


def _in_corpus(
    snapshot: Snapshot, changed: frozenset[str] | None, root: Path, ancestors: Sequence[str], options: CheckOptions
) -> tuple[list[CheckFinding], int, int, tuple[str, ...]]:
    """(findings, repositories and fragments of the corpus, what of it is damaged)."""
    forest, names = _parsed(source_files(snapshot), changed, options)
    ours = forest_prints(forest, names, changed)
    with open_corpus(root, corpus_form(), options.engine, options.jobs) as corpus:
        found = corpus.search(ours)
    own = entry_of(snapshot).key  # a repository that is in the corpus itself is no source of its own code
    entries = {e.key: e for e in found.entries if e.key != own}
    pairs = [p for p in found.pairs if p.repository in entries]
    e_values = shared_e_values(pairs, len(ours.path), found.fragments)
    ranks: dict[int, list[tuple[float, Shared, float]]] = {}
    for pair, e_value in zip(pairs, e_values, strict=True):
        ranks.setdefault(pair.fragment, []).append((shared_score(pair), pair, e_value))
    best: dict[int, list[tuple[float, Shared, float]]] = {}
    ahead: set[int] = set()
    for number, ranked in ranks.items():
        ranked.sort(key=lambda item: (-item[0], item[1].repository, item[1].path, item[1].first))
        listed = [item for item in ranked if worth_a_look(item[2], len(ours.path))]
        if not listed:
            score, first, _ = ranked[0]
            others = [p for _, p, _ in ranked if entries[p.repository].origin != entries[first.repository].origin]
            lead = lead_e_value(first, others, len(ours.path))
            listed = [] if lead is None else [(score, first, lead)]
            ahead |= {number} if listed else set()
        if listed:
            best[number] = listed
    inherited = _inherited(ours, ancestors, options) if ancestors and best else {}
    out = []
    for number in outermost(ours, {n: ranked[0][1].repository for n, ranked in best.items()}):
        ranked = best[number]
        _, pair, e_value = ranked[0]
        finding = _shared_finding(snapshot, ours, pair, entries[pair.repository], e_value)
        if number in ahead:  # that no other origin comes near says where to look, not how alike they are
            finding = replace(finding, strength="weak")
        others = dict.fromkeys(entries[p.repository].origin for _, p, _ in ranked if p.repository != pair.repository)
        finding = replace(finding, also=tuple(others)[:ALSO])
        if inherited.get(number, 0.0) >= SAME_SHARE * pair.matched:
            finding = replace(finding, state="explained", why="an ancestor has it")
        out.append(finding)
    return out, len(found.entries), found.fragments, found.damaged


def _parsed(files: Sequence[SourceFile], changed: frozenset[str] | None, options: CheckOptions) -> tuple[Forest, Own]:
    """The repository's parsed files and its own names. The engine is loaded meanwhile.

    Its own names are always those of all files; how common a feature is in it is counted, where only some files have
    changed, on these and on a sample of the others, which are the files returned.
    """
    sides: list[tuple[Literal["left"], Sequence[SourceFile]]] = [("left", files)]
    if changed is not None:
        sides.append(("left", _sample(files, changed)))
    forests = parse(sides, jobs=options.jobs, cache=_cache(options))
    load_engine()  # after the workers of `parse`: a process must not be forked while another thread imports
    return forests[-1], own_names(forests[:1])


def _sample(files: Sequence[SourceFile], changed: frozenset[str]) -> list[SourceFile]:
    """The changed files and others, by content id, up to `SAMPLE` bytes, in the order given."""
    chosen, size = set(changed), 0
    for file in sorted((f for f in files if f.path not in changed), key=lambda f: (f.blob, f.path)):
        size += len(file.data)
        if size > SAMPLE:
            break
        chosen.add(file.path)
    return [f for f in files if f.path in chosen]


def _inherited(ours: Prints, ancestors: Sequence[str], options: CheckOptions) -> dict[int, float]:
    """The most bits that each fragment shares with one fragment of an ancestor."""
    with TemporaryDirectory(prefix="clonedetect-") as name:
        root = Path(name) / "ancestors"
        corpus_add(root, ancestors, jobs=options.jobs, cache_dir=options.cache_dir)
        with open_corpus(root, corpus_form(), "duckdb", options.jobs) as corpus:
            found = corpus.search(ours)
    out: dict[int, float] = {}
    for pair in found.pairs:
        out[pair.fragment] = max(out.get(pair.fragment, 0.0), pair.matched)
    return out


def _shared_finding(snapshot: Snapshot, ours: Prints, pair: Shared, entry: CorpusEntry, e_value: float) -> CheckFinding:
    i = pair.fragment
    here = Place(ours.path[i], int(ours.first[i]), int(ours.last[i]), ours.name[i], ours.kind[i])
    there = Place(pair.path, pair.first, pair.last, pair.name, pair.kind)
    alike = pair.matched / max(1e-9, pair.matched + pair.left_only + pair.right_only)
    finding = _finding(snapshot, entry, here, there, pair.equal, alike, pair.matched, e_value)
    # A corpus keeps of a class what is in none of its methods: constants and their names, which a domain shares.
    return replace(finding, strength="weak") if pair.kind == "class" else finding


# ---------------------------------------------------------------- findings


def _finding(
    snapshot: Snapshot,
    entry: CorpusEntry,
    here: Place,
    there: Place,
    kind: int,
    alike: float,
    bits: float,
    e_value: float,
) -> CheckFinding:
    path = here.path.partition("#")[0]
    data = next((f.data for f in snapshot.files if f.path == path), b"")
    lines = data.decode("utf-8", "replace").splitlines()
    credit, kept = credit_of(entry, here.path, lines, here.start_line, snapshot.documents)
    done = is_credited(entry, credit, kept)
    return CheckFinding(
        clone=_fingerprint(lines[here.start_line - 1 : here.end_line], here, entry),
        here=here,
        origin=entry.origin,
        revision=entry.revision,
        there=there,
        type=kind,
        alike=round(alike, 4),
        bits=round(bits, 1),
        e_value=float(f"{e_value:.3g}"),
        strength=pair_strength(e_value, bits),
        licence=entry.licence,
        credit=credit,
        notice_kept=kept,
        remedy=remedy(entry, credit, kept),
        state="credited" if done else "new",
        why=f"named in {credit}" if done else "",
    )


def _fingerprint(lines: Sequence[str], here: Place, entry: CorpusEntry) -> str:
    """What the fragment says, layout aside, and where else it is: not where it stands."""
    text = "\n".join(" ".join(line.split()) for line in lines if line.strip())
    said = f"{here.kind}\0{text}\0{entry.origin}"
    return "c" + hashlib.sha256(said.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def _strongest(findings: list[CheckFinding]) -> list[CheckFinding]:
    """Each fragment with each origin once: an origin may be named and be in the corpus as well."""
    best: dict[tuple[str, int, int, str], CheckFinding] = {}
    for finding in findings:
        key = (finding.here.path, finding.here.start_line, finding.here.end_line, finding.origin)
        if key not in best or _ORDER.index(finding.strength) > _ORDER.index(best[key].strength):
            best[key] = finding
    return list(best.values())


def _judged(finding: CheckFinding, allow: Sequence[Allow], options: CheckOptions) -> CheckFinding:
    """The finding with what the repository's own settings and baseline say of it."""
    if finding.state != "new":
        return finding
    for one in allow:
        meant = finding.clone == one.clone if one.clone else path_matches(finding.here.path, one.path or "")
        if meant and (one.expires is None or options.today <= one.expires):
            return replace(finding, state="allowed", why=one.reason)
    if finding.clone in options.accepted:
        return replace(finding, state="accepted", why="in the baseline")
    return finding


def _expired(allow: Sequence[Allow], today: str) -> list[str]:
    return [
        f"the allowance for {one.path or one.clone} ({one.reason}) expired on {one.expires}"
        for one in allow
        if one.expires is not None and today > one.expires
    ]


def _reading_order(finding: CheckFinding) -> tuple[bool, int, float, str, int, str]:
    strength: Strength = finding.strength
    here = finding.here
    return finding.state != "new", -_ORDER.index(strength), -finding.bits, here.path, here.start_line, finding.origin
