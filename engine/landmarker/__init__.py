"""Landmarkers find a face in a picture: 478 points, scores of expressions, the head's pose.

All compute the networks of MediaPipe's face_landmarker.task: `session` with our own runtimes,
`mediapipe` with the package of that name.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

import numpy as np
from numpy.typing import NDArray

from engine.landmarker.person import LARGEST, PersonSettings
from engine.runtime import RuntimeSettings


@dataclass(frozen=True, slots=True, eq=False)
class Detection:
    """One face as MediaPipe's networks give it.

    landmarks:        (478, 3) pixels of the frame; z on the scale of x, smaller is nearer.
    scores:           (N,) 0..1 in the order of `names`.
    names:            MediaPipe's names of blendshapes; "_neutral" is among them.
    camera_from_head: (4, 4), centimetres, our axes; the pose of MediaPipe's canonical face.
    presence:         0..1, that there is a face at all; None where the landmarker does not tell.
    """

    landmarks: NDArray[np.float64]
    scores: NDArray[np.float64]
    names: tuple[str, ...]
    camera_from_head: NDArray[np.float64]
    presence: float | None


class Landmarker(Protocol):
    """Finds one face in a picture and, if it follows, goes on from there in the next.

    A picture is (H, W, 3) uint8 BGR.
    """

    @property
    def device(self) -> str:
        """By what and where it is computed, in words for people."""
        ...

    def detect(self, image: NDArray[np.uint8], timestamp: float) -> Detection | None:
        """The face in a picture, or None.

        timestamp: seconds; must not go back if the landmarker follows.
        """
        ...

    def search(self, image: NDArray[np.uint8]) -> Detection | None:
        """The face in a picture by itself, or None; what is followed is not touched."""
        ...

    def follow_from(
        self, image: NDArray[np.uint8], timestamp: float, landmarks: NDArray[np.float64]
    ) -> Detection | None:
        """Go on from a face that `detect` did not find but is here: (478, 3) pixels of the picture.

        None if it cannot be followed.
        """
        ...

    def close(self) -> None:
        """Release what it holds. May be called twice."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...


def open_landmarker(
    task: Path, folder: Path, settings: RuntimeSettings, person: PersonSettings = LARGEST
) -> Landmarker:
    """The landmarker for consecutive pictures, not steadied: the smoother does that, with less lag.

    Raises ModelError.

    task:   MediaPipe's face_landmarker.task.
    folder: where the networks are kept that it is converted to when it is first used.
    person: which face is followed when none is.
    """
    from engine.landmarker.session import SessionLandmarker

    return SessionLandmarker.open(task, folder, settings, steadied=False, person=person)
