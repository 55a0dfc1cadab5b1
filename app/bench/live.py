"""Whole runs at a camera's rate: no window, every output that needs no program at the other end.

What a run takes is told beside what its regressor alone takes on the same pictures at the same
rate, in one process, one after the other.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import ExitStack, closing
from dataclasses import replace

from app.bench.results import CAMERA_RATE, LiveCost
from app.listening.vtsphone import request
from app.network.address import resolve
from app.network.datagrams import DatagramListener, DatagramSender
from app.outputs import PROTOCOLS, OutputSettings, parse_output
from app.pipeline import run
from app.settings import Profile, RunSettings
from app.sources import SourceSettings, open_source
from app.tracking import TrackingSettings, open_chain
from engine.data import Frame
from engine.errors import SourceError

SETTLING = 2.0  # s after the first state that are not counted
PICTURES = 60  # that the regressor alone goes through, there and back again: no leap
ASKED = "vtsphone"  # sends to whoever asks
LEFT_OUT = ("vts", ASKED)  # VTube Studio itself would have to run


def measure_live(
    spec: str, seconds: float, tracking: TrackingSettings, profile: Profile
) -> tuple[LiveCost, ...]:
    """A run as it is and one with --budget, `seconds` each. Raises SourceError."""
    alone = _regressor_alone(spec, seconds, tracking)
    here = resolve("127.0.0.1", 0)
    with closing(DatagramListener(here)) as receiver:
        with closing(DatagramListener(here)) as unused:
            phone = unused.port
        outputs = [parse_output(f"{name}::{receiver.port}") for name in _unasked()]
        outputs.append(parse_output(f"{ASKED}::{phone}"))
        settings = _settings(spec, seconds, tracking, profile, tuple(outputs))
        asking = DatagramSender(resolve("127.0.0.1", phone), name="bench")
        with closing(asking):
            content = (request(receiver.port),)
            return tuple(
                _run(name, one, alone, lambda: asking.send(content))
                for name, one in (
                    ("mien run", settings),
                    ("--budget", replace(settings, budget=True)),
                )
            )


def _unasked() -> tuple[str, ...]:
    return tuple(name for name in PROTOCOLS if name not in LEFT_OUT)


class ShareOfACore:
    """Of the time since the first `settling` seconds; called again and again."""

    def __init__(self, settling: float) -> None:
        self._settled = time.perf_counter() + settling
        self._start: tuple[float, float] | None = None
        self.value = 0.0

    def __call__(self) -> None:
        now, processor = time.perf_counter(), time.process_time()
        if now < self._settled:
            return
        if self._start is None:
            self._start = now, processor
        elif now > self._start[0]:
            self.value = (processor - self._start[1]) / (now - self._start[0])


def _run(name: str, settings: RunSettings, alone: float, ask: Callable[[], None]) -> LiveCost:
    share: ShareOfACore | None = None

    def alive() -> None:
        nonlocal share
        share = share or ShareOfACore(SETTLING)
        share()
        ask()

    summary = run(settings, alive=alive)
    latency = summary.latency
    if share is None or latency is None:
        raise SourceError(f"{summary.source} gave no picture. Choose a file, a folder or demo.")
    return LiveCost(
        run=name,
        core=share.value,
        beyond=share.value - alone,
        looked_at=(summary.frames - 1) / max(summary.seconds, 1e-9),
        p50=latency.p50 * 1000.0,
        p95=latency.p95 * 1000.0,
    )


def _regressor_alone(spec: str, seconds: float, tracking: TrackingSettings) -> float:
    """Share of a core of nothing but seeing the face, on pictures that are decoded already."""
    with ExitStack() as stack:
        source = stack.enter_context(open_source(SourceSettings(spec=spec, pace="fast", loop=True)))
        pictures = [frame.image for _ in range(PICTURES) if (frame := source.read()) is not None]
        if not pictures:
            raise SourceError(f"{source.name} gave no picture. Choose a file, a folder or demo.")
        chain = open_chain(tracking, stack, live=False)
        share = ShareOfACore(SETTLING)
        started = time.perf_counter()
        for index in range(int((SETTLING + seconds) * CAMERA_RATE)):
            time.sleep(max(0.0, started + index / CAMERA_RATE - time.perf_counter()))
            place = index % max(2 * len(pictures) - 2, 1)
            image = pictures[min(place, 2 * len(pictures) - 2 - place)]
            chain.observe(Frame(image, index / CAMERA_RATE, 0.0, index))
            share()
        return share.value


def _settings(
    spec: str,
    seconds: float,
    tracking: TrackingSettings,
    profile: Profile,
    outputs: tuple[OutputSettings, ...],
) -> RunSettings:
    return RunSettings(
        source=SourceSettings(spec=spec, loop=True, rate=CAMERA_RATE),
        tracking=tracking,
        mirror=False,
        outputs=outputs,
        recordings=(),
        takes=profile.takes,
        remote="",
        output_rate=0.0,
        window=False,
        viewer=profile.viewer,
        frames=None,
        seconds=SETTLING + seconds,
        snapshot=None,
        profile_name="",
        profile=replace(profile, hotkeys=Profile().hotkeys),
    )
