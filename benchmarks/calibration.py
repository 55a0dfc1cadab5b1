"""Calibration judged on rendered heads, whose truth is known: tables in Markdown.

    python -m benchmarks.calibration [--people NAME…] [--rate HZ] [--talk S] [--video FILE…]

A rendered person follows the guide of `mien calibrate` and then blinks and winks with the head
turned by -20 to 20 degrees, and talks, blinking now and then, turning it to 30 both ways. Each
picture has a camera's noise. Judged is what is sent: landmarker, smoother, calibration.

wink:  the least eyeBlink of the closed eye and the most of the open one while the wink is held;
       from a third of a second after it began.
blink: the least eyeBlink of the two while both are closed.
false: frames in which the two eyeBlinks differ by more than 0.5 though the person does not wink.

Each with the person's own calibration, with none, and as the eyes are seen (raw).

With videos of other people: the same, with every rendered person's calibration and with that of
somebody whose winks differ least (WinkLearner), after learning the first two seconds as their rest;
and with none.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

import moderngl
import numpy as np
from numpy.typing import NDArray

from app.face_model import face_model_path
from app.folders import data_folder
from app.sources import SourceSettings, open_source
from app.sources.demo import demo_path
from app.viewer.look import LOOKS, Look
from app.viewer.snapshot import offscreen_context
from benchmarks.demo.curves import read_curves
from benchmarks.rendered_face import RenderedFace, weights_of
from engine.blendshapes import INDEX
from engine.calibration import Calibration, CalibrationSettings
from engine.calibration.guide import PREPARE, STEPS, WATCH
from engine.calibration.learning import RestLearner, WinkLearner
from engine.chain import Chain
from engine.data import FaceState, Frame
from engine.geometry import Array
from engine.landmarker import open_landmarker
from engine.regressors.mediapipe import MediaPipeRegressor
from engine.runtime import RuntimeSettings
from engine.smoother import Smoother
from engine.steadiness import SmootherSettings

PEOPLE = {
    "tomas": Look(identity="tomas", skin="beige", hair="short", stubble=0.35, eyes="brown"),
    "mei": Look(identity="mei", skin="fair", hair="bob", hair_color="black", eyes="brown"),
    "kofi": Look(identity="kofi", skin="deep", hair="cropped", hair_color="black", eyes="brown"),
    "ada": Look(identity="ada", skin="porcelain", hair="swept", hair_color="auburn"),
    "noor": LOOKS["noor"],
    "ivar": LOOKS["ivar"],
    "female": Look(identity="female", skin="olive", hair="curly", eyes="hazel"),
    "male": Look(identity="male", skin="brown", hair="cropped", hair_color="black", eyes="brown"),
    "average": Look(hair="bald", eyes="grey"),
}
RAW = CalibrationSettings(winks=False)
UNCALIBRATED = CalibrationSettings()
SIZE = (640, 480)
RATE = 30.0
SENSOR_NOISE = 2.0  # grey levels
CLOSING = 0.12  # s
HELD = 0.6  # s
SETTLED = 0.35  # s after a wink began
APART = 0.5  # two eyeBlinks that differ so much are a wink
BLINKS = [INDEX["eyeBlinkLeft"], INDEX["eyeBlinkRight"]]

GUIDED = (  # what a person does when asked for each step of the guide
    weights_of(),
    weights_of(jawOpen=0.9),
    weights_of(mouthSmile=1.0, cheekSquint=0.4),
    weights_of(mouthPucker=1.0),
    weights_of(browInnerUp=1.0, browOuterUp=0.9, eyeWide=0.3),
    weights_of(browDown=1.0, eyeSquint=0.3),
    weights_of(eyeBlink=1.0),
    weights_of(eyeBlinkLeft=1.0, eyeSquintLeft=0.4, cheekSquintLeft=0.4, mouthSmileLeft=0.2),
    weights_of(eyeBlinkRight=1.0, eyeSquintRight=0.4, cheekSquintRight=0.4, mouthSmileRight=0.2),
)
GESTURES = {"blink": GUIDED[6], "left wink": GUIDED[7], "right wink": GUIDED[8]}
TURNS = (-20, -10, 0, 10, 20)  # degrees, for the gestures
FAR = 30.0  # degrees, while talking
TALKED = 8.0  # s


@dataclass(frozen=True, slots=True)
class Moment:
    """One picture's truth. what: of the gesture; settled: its height has been reached."""

    weights: Array
    yaw: float
    what: str = ""
    settled: bool = False


