"""MediaPipe's three face networks in one session: what engine/runtime/fused_landmarker.py joins."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.errors import ModelError
from engine.geometry import Array
from engine.landmarker.detector import SIZE as DETECTOR_SIZE
from engine.landmarker.detector import anchors, found_regions, whole_picture
from engine.landmarker.landmarks import SIZE as LANDMARK_SIZE
from engine.landmarker.landmarks import FaceLandmarks, seen_landmarks
from engine.landmarker.region import FaceRegion
from engine.runtime import Session

INPUTS = ("frame", "image_from_detector", "image_from_crop")
OUTPUTS = ("boxes", "scores", "landmarks", "presence", "tongue_out", "blendshapes")


class FusedNetworks:
    """See `FaceNetworks`. A run computes everything: on a graphics card that costs no more.

    The scores are those of the picture and region whose landmarks were asked for last, as the
    networks saw them; steadied landmarks do not steady the scores.
    """

    def __init__(self, session: Session) -> None:
        """Takes the session over; raises ModelError, having closed it, if it is another network."""
        inputs = tuple(tensor.name for tensor in session.inputs)
        outputs = tuple(tensor.name for tensor in session.outputs)
        if set(inputs) != set(INPUTS) or not set(OUTPUTS) <= set(outputs):
            session.close()
            raise ModelError(
                f"this is no plan of mediapipe: it takes {', '.join(inputs)} and gives "
                f"{', '.join(outputs)}; expected {', '.join(INPUTS)} and {', '.join(OUTPUTS)}. "
                "Build it: python build_trt.py mediapipe"
            )
        self._session = session
        self._input_order = [INPUTS.index(name) for name in inputs]
        self._output_order = [outputs.index(name) for name in OUTPUTS]
        self._anchors = anchors()
        self._scores = np.zeros(52)

    @property
    def device(self) -> str:
        """Where they are computed, in words for people."""
        return self._session.device

    def find(self, image: NDArray[np.uint8]) -> tuple[FaceRegion, ...]:
        """See `FaceNetworks`."""
        whole = whole_picture(image)
        boxes, scores, *_ = self._run(image, whole)
        return found_regions(boxes, scores, self._anchors, whole)

    def landmarks(self, image: NDArray[np.uint8], region: FaceRegion) -> FaceLandmarks:
        """See `FaceNetworks`."""
        _, _, *face, scores = self._run(image, region)
        self._scores = scores[0].astype(np.float64)
        return seen_landmarks(*face, region=region, aspect=image.shape[1] / image.shape[0])

    def scores(self, landmarks: Array) -> Array:
        """See `FaceNetworks`; of the landmarks as the network saw them."""
        return self._scores

    def close(self) -> None:
        """See `FaceNetworks`."""
        self._session.close()

    def _run(self, image: NDArray[np.uint8], region: FaceRegion) -> list[NDArray[np.float32]]:
        arrays = (
            image,
            whole_picture(image).image_from_crop(DETECTOR_SIZE).astype(np.float32),
            region.image_from_crop(LANDMARK_SIZE).astype(np.float32),
        )
        found = self._session.run(*(arrays[index] for index in self._input_order))
        return [found[index] for index in self._output_order]
