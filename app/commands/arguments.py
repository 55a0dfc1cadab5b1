"""Arguments that several commands share, and what their values may be."""

from __future__ import annotations

import argparse

from app.profile import value_from_text, with_value
from app.settings import Profile
from app.tracking import REGRESSOR_CHOICES
from engine.errors import SettingsError
from engine.runtime import RUNTIMES


def add_regressor_arguments(parser: argparse.ArgumentParser) -> None:
    """Which network looks at the face, and on what."""
    parser.add_argument(
        "--regressor",
        choices=REGRESSOR_CHOICES,
        help="what looks at the face (default: mediapipe); the others are added first: mien models",
    )
    parser.add_argument(
        "--runtime", choices=RUNTIMES, help="what computes the networks (default: auto)"
    )


def add_set_argument(parser: argparse.ArgumentParser) -> None:
    """Settings of the profile that have no argument of their own; see `with_values`."""
    parser.add_argument(
        "--set",
        metavar="KEY=VALUE",
        action="append",
        default=[],
        help="a setting of the profile for this run, such as tracker.person=nearest; may be "
        "repeated",
    )


def with_values(profile: Profile, given: list[str]) -> Profile:
    """The profile as it is for this run: with each `--set`. Raises SettingsError."""
    for text in given:
        key, equals, value = text.partition("=")
        if not equals:
            raise SettingsError(f"cannot use --set {text}; expected KEY=VALUE, such as idle=true.")
        profile = with_value(profile, key.strip(), value_from_text(value.strip()))
    return profile


def source_spec(text: str) -> str:
    """For argparse: something, such as a script's variable may lack; the rest opening it tells."""
    if not text:
        raise argparse.ArgumentTypeError(
            "'' names no source; expected a camera, file, folder, address or demo"
        )
    return text


def positive_int(text: str) -> int:
    """For argparse: a whole number from 1."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r}; expected a whole number from 1")
    return int(text)


def positive_float(text: str) -> float:
    """For argparse: a number above 0."""
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0.0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"{text!r}; expected a number above 0")
    return value
