"""Our landmarker beside MediaPipe's own package over the same pictures, in turns, in one run.

    python -m benchmarks.landmarks VIDEO [--frames N] [--rounds N] [--spinning]

First how far apart they are where each picture is searched by itself: pixels of the picture (at its
own width), scores, and the pose's place in centimetres. Then what a picture costs while the face is
followed: each landmarker sees all pictures, in turns, `rounds` times; wall-clock and processor time
from the 10th picture on. The same threads-off OpenCV for both, as in `mien`.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from app.face_model import face_model_path
from engine.landmarker import Landmarker
from engine.landmarker.mediapipe import MediaPipeLandmarker
from engine.landmarker.session import SessionLandmarker
from engine.runtime import RuntimeSettings

WARM_UP = 10  # pictures
RATE = 30.0

Image = NDArray[np.uint8]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("video", type=Path)
    parser.add_argument("--frames", type=int, default=300)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--spinning", action="store_true", help="two threads that wait busily")
    arguments = parser.parse_args()
    cv2.setNumThreads(1)
    images = read(arguments.video, arguments.frames)
    task = face_model_path(None)
    settings = RuntimeSettings(spinning=arguments.spinning)
    with tempfile.TemporaryDirectory() as folder:
        models = Path(folder)
        with (
            MediaPipeLandmarker(task, follow=False) as reference,
            SessionLandmarker.open(task, models, settings, follow=False) as landmarker,
        ):
            print_differences(images, reference, landmarker)
        openers: dict[str, Callable[[], Landmarker]] = {
            "MediaPipe": lambda: MediaPipeLandmarker(task),
            "sessions": lambda: SessionLandmarker.open(task, models, settings),
        }
        print_costs(images, openers, arguments.rounds)
    return 0


def read(video: Path, frames: int) -> list[Image]:
    """At most so many pictures of a video."""
    images: list[Image] = []
    capture = cv2.VideoCapture(str(video))
    while len(images) < frames:
        ok, image = capture.read()
        if not ok:
            break
        images.append(np.asarray(image, np.uint8))
    capture.release()
    if len(images) <= WARM_UP:
        sys.exit(f"{video} has {len(images)} pictures; expected more than {WARM_UP}")
    return images


def print_differences(
    images: list[Image], reference: MediaPipeLandmarker, landmarker: SessionLandmarker
) -> None:
    rows, disagreed, tongues = [], 0, [0.0]
    for image in images:
        seen, expected = landmarker.detect(image, 0.0), reference.detect(image, 0.0)
        if seen is None or expected is None:
            disagreed += (seen is None) != (expected is None)
            continue
        pose = seen.camera_from_head - expected.camera_from_head
        common = len(expected.names)
        rows.append(
            (
                np.abs(seen.landmarks - expected.landmarks).max(),
                np.abs(seen.scores[:common] - expected.scores).max(),
                np.abs(pose[:3, 3]).max(),
            )
        )
        tongues.append(float(seen.scores[seen.names.index("tongueOut")]))
    size = f"{images[0].shape[1]} × {images[0].shape[0]}"
    print(f"{len(rows)} faces in {len(images)} pictures, {size}; {disagreed} seen by one only")
    print(f"highest tongue score {max(tongues):.2f}\n")
    print("| difference | median | largest |")
    print("|---|---|---|")
    names = ("landmark, pixels", "score", "place, cm")
    middle, largest = np.median(rows, axis=0), np.max(rows, axis=0)
    for name, half, most in zip(names, middle, largest, strict=True):
        print(f"| {name} | {half:.4f} | {most:.4f} |")
    print()


def print_costs(
    images: list[Image], openers: dict[str, Callable[[], Landmarker]], rounds: int
) -> None:
    costs: dict[str, list[float]] = {name: [] for name in openers}
    processor: dict[str, list[float]] = {name: [] for name in openers}
    for _ in range(rounds):
        for name, opener in openers.items():
            with opener() as landmarker:
                for index, image in enumerate(images):
                    if index == WARM_UP:
                        used = time.process_time()
                    started = time.perf_counter()
                    landmarker.detect(image, index / RATE)
                    if index >= WARM_UP:
                        costs[name].append(time.perf_counter() - started)
                processor[name].append((time.process_time() - used) / (len(images) - WARM_UP))
    print("| | ms p50 | ms p10 | ms p99 | processor ms | times as fast |")
    print("|---|---|---|---|---|---|")
    slowest = np.median(costs["MediaPipe"])
    for name, values in costs.items():
        p10, p50, p99 = (1e3 * np.percentile(values, share) for share in (10, 50, 99))
        used = 1e3 * np.median(processor[name])
        ratio = 1e3 * slowest / p50
        print(f"| {name} | {p50:.2f} | {p10:.2f} | {p99:.2f} | {used:.2f} | {ratio:.2f} |")


if __name__ == "__main__":
    sys.exit(main())
