"""References to modules that a repository does not have and the other one has."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from clonedetect.domain.left_behind import TermCounts
from clonedetect.left_behind.terms import parts
from clonedetect.left_behind.voice import Voice, standard_module

MANY: Final = 4  # files that import a package: then it is used, not left behind
_DOTTED = re.compile(r"[\"'\s=:(]([A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+)(?=[\"'\s,)\]#]|$)")


def open_uses(here: Voice, there: Voice) -> str:
    """In words, how one side openly uses the other as a library; "" where it does not."""
    for root in sorted(there.roots - here.roots):
        names = {root.lower(), root.lower().replace("_", "-")}
        if any(re.search(rf"(?<![\w.-]){re.escape(name)}(?![\w-])", here.declared) for name in names):
            return f"declares {root} as a dependency"
        if here.importers[root] >= MANY:
            return f"imports {root} in {here.importers[root]} files"
    return ""


def dangling_imports(here: Voice, there: Voice, counts: TermCounts) -> tuple[list[tuple[str, int]], int]:
    """([(module, number of the text)], how many imports lead nowhere at all) of one side, by module.

    An import leads nowhere if its root is neither the standard library's, nor a public package's of the background,
    nor a module here. It dangles if it names a module of the other side.
    """
    nowhere: dict[str, int] = {}
    for number, terms in enumerate(here.terms):
        for each in terms.imports:
            module = each.module
            if not module.startswith("."):
                root = module.split(".")[0]
                if standard_module(root) or counts.count("root", root) or root in here.modules:
                    continue
                nowhere.setdefault(module, number)
            elif (inner := module.lstrip(".")) and inner not in here.modules:
                nowhere.setdefault(module, number)
    found = [
        (module, number)
        for module, number in sorted(nowhere.items())
        if _telling(module.lstrip("."), counts) and module.lstrip(".") in there.modules
    ]
    return found, len(nowhere)


def dangling_references(here: Voice, there: Voice, counts: TermCounts) -> tuple[list[tuple[str, int]], int]:
    """The same for dotted references in configuration files and documents: `module.Name`."""
    nowhere: dict[str, int] = {}
    for number, text in enumerate(here.texts):
        if text.python or here.open_document(number):
            continue
        for reference in _references(text.data.decode("utf-8", "replace")):
            module = reference.rpartition(".")[0]
            root = module.split(".")[0]
            if root in here.modules or module in here.modules or standard_module(root) or counts.count("root", root):
                continue
            nowhere.setdefault(reference, number)
    found = [
        (reference, number)
        for reference, number in sorted(nowhere.items())
        if _telling(reference.rpartition(".")[0], counts) and reference.rpartition(".")[0] in there.modules
    ]
    return found, len(nowhere)


def _references(text: str) -> Iterator[str]:
    return (found[1] for found in _DOTTED.finditer(text))


def _telling(module: str, counts: TermCounts) -> bool:
    """Whether a module's name is rare: `utils` and `configuration` say nothing."""
    last, root = module.rpartition(".")[2], module.split(".")[0]
    return any(not counts.count("name", name) and name not in counts.common and len(name) >= 4 and (
        len(parts(name)) > 1 or counts.count("word", name) <= 10
    ) for name in {last, root})  # fmt: skip
