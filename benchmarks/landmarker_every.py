"""What it costs and spares when the landmarker does not see every picture: a table in Markdown.

    python -m benchmarks.landmarker_every VIDEO… [--frames N]

The Tracker with a regressor that does nothing, so that all differences are the landmarker's. Each
setting beside the landmarker on every picture:

seen:     share of the pictures that the landmarker saw.
ms:       processor time a picture.
weights:  mean difference of the 52 weights.   blink: largest difference of an eyeBlink.
gaze:     mean difference, degrees.            landmarks: mean distance, pixels.
jitter:   of the smoothed weights while nothing moves but camera noise and a sway of a pixel:
          the middle picture of the video for four seconds (frame-to-frame s.d. over √2).
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from app.face_model import face_model_path
from engine.blendshapes import INDEX
from engine.data import FlameCoefficients, Frame, Observation
from engine.geometry import Array
from engine.landmarker import open_landmarker
from engine.regressors import Regression
from engine.regressors.crops import CropBox, box_of_mean_side
from engine.regressors.mediapipe import MediaPipeRegressor
from engine.runtime import RuntimeSettings, Session
from engine.smoother import Smoother
from engine.steadiness import SmootherSettings
from engine.tracker import Tracker, TrackerSettings

SETTINGS = (1, 2, 3, 5)
RATE = 30.0
REST = 120  # pictures
LEARNING = 30  # pictures in which the smoother learns the noise
LIDS = [INDEX["eyeBlinkLeft"], INDEX["eyeBlinkRight"]]

Image = NDArray[np.uint8]


class IdleRegressor:
    """Looks at nothing and gives a resting face."""

    name: Literal["smirk"] = "smirk"
    device = "nowhere"

    def box(self, landmarks: Array) -> CropBox:
        return box_of_mean_side(landmarks, 1.4)

    unrounded_box = box

    def expect(self, image: Image) -> None: ...

    def regress(self, image: Image, box: CropBox, shape: Array | None = None) -> Regression:
        sizes = (300, 100, 3, 3, 3, 2, 3)
        return Regression(FlameCoefficients(*(np.zeros(n) for n in sizes)), np.eye(3)[:2])

    def use(self, session: Session) -> None:
        session.close()

    def close(self) -> None: ...


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("videos", nargs="+", type=Path, metavar="VIDEO")
    parser.add_argument("--frames", type=int, default=300)
    arguments = parser.parse_args()
    cv2.setNumThreads(1)
    print("| video | every | seen | ms | weights | blink | gaze | landmarks | jitter |")
    print("|---|---|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        for video in arguments.videos:
            print_rows(video.name, read(video, arguments.frames), Path(folder))
    return 0


def print_rows(name: str, images: list[Image], networks: Path) -> None:
    resting = at_rest(images[len(images) // 2])
    reference: list[Observation | None] = []
    for every in SETTINGS:
        seen, milliseconds = observed(images, every, networks)
        reference = reference or seen
        pairs = [(a, b) for a, b in zip(seen, reference, strict=True) if a and b]
        weights = np.abs([a.weights - b.weights for a, b in pairs])
        gaze = np.degrees(np.abs([a.gaze - b.gaze for a, b in pairs]))
        away = np.array([(a.landmarks - b.landmarks)[:, :2] for a, b in pairs])
        looks = len({id(one.landmarks) for one in seen if one is not None})
        print(
            f"| {name} | {every} | {looks / len(seen):.2f} | {milliseconds:.1f} "
            f"| {weights.mean():.4f} | {weights[:, LIDS].max():.2f} | {gaze.mean():.2f} "
            f"| {np.hypot(away[..., 0], away[..., 1]).mean():.2f} "
            f"| {jitter(observed(resting, every, networks)[0]):.5f} |"
        )


def observed(
    images: list[Image], every: int, networks: Path
) -> tuple[list[Observation | None], float]:
    """What the tracker sees, and its processor time a picture in milliseconds."""
    landmarker = open_landmarker(face_model_path(None), networks, RuntimeSettings(threads=1))
    settings = TrackerSettings(landmarker_every=every)
    with Tracker(MediaPipeRegressor(landmarker), IdleRegressor(), settings) as tracker:
        begun = time.process_time()
        seen = [tracker.observe(Frame(x, i / RATE, 0.0, i)) for i, x in enumerate(images)]
        return seen, (time.process_time() - begun) / len(images) * 1e3


def jitter(seen: list[Observation | None]) -> float:
    smoother = Smoother(SmootherSettings())
    weights = [
        smoother.update(one, timestamp=i / RATE, image_size=(0, 0)).weights
        for i, one in enumerate(seen)
    ]
    return float(np.diff(weights[LEARNING:], axis=0).std(axis=0).mean() / np.sqrt(2))


def at_rest(image: Image) -> list[Image]:
    """A face that keeps as still as people do, seen by a camera with noise."""
    random = np.random.default_rng(1)
    height, width = image.shape[:2]
    result = []
    for i in range(REST):
        sway = np.array([[1.0, 0.0, 0.8 * np.sin(i / 11)], [0.0, 1.0, 0.6 * np.cos(i / 17)]])
        coarse = random.normal(0.0, 4.0, (height // 2, width // 2, 3))
        noise = cv2.resize(coarse, (width, height)) + random.normal(0.0, 2.0, image.shape)
        still = cv2.warpAffine(image, sway, (width, height), borderMode=cv2.BORDER_REPLICATE)
        result.append(np.clip(still + noise, 0, 255).astype(np.uint8))
    return result


def read(video: Path, frames: int) -> list[Image]:
    capture = cv2.VideoCapture(str(video))
    images: list[Image] = []
    while len(images) < frames:
        there, image = capture.read()
        if not there:
            break
        images.append(np.asarray(image, np.uint8))
    return images


if __name__ == "__main__":
    sys.exit(main())
