"""MediaPipe's own Face Landmarker: the reference for ours, and where ours cannot run.

The only importer of mediapipe. VIDEO mode follows the face from picture to picture and, with one
face, steadies the landmarks with a one-euro filter of its own (min_cutoff 0.05, beta 80, scaled by
the face's size; face_landmarks_detector_graph.cc).
"""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.closing import Closing
from engine.errors import ModelError
from engine.landmarker import Detection
from engine.landmarker.enlarging import FaceBox, enlarged

LARGE = 0.3  # of the picture's shorter side; a face of this size is certainly found
ZOOM_STEP = 1.12  # it loses a face that shrinks by 1.2 between two pictures


class MediaPipeLandmarker(Closing):
    """Finds one face in a picture and, if it follows, goes on from there in the next."""

    def __init__(self, model: Path, *, follow: bool = True) -> None:
        """Load the .task bundle; raises ModelError if MediaPipe cannot use it.

        follow: VIDEO mode, for consecutive pictures. Otherwise each picture is searched anew.
        """
        try:
            import mediapipe as mp  # half a second to import: only where it is used
            from mediapipe.tasks.python import BaseOptions, vision
        except ModuleNotFoundError as error:
            raise ModelError(
                f"cannot use MediaPipe's own package: {error.name} is not installed; `--runtime "
                "mediapipe` and `mien bench` need it. Leave these, or install it: pip install "
                "mediapipe==0.10.31."
            ) from error

        options = vision.FaceLandmarkerOptions(
            base_options=BaseOptions(model_asset_path=str(model)),
            running_mode=vision.RunningMode.VIDEO if follow else vision.RunningMode.IMAGE,
            num_faces=1,
            output_face_blendshapes=True,
            output_facial_transformation_matrixes=True,
        )
        self._model = model
        self._mp = mp
        self._follow = follow
        self._searcher: MediaPipeLandmarker | None = None  # 0.1 s to load: only when it is needed
        try:
            self._landmarker = vision.FaceLandmarker.create_from_options(options)
        except (RuntimeError, ValueError, OSError) as error:
            reason = str(error).splitlines()[0]
            raise ModelError(
                f"cannot load the face model {model}: {reason}; expected MediaPipe's "
                "face_landmarker.task. Remove the file, it is fetched again."
            ) from error
        self._first_timestamp: float | None = None
        self._last_ms = 0
        self._names: tuple[str, ...] = ()

    @property
    def device(self) -> str:
        """By what and where it is computed, in words for people."""
        return "processor, MediaPipe"

    def detect(self, image: NDArray[np.uint8], timestamp: float) -> Detection | None:
        """The face in a (H, W, 3) BGR picture, or None.

        timestamp: seconds; must not go back if the landmarker follows.
        """
        rgb = cv2.cvtColor(image, cv2.COLOR_BGR2RGB)
        picture = self._mp.Image(image_format=self._mp.ImageFormat.SRGB, data=rgb)
        if self._follow:
            milliseconds = self._milliseconds(timestamp)
            result = self._landmarker.detect_for_video(picture, milliseconds)
        else:
            result = self._landmarker.detect(picture)
        if not result.face_landmarks:
            return None
        height, width = image.shape[:2]
        landmarks = np.array([(p.x, p.y, p.z) for p in result.face_landmarks[0]])
        categories = result.face_blendshapes[0]
        if not self._names:
            self._names = tuple(category.category_name for category in categories)
        return Detection(
            landmarks=landmarks * (width, height, width),
            scores=np.array([category.score for category in categories]),
            names=self._names,
            camera_from_head=np.asarray(result.facial_transformation_matrixes[0], dtype=np.float64),
            presence=None,
        )

    def search(self, image: NDArray[np.uint8]) -> Detection | None:
        """The face in a picture by itself, or None; what is followed is not touched."""
        if self._searcher is None:
            self._searcher = MediaPipeLandmarker(self._model, follow=False)
        return self._searcher.detect(image, 0.0)

    def follow_from(
        self, image: NDArray[np.uint8], timestamp: float, landmarks: NDArray[np.float64]
    ) -> Detection | None:
        """Go on from a face that `detect` did not find but is here: (478, 3) pixels of the picture.

        It sees the picture enlarged about the face, then less and less so: it has no other way to
        be told where a face is, but follows one down to a third of what it finds.
        """
        box = FaceBox.around(landmarks)
        zoom = LARGE * min(image.shape[:2]) / max(box.size, 1.0)
        while zoom > 1.0:
            if self.detect(enlarged(image, box, zoom), timestamp) is None:
                return None
            zoom /= ZOOM_STEP
        return self.detect(image, timestamp)

    def close(self) -> None:
        """Release the graph and its threads. May be called twice."""
        self._landmarker.close()
        if self._searcher is not None:
            self._searcher.close()

    def _milliseconds(self, timestamp: float) -> int:
        """MediaPipe wants whole milliseconds that always grow; some cameras repeat a timestamp."""
        if self._first_timestamp is None:
            self._first_timestamp = timestamp
        self._last_ms = max(
            round((timestamp - self._first_timestamp) * 1000.0) + 1, self._last_ms + 1
        )
        return self._last_ms
