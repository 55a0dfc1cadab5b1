"""TensorRT takes over from the processor: before the first picture, or beside the tracking.

A plan may have to be built, and compiled for the card at its first run. With `--runtime auto`
faces are tracked meanwhile. Then the sessions are exchanged between two pictures, each having run
on a picture of that size before, so that no picture waits. When the card fails later, the processor
goes on with that very picture.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol, Self

import numpy as np

from app.plan_sessions import ApartBuild, open_plan_session
from app.plans import PlanName
from app.threads import Latest, Worker
from engine.closing import Closing
from engine.data import Frame, Observation
from engine.errors import ModelError
from engine.landmarker import Landmarker
from engine.landmarker.session import SessionLandmarker
from engine.regressors import Regressor
from engine.runtime import RuntimeSettings, Session, open_session

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
          theirs from there on. Raises ModelError, and closes it, if it is another network.
    leave: lets them go on as before `use`. Raises ModelError.
    stop: lets an `open` in another thread end soon, if it builds in a process of its own.
    """

    name: PlanName
    open: Callable[[], Session]
    use: Callable[[Session], None]
    leave: Callable[[], None]
    stop: Callable[[], None] = lambda: None

    def at_once(self) -> Session:
        """Use TensorRT from the first picture on; gives the session. Raises ModelError."""
        session = self.open()
        self.use(session)
        return session


def takeovers(
    landmarker: Landmarker,
    regressor: Regressor | None,
    *,
    task: Path,
    models: Path,
    runtime: RuntimeSettings,
) -> list[Takeover]:
    """What TensorRT can compute of what tracks a face: the slower network first.

    task: MediaPipe's bundle. models: folder of the networks that were added.
    runtime: what computes where TensorRT does not.
    """
    found = []
    beside = replace(runtime, provider="cpu") if runtime.provider == "auto" else runtime
    if regressor is not None:
        name = regressor.name
        apart = ApartBuild(name)
        found.append(
            Takeover(
                name,
                lambda: open_plan_session(name, models=models, apart=apart),
                regressor.use,
                lambda: regressor.use(open_session(models / f"{name}.onnx", beside)),
                apart.stop,
            )
        )
    if isinstance(landmarker, SessionLandmarker):
        found.append(
            Takeover(
                "mediapipe",
                lambda: open_plan_session("mediapipe", models=models, task=task),
                landmarker.use,
                landmarker.leave,
            )
        )
    return found


@dataclass(frozen=True, slots=True, eq=False)
class _Ready:
    """A session that has run once, and where it goes."""

    takeover: Takeover
    session: Session


class TakingOver(Closing):
    """Observes, and sooner once TensorRT is ready. Where it never is, or ends, one line tells why;
    tracking goes on in any case."""

    def __init__(self, observer: Observer, takeovers: Sequence[Takeover]) -> None:
        self._observer = observer
        self._takeovers = tuple(takeovers)
        self._waiting = list(takeovers)
        self._used: list[Takeover] = []
        self._is_over = False  # no more of TensorRT
        self._shapes: Latest[tuple[int, ...]] = Latest()  # of pictures
        self._ready: Latest[_Ready] = Latest()
        self._made: _Ready | None = None  # not yet in the mailbox
        self._worker = Worker(self._take_over)

    def observe(self, frame: Frame) -> Observation | None:
        """What the observer sees in this frame."""
        self._shapes.put(frame.image.shape)
        if not self._is_over:
            self._use_what_is_ready()
        try:
            return self._observer.observe(frame)
        except ModelError as error:
            if not self._used:
                raise
            log.warning("TensorRT ends, the processor goes on: %s", error)
        self._end()
        for takeover in self._used:
            takeover.leave()
        self._used.clear()
        return self._observer.observe(frame)

    def __enter__(self) -> Self:
        self._worker.start()
        return self

    def close(self) -> None:
        self._end()
        self._worker.close()
        if not self._worker.running:  # otherwise it closes what it makes
            self._close_left()

    def _use_what_is_ready(self) -> None:
        ready = self._ready.take(0.0)
        if ready is not None:
            device = ready.session.device
            try:
                ready.takeover.use(ready.session)
            except ModelError as error:
                log.info("%s stays where it is: %s", ready.takeover.name, error)
            else:
                self._used.append(ready.takeover)
                log.info("%s is computed by %s", ready.takeover.name, device)
        fault = self._worker.failure
        if fault is not None:
            log.warning(
                "TensorRT is not used: %s: %s; expected no such fault. Report it, or use "
                "--runtime onnx.",
                type(fault).__name__,
                " ".join(str(fault).split()),
            )
            self._end()

    def _end(self) -> None:
        """Nothing more takes over."""
        self._is_over = True
        for takeover in self._takeovers:
            takeover.stop()

    def _take_over(self) -> bool:
        """A step of the worker: make a session, or hand it over."""
        if self._made is not None:
            if self._ready.offer(self._made, PATIENCE):
                self._made = None
        elif self._waiting:
            self._make()
        else:
            return False
        if self._is_over:
            self._close_left()
        return not self._is_over

    def _make(self) -> None:
        shape = self._shapes.take(PATIENCE)
        if shape is None:
            return
        takeover = self._waiting.pop(0)
        try:
            session = takeover.open()
            warm_up(session, shape)
        except ModelError as error:
            log.info("%s stays where it is: %s", takeover.name, error)
        else:
            self._made = _Ready(takeover, session)

    def _close_left(self) -> None:
        for left in (self._ready.take(0.0), self._made):
            if left is not None:
                left.session.close()


def warm_up(session: Session, shape: tuple[int, ...]) -> None:
    """Run once on a black picture of this shape; closes the session if that raises ModelError."""
    first, *others = session.inputs
    arrays = [np.zeros(tuple(size or 1 for size in t.shape), t.dtype) for t in others]
    try:
        session.run(np.zeros(shape, first.dtype), *arrays)
    except ModelError:
        session.close()
        raise
