"""MediaPipe's face detector (BlazeFace, short range) on a session: a picture to the faces in it.

The network sees the whole picture at 128 × 128 pixels and answers with 896 boxes, each relative to
an anchor: two in every cell of 8 pixels, six in every cell of 16. Bazarevsky et al., BlazeFace,
2019; the numbers are those of MediaPipe's face_detector_graph.cc.
"""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.geometry import Array
from engine.landmarker.crop import cropped, network_input
from engine.landmarker.region import MARGIN, FaceRegion
from engine.runtime import Session

SIZE = 128
LEAST_SCORE = 0.5
SAME_FACE = 0.5  # intersection over union above which two boxes are of one face
_LEAST_LOGIT = math.log(LEAST_SCORE / (1.0 - LEAST_SCORE))
_RIGHT_EYE, _LEFT_EYE = slice(4, 6), slice(6, 8)  # of a box: x, y, width, height, six points


class FaceDetector:
    """Finds the faces of a picture. The session stays its opener's."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._anchors = anchors()

    def find(self, image: NDArray[np.uint8]) -> tuple[FaceRegion, ...]:
        """Where the faces in a (H, W, 3) BGR picture are, the most certain first."""
        whole = whole_picture(image)
        crop = cropped(image, whole.image_from_crop(SIZE), SIZE, cv2.BORDER_CONSTANT)
        boxes, scores = self._session.run(network_input(crop, -1.0, 1.0))
        return found_regions(boxes, scores, self._anchors, whole)


def whole_picture(image: NDArray[np.uint8]) -> FaceRegion:
    """What the network looks at: a square around the whole picture."""
    height, width = image.shape[:2]
    side = max(width, height)
    return FaceRegion(width / 2, height / 2, side, side, 0.0)


def found_regions(
    boxes: NDArray[np.float32], scores: NDArray[np.float32], centres: Array, whole: FaceRegion
) -> tuple[FaceRegion, ...]:
    """Where the faces are, from the outputs (1, 896, 16), (1, 896, 1) of the network."""
    return tuple(_region(face, whole) for face in faces(boxes[0], scores[0, :, 0], centres))


def _region(face: Array, whole: FaceRegion) -> FaceRegion:
    (right_x, right_y), (left_x, left_y) = face[_RIGHT_EYE], face[_LEFT_EYE]
    return FaceRegion(
        x=whole.x + (float(face[0]) - 0.5) * whole.width,
        y=whole.y + (float(face[1]) - 0.5) * whole.height,
        width=MARGIN * float(face[2]) * whole.width,
        height=MARGIN * float(face[3]) * whole.height,
        rotation=math.atan2(left_y - right_y, left_x - right_x),
    )


def anchors() -> Array:
    """(896, 2) centres x, y, shares of the picture."""
    centres = []
    for cells, count in ((SIZE // 8, 2), (SIZE // 16, 6)):
        steps = (np.arange(cells) + 0.5) / cells
        y, x = np.meshgrid(steps, steps, indexing="ij")
        centres.append(np.repeat(np.stack([x, y], axis=-1).reshape(-1, 2), count, axis=0))
    return np.concatenate(centres)


def faces(boxes: NDArray[np.float32], logits: NDArray[np.float32], centres: Array) -> list[Array]:
    """The faces, the surest first: centre, size, then six points; each (16,) shares of the picture.

    boxes, logits: (896, 16) and (896,) as the network gives them. A face is the mean of all boxes
    that overlap its most certain one, weighted by their scores.
    """
    sure = np.flatnonzero((logits >= _LEAST_LOGIT) & (boxes[:, 2] >= 0) & (boxes[:, 3] >= 0))
    scores = 1.0 / (1.0 + np.exp(-np.clip(logits[sure].astype(np.float64), -100.0, 100.0)))
    left = boxes[sure].astype(np.float64) / SIZE
    left[:, :2] += centres[sure]
    left[:, 4:] += np.tile(centres[sure], 6)
    found: list[Array] = []
    while len(left):
        same = _overlap(left, left[np.argmax(scores)]) > SAME_FACE
        face = scores[same] @ left[same] / scores[same].sum()
        if not any(_is_within(face, other) for other in found):
            found.append(np.asarray(face))
        left, scores = left[~same], scores[~same]
    return found


def _is_within(face: Array, other: Array) -> bool:
    """Whether the middle of a face lies well inside another: a stray box of the same one."""
    return bool((np.abs(face[:2] - other[:2]) < other[2:4] / 4).all())


def _overlap(boxes: Array, box: Array) -> Array:
    """Intersection over union of (N, ≥ 4) boxes with one of them, centre and size."""
    low = np.maximum(boxes[:, :2] - boxes[:, 2:4] / 2, box[:2] - box[2:4] / 2)
    high = np.minimum(boxes[:, :2] + boxes[:, 2:4] / 2, box[:2] + box[2:4] / 2)
    common = np.prod(np.maximum(high - low, 0.0), axis=1)
    either = np.prod(boxes[:, 2:4], axis=1) + np.prod(box[2:4]) - common
    return np.asarray(common / np.maximum(either, np.finfo(np.float64).tiny))
