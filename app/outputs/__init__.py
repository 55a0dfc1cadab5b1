"""Live destinations of face states. A protocol is a file with `PORT`, settings and an encoder.

`PROTOCOL[:HOST[:PORT]]` names one destination; the same protocol may be sent to several.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import TracebackType
from typing import Protocol, Self

from app.folders import data_folder
from app.network import Address, DatagramSender, is_own, resolve
from app.outputs import ifacialmocap, livelink, osc, vmc, vrchat, vts, vtsphone
from app.outputs.datagrams import DatagramLink
from app.outputs.live import Link, LiveOutput
from app.outputs.vts_token import TokenFile
from engine.data import FaceState
from engine.errors import SettingsError

DEFAULT_HOST = "127.0.0.1"

ProtocolSettings = (
    osc.OscSettings
    | vmc.VmcSettings
    | ifacialmocap.IFacialMocapSettings
    | livelink.LiveLinkSettings
    | vrchat.VrchatSettings
    | vts.VtsSettings
    | vtsphone.VtsPhoneSettings
)

PROTOCOLS: dict[str, tuple[int, ProtocolSettings]] = {
    "osc": (osc.PORT, osc.OscSettings()),
    "vmc": (vmc.PORT, vmc.VmcSettings()),
    "ifacialmocap": (ifacialmocap.PORT, ifacialmocap.IFacialMocapSettings()),
    "livelink": (livelink.PORT, livelink.LiveLinkSettings()),
    "vrchat": (vrchat.PORT, vrchat.VrchatSettings()),
    "vts": (vts.PORT, vts.VtsSettings()),
    "vtsphone": (vtsphone.PORT, vtsphone.VtsPhoneSettings()),
}
"""The usual port and the settings of each protocol, by its name on the command line."""


@dataclass(frozen=True, slots=True)
class OutputSettings:
    """One destination. The type of `options` says which protocol it speaks."""

    options: ProtocolSettings
    host: str
    port: int

    def __post_init__(self) -> None:
        if not 1 <= self.port <= 65535:
            raise SettingsError(f"bad port {self.port}; expected 1 to 65535.")

    @property
    def protocol(self) -> str:
        """The protocol's name on the command line."""
        return next(n for n, (_, o) in PROTOCOLS.items() if type(o) is type(self.options))

    @property
    def name(self) -> str:
        """For people: "vmc 127.0.0.1:39539"."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.protocol} {host}:{self.port}"


class Output(Protocol):
    """A live destination.

    name:      for people.
    datagrams: how many were sent so far.
    """

    name: str

    @property
    def datagrams(self) -> int: ...

    @property
    def trouble(self) -> str:
        """Why nothing arrives, for people; empty: nothing is known against it."""

    def send(self, state: FaceState) -> None:
        """Called for every state, from one thread. Never waits, never fails."""

    def close(self) -> None:
        """Say good-bye to the receiver and release everything. May be called twice."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...


def parse_output(spec: str) -> OutputSettings:
    """Settings from `PROTOCOL[:HOST[:PORT]]`; raises SettingsError.

    An empty host is this machine (`vmc::39540`); an IPv6 address stands in brackets.
    """
    protocol, _, target = spec.strip().partition(":")
    if protocol.lower() not in PROTOCOLS:
        raise SettingsError(
            f"unknown output {spec!r}; expected PROTOCOL[:HOST[:PORT]] with one of the protocols "
            f"{', '.join(PROTOCOLS)}, such as vmc:192.168.1.5."
        )
    usual_port, options = PROTOCOLS[protocol.lower()]
    if target.startswith("["):
        host, bracket, rest = target[1:].partition("]")
        if not host or not bracket or rest[:1] not in ("", ":"):
            raise SettingsError(f"bad address in output {spec!r}; expected [IPv6] or [IPv6]:PORT.")
        port = rest[1:]
    else:
        host, _, port = target.partition(":")
        if ":" in port:
            raise SettingsError(
                f"too many colons in output {spec!r}; expected PROTOCOL[:HOST[:PORT]]. "
                "Write an IPv6 address in brackets."
            )
        if host.isdigit() and not port:
            raise SettingsError(
                f"output {spec!r} has no host; expected PROTOCOL[:HOST[:PORT]]. "
                f"For port {host} of this machine write {protocol}::{host}."
            )
    is_number = port.isascii() and port.isdigit() and len(port) <= 5
    if port and not (is_number and 1 <= int(port) <= 65535):
        raise SettingsError(f"bad port {port!r} in output {spec!r}; expected 1 to 65535.")
    return OutputSettings(options, host or DEFAULT_HOST, int(port) if port else usual_port)


def open_output(settings: OutputSettings) -> Output:
    """Ready to send. Nobody needs to listen yet.

    Raises OutputError if the host cannot be found, or a port that we need is taken.
    """
    address = resolve(settings.host, settings.port)
    link: Link
    match settings.options:
        case osc.OscSettings():
            link = _osc_link(settings, settings.options, address)
        case vmc.VmcSettings():
            link = DatagramLink(vmc.VmcEncoder(settings.options), _sender(settings, address))
        case livelink.LiveLinkSettings():
            encoder = livelink.LiveLinkEncoder(settings.options)
            link = DatagramLink(encoder, _sender(settings, address))
        case ifacialmocap.IFacialMocapSettings():
            link = ifacialmocap.open_link(settings.options, address, name=settings.name)
        case vrchat.VrchatSettings():
            link = _vrchat_link(settings, settings.options, address)
        case vts.VtsSettings():
            link = _vts_link(settings, settings.options, address)
        case vtsphone.VtsPhoneSettings():
            link = vtsphone.open_link(address, name=settings.name)
    return LiveOutput(settings.name, link, settings.options.axes)


def _sender(settings: OutputSettings, address: Address) -> DatagramSender:
    return DatagramSender(address, name=settings.name)


def _osc_link(settings: OutputSettings, options: osc.OscSettings, address: Address) -> Link:
    encoder = osc.OscEncoder(options)
    link = DatagramLink(encoder, _sender(settings, address))
    if not options.query:
        return link
    from app.outputs.osc_query import DescribedLink  # takes a quarter of a second

    return DescribedLink(link, encoder, address, name=settings.name)


def _vrchat_link(
    settings: OutputSettings, options: vrchat.VrchatSettings, address: Address
) -> Link:
    sender = _sender(settings, address)
    asks = options.parameters == "avatar" or (options.parameters == "auto" and is_own(address))
    if not asks:
        return DatagramLink(vrchat.open_blind_encoder(options), sender)
    from app.outputs.vrchat_avatar import open_link  # takes a quarter of a second

    return open_link(options, sender, name=settings.name, port=settings.port)


def _vts_link(settings: OutputSettings, options: vts.VtsSettings, address: Address) -> Link:
    from app.outputs.vts_dialogue import open_link  # brings the library for WebSockets

    token = TokenFile(data_folder(), settings.host)
    return open_link(options, address, token, name=settings.name)
