"""What a pickle leaves when nothing of it is run, and the names that it may use."""

from __future__ import annotations

from dataclasses import dataclass, field

from engine.errors import ModelError


class ForbiddenNameError(ModelError):
    """A pickle that wants something called that is not on the reader's list."""


@dataclass(frozen=True, slots=True, eq=False)
class Global:
    """A function or class that the pickle names, `module.name`."""

    name: str


@dataclass(slots=True, eq=False)
class Instance:
    """What the pickle would have had built by a function or class.

    arguments: of the call; state: what it was told afterwards; entries, elements: what was put in.
    """

    kind: str
    arguments: tuple[object, ...]
    state: object = None
    entries: dict[object, object] = field(default_factory=dict)
    elements: list[object] = field(default_factory=list)


@dataclass(frozen=True, slots=True, eq=False)
class Persistent:
    """Something that lies beside the pickle: a tensor's storage."""

    identity: object


@dataclass(frozen=True, slots=True)
class Names:
    """The names that a reader knows: whole ones, and packages of which it takes any."""

    exact: frozenset[str]
    packages: tuple[str, ...] = ()

    def know(self, name: str) -> bool:
        """Whether the name may stand in the pickle."""
        return name in self.exact or name.startswith(tuple(f"{p}." for p in self.packages))


_BUILTINS = ("bool", "bytes", "dict", "float", "frozenset", "int", "list", "object", "set", "str")
PLAIN_NAMES = frozenset(
    {
        *(f"{b}.{n}" for b in ("__builtin__", "builtins") for n in _BUILTINS),
        *(f"{c}._reconstructor" for c in ("copy_reg", "copyreg")),
        "_codecs.encode",
        "collections.Counter",
        "collections.OrderedDict",
        "collections.defaultdict",
    }
)
