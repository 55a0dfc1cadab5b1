"""The program, top to bottom: source -> regressor -> smoother -> mirror -> outputs, files, viewer.

Three threads. `capture` always drains the source, so that the next picture is fresh; `track` takes
the newest picture, computes its face state and sends it; the main thread owns the window and draws
the newest state. Between them lie one-slot mailboxes, no queues: whoever is slow sees fewer
pictures, never older ones. Only at pace `fast` capture waits for track, so that none is left out.
"""

from __future__ import annotations

import logging
import time
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from app.actions import Quit, SetMirror
from app.meter import Meter
from app.outputs import open_output
from app.recordings.takes import Takes
from app.settings import RunSettings, keep_settings
from app.sources import is_short, open_source
from app.statistics import Summary
from app.threads import Latest, Worker
from app.viewer import Shown, ViewerSettings, open_viewer
from engine.data import FaceState, Frame
from engine.errors import ViewerError
from engine.mirror import mirrored
from engine.regressors.mediapipe import MediaPipeRegressor
from engine.smoother import Smoother

if TYPE_CHECKING:
    from app.viewer.viewer import Viewer

PATIENCE = 0.1  # s that a thread waits for another before it looks whether it should stop
SILENCE = 0.5  # s without a picture from a live source after which its face counts as lost

log = logging.getLogger(__name__)


def run(settings: RunSettings) -> Summary:
    """Track the face and drive the avatar until the window is closed or the source ends."""
    frames: Latest[Frame] = Latest()
    states: Latest[Shown] = Latest()
    mirror: Latest[bool] = Latest(settings.mirror)

    with ExitStack() as stack:
        takes = stack.enter_context(Takes(settings.recordings))
        outputs = [stack.enter_context(open_output(output)) for output in settings.outputs]
        regressor = stack.enter_context(MediaPipeRegressor(settings.face_model))
        viewer = _open_window(settings, stack)
        endless = settings.source.loop or (viewer is not None and is_short(settings.source.spec))
        source = stack.enter_context(open_source(replace(settings.source, loop=endless)))
        keep_every_frame = settings.source.pace == "fast" and not source.live
        smoother = Smoother(settings.smoother)
        meter = Meter(source.name, outputs, takes)
        refused: list[Frame] = []  # at most one, which capture offers again

        def capture() -> bool:
            frame = refused.pop() if refused else source.read()
            if frame is None:
                return not source.ended
            if not keep_every_frame:
                meter.captured()
                frames.put(frame)
            elif frames.offer(frame, PATIENCE):
                meter.captured()
            else:
                refused.append(frame)
            return True

        def track() -> bool:
            source_ended = not capturing.running  # asked before the last picture is taken
            frame = frames.take(PATIENCE)
            shown = states.peek()
            if frame is not None:
                observation = regressor.observe(frame)
            elif source.live and shown is not None and _seconds_since(shown.frame) > SILENCE:
                frame, observation = replace(shown.frame, timestamp=time.perf_counter()), None
            else:
                return not source_ended
            state = smoother.update(
                observation,
                timestamp=frame.timestamp,
                image_size=(frame.image.shape[1], frame.image.shape[0]),
            )
            if mirror.peek():
                state = mirrored(state)
            for output in outputs:
                output.send(state)
            meter.sent(frame, state)
            takes.write(state)
            states.put(Shown(frame, state))
            return settings.frames is None or meter.frames < settings.frames

        capturing = stack.enter_context(Worker(capture))
        tracking = stack.enter_context(Worker(track))
        is_wanted, interrupted = True, False
        try:
            while is_wanted and tracking.running and not meter.has_run_for(settings.seconds):
                capturing.check()
                if viewer is None:
                    tracking.wait(PATIENCE)
                    continue
                statistics = meter.statistics(frames.overwritten, mirrored=bool(mirror.peek()))
                for action in viewer.draw(states.peek(), statistics):
                    match action:
                        case Quit():
                            is_wanted = False
                        case SetMirror(on):
                            mirror.put(on)
        except KeyboardInterrupt:
            interrupted = True
        tracking.check()

    if viewer is not None:
        keep_settings(settings, viewer.settings, mirror=bool(mirror.peek()))
    last = states.peek()
    if settings.snapshot is not None and last is not None:
        _write_snapshot(settings.snapshot, last.state, settings.viewer)
    return meter.summary(
        frames.overwritten,
        mirrored=bool(mirror.peek()),
        snapshot=settings.snapshot,
        interrupted=interrupted,
    )


def _open_window(settings: RunSettings, stack: ExitStack) -> Viewer | None:
    """The window, or None where it is not wanted or cannot be had: tracking goes on without."""
    if not settings.window:
        return None
    try:
        return stack.enter_context(open_viewer(settings.viewer))
    except ViewerError as error:
        log.warning("%s Going on without the window.", error)
        return None


def _write_snapshot(path: Path, state: FaceState, settings: ViewerSettings) -> None:
    from app.viewer.snapshot import render_snapshot, save_png  # a run without it needs no OpenGL

    save_png(path, render_snapshot(state, settings))


def _seconds_since(frame: Frame) -> float:
    return time.perf_counter() - frame.arrived
