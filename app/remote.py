"""Other programs ask over OSC: a Stream Deck, TouchOSC, a hotkey program, a show's cue list.

    /mien/calibrate   take the face of the next two seconds as neutral
    /mien/recentre    take the head's place and direction as the middle
    /mien/pause    1  rest, 0 go on
    /mien/mirror   1  as in a mirror, 0 not
    /mien/record   1  begin a take, 0 end it

The first two may have an argument, as buttons send 1 when pressed and 0 when released: then 0 does
nothing. Whatever else arrives is passed over; the first time a line in the log says so.
"""

from __future__ import annotations

import logging

from app.actions import Action, Calibrate, Recentre, SetMirror, SetPaused, SetRecording
from app.network import Address, DatagramListener, resolve
from app.network.osc_packet import OscMessage, read_packet
from engine.closing import Closing
from engine.errors import SettingsError

AT_ONCE = 64  # datagrams that one look takes in: a flood must not hold up the window

_PRESSED: dict[str, type[Calibrate] | type[Recentre]] = {
    "/mien/calibrate": Calibrate,
    "/mien/recentre": Recentre,
}
_SWITCHED: dict[str, type[SetPaused] | type[SetMirror] | type[SetRecording]] = {
    "/mien/pause": SetPaused,
    "/mien/mirror": SetMirror,
    "/mien/record": SetRecording,
}

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
        self._told = False

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

    def actions(self) -> tuple[Action, ...]:
        """What was asked for since the last call, in order."""
        found: list[Action] = []
        if self._listener is None:
            return ()
        for _ in range(AT_ONCE):
            received = self._listener.read()
            if received is None:
                break
            datagram, host = received
            packet = read_packet(datagram)
            understood = not packet.faults
            for message in packet.messages:
                actions = actions_from_message(message)
                if actions is None:
                    understood = False
                else:
                    found += actions
            if not understood and not self._told:
                self._told = True
                log.warning(
                    "remote: %s sends what mien does not understand; expected %s",
                    host,
                    ", ".join([*_PRESSED, *_SWITCHED]),
                )
        return tuple(found)

    def close(self) -> None:
        """Release the port. May be called twice."""
        if self._listener is not None:
            self._listener.close()


def actions_from_message(message: OscMessage) -> tuple[Action, ...] | None:
    """What the message asks for, nothing if a button was released; None: mien does not know it."""
    argument = message.arguments[0] if message.arguments else None
    is_on = bool(argument) if isinstance(argument, bool | int | float) else None
    if message.address in _PRESSED and (is_on is not None or not message.arguments):
        return () if is_on is False else (_PRESSED[message.address](),)
    if message.address in _SWITCHED and is_on is not None:
        return (_SWITCHED[message.address](is_on),)
    return None
