"""Pickles read as data: a machine that builds values and calls nothing.

A pickle is a program that may name any function of any module and have it called. Here a name is
never looked up. What the program wants built becomes an `Instance`, which other modules read; a
name that is not on the reader's list is refused.
The opcodes are those of Lib/pickletools.py, protocols 0 to 5.
"""

from __future__ import annotations

import pickletools
import struct
import warnings
from collections.abc import Callable
from typing import BinaryIO, cast

from engine.errors import ModelError
from models.checkpoints.inert import ForbiddenNameError, Global, Instance, Names, Persistent

MAX_OPCODES = 2_000_000  # DECA's file, optimiser and all, has some 100,000
LINE = 1 << 16  # bytes; the longest line of text that a pickle has a use for

_LITERALS = frozenset(
    "INT BININT BININT1 BININT2 LONG LONG1 LONG4 FLOAT BINFLOAT STRING BINSTRING SHORT_BINSTRING "
    "UNICODE BINUNICODE SHORT_BINUNICODE BINUNICODE8 BINBYTES SHORT_BINBYTES BINBYTES8 "
    "BYTEARRAY8".split()
)
_SCALARS = (str, bytes, int, float, type(None))
_BROKEN = (ValueError, IndexError, KeyError, TypeError, OverflowError, struct.error)


def unpickle(
    file: BinaryIO, names: Names, *, persistents: list[Persistent] | None = None
) -> object:
    """The value of the pickle at the file's position, which is then behind it.

    Texts of Python 2 become str by latin-1. What lies beside the pickle is added to `persistents`.
    Raises ModelError if it names what `names` does not know, or is damaged.
    """
    machine = _Machine(names, [] if persistents is None else persistents)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about escapes in the texts of damaged files
            operations = pickletools.genops(cast(BinaryIO, _Clamped(file)))
            for count, (opcode, argument, _) in enumerate(operations):
                if count == MAX_OPCODES:
                    raise ModelError(f"its pickle has more than {MAX_OPCODES:,} steps")
                machine.step(opcode.name, argument)
        return machine.stack.pop()
    except _BROKEN as error:
        raise ModelError(f"its pickle is damaged or cut off ({_brief(error)})") from error


