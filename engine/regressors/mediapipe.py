"""The licence-free regressor: MediaPipe's scores, pose and irises as an Observation."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from engine.blendshapes import BLENDSHAPES, INDEX
from engine.closing import Closing
from engine.data import Frame, Observation
from engine.false_nod import without_false_nod
from engine.gaze import along_line_of_sight, gaze_from_landmarks, set_eye_look
from engine.geometry import Array, quaternion_from_matrix
from engine.landmarker import Detection, Landmarker
from engine.mouth_sight import MouthSight
from engine.small_faces import SmallFaceSearch

METRES_PER_CENTIMETRE = 0.01

UNSUPPORTED: tuple[str, ...] = ("tongueOut",)
"""Blendshapes that MediaPipe's own package does not give: their weights stay 0 with it."""

TONGUE_SCORES = (0.4, 0.9)
"""Between these tongueOut goes from 0 to 1: its score is how sure the network is of a tongue, and
pursed or blurred lips get up to 0.37 (benchmarks/landmarks.py tells the highest of a video)."""


class MediaPipeRegressor(Closing):
    """Frame in, Observation out. One face, followed from frame to frame."""

    def __init__(self, landmarker: Landmarker) -> None:
        """Takes the landmarker, which follows, over: closing the regressor closes it."""
        self._landmarker = landmarker
        self._search = SmallFaceSearch(landmarker)
        self._mouth = MouthSight()

    @property
    def device(self) -> str:
        """By what and where the face is found, in words for people."""
        return self._landmarker.device

    def observe(self, frame: Frame) -> Observation | None:
        """What is seen in this frame, or None where there is no face."""
        detection = self._landmarker.detect(frame.image, frame.timestamp)
        if detection is not None:
            self._search.rest()
        else:
            found = self._search.find(frame.image)
            if found is None:
                return None
            detection = self._landmarker.follow_from(frame.image, frame.timestamp, found)
            if detection is None:
                return None
        height, width = frame.image.shape[:2]
        seen = observation_from_detection(detection, frame.timestamp, (width, height))
        hidden = self._mouth.update(frame.image, seen.landmarks, frame.timestamp)
        return replace(seen, mouth_hidden=hidden)

    def close(self) -> None:
        """Release the network. May be called twice."""
        self._landmarker.close()


def observation_from_detection(
    detection: Detection, timestamp: float, image_size: tuple[int, int]
) -> Observation:
    """MediaPipe's numbers in our names, units and spaces; its pose without the false nod.

    The gaze is told from the pose as it was: the eyes' landmarks nod with it.
    """
    seen = detection.camera_from_head
    sight = along_line_of_sight(seen[:3, :3], seen[:3, 3])
    gaze = gaze_from_landmarks(detection.landmarks, sight)
    weights = weights_from_scores(detection)
    pose = without_false_nod(seen, weights)
    set_eye_look(weights, gaze)
    return Observation(
        timestamp=timestamp,
        confidence=confidence(detection, *image_size),
        landmarks=detection.landmarks,
        weights=weights,
        head_rotation=quaternion_from_matrix(pose[:3, :3]),
        head_position=pose[:3, 3] * METRES_PER_CENTIMETRE,
        gaze=gaze,
        image_size=image_size,
    )


def weights_from_scores(detection: Detection) -> Array:
    """(52,) weights in `BLENDSHAPES` order, by name; what the landmarker lacks is 0."""
    score = dict(zip(detection.names, detection.scores, strict=True))
    weights = np.array([score.get(name, 0.0) for name in BLENDSHAPES])
    unsure, sure = TONGUE_SCORES
    weights[INDEX["tongueOut"]] = np.interp(score.get("tongueOut", 0.0), (unsure, sure), (0.0, 1.0))
    return weights


def confidence(detection: Detection, width: int, height: int) -> float:
    """The network's own score of the face, times the share of landmarks inside the picture.

    A face that leaves the picture is what makes the numbers wrong most often, and the network does
    not say so. MediaPipe's package keeps the score to itself; then it counts as 1.
    """
    x, y = detection.landmarks[:, 0], detection.landmarks[:, 1]
    inside = (x >= 0) & (x < width) & (y >= 0) & (y < height)
    presence = 1.0 if detection.presence is None else detection.presence
    return float(inside.mean()) * presence
