"""`mien install-shortcut`: a starter with an icon in the menu, for those who use no terminal."""

from __future__ import annotations

import argparse

from app.settings import DEFAULT_PROFILE, load_profile
from app.shortcuts import install, remove
from app.shortcuts.starter import mien_starter


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the command's arguments."""
    parser = subparsers.add_parser(
        "install-shortcut",
        help="put a starter with an icon into your menu or on your desktop",
        description=__doc__,
    )
    parser.add_argument(
        "--kiosk", action="store_true", help="a starter for a demo booth (mien run --kiosk)"
    )
    parser.add_argument("--autostart", action="store_true", help="start it at every login, too")
    parser.add_argument(
        "--profile", metavar="NAME", default=DEFAULT_PROFILE, help="what it starts with"
    )
    parser.add_argument(
        "--remove", action="store_true", help="remove it again, also from the login"
    )


def run(arguments: argparse.Namespace) -> int:
    """Write the starter and say where; gives the exit code."""
    options = ["run", "--kiosk" if arguments.kiosk else "--panel"]
    if arguments.profile != DEFAULT_PROFILE:
        options += ["--profile", arguments.profile]
    starter = mien_starter(options, kiosk=arguments.kiosk)
    if arguments.remove:
        was_there = remove(starter)
        print(f"removed: {starter.title}" if was_there else f"there was none: {starter.title}")
        return 0
    load_profile(arguments.profile)  # a name that is wrong is better said now
    for place in install(starter, autostart=arguments.autostart):
        print(place)
    print(f"Your menu has it now: {starter.title}. The same with --remove takes it away again.")
    return 0
