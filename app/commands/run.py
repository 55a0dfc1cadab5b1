"""`mien run`: live, or a file at its own pace, to the window, the outputs and files."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from app.commands.arguments import (
    add_regressor_arguments,
    add_set_argument,
    positive_float,
    positive_int,
    source_spec,
)
from app.commands.run_settings import settings_from
from app.outputs import PROTOCOLS
from app.pipeline import run as run_pipeline
from app.recordings import FOOTAGE, FORMATS, MESHES
from app.viewer import FIGURES
from app.watchdog import Pulse, mien_command, watch

INTERRUPTED = 130


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the command's arguments."""
    parser = subparsers.add_parser(
        "run", help="track a face live and drive the head and the outputs", description=__doc__
    )
    parser.add_argument(
        "--source",
        metavar="CAMERA|FILE|FOLDER|URL|demo",
        type=source_spec,
        help="camera number or part of its name, video, picture, folder of pictures, address, "
        "or the built-in clip (default: camera 0)",
    )
    add_regressor_arguments(parser)
    parser.add_argument(
        "--output",
        metavar="PROTOCOL[:HOST[:PORT]]",
        action="append",
        help=f"send to this receiver ({', '.join(PROTOCOLS)}); may be repeated "
        "(default: vmc and osc, both to this machine)",
    )
    parser.add_argument("--no-output", action="store_true", help="send to nobody")
    parser.add_argument(
        "--record",
        metavar="PATH",
        type=Path,
        action="append",
        default=[],
        help=f"write every state to PATH ({', '.join((*FORMATS, *FOOTAGE))}; the last two are the "
        "camera's picture and the microphone); may be repeated",
    )
    parser.add_argument(
        "--slate", metavar="NAME", help="what takes that begin by key or over OSC are called"
    )
    parser.add_argument(
        "--mesh",
        choices=MESHES,
        help="what a .glb shows: the free head, or FLAME in your own shape",
    )
    parser.add_argument(
        "--remote",
        metavar="[HOST:]PORT",
        help="let other programs calibrate, recentre, pause, mirror, record over OSC at this port",
    )
    parser.add_argument(
        "--output-rate",
        metavar="HZ",
        type=positive_float,
        help="send so many states a second, predicted between pictures (default: each as it comes)",
    )
    parser.add_argument(
        "--figure",
        choices=FIGURES,
        help="show the head, the regressor's own mesh, or that mesh over the camera picture",
    )
    parser.add_argument(
        "--avatar",
        metavar="FILE",
        help="show this .vrm, .glb or .gltf in place of our own head; '' goes back to that",
    )
    parser.add_argument(
        "--virtual-camera",
        metavar="DEVICE",
        nargs="?",
        const="",
        help="show the figure as a webcam, to calls and other programs; DEVICE: which one, or "
        "ndi[:NAME] for a source of NDI in the network",
    )
    parser.add_argument(
        "--no-virtual-camera", action="store_true", help="not even if the profile says so"
    )
    parser.add_argument(
        "--budget",
        action=argparse.BooleanOptionalAction,
        help="leave the processor to a game: few looks at a still face, predict in between",
    )
    parser.add_argument("--no-window", action="store_true", help="do not open the window")
    parser.add_argument(
        "--panel",
        action="store_true",
        help="open the window with its control panel (so does `mien` alone, and F2)",
    )
    parser.add_argument(
        "--kiosk",
        action="store_true",
        help="a demo booth: the whole screen, a new visitor is a new face, nothing is stored, "
        "started again if it fails; Shift+Q ends it",
    )
    parser.add_argument("--watched", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument(
        "--mirror",
        action=argparse.BooleanOptionalAction,
        help="your left drives the head's right (default: as the profile says)",
    )
    parser.add_argument(
        "--profile",
        metavar="NAME",
        help="your settings (default: those named `default`; with --panel, the ones chosen in it "
        "last)",
    )
    add_set_argument(parser)
    parser.add_argument("--frames", metavar="N", type=positive_int, help="end after N pictures")
    parser.add_argument("--seconds", metavar="S", type=positive_float, help="end after S seconds")
    parser.add_argument("--loop", action="store_true", help="start a file again at its end")
    parser.add_argument(
        "--pace",
        choices=("realtime", "fast"),
        help="files at their own pace (default), or every picture as fast as it can be tracked",
    )
    parser.add_argument(
        "--snapshot", metavar="PNG", type=Path, help="render the last state to a picture"
    )


def run(arguments: argparse.Namespace) -> int:
    """Run until the end; prints the summary; gives the exit code."""
    settings = settings_from(arguments)
    if arguments.kiosk and not arguments.watched:
        return watch(mien_command((*sys.argv[1:], "--watched")))
    summary = run_pipeline(settings, alive=Pulse() if arguments.watched else None)
    print("\n".join(summary.lines()))
    if summary.interrupted:
        return INTERRUPTED
    return 1 if summary.recording_failed else 0
