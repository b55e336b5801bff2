"""The command line as a user meets it: statuses, streams, files, bad input, interruption."""

from __future__ import annotations

import hashlib
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CASE = ROOT / "fixtures" / "clones" / "type2"
NOTHING = {"a.py": "x = 1\n"}


@pytest.fixture
def inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    """As the fixture `clonedetect`, in this process: quicker."""
    from clonedetect.cli import main

    for name in ("HOME", "XDG_CACHE_HOME"):
        monkeypatch.setenv(name, str(tmp_path / ".home"))
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
        monkeypatch.setattr(sys, "argv", ["clonedetect", *map(str, arguments)])
        capsys.readouterr()
        status = 0
        try:
            main()
        except SystemExit as stop:
            status = stop.code if isinstance(stop.code, int) else 0
        out, err = capsys.readouterr()
        return subprocess.CompletedProcess(list(arguments), status, out, err)

    return run


def sane(done: subprocess.CompletedProcess[str], status: int) -> None:
    """The status, no traceback anywhere, and an error on one line."""
    assert done.returncode == status, done.stderr
    assert "Traceback" not in done.stderr + done.stdout
    if status == 1:
        assert done.stdout == ""
        assert done.stderr.startswith("clonedetect: ") and done.stderr.count("\n") == 1, done.stderr


def test_json_alone_on_stdout(clonedetect) -> None:
    done = clonedetect("scan", CASE / "left", CASE / "right", "--format", "json")
    sane(done, 0)
    report = json.loads(done.stdout)
    assert report["schema"] == "clonedetect-report/1" and len(report["clone_pairs"]) == 2
    assert done.stderr == "", "no terminal, no progress"


def test_the_summary_names_both_sides_and_accuses_nobody(clonedetect) -> None:
    done = clonedetect("scan", CASE / "left", CASE / "right")
    sane(done, 0)
    assert "TideGauge" in done.stdout and "LevelMeter" in done.stdout
    assert not re.search("stolen|theft|plagiar|thief", done.stdout, re.IGNORECASE)


def test_out_gets_all_formats_or_those_named(inside, tmp_path: Path) -> None:
    done = inside("scan", CASE / "left", CASE / "right", "--out", tmp_path / "all")
    sane(done, 0)
    names = {p.name for p in (tmp_path / "all").iterdir()}
    assert {"report.html", "report.json", "report.sarif", "report.md"} <= names
    assert not [n for n in names if n.endswith(".part")]
    sane(inside("scan", CASE / "left", CASE / "right", "--out", tmp_path / "one", "--format", "json"), 0)
    assert [p.name for p in (tmp_path / "one").iterdir()] == ["report.json"]
    again = inside("report", tmp_path / "one" / "report.json", "--format", "md")
    sane(again, 0)
    assert again.stdout.rstrip("\n") == (tmp_path / "all" / "report.md").read_text().rstrip("\n").replace("\r\n", "\n")


def test_fail_on_gives_status_three(inside, write, tmp_path: Path) -> None:
    left, right = ROOT / "fixtures" / "vlm" / "original", ROOT / "fixtures" / "vlm" / "copy"
    sane(inside("scan", left, right, "--fail-on", "weak", "--format", "json"), 3)
    nothing = write(tmp_path / "nothing", NOTHING)
    sane(inside("scan", left, nothing, "--fail-on", "weak", "--format", "json"), 0)


@pytest.mark.parametrize(
    "arguments",
    [
        ["scan"],
        ["scan", "."],
        ["scan", ".", ".", ".", "--left-weights", "."],
        ["scan", ".", ".", "--format", "xml"],
        ["scan", ".", ".", "--jobs", "0"],
        ["scan", ".", ".", "--fail-on", "certain"],
        ["scan", ".", ".", "--no-such-option"],
        ["no-such-command"],
    ],
)
def test_usage_errors_give_status_two(arguments: list[str], inside) -> None:
    done = inside(*arguments)
    sane(done, 2)
    assert done.stdout == "" and done.stderr


def test_no_arguments_show_the_help(inside) -> None:
    done = inside()
    assert "scan" in done.stdout + done.stderr and "Traceback" not in done.stderr
    assert inside("--version").stdout.startswith("clonedetect 0.")


