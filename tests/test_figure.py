"""Which figure the viewer shows: the free head, a face model's mesh, or that over the picture."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import cv2
import moderngl
import numpy as np
import pytest
from numpy.typing import NDArray

from app.viewer import FigureKind, ViewerSettings
from app.viewer.background import Plain
from app.viewer.camera_picture import laid_over
from app.viewer.face_figures import BfmFigure, FlameFigure
from app.viewer.figure import NO_COEFFICIENTS, Figure
from app.viewer.look import LOOKS
from app.viewer.notices import Notices
from app.viewer.orbit import Orbit
from app.viewer.snapshot import offscreen_context, render_snapshot
from engine.data import BfmCoefficients, FaceState, FlameCoefficients, Frame
from engine.geometry import matrix_from_quaternion, quaternion_from_euler
from engine.mirror import mirrored
from models.heads.bfm import BfmHead
from models.heads.flame import FlameHead
from tests.face_models import VERTICES, flame_arrays, write_bfm, write_flame
from tests.states import face

LOOK = replace(next(iter(LOOKS.values())), hair="bald")
LEFT_EYE, RIGHT_EYE = slice(100, 110), slice(200, 210)
FRAME_SIZE = (320, 240)
FRAME_FROM_CROP = np.array([[0.7, 0.0, 70.0], [0.0, 0.7, 40.0]])
KEY = ViewerSettings(
    size=(160, 120), supersampling=1.0, background="key", key_color="#00ff00", figure="mesh"
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A FLAME that moves as one, with two patches for eyeballs, and a BFM."""
    folder = write_flame(write_bfm(tmp_path_factory.mktemp("models")))
    arrays = flame_arrays()
    skin = np.zeros((VERTICES, 5))
    skin[:, 1] = 1.0
    skin[LEFT_EYE], skin[RIGHT_EYE] = np.eye(5)[3], np.eye(5)[4]
    arrays |= {"skin_weights": skin, "pose_basis": np.zeros((VERTICES, 3, 36))}
    np.savez(folder / "flame.npz", **arrays)  # type: ignore[arg-type]
    return folder


def coefficients(**given: NDArray[np.float64]) -> FlameCoefficients:
    values = {
        "shape": np.zeros(300),
        "expression": np.zeros(100),
        "rotation": np.zeros(3),
        "neck": np.zeros(3),
        "jaw": np.zeros(3),
        "eyelids": np.zeros(2),
        "camera": np.array([5.0, 0.02, -0.01]),
    }
    return FlameCoefficients(**(values | given))


def state(**given: object) -> FaceState:
    with_model = replace(
        face(), coefficients=coefficients(), image_from_crop=FRAME_FROM_CROP, image_size=FRAME_SIZE
    )
    return replace(with_model, **given)  # type: ignore[arg-type]


def frame(image: NDArray[np.uint8]) -> Frame:
    return Frame(image, timestamp=0.0, arrived=0.0, index=0)


def test_the_mesh_turns_with_the_head_and_its_eyes_with_the_gaze(folder: Path) -> None:
    figure = FlameFigure(FlameHead.load(folder))
    still, gaze = np.array([0.0, 0.0, 0.0, 1.0]), np.zeros((2, 2))
    at_rest = figure.in_world(coefficients(), still, gaze)
    to_the_left = figure.in_world(coefficients(), quaternion_from_euler(0.0, 0.6, 0.0), gaze)
    turn = matrix_from_quaternion(quaternion_from_euler(0.0, 0.6, 0.0))
    step = at_rest[1:] - at_rest[:-1]
    np.testing.assert_allclose(to_the_left[1:] - to_the_left[:-1], step @ turn.T, atol=1e-6)
    rest = figure.in_world(coefficients(rotation=np.array([0.0, 1.0, 0.0])), still, gaze)
    np.testing.assert_allclose(rest, at_rest, atol=1e-6)  # the state's own rotation counts

    moved = figure.in_world(coefficients(), still, np.array([[0.3, 0.0], [0.0, 0.2]]))
    changed = np.abs(moved - at_rest).max(axis=1) > 1e-6
    assert set(np.flatnonzero(changed)) == {*range(100, 110), *range(200, 210)}
    np.testing.assert_array_equal(np.flatnonzero(figure.eyes[:, 3]), np.flatnonzero(changed))
    for ball, yaw, pitch in ((LEFT_EYE, 0.3, 0.0), (RIGHT_EYE, 0.0, 0.2)):
        eye_turn = matrix_from_quaternion(quaternion_from_euler(pitch, yaw, 0.0))
        step, before = moved[ball][1:] - moved[ball][:-1], at_rest[ball][1:] - at_rest[ball][:-1]
        np.testing.assert_allclose(step, before @ eye_turn.T, atol=1e-6)


