"""Programs that announce themselves in the local network (mDNS, "Bonjour")."""

from __future__ import annotations

from dataclasses import dataclass

from zeroconf import Error, ServiceBrowser, ServiceInfo, ServiceListener, Zeroconf

from engine.closing import Closing
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


class ServiceWatch(ServiceListener, Closing):
    """Keeps an eye on the services of one kind, such as "_oscjson._tcp.local."."""

    def __init__(self, kind: str) -> None:
        """Raises OutputError if there is no network to ask."""
        self._kind = kind
        self._names: dict[str, None] = {}  # in the order of their coming
        self._zeroconf = _open()
        self._browser = ServiceBrowser(self._zeroconf, kind, self)

    def services(self) -> list[Service]:
        """Those that are there. May wait half a second for each."""
        found = []
        for name in list(self._names):
            try:
                info = self._zeroconf.get_service_info(self._kind, name, _PATIENCE)
            except Error:  # too busy; there will be another time
                continue
            if info is not None and info.port is not None:
                short = name.removesuffix(f".{self._kind}")
                found += [Service(short, host, info.port) for host in info.parsed_addresses()[:1]]
        return found

    def close(self) -> None:
        """Stop watching. May be called twice."""
        self._browser.cancel()
        self._zeroconf.close()

    def add_service(self, zc: Zeroconf, type_: str, name: str) -> None:
        """Called by zeroconf's thread."""
        self._names[name] = None

    def remove_service(self, zc: Zeroconf, type_: str, name: str) -> None:
        """Called by zeroconf's thread."""
        self._names.pop(name, None)

    def update_service(self, zc: Zeroconf, type_: str, name: str) -> None:
        """Called by zeroconf's thread."""


class Announcement:
    """Tells the network of a program of ours, until it is closed."""

    def __init__(self, kind: str, service: Service) -> None:
        """Raises OutputError if there is no network to tell."""
        self._info = ServiceInfo(
            kind,
            f"{service.name}.{kind}",
            port=service.port,
            server=f"{service.name}.local.",
            parsed_addresses=[service.host],
        )
        self._zeroconf = _open()

    def make(self) -> None:
        """Tell it, under another name if somebody has ours. Takes two seconds.

        Raises OutputError if that did not succeed.
        """
        try:
            self._zeroconf.register_service(self._info, allow_name_change=True)
        except Error as error:
            raise OutputError(
                f"cannot tell the network of {self._info.name}: {error}; expected a network. "
                "Check it and start again."
            ) from error

    def close(self) -> None:
        """Take it back. May be called twice."""
        self._zeroconf.close()  # takes back what was told


def _open() -> Zeroconf:
    try:
        return Zeroconf()
    except OSError as error:
        raise OutputError(
            f"cannot ask or tell programs in the network: {error.strerror}; expected a network. "
            "Connect to one, or switch this off in the profile."
        ) from error
