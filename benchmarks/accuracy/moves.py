"""Definitions in another order and in other files (levels 3 and 4 of the laundering tool)."""

from __future__ import annotations

import ast
import copy
import random
from collections import defaultdict

from truth import DEFINITIONS

Node = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


def needed_at_definition(node: Node) -> set[str]:
    """The names that must exist when a definition is executed: decorators, bases, defaults, the class body."""
    parts: list[ast.AST] = list(node.decorator_list)
    if isinstance(node, ast.ClassDef):
        parts += [*node.bases, *node.keywords]
        for item in node.body:
            parts += _outside(item) if isinstance(item, DEFINITIONS) else [item]
    else:
        parts += _outside(node)
    return {n.id for part in parts for n in ast.walk(part) if isinstance(n, ast.Name)}


def _outside(node: ast.AST) -> list[ast.AST]:
    if isinstance(node, ast.ClassDef):
        return [node]
    arguments = node.args
    annotations = [
        a.annotation for a in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs) if a.annotation
    ]
    rest = [a.annotation for a in (arguments.vararg, arguments.kwarg) if a and a.annotation]
    defaults = [d for d in (*arguments.defaults, *arguments.kw_defaults) if d is not None]
    return [*node.decorator_list, *defaults, *annotations, *rest, *([node.returns] if node.returns else [])]


def shuffled(nodes: list, rng: random.Random) -> list:
    """The definitions in a drawn order in which each still comes after those it needs; equal names keep their order."""
    order = list(nodes)
    rng.shuffle(order)
    position = {id(node): index for index, node in enumerate(nodes)}
    before: dict[int, list] = {id(node): [] for node in nodes}
    for node in nodes:
        wanted = needed_at_definition(node)
        for other in nodes:
            earlier = position[id(other)] < position[id(node)]
            if other is not node and earlier and (other.name in wanted or other.name == node.name):
                before[id(node)].append(other)
    done: dict[int, None] = {}
    out: list = []

    def place(node) -> None:
        if id(node) in done:
            return
        done[id(node)] = None
        for other in before[id(node)]:
            place(other)
        out.append(node)

    for node in order:
        place(node)
    return out


def reorder(tree: ast.Module, rng: random.Random) -> None:
    """Level 3: runs of definitions in a module and methods in a class change their order."""
    holders: list[ast.Module | ast.ClassDef] = [n for n in ast.walk(tree) if isinstance(n, (ast.Module, ast.ClassDef))]
    for holder in holders:
        out: list[ast.stmt] = []
        run: list = []
        for item in [*holder.body, None]:
            if isinstance(item, DEFINITIONS):
                run.append(item)
                continue
            out += shuffled(run, rng)
            run = []
            if item is not None:
                out.append(item)
        holder.body = out


def move_definitions(trees: dict[str, ast.Module], rng: random.Random) -> None:
    """Level 4: about half of the top-level definitions go to another file of their directory.

    The new file imports what the definition uses, the old one imports the definition back at its end: names stay
    reachable as far as import cycles allow.
    """
    by_directory: dict[str, list[str]] = defaultdict(list)
    for path in sorted(trees):
        if not path.rpartition("/")[2].removesuffix(".py").isidentifier():
            continue  # data files such as `unicode5-2-0.py` cannot be imported by name
        by_directory[path.rpartition("/")[0]].append(path)
    for directory, paths in sorted(by_directory.items()):
        homes = [path for path in paths if not path.endswith("__init__.py")]
        if len(homes) < 3:
            extra = f"{directory}/pieces.py".lstrip("/")
            trees.setdefault(extra, ast.Module([], []))
            homes = sorted({*homes, extra})
        moves = [(path, node) for path in paths for node in trees[path].body if _movable(trees[path], node)]
        for path, node in moves:
            others = [home for home in homes if home != path]
            if rng.random() < 0.5 and others:
                _move(trees, path, rng.choice(others), node)


def _movable(tree: ast.Module, node: ast.stmt) -> bool:
    if not isinstance(node, DEFINITIONS):
        return False
    for item in tree.body:
        if item is node:
            continue
        if isinstance(item, DEFINITIONS):
            if item.name == node.name or node.name in needed_at_definition(item):
                return False
        elif any(isinstance(n, ast.Name) and n.id == node.name for n in ast.walk(item)):
            return False
    return True


def _move(trees: dict[str, ast.Module], path: str, home: str, node: Node) -> None:
    source, target = trees[path], trees[home]
    taken = {n.name for n in target.body if isinstance(n, DEFINITIONS)}
    if node.name in taken:
        return
    used = {n.id for n in ast.walk(node) if isinstance(n, ast.Name)}
    needed: list[ast.stmt] = []
    own: list[str] = []
    for item in source.body:
        if isinstance(item, (ast.Import, ast.ImportFrom)):
            names = [a for a in item.names if (a.asname or a.name.split(".")[0]) in used]
            if names and not (isinstance(item, ast.ImportFrom) and item.module == "__future__"):
                clone = copy.copy(item)
                clone.names = names
                needed.append(clone)
        elif item is not node:
            bound = {n.id for n in ast.walk(item) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
            own += sorted(({item.name} if isinstance(item, DEFINITIONS) else bound) & used)
    if own:
        stem = path.rpartition("/")[2].removesuffix(".py")
        module = None if stem == "__init__" else stem
        needed.append(ast.ImportFrom(module, [ast.alias(name) for name in dict.fromkeys(own)], 1))
    source.body.remove(node)
    source.body.append(ast.ImportFrom(home.rpartition("/")[2].removesuffix(".py"), [ast.alias(node.name)], 1))
    have = {ast.dump(item) for item in target.body}
    first = (
        1 if target.body and isinstance(target.body[0], ast.ImportFrom) and target.body[0].module == "__future__" else 0
    )
    target.body[first:first] = [item for item in needed if ast.dump(item) not in have]
    target.body.append(node)
