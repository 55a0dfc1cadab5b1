"""Wayland's hotkeys: the portal of a desktop, played by a program on a bus of its own."""

from __future__ import annotations

import logging
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

import pytest

from app.actions import Action, Calibrate, SetPaused, Wishes
from app.hotkeys import Hotkeys, HotkeySettings, combination_from_text, open_keyboard
from app.threads import Worker

pytestmark = pytest.mark.skipif(
    sys.platform != "linux" or not shutil.which("dbus-daemon"), reason="needs dbus-daemon"
)
if sys.platform == "linux":
    from jeepney import (
        DBusAddress,
        HeaderFields,
        Message,
        MessageType,
        new_error,
        new_method_return,
        new_signal,
    )
    from jeepney.bus_messages import message_bus
    from jeepney.io.blocking import open_dbus_connection

    from app.hotkeys.portal import BUS, PATH, open_portal_keyboard, trigger

SETTINGS = HotkeySettings(calibrate="ctrl+alt+k", pause="f9")


class Portal:
    """Answers as xdg-desktop-portal does. refusing: as if the person had said no."""

    def __init__(self, address: str, *, refusing: bool = False, old: bool = False) -> None:
        self.bound: list[tuple[str, str]] = []
        self._bus = open_dbus_connection(address)
        self._refusing, self._old = refusing, old
        self._session = self._client = ""
        self._bus.send_and_get_reply(message_bus.RequestName(BUS))

    def step(self) -> bool:
        """Of a worker."""
        try:
            message = self._bus.receive(timeout=0.05)
        except TimeoutError:
            return True
        if message.header.message_type is MessageType.method_call:
            self._answer(message)
        return True

    def _answer(self, message: Message) -> None:
        fields = message.header.fields
        method, self._client = fields[HeaderFields.member], fields[HeaderFields.sender]
        path = self._client.lstrip(":").replace(".", "_")
        if method == "Register" or self._old:
            error = "org.freedesktop.DBus.Error.UnknownMethod"
            self._bus.send(new_error(message, error, "s", ("no such interface",)))
            return
        options: dict[str, Any] = message.body[-1]
        request = f"{PATH}/request/{path}/{options['handle_token'][1]}"
        self._bus.send(new_method_return(message, "o", (request,)))
        results: dict[str, Any] = {}
        if method == "CreateSession":
            self._session = f"{PATH}/session/{path}/{options['session_handle_token'][1]}"
            results = {"session_handle": ("s", self._session)}
        else:
            assert method == "BindShortcuts" and message.body[0] == self._session
            for name, properties in message.body[1]:
                self.bound.append((name, properties["preferred_trigger"][1]))
        refused = self._refusing and method == "BindShortcuts"
        self._tell(request, "Request", "Response", "ua{sv}", (int(refused), results))

    def press(self, name: str) -> None:
        """A key of the shortcut of that name."""
        body = (self._session, name, 12345, {})
        self._tell(PATH, "GlobalShortcuts", "Activated", "osta{sv}", body)

    def _tell(self, path: str, interface: str, member: str, signature: str, body: Any) -> None:
        emitter = DBusAddress(path, BUS, f"org.freedesktop.portal.{interface}")
        self._bus.send(new_signal(emitter, member, signature, body))

    def close(self) -> None:
        self._bus.close()


@pytest.fixture
def bus(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    command = ["dbus-daemon", "--session", "--nofork", "--print-address"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as daemon:
        assert daemon.stdout is not None
        address = daemon.stdout.readline().strip()
        monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", address)
        monkeypatch.setenv("WAYLAND_DISPLAY", "wayland-0")
        yield address
        daemon.terminate()


def wait_for(hotkeys: Hotkeys, wishes: Wishes) -> tuple[Action, ...]:
    end = time.monotonic() + 10.0
    while not (actions := hotkeys.actions(wishes)):
        assert time.monotonic() < end, "no key came"
        time.sleep(0.01)
    return actions


def wait_until_bound(portal: Portal) -> None:
    end = time.monotonic() + 10.0
    while not portal.bound:
        assert time.monotonic() < end, "nothing was bound"
        time.sleep(0.01)


def test_the_portal_binds_what_is_wished_and_tells_presses(bus: str) -> None:
    portal = Portal(bus)
    with Worker(portal.step), Hotkeys(SETTINGS, open_keyboard) as hotkeys:
        wait_until_bound(portal)
        assert portal.bound == [("calibrate", "CTRL+ALT+k"), ("pause", "F9")]
        portal.press("pause")
        assert wait_for(hotkeys, Wishes()) == (SetPaused(True),)
        portal.press("calibrate")
        assert wait_for(hotkeys, Wishes()) == (Calibrate(),)
    portal.close()


def test_a_person_who_says_no_is_told_what_that_means(
    bus: str, caplog: pytest.LogCaptureFixture
) -> None:
    portal = Portal(bus, refusing=True)
    with (
        caplog.at_level(logging.WARNING),
        Worker(portal.step),
        Hotkeys(SETTINGS, open_keyboard) as hotkeys,
    ):
        end = time.monotonic() + 10.0
        while not caplog.records:
            assert time.monotonic() < end, "nothing was said"
            assert hotkeys.actions(Wishes()) == ()
            time.sleep(0.01)
    assert "refused" in caplog.text
    portal.close()


def test_a_desktop_without_such_a_portal_has_no_hotkeys(bus: str) -> None:
    assert open_portal_keyboard() is None, "nobody is on this bus"
    portal = Portal(bus, old=True)
    with Worker(portal.step):
        assert open_portal_keyboard() is None, "its portal is too old"
    portal.close()


def test_without_a_bus_there_are_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nowhere")
    assert open_portal_keyboard() is None


@pytest.mark.parametrize(
    ("text", "written"), [("ctrl+alt+k", "CTRL+ALT+k"), ("super+f12", "LOGO+F12"), ("f1", "F1")]
)
def test_combinations_are_written_as_the_portal_reads_them(text: str, written: str) -> None:
    assert trigger(combination_from_text(text)) == written
