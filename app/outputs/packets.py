"""Open Sound Control 1.0 packets, prepared once, of which only the numbers change.

python-osc builds the messages when an output is opened. All packets lie in one buffer; every
number in it is a big-endian word at a known place, so that a frame costs one assignment instead of
a hundred messages (benchmarks/outputs.py). No sockets here.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray
from pythonosc.osc_bundle_builder import IMMEDIATELY, OscBundleBuilder
from pythonosc.osc_message import OscMessage
from pythonosc.osc_message_builder import OscMessageBuilder

MAX_PACKET = 1400  # bytes; the network splits a larger one and loses it if any piece is lost

_BUNDLE_HEADER = OscBundleBuilder(IMMEDIATELY).build().dgram
_WORD = 4  # bytes; everything in OSC is a multiple of it

Argument = str | int | float | bool | type[int] | type[float]


class Message:
    """An OSC message. An argument given as the type `int` or `float` is filled in per frame."""

    def __init__(self, address: str, *arguments: Argument) -> None:
        builder = OscMessageBuilder(address)
        for argument in arguments:
            builder.add_arg(argument() if isinstance(argument, type) else argument)
        self.built: OscMessage = builder.build()
        """With 0 for the arguments to be filled in."""

        # (offset in bytes, type) of each argument to be filled in; arguments end the message.
        self.blanks: list[tuple[int, type]] = []
        offset = self.built.size - sum(_size(argument) for argument in arguments)
        for argument in arguments:
            if isinstance(argument, type):
                self.blanks.append((offset, argument))
            offset += _size(argument)


class PreparedPackets:
    """Messages of a frame as datagrams: in bundles of at most `MAX_PACKET` bytes, or one by one.

    owners: (N,) for each number to be filled in, the index of its message.
    """

    def __init__(self, messages: Iterable[Message], *, bundled: bool = True) -> None:
        self._bundled = bundled
        packets: list[bytes] = []
        owners: list[int] = []
        words: dict[type, list[int]] = {int: [], float: []}
        places: dict[type, list[int]] = {int: [], float: []}
        extents: list[tuple[int, int]] = []  # of each message, with its size if it is bundled
        start = 0  # of the packet in the buffer
        for index, message in enumerate(messages):
            element = message.built.dgram
            if bundled:
                element = message.built.size.to_bytes(_WORD, "big") + element
            if packets and bundled and len(packets[-1]) + len(element) <= MAX_PACKET:
                packets[-1] += element
            else:
                start += len(packets[-1]) if packets else 0
                packets.append(_BUNDLE_HEADER + element if bundled else element)
            end = start + len(packets[-1])
            extents.append((end - len(element), end))
            for offset, kind in message.blanks:
                words[kind].append((end - message.built.size + offset) // _WORD)
                places[kind].append(len(owners))
                owners.append(index)

        buffer = memoryview(bytearray(b"".join(packets)))
        ends = np.cumsum([len(packet) for packet in packets]).tolist()
        self._packets = tuple(
            buffer[end - len(packet) : end] for packet, end in zip(packets, ends, strict=True)
        )
        self._elements = tuple(buffer[begin:end] for begin, end in extents)
        self._float_words: NDArray[np.float32] = np.frombuffer(buffer, ">f4")
        self._int_words: NDArray[np.int32] = np.frombuffer(buffer, ">i4")
        self._floats = np.array(words[float], np.intp), np.array(places[float], np.intp)
        self._ints = np.array(words[int], np.intp), np.array(places[int], np.intp)
        self.owners: NDArray[np.intp] = np.array(owners, np.intp)

    def fill(self, numbers: NDArray[np.float64]) -> tuple[memoryview, ...]:
        """The packets with these numbers, one for each blank in the order of the messages.

        They are views of one buffer and change with the next call: send or copy them before.
        """
        words, places = self._floats
        self._float_words[words] = numbers[places]
        words, places = self._ints
        self._int_words[words] = numbers[places]
        return self._packets

    def only(self, messages: Iterable[int]) -> list[bytes | memoryview]:
        """As filled last, but only the messages with these indices."""
        elements = [self._elements[index] for index in messages]
        if not self._bundled:
            return list(elements)
        packets: list[list[bytes | memoryview]] = []
        size = MAX_PACKET
        for element in elements:
            if size + len(element) > MAX_PACKET:
                packets.append([_BUNDLE_HEADER])
                size = len(_BUNDLE_HEADER)
            packets[-1].append(element)
            size += len(element)
        return [b"".join(packet) for packet in packets]


def _size(argument: Argument) -> int:
    """Bytes of an argument: numbers take a word; text ends with one to four zero bytes; true and
    false are types and take none."""
    if isinstance(argument, str):
        return (len(argument.encode()) // _WORD + 1) * _WORD
    if isinstance(argument, bool):
        return 0
    return _WORD
