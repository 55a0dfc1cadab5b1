"""Pictures turned, cut and exposed as a profile says, on a real face."""

from __future__ import annotations

import logging
from pathlib import Path

import cv2
import numpy as np
import pytest

from app.profile import read_profile, write_profile
from app.sources import SourceSettings, open_source
from app.sources.camera import open_camera_device, reopening
from app.sources.capture import VideoCapture
from app.sources.devices import Camera
from app.sources.exposure import free_exposure, hold_exposure
from app.sources.framing import framed
from app.sources.source import Crop, Rotation
from engine.errors import SettingsError
from engine.landmarker import open_landmarker
from engine.runtime import RuntimeSettings
from tests.faces import face_model, photograph

CLIP = Path(__file__).parent / "data" / "sources" / "steady.mp4"


def numbered() -> np.ndarray:
    """A picture whose every pixel tells its place."""
    y, x = np.mgrid[0:40, 0:60]
    return np.dstack([x, y, np.zeros_like(x)]).astype(np.uint8)


@pytest.mark.parametrize(("rotate", "turns"), [(0, 0), (90, -1), (180, 2), (270, 1)])
def test_a_turn_is_clockwise(rotate: Rotation, turns: int) -> None:
    turned = framed(numbered(), rotate, (0.0, 0.0, 1.0, 1.0))
    assert np.array_equal(turned, np.rot90(numbered(), turns))


def test_the_crop_is_a_share_of_the_upright_picture() -> None:
    cut = framed(numbered(), 90, (0.5, 0.25, 1.0, 0.75))
    assert np.array_equal(cut, np.rot90(numbered(), -1)[15:45, 20:40])
    assert cut.flags.c_contiguous


@pytest.mark.parametrize("crop", [(0.0, 0.0, 1e-9, 1e-9), (0.999, 0.999, 1.0, 1.0)])
def test_one_pixel_is_always_left(crop: Crop) -> None:
    assert framed(numbered(), 0, crop).shape == (1, 1, 3)


@pytest.mark.parametrize("rotate", [90, 180, 270])
def test_a_face_of_a_camera_on_its_side_is_upright_again(
    rotate: Rotation, face_networks: Path, tmp_path: Path
) -> None:
    """The same landmarks come out as of the photograph itself."""
    lying = np.rot90(photograph(), {90: 1, 180: 2, 270: 3}[rotate])
    path = tmp_path / "lying.png"
    cv2.imwrite(str(path), lying)
    landmarker = open_landmarker(face_model(), face_networks, RuntimeSettings())
    upright = landmarker.search(photograph())
    with open_source(SourceSettings(str(path), pace="fast", rotate=rotate)) as source:
        frame = source.read()
    assert frame is not None
    again = landmarker.search(frame.image)
    landmarker.close()
    assert upright is not None and again is not None
    assert np.array_equal(again.landmarks, upright.landmarks)


def test_a_cut_picture_shows_its_face_at_its_place(face_networks: Path, tmp_path: Path) -> None:
    path = tmp_path / "wide.png"
    wide = np.zeros((720, 1440, 3), np.uint8)
    wide[:, 720:] = photograph()
    cv2.imwrite(str(path), wide)
    settings = SourceSettings(str(path), pace="fast", crop=(0.5, 0.0, 1.0, 1.0))
    with open_source(settings) as source:
        frame = source.read()
        assert source.name == "wide.png" and not source.live and source.frame_count == 1
    assert frame is not None and np.array_equal(frame.image, photograph())


def test_framing_is_a_setting_of_the_profile(tmp_path: Path) -> None:
    settings = SourceSettings(rotate=90, crop=(0.25, 0.0, 0.75, 1.0), exposure=12.5, limit=15.0)
    write_profile(tmp_path / "p.toml", settings)
    assert read_profile(tmp_path / "p.toml", SourceSettings) == settings


@pytest.mark.parametrize(
    "line",
    [
        "rotate = 45",
        "crop = [0.5, 0, 0.5, 1]",
        "crop = [0, 0, 1]",
        "crop = [0, 0, 2, 1]",
        "crop = [nan, 0, 1, 1]",
        "exposure = -1",
        "exposure = inf",
        "limit = 0.5",
        "limit = nan",
    ],
)
def test_a_setting_that_means_nothing_is_refused_by_its_name(line: str, tmp_path: Path) -> None:
    path = tmp_path / "p.toml"
    path.write_text(line)
    with pytest.raises(SettingsError, match=line.split()[0]):
        read_profile(path, SourceSettings)


class Driver:
    """A driver's properties as V4L2 and Windows have them: `known` ones keep what they are given,
    within `most`."""

    def __init__(self, *known: int, most: float = 1e9) -> None:
        self.values = dict.fromkeys(known, 0.0)
        self._most = most

    def set(self, what: int, value: float) -> bool:
        """False if there is no such property."""
        if what not in self.values:
            return False
        self.values[what] = min(value, self._most)
        return True

    def get(self, what: int) -> float:
        """-1 if there is no such property, as OpenCV says it."""
        return self.values.get(what, -1.0)


AUTO, EXPOSURE = cv2.CAP_PROP_AUTO_EXPOSURE, cv2.CAP_PROP_EXPOSURE


def test_an_exposure_is_counted_as_each_driver_counts() -> None:
    linux, windows = Driver(AUTO, EXPOSURE), Driver(AUTO, EXPOSURE)
    assert hold_exposure(linux, cv2.CAP_V4L2, 10.0)  # linux/v4l2-controls.h: 100 µs, 1 = manual
    assert linux.values == {AUTO: 1.0, EXPOSURE: 100.0}
    assert hold_exposure(windows, cv2.CAP_DSHOW, 15.6)  # KSPROPERTY_CAMERACONTROL: -6 = 1/64 s
    assert windows.values == {AUTO: 0.0, EXPOSURE: -6.0}
    free_exposure(linux, cv2.CAP_V4L2)  # 3 = aperture priority, what webcams call automatic
    free_exposure(windows, cv2.CAP_DSHOW)
    assert (linux.values[AUTO], windows.values[AUTO]) == (3.0, 1.0)


def test_what_a_driver_does_not_hold_is_no_success() -> None:
    assert not hold_exposure(Driver(AUTO), cv2.CAP_V4L2, 10.0)
    assert not hold_exposure(Driver(AUTO, EXPOSURE, most=20.0), cv2.CAP_V4L2, 10.0)
    assert not hold_exposure(Driver(AUTO, EXPOSURE), cv2.CAP_AVFOUNDATION, 10.0)


def test_a_camera_without_an_exposure_to_hold_says_so_once_and_goes_on(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file has no exposure, and OpenCV refuses as a driver does."""
    monkeypatch.setattr(
        "app.sources.camera.VideoCapture",
        type("Clip", (VideoCapture,), {"__init__": open_clip}),
    )
    camera = Camera(0, "Cam", None, cv2.CAP_FFMPEG)
    reopen = reopening(
        camera,
        (camera,),
        SourceSettings(exposure=10.0),
        list_cameras=lambda: (camera,),
        open_device=open_camera_device,
    )
    with caplog.at_level(logging.WARNING):
        for _ in range(3):
            capture = reopen()
            assert capture.grab()
            capture.close()
    (message,) = caplog.messages
    assert "does not hold an exposure of 10 ms" in message


def open_clip(capture: VideoCapture, *_: object) -> None:
    """Whatever camera was asked for."""
    VideoCapture.__init__(capture, str(CLIP), cv2.CAP_FFMPEG)