class _Clamped:
    """A file that never reserves memory for more than it has."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        here = file.tell()
        self._end = file.seek(0, 2)
        file.seek(here)

    def read(self, size: int) -> bytes:
        return self._file.read(min(size, self._end - self._file.tell()))

    def readline(self) -> bytes:
        return self._file.readline(LINE)

    def tell(self) -> int:
        return self._file.tell()


class _Machine:
    """The pickle machine's stack and memory."""

    def __init__(self, names: Names, persistents: list[Persistent]) -> None:
        self.stack: list[object] = []
        self._names = names
        self._persistents = persistents
        self._marks: list[int] = []
        self._memo: dict[int, object] = {}
        self._doers: dict[str, Callable[[], None]] = {
            "POP": self._pop,
            "APPEND": lambda: self._append([self.stack.pop()]),
            "APPENDS": lambda: self._append(self._since_mark()),
            "ADDITEMS": lambda: self._append(self._since_mark()),
            "SETITEM": lambda: self._set([self.stack.pop(-2), self.stack.pop()]),
            "SETITEMS": lambda: self._set(self._since_mark()),
            "REDUCE": self._reduce,
            "NEWOBJ": self._reduce,
            "NEWOBJ_EX": lambda: self._reduce(keywords=True),
            "OBJ": self._obj,
            "BUILD": self._build,
            "STACK_GLOBAL": self._stack_global,
        }

    def step(self, name: str, argument: object) -> None:
        """Follow one opcode."""
        stack = self.stack
        if name in _LITERALS:
            stack.append(argument)
        elif name in self._doers:
            self._doers[name]()
        else:
            match name:
                case "PROTO" | "FRAME" | "STOP":
                    pass
                case "MARK":
                    self._marks.append(len(stack))
                case "POP_MARK":
                    self._since_mark()
                case "DUP":
                    stack.append(stack[-1])
                case "NONE":
                    stack.append(None)
                case "NEWTRUE" | "NEWFALSE":
                    stack.append(name == "NEWTRUE")
                case "EMPTY_LIST":
                    stack.append([])
                case "EMPTY_DICT":
                    stack.append({})
                case "EMPTY_TUPLE":
                    stack.append(())
                case "EMPTY_SET":
                    stack.append(Instance("builtins.set", ()))
                case "FROZENSET":
                    stack.append(Instance("builtins.frozenset", tuple(self._since_mark())))
                case "LIST":
                    stack.append(self._since_mark())
                case "DICT":
                    entries = self._since_mark()
                    stack.append({})
                    self._set(entries)
                case "TUPLE":
                    stack.append(tuple(self._since_mark()))
                case "TUPLE1" | "TUPLE2" | "TUPLE3":
                    size = int(name[-1])
                    stack.append(tuple(stack.pop() for _ in range(size))[::-1])
                case "GET" | "BINGET" | "LONG_BINGET":
                    stack.append(self._memo[_integer(argument)])
                case "PUT" | "BINPUT" | "LONG_BINPUT":
                    self._memo[_integer(argument)] = stack[-1]
                case "MEMOIZE":
                    self._memo[len(self._memo)] = stack[-1]
                case "GLOBAL":
                    stack.append(self._global(str(argument).replace(" ", ".", 1)))
                case "INST":
                    kind = self._global(str(argument).replace(" ", ".", 1))
                    stack.append(Instance(kind.name, tuple(self._since_mark())))
                case "PERSID" | "BINPERSID":
                    found = Persistent(argument if name == "PERSID" else stack.pop())
                    self._persistents.append(found)
                    stack.append(found)
                case _:
                    raise ModelError(f"its pickle uses {name}, which plain data has no need of")

    def _global(self, name: str) -> Global:
        if not self._names.know(name):
            raise ForbiddenNameError(
                f"its pickle calls for {name!r:.100}, which is no data; nothing of it was run, and "
                "no other program should open it"
            )
        return Global(name)

    def _stack_global(self) -> None:
        name, module = self.stack.pop(), self.stack.pop()
        self.stack.append(self._global(f"{module}.{name}"))

    def _since_mark(self) -> list[object]:
        start = self._marks.pop()
        taken = self.stack[start:]
        del self.stack[start:]
        return taken

    def _pop(self) -> None:
        if self._marks and self._marks[-1] == len(self.stack):  # protocol 0 drops marks so
            self._marks.pop()
        else:
            self.stack.pop()

    def _append(self, values: list[object]) -> None:
        match self.stack[-1]:
            case list() as target:
                target.extend(values)
            case Instance(elements=elements):
                elements.extend(values)
            case other:
                raise TypeError(f"elements for {type(other).__name__}")

    def _set(self, flat: list[object]) -> None:
        match self.stack[-1]:
            case dict() as target:
                pass
            case Instance(entries=target):
                pass
            case other:
                raise TypeError(f"entries for {type(other).__name__}")
        for key, value in zip(flat[::2], flat[1::2], strict=True):
            target[_key(key)] = value

    def _reduce(self, *, keywords: bool = False) -> None:
        if keywords:
            self.stack.pop()
        arguments, function = self.stack.pop(), self.stack.pop()
        if not isinstance(function, Global) or not isinstance(arguments, tuple):
            raise TypeError("a call of what is no name")
        self.stack.append(_built(function.name, arguments))

    def _obj(self) -> None:
        function, *arguments = self._since_mark()
        if not isinstance(function, Global):
            raise TypeError("an instance of what is no name")
        self.stack.append(Instance(function.name, tuple(arguments)))

    def _build(self) -> None:
        state, target = self.stack.pop(), self.stack[-1]
        if isinstance(target, Instance):
            target.state = state
        elif not isinstance(target, dict):  # an OrderedDict's attributes (`_metadata`) are dropped
            raise TypeError(f"a state for {type(target).__name__}")


def _built(name: str, arguments: tuple[object, ...]) -> object:
    """Ordered dictionaries and Python 2's bytes are plain data; everything else stays inert."""
    match name, arguments:
        case "collections.OrderedDict", ():
            return {}
        case "collections.OrderedDict", (list() as pairs,):
            return {_key(key): value for key, value in map(_pair, pairs)}
        case "_codecs.encode", (str() as text, *_):
            return text.encode("latin-1")
        case "builtins.bytes" | "__builtin__.bytes", ():
            return b""
    return Instance(name, arguments)


def _pair(value: object) -> tuple[object, object]:
    if not isinstance(value, list | tuple) or len(value) != 2:
        raise TypeError("a dictionary's entry that is no pair")
    return value[0], value[1]


def _key(key: object) -> object:
    """Only flat keys: the hash of a tuple in a tuple in a tuple … would overflow C's stack."""
    if isinstance(key, (*_SCALARS, Global, Instance)):
        return key
    if isinstance(key, tuple) and all(isinstance(part, _SCALARS) for part in key):
        return key
    raise TypeError(f"a {type(key).__name__} as key")


def _integer(value: object) -> int:
    if not isinstance(value, int):
        raise TypeError("a place in memory that is no number")
    return value


def _brief(error: Exception) -> str:
    return " ".join(f"{type(error).__name__}: {error}".split())[:120]
