"""The command line: the only place that tells errors and picks exit codes.

0 done, 1 an error that the user can mend (one line), 2 wrong usage, 130 Ctrl-C.
"""

from __future__ import annotations

import argparse
import logging
import shlex
import signal
import sys
from collections.abc import Callable, Sequence
from importlib.metadata import version
from types import FrameType
from typing import NoReturn

import cv2

from app.commands import (
    bench,
    calibrate,
    cameras,
    doctor,
    install_shortcut,
    listen,
    models,
    run,
    track,
)
from app.folders import is_one_folder, log_folder
from app.log import set_up_log
from app.native_messages import divert_native_messages
from app.telling import print_error
from engine.errors import MienError

COMMANDS = {
    "run": run,
    "track": track,
    "listen": listen,
    "cameras": cameras,
    "models": models,
    "calibrate": calibrate,
    "bench": bench,
    "doctor": doctor,
    "install-shortcut": install_shortcut,
}

NO_PACKAGES = (
    "This mien is a folder by itself, which takes no packages: for that, install mien by pip."
)

log = logging.getLogger(__name__)


class Parser(argparse.ArgumentParser):
    """Answers wrong usage in one line; the commands' parsers are of the same class."""

    def error(self, message: str) -> NoReturn:
        """End the program with exit code 2."""
        self.exit(2, f"{self.prog}: error: {message}; see: {self.prog} --help\n")


def main(argv: Sequence[str] | None = None, *, tell: Callable[[str], None] = print_error) -> int:
    """What `mien` does; gives the exit code.

    tell: brings the line of an error to the person.
    """
    parser = Parser(prog="mien", description="A webcam becomes a live 3D face that drives avatars.")
    parser.add_argument("--version", action="version", version=f"mien {version('mien')}")
    commands = parser.add_subparsers(
        dest="command", metavar="COMMAND", help="without one: the window, with its control panel"
    )
    for command in COMMANDS.values():
        command.add_parser(commands)
    given = sys.argv[1:] if argv is None else list(argv)
    arguments, unknown = parser.parse_known_args(given or ["run", "--panel"])
    if unknown or arguments.command is None:
        asked = commands.choices.get(arguments.command, parser)
        asked.error(f"unrecognized arguments: {' '.join(unknown)}" if unknown else "no command")

    cv2.setNumThreads(1)  # for one conversion a frame its threads cost 4 % and gain nothing
    divert_native_messages(log_folder())
    set_up_log(log_folder())
    for name in ("SIGTERM", "SIGHUP", "SIGBREAK"):  # the last two: the terminal was closed
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, _interrupt)
    log.info("mien %s: %s", version("mien"), shlex.join(given))
    try:
        code: int = COMMANDS[arguments.command].run(arguments)
    except MienError as error:
        text = " ".join(str(error).split())  # names may hold line ends
        log.info("ended by %s: %s", type(error).__name__, text)
        tell(f"{text} {NO_PACKAGES}" if "pip install" in text and is_one_folder() else text)
        return 1
    except KeyboardInterrupt:
        return run.INTERRUPTED
    return code


def _interrupt(signal_number: int, frame: FrameType | None) -> None:
    """The system's wish to end is followed as Ctrl-C is: everything is closed in order."""
    raise KeyboardInterrupt
