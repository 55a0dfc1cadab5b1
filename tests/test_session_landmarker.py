"""Our landmarker against MediaPipe's own package, on the networks that both compute."""

import errno
import os
from collections.abc import Callable, Iterator
from importlib import resources
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from engine.errors import ModelError
from engine.landmarker import Detection
from engine.landmarker.mediapipe import MediaPipeLandmarker
from engine.landmarker.session import SessionLandmarker
from engine.runtime import RuntimeSettings
from models.face_landmarker import face_landmarker_files
from tests.faces import face_model, photograph

Image = NDArray[np.uint8]
PIXELS, SCORE, CENTIMETRES = 0.25, 0.003, 0.01  # measured: 0.1, 0.001, 0.001


def turned(image: Image, degrees: float, scale: float = 1.0, aside: float = 0.0) -> Image:
    """The photograph in a landscape picture, turned about its middle and moved."""
    height, width = image.shape[:2]
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, scale)
    matrix[:, 2] += 160 + aside, 0
    return np.asarray(cv2.warpAffine(image, matrix, (width + 320, height)), np.uint8)


def squeezed(image: Image) -> Image:
    """A face half turned away is about so narrow."""
    return np.asarray(cv2.resize(image, (400, 720)), np.uint8)


PICTURES = {
    "as it is": lambda: photograph(),
    "tilted": lambda: turned(photograph(), 30),
    "lying": lambda: turned(photograph(), -85),
    "nearly upside down": lambda: turned(photograph(), 124)[:, 160:-160].copy(),
    "upside down": lambda: turned(photograph(), 180),
    "far": lambda: turned(photograph(), 10, scale=0.4),
    "near": lambda: turned(photograph(), -5, scale=1.8),
    "cut by the left edge": lambda: turned(photograph(), 0, aside=-330),
    "cut by the right edge": lambda: turned(photograph(), 15, aside=330),
    "narrow": lambda: squeezed(photograph()),
    "large": lambda: np.asarray(cv2.resize(photograph(), (1500, 1500)), np.uint8),
    "dark": lambda: (photograph() // 6).astype(np.uint8),
    "two faces": lambda: np.hstack([photograph(), squeezed(photograph())]),
    "nobody": lambda: np.full((480, 640, 3), 128, np.uint8),
}


@pytest.fixture(scope="module")
def reference() -> Iterator[MediaPipeLandmarker]:
    with MediaPipeLandmarker(face_model(), follow=False) as landmarker:
        yield landmarker


def ours(folder: Path, *, follow: bool = False) -> SessionLandmarker:
    return SessionLandmarker.open(face_model(), folder, RuntimeSettings(), follow=follow)


def assert_equal(seen: Detection | None, expected: Detection | None) -> None:
    assert (seen is None) == (expected is None)
    if seen is None or expected is None:
        return
    assert seen.names[: len(expected.names)] == expected.names
    np.testing.assert_allclose(seen.landmarks, expected.landmarks, atol=PIXELS)
    np.testing.assert_allclose(seen.scores[: len(expected.names)], expected.scores, atol=SCORE)
    pose, expected_pose = seen.camera_from_head, expected.camera_from_head
    np.testing.assert_allclose(pose[:3, :3], expected_pose[:3, :3], atol=0.001)
    np.testing.assert_allclose(pose[:3, 3], expected_pose[:3, 3], atol=CENTIMETRES)
    np.testing.assert_array_equal(pose[3], [0, 0, 0, 1])


@pytest.mark.parametrize("picture", PICTURES)
def test_a_picture_gives_what_mediapipe_gives(
    picture: str, reference: MediaPipeLandmarker, face_networks: Path
) -> None:
    image = PICTURES[picture]()
    with ours(face_networks) as landmarker:
        assert_equal(landmarker.detect(image, 0.0), reference.detect(image, 0.0))


def test_a_clip_gives_what_mediapipe_gives_picture_by_picture(
    reference: MediaPipeLandmarker, face_networks: Path
) -> None:
    with ours(face_networks) as landmarker:
        for image in demo_clip(step=40):
            assert_equal(landmarker.detect(image, 0.0), reference.detect(image, 0.0))


def test_a_followed_face_is_steadied_as_mediapipe_does_it(face_networks: Path) -> None:
    """Not as close as single pictures: the networks make a third of a pixel of any hair's breadth.

    MediaPipe differs from itself as much when the first picture gets noise of one grey level.
    """
    rate = 30.0
    with (
        MediaPipeLandmarker(face_model()) as reference,
        ours(face_networks, follow=True) as landmarker,
    ):
        for index, image in enumerate(demo_clip(step=1, count=40)):
            seen = landmarker.detect(image, index / rate)
            expected = reference.detect(image, index / rate)
            assert seen is not None and expected is not None
            np.testing.assert_allclose(seen.landmarks, expected.landmarks, atol=0.7)
            np.testing.assert_allclose(seen.scores[:52], expected.scores, atol=0.03)


def test_a_face_that_jumps_is_found_in_the_same_picture(face_networks: Path) -> None:
    left, right = turned(photograph(), 0, 0.5, -350), turned(photograph(), 0, 0.5, 350)
    with ours(face_networks, follow=True) as landmarker:
        centres = []
        for index, image in enumerate((left, left, right, right, left)):
            seen = landmarker.detect(image, index / 30)
            assert seen is not None
            centres.append(seen.landmarks[:, 0].mean() < 520)
    assert centres == [True, True, False, False, True]


def test_searching_leaves_what_is_followed_alone(face_networks: Path) -> None:
    image, empty = photograph(), np.zeros((720, 720, 3), np.uint8)
    with ours(face_networks, follow=True) as followed, ours(face_networks, follow=True) as searched:
        for index in range(4):
            expected = followed.detect(image, index / 30)
            seen = searched.detect(image, index / 30)
            assert searched.search(empty) is None
            assert seen is not None and expected is not None
            np.testing.assert_array_equal(seen.landmarks, expected.landmarks)


def test_networks_are_converted_once_and_kept_by_the_bundles_digest(tmp_path: Path) -> None:
    files = face_landmarker_files(face_model(), tmp_path / "models")
    written = {path: path.stat().st_mtime_ns for path in (tmp_path / "models").iterdir()}
    assert set(written) == {files.detector, files.landmarks, files.blendshapes}
    again = face_landmarker_files(face_model(), tmp_path / "models")
    assert again.landmarks == files.landmarks
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "models").iterdir()} == written


