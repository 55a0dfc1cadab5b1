"""Pictures of the head without a window."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from app.viewer import ViewerSettings
from app.viewer.snapshot import render_snapshot, save_png, straight_alpha
from engine.errors import ViewerError
from tests.states import face

SETTINGS = ViewerSettings(size=(160, 120), supersampling=1.0)

SNAPSHOT = """
from app.viewer import ViewerSettings
from app.viewer.snapshot import render_snapshot
from engine.errors import ViewerError
from tests.states import face
try:
    print(render_snapshot(face(), ViewerSettings(size=(64, 48), supersampling=0.5)).shape)
except ViewerError as error:
    print(error)
"""


@pytest.mark.gl
def test_a_snapshot_shows_the_face_that_was_asked_for() -> None:
    calm = render_snapshot(face(), SETTINGS)
    open_mouth = render_snapshot(face(jawOpen=1.0), SETTINGS)
    assert calm.shape == (120, 160, 3)
    assert calm.std() > 20  # a figure before a background, not one colour
    assert np.abs(calm.astype(int) - open_mouth).max() > 40


@pytest.mark.gl
def test_before_a_color_key_every_free_pixel_has_exactly_that_color() -> None:
    settings = ViewerSettings(
        size=(160, 120), supersampling=1.0, background="key", key_color="#12c056"
    )
    image = render_snapshot(face(), settings)
    np.testing.assert_array_equal(image[0], np.tile([0x12, 0xC0, 0x56], (160, 1)))
    assert (image[60, 80] != [0x12, 0xC0, 0x56]).any()


@pytest.mark.gl
def test_a_background_picture_stands_upright_and_fills_the_view(tmp_path: Path) -> None:
    picture = np.zeros((300, 100, 3), np.uint8)
    picture[:150] = 0, 0, 255  # OpenCV's order: red above,
    picture[150:] = 255, 0, 0  # blue below
    path = tmp_path / "wall.png"
    cv2.imwrite(str(path), picture)
    image = render_snapshot(
        face(), replace(SETTINGS, background="picture", background_picture=str(path))
    )
    np.testing.assert_allclose(image[2, ::159], [[255, 0, 0]] * 2, atol=3)
    np.testing.assert_allclose(image[75, ::159], [[0, 0, 255]] * 2, atol=3)


@pytest.mark.gl
def test_a_transparent_snapshot_has_alpha_and_full_colors() -> None:
    settings = ViewerSettings(size=(160, 120), supersampling=1.0, background="transparent")
    image = render_snapshot(face(), settings)
    assert image.shape == (120, 160, 4)
    assert (image[0, :, 3] == 0).all()
    assert image[60, 80, 3] == 255


@pytest.mark.gl
@pytest.mark.skipif(sys.platform != "linux", reason="EGL is Linux's")
def test_a_snapshot_needs_no_display() -> None:
    assert _run_without_display({}).stdout.strip() == "(48, 64, 3)"


@pytest.mark.gl
@pytest.mark.skipif(sys.platform != "linux", reason="EGL is Linux's")
def test_without_any_opengl_the_snapshot_is_refused_in_one_line() -> None:
    ended = _run_without_display({"__EGL_VENDOR_LIBRARY_FILENAMES": "/nonexistent.json"})
    assert ended.stdout.startswith("no picture: ")
    assert ended.stdout.count("\n") == 1
    assert ended.stderr == ""


def test_a_png_is_read_back_as_it_was_saved(tmp_path: Path) -> None:
    image = np.arange(4 * 5 * 4, dtype=np.uint8).reshape(4, 5, 4)
    save_png(tmp_path / "a.png", image)
    read = cv2.imread(str(tmp_path / "a.png"), cv2.IMREAD_UNCHANGED)
    assert read is not None
    np.testing.assert_array_equal(read[..., [2, 1, 0, 3]], image)  # OpenCV reads blue first
    save_png(tmp_path / "b.png", image[..., :3])
    read = cv2.imread(str(tmp_path / "b.png"))
    assert read is not None
    np.testing.assert_array_equal(read[..., ::-1], image[..., :3])


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    with pytest.raises(ViewerError, match="expected a file that can be written"):
        save_png(tmp_path / "absent" / "a.png", np.zeros((2, 2, 3), np.uint8))


def test_colors_times_alpha_become_colors_beside_alpha() -> None:
    premultiplied = np.array([[[64, 32, 0, 128], [0, 0, 0, 0], [9, 8, 7, 255]]], np.uint8)
    straight = straight_alpha(premultiplied)
    np.testing.assert_array_equal(straight, [[[128, 64, 0, 128], [0, 0, 0, 0], [9, 8, 7, 255]]])


def _run_without_display(extra: dict[str, str]) -> subprocess.CompletedProcess[str]:
    hidden = ("DISPLAY", "WAYLAND_DISPLAY")
    environment = {name: value for name, value in os.environ.items() if name not in hidden}
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", SNAPSHOT],
        env=environment | extra,
        cwd=Path(__file__).parent.parent,
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
