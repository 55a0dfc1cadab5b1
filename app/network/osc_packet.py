"""Open Sound Control 1.0, read with care: whatever arrives gives messages and faults, never an
exception. http://opensoundcontrol.stanford.edu/spec-1_0.html
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from app.network.fault import Fault

Argument = float | int | str | bytes | bool | None

_WORD = 4
_BUNDLE = b"#bundle\0"
_BUNDLE_HEADER = len(_BUNDLE) + 8  # with the time tag
_DEEPEST = 8  # bundles within bundles
_FIXED = {"i": ">i", "f": ">f", "h": ">q", "d": ">d", "t": ">Q", "c": ">i", "r": ">i", "m": ">i"}
_WITHOUT_BYTES: dict[str, Argument] = {"T": True, "F": False, "N": None, "I": None}


@dataclass(frozen=True, slots=True)
class OscMessage:
    """tags: a letter for each argument, such as "sf"."""

    address: str
    tags: str
    arguments: tuple[Argument, ...]

    @property
    def numbers(self) -> tuple[float, ...]:
        """The arguments that are floats or whole numbers."""
        return tuple(float(a) for a in self.arguments if type(a) in (float, int))  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True)
class OscPacket:
    """All messages of a datagram, in order, and what else was in it."""

    messages: tuple[OscMessage, ...]
    faults: tuple[Fault, ...]


def read_packet(datagram: bytes) -> OscPacket:
    """A message, or a bundle of them."""
    messages: list[OscMessage] = []
    faults: list[Fault] = []
    _read_element(datagram, 0, messages, faults)
    return OscPacket(tuple(messages), tuple(faults))


class _MalformedError(Exception):
    """Says what is wrong with an element."""


def _read_element(
    element: bytes, depth: int, messages: list[OscMessage], faults: list[Fault]
) -> None:
    if element.startswith(_BUNDLE):
        _read_bundle(element, depth, messages, faults)
        return
    try:
        messages.append(_message(element))
    except _MalformedError as error:
        faults.append(Fault(str(error)))


def _read_bundle(
    bundle: bytes, depth: int, messages: list[OscMessage], faults: list[Fault]
) -> None:
    if depth == _DEEPEST:
        faults.append(Fault(f"bundles are nested deeper than {_DEEPEST}"))
        return
    if len(bundle) < _BUNDLE_HEADER:
        faults.append(Fault("a bundle is cut off"))
        return
    start = _BUNDLE_HEADER
    while start < len(bundle):
        if start + _WORD > len(bundle):
            faults.append(Fault("a bundle is cut off"))
            return
        (size,) = struct.unpack_from(">i", bundle, start)
        start += _WORD
        if size <= 0 or size % _WORD:
            faults.append(Fault("a bundle has an element of impossible size", str(size)))
            return
        if start + size > len(bundle):
            faults.append(Fault("a bundle is cut off"))
            return
        _read_element(bundle[start : start + size], depth + 1, messages, faults)
        start += size


def _message(element: bytes) -> OscMessage:
    if not element.startswith(b"/"):
        raise _MalformedError("not an OSC message")
    address, start = _text(element, 0)
    if start == len(element):
        raise _MalformedError("a message has no type tags")
    tags, start = _text(element, start)
    if not tags.startswith(","):
        raise _MalformedError("a message has no type tags")
    tags = tags[1:].replace("[", "").replace("]", "")  # arrays are their elements
    arguments: list[Argument] = []
    for tag in tags:
        argument, start = _argument(element, start, tag)
        arguments.append(argument)
    if start != len(element):
        raise _MalformedError("a message has bytes left over")
    return OscMessage(address, tags, tuple(arguments))


def _argument(element: bytes, start: int, tag: str) -> tuple[Argument, int]:
    if tag in _WITHOUT_BYTES:
        return _WITHOUT_BYTES[tag], start
    if tag in ("s", "S"):
        return _text(element, start)
    if tag == "b":
        size, start = _fixed(element, start, ">i")
        if size < 0 or start + size > len(element):
            raise _MalformedError("a message is cut off")
        return element[start : start + size], start + -(-size // _WORD) * _WORD
    if tag in _FIXED:
        return _fixed(element, start, _FIXED[tag])
    raise _MalformedError("a message has an argument of unknown type")


def _fixed(element: bytes, start: int, form: str) -> tuple[int, int]:
    end = start + struct.calcsize(form)
    if end > len(element):
        raise _MalformedError("a message is cut off")
    return struct.unpack_from(form, element, start)[0], end


def _text(element: bytes, start: int) -> tuple[str, int]:
    end = element.find(b"\0", start)
    if end < 0:
        raise _MalformedError("a message is cut off")
    padded = (end // _WORD + 1) * _WORD
    if padded > len(element):
        raise _MalformedError("a message is cut off")
    try:
        return element[start:end].decode(), padded
    except UnicodeDecodeError:
        raise _MalformedError("text is not UTF-8") from None
