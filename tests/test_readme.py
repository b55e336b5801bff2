"""The README is true: its commands exist, its options parse, its Python runs, its outputs are what comes out today.

As a program (`make readme`) it runs the two examples and writes their output into the README.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

import pytest
import typer
from typer.core import TyperGroup

import clonedetect
from clonedetect.cli import app

ROOT = Path(__file__).resolve().parents[1]
PAGES = ("README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md")
LINES = 9  # of each section of an output that the README shows
WHEELS = {
    "pycryptodome": "c8987bd3307a39bc03df5c8e0e3d8be0c4c3518b7f044b0f4c15d1aa78f52575",
    "pycryptodomex": "f489c4765093fb60e2edafdf223397bc716491b2b69fe74367b70d6999257a5c",
}
VERSION = "3.23.0"
# The archives of one platform, so that every machine builds the same two repositories.
PLATFORM = ("--platform", "manylinux2014_x86_64", "--implementation", "cp", "--abi", "abi3", "--python-version", "3.11")


class Unavailable(RuntimeError):
    """A package that could not be fetched, with the reason."""


def blocks(page: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", (ROOT / page).read_text("utf-8"), re.MULTILINE | re.DOTALL)


def commands(page: str, program: str) -> list[list[str]]:
    """The arguments of each `program ...` line in the page's console blocks, up to a redirection or a comment."""
    found = []
    for block in blocks(page, "console"):
        for line in block.splitlines():
            words = shlex.split(line.removeprefix("$ ").removeprefix("> "), comments=True)
            if words and words[0] == program:
                found.append(words[1 : next((i for i, word in enumerate(words) if word in (">", "|")), None)])
    return found


CLONEDETECT = [words for page in PAGES for words in commands(page, "clonedetect")]


@pytest.mark.parametrize("words", CLONEDETECT, ids=" ".join)
def test_command_line_of_the_readme_parses(words):
    group = typer.main.get_command(app)
    if words == ["--version"]:
        done = run([sys.executable, "-m", "clonedetect", *words], ROOT)
        assert done == f"clonedetect {clonedetect.__version__}\n"
        return
    words = list(words)
    while isinstance(group, TyperGroup):
        name = words.pop(0)
        group = group.commands[name]
    context = group.make_context(name, words)
    assert context.params or name == "schema"


def test_an_option_that_does_not_exist_would_be_seen():
    with pytest.raises(Exception, match="No such option"):
        typer.main.get_command(app).commands["scan"].make_context("scan", ["a", "b", "--no-such-option"])


def test_the_readme_shows_every_subcommand():
    assert {words[0] for words in commands("README.md", "clonedetect")} == {
        "--version",
        *typer.main.get_command(app).commands,
    }


def test_make_targets_exist():
    targets = {words[0] for page in PAGES for words in commands(page, "make")}
    targets |= {name for page in PAGES for name in re.findall(r"`make (\w+)`", (ROOT / page).read_text("utf-8"))}
    assert {"demo", "test", "check", "bench"} <= targets
    makefile = (ROOT / "Makefile").read_text("utf-8")
    phony = set(re.search(r"^\.PHONY: (.*)$", makefile, re.MULTILINE)[1].split())
    assert phony == set(re.findall(r"^(\w+):", makefile, re.MULTILINE))
    assert targets <= phony


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_to_files(page):
    text = (ROOT / page).read_text("utf-8")
    named = re.findall(r"\]\(([^)#:]+)\)", text)
    named += re.findall(r"`((?:benchmarks|clonedetect|fixtures|grammars|tests)/[\w./-]*)`", text)
    assert [name for name in named if not (ROOT / name).exists()] == []


def test_python_of_the_readme_runs(tmp_path, monkeypatch, capsys):
    (example,) = blocks("README.md", "python")
    for side in ("original", "copy"):
        shutil.copytree(ROOT / "fixtures" / "vlm" / side, tmp_path / side)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    exec(compile(example, "README.md", "exec"), {})  # noqa: S102 - our own example
    verdict, *pairs = capsys.readouterr().out.splitlines()
    assert verdict.split()[1] == "derived"
    assert len(pairs) == 3 and all("heron/" in pair and "osprey/" in pair for pair in pairs)


def test_public_names_are_documented():
    section = (ROOT / "README.md").read_text("utf-8").split("## From Python")[1].split("\n## ")[0]
    assert sorted(set(re.findall(r"`(\w+)`", section))) == sorted(clonedetect.__all__)
    assert all(getattr(clonedetect, name) is not None for name in clonedetect.__all__)


# ---------------------------------------------------------------- examples and their output


