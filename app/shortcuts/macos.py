"""macOS: a folder that is an application, or a launch agent that starts it at login.

Apple, "Information Property List" and launchd.plist(5). The application has to say what it wants
the camera and the microphone for, or macOS ends it.
"""

from __future__ import annotations

import plistlib
import shlex
from pathlib import Path

from app.shortcuts.starter import Starter

IDENTIFIER = "mien"
_MOVED = (
    'display alert "mien is no longer where it was" message "Start mien install-shortcut again, '
    'from its new place." as critical'
)
_SCRIPT = """\
#!/bin/sh
if [ ! -x {program} ]; then  # other desktops notice by themselves
    exec osascript -e {moved}
fi
exec {command}
"""


def application_files(starter: Starter, icon: bytes) -> tuple[tuple[str, bytes, bool], ...]:
    """Path in the .app folder, content, whether it is a program."""
    information = {
        "CFBundleName": starter.title,
        "CFBundleIdentifier": f"{IDENTIFIER}.{starter.name}",
        "CFBundleExecutable": starter.name,
        "CFBundleIconFile": "mien.icns",
        "CFBundlePackageType": "APPL",
        "CFBundleVersion": "1",
        "NSHighResolutionCapable": True,
        "NSCameraUsageDescription": "mien turns your face into a live 3D face.",
        "NSMicrophoneUsageDescription": "mien records your voice with a take if you ask it to.",
    }
    script = _SCRIPT.format(
        program=shlex.quote(starter.command[0]),
        moved=shlex.quote(_MOVED),
        command=shlex.join(starter.command),
    )
    return (
        ("Contents/Info.plist", plistlib.dumps(information), False),
        (f"Contents/MacOS/{starter.name}", script.encode(), True),
        ("Contents/Resources/mien.icns", icon, False),
    )


def application_path(starter: Starter) -> Path:
    """The user's own applications, for which nobody asks a password."""
    return Path.home() / "Applications" / f"{starter.name}.app"


def agent_path(starter: Starter) -> Path:
    return Path.home() / "Library" / "LaunchAgents" / f"{IDENTIFIER}.{starter.name}.plist"


def agent(starter: Starter) -> bytes:
    """Starts the application at login, by `open`, so that its camera permission counts."""
    return plistlib.dumps(
        {
            "Label": f"{IDENTIFIER}.{starter.name}",
            "ProgramArguments": ["/usr/bin/open", "-W", str(application_path(starter))],
            "RunAtLoad": True,
        }
    )
