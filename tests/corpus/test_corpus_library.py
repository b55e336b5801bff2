"""A corpus on disk: what is in it, what is found in it, and that no writer, crash or damage spoils it."""

from __future__ import annotations

import ast
import json
import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

pytest.importorskip("ibis", reason="the extra `corpus` is not installed")
pytest.importorskip("pyarrow", reason="the extra `corpus` is not installed")

from clonedetect.corpus import layout, open_corpus
from clonedetect.errors import CorpusError, MissingExtraError
from clonedetect.pipeline import corpus_add, corpus_list, corpus_remove, corpus_upgrade
from clonedetect.pipeline.library import corpus_form
from clonedetect.pipeline.search import corpus_search

ROOT = Path(__file__).parents[2]
VLM, CONDENSED = ROOT / "fixtures" / "vlm", ROOT / "fixtures" / "condensed"
ADD = [sys.executable, "-m", "clonedetect", "corpus", "add", "--quiet", "--jobs", "1"]


def files_of(root: Path) -> dict[str, bytes]:
    return {p.relative_to(root).as_posix(): p.read_bytes() for p in sorted(root.rglob("*")) if p.is_file()}


@pytest.fixture(scope="module")
def three(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A corpus of three of the fixtures. Tests that change it work on a copy."""
    root = tmp_path_factory.mktemp("corpora") / "three"
    added, known, failed = corpus_add(
        root, [str(VLM / "original"), str(VLM / "unrelated"), str(CONDENSED / "original")]
    )
    assert (len(added), known, failed) == (3, [], [])
    return root


@pytest.fixture
def copy(three: Path, tmp_path: Path) -> Path:
    for name, data in files_of(three).items():
        (tmp_path / "copy" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "copy" / name).write_bytes(data)
    return tmp_path / "copy"


@pytest.fixture
def ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The renamed copy, in a directory outside git."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    for name, data in files_of(VLM / "copy").items():
        (tmp_path / "ours" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "ours" / name).write_bytes(data)
    return str(tmp_path / "ours")


def test_the_source_of_a_renamed_copy_comes_first(three: Path, ours: str) -> None:
    found = corpus_search(three, ours, jobs=1)
    first, *others = found.matches
    assert first.origin.endswith("vlm/original") and first.licence == "MIT"
    assert len(first.pairs) > 90 and first.e_value < 1e-10
    assert all(m.bits < first.bits / 10 and m.e_value > 1e-3 for m in others)
    assert {"benchmark.py", "cli.py"} <= {p.here.path for p in first.pairs}
    assert found.corpus_fragments == sum(e.fragments for e in corpus_list(three))


def test_a_renamed_function_alone_leads_to_its_source(three: Path, tmp_path: Path, write, monkeypatch) -> None:
    """Its helpers and attributes are defined nowhere in the repository that took it."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    source = (VLM / "copy" / "benchmark.py").read_text("utf-8")
    functions = [n for n in ast.walk(ast.parse(source)) if isinstance(n, ast.FunctionDef)]
    longest = max(functions, key=lambda n: ((n.end_lineno or 0) - n.lineno, n.lineno))
    write(tmp_path / "mine", {"util.py": textwrap.dedent(ast.get_source_segment(source, longest, padded=True) or "")})
    first, *_ = corpus_search(three, str(tmp_path / "mine"), jobs=1).matches
    assert first.origin.endswith("vlm/original") and first.e_value < 1e-3
    assert first.pairs[0].here.name == longest.name


def test_a_function_out_of_another_one_leads_to_its_source(tmp_path: Path, write, monkeypatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    source = (VLM / "copy" / "benchmark.py").read_text("utf-8")
    functions = [n for n in ast.walk(ast.parse(source)) if isinstance(n, ast.FunctionDef)]
    longest = max(functions, key=lambda n: ((n.end_lineno or 0) - n.lineno, n.lineno))
    text = textwrap.dedent(ast.get_source_segment(source, longest, padded=True) or "")
    around = "\n".join(f"    first = dict(sorted({{'{n}': {n}, **first}}.items()))" for n in range(30))
    whole = f"def around(first):\n{around}\n{textwrap.indent(text, '    ')}\n    return {longest.name}, first\n"
    theirs = str(write(tmp_path / "theirs", {"a.py": whole}))
    added, *_ = corpus_add(tmp_path / "corpus", [theirs, str(VLM / "unrelated"), str(CONDENSED / "original")], jobs=1)
    assert [e.fragments for e in added if e.origin == theirs] == [2]
    found = corpus_search(tmp_path / "corpus", str(write(tmp_path / "mine", {"util.py": text})), jobs=1)
    assert [(p.here.name, p.there.name, p.type) for p in found.matches[0].pairs] == [
        (longest.name, f"around.{longest.name}", 1)
    ]
    # The other way round both are found, and the whole is told.
    same = str(write(tmp_path / "same", {"b.py": whole}))
    twice = corpus_search(tmp_path / "corpus", same, jobs=1)
    assert [p.here.name for p in twice.matches[0].pairs] == ["around"]


def test_rows_are_what_is_promised(three: Path) -> None:
    import pyarrow.parquet as pq

    names = set()
    for path in three.rglob("prints/*/*.parquet"):
        rows = pq.read_table(path)
        names |= set(rows.column_names)
        prefix = int(path.parent.name.removeprefix("prefix="))
        hashes = rows.column("hash").to_pylist()
        assert all((h >> 60) & 15 == prefix for h in hashes) and hashes == sorted(hashes)
    assert {"hash", "repository", "fragment", "kind", "weight", "count"} <= names
    fragments = pq.read_table(next(three.rglob("fragments/*.parquet")))
    assert {"repository", "path", "start_line", "end_line", "name", "kind", "bits"} <= set(fragments.column_names)
    assert not any(b"def generate" in data for data in files_of(three).values()), "no source text is kept"


def test_the_same_tree_again_changes_nothing(copy: Path) -> None:
    before = files_of(copy)
    added, known, _ = corpus_add(copy, [str(VLM / "original")])
    assert added == [] and len(known) == 1
    assert files_of(copy) == before


def test_equal_repositories_give_equal_segments(three: Path, tmp_path: Path) -> None:
    again = tmp_path / "again"
    corpus_add(again, [str(CONDENSED / "original"), str(VLM / "unrelated"), str(VLM / "original")], jobs=2)
    assert {n: d for n, d in files_of(again).items() if n.startswith("segments")} == {
        n: d for n, d in files_of(three).items() if n.startswith("segments")
    }


def test_what_is_removed_is_not_found(copy: Path, ours: str) -> None:
    gone = corpus_remove(copy, [e.origin for e in corpus_list(copy) if e.origin.endswith("vlm/original")])
    assert len(gone) == 1 and len(corpus_list(copy)) == 2
    assert not any(m.origin.endswith("vlm/original") for m in corpus_search(copy, ours, jobs=1).matches)
    corpus_add(copy, [str(VLM / "original")])
    assert corpus_search(copy, ours, jobs=1).matches[0].origin.endswith("vlm/original")
    with pytest.raises(Exception, match="has no nothing"):
        corpus_remove(copy, ["nothing"])


def test_many_small_segments_become_few(tmp_path: Path, write, monkeypatch: pytest.MonkeyPatch, ours: str) -> None:
    monkeypatch.setattr("clonedetect.corpus.library.MOST_SEGMENTS", 4)
    root = tmp_path / "small"
    corpus_add(root, [str(VLM / "original")])
    for n in range(6):
        text = f"def f{n}(a, b):\n    c = [x * {n} + b for x in range(a) if x % {n + 2} == {n}]\n    return c, sum(c)\n"
        corpus_add(root, [str(write(tmp_path / f"r{n}", {"a.py": text}))])
    manifest = layout.read_manifest(root, corpus_form())
    assert len(manifest.entries) == 7 and len(manifest.segments) <= 5
    assert {e.segment for e in manifest.entries} == {s.name for s in manifest.segments}
    assert corpus_search(root, ours, jobs=1).matches[0].origin.endswith("vlm/original")


# ---------------------------------------------------------------- damage, versions, crashes


@pytest.mark.parametrize("part", ["prints", "fragments"])
@pytest.mark.parametrize("how", ["truncated", "garbled", "gone"])
def test_a_damaged_file_is_named_and_the_rest_is_used(
    part: str, how: str, copy: Path, ours: str, write, tmp_path
) -> None:
    other = write(tmp_path / "other", {"a.py": (VLM / "original" / "heron" / "slicing.py").read_bytes()})
    corpus_add(copy, [str(other)])  # a segment of its own
    segment = next(e.segment for e in corpus_list(copy) if e.origin.endswith("vlm/original"))
    victim = max((copy / "segments" / segment / part).rglob("*.parquet"), key=lambda p: p.stat().st_size)
    data = victim.read_bytes()
    if how == "truncated":
        victim.write_bytes(data[: len(data) // 2])
    elif how == "garbled":  # the size and the end are as they were
        victim.write_bytes(data[:4] + bytes(len(data) - 16) + data[-12:])
    else:
        victim.unlink()
    found = corpus_search(copy, ours, jobs=1)
    assert any(victim.name in note and segment in note for note in found.notes), found.notes
    assert any(m.origin == str(other) for m in found.matches)


def test_a_corpus_of_another_version_is_one_clear_line_and_can_be_upgraded(copy: Path, ours: str) -> None:
    manifest = layout.read_any_manifest(copy)
    data = json.loads((copy / "manifest.json").read_text())
    (copy / "manifest.json").write_text(json.dumps(data | {"form": "0/older"}))
    with pytest.raises(CorpusError, match=r"of another version .*corpus upgrade"):
        corpus_search(copy, ours)
    with pytest.raises(CorpusError, match="another version"):
        corpus_add(copy, [str(VLM / "original")])
    done, failed = corpus_upgrade(copy)
    # Fixtures are read at their revision, which may lack what a work tree has.
    assert manifest is not None and len(done) + len(failed) == len(manifest.entries)
    assert layout.read_manifest(copy, corpus_form()).form == corpus_form()


@pytest.mark.parametrize("content", ["", "[]", "{", '{"schema": "clonedetect-corpus/9"}', '{"schema": 1}', "\x00"])
def test_a_manifest_that_is_none_is_one_clear_line(content: str, tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_text(content)
    with pytest.raises(CorpusError) as raised:
        corpus_list(tmp_path)
    assert "\n" not in str(raised.value)


def test_a_manifest_cannot_lead_out_of_the_corpus(copy: Path) -> None:
    data = json.loads((copy / "manifest.json").read_text())
    data["segments"][0]["name"] = "../../elsewhere"
    (copy / "manifest.json").write_text(json.dumps(data))
    with pytest.raises(CorpusError, match="outside"):
        corpus_list(copy)


def test_a_directory_of_something_else_is_not_written_to(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(CorpusError, match="something else"):
        corpus_add(tmp_path, [str(VLM / "original")])
    assert [p.name for p in tmp_path.iterdir()] == ["notes.txt"]


def environment(tmp_path: Path) -> dict[str, str]:
    return os.environ | {"PYTHONPATH": str(ROOT), "XDG_CACHE_HOME": str(tmp_path / "cache")}


@pytest.mark.slow
def test_two_writers_at_once(tmp_path: Path, ours: str) -> None:
    root = tmp_path / "both"
    sides = [[VLM / "original", VLM / "unrelated"], [VLM / "original", CONDENSED / "original"]]
    runs = [
        subprocess.Popen([*ADD, root, *origins], env=environment(tmp_path), stderr=subprocess.PIPE, text=True)
        for origins in sides
    ]
    for run in runs:
        _, errors = run.communicate(timeout=120)
        assert run.returncode == 0, errors
    entries = corpus_list(root)
    assert len(entries) == len({e.key for e in entries}) == 3
    found = corpus_search(root, ours, jobs=1)
    pairs = [p.here for m in found.matches if m.origin.endswith("vlm/original") for p in m.pairs]
    assert len(pairs) == len(set(pairs)) > 90, "nothing counts twice"


@pytest.mark.slow
def test_a_killed_writer_leaves_a_valid_corpus(copy: Path, tmp_path: Path, write, ours: str) -> None:
    before = len(corpus_list(copy))
    source = (VLM / "original" / "heron" / "train.py").read_text()
    for n, delay in enumerate((0.6, 1.0, 1.4, 1.8, 2.2)):
        files = {f"m{k}.py": source.replace("0.5", f"{n}.{k}") for k in range(30)}
        repo = write(tmp_path / f"repo{n}", files)
        run = subprocess.Popen([*ADD, copy, repo], env=environment(tmp_path), stderr=subprocess.DEVNULL)
        time.sleep(delay)
        run.send_signal(signal.SIGKILL)
        run.wait(timeout=30)
        entries = corpus_list(copy)
        assert before <= len(entries) <= before + n + 1
        assert corpus_search(copy, ours, jobs=1).matches[0].origin.endswith("vlm/original")
    assert corpus_add(copy, [str(tmp_path / "repo0")])[2] == []


def test_what_a_killed_writer_left_is_swept_in_time(copy: Path) -> None:
    left = [copy / "partial" / "1-abc", copy / "segments" / "neverlisted"]
    for path in left:
        path.mkdir(parents=True)
        (path / "x.parquet").write_bytes(b"PAR1")
    fresh = copy / "partial" / "2-def"
    fresh.mkdir()
    for path in left:
        os.utime(path, (0, 0))
    corpus_add(copy, [str(VLM / "copy")])
    assert not any(p.exists() for p in left) and fresh.exists()


def test_a_full_disk_leaves_the_corpus_as_it_was(copy: Path, tmp_path: Path, ours: str) -> None:
    """No file may grow beyond 20 kB, as on a disk that is full: the write fails inside the engine."""
    before = files_of(copy)
    program = (
        "import resource, signal, sys\nsignal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "from clonedetect.__main__ import main\nimport clonedetect.corpus.library, clonedetect.pipeline.library\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))\n"
        f"sys.argv = ['clonedetect', 'corpus', 'add', {str(copy)!r}, {ours!r}]\nmain()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], env=environment(tmp_path), capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 1 and "Traceback" not in done.stderr, done.stderr
    assert done.stderr.startswith("clonedetect: cannot write to the corpus") and done.stderr.count("\n") == 1
    after = files_of(copy)
    assert {n: d for n, d in after.items() if n != "lock"} == {n: d for n, d in before.items() if n != "lock"}


def test_a_reader_waits_for_no_writer(copy: Path, ours: str) -> None:
    import fcntl

    with (copy / "lock").open("w") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        assert corpus_search(copy, ours, jobs=1).matches


def test_an_engine_that_does_not_exist_or_does_not_answer(three: Path) -> None:
    with pytest.raises(CorpusError, match="no engine"), open_corpus(three, corpus_form(), "sqlite"):
        pass
    began = time.monotonic()
    with (
        pytest.raises(CorpusError, match="no Spark master answers"),
        open_corpus(three, corpus_form(), "spark://127.0.0.1:9"),
    ):
        pass
    assert time.monotonic() - began < 10


def test_a_missing_extra_is_named(three: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "clonedetect.corpus.library", None)
    with pytest.raises(MissingExtraError, match=r"clonedetect\[corpus\]"):
        open_corpus(three, corpus_form())


# ---------------------------------------------------------------- packages


@pytest.mark.slow
def test_the_environment_can_be_added(tmp_path: Path) -> None:
    added, _, failed = corpus_add(tmp_path / "env", [], installed=True)
    found = {e.origin: e for e in added}
    assert failed == [] and {"pypi:pytest", "pypi:typer"} <= found.keys()
    assert found["pypi:pytest"].licence == "MIT" and found["pypi:pytest"].fragments > 300


@pytest.mark.registry
def test_a_published_package_is_read_from_its_wheel(tmp_path: Path) -> None:
    try:
        added, _, _ = corpus_add(tmp_path / "one", ["pypi:itsdangerous==2.2.0"], cache_dir=tmp_path / "cache")
    except Exception as error:
        if os.environ.get("CI") == "true":
            pytest.fail(f"CI needs the package registry: {error}")
        pytest.skip(f"no package registry here: {error}")
    (entry,) = added
    assert (entry.origin, entry.revision, entry.licence) == ("pypi:itsdangerous", "2.2.0", "BSD-3-Clause")
    assert "itsdangerous" in entry.names and entry.fragments > 10


@pytest.mark.parametrize(
    "origin", ["pypi:", "pypi:flask", "pypi:--help==1", "pypi:a b==1", "pypi:flask==", "pypi:x==1;y"]
)
def test_a_package_must_be_pinned(origin: str, tmp_path: Path) -> None:
    with pytest.raises(Exception, match="write pypi:name==version"):
        corpus_add(tmp_path / "one", [origin])
