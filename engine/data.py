"""The values that flow through the program, in the order they appear.

Arrays are handed over, never changed afterwards. Spaces, units and signs: `engine/geometry.py`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.blendshapes import BLENDSHAPES

LANDMARK_COUNT = 478  # MediaPipe's face mesh (468) and two irises of five points


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """One picture.

    image:     (H, W, 3) uint8 BGR, never mirrored.
    timestamp: seconds; filters and recordings use it. A live source stamps it on arrival with
               `perf_counter`; a file gives its own media time, so that results do not depend on
               the machine's speed.
    arrived:   `perf_counter` seconds at which the picture was handed to us. Latency counts from it.
    index:     0, 1, 2, … of the pictures that the source delivered.
    """

    image: NDArray[np.uint8]
    timestamp: float
    arrived: float
    index: int

    def __post_init__(self) -> None:
        if self.image.ndim != 3 or self.image.shape[2] != 3 or self.image.dtype != np.uint8:
            raise ValueError(
                f"image must be (H, W, 3) uint8, got {self.image.shape} {self.image.dtype}"
            )


@dataclass(frozen=True, slots=True, eq=False)
class FlameCoefficients:
    """FLAME's numbers, zero-padded: a regressor's own counts stand in its file.

    shape:      (300,) identity. expression: (100,). Both in multiples of the basis.
    rotation:   (3,) of the whole head about FLAME's root, axis times radians.
    neck, jaw:  (3,) likewise, each relative to its parent joint; jaw x opens the mouth.
    eyelids:    (2,) 0 open … 1 closed; the person's left, right (SMIRK's own addition).
    camera:     (3,) scale, x, y: a point (x, y) of the head lies at scale · (x + camera x,
                y + camera y) in the crop, which spans -1..1 with y up.
    """

    shape: NDArray[np.float64]
    expression: NDArray[np.float64]
    rotation: NDArray[np.float64]
    neck: NDArray[np.float64]
    jaw: NDArray[np.float64]
    eyelids: NDArray[np.float64]
    camera: NDArray[np.float64]

    def __post_init__(self) -> None:
        _check(
            ("shape", self.shape, (300,)),
            ("expression", self.expression, (100,)),
            ("rotation", self.rotation, (3,)),
            ("neck", self.neck, (3,)),
            ("jaw", self.jaw, (3,)),
            ("eyelids", self.eyelids, (2,)),
            ("camera", self.camera, (3,)),
        )


@dataclass(frozen=True, slots=True, eq=False)
class BfmCoefficients:
    """ExpNet's numbers: the Basel Face Model with the expressions of 3DDFA.

    shape (99,), expression (29,): multiples of the basis' standard deviations.
    rotation:    (3,) axis times radians, translation: (3,), as FacePoseNet gives them.
    """

    shape: NDArray[np.float64]
    expression: NDArray[np.float64]
    rotation: NDArray[np.float64]
    translation: NDArray[np.float64]

    def __post_init__(self) -> None:
        _check(
            ("shape", self.shape, (99,)),
            ("expression", self.expression, (29,)),
            ("rotation", self.rotation, (3,)),
            ("translation", self.translation, (3,)),
        )


Coefficients = FlameCoefficients | BfmCoefficients


@dataclass(frozen=True, slots=True, eq=False)
class Emotion:
    """What EMOCA's emotion head reads from a face.

    names:            of the classes: neutral, happy, sad, …; 8 or 9 of them.
    scores:           (len(names),) probabilities, 0..1, their sum is 1.
    valence, arousal: -1 unpleasant, calm … 1 pleasant, excited.
    """

    names: tuple[str, ...]
    scores: NDArray[np.float64]
    valence: float
    arousal: float

    def __post_init__(self) -> None:
        _check(("scores", self.scores, (len(self.names),)))


@dataclass(frozen=True, slots=True, eq=False)
class Observation:
    """What was seen in one picture, raw, already in our names, units and spaces.

    timestamp:     the frame's.
    confidence:    0..1.
    landmarks:     (478, 3) pixels of the frame, z on the scale of x (smaller is nearer).
    weights:       (52,) 0..1 in `BLENDSHAPES` order.
    head_rotation: (4,) quaternion xyzw, camera_from_head.
    head_position: (3,) metres in camera space (z is negative: in front of the camera).
    gaze:          (2, 2) radians; rows left, right eye; columns yaw (+ the person's left),
                   pitch (+ down); relative to the head.
    image_size:    (W, H) pixels.
    coefficients:  a face model's own numbers, if a regressor of one is in use.
    image_from_crop: (2, 3) pixels of the frame from pixels of that regressor's crop.
    mouth_hidden:  something is before the mouth: what is said of it is a guess.
    """

    timestamp: float
    confidence: float
    landmarks: NDArray[np.float64]
    weights: NDArray[np.float64]
    head_rotation: NDArray[np.float64]
    head_position: NDArray[np.float64]
    gaze: NDArray[np.float64]
    image_size: tuple[int, int]
    coefficients: Coefficients | None = None
    image_from_crop: NDArray[np.float64] | None = None
    mouth_hidden: bool = False

    def __post_init__(self) -> None:
        _check_shapes(self)


@dataclass(frozen=True, slots=True, eq=False)
class FaceState:
    """The face as outputs, recordings and the viewer know it: smoothed and always valid.

    In a picture without a face `confidence` is 0 and `landmarks` None; the other values hold for a
    moment, then ease to neutral. `tracked` turns False when they have arrived there: that is when
    receivers are told that the face is lost. Other fields as in `Observation`.

    emotion: what the emotion head reads from the coefficients, if it is installed.
    """

    timestamp: float
    tracked: bool
    confidence: float
    weights: NDArray[np.float64]
    head_rotation: NDArray[np.float64]
    head_position: NDArray[np.float64]
    gaze: NDArray[np.float64]
    landmarks: NDArray[np.float64] | None
    image_size: tuple[int, int]
    coefficients: Coefficients | None = None
    image_from_crop: NDArray[np.float64] | None = None
    emotion: Emotion | None = None

    def __post_init__(self) -> None:
        _check_shapes(self)


def _check_shapes(value: Observation | FaceState) -> None:
    _check(
        ("weights", value.weights, (len(BLENDSHAPES),)),
        ("head_rotation", value.head_rotation, (4,)),
        ("head_position", value.head_position, (3,)),
        ("gaze", value.gaze, (2, 2)),
        ("landmarks", value.landmarks, (LANDMARK_COUNT, 3)),
        ("image_from_crop", value.image_from_crop, (2, 3)),
    )


def _check(*expected: tuple[str, NDArray[np.float64] | None, tuple[int, ...]]) -> None:
    for name, array, shape in expected:
        if array is not None and array.shape != shape:
            raise ValueError(f"{name} must have shape {shape}, got {array.shape}")
