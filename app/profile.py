"""Profiles: TOML files that hold a person's settings, read into frozen dataclasses.

A table becomes a dataclass, a key a field; what a profile leaves out keeps its default. All faults
of a file are told at once. Keys that are not known are faults too: a misspelt setting that does
nothing would be worse.
"""

from __future__ import annotations

import dataclasses
import logging
import tomllib
import types
import typing
from collections.abc import Collection
from pathlib import Path
from typing import Any, TypeVar

import tomli_w

from engine.errors import SettingsError
from engine.whole_files import PRIVATE, remove_killed, replace_file

T = TypeVar("T")

log = logging.getLogger(__name__)


class ProfileNotOursError(SettingsError):
    """The file may well be whole: it is not to be touched, only not to be used."""


def read_profile(path: Path, kind: type[T], retired: Collection[str] = ()) -> T:
    """The dataclass `kind` filled from a TOML file. Raises SettingsError with every fault.

    A file that cannot be read, or whose `version` is above that of `kind`, is ProfileNotOursError.

    retired: keys such as "smoother.gaze" that an earlier version wrote: passed over, and told.
    """
    try:
        # Notepad and PowerShell write a byte order mark.
        table = tomllib.loads(path.read_text("utf-8-sig"))
    except OSError as error:
        raise ProfileNotOursError(
            f"cannot read the profile {path}: {error.strerror}. Check the name, or leave it out."
        ) from error
    except RecursionError as error:
        raise SettingsError(
            f"the profile {path} is not usable: tables or lists too deep in each other. Mend or "
            "remove the file."
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(
            f"the profile {path} is not TOML: {error}. Mend or remove the file."
        ) from error
    _refuse_newer(path, table, kind)  # which has keys that are not known here
    passed_over = [key for key in retired if _removed(table, key)]
    if passed_over:
        log.warning(
            "the profile %s has settings of an earlier mien that are no more; passed over: %s",
            path,
            ", ".join(passed_over),
        )
    faults: list[str] = []
    value = _dataclass_from_table(table, kind, "", faults)
    if faults:
        raise SettingsError(f"the profile {path} cannot be used: " + "; ".join(faults))
    return typing.cast(T, value)


def write_profile(path: Path, settings: object) -> None:
    """Write a dataclass as TOML, without what is at its default.

    The file is replaced as a whole or not at all.
    """
    text = tomli_w.dumps(_table_from_dataclass(settings))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        remove_killed(path.parent)
        replace_file(path, text.encode(), mode=PRIVATE)  # a camera's password may be in it
    except OSError as error:
        raise SettingsError(
            f"cannot write the profile {path}: {error.strerror}. Check the folder's rights and "
            "free space."
        ) from error


def with_value(settings: T, key: str, value: object) -> T:
    """The same settings with one value exchanged, checked as if it stood in the file.

    key: as in the file, a table's after its name: `tracker.person`. Raises SettingsError.
    """
    table = _table_from_dataclass(settings)
    *parents, last = key.split(".")
    place = table
    for parent in parents:
        place = place.setdefault(parent, {})
        if not isinstance(place, dict):
            raise SettingsError(f"`{key}` is not a setting; `{parent}` is no table.")
    place[last] = _plain_value(value)
    faults: list[str] = []
    changed = _dataclass_from_table(table, type(settings), "", faults)
    if faults:
        raise SettingsError("; ".join(faults).rstrip(".") + ".")
    return typing.cast(T, changed)


def value_from_text(text: str) -> object:
    """A value as a profile writes it, or the text itself: `true`, `60`, `["csv"]`, `demo`."""
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except (tomllib.TOMLDecodeError, RecursionError):
        return text


def _refuse_newer(path: Path, table: dict[str, Any], kind: type) -> None:
    fields = dataclasses.fields(kind)
    known: list[Any] = [field.default for field in fields if field.name == "version"]
    version = table.get("version")
    if known and isinstance(version, int) and version > known[0]:
        raise ProfileNotOursError(
            f"the profile {path} was made by a newer mien (version {version}; this one knows "
            f"{known[0]}). Install a newer mien, or take another profile."
        )


def _removed(table: dict[str, Any], key: str) -> bool:
    """Take a key out of the table; whether it was there."""
    *tables, name = key.split(".")
    for inner in tables:
        found = table.get(inner)
        if not isinstance(found, dict):
            return False
        table = found
    return table.pop(name, None) is not None


def _dataclass_from_table(
    table: dict[str, Any], kind: type, where: str, faults: list[str]
) -> object | None:
    hints = typing.get_type_hints(kind)
    values: dict[str, Any] = {}
    found = len(faults)
    for key, raw in table.items():
        name = f"{where}{key}"
        if key not in hints:
            faults.append(f"`{name}` is not a setting; expected one of {', '.join(sorted(hints))}")
        else:
            values[key] = _value(raw, hints[key], name, faults)
    if len(faults) > found:
        return None
    try:
        return typing.cast(object, kind(**values))
    except (ValueError, SettingsError) as error:
        faults.append(f"[{where.rstrip('.')}] {error}" if where else str(error))
        return None


def _value(raw: Any, hint: Any, name: str, faults: list[str]) -> Any:
    """`raw` as the type `hint`, or a fault."""
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        hint = next(argument for argument in arguments if argument is not type(None))
        return _value(raw, hint, name, faults)
    if dataclasses.is_dataclass(hint):
        if isinstance(raw, dict):
            return _dataclass_from_table(raw, typing.cast(type, hint), f"{name}.", faults)
        return _fault(raw, "a table", name, faults)
    if origin is typing.Literal:
        if raw in arguments:
            return raw
        return _fault(raw, " or ".join(repr(argument) for argument in arguments), name, faults)
    if origin is tuple:
        if not isinstance(raw, list):
            return _fault(raw, "a list", name, faults)
        kinds = arguments[:1] * len(raw) if arguments[-1] is Ellipsis else arguments
        if len(kinds) != len(raw):
            return _fault(raw, f"a list of {len(kinds)}", name, faults)
        return tuple(
            _value(item, kind, f"{name}[{i}]", faults)
            for i, (item, kind) in enumerate(zip(raw, kinds, strict=True))
        )
    return _plain(raw, hint, name, faults)


def _plain(raw: Any, hint: Any, name: str, faults: list[str]) -> Any:
    is_number = isinstance(raw, int | float) and not isinstance(raw, bool)
    if hint is bool and isinstance(raw, bool):
        return raw
    if hint is int and is_number and isinstance(raw, int):
        return raw
    if hint is float and is_number:
        try:
            return float(raw)
        except OverflowError:  # a whole number of hundreds of digits
            return _fault(raw, "a number that a float can hold", name, faults)
    if hint is str and isinstance(raw, str):
        return raw
    if hint is Path and isinstance(raw, str):
        return Path(raw)
    words = {bool: "true or false", int: "a whole number", float: "a number"}
    return _fault(raw, words.get(hint, "a text in quotes"), name, faults)


def _fault(raw: Any, expected: str, name: str, faults: list[str]) -> None:
    faults.append(f"`{name}` is {raw!r}; expected {expected}")


def _table_from_dataclass(settings: object) -> dict[str, Any]:
    """Fields that differ from their default: a file that held them all would keep old defaults."""
    table = {}
    for field in dataclasses.fields(typing.cast(Any, settings)):
        value = getattr(settings, field.name)
        if value is not None and (field.name == "version" or value != field.default):
            table[field.name] = _plain_value(value)
    return table


def _plain_value(value: Any) -> Any:
    if dataclasses.is_dataclass(value):
        return _table_from_dataclass(value)
    if isinstance(value, tuple):
        return [_plain_value(item) for item in value]
    return str(value) if isinstance(value, Path) else value
