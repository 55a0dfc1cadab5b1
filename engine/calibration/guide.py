"""Leads a person through their rest, their utmost and their winks; learns from each."""

from __future__ import annotations

from dataclasses import dataclass, replace

from engine.blendshapes import BLENDSHAPES
from engine.calibration import CalibrationSettings
from engine.calibration.learning import RangeLearner, RestFinder, WinkLearner
from engine.data import FaceState, Observation

PREPARE = 1.5  # s to read what is asked and begin
WATCH = 2.0  # s that are learned from
PATIENCE = 20.0  # s that a face may be away before the guide gives up


@dataclass(frozen=True, slots=True)
class Prompt:
    """What to show.

    text:     what the person is asked to do, or how it ended.
    progress: 0..1 of the watching; 0 while there is time to prepare.
    verdict:  of the step before; empty: there is none.
    step:     1 to len(STEPS); 0: it is over.
    unseen:   what was asked for so far and not seen: nothing of it is kept.
    """

    text: str
    progress: float
    verdict: str
    step: int = 0
    unseen: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Step:
    """What is asked. channels: whose utmost it is. wink: of this side, "left" or "right"."""

    text: str
    channels: tuple[str, ...] = ()
    wink: str = ""

    def learner(self) -> RestFinder | RangeLearner | WinkLearner:
        if self.wink:
            return WinkLearner(self.wink)
        return RangeLearner(self.channels) if self.channels else RestFinder(WATCH)


STEPS = (  # the rest comes first: all others are measured from it
    Step("Rest your face and look at the screen"),
    Step("Open your mouth wide", ("jawOpen",)),
    Step("Smile as broadly as you can", ("mouthSmileLeft", "mouthSmileRight")),
    Step("Pucker your lips as for a kiss", ("mouthPucker",)),
    Step("Raise your brows", ("browInnerUp", "browOuterUpLeft", "browOuterUpRight")),
    Step("Pull your brows down", ("browDownLeft", "browDownRight")),
    Step("Close both eyes for three seconds", ("eyeBlinkLeft", "eyeBlinkRight")),
    Step("Close your left eye only", wink="left"),
    Step("Close your right eye only", wink="right"),
)


class Guide:
    """Call `update` with every frame until it is `done`.

    settings: with what has been learned so far; the person's gains, curves and limits stay.
    failure:  why nothing is learned: nobody was there, or nobody rested. Empty: it goes well.
    """

    def __init__(self, settings: CalibrationSettings) -> None:
        self.settings = forgotten(settings)
        self.failure = ""
        self._index = 0
        self._learner = STEPS[0].learner()
        self._verdict = ""
        self._elapsed = 0.0  # s of this step in which a face was there
        self._absent = 0.0  # s since there was one
        self._before: float | None = None
        self._unseen: tuple[str, ...] = ()

    @property
    def failed(self) -> bool:
        return self.failure != ""

    @property
    def done(self) -> bool:
        return self.failed or self._index == len(STEPS)

    @property
    def outcome(self) -> str:
        """How it ended, for people."""
        if self.failed:
            return f"Not calibrated: {self.failure[0].lower()}{self.failure[1:]}"
        return "Calibrated" + (f", but not seen: {'; '.join(self._unseen)}" if self._unseen else "")

    def update(self, seen: Observation | None, state: FaceState) -> Prompt:
        """What to show with this frame. seen: as regressed; state: before any calibration."""
        interval = 0.0 if self._before is None else max(state.timestamp - self._before, 0.0)
        self._before = state.timestamp
        if not self.done:
            if seen is None:
                self._absent += interval
                if self._absent > PATIENCE:
                    self.failure = f"Nobody was there for {PATIENCE:.0f} seconds"
            else:
                self._absent = 0.0
                self._elapsed += interval
                self._take_in(seen, state)
        return self._prompt()

    def _take_in(self, seen: Observation, state: FaceState) -> None:
        if self._elapsed < PREPARE:
            return
        match self._learner:
            case RestFinder():  # all others are measured from it
                self._learner.watch(seen, state)
                if self._learner.done:
                    self._conclude(self._learner.learned(self.settings))
                elif self._learner.gave_up:
                    self.failure = "Your face or head moved all the time"
                return
            case RangeLearner():
                self._learner.watch(state)
            case WinkLearner():
                self._learner.watch(state, self.settings)
        if self._elapsed >= PREPARE + WATCH:
            self._conclude(self._learner.learned(self.settings))

    def _conclude(self, learned: CalibrationSettings | None) -> None:
        if learned is None:
            self._unseen += (STEPS[self._index].text,)
        self._verdict = "not seen: nothing of it is kept" if learned is None else "seen"
        self.settings = learned or self.settings
        self._index += 1
        self._elapsed = 0.0
        if not self.done:
            self._learner = STEPS[self._index].learner()

    def _prompt(self) -> Prompt:
        if self.failed:
            return Prompt(self.failure, 0.0, self._verdict)
        if self.done:
            return Prompt("Calibrated", 1.0, self._verdict, unseen=self._unseen)
        step = self._index + 1
        text = STEPS[self._index].text
        progress = min(max((self._elapsed - PREPARE) / WATCH, 0.0), 1.0)
        if self._absent > 0.5:
            text, progress = "Come into the picture", 0.0
        elif isinstance(self._learner, RestFinder) and self._learner.restless:
            text, progress = f"Hold still: {text[0].lower()}{text[1:]}", 0.0
        return Prompt(text, progress, self._verdict, step, self._unseen)


def forgotten(settings: CalibrationSettings) -> CalibrationSettings:
    """`settings` without anything that was learned of a face."""
    for name in BLENDSHAPES:
        channel = settings.channel(name)
        settings = settings.with_channel(replace(channel, neutral=0.0, full=1.0))
    return replace(
        settings,
        head=(),
        position=(),
        gaze=(),
        wink_left=0.0,
        wink_right=0.0,
        eyes_open=(),
        outlines=(),
    )
