"""The programs that we send to: whether they can be reached and listen."""

from __future__ import annotations

from collections.abc import Callable

from app.doctor.finding import Finding, Verdict
from app.network import Address, is_connection_taken, is_port_taken, resolve
from app.outputs import OutputSettings
from app.outputs.vts import VtsSettings
from app.outputs.vtsphone import VtsPhoneSettings
from engine.errors import OutputError

THIS_MACHINE = ("127.0.0.1", "::1")


def probe_receiver(
    output: OutputSettings,
    *,
    is_taken: Callable[[Address], bool] = is_port_taken,
    is_connection: Callable[[Address], bool] = is_connection_taken,
) -> Finding:
    """Whether the host exists and, on this machine, whether a program listens at the port."""
    try:
        address = resolve(output.host, output.port)
    except OutputError as error:
        return Finding(Verdict.FAIL, "output", output.name, str(error))
    if isinstance(output.options, VtsPhoneSettings):
        return _probe_own_port(output, is_taken(address))
    if address.sockaddr[0] not in THIS_MACHINE:
        return Finding(
            Verdict.NOTE,
            "output",
            f"{output.name}: on another computer, where nobody can be asked from here",
            "Look there that its program listens and its firewall lets this port in.",
        )
    if (is_connection if isinstance(output.options, VtsSettings) else is_taken)(address):
        return Finding(Verdict.OK, "output", f"{output.name}: a program listens")
    return Finding(
        Verdict.NOTE,
        "output",
        f"{output.name}: no program listens there",
        "Start the avatar's program and switch its receiver on; mien sends either way.",
    )


def _probe_own_port(output: OutputSettings, taken: bool) -> Finding:
    """Where mien itself listens."""
    if not taken:
        return Finding(
            Verdict.OK, "output", f"{output.name}: free, mien can wait for clients there"
        )
    return Finding(
        Verdict.FAIL,
        "output",
        f"{output.name}: taken by another program, or no address of this computer",
        "End that program, or give another address, such as vtsphone:127.0.0.2.",
    )
