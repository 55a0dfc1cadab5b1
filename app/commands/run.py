"""`mien run`: live, or a file at its own pace, to the window, the outputs and files."""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from pathlib import Path

from app.face_model import face_model_path
from app.outputs import PROTOCOLS
from app.pipeline import run as run_pipeline
from app.profile import value_from_text, with_value
from app.profiles import kept_profile
from app.recordings import FOOTAGE, FORMATS, MESHES
from app.recordings.takes import TakeSettings
from app.settings import (
    Profile,
    RunSettings,
    is_first_start,
    output_settings,
    tracking_settings,
)
from app.tracking import REGRESSOR_CHOICES
from app.viewer import FIGURES
from app.virtual_camera import VirtualCameraSettings
from app.watchdog import Pulse, mien_command, watch
from engine.calibration.guide import forgotten
from engine.errors import SettingsError
from engine.runtime import RUNTIMES

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
    parser.add_argument(
        "--set",
        metavar="KEY=VALUE",
        action="append",
        default=[],
        help="a setting of the profile for this run, such as tracker.person=nearest; may be "
        "repeated",
    )
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


def settings_from(arguments: argparse.Namespace) -> RunSettings:
    """What was asked for, with the profile beneath it. Raises SettingsError."""
    kept = kept_profile(arguments.profile, telling=arguments.panel)
    profile = _with_values(kept.profile, arguments.set)
    if arguments.no_output and arguments.output:
        raise SettingsError("--no-output and --output exclude each other. Leave one of them out.")
    specs = () if arguments.no_output else tuple(arguments.output or profile.outputs)
    if len(set(arguments.record)) < len(arguments.record):
        raise SettingsError("--record names one file twice. Leave one of them out.")
    _check_snapshot(arguments.snapshot)
    _check_kiosk(arguments)
    tracking = tracking_settings(
        profile,
        face_model_path(profile.face_model),
        regressor=arguments.regressor,
        runtime=arguments.runtime,
    )
    if arguments.kiosk:
        stranger = replace(forgotten(profile.calibration), automatic=True)
        tracking = replace(tracking, calibration=stranger)
    return RunSettings(
        source=replace(
            profile.source,
            spec=arguments.source or profile.source.spec,
            pace=arguments.pace or profile.source.pace,
            loop=arguments.loop or profile.source.loop,
        ),
        tracking=tracking,
        mirror=profile.mirror if arguments.mirror is None else arguments.mirror,
        outputs=output_settings(specs, profile),
        recordings=tuple(arguments.record),
        takes=_takes(arguments, profile.takes),
        remote=profile.remote if arguments.remote is None else arguments.remote,
        output_rate=_output_rate(arguments.output_rate, profile.output_rate),
        window=not arguments.no_window,
        viewer=replace(
            profile.viewer,
            figure=arguments.figure or profile.viewer.figure,
            avatar=_avatar(arguments.avatar, profile.viewer.avatar),
            panel=profile.viewer.panel or _wants_panel(arguments),
        ),
        frames=arguments.frames,
        seconds=arguments.seconds,
        snapshot=arguments.snapshot,
        profile_name=kept.name,
        profile=profile,
        avatar_named=arguments.avatar is not None
        or profile.viewer.avatar != kept.profile.viewer.avatar,
        kept=kept.profile,
        profile_fault=kept.fault,
        budget=profile.budget if arguments.budget is None else arguments.budget,
        idle=profile.idle,
        kiosk=arguments.kiosk,
        needs_window=arguments.panel or arguments.kiosk,
        virtual_camera=_virtual_camera(arguments, profile.virtual_camera),
    )


def _virtual_camera(
    arguments: argparse.Namespace, kept: VirtualCameraSettings
) -> VirtualCameraSettings:
    if arguments.no_virtual_camera:
        if arguments.virtual_camera is not None:
            raise SettingsError(
                "--virtual-camera and --no-virtual-camera exclude each other. Leave one out."
            )
        return replace(kept, on=False)
    if arguments.virtual_camera is None:
        return kept
    return replace(kept, on=True, device=arguments.virtual_camera or kept.device)


def _with_values(profile: Profile, given: list[str]) -> Profile:
    for text in given:
        key, equals, value = text.partition("=")
        if not equals:
            raise SettingsError(f"cannot use --set {text}; expected KEY=VALUE, such as idle=true.")
        profile = with_value(profile, key.strip(), value_from_text(value.strip()))
    return profile


def _check_kiosk(arguments: argparse.Namespace) -> None:
    if arguments.kiosk and (arguments.record or arguments.snapshot or arguments.no_window):
        raise SettingsError(
            "--kiosk stores nothing of anybody and needs the window: it excludes --record, "
            "--snapshot and --no-window. Leave them out."
        )


def _wants_panel(arguments: argparse.Namespace) -> bool:
    """Also at the very first start, where nobody has said yet what to look at."""
    return bool(arguments.panel) or (arguments.source is None and is_first_start())


def _avatar(asked: str | None, kept: str) -> str:
    """From any folder the same file: the profile may keep it."""
    return kept if asked is None else str(Path(asked).expanduser().absolute()) if asked else ""


def _output_rate(asked: float | None, kept: float) -> float:
    if asked is None:
        return kept
    if not 1.0 <= asked <= 240.0:
        raise SettingsError(f"cannot use --output-rate {asked:g}; expected 1 to 240 a second.")
    return asked


def _takes(arguments: argparse.Namespace, takes: TakeSettings) -> TakeSettings:
    slate = takes.slate if arguments.slate is None else arguments.slate
    try:
        return replace(takes, slate=slate, mesh=arguments.mesh or takes.mesh)
    except ValueError as error:
        raise SettingsError(f"cannot use --slate: {error}.") from error


def _check_snapshot(path: Path | None) -> None:
    """Better now than after an hour of tracking."""
    if path is None:
        return
    if path.suffix.lower() != ".png":
        raise SettingsError(f"cannot write the snapshot {path}: expected a name ending in .png.")
    if not path.absolute().parent.is_dir():
        raise SettingsError(
            f"cannot write the snapshot {path}: no such folder {path.absolute().parent}. "
            "Create it first."
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
