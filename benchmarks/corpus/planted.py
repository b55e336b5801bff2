"""What a check against a corpus finds: planted copies, and nothing in repositories that nobody copied into.

    python benchmarks/corpus/planted.py [--seed N] [--level 5] [--functions 50]
    python benchmarks/corpus/planted.py --untouched test|development

Planted: one function each of random packages of the corpus, its package laundered (benchmarks/accuracy/launder.py), put
with its imports into one repository of about 100,000 lines. It is attributed where the finding names its package, or
another one whose function of that name is the same text but for layout (a package may itself hold a copy).
Untouched: packages that are not in the corpus; findings above weak that checked.toml does not list as true copies,
found so by a person who read both sides, are printed.
"""

from __future__ import annotations

import argparse
import ast
import json
import random
import shutil
import sys
import textwrap
from difflib import SequenceMatcher
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from store import HERE, Pin, canonical, checked, clonedetect, corpus_pins, full, git, home, host, kept_out, unpacked

sys.path.insert(0, str(HERE.parent / "accuracy"))

from launder import launder, read_tree

LEAST_LINES, MOST_LINES = 10, 200  # of code in a planted function
MOST_FILES = 400  # of a package that is laundered, so that a run takes minutes
SAME = 0.9  # share of equal text from which another package's function is the same one


def plant(tree: Path, level: str, rng: random.Random) -> tuple[str, str, str] | None:
    """(module text with one laundered function and its imports, original name, original text); None where none fits."""
    sources = read_tree(tree)
    if not sources or len(sources) > MOST_FILES:
        return None
    top = next(iter(sources)).split("/")[0]
    try:
        files, rows = launder(sources, level, rng.randrange(1 << 30), top)
    except (ValueError, RecursionError, SyntaxError):
        return None
    whole = [r for r in rows if r.right is not None and r.left.kind != "class"]
    whole = [r for r in whole if LEAST_LINES <= r.left.code_lines <= MOST_LINES and "test" not in r.left.path]
    if not whole:
        return None
    row = rng.choice(whole)
    assert row.right is not None
    text = files[row.right.path]
    imports = [
        ast.unparse(node)
        for node in ast.parse(text).body
        if isinstance(node, ast.Import | ast.ImportFrom) and not (isinstance(node, ast.ImportFrom) and node.level)
    ]
    body = "\n".join(text.split("\n")[row.right.start_line - 1 : row.right.end_line])
    original = "\n".join(sources[row.left.path].split("\n")[row.left.start_line - 1 : row.left.end_line])
    return "\n".join(imports) + "\n\n\n" + textwrap.dedent(body) + "\n", row.left.name, original


def same(there: dict, tree: Path, original: str) -> bool:
    """Whether a finding's place in another package holds the original function's text, layout aside."""
    path = tree / there["path"].partition("#")[0]
    if not path.is_file():
        return False
    lines = path.read_text("utf-8", "replace").split("\n")[there["start_line"] - 1 : there["end_line"]]
    return SequenceMatcher(None, " ".join("\n".join(lines).split()), " ".join(original.split())).ratio() >= SAME


def planted(seed: int, level: str, functions: int) -> None:
    """Plant, check, count."""
    root, rng = full(), random.Random(seed)
    pins = list({p.name: p for p in corpus_pins()}.values())  # of two versions the one that `unpacked` gives
    rng.shuffle(pins)
    mine = home() / "planted"
    shutil.rmtree(mine, ignore_errors=True)
    shutil.copytree(host(home() / "host"), mine, ignore=shutil.ignore_patterns(".git"))
    truth: dict[str, tuple[Pin, str, str]] = {}
    trees = unpacked(pins)
    for pin in pins:
        if len(truth) == functions:
            break
        made = plant(trees[pin.name], level, rng)
        if made is not None:
            path = f"extra/part{len(truth):02}.py"
            (mine / path).parent.mkdir(exist_ok=True)
            (mine / path).write_text(made[0], "utf-8", "surrogateescape")
            truth[path] = pin, made[1], made[2]
    git(mine, "init", "-q", "-b", "main")
    git(mine, "add", "-A")
    done = clonedetect("check", mine, "--corpus", root, "--quiet", "--format", "json")
    found: dict[str, dict] = {}
    for finding in json.loads(done.out)["findings"]:
        found.setdefault(finding["here"]["path"], finding)  # the strongest come first
    right, strong = 0, 0
    by_origin = {f"pypi:{canonical(p.name)}": trees[p.name] for p in pins}
    for path, (pin, name, original) in truth.items():
        finding = found.get(path)
        if finding is None:
            print(f"  not found: {pin.key} {name}, {original.count(chr(10)) + 1} lines")
            continue
        origins = [finding["origin"], *finding["also"]]
        own = finding["origin"] == f"pypi:{canonical(pin.name)}"
        if own or same(finding["there"], by_origin[finding["origin"]], original):
            right += 1
            strong += finding["strength"] in ("moderate", "strong")
        else:
            print(f"  another: {pin.key} {name} -> {origins[:3]} {finding['there']['name']} {finding['strength']}")
    print(f"level {level}, seed {seed}: {right} of {len(truth)} attributed, {strong} of them above weak")


def untouched(half: str) -> None:
    """Check packages that are not in the corpus."""
    root, pins = full(), kept_out(half)
    trees, counts = unpacked(pins), [0, 0, 0]
    for pin in pins:
        done = clonedetect("check", trees[pin.name], "--corpus", root, "--quiet", "--format", "json")
        findings = json.loads(done.out)["findings"]
        counts[0] += len(findings)
        for one in findings:
            if one["strength"] == "weak" or one["origin"] == f"pypi:{canonical(pin.name)}":
                continue
            here, there = one["here"], one["there"]
            is_true = checked(pin.name)(here["path"], here["name"])
            counts[1 if is_true else 2] += 1
            if not is_true:
                print(f"  {one['strength']}, {one['bits']:.0f} bits, E {one['e_value']:.1g}, {one['state']}")
                print(f"    {pin.key} {here['path']}:{here['start_line']} {here['kind']} {here['name']}")
                print(f"    {one['origin']} {there['path']}:{there['start_line']} {there['name']}")
    print(
        f"{half}: {len(pins)} packages, {counts[0]} findings listed; above weak: {counts[1]} are true copies, ", end=""
    )
    print(f"{counts[2]} were not looked at")


def main(arguments: list[str] | None = None) -> int:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--level", default="5")
    parser.add_argument("--functions", type=int, default=50)
    parser.add_argument("--untouched", choices=("test", "development"))
    given = parser.parse_args(arguments)
    if given.untouched:
        untouched(given.untouched)
    else:
        planted(given.seed, given.level, given.functions)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
