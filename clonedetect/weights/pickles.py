"""A pickle read as data: an interpreter of the opcodes in which no global is ever looked up and nothing is called.

`pickletools.genops` only parses. Globals become `Global` values, calls become `Call` values; the few torch
functions that describe a tensor become `TensorSpec`. So there is nothing a hostile file could run, and every
global it names can be reported.
"""

from __future__ import annotations

import io
import pickletools
from collections.abc import Callable
from dataclasses import dataclass, field

from clonedetect.errors import WeightsError

MAX_PICKLE = 1 << 28
MAX_OPCODES = 5_000_000
MAX_DEPTH = 64
MAX_NODES = 2_000_000

CONSTRUCTORS = frozenset({"_rebuild_tensor", "_rebuild_tensor_v2", "_rebuild_tensor_v3", "_rebuild_qtensor"})
WRAPPERS = frozenset({"_rebuild_parameter", "_rebuild_parameter_with_state"})
QUIET_MODULES = ("torch", "__torch__", "collections", "numpy", "_codecs", "argparse", "pathlib", "omegaconf", "typing")
QUIET_BUILTINS = frozenset({"set", "frozenset", "dict", "list", "tuple", "int", "float", "str", "bytes", "bytearray"})
MARK = object()


@dataclass(frozen=True, slots=True)
class Global:
    """A name the pickle refers to; never resolved."""

    module: str
    name: str

    @property
    def dotted(self) -> str:
        """`module.name`."""
        return f"{self.module}.{self.name}"


@dataclass(slots=True)
class Call:
    """A call or construction the pickle asks for; never made."""

    function: object
    args: object
    state: object = None
    items: list[object] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Storage:
    """A persistent id: the name of a storage type, its key in the file, its number of values."""

    kind: str
    key: str
    values: int
    offset: int = 0


@dataclass(frozen=True, slots=True)
class TensorSpec:
    """A tensor as the pickle describes it; sizes and strides unchecked."""

    storage: Storage
    offset: object
    shape: object
    strides: object
    dtype: str | None = None
    scale: float | None = None


@dataclass(frozen=True, slots=True)
class Unpickled:
    """The value of one pickle and the dotted names of all globals it refers to, in order of appearance."""

    value: object
    globals: tuple[str, ...]
    end: int


def odd_globals(names: tuple[str, ...]) -> tuple[str, ...]:
    """Those globals that a weight file has no need of: they leak origins, or worse."""
    odd = []
    for name in names:
        module, _, last = name.rpartition(".")
        root = module.partition(".")[0]
        if root in QUIET_MODULES or (root in ("builtins", "__builtin__") and last in QUIET_BUILTINS):
            continue
        odd.append(name)
    return tuple(dict.fromkeys(odd))


def _key(value: object) -> object:
    """A dictionary key that is cheap to hash: a deep tuple as a key could exhaust the C stack."""
    return value if isinstance(value, str | int | float | bytes | bool | type(None)) else id(value)


def _persistent(value: object) -> object:
    if isinstance(value, tuple) and len(value) >= 5 and value[0] == "storage" and isinstance(value[1], Global):
        key, count, extra = value[2], value[4], value[5] if len(value) > 5 else None
        offset = 0
        if isinstance(extra, tuple) and len(extra) == 3 and isinstance(extra[1], int):  # a view into a legacy storage
            key, offset, count = value[2], extra[1], value[4]
        if isinstance(key, str | int) and type(count) is int:
            return Storage(value[1].name, str(key), count, offset)
    return Call("persistent id", value)


def _tensor(function: Global, args: object) -> TensorSpec | None:
    if not isinstance(args, tuple) or len(args) < 4 or not isinstance(args[0], Storage):
        return None
    dtype, scale = None, None
    if function.name == "_rebuild_tensor_v3" and len(args) > 6 and isinstance(args[6], Global):
        dtype = args[6].name
    if function.name == "_rebuild_qtensor" and len(args) > 4 and isinstance(args[4], tuple) and len(args[4]) == 3:
        scale = args[4][1] if isinstance(args[4][1], float) else None
    return TensorSpec(args[0], args[1], args[2], args[3], dtype, scale)