def run(command: list[str], directory: Path, **environment: str) -> str:
    """The standard output of a command that must succeed."""
    path = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
    done = subprocess.run(
        command,
        cwd=directory,
        env=os.environ | {"PYTHONPATH": path, "PYTHONUTF8": "1"} | environment,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def scan(left: str, right: str, directory: Path) -> str:
    command = [sys.executable, "-m", "clonedetect", "scan", left, right, "--quiet"]
    return excerpt(run(command, directory, XDG_CACHE_HOME=str(directory / "cache")))


def excerpt(text: str) -> str:
    """The first lines of each section; where lines were left out, it says so."""
    sections = [section.splitlines() for section in text.strip("\n").split("\n\n")]
    short = [lines if len(lines) <= LINES else [*lines[:LINES], "  [...]"] for lines in sections]
    return "\n\n".join("\n".join(lines) for lines in short) + "\n"


def demo(directory: Path) -> str:
    """What `make demo` shows first."""
    run([sys.executable, str(ROOT / "fixtures" / "build_history.py"), "build/demo"], directory)
    return scan("build/demo/original", "build/demo/copy", directory)


def packages(directory: Path) -> str:
    """Two published archives as repositories, scanned. Raises Unavailable."""
    pins = "".join(f"{name}=={VERSION} --hash=sha256:{digest}\n" for name, digest in WHEELS.items())
    (directory / "pins.txt").write_text(pins, "utf-8")
    fetch = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary", ":all:", *PLATFORM]
    done = subprocess.run(
        [*fetch, "--require-hashes", "--requirement", "pins.txt"],
        cwd=directory,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    if done.returncode:
        raise Unavailable((done.stderr.strip().splitlines() or ["pip failed"])[-1])
    for name in WHEELS:
        (wheel,) = directory.glob(f"{name}-{VERSION}-*.whl")
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(directory / name)
        git = ["git", "-C", name, "-c", "user.name=example", "-c", "user.email=example@example.org"]
        day = {"GIT_AUTHOR_DATE": "2025-05-17T12:00:00Z", "GIT_COMMITTER_DATE": "2025-05-17T12:00:00Z"}
        run(["git", "init", "--quiet", name], directory)
        run([*git, "-c", "core.excludesFile=", "-c", "core.autocrlf=false", "add", "--all"], directory)
        run([*git, "-c", "commit.gpgSign=false", "commit", "--quiet", "-m", f"{name} {VERSION}"], directory, **day)
    return scan("pycryptodome", "pycryptodomex", directory)


def weights(directory: Path) -> str:
    """The weights of an invented model against its renamed copy with noise, down to the table of all tensors."""
    run([sys.executable, str(ROOT / "fixtures" / "build_weights.py"), "build/weights"], directory)
    sides = ("build/weights/left.safetensors", "build/weights/right.safetensors")
    text = run([sys.executable, "-m", "clonedetect", "weights", *sides, "--full", "--quiet"], directory)
    return text.partition("  Pairs of tensors\n")[0] + "  [...]\n"


def predictions(directory: Path) -> str:
    """The answers of two invented models, held against two controls."""
    names = ("heron", "osprey", "--control", "control-1", "--control", "control-2")
    words = [name if name.startswith("--") else f"{ROOT / 'fixtures' / 'predictions' / name}.csv" for name in names]
    return run([sys.executable, "-m", "clonedetect", "predictions", *words], directory)


def bundle(directory: Path) -> str:
    """What `verify` says of a bundle, without the line whose SHA-256 holds the machine's own versions."""
    run([sys.executable, str(ROOT / "fixtures" / "build_history.py"), "build/demo"], directory)
    program, own = [sys.executable, "-m", "clonedetect"], {"XDG_CACHE_HOME": str(directory / "cache")}
    sides = ("build/demo/original", "build/demo/copy")
    run([*program, "bundle", *sides, "--out", "evidence.zip", "--quiet"], directory, **own)
    shutil.rmtree(directory / "build")
    return run([*program, "verify", "evidence.zip", "--quiet"], directory, **own).partition("\n")[2]


def shown(name: str) -> re.Pattern[str]:
    return re.compile(rf"(<!-- output: {name} -->\n```text\n)(.*?)(```\n)", re.DOTALL)


@pytest.mark.slow
def test_output_on_weights_is_what_the_readme_shows(tmp_path):
    assert shown("weights").search((ROOT / "README.md").read_text("utf-8"))[2] == weights(tmp_path)


def test_output_on_predictions_is_what_the_readme_shows(tmp_path):
    assert shown("predictions").search((ROOT / "README.md").read_text("utf-8"))[2] == predictions(tmp_path)


@pytest.mark.slow
def test_output_of_verify_is_what_the_readme_shows(tmp_path):
    assert shown("verify").search((ROOT / "README.md").read_text("utf-8"))[2] == bundle(tmp_path)


@pytest.mark.slow
def test_output_of_the_demo_is_what_the_readme_shows(tmp_path):
    assert shown("demo").search((ROOT / "README.md").read_text("utf-8"))[2] == demo(tmp_path)


@pytest.mark.slow
@pytest.mark.registry
def test_output_on_real_packages_is_what_the_readme_shows(tmp_path):
    try:
        output = packages(tmp_path)
    except Unavailable as reason:
        if os.environ.get("CI") == "true":
            pytest.fail(f"CI needs the package registry: {reason}")
        pytest.skip(f"no package registry here: {reason}")
    assert shown("packages").search((ROOT / "README.md").read_text("utf-8"))[2] == output


def main() -> None:
    """Write the outputs of today into the README."""
    readme = ROOT / "README.md"
    examples = {"demo": demo, "packages": packages, "weights": weights, "predictions": predictions, "verify": bundle}
    for name, example in examples.items():
        with tempfile.TemporaryDirectory() as directory:
            output = example(Path(directory))
        text = shown(name).sub(lambda found, output=output: found[1] + output + found[3], readme.read_text("utf-8"))
        readme.write_text(text, "utf-8")
        print(f"README.md: output of {name} written")


if __name__ == "__main__":
    main()
