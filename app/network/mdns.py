"""Programs that announce themselves in the local network (mDNS, "Bonjour")."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from zeroconf import ServiceBrowser, ServiceListener, Zeroconf

from engine.errors import OutputError

_PATIENCE = 500  # ms for the details of one service


@dataclass(frozen=True, slots=True)
class Service:
    """A program that can be reached.

    name: as it announces itself, without the kind.
    """

    name: str
    host: str
    port: int


class ServiceWatch(ServiceListener):
    """Keeps an eye on the services of one kind, such as "_oscjson._tcp.local."."""

    def __init__(self, kind: str) -> None:
        """Raises OutputError if there is no network to ask."""
        self._kind = kind
        self._names: dict[str, None] = {}  # in the order of their coming
        try:
            self._zeroconf = Zeroconf()
        except OSError as error:
            raise OutputError(
                f"cannot look for programs in the network: {error.strerror}; expected a network. "
                "Connect to one, or switch the search off in the profile."
            ) from error
        self._browser = ServiceBrowser(self._zeroconf, kind, self)

    def services(self) -> list[Service]:
        """Those that are there. May wait half a second for each."""
        found = []
        for name in list(self._names):
            info = self._zeroconf.get_service_info(self._kind, name, _PATIENCE)
            if info is not None and info.port is not None:
                short = name.removesuffix(f".{self._kind}")
                found += [Service(short, host, info.port) for host in info.parsed_addresses()[:1]]
        return found

    def close(self) -> None:
        """Stop watching. May be called twice."""
        self._browser.cancel()
        self._zeroconf.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def add_service(self, zc: Zeroconf, type_: str, name: str) -> None:
        """Called by zeroconf's thread."""
        self._names[name] = None

    def remove_service(self, zc: Zeroconf, type_: str, name: str) -> None:
        """Called by zeroconf's thread."""
        self._names.pop(name, None)

    def update_service(self, zc: Zeroconf, type_: str, name: str) -> None:
        """Called by zeroconf's thread."""
