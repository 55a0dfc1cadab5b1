"""`mien calibrate`: half a minute in which mien learns your rest, your utmost and your winks."""

from __future__ import annotations

import argparse
from dataclasses import replace

from app.commands.arguments import (
    add_regressor_arguments,
    add_set_argument,
    positive_float,
    source_spec,
    with_values,
)
from app.commands.run import INTERRUPTED
from app.face_model import face_model_path
from app.pipeline import run as run_pipeline
from app.settings import (
    DEFAULT_PROFILE,
    RunSettings,
    load_profile,
    profile_path,
    tracking_settings,
)
from engine.calibration import CalibrationSettings
from engine.calibration.guide import STEPS, Prompt


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the command's arguments."""
    parser = subparsers.add_parser(
        "calibrate", help="learn your face: rest, utmost and winks", description=__doc__
    )
    parser.add_argument(
        "--source",
        metavar="CAMERA|FILE|FOLDER|URL|demo",
        type=source_spec,
        help="as of `mien run` (default: as the profile says)",
    )
    add_regressor_arguments(parser)
    parser.add_argument(
        "--pace", choices=("realtime", "fast"), help="of a file: its own (default), or in a hurry"
    )
    parser.add_argument("--no-window", action="store_true", help="in the terminal only")
    parser.add_argument(
        "--profile", metavar="NAME", default=DEFAULT_PROFILE, help="where it is kept"
    )
    add_set_argument(parser)
    parser.add_argument("--seconds", metavar="S", type=positive_float, help="give up after S")


def run(arguments: argparse.Namespace) -> int:
    """Lead through the steps, keep what was learned; gives the exit code."""
    kept = load_profile(arguments.profile)
    profile = with_values(kept, arguments.set)
    settings = RunSettings(
        source=replace(
            profile.source,
            spec=arguments.source or profile.source.spec,
            pace=arguments.pace or profile.source.pace,
            loop=True,  # a clip may be shorter than the guide
        ),
        tracking=tracking_settings(
            profile,
            face_model_path(profile.face_model),
            regressor=arguments.regressor,
            runtime=arguments.runtime,
        ),
        mirror=True,  # one looks at oneself
        outputs=(),
        recordings=(),
        takes=profile.takes,
        remote="",
        output_rate=0.0,
        window=not arguments.no_window,
        viewer=profile.viewer,
        frames=None,
        seconds=arguments.seconds,
        snapshot=None,
        profile_name=arguments.profile,
        profile=profile,
        kept=kept,
    )
    teller = _Teller()
    summary = run_pipeline(settings, guide=teller.tell)
    if summary.interrupted:
        return INTERRUPTED
    learned = load_profile(arguments.profile).calibration
    if learned == kept.calibration or not teller.finished:
        if summary.timed_out and teller.step:
            print(f"the time was up in step {teller.step} of {len(STEPS)}")
        print("nothing was learned; the profile is as it was")
        return 1
    if teller.unseen:
        print(f"not seen, and nothing kept of it: {'; '.join(teller.unseen)}")
    print("\n".join(description(learned)))
    print(f"kept in {profile_path(arguments.profile)}")
    return 0


def description(calibration: CalibrationSettings) -> list[str]:
    """What was learned, a line for each subject."""
    lines = [
        f"{channel.name}: {channel.neutral:.2f} to {channel.full:.2f} becomes 0 to 1"
        for channel in calibration.channels
        if channel.full < 1.0 or channel.neutral > 0.05
    ]
    for side in ("left", "right"):
        difference = getattr(calibration, f"wink_{side}")
        if difference:
            lines.append(f"{side} wink: known by a difference of {difference:.2f}")
    return lines


class _Teller:
    """Writes each step once. step: at which it is; 0: at none."""

    def __init__(self) -> None:
        self.finished = False
        self.step = 0
        self.unseen: tuple[str, ...] = ()
        self._text = ""

    def tell(self, prompt: Prompt) -> None:
        if prompt.text == self._text:
            return
        self._text = prompt.text
        self.step, self.unseen = prompt.step, prompt.unseen
        self.finished = prompt.step == 0 and prompt.progress == 1.0
        verdict = f"     {prompt.verdict}\n" if prompt.verdict else ""
        step = f"{prompt.step}/{len(STEPS)}  " if prompt.step else ""
        print(f"{verdict}{step}{prompt.text}", flush=True)
