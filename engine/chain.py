"""Frame in, FaceState out: the stages between pictures and outputs, in their order.

observe -> centre -> smooth -> retarget, read the emotion -> calibrate the weights
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from engine.calibration import Calibration, CalibrationSettings
from engine.calibration.guide import Guide, Prompt
from engine.calibration.learning import STILL, RestFinder, RestLearner
from engine.data import FaceState, Frame, Observation
from engine.smoother import Smoother
from engine.steadiness import SmootherSettings

REST_TIME = 2.0  # s of a resting face that become neutral
CENTRE_TIME = 0.3  # s that become the middle


class Observer(Protocol):
    """What finds and regresses the face in a picture."""

    def observe(self, frame: Frame) -> Observation | None: ...


class Stage(Protocol):
    """What reads more out of a smoothed state."""

    def update(self, state: FaceState) -> FaceState: ...


@dataclass(frozen=True, slots=True, eq=False)
class Answer:
    """How something goes that was asked for. Each is another, also one in the same words."""

    text: str


class Chain:
    """One performer, frame by frame; timestamps must not go back."""

    def __init__(
        self,
        observer: Observer,
        smoother: SmootherSettings,
        calibration: CalibrationSettings,
        stages: Sequence[Stage] = (),
    ) -> None:
        self._observer = observer
        self._smoother = Smoother(smoother)
        self._stages = stages
        self._calibration = Calibration(calibration)
        self._rest: RestLearner | None = None
        self._centre: RestLearner | None = None
        self._guide: Guide | None = None
        self._before_guide = calibration
        self.prompt: Prompt | None = None
        """What the person is asked to do, once `lead` was called."""
        self.answer: Answer | None = None
        """To what was asked for last."""

    @property
    def calibration(self) -> CalibrationSettings:
        """As it is by now."""
        return self._calibration.settings

    @property
    def calibrating(self) -> bool:
        """Whether a rest that was asked for is being watched."""
        return isinstance(self._rest, RestFinder)

    def update(self, frame: Frame, *, blind: bool = False) -> FaceState:
        """The state of this frame.

        blind: do not look at the picture, there is no face in it: paused, or the camera is gone.
        """
        return self.follow(
            None if blind else self.observe(frame),
            timestamp=frame.timestamp,
            image_size=(frame.image.shape[1], frame.image.shape[0]),
        )

    def observe(self, frame: Frame) -> Observation | None:
        """What is seen in this picture, raw."""
        return self._observer.observe(frame)

    def follow(
        self, seen: Observation | None, *, timestamp: float, image_size: tuple[int, int]
    ) -> FaceState:
        """The state of what was seen, which need not have been seen just now."""
        state = self._smoother.update(
            None if seen is None else self._calibration.centred(seen),
            timestamp=timestamp,
            image_size=image_size,
        )
        for stage in self._stages:
            state = stage.update(state)
        if self._guide is not None:
            self.prompt = self._guide.update(seen, state)
            if self.led:
                self.adopt(self._guide.settings)
        elif seen is not None:
            self._learn(seen, state)
        return self._calibration.update(state)

    def exchange(self, observer: Observer, stages: Sequence[Stage]) -> None:
        """Look at pictures otherwise from the next frame on; what is known of the person stays."""
        self._observer, self._stages = observer, stages

    def adopt(self, calibration: CalibrationSettings) -> None:
        """Other settings, from the next frame on."""
        self._calibration = Calibration(calibration)

    def forget(self, calibration: CalibrationSettings) -> None:
        """Another person from the next frame on; what was being learned of this one is dropped."""
        self.adopt(calibration)
        self._rest = self._centre = None

    def smooth(self, settings: SmootherSettings) -> None:
        """Other steadiness, from the next frame on."""
        self._smoother.adopt(settings)

    def calibrate(self) -> None:
        """Take the first two seconds in which face and head rest as neutral."""
        self._rest = RestFinder(REST_TIME)
        self.answer = Answer("Calibrating: rest your face and hold still for two seconds")

    def lead(self) -> None:
        """Lead the person through a whole calibration; `led` tells when it is over."""
        self._before_guide = self.calibration
        self._guide = Guide(self.calibration)
        self.adopt(self._guide.settings)

    def dismiss(self) -> None:
        """End leading; what was known before stands again, unless the guide came to its end."""
        if self._guide is not None and not self.led:
            self.adopt(self._before_guide)
        if self._guide is not None and self._guide.done:
            self.answer = Answer(self._guide.outcome)
        self._guide = self.prompt = None

    @property
    def leading(self) -> bool:
        """Whether a guide is there, at work or at its end."""
        return self._guide is not None

    @property
    def led(self) -> bool | None:
        """Whether the guide has learned something; None: it goes on, or was not asked for."""
        if self._guide is None or not self._guide.done:
            return None
        return not self._guide.failed

    def recentre(self) -> None:
        """Take the head's next moment as the middle."""
        self._centre = RestLearner(CENTRE_TIME)

    def _learn(self, seen: Observation, state: FaceState) -> None:
        if self._centre is not None:
            self._centre.watch(seen, state)
            if self._centre.done:
                self.adopt(self._centre.recentred(self.calibration))
                self._centre = None
                self.answer = Answer("Head centred")
        if self._rest is None and self.calibration.automatic and not self.calibration.head:
            self._rest = RestLearner(REST_TIME)
        if self._rest is not None:
            self._rest.watch(seen, state)
            if isinstance(self._rest, RestFinder):
                self._calibrate_when_still(self._rest)
            elif self._rest.done:
                if self._rest.unrest() < STILL:
                    self.adopt(self._rest.learned(self.calibration))
                self._rest = None

    def _calibrate_when_still(self, rest: RestFinder) -> None:
        if rest.done:
            self.adopt(rest.learned(self.calibration))
            self._rest, self.answer = None, Answer("Calibrated: this rest is neutral now")
        elif rest.gave_up:
            self._rest = None
            self.answer = Answer(
                "Not calibrated: face or head moved all the time. Hold still and ask again"
            )
