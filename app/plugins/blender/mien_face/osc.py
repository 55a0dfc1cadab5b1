"""Open Sound Control 1.0, as far as faces need it. Whatever arrives, no exception leaves here.

http://opensoundcontrol.stanford.edu/spec-1_0.html
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

Message = tuple[str, tuple[float, ...]]

_BUNDLE = b"#bundle\0"
_HEADER = len(_BUNDLE) + 8  # with the time tag
_DEEPEST = 4  # bundles within bundles
_NUMBERS = {"i": ">i", "f": ">f", "h": ">q", "d": ">d"}
_WITHOUT_BYTES = {"T": 1.0, "F": 0.0}


def messages(datagram: bytes) -> Iterator[Message]:
    """Address and numbers of each message that has nothing but numbers, in order.

    What is cut off, malformed or of other types is left out.
    """
    return _element(memoryview(datagram), 0)


def _element(element: memoryview, depth: int) -> Iterator[Message]:
    if element[:8] == _BUNDLE:
        if depth < _DEEPEST:
            yield from _bundle(element, depth)
        return
    message = _message(bytes(element))
    if message is not None:
        yield message


def _bundle(bundle: memoryview, depth: int) -> Iterator[Message]:
    start = _HEADER
    while start + 4 <= len(bundle):
        (size,) = struct.unpack_from(">i", bundle, start)
        start += 4
        if size <= 0 or start + size > len(bundle):
            return
        yield from _element(bundle[start : start + size], depth + 1)
        start += size


def _message(element: bytes) -> Message | None:
    if not element.startswith(b"/"):
        return None
    address_end = element.find(b"\0")
    tags_start = _padded(address_end)
    tags_end = element.find(b"\0", tags_start)
    if address_end < 0 or tags_end < 0 or element[tags_start : tags_start + 1] != b",":
        return None
    start = _padded(tags_end)
    numbers: list[float] = []
    for tag in element[tags_start + 1 : tags_end].decode("latin-1"):
        if tag in _WITHOUT_BYTES:
            numbers.append(_WITHOUT_BYTES[tag])
            continue
        form = _NUMBERS.get(tag)
        if form is None or start + struct.calcsize(form) > len(element):
            return None
        numbers.append(float(struct.unpack_from(form, element, start)[0]))
        start += struct.calcsize(form)
    return element[:address_end].decode("latin-1"), tuple(numbers)


def _padded(end: int) -> int:
    """Where the next piece begins behind a text that ends before `end`'s zero."""
    return (end // 4 + 1) * 4
