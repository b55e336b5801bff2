"""Rewriters and obfuscators written by others, run over a tree, with the truth of what stands where afterwards.

    python benchmarks/accuracy/others.py SOURCE OUT [--tool NAME]...

    minifier   python-minifier with every safe transform and renamed globals, then formatted (lines mean nothing else)
    pyobfus    names obfuscated, comments and docstrings removed
    ruff       `ruff check --fix --unsafe-fixes` with many rule families, then `ruff format` with narrow lines
    pyupgrade  pyupgrade for the newest Python, then black with long lines

Their code runs on the files' text; the files themselves are never run. A file that a tool cannot handle is left out
of both the tree and the truth.
"""

from __future__ import annotations

import argparse
import ast
import shutil
import subprocess
import sys
from collections.abc import Callable
from difflib import SequenceMatcher
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from launder import read_tree, write_tree
from peers import Missing, environment
from truth import Definition, Place, Truth, code_lines, definitions, write_truth

RULES = "UP,SIM,RET,PERF,FURB,C4,PIE,RSE,FLY,PLR,FA,I,D,TRY,B,RUF,E7,W"


def run(command: list[str], **options: object) -> subprocess.CompletedProcess[str]:
    """One tool on one tree."""
    return subprocess.run(command, capture_output=True, text=True, timeout=1800, **options)


def ruff_binary() -> str:
    """The path of ruff. Raises Missing."""
    beside = Path(sys.executable).parent / "ruff"
    found = str(beside) if beside.is_file() else shutil.which("ruff")
    if not found:
        raise Missing("ruff: pip install ruff")
    return found


def minifier(tree: Path) -> None:
    """python-minifier, then formatted."""
    binary = str(environment("python-minifier") / "pyminify")
    for path in sorted(tree.rglob("*.py")):
        done = run([binary, "--rename-globals", "--remove-literal-statements", "--remove-asserts", str(path)])
        if done.returncode or not done.stdout.strip():
            path.unlink()
        else:
            path.write_text(done.stdout, encoding="utf-8")
    run([ruff_binary(), "format", "--isolated", str(tree)])


def pyobfus(tree: Path) -> None:
    """pyobfus on the whole tree."""
    binary = str(environment("pyobfus") / "pyobfus")
    out = tree.with_name(tree.name + ".obfuscated")
    done = run(
        [binary, str(tree), "-o", str(out), "--no-preserve-param-names", "--remove-docstrings", "--remove-comments"]
    )
    if not out.is_dir():
        raise Missing(f"pyobfus: {(done.stderr.strip().splitlines() or done.stdout.splitlines() or ['no output'])[-1]}")
    shutil.rmtree(tree)
    out.rename(tree)


def ruff(tree: Path) -> None:
    """ruff's fixes, the unsafe ones too, and its formatter."""
    binary = ruff_binary()
    run(
        [
            binary,
            "check",
            "--isolated",
            "--preview",
            "--fix",
            "--unsafe-fixes",
            "--exit-zero",
            "--select",
            RULES,
            str(tree),
        ]
    )
    run([binary, "format", "--isolated", "--line-length", "70", str(tree)])


def pyupgrade(tree: Path) -> None:
    """pyupgrade, then black."""
    home = environment("pyupgrade")
    files = [str(path) for path in sorted(tree.rglob("*.py"))]
    for start in range(0, len(files), 200):
        run([str(home / "pyupgrade"), "--py311-plus", "--exit-zero-even-if-changed", *files[start : start + 200]])
    run([str(home / "black"), "-q", "--line-length", "140", "--skip-magic-trailing-comma", str(tree)])


REWRITERS: dict[str, Callable[[Path], None]] = {
    "minifier": minifier,
    "pyobfus": pyobfus,
    "ruff": ruff,
    "pyupgrade": pyupgrade,
}


def places(path: str, text: str) -> list[tuple[Place, tuple]]:
    """The definitions of a file in the order of the text, each with what a rewriter leaves as it is."""
    found = definitions(ast.parse(text), path, code_lines(text))
    return [(place, (place.kind, place.name.count("."), _arity(node))) for node, place in found]


def _arity(node: ast.AST) -> int:
    arguments = getattr(node, "args", None)
    return len(arguments.args) + len(arguments.kwonlyargs) if arguments else -1


def correspond(left: dict[str, str], right: dict[str, str]) -> list[Definition]:
    """Which definition stands where: by the order in each file, or by alignment where one is gone."""
    rows: list[Definition] = []
    for path in sorted(left.keys() & right.keys()):
        ours, theirs = places(path, left[path]), places(path, right[path])
        partner: dict[int, Place] = {}
        if len(ours) == len(theirs):
            partner = {i: place for i, (place, _) in enumerate(theirs)}
        else:
            matcher = SequenceMatcher(None, [k for _, k in ours], [k for _, k in theirs], autojunk=False)
            for block in matcher.get_matching_blocks():
                partner.update({block.a + i: theirs[block.b + i][0] for i in range(block.size)})
        rows += [Definition(place, partner.get(i)) for i, (place, _) in enumerate(ours)]
    return rows


def rewrite_directory(source: Path, out: Path, tool: str) -> Truth:
    """Rewrites `source` into `out/tree` by one tool and writes `out/truth.json`. Raises Missing."""
    left = read_tree(source)
    write_tree(left, out / "tree")
    REWRITERS[tool](out / "tree")
    rows = correspond(left, read_tree(out / "tree"))
    truth = Truth(source.name, tool, 0, tuple(rows))
    write_truth(truth, out / "truth.json")
    return truth


def main(arguments: list[str] | None = None) -> int:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("source", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--tool", action="append", choices=sorted(REWRITERS))
    given = parser.parse_args(arguments)
    for name in given.tool or REWRITERS:
        try:
            truth = rewrite_directory(given.source, given.out / name, name)
        except Missing as error:
            print(f"left out: {error}")
            continue
        kept = sum(row.right is not None for row in truth.definitions)
        print(f"{given.out / name}: {kept} of {len(truth.definitions)} definitions")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
