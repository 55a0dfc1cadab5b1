"""The program, top to bottom: source -> chain -> mirror -> outputs, files, viewer.

Three threads, one for errands, one for the virtual camera. `capture` always drains the source, so
that the next picture is fresh; `track` takes the newest picture, computes its face state and sends
it; the main thread owns the window and draws the newest state. Between them lie one-slot mailboxes,
no queues: whoever is slow sees fewer pictures, never older ones. Only at pace `fast` capture waits
for track, so that none is left out.
What people ask for, by key, in the panel or over OSC, the desk sees to: the tracking thread hears
of it as `Wishes`, and what takes long is done by the desk's own worker.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace

from app.actions import Action, Lead, Quit, SetRecording, Wishes
from app.budget import CAMERA_RATE
from app.desk import Desk
from app.destinations import Destinations
from app.folders import takes_folder
from app.hotkeys import Hotkeys
from app.in_force import Parts, output_rate_in, source_in, tracking_in
from app.meter import Meter
from app.pauses import spared_pauses
from app.recordings.takes import Takes
from app.remote import open_remote
from app.selected_source import SelectedSource
from app.selected_tracking import SelectedTracking
from app.settings import RunSettings, in_force
from app.showing import open_avatar, open_studio, open_window, write_snapshot
from app.sources import is_short
from app.statistics import Summary
from app.steady import SteadySender
from app.threads import Latest, Worker
from app.viewer import Shown
from app.virtual_camera.camera import VirtualCamera
from app.visits import Visits
from engine.calibration import CalibrationSettings
from engine.calibration.guide import Prompt
from engine.chain import Chain
from engine.data import Frame
from engine.idle import Idling
from engine.mirror import mirrored
from engine.sparing import Sparing

PATIENCE = 0.1  # s that a thread waits for another before it looks whether it should stop
NAP = 0.005  # s of waiting for something to draw without a window
SILENCE = 0.5  # s without a picture from a live source after which its face counts as lost

log = logging.getLogger(__name__)


def run(
    settings: RunSettings,
    guide: Callable[[Prompt], None] | None = None,
    alive: Callable[[], None] | None = None,
) -> Summary:
    """Track the face and drive the avatar until the window is closed or the source ends.

    guide: lead the person through a calibration, tell it what to show, and end with it.
    alive: called again and again as long as all threads get on.
    """
    frames: Latest[Frame] = Latest()
    states: Latest[Shown] = Latest()
    wished: Latest[Wishes] = Latest()

    with ExitStack() as stack:
        takes = stack.enter_context(
            Takes(settings.recordings, settings.takes, takes_folder(), settings.tracking.models)
        )
        remote = stack.enter_context(open_remote(settings.remote))
        hotkeys = stack.enter_context(Hotkeys(settings.profile.hotkeys))
        force = in_force(settings)
        looking = SelectedTracking(tracking_in(force, settings.tracking))
        chain = stack.enter_context(looking).chain
        avatar = open_avatar(settings)
        virtual_camera = VirtualCamera(settings.virtual_camera)
        viewer = open_window(settings, avatar, stack, virtual_camera)
        can_choose = viewer is not None and viewer.settings.panel  # what cannot be opened, there
        if not can_choose:
            virtual_camera.require()
        stack.enter_context(virtual_camera)
        studio = open_studio(settings, avatar, stack, virtual_camera) if viewer is None else None
        outputs = stack.enter_context(Destinations(settings.outputs, forgiving=can_choose))
        endless = settings.source.loop or (viewer is not None and is_short(settings.source.spec))
        source = stack.enter_context(
            SelectedSource(
                replace(source_in(force), loop=endless),
                forgiving=can_choose or settings.kiosk,
                own_camera=lambda: virtual_camera.device,
            )
        )
        meter = Meter(source, outputs, takes)
        rate = output_rate_in(force)
        steady = SteadySender(rate, states, outputs, meter, at_once=force.budget)
        parts = Parts(source, outputs, looking, takes, remote, hotkeys, steady, virtual_camera)
        desk = stack.enter_context(Desk(settings, parts))
        keep_every_frame = settings.source.pace == "fast" and not source.live
        refused: list[Frame] = []  # at most one, which capture offers again
        visits = Visits(chain) if settings.kiosk else None
        idling = Idling()
        sparing = Sparing(CAMERA_RATE)
        done = [desk.wishes]  # what track has seen to
        answered = [chain.answer]  # what it has told of that

        def learning() -> bool:
            """Whether a calibration is under way, which should see every picture."""
            return chain.leading or chain.calibrating

        def capture() -> bool:
            if done[0].sparing:
                source.look_at(CAMERA_RATE if learning() else sparing.rate)
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
            meter.stepped()
            wish = wished.peek() or done[0]
            looking.take_over()
            _see_to(wish, done[0], chain, takes)
            done[0] = wish
            source_ended = not capturing.running  # asked before the last picture is taken
            frame = frames.take(PATIENCE)
            shown = states.peek()
            gone = frame is None
            if frame is None:
                if not (source.live and shown and _seconds_since(shown.frame) > SILENCE):
                    return not source_ended
                frame = replace(shown.frame, timestamp=source.time())
            blind = gone or wish.paused
            if wish.sparing and not (blind or learning()) and not sparing.worth(frame):
                return True
            state = chain.update(frame, blind=blind)
            if chain.answer is not None and chain.answer is not answered[0]:
                log.warning("%s", chain.answer.text)
                answered[0] = chain.answer
            if wish.sparing:
                sparing.seen(frame, state)
            if visits is not None:
                state = visits.update(state)
            elif wish.idle:
                state = idling.update(state)
            if wish.mirror:
                state = mirrored(state)
            if not wish.output_rate and outputs.send(state):
                meter.sent(frame)
            meter.tracked(state)
            takes.write(state, frame)
            states.put(Shown(frame, state))
            if guide is not None and chain.led is not None:
                return False
            return settings.frames is None or meter.frames < settings.frames

        stack.enter_context(spared_pauses())
        capturing = stack.enter_context(Worker(capture))
        tracking = stack.enter_context(Worker(track))
        stack.enter_context(Worker(steady.step))
        interrupted = False
        try:
            while tracking.running and not meter.has_run_for(settings.seconds):
                capturing.check()
                virtual_camera.check()
                actions: tuple[Action, ...] = remote.actions(desk.wishes)
                actions += hotkeys.actions(desk.wishes)
                if viewer is None and studio is None:
                    tracking.wait(PATIENCE)
                elif studio is not None:
                    studio.draw(states.peek(), mirrored=desk.wishes.mirror)
                    tracking.wait(NAP)
                elif viewer is not None:
                    statistics = meter.statistics(
                        frames.overwritten,
                        wishes=desk.wishes,
                        prompt=chain.prompt,
                        answer=chain.answer,
                        situation=desk.situation(chain.calibration),
                        virtual_camera=virtual_camera.statistics,
                    )
                    actions += viewer.draw(states.peek(), statistics)
                    if viewer.drawn is not None:
                        meter.drawn(viewer.drawn.frame)
                if guide is not None and chain.prompt is not None:
                    guide(chain.prompt)
                if guide is not None and (viewer is None or viewer.drawn is not None):
                    actions += (Lead(True),)  # what is asked can be seen by now
                for action in actions:
                    desk.see_to(action)
                if desk.wishes.leading and chain.led is not None:
                    desk.see_to(Lead(False))
                if desk.wishes.recording and takes.stopped:
                    desk.see_to(SetRecording(False))
                wished.put(desk.wishes)
                if viewer is not None and (window := desk.taken_window()) is not None:
                    viewer.take(window)
                desk.turn(_learned(chain), None if viewer is None else viewer.settings)
                if alive is not None and not meter.stuck and not source.stuck:
                    alive()  # not before the first drawing, which may take long
                if Quit() in actions:
                    break
        except KeyboardInterrupt:
            interrupted = True
        tracking.check()
        if guide is not None and chain.prompt is not None:
            guide(chain.prompt)  # how it ended
        timed_out = meter.has_run_for(settings.seconds)

    desk.keep(_learned(chain), None if viewer is None else viewer.settings)
    last = states.peek()
    if settings.snapshot is not None and last is not None:
        write_snapshot(settings.snapshot, last, settings, avatar, mirrored=desk.wishes.mirror)
    return meter.summary(
        frames.overwritten,
        mirrored=desk.wishes.mirror,
        snapshot=settings.snapshot,
        interrupted=interrupted,
        timed_out=timed_out,
        virtual_camera=virtual_camera.statistics,
    )


def _learned(chain: Chain) -> CalibrationSettings | None:
    """What is known of the person, unless they are being led to something better."""
    return None if chain.leading and not chain.led else chain.calibration


def _see_to(wish: Wishes, done: Wishes, chain: Chain, takes: Takes) -> None:
    """What was asked for since the last frame, where it is the tracking thread's to do."""
    if wish.calibration is not None and wish.calibration is not done.calibration:
        chain.adopt(wish.calibration)
    if wish.smoother is not None and wish.smoother != done.smoother:
        chain.smooth(wish.smoother)
    for channel in wish.channels:
        if channel not in done.channels:
            chain.adopt(chain.calibration.with_channel(channel))
    if wish.leading and not done.leading:
        chain.lead()
    if done.leading and not wish.leading:
        chain.dismiss()
    if wish.paused != done.paused:
        log.warning("%s", "Paused: the figure rests" if wish.paused else "Going on")
    if wish.mirror != done.mirror:
        log.warning("%s", "Mirror on" if wish.mirror else "Mirror off")
    if wish.rests > done.rests:
        chain.calibrate()
    if wish.centres > done.centres:
        chain.recentre()
    if wish.recording and not done.recording:
        takes.begin()
    if done.recording and not wish.recording:
        takes.end()


def _seconds_since(frame: Frame) -> float:
    return time.perf_counter() - frame.arrived