def guided(rate: float) -> Iterator[Moment]:
    """What the guide's person does, step by step."""
    frames = round((PREPARE + WATCH) * rate)
    before = GUIDED[0]
    for asked in GUIDED:
        for i in range(frames):
            share = min(max((i / rate - 0.5) / CLOSING, 0.0), 1.0)
            yield Moment(before + share * (asked - before), 0.0)
        before = asked


def gesture(name: str, degrees: float, rate: float) -> Iterator[Moment]:
    """Rest, the gesture, rest."""
    yaw = math.radians(degrees)
    for i in range(round((0.5 + 2 * CLOSING + HELD) * rate)):
        since = i / rate - 0.3
        share = min(max(min(since / CLOSING, (2 * CLOSING + HELD - since) / CLOSING), 0.0), 1.0)
        settled = SETTLED <= since <= CLOSING + HELD
        yield Moment(share * GESTURES[name], yaw, name, settled)


def talk(rate: float, seconds: float = TALKED) -> Iterator[Moment]:
    """Syllables, smiles and a blink every two seconds, while the head turns to both sides."""
    for i in range(round(seconds * rate)):
        t = i / rate
        syllable = max(0.0, math.sin(2 * math.pi * 3.1 * t)) * (0.6 + 0.4 * math.sin(t))
        smile = 0.5 - 0.5 * math.cos(2 * math.pi * t / 5.0)
        blink = max(0.0, 1.0 - abs(t % 2.0 - 1.0) / CLOSING)
        weights = weights_of(
            jawOpen=0.5 * syllable,
            mouthFunnel=0.3 * syllable,
            mouthSmile=0.7 * smile,
            cheekSquint=0.5 * smile,
            eyeSquint=0.4 * smile,
            eyeBlink=blink,
        )
        yield Moment(weights, math.radians(FAR) * math.sin(2 * math.pi * t / seconds), "talk")


class Camera:
    """Frames of a rendered person, one after the other."""

    def __init__(self, face: RenderedFace, rate: float, seed: int = 0) -> None:
        self.rate = rate  # pictures a second, from the next one on
        self._face = face
        self._random = np.random.default_rng(seed)
        self._index, self._time = 0, 0.0

    def frame(self, moment: Moment) -> Frame:
        """The next one."""
        picture = self._face.picture(moment.weights, moment.yaw)
        noise = self._random.normal(0.0, SENSOR_NOISE, picture.shape)
        image = np.clip(picture + noise, 0, 255).astype(np.uint8)
        self._index += 1
        self._time += 1.0 / self.rate
        return Frame(image, timestamp=self._time, arrived=0.0, index=self._index - 1)


def opened_chain() -> tuple[Chain, MediaPipeRegressor]:
    """What `mien run` uses, without calibration."""
    regressor = MediaPipeRegressor(
        open_landmarker(face_model_path(None), data_folder() / "models", RuntimeSettings())
    )
    return Chain(regressor, SmootherSettings(), CalibrationSettings()), regressor


def calibrated(chain: Chain, camera: Camera, rate: float) -> CalibrationSettings:
    """What the guide learns of a person."""
    chain.lead()
    for moment in guided(rate):
        chain.update(camera.frame(moment))
    while chain.led is None:  # the first picture takes no time
        chain.update(camera.frame(Moment(GUIDED[-1], 0.0)))
    return chain.calibration


def lids(
    chain: Chain, camera: Camera, moments: Iterable[Moment], *settings: CalibrationSettings
) -> tuple[list[Array], list[Moment]]:
    """(F, 2) eyeBlinks sent with each of these calibrations. Where the head rests and looks is not
    taken out."""
    chain.adopt(RAW)
    mapped = [Calibration(one) for one in settings]
    sent: list[list[Array]] = [[] for _ in settings]
    done = []
    for moment in moments:
        state = chain.update(camera.frame(moment))
        for blinks, calibration in zip(sent, mapped, strict=True):
            blinks.append(calibration.update(state).weights[BLINKS])
        done.append(moment)
    return [np.array(blinks) for blinks in sent], done


def apart(blinks: Array) -> int:
    """Frames that show a wink."""
    return int((np.abs(blinks[:, 0] - blinks[:, 1]) > APART).sum())


