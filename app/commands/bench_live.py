"""What a whole run takes from a picture to its datagrams and to the screen, for `mien bench`."""

from __future__ import annotations

from contextlib import closing

from app.network.address import resolve
from app.network.datagrams import DatagramListener
from app.outputs import parse_output
from app.pipeline import run as run_pipeline
from app.settings import DEFAULT_PROFILE, Profile, RunSettings
from app.sources import SourceSettings
from app.statistics import Summary
from app.tracking import TrackingSettings


def run_live(
    spec: str, count: int, tracking: TrackingSettings, profile: Profile, *, window: bool
) -> Summary:
    """`mien run` on so many pictures at their own pace, VMC and OSC to this machine.

    window: whether to open one, where there is a display.
    """
    with closing(DatagramListener(resolve("127.0.0.1", 0))) as receiver:
        return run_pipeline(
            RunSettings(
                source=SourceSettings(spec=spec, loop=True),
                tracking=tracking,
                mirror=False,
                outputs=tuple(parse_output(f"{name}::{receiver.port}") for name in ("vmc", "osc")),
                recordings=(),
                takes=profile.takes,
                remote="",
                output_rate=0.0,
                window=window,
                viewer=profile.viewer,
                frames=count,
                seconds=None,
                snapshot=None,
                profile_name=DEFAULT_PROFILE,
                profile=profile,
                keeping=False,
            )
        )