def test_a_basel_mask_stands_where_a_face_would(folder: Path) -> None:
    figure = BfmFigure(BfmHead.load(folder, precision=np.float32))
    given = BfmCoefficients(np.zeros(99), np.zeros(29), np.zeros(3), np.array([0.0, 0.0, -4000.0]))
    still = np.array([0.0, 0.0, 0.0, 1.0])
    world = figure.in_world(given, still, np.zeros((2, 2)))
    assert world[:, 2].max() == pytest.approx(0.045, abs=1e-5)
    assert (world[:, 0].min() + world[:, 0].max()) / 2 == pytest.approx(0.0, abs=1e-5)
    assert 0.1 < np.ptp(world[:, 1]) < 0.4
    left = figure.in_world(given, quaternion_from_euler(0.0, 0.6, 0.0), np.zeros((2, 2)))
    assert left[world[:, 2].argmax(), 0] > world[world[:, 2].argmax(), 0]


@pytest.mark.parametrize("view_size", [(640, 480), (640, 200), (200, 480)])
def test_landmarks_on_the_mesh_are_shown_where_the_picture_has_them(
    folder: Path, view_size: tuple[int, int]
) -> None:
    """The picture's own rule: pixel centres are whole numbers, two sides are cut."""
    head = FlameHead.load(folder)
    figure = FlameFigure(head)
    given = coefficients(rotation=np.array([0.1, 0.4, -0.05]), jaw=np.array([0.2, 0.0, 0.0]))
    crop = head.project(head.mediapipe_landmarks(head.vertices(given)), given)[:, :2]
    in_frame = crop @ FRAME_FROM_CROP[:, :2].T + FRAME_FROM_CROP[:, 2]

    world, camera = laid_over(
        figure.in_picture(given, FRAME_FROM_CROP, np.zeros((2, 2))),
        radius=figure.radius,
        image_size=FRAME_SIZE,
        view_size=view_size,
    )
    on_mesh = head.mediapipe_landmarks(world)
    clip = np.c_[on_mesh, np.ones(len(on_mesh))] @ camera.clip_from_world.T
    shown = (clip[:, :2] / clip[:, 3:] * [0.5, -0.5] + 0.5) * view_size

    zoom = max(view_size[0] / FRAME_SIZE[0], view_size[1] / FRAME_SIZE[1])
    cut = (np.array(FRAME_SIZE) * zoom - view_size) / 2
    np.testing.assert_allclose(shown, (in_frame + 0.5) * zoom - cut, atol=0.01)
    assert (np.abs(clip[:, 2]) < 1.0).all()
    assert np.ptp(world[:, 1]) == pytest.approx(np.ptp(head.template[:, 1]), rel=0.3)


@pytest.fixture
def context() -> Iterator[moderngl.Context]:
    with offscreen_context() as context:
        yield context


@pytest.fixture
def models(folder: Path, tmp_path: Path) -> Path:
    """A models folder of one's own."""
    for file in folder.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    return tmp_path


def drawn(
    figure: Figure,
    context: moderngl.Context,
    kind: FigureKind,
    given: FaceState,
    image: NDArray[np.uint8] | None = None,
    size: tuple[int, int] = (160, 120),
    *,
    mirrored: bool = False,
) -> NDArray[np.int16]:
    """(H, W, 3) RGB"""
    target = context.simple_framebuffer(size, 4)
    figure.draw(
        target,
        kind,
        given,
        None if image is None else frame(image),
        mirrored=mirrored,
        position=None,
        camera=Orbit().camera(size[0] / size[1]),
        background=Plain((0.0, 1.0, 0.0)),
    )
    rows = np.frombuffer(target.read(components=3, alignment=1), np.uint8)
    target.release()
    return rows.reshape(size[1], size[0], 3)[::-1].astype(np.int16)


@pytest.mark.gl
@pytest.mark.parametrize("mirror", [False, True])
def test_an_overlay_covers_its_silhouette_in_the_picture_and_nothing_else(
    mirror: bool, context: moderngl.Context, folder: Path
) -> None:
    """The silhouette is painted into the camera's picture by another hand: OpenCV's."""
    given = coefficients(rotation=np.array([0.1, 0.4, -0.05]))
    head = FlameHead.load(folder)
    crop = head.project(head.vertices(given), given)[:, :2]
    in_frame = crop @ FRAME_FROM_CROP[:, :2].T + FRAME_FROM_CROP[:, 2]
    image = np.zeros((FRAME_SIZE[1], FRAME_SIZE[0], 3), np.uint8)
    for triangle in in_frame[head.faces]:
        cv2.fillConvexPoly(image, np.rint(triangle * 16).astype(int), (0, 0, 255), shift=4)
    shown = state(coefficients=given)
    turned = mirrored(shown) if mirror else shown
    with Figure(context, LOOK, face_models=folder, supersampling=1.0) as figure:
        for size in ((320, 240), (320, 120), (120, 240)):
            covered = drawn(figure, context, "overlay", turned, image, size, mirrored=mirror)
            assert figure.drawn == "overlay" and figure.missing is None
            gone = replace(turned, confidence=0.0)
            bare = drawn(figure, context, "overlay", gone, image, size, mirrored=mirror)
            if mirror:  # the picture itself is flipped, to a pixel
                straight = drawn(figure, context, "overlay", gone, image, size)
                assert np.abs(bare - straight[:, ::-1]).mean() < 3.0
            silhouette = bare[..., 0] > 127
            clay = np.abs(covered - bare).max(axis=2) > 12
            assert 0.05 < silhouette.mean() < 0.9
            assert (silhouette & clay).sum() / (silhouette | clay).sum() > 0.95
            assert not bare[..., 1:].any()  # OpenCV's blue-green-red arrives as red


