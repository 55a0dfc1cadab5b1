"""`mien track`: every frame of a file, through the same stages as live, into recordings.

Timestamps are the file's own, so the result depends on the file alone, not on the machine's speed.
"""

from __future__ import annotations

import argparse
import sys
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Literal, get_args

from app.commands.arguments import (
    add_regressor_arguments,
    add_set_argument,
    source_spec,
    with_values,
)
from app.commands.run import INTERRUPTED
from app.face_model import face_model_path
from app.progress import ProgressBar
from app.recordings import FOOTAGE, FORMATS, MESHES, Mesh, open_recording
from app.settings import DEFAULT_PROFILE, load_profile, tracking_settings
from app.sources import Source, SourceSettings, open_source
from app.threads import Latest, Worker
from app.tracking import TrackingSettings, open_chain
from engine.data import Frame
from engine.errors import SettingsError, SourceError
from engine.look_ahead import LookAhead, Sighting
from engine.mirror import mirrored

PATIENCE = 0.1  # s that one thread waits for the other before it looks whether it should stop
NAME = "{name}"

Smooth = Literal["live", "offline", "none"]
SMOOTH: tuple[Smooth, ...] = get_args(Smooth)


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the command's arguments."""
    parser = subparsers.add_parser(
        "track", help="track every frame of a video or folder into files", description=__doc__
    )
    parser.add_argument(
        "input",
        metavar="INPUT",
        type=source_spec,
        nargs="+",
        help="video, picture, folder or demo",
    )
    parser.add_argument(
        "--record",
        metavar="PATH",
        type=Path,
        action="append",
        required=True,
        help=f"file to write ({', '.join(FORMATS)}); may be repeated; with several inputs "
        f"{NAME} in it stands for the input's name",
    )
    add_regressor_arguments(parser)
    parser.add_argument(
        "--smooth",
        choices=SMOOTH,
        default="live",
        help="live: as `mien run` does; offline: looks ahead, steadier and without lag; none: raw",
    )
    parser.add_argument(
        "--mesh",
        choices=MESHES,
        help="what a .glb shows: the free head, or FLAME in the person's shape, which needs a "
        "regressor of it (default: as the profile says)",
    )
    parser.add_argument(
        "--mirror",
        action=argparse.BooleanOptionalAction,
        help="exchange left and right (default: as the profile says)",
    )
    parser.add_argument("--profile", metavar="NAME", default=DEFAULT_PROFILE, help="your settings")
    add_set_argument(parser)


def run(arguments: argparse.Namespace) -> int:
    """Track the inputs one after the other; gives the exit code."""
    profile = with_values(load_profile(arguments.profile), arguments.set)
    mirror = profile.mirror if arguments.mirror is None else arguments.mirror
    paths = [[_path(path, spec) for path in arguments.record] for spec in arguments.input]
    if len(set(arguments.record)) < len(arguments.record):
        raise SettingsError("--record names one file twice. Leave one of them out.")
    for path in arguments.record:
        if path.suffix.lower() in FOOTAGE:
            raise SettingsError(
                f"cannot track into {path}: picture and sound are there already, in the input; "
                f"expected {' or '.join(FORMATS)}."
            )
    every_path = [path for group in paths for path in group]
    if len(set(every_path)) < len(every_path):
        raise SettingsError(
            f"several inputs would be written to one file; expected {NAME} in --record, "
            f"such as --record 'takes/{NAME}.csv', and inputs that differ in their names."
        )
    for spec in arguments.input:  # better now than after hours of tracking the first ones
        _open(spec).close()
    tracking = tracking_settings(
        profile,
        face_model_path(profile.face_model),
        regressor=arguments.regressor,
        runtime=arguments.runtime,
    )
    for spec, group in zip(arguments.input, paths, strict=True):
        if not track(
            spec,
            group,
            tracking,
            smooth=arguments.smooth,
            mesh=arguments.mesh or profile.takes.mesh,
            mirror=mirror,
        ):
            return INTERRUPTED
    return 0


def track(
    spec: str,
    paths: list[Path],
    tracking: TrackingSettings,
    *,
    smooth: Smooth,
    mesh: Mesh,
    mirror: bool,
) -> bool:
    """Track one input into files; False if Ctrl-C ended it early (the files are whole).

    smooth: `offline` writes each picture's row when the next seconds are known.
    """
    faces = 0
    ahead = LookAhead(tracking.smoother) if smooth == "offline" else None
    if smooth != "live":  # the chain itself then has nothing to smooth
        tracking = replace(tracking, smoother=replace(tracking.smoother, filtering=False))
    with ExitStack() as stack:
        source = stack.enter_context(_open(spec))
        flame = tracking.models if mesh == "flame" else None
        recordings = [stack.enter_context(open_recording(path, flame=flame)) for path in paths]
        chain = open_chain(tracking, stack, live=False)
        bar = stack.enter_context(ProgressBar(source.name, source.frame_count))
        frames: Latest[Frame] = Latest()
        refused: list[Frame] = []  # at most one, which is offered again

        def decode() -> bool:  # beside tracking, on the other core
            frame = refused.pop() if refused else source.read()
            if frame is None:
                return not source.ended
            if not frames.offer(frame, PATIENCE):
                refused.append(frame)
            return True

        decoding = stack.enter_context(Worker(decode))

        def write(sightings: list[Sighting]) -> int:
            for sighting in sightings:
                state = chain.follow(
                    sighting.observation,
                    timestamp=sighting.timestamp,
                    image_size=sighting.image_size,
                )
                if mirror:
                    state = mirrored(state)
                for recording in recordings:
                    recording.write(state)
            return sum(sighting.observation is not None for sighting in sightings)

        count = 0
        complete = False
        try:
            while not complete:
                ended = not decoding.running  # asked before the last picture is taken
                frame = frames.take(PATIENCE)
                if frame is None:
                    decoding.check()
                    complete = ended
                    continue
                seen = Sighting(
                    timestamp=frame.timestamp,
                    image_size=(frame.image.shape[1], frame.image.shape[0]),
                    observation=chain.observe(frame),
                )
                faces += write([seen] if ahead is None else ahead.update(seen))
                count += 1
                bar.advance()
        except KeyboardInterrupt:
            print("interrupted; the files are whole up to here", file=sys.stderr)
        if ahead is not None:
            faces += write(ahead.finish())
    print(f"{source.name}: {count} frames, {faces} with a face" + ", mirrored" * mirror)
    for recording in recordings:
        print(f"{recording.path}: {recording.rows} rows")
    return complete


def _open(spec: str) -> Source:
    source = open_source(SourceSettings(spec=spec, pace="fast"))
    if source.live:
        source.close()
        raise SourceError(
            f"cannot track {spec}: it is live; expected a file, a folder or demo. "
            "Use `mien run --record` for a camera or an address."
        )
    return source


def _path(path: Path, spec: str) -> Path:
    return Path(str(path).replace(NAME, Path(spec).stem))
