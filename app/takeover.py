"""TensorRT takes over from the processor: before the first picture, or beside the tracking.

A plan may have to be built, and compiled for the card at its first run. With `--runtime auto`
faces are tracked meanwhile. Then the sessions are exchanged between two pictures, each having run
on a picture of that size before, so that no picture waits.
"""

from __future__ import annotations

import logging
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

import numpy as np

from app.folders import data_folder
from app.plans import PlanName, blueprint, plans_folder
from app.threads import Latest, Worker
from engine.data import Frame, Observation
from engine.errors import ModelError
from engine.landmarker import Landmarker
from engine.landmarker.session import SessionLandmarker
from engine.regressors import Regressor
from engine.runtime import RuntimeSettings, Session, open_session
from engine.runtime.build import BuildSettings, prepare_plan, reason_to_build
from engine.runtime.device import open_device

BUILT_APART: tuple[PlanName, ...] = ("deca", "emoca", "expnet")  # of 100 to 600 MB
PATIENCE = 0.1  # s that the worker waits before it looks whether it should stop

log = logging.getLogger(__name__)


class Observer(Protocol):
    """What finds and regresses the face in a picture."""

    def observe(self, frame: Frame) -> Observation | None: ...


@dataclass(frozen=True, slots=True, eq=False)
class Takeover:
    """A network that TensorRT takes over.

    open: gives the session; raises ModelError.
    use:  between two pictures, lets whoever uses the network go on with that session, which is
          theirs from there on. Raises ModelError if it is another network.
    """

    name: PlanName
    open: Callable[[], Session]
    use: Callable[[Session], None]

    def at_once(self) -> None:
        """Use TensorRT from the first picture on. Raises ModelError."""
        self.use(self.open())


def takeovers(
    landmarker: Landmarker, regressor: Regressor | None, *, task: Path, models: Path
) -> list[Takeover]:
    """What TensorRT can compute of what tracks a face: the slower network first.

    task: MediaPipe's bundle. models: folder of the networks that were added.
    """
    found = []
    if regressor is not None:
        name = regressor.name
        found.append(Takeover(name, lambda: open_plan_session(name, models=models), regressor.use))
    if isinstance(landmarker, SessionLandmarker):
        found.append(
            Takeover(
                "mediapipe",
                lambda: open_plan_session("mediapipe", models=models, task=task),
                landmarker.use,
            )
        )
    return found


def open_plan_session(name: PlanName, *, models: Path, task: Path | None = None) -> Session:
    """TensorRT's session of a network, its plan built if there is none. Raises ModelError."""
    device = open_device()  # without a card nothing is built: its error says what is missing
    gpu = device.gpu
    device.close()
    source, settings, folder = (
        blueprint(name, models=models, task=task),
        BuildSettings(),
        plans_folder(),
    )
    if name in BUILT_APART and models == data_folder() / "models":
        reason = reason_to_build(source, settings, folder=folder, gpu=gpu)
        if reason is not None:
            log.info("building the plan of %s: %s", name, reason)
            build_apart(name)
    plan = prepare_plan(
        source, settings, folder=folder, gpu=gpu, say=log.info, progress=lambda share: None
    )
    return open_session(plan.path, RuntimeSettings())


def build_apart(name: PlanName) -> None:
    """Build a plan by build_trt, in a process of its own. Raises ModelError with its reason.

    In ours, writing hundreds of megabytes of weights would hold Python, and with it the tracking,
    for up to three seconds (measured on ExpNet, 2026-11-21).
    """
    done = subprocess.run(
        [sys.executable, "-m", "build_trt", name],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
    )
    if done.returncode != 0:
        lines = done.stderr.strip().splitlines() or [f"it ended with code {done.returncode}"]
        raise ModelError(lines[-1].removeprefix("build_trt: "))


@dataclass(frozen=True, slots=True, eq=False)
class _Ready:
    """A session that has run once, and where it goes."""

    takeover: Takeover
    session: Session


class TakingOver:
    """Observes, and sooner once TensorRT is ready. Where it never is, one line tells why."""

    def __init__(self, observer: Observer, waiting: Sequence[Takeover]) -> None:
        self._observer = observer
        self._waiting = list(waiting)
        self._shapes: Latest[tuple[int, ...]] = Latest()  # of pictures
        self._ready: Latest[_Ready] = Latest()
        self._made: _Ready | None = None  # not yet in the mailbox
        self._worker = Worker(self._take_over)

    def observe(self, frame: Frame) -> Observation | None:
        """What the observer sees in this frame."""
        self._worker.check()
        self._shapes.put(frame.image.shape)
        ready = self._ready.take(0.0)
        if ready is not None:
            ready.takeover.use(ready.session)
            log.info("%s is computed by %s", ready.takeover.name, ready.session.device)
        return self._observer.observe(frame)

    def __enter__(self) -> Self:
        self._worker.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._worker.__exit__(kind, error, trace)
        for left in (self._ready.take(0.0), self._made):
            if left is not None:
                left.session.close()

    def _take_over(self) -> bool:
        """A step of the worker: make a session, or hand it over."""
        if self._made is not None:
            if self._ready.offer(self._made, PATIENCE):
                self._made = None
            return True
        if not self._waiting:
            return False
        shape = self._shapes.take(PATIENCE)
        if shape is not None:
            takeover = self._waiting.pop(0)
            try:
                session = takeover.open()
                warm_up(session, shape)
            except ModelError as error:
                log.info("%s stays where it is: %s", takeover.name, error)
            else:
                self._made = _Ready(takeover, session)
        return True


def warm_up(session: Session, shape: tuple[int, ...]) -> None:
    """Run once on a black picture of this shape; closes the session if that raises ModelError."""
    first, *others = session.inputs
    arrays = [np.zeros(tuple(size or 1 for size in t.shape), t.dtype) for t in others]
    try:
        session.run(np.zeros(shape, first.dtype), *arrays)
    except ModelError:
        session.close()
        raise
