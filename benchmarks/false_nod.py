"""How much expressions nod the head in MediaPipe's pose, and in ours: two tables in Markdown.

    python -m benchmarks.false_nod [VIDEO… --openseeface FOLDER]

The first table is of rendered people, whose heads were turned by known angles while they smiled,
opened the mouth or raised the brows:

r:     Pearson correlation of the pitch with what was rendered, MediaPipe's and ours.
smile, jaw, brows: how far a full one turns the pitch of a head that was not turned, degrees,
       MediaPipe's and ours; mean over the turns.

The second is of videos, whose truth nobody knows: r with the pitch that OpenSeeFace sees, which is
fitted to other points of another network. FOLDER: its repository (app/bench/openseeface.py).
"""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Iterator
from itertools import product
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from app.bench.openseeface import OpenSeeFace, models_in
from app.face_model import face_model_path
from app.folders import data_folder
from app.viewer.look import Look
from app.viewer.snapshot import offscreen_context
from benchmarks.demo.curves import RATE
from benchmarks.demo_truth import correlation
from benchmarks.landmarker_every import read
from benchmarks.rendered_face import RenderedFace, weights_of
from engine.geometry import Array, euler_from_quaternion, quaternion_from_matrix
from engine.landmarker import Landmarker, open_landmarker
from engine.regressors.mediapipe import observation_from_detection
from engine.runtime import RuntimeSettings
from models.heads.free import load_free_head

SIZE = (480, 360)
LOOKS = 3  # at a picture, until the landmarker's region has settled
PITCHES = (-12.0, -6.0, 0.0, 6.0, 12.0)  # degrees
YAWS = (0.0, 12.0)
EXPRESSIONS = {
    "rest": weights_of(),
    "smile": weights_of(mouthSmile=0.8, cheekSquint=0.35),
    "jaw": weights_of(jawOpen=0.6),
    "brows": weights_of(browInnerUp=0.7, browOuterUp=0.8),
    "laugh": weights_of(mouthSmile=0.8, cheekSquint=0.35, jawOpen=0.3),
    "gasp": weights_of(jawOpen=0.6, browInnerUp=0.7, browOuterUp=0.8),
}
FULL = {"smile": 0.8, "jaw": 0.6, "brows": 0.8}  # what of a full one those are
VIDEO_FRAMES = 1000


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("videos", nargs="*", type=Path, metavar="VIDEO")
    parser.add_argument("--openseeface", type=Path, metavar="FOLDER")
    arguments = parser.parse_args()
    if arguments.videos and arguments.openseeface is None:
        parser.error("VIDEO needs --openseeface FOLDER")
    cv2.setNumThreads(1)
    print("| person | r | smile | jaw | brows |\n|---|---|---|---|---|")
    for identity in load_free_head().identities:
        print(person_row(identity.name), flush=True)
    if arguments.videos:
        print("\n| video | r with OpenSeeFace |\n|---|---|")
    for video in arguments.videos:
        print(video_row(video, arguments.openseeface), flush=True)
    return 0


def person_row(name: str) -> str:
    turns = list(product(PITCHES, YAWS))
    with (
        offscreen_context() as context,
        RenderedFace(context, Look(identity=name), SIZE) as face,
    ):
        images = (
            face.picture(weights, math.radians(yaw), math.radians(pitch))
            for weights in EXPRESSIONS.values()
            for pitch, yaw in turns
            for _ in range(LOOKS)
        )
        seen = np.array(list(pitches(images)))[LOOKS - 1 :: LOOKS]
    truth = np.tile([pitch for pitch, _ in turns], len(EXPRESSIONS))
    cells = [both(correlation(truth, seen[:, k]) for k in range(2))]
    mean = seen.reshape(len(EXPRESSIONS), len(turns), 2).mean(axis=1)
    for place, expression in enumerate(EXPRESSIONS):
        if expression in FULL:
            cells.append(both((mean[place] - mean[0]) / FULL[expression]))
    return f"| {name} | " + " | ".join(cells) + " |"


def video_row(video: Path, folder: Path) -> str:
    images = read(video, VIDEO_FRAMES)
    ours = np.array(list(pitches(images)))
    with OpenSeeFace(folder, models_in(folder)[-1]) as other:
        faces = [other.detect(image).face for image in images]
    theirs = np.array([math.nan if face is None else face.euler[0] for face in faces])
    there = ~(np.isnan(ours[:, 0]) | np.isnan(theirs))
    turned = np.unwrap(theirs[there], period=360.0)
    r = (abs(correlation(turned, ours[there, k])) for k in range(2))
    return f"| {video.name} | {both(r)} |"


def pitches(images: Iterator[NDArray[np.uint8]] | list[NDArray[np.uint8]]) -> Iterator[Array]:
    """(2,) degrees of each picture: MediaPipe's and ours; NaN where no face is found."""
    with opened() as landmarker:
        for index, image in enumerate(images):
            height, width = image.shape[:2]
            detection = landmarker.detect(image, index / RATE)
            if detection is None:
                yield np.full(2, math.nan)
                continue
            ours = observation_from_detection(detection, index / RATE, (width, height))
            theirs = quaternion_from_matrix(detection.camera_from_head[:3, :3])
            yield np.degrees([euler_from_quaternion(q)[0] for q in (theirs, ours.head_rotation)])


def opened() -> Landmarker:
    settings = RuntimeSettings(threads=1)
    return open_landmarker(face_model_path(None), data_folder() / "models", settings)


def both(values: Iterator[float] | Array) -> str:
    return ", ".join(f"{value:.2f}" for value in values)


if __name__ == "__main__":
    sys.exit(main())
