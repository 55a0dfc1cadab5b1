"""Pictures of every type and size, through the doors that real ones take: nothing may raise."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from app.sources.capture import Image, image_from_decoded
from app.sources.live import LiveSource
from app.sources.pictures import image_from_file
from app.tracking import TrackingSettings, open_finder
from engine.calibration import CalibrationSettings
from engine.chain import Chain
from engine.data import Frame
from engine.regressors.mediapipe import MediaPipeRegressor
from engine.runtime import RuntimeSettings
from engine.steadiness import SmootherSettings
from engine.tracker import Tracker, TrackerSettings
from tests.faces import face_model, photograph

Array = NDArray[Any]

DTYPES = (np.uint8, np.int8, np.uint16, np.int16, np.int32, np.float16, np.float32, np.float64)
SIZES = ((1, 1), (1, 9), (9, 1), (2, 3), (17, 33), (120, 160))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("channels", [None, 0, 1, 2, 3, 4, 5])
def test_whatever_is_decoded_becomes_a_colour_picture_or_none(
    dtype: type, channels: int | None, random: np.random.Generator
) -> None:
    for height, width in SIZES:
        shape = (height, width) if channels is None else (height, width, channels)
        values = random.normal(0.0, 100.0, shape)
        if np.issubdtype(dtype, np.integer):
            limits = np.iinfo(dtype)
            decoded: Array = values.clip(limits.min, limits.max).astype(dtype)
        else:
            decoded = values.astype(dtype)
            decoded.flat[:3] = (np.nan, np.inf, -np.inf)[: decoded.size]
        image = image_from_decoded(decoded)
        if channels in (0, 5):
            assert image is None
        else:
            assert image is not None
            assert image.shape == (height, width, 3) and image.dtype == np.uint8
            assert image.flags.c_contiguous


@pytest.mark.parametrize("shape", [(0,), (0, 0), (0, 5, 3), (5, 0, 3), (7,), (2, 2, 3, 2)])
def test_what_has_no_pixels_or_too_many_dimensions_is_no_picture(shape: tuple[int, ...]) -> None:
    assert image_from_decoded(np.zeros(shape, np.uint8)) is None


def test_damaged_files_are_pictures_or_none(tmp_path: Path, random: np.random.Generator) -> None:
    small = cv2.resize(photograph(), (64, 64))
    path = tmp_path / "p"
    for suffix in (".png", ".jpg", ".webp", ".bmp", ".tif"):
        whole = cv2.imencode(suffix, small)[1]
        for _ in range(40):
            damaged = whole.copy()
            places = random.integers(0, len(damaged), random.integers(1, 20))
            damaged[places] = random.integers(0, 256, len(places))
            damaged[: random.integers(1, len(damaged) + 1)].tofile(path)
            image = image_from_file(path)
            assert image is None or (image.ndim == 3 and image.shape[2] == 3)


class Odd:
    """A camera whose driver hands out arrays of any kind, one after the other."""

    def __init__(self, arrays: list[Array]) -> None:
        self._arrays = arrays
        self.rate: float | None = 30.0
        self.frame_count: int | None = None
        self.fourcc, self.position = "", 0.0

    def grab(self) -> bool:
        """There is always one more."""
        return True

    def picture(self) -> Image:
        """Whatever it is."""
        return self._arrays.pop(0)

    def close(self) -> None:
        """Nothing is held."""


def test_whatever_a_driver_hands_out_a_live_source_gives_pictures_or_none(
    random: np.random.Generator,
) -> None:
    shapes = [(0, 0, 3), (5, 0, 3), (7,), (2, 2, 3, 2), (9, 7), (9, 7, 1), (9, 7, 4), (9, 7, 3)]
    arrays: list[Array] = [np.zeros(shape, dtype) for shape in shapes for dtype in DTYPES]
    with LiveSource("Odd", lambda: Odd(list(arrays)), clock=lambda: 0.0) as source:
        frames = [source.read() for _ in arrays]
    assert sum(frame is not None for frame in frames) == 4 * len(DTYPES)
    assert all(frame.image.shape == (9, 7, 3) for frame in frames if frame is not None)


@pytest.fixture
def chain(face_networks: Path) -> Iterator[Chain]:
    """All that a picture goes through."""
    settings = TrackingSettings(
        face_model(), face_networks, runtime=RuntimeSettings(runtime="onnx", threads=1)
    )
    with Tracker(MediaPipeRegressor(open_finder(settings)), None, TrackerSettings()) as tracker:
        yield Chain(tracker, SmootherSettings(), CalibrationSettings())


def test_every_size_and_content_gives_a_valid_state_and_the_face_comes_back(
    chain: Chain, random: np.random.Generator
) -> None:
    """A camera that changes its resolution, shows noise, or one pixel, does no lasting harm."""
    face = photograph()
    pictures = [
        face,
        *(np.zeros((height, width, 3), np.uint8) for height, width in SIZES),
        *(random.integers(0, 256, (h, w, 3), np.uint8) for h, w in SIZES),
        cv2.resize(face, (200, 150)),
        cv2.resize(face, (3, 60)),
        cv2.resize(face, (60, 3)),
        np.full((100, 400, 3), 255, np.uint8),
        face[::2, ::-2],  # neither contiguous nor the right way round
        face,
    ]
    for index, picture in enumerate(pictures):
        state = chain.update(Frame(np.asarray(picture, np.uint8), index / 30, 0.0, index))
        assert np.isfinite(state.weights).all() and np.isfinite(state.head_rotation).all()
        assert state.image_size == (picture.shape[1], picture.shape[0])
    assert state.tracked and state.confidence > 0.9


def test_timestamps_that_leap_or_repeat_give_valid_states(chain: Chain) -> None:
    """A laptop slept for a day; a driver repeats a stamp."""
    face = photograph()
    for index, timestamp in enumerate((0.0, 0.033, 0.033, 86400.0, 86400.033, 1e9, 1e9 + 0.03)):
        state = chain.update(Frame(face, timestamp, 0.0, index))
        assert state.tracked and np.isfinite(state.weights).all()