def test_help_is_quick_and_loads_no_heavy_library(clonedetect) -> None:
    done = clonedetect("scan", "--help")
    sane(done, 0)
    for option in ("--ancestor", "--format", "--fail-on", "--reproducible", "--jobs"):
        assert option in done.stdout
    program = "import sys; sys.argv = ['clonedetect', '--help']\nfrom clonedetect.__main__ import main\n"
    program += "try: main()\nexcept SystemExit: pass\n"
    program += (
        "print([m for m in ('numpy', 'scipy', 'networkx', 'git', 'jinja2') if m in sys.modules], file=sys.stderr)"
    )
    began = os.times()
    env = os.environ | {"PYTHONPATH": str(ROOT)}
    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, env=env)
    used = os.times()
    assert loaded.stderr.strip() == "[]"
    spent = used.children_user + used.children_system - began.children_user - began.children_system
    assert spent < 1.0, "CPU seconds; 0.3 s of wall time is the aim on an idle machine"


# ---------------------------------------------------------------- origins that cannot be read


@pytest.mark.parametrize(
    "origin", ["nowhere", "./a/b/c", "/nonexistent/path", "dir@nosuchrevision", "file:///nonexistent/repo.git", ""]
)
def test_an_origin_that_cannot_be_read_is_one_line(origin: str, inside, write, tmp_path: Path) -> None:
    write(tmp_path / "dir", NOTHING)
    for sides in ((origin, "dir"), ("dir", origin)):
        done = inside("scan", *sides)
        sane(done, 1)
        assert len(done.stderr) > len("clonedetect: ") + 10
    sane(inside("scan", "dir", "dir", "--ancestor", origin), 1)


def test_an_unwritable_out_is_one_line(inside, write, tmp_path: Path) -> None:
    write(tmp_path / "dir", NOTHING)
    (tmp_path / "file").write_text("in the way")
    sane(inside("scan", "dir", "dir", "--out", tmp_path / "file" / "out"), 1)


@pytest.mark.parametrize(
    "content", ["", "{", "[]", "null", '{"schema": "other/9"}', '{"schema": "clonedetect-report/1"}', "\x00"]
)
def test_a_report_that_is_none_is_one_line(content: str, inside, tmp_path: Path) -> None:
    (tmp_path / "report.json").write_text(content)
    sane(inside("report", tmp_path / "report.json"), 1)
    sane(inside("report", tmp_path / "missing.json"), 1)


# ---------------------------------------------------------------- repositories that are odd


def scanned(clonedetect, left: Path, right: Path) -> dict:
    done = clonedetect("scan", left, right, "--format", "json")
    sane(done, 0)
    return json.loads(done.stdout)


def git(path: Path, *arguments: str) -> None:
    settings = ["-c", "user.name=Test", "-c", "user.email=test@example.invalid", "-c", "init.defaultBranch=main"]
    subprocess.run(["git", *settings, *arguments], cwd=path, check=True, capture_output=True)


