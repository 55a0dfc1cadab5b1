"""Arguments that several commands share, and what their values may be."""

from __future__ import annotations

import argparse

from app.tracking import REGRESSOR_CHOICES
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
