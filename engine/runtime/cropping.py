"""Crops of camera pictures, as networks want them, and sessions that cut them out by themselves.

A regressor's session takes the whole picture and where the crop lies in it, as two inputs:

    frame            (H, W, 3) uint8 BGR, as it comes from the camera
    image_from_crop  (2, 3) float32, pixels of the frame from pixels of the crop

Pixel centres lie at whole numbers in both. `CroppingSession` does this on the processor for a
network that wants crops; `engine/runtime/fused.py` writes the same into the network's graph.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.closing import Closing
from engine.runtime import Session, Tensor

FRAME = "frame"
IMAGE_FROM_CROP = "image_from_crop"
FRAME_INPUTS = (
    Tensor(FRAME, (None, None, 3), np.dtype(np.uint8)),
    Tensor(IMAGE_FROM_CROP, (2, 3), np.dtype(np.float32)),
)
GREY_SLACK = 1 / 512  # rounding of float32 must not turn an even grey into the next darker one


@dataclass(frozen=True, slots=True)
class CropRule:
    """What a network wants of a crop, which it takes as (1, 3, size, size) float32.

    input:    name of that input.
    size:     pixels of each side.
    channels: the order of the colours.
    scale:    factor from grey levels 0 … 255 to the network's numbers.
    truncate: whether grey levels are cut to whole numbers first, as pictures stored in bytes are.
    interpolation: between the picture's pixels; "cubic" is held within 0 … 255.
    """

    input: str
    size: int
    channels: Literal["rgb", "bgr"]
    scale: float
    truncate: bool = False
    interpolation: Literal["linear", "cubic"] = "linear"


def takes_frame(session: Session) -> bool:
    """Whether the session wants the camera picture, not a crop."""
    return session.inputs[0].name == FRAME


def crop_image(
    image: NDArray[np.uint8], image_from_crop: NDArray[np.floating], rule: CropRule
) -> NDArray[np.float32]:
    """The network's input (1, 3, size, size); black outside the picture (H, W, 3)."""
    last = rule.size - 1
    corners = image_from_crop @ np.array(
        [[0, last, 0, last], [0, 0, last, last], [1, 1, 1, 1]], dtype=np.float64
    )
    height, width = image.shape[:2]
    left, top = np.clip(np.floor(corners.min(axis=1)) - 2, 0, (width, height)).astype(int)
    right, bottom = np.clip(np.floor(corners.max(axis=1)) + 4, 0, (width, height)).astype(int)
    if left >= right or top >= bottom:
        return np.zeros((1, 3, rule.size, rule.size), dtype=np.float32)

    # Only the part under the crop becomes float: a whole picture would take longer than the rest.
    part = image[top:bottom, left:right].astype(np.float32)
    part_from_crop = np.array(image_from_crop, dtype=np.float64)
    part_from_crop[:, 2] -= left, top
    cubic = rule.interpolation == "cubic"
    crop = cv2.warpAffine(
        part,
        part_from_crop,
        (rule.size, rule.size),
        flags=(cv2.INTER_CUBIC if cubic else cv2.INTER_LINEAR) | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_CONSTANT,
    )
    if cubic:
        np.clip(crop, 0, 255, out=crop)
    if rule.truncate:
        crop = np.floor(crop + GREY_SLACK)
    if rule.channels == "rgb":
        crop = crop[:, :, ::-1]
    planes = np.ascontiguousarray(crop.transpose(2, 0, 1), dtype=np.float32)
    planes *= np.float32(rule.scale)
    return planes[None]


class CroppingSession(Closing):
    """A session of camera pictures made from a session of crops."""

    def __init__(self, session: Session, rule: CropRule) -> None:
        """Takes the session over: closing this one closes it."""
        names = tuple(tensor.name for tensor in session.inputs)
        if names != (rule.input,):
            raise ValueError(f"the network takes {names}; expected {rule.input!r} alone")
        self._session, self._rule = session, rule

    @property
    def inputs(self) -> tuple[Tensor, ...]:
        """The frame and where the crop lies in it."""
        return FRAME_INPUTS

    @property
    def outputs(self) -> tuple[Tensor, ...]:
        """The network's."""
        return self._session.outputs

    @property
    def device(self) -> str:
        """Where the network is computed, in words for people."""
        return self._session.device

    def expect(self, array: NDArray[Any]) -> None:
        """Nothing to do: only its crop is wanted."""

    def run(self, *arrays: NDArray[Any]) -> tuple[NDArray[Any], ...]:
        """The network's outputs for (frame, image_from_crop)."""
        frame, image_from_crop = arrays
        return self._session.run(crop_image(frame, image_from_crop, self._rule))

    def close(self) -> None:
        """Close the network. May be called twice."""
        self._session.close()