def flipped(content: bytes) -> bytes:
    """With other weights, such as a failing disk makes: a network like any other."""
    return content[:-5000] + bytes(byte ^ 0xFF for byte in content[-5000:])


@pytest.mark.parametrize("damage", [lambda whole: b"", lambda whole: whole[:1000], flipped])
def test_damaged_networks_are_converted_again(
    damage: Callable[[bytes], bytes], tmp_path: Path
) -> None:
    files = face_landmarker_files(face_model(), tmp_path)
    whole = files.landmarks.read_bytes()
    files.landmarks.write_bytes(damage(whole))
    with ours(tmp_path) as landmarker:
        assert landmarker.detect(photograph(), 0.0) is not None
    assert files.landmarks.read_bytes() == whole
    assert len(list(tmp_path.iterdir())) == 3


def test_a_folder_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    blocked = tmp_path / "a file"
    blocked.write_bytes(b"")
    with pytest.raises(ModelError, match=r"cannot convert the face model .*MIEN_HOME") as caught:
        face_landmarker_files(face_model(), blocked / "models")
    assert os.linesep not in str(caught.value)


def test_a_full_disk_is_one_line_and_leaves_no_part_of_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(path: Path, target: Path) -> Path:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(ModelError, match="No space left on device"):
        face_landmarker_files(face_model(), tmp_path)
    assert list(tmp_path.iterdir()) == []


def demo_clip(step: int, count: int | None = None) -> Iterator[Image]:
    """Each `step`th picture of the bundled clip: a face that talks and turns."""
    with resources.as_file(resources.files("models") / "assets" / "demo.mp4") as path:
        clip = cv2.VideoCapture(str(path))
        index = 0
        while count is None or index < count * step:
            ok, image = clip.read()
            if not ok:
                break
            if index % step == 0:
                yield np.asarray(image, np.uint8)
            index += 1
        clip.release()
