"""Consistent renaming of a project's own names, and of nothing that another project defines.

Global names (definitions, methods, attributes, module variables) change through one map for the whole project.
Locals and parameters change through a second map, so that a local may change where an attribute of the same name is
somebody else's. `per_function=True` gives locals another name in each function, as a careless copier does.
"""

from __future__ import annotations

import ast
import builtins
import io
import keyword
import pathlib
import random
import re
import threading
from collections.abc import Iterable

HERE = pathlib.Path(__file__).resolve().parent
WORDS = tuple((HERE / "words.txt").read_text(encoding="utf-8").split())
# Names that frameworks call on a subclass or that live on foreign objects: a rename would break the program.
FRAMEWORK = frozenset((HERE / "framework-names.txt").read_text(encoding="utf-8").split())
FOREIGN_TYPES = (
    str, bytes, bytearray, list, dict, set, tuple, int, float, complex, object, type, BaseException, range, property,
    io.TextIOWrapper, io.BytesIO, re.Pattern, re.Match, pathlib.Path, type(lambda: 0), type(i for i in ()),
    threading.Thread, random.Random, ast.AST,
)  # fmt: skip
FOREIGN_ATTRIBUTES = frozenset(name for kind in FOREIGN_TYPES for name in dir(kind)) | FRAMEWORK
KEPT_LOCALS = frozenset(("self", "cls", "_", "mcs", "__class__"))
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


def is_dunder(name: str) -> bool:
    """Whether the language gives the name a meaning."""
    return name.startswith("__") and name.endswith("__")


def parameters(arguments: ast.arguments) -> list[ast.arg]:
    """All parameters of a signature."""
    rest = [item for item in (arguments.vararg, arguments.kwarg) if item]
    return [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, *rest]


def bound_names(scope: ast.AST) -> set[str]:
    """The names that a module, class or function binds itself, comprehension targets included."""
    names: set[str] = set()
    free: set[str] = set()
    if isinstance(scope, FUNCTIONS):
        names.update(item.arg for item in parameters(scope.args))
        stack: list[ast.AST] = list(scope.body) if isinstance(scope.body, list) else [scope.body]
    else:
        stack = list(getattr(scope, "body", ()))
    while stack:
        node = stack.pop()
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            names.add(node.name)
            stack.extend(node.decorator_list)
            continue
        if isinstance(node, ast.Lambda):
            continue
        if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            names.add(node.id)
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            names.update(item.asname or item.name.split(".")[0] for item in node.names)
        elif isinstance(node, (ast.ExceptHandler, ast.MatchAs, ast.MatchStar)) and node.name:
            names.add(node.name)
        elif isinstance(node, ast.MatchMapping) and node.rest:
            names.add(node.rest)
        elif isinstance(node, (ast.Global, ast.Nonlocal)):
            free.update(node.names)
        stack.extend(ast.iter_child_nodes(node))
    return names - free


