"""What a repository is called by whoever names it as a source."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from clonedetect.domain import Snapshot

_PROJECT = re.compile(r"https?://(?:github\.com|gitlab\.com|huggingface\.co)/([\w.-]+/[\w.-]+?)(?:\.git|/|#|\s|$)")
_PLAIN = "tests test testing docs doc examples example scripts benchmarks tools setup conftest src lib utils main"
_NO_NAMES = frozenset(_PLAIN.split())  # every other repository has one of these


def names_of(snapshot: Snapshot) -> tuple[str, ...]:
    """What somebody who names this repository as a source could write: package, owner/name, import names."""
    origin = snapshot.origin.rstrip("/")
    names = {origin.removeprefix("pypi:").removeprefix("hf:").removesuffix(".git")}
    if "://" in origin or origin.startswith(("/", ".")):
        names = {"/".join(origin.removesuffix(".git").split("/")[-2:]) if "://" in origin else origin.split("/")[-1]}
    for document in snapshot.documents:
        if document.path.endswith(".dist-info/METADATA"):
            head = document.data[:20_000].decode("utf-8", "replace").split("\n\n")[0]
            names |= set(_PROJECT.findall(head)[:3])
    return tuple(sorted(n for n in names | _import_names(snapshot) if len(n) >= 3))


def _import_names(snapshot: Snapshot) -> set[str]:
    """What its code is imported as: packages that lie in no package, and modules at the top."""
    packages = {f.path.rpartition("/")[0] for f in snapshot.files if f.path.endswith("/__init__.py")}
    tops = {p.rpartition("/")[2] for p in packages if p.rpartition("/")[0] not in packages}
    modules = {f.path.removesuffix(".py") for f in snapshot.files if "/" not in f.path and f.path.endswith(".py")}
    return (tops | modules) - _NO_NAMES
