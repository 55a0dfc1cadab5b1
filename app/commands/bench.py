"""`mien bench`: what each stage costs a picture, and all of it beside other trackers.

Then a run as by `mien run`, for as many pictures: how long they take to the receiver and screen.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict, replace
from pathlib import Path

from app.bench.live import measure_live, whole_run
from app.bench.results import table
from app.bench.stages import measure
from app.commands.arguments import add_regressor_arguments, positive_int, source_spec
from app.face_model import face_model_path
from app.settings import DEFAULT_PROFILE, load_profile, tracking_settings


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the command's arguments."""
    parser = subparsers.add_parser(
        "bench", help="measure what each stage costs", description=__doc__
    )
    parser.add_argument(
        "--source",
        metavar="FILE|FOLDER|demo",
        type=source_spec,
        default="demo",
        help="what to track",
    )
    parser.add_argument("--frames", metavar="N", type=positive_int, default=300, help="pictures")
    add_regressor_arguments(parser)
    parser.add_argument(
        "--openseeface",
        metavar="FOLDER",
        type=Path,
        help="measure OpenSeeFace, too: its repository, with an environment in .venv if it needs "
        "other packages than mien",
    )
    parser.add_argument(
        "--live",
        metavar="S",
        type=positive_int,
        help="also run for S seconds at 30 pictures a second, without and with --budget",
    )
    parser.add_argument("--profile", metavar="NAME", default=DEFAULT_PROFILE, help="your settings")
    parser.add_argument("--no-window", action="store_true", help="the run opens no window")
    parser.add_argument("--json", action="store_true", help="print the numbers as JSON")


def run(arguments: argparse.Namespace) -> int:
    """Measure and print; gives the exit code."""
    profile = load_profile(arguments.profile)
    tracking = tracking_settings(
        profile,
        face_model_path(profile.face_model),
        regressor=arguments.regressor,
        runtime=arguments.runtime,
    )
    result = measure(arguments.source, arguments.frames, tracking, arguments.openseeface)
    summary = whole_run(
        arguments.source, arguments.frames, tracking, profile, window=not arguments.no_window
    )
    result = replace(
        result,
        to_send=summary.latency,
        to_screen=summary.latency_to_screen,
        audio=tuple(summary.audio_advice()),
    )
    if arguments.live is not None:
        live = measure_live(arguments.source, float(arguments.live), tracking, profile)
        result = replace(result, live=live)
    print(json.dumps(asdict(result), indent=2) if arguments.json else table(result))
    return 0