def _called(function: object, args: object) -> object:
    """What a call stands for, described and not made."""
    if isinstance(function, Global):
        if function.name in CONSTRUCTORS and function.module.startswith("torch"):
            spec = _tensor(function, args)
            if spec is not None:
                return spec
        if isinstance(args, tuple) and args:
            if function.name in WRAPPERS and function.module.startswith("torch"):
                return args[0]
            if function.name == "_rebuild_from_type_v2" and len(args) >= 3:
                return _called(args[0], args[2]) if isinstance(args[0], Global) else Call(function, args)
        if function.name in ("OrderedDict", "defaultdict") and function.module == "collections":
            table: dict[object, object] = {}
            if isinstance(args, tuple) and args and isinstance(args[0], list):
                table.update((_key(p[0]), p[1]) for p in args[0] if isinstance(p, list | tuple) and len(p) == 2)
            return table
    return Call(function, args)


class _Machine:
    """The stack machine of one pickle."""

    def __init__(self) -> None:
        self.stack: list[object] = []
        self.memo: dict[int, object] = {}
        self.globals: list[str] = []

    def above_mark(self) -> list[object]:
        """Pop everything above the topmost mark, and the mark."""
        for index in range(len(self.stack) - 1, -1, -1):
            if self.stack[index] is MARK:
                items = self.stack[index + 1 :]
                del self.stack[index:]
                return items
        raise ValueError("no mark on the stack")

    def name(self, module: object, name: object) -> Global:
        """A global, noted."""
        found = Global(str(module)[:200], str(name)[:200])
        self.globals.append(found.dotted)
        return found

    def fill(self, pairs: list[object]) -> None:
        """SETITEMS into whatever is on top."""
        target = self.stack[-1]
        if isinstance(target, dict):
            target.update((_key(pairs[i]), pairs[i + 1]) for i in range(0, len(pairs) - 1, 2))
        elif isinstance(target, Call):
            target.items.extend(pairs)
        else:
            raise ValueError("items set on something that is no dictionary")

    def extend(self, items: list[object]) -> None:
        """APPENDS onto whatever is on top."""
        target = self.stack[-1]
        if isinstance(target, list):
            target.extend(items)
        elif isinstance(target, Call):
            target.items.extend(items)
        else:
            raise ValueError("items appended to something that is no list")

    def step(self, op: str, arg: object) -> None:
        """Carry out one opcode that is not a plain push."""
        stack = self.stack
        if op == "MARK":
            stack.append(MARK)
        elif op == "POP":
            stack.pop()
        elif op == "POP_MARK":
            self.above_mark()
        elif op == "DUP":
            stack.append(stack[-1])
        elif op in ("PUT", "BINPUT", "LONG_BINPUT"):
            self.memo[int(str(arg))] = stack[-1]
        elif op == "MEMOIZE":
            self.memo[len(self.memo)] = stack[-1]
        elif op in ("GET", "BINGET", "LONG_BINGET"):
            stack.append(self.memo[int(str(arg))])
        elif op in ("GLOBAL", "INST"):
            module, _, name = str(arg).partition(" ")
            found = self.name(module, name)
            stack.append(found if op == "GLOBAL" else _called(found, tuple(self.above_mark())))
        elif op == "STACK_GLOBAL":
            name, module = stack.pop(), stack.pop()
            stack.append(self.name(module, name))
        elif op in ("EXT1", "EXT2", "EXT4"):
            stack.append(self.name("copyreg extension", arg))
        elif op in ("REDUCE", "NEWOBJ"):
            args, function = stack.pop(), stack.pop()
            stack.append(_called(function, args))
        elif op == "NEWOBJ_EX":
            keywords, args, function = stack.pop(), stack.pop(), stack.pop()
            stack.append(Call(function, args, keywords))
        elif op == "OBJ":
            items = self.above_mark()
            stack.append(_called(items[0], tuple(items[1:])))
        elif op == "BUILD":
            state = stack.pop()
            if isinstance(stack[-1], Call):
                stack[-1].state = state
            elif isinstance(stack[-1], dict) and isinstance(state, dict):
                stack[-1].setdefault("__dict__", state)
        elif op == "BINPERSID":
            stack.append(_persistent(stack.pop()))
        elif op == "PERSID":
            stack.append(Call("persistent id", arg))
        elif op in ("NEXT_BUFFER", "READONLY_BUFFER"):
            raise ValueError("out-of-band buffers are not supported")
        else:
            self.collect(op)

    def collect(self, op: str) -> None:
        """Build or fill a container."""
        stack = self.stack
        if op in ("EMPTY_LIST", "EMPTY_SET"):
            stack.append([])
        elif op == "EMPTY_DICT":
            stack.append({})
        elif op == "EMPTY_TUPLE":
            stack.append(())
        elif op in ("TUPLE1", "TUPLE2", "TUPLE3"):
            count = int(op[-1])
            items = tuple(stack[-count:])
            if len(items) < count or MARK in items:
                raise ValueError("a tuple of more than the stack holds")
            del stack[-count:]
            stack.append(items)
        elif op == "TUPLE":
            stack.append(tuple(self.above_mark()))
        elif op in ("LIST", "FROZENSET"):
            stack.append(list(self.above_mark()))
        elif op == "DICT":
            items = self.above_mark()
            stack.append({})
            self.fill(items)
        elif op == "APPEND":
            self.extend([stack.pop()])
        elif op in ("APPENDS", "ADDITEMS"):
            self.extend(self.above_mark())
        elif op == "SETITEM":
            value, key = stack.pop(), stack.pop()
            self.fill([key, value])
        elif op == "SETITEMS":
            self.fill(self.above_mark())
        elif op not in ("PROTO", "FRAME"):
            raise ValueError(f"unknown opcode {op}")