class Vocabulary:
    """Makes new names that are used nowhere yet, in the style (words, case, underscores) of the old ones."""

    def __init__(self, rng: random.Random, taken: Iterable[str]) -> None:
        self.rng = rng
        self.taken = set(taken) | set(keyword.kwlist) | set(dir(builtins))

    def fresh(self, old: str) -> str:
        """A new name in the style of `old`."""
        lead = old[: len(old) - len(old.lstrip("_"))]
        parts = re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+", old) or ["x"]
        for extra in range(1000):
            words = [self.rng.choice(WORDS) for _ in range(min(len(parts), 3) + extra // 20)]
            if old.isupper():
                new = "_".join(words).upper()
            elif old.lstrip("_")[:1].isupper():
                new = "".join(word.capitalize() for word in words)
            else:
                new = "_".join(words)
            if lead + new not in self.taken:
                self.taken.add(lead + new)
                return lead + new
        raise ValueError("out of names")


class Project:
    """What the files of a project define, and which names belong to others."""

    def __init__(self, trees: dict[str, ast.Module], package: str) -> None:
        self.package = package
        self.modules = {part for path in trees for part in path.removesuffix(".py").split("/")}
        self.globals: set[str] = set()
        self.fields: set[str] = set()
        self.parameters: set[str] = set()
        self.every: set[str] = set()
        self.foreign: set[str] = set(FOREIGN_ATTRIBUTES)
        self.foreign_bindings: dict[str, set[str]] = {}
        for path, tree in trees.items():
            self._read(path, tree)
        self.globals -= self.foreign | self.modules
        self.globals = {name for name in self.globals if not is_dunder(name)}

    def internal(self, node: ast.Import | ast.ImportFrom, module: str | None = None) -> bool:
        """Whether an import brings in the project's own code."""
        if isinstance(node, ast.ImportFrom):
            return bool(node.level) or (node.module or "").split(".")[0] == self.package
        return (module or "").split(".")[0] == self.package

    def _read(self, path: str, tree: ast.Module) -> None:
        foreign_names: set[str] = set(dir(builtins))
        for node in ast.walk(tree):
            if isinstance(node, (ast.Import, ast.ImportFrom)):
                for item in node.names:
                    bound = item.asname or item.name.split(".")[0]
                    self.every.add(bound)
                    if not self.internal(node, item.name):
                        foreign_names.add(bound)
                    elif item.name in self.modules:
                        foreign_names.add(bound)  # a module object: its name stays
            elif isinstance(node, ast.Name):
                self.every.add(node.id)
            elif isinstance(node, ast.Attribute):
                self.every.add(node.attr)
            elif isinstance(node, ast.keyword) and node.arg:
                self.every.add(node.arg)
        self.foreign_bindings[path] = foreign_names
        own_modules = {n for n in foreign_names if n in self.modules}
        self.globals |= bound_names(tree) - foreign_names
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute):
                root: ast.expr = node
                while isinstance(root, (ast.Attribute, ast.Call, ast.Subscript)):
                    root = root.func if isinstance(root, ast.Call) else root.value
                if isinstance(root, ast.Name) and root.id in foreign_names and root.id not in own_modules:
                    self.foreign.add(node.attr)
                elif isinstance(node.ctx, ast.Store) and isinstance(node.value, ast.Name) and node.value.id == "self":
                    self.globals.add(node.attr)
            elif isinstance(node, ast.ClassDef):
                names = bound_names(node)
                self.globals |= names
                self.fields |= {
                    item.target.id
                    for item in node.body
                    if isinstance(item, ast.AnnAssign) and isinstance(item.target, ast.Name)
                }
            elif isinstance(node, FUNCTIONS):
                self.parameters.update(item.arg for item in parameters(node.args))


class Renamer(ast.NodeTransformer):
    """Renames one file. The maps are shared by all files of the project."""

    def __init__(self, project: Project, path: str, maps: Maps) -> None:
        self.project, self.path, self.maps = project, path, maps
        self.foreign = project.foreign_bindings[path]
        self.scopes: list[tuple[str, dict[str, str]]] = []

    def run(self, tree: ast.Module) -> ast.Module:
        """The renamed tree (changed in place)."""
        own = {n: self.maps.of_global(n) for n in bound_names(tree) if n not in self.foreign}
        self.scopes = [("module", own)]
        for statement in tree.body:
            self.visit(statement)
        return tree

    def name(self, name: str) -> str:
        """What a name read or written here becomes."""
        innermost = True
        for kind, names in reversed(self.scopes):
            if name in names and (kind != "class" or innermost):
                return names[name]
            innermost = innermost and kind == "inline"
        return name

    def visit_Name(self, node: ast.Name) -> ast.AST:
        node.id = self.name(node.id)
        return node

    def visit_Global(self, node: ast.Global | ast.Nonlocal) -> ast.AST:
        node.names = [self.scopes[0][1].get(n, n) if isinstance(node, ast.Global) else self.name(n) for n in node.names]
        return node

    visit_Nonlocal = visit_Global

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        self.generic_visit(node)
        node.attr = self.maps.of_global(node.attr)
        return node

    def visit_Import(self, node: ast.Import) -> ast.AST:
        for item in node.names:
            if item.asname:
                item.asname = self.name(item.asname)
        return node

    def visit_ImportFrom(self, node: ast.ImportFrom) -> ast.AST:
        internal = self.project.internal(node)
        for item in node.names:
            if internal and item.name not in self.project.modules and item.name != "*":
                old, item.name = item.asname or item.name, self.maps.of_global(item.name)
                item.asname = self.name(old) if item.asname or self.name(old) != item.name else None
            elif item.asname:
                item.asname = self.name(item.asname)
        return node

    def visit_ExceptHandler(self, node: ast.ExceptHandler) -> ast.AST:
        self.generic_visit(node)
        node.name = self.name(node.name) if node.name else None
        return node

    def visit_MatchAs(self, node: ast.MatchAs | ast.MatchStar) -> ast.AST:
        self.generic_visit(node)
        node.name = self.name(node.name) if node.name else None
        return node

    visit_MatchStar = visit_MatchAs

    def visit_MatchMapping(self, node: ast.MatchMapping) -> ast.AST:
        self.generic_visit(node)
        node.rest = self.name(node.rest) if node.rest else None
        return node

    def visit_MatchClass(self, node: ast.MatchClass) -> ast.AST:
        self.generic_visit(node)
        node.kwd_attrs = [self.maps.of_global(name) for name in node.kwd_attrs]
        return node

    def visit_Assign(self, node: ast.Assign) -> ast.AST:
        listed = {t.id for t in node.targets if isinstance(t, ast.Name)} & {"__all__", "__slots__", "__match_args__"}
        self.generic_visit(node)
        if listed:
            for item in ast.walk(node.value):
                if isinstance(item, ast.Constant) and isinstance(item.value, str):
                    item.value = self.maps.of_global(item.value)
        return node

    def annotation(self, node: ast.expr | None) -> None:
        """Renames an annotation, the quoted ones too."""
        if node is None:
            return
        for item in ast.walk(node):
            if isinstance(item, ast.Constant) and isinstance(item.value, str) and item.value.isprintable():
                item.value = re.sub(r"[A-Za-z_]\w*", lambda word: self.maps.of_global(word[0]), item.value)
        self.visit(node)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST:
        self.annotation(node.annotation)
        self.visit(node.target)
        if node.value is not None:
            self.visit(node.value)
        return node

    def visit_Call(self, node: ast.Call) -> ast.AST:
        ours = self.is_ours(node.func)
        reflective = isinstance(node.func, ast.Name) and node.func.id in ("getattr", "setattr", "hasattr", "delattr")
        self.generic_visit(node)
        if reflective and len(node.args) > 1:
            name = node.args[1]
            if isinstance(name, ast.Constant) and isinstance(name.value, str):
                name.value = self.maps.of_global(name.value)
        for item in node.keywords:
            if not item.arg or not ours:
                continue
            if item.arg in self.project.parameters:
                item.arg = self.maps.of_local(item.arg, None)
            elif item.arg in self.project.fields:
                item.arg = self.maps.of_global(item.arg)
        return node

    def is_ours(self, function: ast.expr) -> bool:
        """Whether a call goes, as far as names tell, to the project's own code."""
        if isinstance(function, ast.Name):
            return function.id not in self.foreign or any(function.id in s for _, s in self.scopes[1:])
        if isinstance(function, ast.Attribute):
            call = function.value.func if isinstance(function.value, ast.Call) else None
            if isinstance(call, ast.Name) and call.id == "super":
                return self.own_base
            return function.attr in self.project.globals or is_dunder(function.attr)
        return False

    own_base = False

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        for field in ("decorator_list", "bases", "keywords"):
            for item in getattr(node, field):
                self.visit(item)
        outer, self.own_base = (
            self.own_base,
            any(isinstance(b, ast.Name) and b.id not in self.foreign for b in node.bases),
        )
        self.scopes.append(("class", {name: self.maps.of_global(name) for name in bound_names(node)}))
        for item in node.body:
            self.visit(item)
        self.scopes.pop()
        self.own_base = outer
        node.name = self.name(node.name)
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> ast.AST:
        for item in (*node.decorator_list, *node.args.defaults, *node.args.kw_defaults):
            if item is not None:
                self.visit(item)
        self.annotation(node.returns)
        self._enter(node)
        for item in node.body:
            self.visit(item)
        self.scopes.pop()
        node.name = self.name(node.name)
        return node

    visit_AsyncFunctionDef = visit_FunctionDef

    def visit_Lambda(self, node: ast.Lambda) -> ast.AST:
        for item in (*node.args.defaults, *node.args.kw_defaults):
            if item is not None:
                self.visit(item)
        self._enter(node)
        self.visit(node.body)
        self.scopes.pop()
        return node

    def _enter(self, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) -> None:
        own = {item.arg for item in parameters(node.args)}
        for item in parameters(node.args):
            self.annotation(item.annotation)
        names: dict[str, str] = {}
        imported = self._imported(node)
        for name in sorted(bound_names(node)):
            kept = name in KEPT_LOCALS or is_dunder(name) or name in imported
            names[name] = name if kept else self.maps.of_local(name, None if name in own else id(node))
        for item in parameters(node.args):
            item.arg = names[item.arg]
        self.scopes.append(("function", names))

    def _imported(self, node: ast.AST) -> set[str]:
        """What imports inside a function bind without an alias: these names must stay."""
        imports = [item for item in ast.walk(node) if isinstance(item, (ast.Import, ast.ImportFrom))]
        return {alias.name.split(".")[0] for item in imports for alias in item.names if not alias.asname}


class Maps:
    """Old to new names, for the globals and for the locals of a project."""

    def __init__(self, project: Project, rng: random.Random, per_function: bool = False) -> None:
        every = project.every | project.globals | project.parameters
        self.vocabulary = Vocabulary(rng, every)
        self.renamed = {name: self.vocabulary.fresh(name) for name in sorted(project.globals)}
        self.locals: dict[tuple[str, int | None], str] = {}
        self.per_function = per_function

    def of_global(self, name: str) -> str:
        """The new name of a definition, attribute or module variable; other projects' names stay."""
        return self.renamed.get(name, name)

    def of_local(self, name: str, scope: int | None) -> str:
        """The new name of a local (in the function `scope`) or of a parameter (`scope` None)."""
        if is_dunder(name):
            return name
        key = (name, scope if self.per_function else None)
        if key not in self.locals:
            shared = None if self.per_function else self.renamed.get(name)
            self.locals[key] = shared or self.vocabulary.fresh(name)
        return self.locals[key]
