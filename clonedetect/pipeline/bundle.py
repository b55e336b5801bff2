"""The evidence bundle: what a scan read and found, put into one file; and the scan run again from that file alone."""

from __future__ import annotations

import hashlib
import json
import platform
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass, fields, is_dataclass, replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from clonedetect import __version__
from clonedetect.acquire import Restored, pack_repository, restore_repository
from clonedetect.bundle import Archive, contents, open_archive, snapshot_from_json, snapshot_to_json, write_archive
from clonedetect.domain import Comparison, Snapshot
from clonedetect.errors import BundleError, OriginError
from clonedetect.pipeline.options import SILENT, Options
from clonedetect.pipeline.scan import compare

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping, Sequence

RUN: Final = "run.json"
QUOTES: Final = "quotes.json"
REPORT: Final = "reports/report.json"
MOST_JSON: Final = 1_000_000_000  # bytes of a record that is held in memory
MOST_INPUTS: Final = 1_000_000_000  # bytes of prediction files that a bundle carries
CARRIED: Final = ("weights",)  # channels whose input is too large to keep: what they found is taken from the report
_PACKAGES: Final = ("numpy", "scipy", "tree-sitter", "tree-sitter-python", "rapidfuzz", "networkx", "ml-dtypes")


@dataclass(frozen=True, slots=True)
class Rerun:
    """The scan from a bundle alone: what came out, and in words what each part of it rests on."""

    comparison: Comparison
    quotes: bytes
    rests_on: tuple[str, ...]


def write_bundle(
    path: Path,
    sides: Sequence[Snapshot],
    comparison: Comparison,
    options: Options,
    reports: Mapping[str, str],
    command_line: Sequence[str],
    files_only: bool = False,
    progress: Callable[[str, float | None], None] | None = None,
) -> str:
    """Put a scan into a bundle. Returns the SHA-256 of the file.

    sides: the snapshots that were compared, left and right first. reports: file name to text, report.json among them.
    files_only: keep the files that were read, without any history; else the repositories, as git bundles. Raises
    BundleError or OriginError.
    """
    tell = progress or (lambda stage, share: None)
    with tempfile.TemporaryDirectory(prefix="clonedetect-") as name:
        members: dict[str, bytes | Path] = {f"reports/{file}": text.encode() for file, text in reports.items()}
        members[QUOTES] = quotes_json(comparison)
        named, records = _names(len(sides)), []
        for side, snapshot in zip(named, sides, strict=True):
            tell(f"packing {side}", None)
            record, held = _pack(side, snapshot, None if files_only else options, Path(name))
            records.append(record)
            members |= held
        given, inputs = _options_out(options)
        members |= inputs
        run = {
            "tool": {"name": "clonedetect", "version": __version__},
            "command_line": list(command_line),
            "environment": environment(),
            "options": given,
            "sides": records,
        }
        members[RUN] = json.dumps(run, indent=1, ensure_ascii=True).encode()
        tell("writing the bundle", None)
        return write_archive(path, members)


def _names(count: int) -> list[str]:
    return ["left", "right", *(f"ancestor-{n}" for n in range(1, count - 1))]


def _pack(
    side: str, snapshot: Snapshot, options: Options | None, folder: Path
) -> tuple[dict[str, Any], dict[str, bytes | Path]]:
    """What the bundle records of a side, and the members that hold it. No options: its files alone."""
    members: dict[str, bytes | Path] = {f"{side}/snapshot.json": snapshot_to_json(snapshot)}
    record: dict[str, Any] = {"name": side, "origin": snapshot.origin, "revision": None}
    committed: frozenset[str] = frozenset()
    if snapshot.revision is not None and options is not None:
        target = folder / f"{side}.bundle"
        packed = pack_repository(snapshot.origin, snapshot.revision, target, cache_dir=options.cache_dir)
        members[f"{side}/repository.bundle"] = target
        committed = frozenset(packed.blobs.values())
        record |= {
            "revision": snapshot.revision,
            "shallow": list(packed.shallow),
            "inner": packed.inner,
            "committed": _committed(snapshot, packed.blobs),
        }
    for blob, sha256, data in contents(snapshot):
        if blob not in committed:
            members[f"{side}/files/{sha256}"] = data
    return record, members


def _committed(snapshot: Snapshot, blobs: Mapping[str, str]) -> bool:
    """Whether every file of the snapshot is that of its commit."""
    return not snapshot.dirty and all(blobs.get(entry.path) == entry.blob for entry in snapshot.entries)