PUSHED = frozenset({"NONE", "NEWTRUE", "NEWFALSE"})
CONSTANTS = {"NONE": None, "NEWTRUE": True, "NEWFALSE": False}
LITERALS = (
    "INT BININT BININT1 BININT2 LONG LONG1 LONG4 FLOAT BINFLOAT STRING BINSTRING SHORT_BINSTRING UNICODE "
    "SHORT_BINUNICODE BINUNICODE BINUNICODE8 BINBYTES SHORT_BINBYTES BINBYTES8 BYTEARRAY8"
)
LITERAL_OPS = frozenset(LITERALS.split())


def read_pickle(data: bytes, where: str, start: int = 0) -> Unpickled:
    """Interpret the pickle at `start` of `data`; WeightsError where it is broken or too large."""
    if len(data) - start > MAX_PICKLE:
        raise WeightsError(f"{where}: a pickle of {len(data) - start} bytes is over the limit of {MAX_PICKLE}")
    stream = io.BytesIO(data)
    stream.seek(start)
    machine = _Machine()
    try:
        for count, (opcode, arg, _) in enumerate(pickletools.genops(stream)):
            if count > MAX_OPCODES:
                raise ValueError(f"more than {MAX_OPCODES} opcodes")
            name = opcode.name
            if name == "STOP":
                break
            if name in LITERAL_OPS:
                machine.stack.append(arg)
            elif name in PUSHED:
                machine.stack.append(CONSTANTS[name])
            else:
                machine.step(name, arg)
        value = machine.stack[-1]
    except (ValueError, IndexError, KeyError, TypeError, OverflowError, RecursionError, MemoryError) as error:
        raise WeightsError(f"{where}: not a readable pickle ({type(error).__name__}: {str(error)[:120]})") from error
    return Unpickled(value, tuple(dict.fromkeys(machine.globals)), stream.tell())


def walk(value: object, visit: Callable[[str, TensorSpec], None]) -> None:
    """Call `visit(dotted name, tensor)` for every tensor below `value`, each container once, in order."""
    seen: set[int] = set()
    pending: list[tuple[str, object, int]] = [("", value, 0)]
    nodes = 0
    while pending:
        name, node, depth = pending.pop()
        nodes += 1
        if nodes > MAX_NODES or depth > MAX_DEPTH:
            continue
        if isinstance(node, TensorSpec):
            visit(name, node)
            continue
        children: list[tuple[object, object]] = []
        if isinstance(node, dict | list | tuple | Call):
            if id(node) in seen:
                continue
            seen.add(id(node))
        if isinstance(node, dict):
            children = [(key, child) for key, child in node.items() if key not in ("__dict__", "_metadata")]
        elif isinstance(node, list | tuple):
            children = list(enumerate(node))
        elif isinstance(node, Call):
            children = [("", node.state), ("", node.args), *(("", item) for item in node.items)]
        for key, child in reversed(children):
            if isinstance(child, dict | list | tuple | Call | TensorSpec):
                label = str(key)[:500]
                pending.append((f"{name}.{label}" if name and label else name or label, child, depth + 1))
