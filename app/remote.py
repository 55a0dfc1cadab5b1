"""Other programs ask over OSC: a Stream Deck, TouchOSC, a hotkey program, a show's cue list.

    /mien/calibrate   take the face of the next two seconds as neutral
    /mien/recentre    take the head's place and direction as the middle
    /mien/pause    1  rest, 0 go on
    /mien/mirror   1  as in a mirror, 0 not
    /mien/record   1  begin a take, 0 end it

The first two may have an argument, as buttons send 1 when pressed and 0 when released: then 0 does
nothing. The others without one switch over. Whatever else arrives is passed over; a line in the log
says what was not understood.
"""

from __future__ import annotations

import logging

from app.actions import Action, Calibrate, Recentre, SetMirror, SetPaused, SetRecording, Wishes
from app.log import one_line
from app.network import Address, DatagramListener, resolve
from app.network.osc_packet import OscMessage, read_packet
from engine.closing import Closing
from engine.errors import SettingsError

AT_ONCE = 64  # datagrams that one look takes in: a flood must not hold up the window
MOST_TOLD = 8  # kinds of messages that are told of in a run: nor must a flood fill the log

_PRESSED: dict[str, type[Calibrate] | type[Recentre]] = {
    "/mien/calibrate": Calibrate,
    "/mien/recentre": Recentre,
}
_SWITCHED = ("/mien/pause", "/mien/mirror", "/mien/record")

log = logging.getLogger(__name__)


def open_remote(spec: str) -> Remote:
    """At [HOST:]PORT; at no port if it is empty. Raises SettingsError, OutputError."""
    return Remote(_address(spec))


def _address(spec: str) -> Address | None:
    if not spec:
        return None
    host, _, port = spec.rpartition(":")
    if not (port.isdecimal() and len(port) <= 5 and 0 < int(port) < 65536):
        raise SettingsError(
            f"`remote` is {spec!r}; expected a port such as 9010, or 0.0.0.0:9010 for other "
            "computers, too."
        )
    return resolve(host or "127.0.0.1", int(port))


class Remote(Closing):
    """Listens at one port. Never waits."""

    def __init__(self, address: Address | None) -> None:
        """address: None: nobody may ask. Raises OutputError if the port is not to be had."""
        self._listener = None if address is None else DatagramListener(address)
        self._told: set[str] = set()

    def listen(self, spec: str) -> None:
        """There instead. Raises SettingsError, OutputError; then it listens nowhere."""
        self.close()
        self._listener = None
        address = _address(spec)
        if address is not None:
            self._listener = DatagramListener(address)

    @property
    def port(self) -> int | None:
        return None if self._listener is None else self._listener.port

    def actions(self, wishes: Wishes) -> tuple[Action, ...]:
        """What was asked for since the last call, in order; switches turn what `wishes` has."""
        found: list[Action] = []
        if self._listener is None:
            return ()
        for _ in range(AT_ONCE):
            received = self._listener.read()
            if received is None:
                break
            datagram, host = received
            packet = read_packet(datagram)
            for fault in packet.faults:
                self._tell(host, "what is no OSC message", fault.what, "one, such as /mien/pause 1")
            for message in packet.messages:
                actions = actions_from_message(message, wishes)
                if actions is None:
                    sent = " ".join(map(repr, message.arguments)) or "without an argument"
                    self._tell(host, message.address, sent, _expected(message))
                    continue
                for action in actions:
                    wishes = wishes.after(action)
                found += actions
        return tuple(found)

    def _tell(self, host: str, what: str, more: str, expected: str) -> None:
        """Once of each kind."""
        if what not in self._told and len(self._told) < MOST_TOLD:
            self._told.add(what)
            log.warning(
                "remote: %s sends %s (%s), which mien does not understand; expected %s",
                host,
                _short(what),
                _short(more),
                expected,
            )

    def close(self) -> None:
        """Release the port. May be called twice."""
        if self._listener is not None:
            self._listener.close()


def actions_from_message(message: OscMessage, wishes: Wishes) -> tuple[Action, ...] | None:
    """What the message asks for, nothing if a button was released; None: mien does not know it."""
    argument = message.arguments[0] if message.arguments else None  # an impulse is None, too
    is_on = bool(argument) if isinstance(argument, bool | int | float) else None
    if argument is not None and is_on is None:
        return None
    if message.address in _PRESSED:
        return () if is_on is False else (_PRESSED[message.address](),)
    match message.address:
        case "/mien/pause":
            return (SetPaused(not wishes.paused if is_on is None else is_on),)
        case "/mien/mirror":
            return (SetMirror(not wishes.mirror if is_on is None else is_on),)
        case "/mien/record":
            return (SetRecording(not wishes.recording if is_on is None else is_on),)
    return None


def _short(text: str) -> str:
    text = one_line(text)
    return text if len(text) <= 60 else f"{text[:59]}…"


def _expected(message: OscMessage) -> str:
    """By whoever sends to this address."""
    if message.address in _PRESSED:
        return "no argument, or 1 for pressed and 0 for released"
    if message.address in _SWITCHED:
        return "1 or 0, or no argument to switch over"
    return f"one of {', '.join((*_PRESSED, *_SWITCHED))}"