def test_nothing_to_compare(inside, write, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    bare = tmp_path / "unborn"
    bare.mkdir()
    git(bare, "init", "-q")
    prose = write(tmp_path / "prose", {"README.md": "words", "main.c": "int main;"})
    blank = write(tmp_path / "blank", {"a.py": "", "b.py": "\n\n", "c.py": "# nothing\n", "d.py": '"""Nothing."""\n'})
    for left in (empty, bare, prose, blank):
        report = scanned(inside, left, prose if left is empty else empty)
        assert report["clone_pairs"] == [] and report["verdict"]["strength"] == "none"
    assert scanned(inside, blank, blank)["clone_pairs"] == []


GOOD = """\
def spread(points, centre, least=3):
    total = 0.0
    for point in points:
        gap = abs(point - centre) ** 2
        if gap > least:
            total += gap / (least + 1)
        else:
            total -= gap * 0.25
    return total / max(1, len(points))
"""


def test_bad_files_cost_only_themselves(clonedetect, write, tmp_path: Path) -> None:
    bad: dict[str, str | bytes] = {
        "nul.py": b"x = 1\0\0\0",
        "latin.py": "s = 'é'\n".encode("latin-1"),
        "long.py": b"x = [" + b"1, " * 3_500_000 + b"]\n",
        "deep.py": b"x = " + b"(" * 100_000 + b")" * 100_000 + b"\n",
        "nested.py": b"".join(b" " * i + b"if x:\n" for i in range(400)) + b" " * 400 + b"y = 1\n",
        "broken.py": "def f(:\n    return (\n",
        "comments.py": b"# a\n" * 100_000 + b"x = 1\n",
        "continued.py": b"x = 1" + b" + \\\n1" * 50_000 + b"\n",
        "bad.ipynb": "{not json",
        "deep.ipynb": "[" * 100_000,
        "new\nline.py": "x = 1\n",
        "tab\there.py": "x = 1\n",
        'it\'s "quoted" <b>&.py': "x = 1\n",
        "crlf.py": GOOD.replace("\n", "\r\n"),
        "bom.py": b"\xef\xbb\xbf" + GOOD.encode(),
        "tabs.py": GOOD.replace("    ", "\t"),
    }
    left = write(tmp_path / "left", bad)
    (left / "self").symlink_to("self")
    (left / "loop").symlink_to(".")
    (left / "out.py").symlink_to("/etc/passwd")
    (left / "gone.py").symlink_to("missing.py")
    os.mkfifo(left / "pipe.py")
    right = write(tmp_path / "right", {"good.py": GOOD.replace("points", "items").replace("total", "amount")})
    began = time.monotonic()
    report = scanned(clonedetect, left, right)
    assert time.monotonic() - began < 45
    found = {p["left"]["path"] for p in report["clone_pairs"] if p["type"] == 2}
    assert found == {"crlf.py", "bom.py", "tabs.py"}
    skipped = {s["path"]: s["reason"] for s in report["left"]["skipped"]}
    assert {"long.py", "bad.ipynb", "deep.ipynb"} <= skipped.keys()
    assert all(reason for reason in skipped.values())
    assert "root:" not in json.dumps(report), "nothing outside the tree is read"
    again = clonedetect("scan", left, right, "--out", tmp_path / "reports")
    sane(again, 0)
    assert len(list((tmp_path / "reports").iterdir())) >= 4


def test_a_damaged_clone_is_read_as_far_as_it_goes(inside, write, tmp_path: Path) -> None:
    other = "def keep(a, b):\n    return [a * x + b for x in range(a) if x % 3 == b]\n"
    repo = write(tmp_path / "repo", {"good.py": GOOD, "lost.py": other})
    for arguments in (["init", "-q"], ["add", "-A"], ["commit", "-q", "-m", "one"]):
        git(repo, *arguments)
    raw = other.encode()
    blob = hashlib.sha1(b"blob %d\0" % len(raw) + raw, usedforsecurity=False).hexdigest()
    lost = repo / ".git" / "objects" / blob[:2] / blob[2:]
    lost.chmod(0o644)
    lost.unlink()
    right = write(tmp_path / "right", {"a.py": GOOD, "same.py": other})
    done = inside("scan", f"{repo}@HEAD", right, "--format", "json")
    sane(done, 0)
    report = json.loads(done.stdout)
    assert [s["path"] for s in report["left"]["skipped"]] == ["lost.py"]
    assert {p["left"]["path"] for p in report["clone_pairs"]} == {"good.py"}
    assert "lost.py" in json.dumps(report["identity"]), "its blob id still counts"


# ---------------------------------------------------------------- interruption


def test_ctrl_c_leaves_no_partial_files(write, tmp_path: Path) -> None:
    files = {f"m{n}.py": GOOD.replace("0.25", f"{n}.5") * 40 for n in range(120)}
    left = write(tmp_path / "left", files)
    right = write(tmp_path / "right", {k: v.replace("gap", "span") for k, v in files.items()})
    out = tmp_path / "out"
    env = os.environ | {"PYTHONPATH": str(ROOT), "HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path / ".cache")}
    for delay in (0.4, 1.2):
        run = subprocess.Popen(
            [sys.executable, "-m", "clonedetect", "scan", left, right, "--out", out, "--jobs", "2"],
            env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
        )  # fmt: skip
        time.sleep(delay)
        os.killpg(run.pid, signal.SIGINT)  # what a terminal does: the workers get it too
        _, errors = run.communicate(timeout=60)
        assert run.returncode in (130, 0, -signal.SIGINT), errors
        assert run.returncode == 0 or "Traceback" not in errors, errors
        assert not list(out.glob("*.part"))
        if run.returncode:
            assert not out.exists() or not list(out.iterdir())


@pytest.mark.slow
def test_ctrl_c_at_any_moment_ends_the_run_with_all_its_reports_or_none(write, tmp_path: Path) -> None:
    files = {f"m{n}.py": GOOD.replace("0.25", f"{n}.5") * 80 for n in range(120)}
    left = write(tmp_path / "left", files)
    right = write(tmp_path / "right", {k: v.replace("gap", "span") for k, v in files.items()})
    env = os.environ | {"PYTHONPATH": str(ROOT), "HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path / ".cache")}
    for n in range(16):
        out = tmp_path / f"out{n}"
        run = subprocess.Popen(
            [sys.executable, "-m", "clonedetect", "scan", left, right, "--out", out, "--jobs", "2", "--no-cache"],
            env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
        )  # fmt: skip
        time.sleep(0.5 + 0.15 * n)
        os.killpg(run.pid, signal.SIGINT)
        _, errors = run.communicate(timeout=20)
        assert "Traceback" not in errors, (n, errors)
        written = {path.name for path in out.iterdir()} if out.exists() else set()
        assert written in (set(), {"report.html", "report.json", "report.md", "report.sarif"}), n