def judged(name: str, sent: Array, done: Sequence[Moment]) -> str:
    """One cell: of a blink the least, of a wink the closed and the open eye."""
    settled = sent[[moment.settled for moment in done]]
    if name == "blink":
        return f"{settled.min():.2f}"
    closed = 0 if name == "left wink" else 1
    return f"{settled[:, closed].min():.2f} / {settled[:, 1 - closed].max():.2f}"


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--people", nargs="*", choices=PEOPLE, default=list(PEOPLE))
    parser.add_argument("--rate", type=float, default=RATE)
    parser.add_argument("--talk", type=float, default=TALKED, metavar="S")
    parser.add_argument("--video", nargs="*", type=Path, default=[])
    arguments = parser.parse_args()
    learned: dict[str, CalibrationSettings] = {}
    titles = [f"{name} {turn:+d}°" for name in GESTURES for turn in TURNS]
    print(f"| person | calibration | {' | '.join(titles)} | false in blinks | in talk |")
    print("|---|---|" + "---|" * len(titles) + "---|---|")
    with offscreen_context() as context:
        for person in arguments.people:
            learned[person] = judge_person(context, person, arguments.rate, arguments.talk)
    print()
    print("| video | " + " | ".join((*learned, "least winks", "none")) + " | raw |")
    print("|---|" + "---|" * (len(learned) + 3))
    for video in (demo_path(), *arguments.video):
        print(judge_video(video, learned))
    return 0


def judge_person(
    context: moderngl.Context, person: str, rate: float, talking: float
) -> CalibrationSettings:
    """Print the rows: own calibration, none, raw; gives what was learned."""
    chain, regressor = opened_chain()
    with RenderedFace(context, PEOPLE[person], SIZE) as face, closing(regressor):
        camera = Camera(face, rate)
        learned = calibrated(chain, camera, rate)
        kinds = {"own": learned, "none": UNCALIBRATED, "raw": RAW}
        cells: dict[str, list[str]] = {kind: [] for kind in kinds}
        false = dict.fromkeys(kinds, 0)
        for name in GESTURES:
            for turn in TURNS:
                moments = gesture(name, turn, rate)
                sent, done = lids(chain, camera, moments, *kinds.values())
                for kind, blinks in zip(kinds, sent, strict=True):
                    cells[kind].append(judged(name, blinks, done))
                    false[kind] += apart(blinks) if name == "blink" else 0
        sent, _ = lids(chain, camera, talk(rate, talking), *kinds.values())
    for kind, blinks in zip(kinds, sent, strict=True):
        counts = f"{false[kind]} | {apart(blinks)}"
        print(f"| {person} | {kind} | {' | '.join(cells[kind])} | {counts} |", flush=True)
    return learned


def judge_video(path: Path, learned: dict[str, CalibrationSettings]) -> str:
    """The row: false winks with each calibration."""
    winked = _true_winks(path)
    _, regressor = opened_chain()
    smoother = Smoother(SmootherSettings())
    rest, states = RestLearner(), list[FaceState]()
    with closing(regressor), open_source(SourceSettings(spec=str(path), pace="fast")) as source:
        while (frame := source.read()) is not None:
            seen = regressor.observe(frame)
            height, width = frame.image.shape[:2]
            state = smoother.update(seen, timestamp=frame.timestamp, image_size=(width, height))
            if seen is not None and not rest.done:
                rest.watch(seen, state)
            states.append(state)
    own = rest.learned(UNCALIBRATED)
    least = replace(
        own,
        wink_left=WinkLearner.LEAST,
        wink_right=WinkLearner.LEAST,
        outlines=(WinkLearner.LEAST_OUTLINE,) * 2,
    )
    kinds = [
        replace(
            own,
            wink_left=other.wink_left,
            wink_right=other.wink_right,
            outlines=other.outlines,
        )
        for other in learned.values()
    ]
    cells = [_false(states, kind, winked) for kind in (*kinds, least, UNCALIBRATED, RAW)]
    return f"| {path.name}, {len(states)} frames | {' | '.join(cells)} |"


def _false(
    states: Sequence[FaceState], calibration: CalibrationSettings, winked: NDArray[np.bool_] | None
) -> str:
    mapped = Calibration(calibration)
    blinks = np.array([mapped.update(state).weights[BLINKS] for state in states])
    return str(apart(blinks if winked is None else blinks[~winked[: len(blinks)]]))


def _true_winks(path: Path) -> NDArray[np.bool_] | None:
    """Of the built-in clip: frames near one in which the person does wink."""
    if path != demo_path():
        return None
    truth = read_curves().weights[:, BLINKS]
    wink = np.abs(truth[:, 0] - truth[:, 1]) > 0.1
    near = np.convolve(wink, np.ones(13), "same") > 0.5
    return np.asarray(near)


assert len(GUIDED) == len(STEPS), "what the guide asks for has changed"


if __name__ == "__main__":
    raise SystemExit(main())