@pytest.mark.gl
def test_a_mirrored_mesh_is_the_mirror_image(folder: Path) -> None:
    given = state(head_rotation=quaternion_from_euler(0.1, 0.5, 0.1), gaze=np.full((2, 2), 0.2))
    straight = render_snapshot(given, KEY, face_models=folder)
    flipped = render_snapshot(mirrored(given), KEY, face_models=folder, mirrored=True)
    figure, mirror_image = (
        (image != [0, 255, 0]).any(axis=2) for image in (straight, flipped[:, ::-1])
    )
    assert 0.05 < figure.mean() < 0.9
    assert (figure != figure[:, ::-1]).mean() > 0.01  # turned: not symmetrical
    assert (figure != mirror_image).mean() < 0.002
    inside = cv2.erode(figure.astype(np.uint8), np.ones((5, 5))) > 0
    assert np.abs(straight[inside].mean() - flipped[:, ::-1][inside].mean()) < 40  # not inside out


@pytest.mark.gl
def test_nonsense_from_a_regressor_is_drawn_somehow(
    context: moderngl.Context, folder: Path
) -> None:
    image = np.zeros((FRAME_SIZE[1], FRAME_SIZE[0], 3), np.uint8)
    kinds: tuple[FigureKind, ...] = ("mesh", "overlay")
    with Figure(context, LOOK, face_models=folder, supersampling=0.25) as figure:
        for given in (
            coefficients(camera=np.zeros(3)),
            BfmCoefficients(np.full(99, 9.0), np.full(29, -9.0), np.full(3, 9.0), np.full(3, 0.5)),
            coefficients(camera=np.array([-1e6, 1e6, 0.0])),
        ):
            for kind in kinds:
                drawn(figure, context, kind, state(coefficients=given), image)
                assert figure.drawn == kind


@pytest.mark.gl
def test_lids_that_no_regressor_knows_follow_the_blinks(
    context: moderngl.Context, folder: Path
) -> None:
    """DECA and EMOCA have none. Left stays left behind a mirror, too."""
    with Figure(context, LOOK, face_models=folder, supersampling=1.0) as figure:
        blink = face(eyeBlinkLeft=1.0).weights
        follows = drawn(figure, context, "mesh", state(weights=blink))
        own = drawn(
            figure, context, "mesh", state(coefficients=coefficients(eyelids=np.array([1.0, 0.0])))
        )
        np.testing.assert_array_equal(follows, own)
        assert (follows != drawn(figure, context, "mesh", state())).any()


@pytest.mark.gl
def test_without_coefficients_or_model_the_free_head_stands_in_and_it_is_said(
    context: moderngl.Context, models: Path
) -> None:
    (models / "flame.npz").rename(models / "away.npz")
    with Figure(context, LOOK, face_models=models, supersampling=1.0) as figure:
        head = drawn(figure, context, "head", face())
        assert figure.missing is None
        np.testing.assert_array_equal(drawn(figure, context, "mesh", face()), head)
        assert figure.missing is NO_COEFFICIENTS
        drawn(figure, context, "mesh", replace(face(), confidence=0.0))
        assert figure.missing is None  # no face was seen so far
        np.testing.assert_array_equal(drawn(figure, context, "mesh", state()), head)
        assert figure.missing is not None and figure.drawn == "head"
        assert figure.missing.title == "No FLAME model: showing the free head"
        assert "mien models add flame" in figure.missing.advice

        (models / "away.npz").rename(models / "flame.npz")
        figure.look_for_files_again()
        assert np.abs(drawn(figure, context, "mesh", state()) - head).max() > 40
        assert figure.missing is None and figure.drawn == "mesh"

        basel = BfmCoefficients(np.zeros(99), np.zeros(29), np.zeros(3), np.zeros(3))
        (models / "bfm.npz").write_bytes(b"no model")
        drawn(figure, context, "mesh", state(coefficients=basel))
        assert figure.missing.title == "The BFM model cannot be read: showing the free head"
        assert "mien models add bfm" in figure.missing.advice


@pytest.mark.gl
def test_a_snapshot_of_a_figure_that_is_missing_says_so_in_the_log(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        render_snapshot(state(), KEY, face_models=tmp_path)
    assert "No FLAME model" in caplog.text and "mien models add flame" in caplog.text


def test_the_window_says_it_for_as_long_as_the_figure_is_missing() -> None:
    notices = Notices(0.0)
    notices.observe(10.0, frame_index=0, face=True)
    assert NO_COEFFICIENTS in notices.current(10.0, "demo", quiet=False, missing=NO_COEFFICIENTS)
    assert NO_COEFFICIENTS not in notices.current(10.0, "demo", quiet=True, missing=NO_COEFFICIENTS)
