"""MediaPipe's face networks in one session: what engine/runtime/fused_landmarker.py joins."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.errors import ModelError
from engine.geometry import Array
from engine.landmarker.detector import SIZE as DETECTOR_SIZE
from engine.landmarker.detector import anchors, found_regions, whole_picture
from engine.landmarker.landmarks import SIZE as LANDMARK_SIZE
from engine.landmarker.landmarks import FaceLandmarks, seen_landmarks
from engine.landmarker.networks import FaceNetworks
from engine.landmarker.region import FaceRegion
from engine.runtime import Session

INPUTS = ("frame", "image_from_detector", "image_from_crop")
OUTPUTS = ("boxes", "scores", "landmarks", "presence", "tongue_out")


class FusedNetworks:
    """See `FaceNetworks`. A run computes everything: on a graphics card that costs no more.

    The graph's own blendshapes are of landmarks that were not steadied: noisier by far. The scores
    come from the separate network instead, whose half millisecond the processor has.
    """

    def __init__(self, session: Session, separate: FaceNetworks) -> None:
        """Takes the session over; raises ModelError, having closed it, if it is another network.

        separate: the networks one by one, kept for the scores and for when the card fails; taken
        over, too, unless it raises.
        """
        inputs = tuple(tensor.name for tensor in session.inputs)
        outputs = tuple(tensor.name for tensor in session.outputs)
        if set(inputs) != set(INPUTS) or not set(OUTPUTS) <= set(outputs):
            session.close()
            raise ModelError(
                f"this is no plan of mediapipe: it takes {', '.join(inputs)} and gives "
                f"{', '.join(outputs)}; expected {', '.join(INPUTS)} and {', '.join(OUTPUTS)}. "
                "Build it: python build_trt.py mediapipe"
            )
        self._session, self._separate = session, separate
        self._input_order = [INPUTS.index(name) for name in inputs]
        self._output_order = [outputs.index(name) for name in OUTPUTS]
        self._anchors = anchors()

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
        _, _, *face = self._run(image, region)
        return seen_landmarks(*face, region=region, aspect=image.shape[1] / image.shape[0])

    def scores(self, landmarks: Array) -> Array:
        """See `FaceNetworks`."""
        return self._separate.scores(landmarks)

    def apart(self) -> FaceNetworks:
        """The separate networks, which are the caller's again; the session is closed."""
        self._session.close()
        return self._separate

    def close(self) -> None:
        """See `FaceNetworks`."""
        self._session.close()
        self._separate.close()

    def _run(self, image: NDArray[np.uint8], region: FaceRegion) -> list[NDArray[np.float32]]:
        arrays = (
            image,
            whole_picture(image).image_from_crop(DETECTOR_SIZE).astype(np.float32),
            region.image_from_crop(LANDMARK_SIZE).astype(np.float32),
        )
        found = self._session.run(*(arrays[index] for index in self._input_order))
        return [found[index] for index in self._output_order]