def _options_out(options: Options) -> tuple[dict[str, Any], dict[str, bytes | Path]]:
    """The options that can change a finding; files that they name become members."""
    given: dict[str, Any] = {}
    members: dict[str, bytes | Path] = {}
    for each in fields(options):
        value = getattr(options, each.name)
        if each.name in SILENT:
            continue
        if isinstance(value, Path) or (isinstance(value, tuple) and value and isinstance(value[0], Path)):
            paths = value if isinstance(value, tuple) else (value,)
            made = []
            for number, path in enumerate(paths):
                root = f"inputs/{each.name}-{number}/{path.name}"
                made.append({"given": str(path), "input": root})
                for file in [path] if path.is_file() else sorted(p for p in path.rglob("*") if p.is_file()):
                    members[root if file == path else f"{root}/{file.relative_to(path).as_posix()}"] = file
            given[each.name] = made if isinstance(value, tuple) else made[0]
        else:
            given[each.name] = list(value) if isinstance(value, tuple) else value
    size = sum(file.stat().st_size for file in members.values() if isinstance(file, Path))
    if size > MOST_INPUTS:
        raise BundleError(f"the prediction files hold {size:,} bytes, more than the {MOST_INPUTS:,} a bundle carries")
    return given, members


def environment() -> dict[str, Any]:
    """What a run rests on beside its input: interpreter, system, the versions of the libraries that compute."""
    packages = {}
    for name in _PACKAGES:
        try:
            packages[name] = version(name)
        except PackageNotFoundError:
            packages[name] = "absent"
    return {"python": platform.python_version(), "platform": platform.platform(), "packages": packages}


def quotes_json(comparison: Comparison) -> bytes:
    """Every range that the reports quote: where it stands, the git blob id of its file, the SHA-256 of its text."""
    listed = [
        {
            "side": quote.side,
            "path": quote.path,
            "blob": quote.blob,
            "start_line": quote.start_line,
            "end_line": quote.start_line + quote.text.count("\n"),
            "sha256": hashlib.sha256(quote.text.encode("utf-8", "surrogatepass")).hexdigest(),
        }
        for quote in comparison.quotes
    ]
    return json.dumps(listed, indent=0, ensure_ascii=True).encode()


# ---------------------------------------------------------------- verifying


def open_bundle(path: Path) -> tuple[Archive, dict[str, Any]]:
    """A bundle whose every byte was checked, and what it says of its run. Raises BundleError."""
    archive = open_archive(path)
    try:
        run = json.loads(archive.read(RUN, MOST_JSON))
        sides = [side["name"] for side in run["sides"]]
        if len(sides) < 2 or sides != _names(len(sides)) or not isinstance(run["options"], dict):
            raise ValueError("it does not name a left and a right")
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise BundleError(f"{path}: {RUN} is damaged: {error}") from None
    return archive, run


def rerun(
    archive: Archive,
    run: Mapping[str, Any],
    recorded: Comparison,
    jobs: int | None = None,
    progress: Callable[[str, float | None], None] | None = None,
) -> Rerun:
    """Scan again from the bundle alone, in a directory of its own, without network or cache.

    recorded: the bundle's report, from which the `CARRIED` channels are taken over. Raises BundleError.
    """
    with tempfile.TemporaryDirectory(prefix="clonedetect-") as name, _defects(archive.path):
        folder = Path(name).resolve()
        told: list[str] = []
        snapshots = []
        labels: dict[str, str] = {}
        for side in run["sides"]:
            snapshot = _unpack(archive, side, folder / side["name"], told)
            labels[snapshot.origin] = str(side["origin"])
            snapshots.append(snapshot)
        options, inputs = _options_in(archive, run["options"], folder)
        labels |= inputs
        reasons = dict(recorded.channels)
        carried = {name: getattr(recorded.findings, name) or reasons.get(name) for name in CARRIED}
        told += [
            f"{name}: taken from the report and not compared again, since the files are not in the bundle"
            for name, found in carried.items()
            if not isinstance(found, str)
        ]
        options = replace(options, jobs=jobs, cache=False, cache_dir=folder / "cache", times=False)
        found = compare(snapshots, options, progress, carried=carried)
        found = _relabelled(found, sorted(labels.items(), key=lambda item: -len(item[0])))
        return Rerun(found, quotes_json(found), tuple(told))


@contextmanager
def _defects(path: Path) -> Generator[None]:
    """What a bundle with right hashes and wrong records runs into, as one clear error."""
    try:
        yield
    except OriginError as error:
        raise BundleError(f"{path}: {error}") from error
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise BundleError(f"{path}: {RUN} is damaged: {type(error).__name__} {error}") from error


