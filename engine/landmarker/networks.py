"""MediaPipe's three face networks, wherever they are computed."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from engine.geometry import Array
from engine.landmarker.detector import FaceDetector
from engine.landmarker.landmarks import FaceLandmarks, LandmarkNetwork
from engine.landmarker.region import FaceRegion
from engine.landmarker.scores import BlendshapeNetwork
from engine.runtime import RuntimeSettings, open_session
from models.face_landmarker import FaceLandmarkerFiles


class FaceNetworks(Protocol):
    """A picture is (H, W, 3) uint8 BGR; points are in its pixels."""

    @property
    def device(self) -> str:
        """Where they are computed, in words for people."""
        ...

    def find(self, image: NDArray[np.uint8]) -> tuple[FaceRegion, ...]:
        """Where the faces of a picture are, the most certain first."""
        ...

    def landmarks(self, image: NDArray[np.uint8], region: FaceRegion) -> FaceLandmarks:
        """What there is in a region of a picture."""
        ...

    def scores(self, landmarks: Array) -> Array:
        """(52,) 0..1 in the order of `scores.NAMES`, from (478, 3) landmarks."""
        ...

    def close(self) -> None:
        """Release the networks. May be called twice."""
        ...


class SeparateNetworks:
    """Each network in a session of its own."""

    def __init__(self, files: FaceLandmarkerFiles, settings: RuntimeSettings) -> None:
        """Load them; raises ModelError.

        Two threads that do not spin are no quicker than one for networks so small, and cost half as
        much again.
        """
        if not settings.spinning:
            settings = replace(settings, threads=1)
        with ExitStack() as stack:
            detector, landmarks, blendshapes = (
                stack.enter_context(open_session(path, settings))
                for path in (files.detector, files.landmarks, files.blendshapes)
            )
            self._sessions = stack.pop_all()
        self._device = landmarks.device
        self._detector = FaceDetector(detector)
        self._landmarks = LandmarkNetwork(landmarks)
        self._blendshapes = BlendshapeNetwork(blendshapes)

    @property
    def device(self) -> str:
        return self._device

    def find(self, image: NDArray[np.uint8]) -> tuple[FaceRegion, ...]:
        return self._detector.find(image)

    def landmarks(self, image: NDArray[np.uint8], region: FaceRegion) -> FaceLandmarks:
        return self._landmarks.landmarks(image, region)

    def scores(self, landmarks: Array) -> Array:
        return self._blendshapes.scores(landmarks)

    def close(self) -> None:
        self._sessions.close()
