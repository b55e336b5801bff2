"""The house rules: layers, one library one room, short modules, a light import, and a page that names every room."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "clonedetect"
MODULES = sorted(PACKAGE.rglob("*.py"))
LONGEST = 400  # lines of a module
FREE = {"numpy", "scipy", "platformdirs"}
# Where a library may be imported, and the requirement that brings it.
HOMES = {
    "git": ({"acquire"}, "gitpython"),
    "tree_sitter": ({"parse"}, "tree-sitter"),
    "tree_sitter_python": ({"parse"}, "tree-sitter-python"),
    "tree_sitter_json": ({"parse"}, "tree-sitter-json"),
    "tree_sitter_yaml": ({"parse"}, "tree-sitter-yaml"),
    "tree_sitter_toml": ({"parse"}, "tree-sitter-toml"),
    "rapidfuzz": ({"align", "config"}, "rapidfuzz"),
    "licenseclassifier": ({"attribution"}, "licenseclassifier"),
    "networkx": ({"group"}, "networkx"),
    "typer": ({"cli"}, "typer"),
    "rich": ({"cli", "report"}, "rich"),
    "jinja2": ({"report"}, "jinja2"),
    "markupsafe": ({"report"}, "jinja2"),
    "pygments": ({"report"}, "pygments"),
    "ibis": ({"corpus"}, "ibis-framework"),
    "duckdb": ({"corpus"}, "duckdb"),
    "pyarrow": ({"corpus"}, "pyarrow"),
    "pyspark": ({"corpus"}, "pyspark"),
    "array_api_compat": ({"weights"}, "array-api-compat"),
    "ml_dtypes": ({"weights"}, "ml-dtypes"),
    "threadpoolctl": ({"weights"}, "threadpoolctl"),
    "h5py": ({"weights"}, "h5py"),
    "sqlite3": ({"parse"}, ""),
}


def room(path: Path) -> str:
    """`clonedetect/acquire/store.py` -> acquire, `clonedetect/errors.py` -> errors."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imports(path: Path) -> set[str]:
    """Top-level names that a module imports anywhere, `import_module("...")` included."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: a relative import, which the rules here do not see"
            found.add(str(node.module).split(".")[0])
        elif isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
            called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if called == "import_module":
                found.add(str(node.args[0].value).split(".")[0])
    return found


def requirements() -> set[str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    every = [*project["dependencies"], *(r for extra in project["optional-dependencies"].values() for r in extra)]
    return {re.match(r"[\w.-]+", requirement)[0].lower() for requirement in every}


def test_import_contracts_hold():
    pytest.importorskip("importlinter", reason="the extra `test` is not installed")
    done = subprocess.run(
        [sys.executable, "-c", "from importlinter.cli import lint_imports_command as run; run()", "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 kept, 0 broken" in done.stdout


def test_the_contract_covers_every_room():
    config = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]
    (contract,) = config["contracts"]
    assert contract["exhaustive"] is True and "ignore_imports" not in contract
    named = {name.strip(" ()") for layer in contract["layers"] for name in layer.split("|")}
    assert {room(path) for path in MODULES} - {"__init__"} <= named


def test_each_library_has_its_room():
    known = requirements()
    for path in MODULES:
        for name in imports(path) - FREE - {"clonedetect"}:
            if name in HOMES:
                rooms, requirement = HOMES[name]
                assert room(path) in rooms, f"{path} imports {name}, which belongs in {sorted(rooms)}"
                assert not requirement or requirement in known, f"{requirement} is no requirement"
            else:
                assert name in sys.stdlib_module_names, f"{path} imports {name}, which has no room"


def test_nothing_unpickles_or_evaluates():
    for path in MODULES:
        tree = ast.parse(path.read_text("utf-8"))
        calls = {ast.unparse(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
        assert not calls & {"eval", "exec", "hash", "pickle.load", "pickle.loads", "torch.load"}, path
        if room(path) != "cli":
            assert "print" not in calls, f"{path} prints"


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_no_module_is_long(path):
    assert len(path.read_text("utf-8").splitlines()) <= LONGEST


def test_the_page_names_every_room_and_no_other():
    table = (ROOT / "ARCHITECTURE.md").read_text("utf-8").split("## Rooms")[1].split("\n## ")[0]
    named = re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE)
    assert len(named) == len(set(named))
    assert set(named) == {room(path) for path in MODULES} - {"__init__", "__main__"}


def test_import_is_light():
    code = "import sys, clonedetect; print([m for m in sys.modules if m.split('.')[0] in sys.argv[1].split()])"
    libraries = " ".join(FREE | set(HOMES))
    done = subprocess.run(
        [sys.executable, "-c", code, libraries], cwd=ROOT, capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout == "[]\n"


def test_a_scan_loads_no_statistics():
    code = "import sys, clonedetect.pipeline; print('scipy.stats' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout == "False\n", "scipy.stats takes longer to load than a small scan: scipy.special has the tails"


def test_public_interface():
    import clonedetect

    assert clonedetect.__all__ == ["CloneDetectError", "Comparison", "Options", "__version__", "scan"]
    version = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"]
    assert clonedetect.__version__ == version
    assert f"## {version}" in (ROOT / "CHANGELOG.md").read_text("utf-8")
