"""Where a receiver or a listener is."""

from __future__ import annotations

import ipaddress
import socket
from dataclasses import dataclass
from typing import Any

from engine.errors import OutputError


@dataclass(frozen=True, slots=True)
class Address:
    """A numeric address, found once: looking up a name may take seconds."""

    family: socket.AddressFamily
    sockaddr: tuple[Any, ...]

    @property
    def host(self) -> str:
        """In numbers: "192.168.1.5"."""
        return str(self.sockaddr[0])

    @property
    def is_everybody(self) -> bool:
        """0.0.0.0 or ::, which means all addresses of this machine and none in particular."""
        return ipaddress.ip_address(self.host).is_unspecified


def resolve(host: str, port: int) -> Address:
    """The address of a host name, IPv4 or IPv6 address; raises OutputError if there is none.

    A name with both kinds gives IPv4: that is where avatar programs listen.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM)
    except (OSError, UnicodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not a host name"
        raise OutputError(
            f"cannot find host {host!r}: {reason}; expected a name or address in your network. "
            "Check the spelling or give the number, such as 192.168.1.5."
        ) from error
    family, _, _, _, sockaddr = min(found, key=lambda entry: entry[0] != socket.AF_INET)
    return Address(family, sockaddr)


def is_port_taken(address: Address, kind: socket.SocketKind = socket.SOCK_DGRAM) -> bool:
    """Whether a program on this machine receives there. Asks by trying to be it.

    kind: of datagrams, or streams for programs that are connected to.
    """
    with socket.socket(address.family, kind) as trial:
        try:
            trial.bind(address.sockaddr)
        except OSError:
            return True
    return False


def is_connection_taken(address: Address) -> bool:
    """`is_port_taken` for TCP."""
    return is_port_taken(address, socket.SOCK_STREAM)


def is_own(address: Address) -> bool:
    """Whether it is an address of this machine. Asks by trying to be it, at any free port."""
    with socket.socket(address.family, socket.SOCK_DGRAM) as trial:
        try:
            trial.bind((address.host, 0, *address.sockaddr[2:]))
        except OSError:
            return False
    return True


def own_address_towards(address: Address) -> Address:
    """The address of this machine by which that one is reached, at any free port."""
    with socket.socket(address.family, socket.SOCK_DGRAM) as trial:
        try:
            if address.family == socket.AF_INET:
                trial.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
            trial.connect(address.sockaddr)  # sends nothing
            host = trial.getsockname()[0]
        except OSError as error:
            raise OutputError(
                f"cannot reach {address.host}: {error.strerror}; expected a network in which it is."
            ) from error
    return Address(address.family, (host, 0, *address.sockaddr[2:]))
