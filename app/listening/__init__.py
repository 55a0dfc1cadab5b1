"""What other programs send: the receiving end of every protocol of `app.outputs` that talks to
whoever listens. Nothing that arrives raises an exception.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from app.listening import ifacialmocap, livelink, osc, vmc, vrchat, vtsphone
from app.listening.reading import Reading
from app.outputs import PROTOCOLS as OUTPUTS
from engine.errors import SettingsError


@dataclass(frozen=True, slots=True)
class ListeningProtocol:
    """How a protocol is received.

    port:    where receivers usually listen; for one that is asked, where it waits to be asked.
    decode:  a datagram to what it says.
    request: what a sender wants to hear, given the port at which we listen; None: it just sends.
    asked:   it sends only to those who ask.
    """

    name: str
    port: int
    decode: Callable[[bytes], Reading]
    request: Callable[[int], bytes] | None = None
    asked: bool = False


PROTOCOLS = {
    protocol.name: protocol
    for protocol in (
        ListeningProtocol("osc", OUTPUTS["osc"][0], osc.decode),
        ListeningProtocol("vmc", OUTPUTS["vmc"][0], vmc.decode),
        ListeningProtocol("livelink", OUTPUTS["livelink"][0], livelink.decode),
        ListeningProtocol(
            "ifacialmocap",
            OUTPUTS["ifacialmocap"][0],
            ifacialmocap.decode,
            lambda port: ifacialmocap.REQUEST,
        ),
        ListeningProtocol("vrchat", OUTPUTS["vrchat"][0], vrchat.decode),
        ListeningProtocol(
            "vtsphone", OUTPUTS["vtsphone"][0], vtsphone.decode, vtsphone.request, asked=True
        ),
    )
}
"""By the name on the command line."""


@dataclass(frozen=True, slots=True)
class ListeningPlace:
    """What is listened to, and the port that was asked for."""

    protocol: ListeningProtocol
    port: int


def parse_place(spec: str) -> ListeningPlace:
    """From `PROTOCOL[:PORT]`; raises SettingsError."""
    name, colon, port = spec.strip().partition(":")
    name = name.lower()
    if name == "vts":
        raise SettingsError(
            "cannot listen to vts: its plugins talk only to VTube Studio itself; expected "
            f"{', '.join(PROTOCOLS)}. Look at the values in VTube Studio's settings."
        )
    if name not in PROTOCOLS:
        raise SettingsError(
            f"unknown protocol {spec!r}; expected PROTOCOL[:PORT] with one of the protocols "
            f"{', '.join(PROTOCOLS)}, such as vmc:39540."
        )
    if colon and not (port.isascii() and port.isdigit() and 1 <= int(port[:6]) <= 65535):
        raise SettingsError(f"bad port {port!r} in {spec!r}; expected 1 to 65535.")
    return ListeningPlace(PROTOCOLS[name], int(port) if port else PROTOCOLS[name].port)


def protocols_of(datagram: bytes) -> tuple[str, ...]:
    """The names of those that would understand it."""
    return tuple(name for name, p in PROTOCOLS.items() if p.decode(datagram).is_understood)