def _unpack(archive: Archive, side: Mapping[str, Any], target: Path, told: list[str]) -> Snapshot:
    """A side's snapshot, its contents from the git bundle or the kept files, its origin a directory below `target`."""
    name = str(side["name"])
    restored: Restored | None = None
    if side["revision"] is not None:
        packed = archive.extract(f"{name}/repository.bundle", target.with_name(f"{name}.bundle"))
        shallow = [str(oid) for oid in side["shallow"]]
        restored = restore_repository(packed, str(side["revision"]), shallow, str(side["inner"]), target)
    else:
        target.mkdir(parents=True)
    text = archive.read(f"{name}/snapshot.json", MOST_JSON)
    wanted = _blobs(text, archive, name) if restored else []
    known = {blob: data for blob, data in restored.read(wanted, MOST_JSON) if data is not None} if restored else {}

    def content(blob: str, sha256: str) -> bytes:
        kept = f"{name}/files/{sha256}"
        if kept in archive.members:
            return archive.read(kept, MOST_JSON)
        if blob not in known:
            raise BundleError(f"{archive.path}: the content {blob} of {name} is missing")
        return known[blob]

    snapshot = snapshot_from_json(text, content)
    files = len(snapshot.files) + len(snapshot.documents)
    if restored is not None and side["committed"]:
        if not _committed(snapshot, restored.blobs):
            raise BundleError(f"{archive.path}: the files recorded of {name} are not those of {side['revision']}")
        told.append(f"{name}: {files:,} files of commit {snapshot.revision}, read from the bundle's own repository")
    else:
        told.append(f"{name}: {files:,} files as they were read, of no commit that the bundle could prove")
    return replace(snapshot, origin=str(restored.origin if restored else target))


def _blobs(text: bytes, archive: Archive, name: str) -> list[str]:
    """The blob ids of a recorded snapshot whose content is not kept as a file."""
    loaded = json.loads(text)
    rows = [*((row[1], row[2]) for row in loaded["files"]), *((row[1], row[2]) for row in loaded["documents"])]
    wanted = [str(blob) for blob, sha256 in rows if f"{name}/files/{sha256}" not in archive.members]
    if not all(blob.isalnum() for blob in wanted):
        raise ValueError("a blob id that is none")
    return list(dict.fromkeys(wanted))


def _options_in(archive: Archive, given: Mapping[str, Any], folder: Path) -> tuple[Options, dict[str, str]]:
    """The options again, with the files that they name written below `folder`; and those files' own names."""
    known = {each.name: each for each in fields(Options)}
    made: dict[str, Any] = {}
    labels: dict[str, str] = {}

    def placed(value: Mapping[str, Any]) -> Path:
        root = str(value["input"])
        for member in archive.members:
            if member == root or member.startswith(f"{root}/"):
                archive.extract(member, folder / member)
        labels[str(folder / root)] = str(value["given"])
        return folder / root

    for name, value in given.items():
        if name not in known or name in SILENT:
            raise BundleError(f"{archive.path}: {RUN} names the option {name!r}, which this version does not know")
        if isinstance(value, dict):
            made[name] = placed(value)
        elif isinstance(value, list):
            made[name] = tuple(placed(each) if isinstance(each, dict) else str(each) for each in value)
        elif value is None or isinstance(value, str | int | float):
            made[name] = value
        else:
            raise BundleError(f"{archive.path}: {RUN} has no sensible value of the option {name}")
    return Options(**made), labels


def _relabelled(value: Any, labels: Sequence[tuple[str, str]]) -> Any:
    """A value in which the directories of the re-run have the names that the run knew them by."""
    if isinstance(value, str):
        for ours, theirs in labels:
            value = value.replace(ours, theirs)
        return value
    if isinstance(value, tuple):
        return tuple(_relabelled(item, labels) for item in value)
    if is_dataclass(value) and not isinstance(value, type):
        changed = {each.name: _relabelled(getattr(value, each.name), labels) for each in fields(value)}
        return replace(value, **changed)
    return value


def differences(run: Mapping[str, Any]) -> list[str]:
    """In which versions this machine differs from the one that wrote the bundle, in words."""
    here = environment()
    there = run.get("environment", {})
    tool = run.get("tool", {}).get("version")
    told = [f"clonedetect {tool} there, {__version__} here"] if tool != __version__ else []
    packages = there.get("packages", {})
    told += [
        f"{name} {packages.get(name)} there, {found} here"
        for name, found in here["packages"].items()
        if packages.get(name) != found
    ]
    if there.get("python") != here["python"]:
        told.append(f"Python {there.get('python')} there, {here['python']} here")
    return told
