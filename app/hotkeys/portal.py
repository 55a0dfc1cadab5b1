"""Wayland's hotkeys: the desktop's portal binds them and tells when one is pressed.

Interface org.freedesktop.portal.GlobalShortcuts (flatpak.github.io/xdg-desktop-portal), which
Plasma, GNOME from 48 on and Hyprland have. The desktop may ask the person first, may give another
combination, and lets them change it in its settings.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from typing import Any

from jeepney import DBusAddress, HeaderFields, MatchRule, Message, MessageType, new_method_call
from jeepney.bus_messages import message_bus
from jeepney.io.blocking import DBusConnection, open_dbus_connection

from app.hotkeys import Combination

BUS, PATH = "org.freedesktop.portal.Desktop", "/org/freedesktop/portal/desktop"
SHORTCUTS = DBusAddress(PATH, BUS, "org.freedesktop.portal.GlobalShortcuts")
REGISTRY = DBusAddress(PATH, BUS, "org.freedesktop.host.portal.Registry")
MODIFIERS = {"ctrl": "CTRL", "alt": "ALT", "shift": "SHIFT", "super": "LOGO"}
PATIENCE = 5.0  # s for an answer that no person has to give
APPLICATION = "mien"  # the name of its starter's file in the menu

log = logging.getLogger(__name__)


def open_portal_keyboard() -> PortalKeyboard | None:
    """None where there is no session bus, or no portal that binds hotkeys."""
    try:
        connection = open_dbus_connection("SESSION")
    except (OSError, KeyError, ValueError):
        return None
    try:
        _call(connection, REGISTRY, "Register", "sa{sv}", (APPLICATION, {}))  # not every portal's
        reply = _call(
            connection,
            SHORTCUTS,
            "CreateSession",
            "a{sv}",
            (_options(session_handle_token="mien"),),
        )
        if reply.header.message_type is MessageType.method_return:
            return PortalKeyboard(connection)
    except (OSError, TimeoutError):
        pass
    connection.close()
    return None


class PortalKeyboard:
    """One session with the portal. What it answers is seen to in `pressed`."""

    def __init__(self, connection: DBusConnection) -> None:
        self._connection = connection
        self._wanted: Mapping[str, Combination] = {}
        for interface in ("GlobalShortcuts", "Request"):
            rule = MatchRule(type="signal", interface=f"org.freedesktop.portal.{interface}")
            connection.send_and_get_reply(message_bus.AddMatch(rule), timeout=PATIENCE)
        sender = str(connection.unique_name).lstrip(":").replace(".", "_")
        self._session = f"{PATH}/session/{sender}/mien"

    def grab(self, wanted: Mapping[str, Combination]) -> frozenset[str]:
        """The portal answers later, and a person may have to be asked: nothing is refused yet."""
        self._wanted = wanted
        shortcuts = [
            (
                name,
                {
                    "description": ("s", f"mien: {name}"),
                    "preferred_trigger": ("s", trigger(combination)),
                },
            )
            for name, combination in wanted.items()
        ]
        self._connection.send(
            new_method_call(
                SHORTCUTS,
                "BindShortcuts",
                "oa(sa{sv})sa{sv}",
                (self._session, shortcuts, "", _options()),
            )
        )
        return frozenset()

    def pressed(self) -> Iterator[str]:
        """Names of the combinations pressed since the last call."""
        while True:
            try:
                message = self._connection.receive(timeout=0)
            except TimeoutError:
                return
            match message.header.fields.get(HeaderFields.member):
                case "Activated" if message.body[0] == self._session:
                    if message.body[1] in self._wanted:
                        yield message.body[1]
                case "Response":
                    self._take(*message.body)
                case None if message.header.message_type is MessageType.error:
                    log.warning("no hotkeys: the desktop's portal says %s", message.body)

    def _take(self, response: int, results: dict[str, Any]) -> None:
        """The answer to a request. response: 0: granted, 1: the person said no, 2: otherwise."""
        if response != 0:
            log.warning("no hotkeys: the desktop, or the person it asked, refused them")
        elif "shortcuts" in results:
            for name, properties in results["shortcuts"][1]:
                given = properties.get("trigger_description", ("s", "?"))[1]
                log.info("the desktop gives %s for %s", given, name)

    def close(self) -> None:
        """The portal gives the keys back with the connection."""
        self._connection.close()


def trigger(combination: Combination) -> str:
    """As the freedesktop.org shortcuts specification writes it: CTRL+ALT+k."""
    modifiers = [MODIFIERS[name] for name in MODIFIERS if name in combination.modifiers]
    key = combination.key.upper() if len(combination.key) > 1 else combination.key
    return "+".join((*modifiers, key))


def _options(**texts: str) -> dict[str, tuple[str, str]]:
    return {name: ("s", text) for name, text in {"handle_token": "mien", **texts}.items()}


def _call(
    connection: DBusConnection, address: DBusAddress, method: str, signature: str, body: Any
) -> Message:
    message = new_method_call(address, method, signature, body)
    return connection.send_and_get_reply(message, timeout=PATIENCE)
