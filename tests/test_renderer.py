"""The head renderer, off-screen: what a pose changes in the picture, and what a frame costs.

An unmirrored picture shows the person's left in its right half.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import moderngl
import numpy as np
import pytest
from numpy.typing import NDArray

from app.viewer.background import Background, Gradient, Picture, Plain, Transparent
from app.viewer.camera import orbit_camera
from app.viewer.head import HeadRenderer
from app.viewer.look import LOOKS
from app.viewer.programs import program_from_text
from engine.blendshapes import INDEX
from engine.errors import ViewerError
from engine.geometry import IDENTITY_ROTATION, quaternion_from_euler
from models.heads.free import load_free_head
from shaders import ShaderText

pytestmark = pytest.mark.gl

SIZE = 160
LOOK = replace(next(iter(LOOKS.values())), hair="cropped", identity="average")
Image = NDArray[np.int16]

CREATORS = {
    "buffer",
    "texture",
    "texture_array",
    "texture_cube",
    "texture3d",
    "depth_texture",
    "renderbuffer",
    "depth_renderbuffer",
    "framebuffer",
    "program",
    "vertex_array",
    "simple_vertex_array",
    "sampler",
    "query",
    "scope",
}


class CountingContext:
    """A context that remembers the GL objects made through it."""

    def __init__(self, context: moderngl.Context) -> None:
        self._context = context
        self._made: list[Any] = []

    @property
    def created(self) -> int:
        return len(self._made)

    @property
    def alive(self) -> int:
        """How many of them can be released and were not."""
        return sum(
            hasattr(thing, "release") and not isinstance(thing.mglo, moderngl.InvalidObject)
            for thing in self._made
        )

    def __getattr__(self, name: str) -> Any:
        attribute = getattr(self._context, name)
        if name not in CREATORS:
            return attribute

        def create(*arguments: Any, **options: Any) -> Any:
            thing = attribute(*arguments, **options)
            self._made.append(thing)
            return thing

        return create


class Stage:
    """A renderer with a small framebuffer to draw into."""

    def __init__(self, context: moderngl.Context) -> None:
        self.context = CountingContext(context)
        self.renderer = HeadRenderer(self.context, load_free_head(), LOOK)  # type: ignore[arg-type]
        self.target = context.simple_framebuffer((SIZE, SIZE), 4)

    def draw(
        self,
        *,
        gaze: tuple[float, float] = (0.0, 0.0),
        head_rotation: NDArray[np.float64] = IDENTITY_ROTATION,
        head_position: NDArray[np.float64] | None = None,
        background: Background | None = None,
        distance: float = 0.75,
        **actions: float,
    ) -> Image:
        """(SIZE, SIZE, 4) RGBA, first row on top, as signed numbers that can be subtracted."""
        weights = np.zeros(52)
        for name, weight in actions.items():
            weights[INDEX[name]] = weight
        self.renderer.draw(
            self.target,
            weights=weights,
            head_rotation=head_rotation,
            head_position=head_position,
            gaze=np.array([gaze, gaze]),
            camera=orbit_camera(aspect=1.0, distance=distance, target=(0.0, 0.0, 0.0)),
            background=Gradient() if background is None else background,
        )
        pixels = np.frombuffer(self.target.read(components=4), np.uint8)
        return pixels.reshape(SIZE, SIZE, 4)[::-1].astype(np.int16)


@pytest.fixture(scope="module")
def context() -> Iterator[moderngl.Context]:
    try:
        context = moderngl.create_standalone_context(backend="egl", require=330)
    except Exception as reason:
        pytest.skip(f"no OpenGL without a window: {reason}")
    with context:
        yield context
    context.release()


@pytest.fixture(scope="module")
def stage(context: moderngl.Context) -> Iterator[Stage]:
    stage = Stage(context)
    with stage.renderer:
        yield stage


def changed(before: Image, after: Image) -> NDArray[np.bool_]:
    """(SIZE, SIZE): where the pictures differ visibly."""
    return np.abs(after - before).max(axis=2) > 12


def test_a_head_is_seen_before_the_background(stage: Stage) -> None:
    picture = stage.draw()[..., :3]
    face = picture[SIZE // 2, SIZE // 2]
    assert face[0] > face[2] + 20  # skin is warm, the background is not
    assert picture.std() > 25


def test_closing_the_left_eye_changes_the_right_half_of_the_picture_only(stage: Stage) -> None:
    rows, columns = np.nonzero(changed(stage.draw(), stage.draw(eyeBlinkLeft=1.0)))
    assert len(columns) > 40
    assert columns.min() > SIZE // 2
    assert abs(rows.mean() - SIZE / 2) < 0.06 * SIZE  # the camera looks between the eyes


def test_opening_the_jaw_changes_the_lower_face_only(stage: Stage) -> None:
    rows, _ = np.nonzero(changed(stage.draw(), stage.draw(jawOpen=1.0)))
    assert len(rows) > 200
    assert (rows < 0.52 * SIZE).mean() < 0.01


def test_mouth_close_alone_moves_nothing(stage: Stage) -> None:
    assert not changed(stage.draw(), stage.draw(mouthClose=1.0)).any()


def test_a_gaze_to_the_left_moves_the_irises_to_the_right(stage: Stage) -> None:
    def pupils(gaze: tuple[float, float]) -> tuple[float, float]:
        picture = stage.draw(gaze=gaze, distance=0.35, eyeWideLeft=0.7, eyeWideRight=0.7)
        eyes = picture[int(0.46 * SIZE) : int(0.54 * SIZE), :, :3].max(axis=2).astype(float)
        half = SIZE // 2
        right, left = (
            float(np.average(np.arange(half), weights=np.exp(-part / 6.0).sum(axis=0)))
            for part in (eyes[:, :half], eyes[:, half:])
        )
        return right, left

    towards_left, towards_right = pupils((0.4, 0.0)), pupils((-0.4, 0.0))
    assert towards_left[0] > towards_right[0] + 0.02 * SIZE
    assert towards_left[1] > towards_right[1] + 0.02 * SIZE


def test_the_head_turns_and_the_shoulders_stay(stage: Stage) -> None:
    ahead = stage.draw(distance=1.3)
    turned = stage.draw(distance=1.3, head_rotation=quaternion_from_euler(0.0, 0.5, 0.0))
    difference = changed(ahead, turned)
    assert difference[: SIZE // 2].sum() > 300
    shoulders = difference[int(0.78 * SIZE) :]
    assert shoulders.mean() < 0.1  # only the head's shadow moves there


def test_the_nose_points_where_the_head_turns(stage: Stage) -> None:
    transparent = Transparent()
    left = stage.draw(
        background=transparent, head_rotation=quaternion_from_euler(0.0, 0.6, 0.0), distance=0.6
    )
    right = stage.draw(
        background=transparent, head_rotation=quaternion_from_euler(0.0, -0.6, 0.0), distance=0.6
    )
    assert center_column(left) > center_column(right) + 2


def test_a_moved_head_moves_in_the_picture(stage: Stage) -> None:
    transparent = Transparent()
    middle = stage.draw(background=transparent)
    moved = stage.draw(background=transparent, head_position=np.array([0.03, 0.0, 0.0]))
    assert center_column(moved) > center_column(middle) + 3


def center_column(picture: Image) -> float:
    """Of the opaque part in the upper half of the picture."""
    return float(np.nonzero(picture[: SIZE // 2, :, 3] > 128)[1].mean())


def test_a_transparent_background_is_premultiplied(stage: Stage) -> None:
    picture = stage.draw(background=Transparent())
    assert (picture[:8, :8] == 0).all() and (picture[:8, -8:] == 0).all()
    assert picture[SIZE // 2, SIZE // 2, 3] == 255
    assert (picture[..., :3].max(axis=2) <= picture[..., 3] + 1).all()


def test_a_key_colour_fills_the_background_exactly_and_tints_nothing(stage: Stage) -> None:
    key = np.array([0, 255, 0])
    picture = stage.draw(background=Plain((0.0, 1.0, 0.0)))
    opaque = stage.draw(background=Transparent())
    empty = opaque[..., 3] == 0
    assert (picture[empty][:, :3] == key).all()
    assert (picture[..., 3] == 255).all()
    share = opaque[..., 3:] / 255.0
    expected = opaque[..., :3] + (1 - share) * key
    assert np.abs(picture[..., :3] - expected).max() <= 2


def test_a_picture_fills_the_background(stage: Stage, context: moderngl.Context) -> None:
    texels = np.zeros((64, 128, 3), np.uint8)
    texels[:32] = (200, 10, 10)  # row 0 is at the bottom
    texels[32:] = (10, 10, 200)
    texture = context.texture((128, 64), 3, texels)
    picture = stage.draw(background=Picture(texture))
    texture.release()
    assert picture[2, 2, 2] > 150 and picture[2, 2, 0] < 40
    assert (picture[..., 3] == 255).all()


def test_looks_differ(stage: Stage) -> None:
    first = stage.draw()
    stage.renderer.set_look(replace(LOOK, skin="deep", eyes="brown", hair="bald", shirt="cream"))
    second = stage.draw()
    stage.renderer.set_look(LOOK)
    assert changed(first, second).mean() > 0.2
    assert not changed(first, stage.draw()).any()


def test_a_person_of_too_few_sliders_is_refused(stage: Stage) -> None:
    with pytest.raises(ViewerError, match="expected"):
        stage.renderer.set_look(replace(LOOK, identity=(0.5,)))
    stage.draw()


def test_a_frame_takes_at_most_25_draw_calls(stage: Stage) -> None:
    stage.draw()
    assert 8 <= stage.renderer.draw_calls <= 25


def test_no_gl_object_is_made_after_the_first_frame(stage: Stage) -> None:
    stage.draw()
    before = stage.context.created
    for weight in (0.2, 0.4, 0.6):
        stage.draw(jawOpen=weight, gaze=(weight, 0.0), background=Transparent())
    assert stage.context.created == before


def test_buffers_are_made_anew_when_the_size_of_the_drawing_changes(stage: Stage) -> None:
    stage.draw()
    before = stage.context.created
    stage.renderer.supersampling = 2.0
    fine = stage.draw()
    assert stage.context.created > before
    stage.renderer.supersampling = 1.0
    assert np.abs(fine - stage.draw()).mean() < 12


def test_the_same_pose_gives_the_same_picture(stage: Stage, context: moderngl.Context) -> None:
    pose = {"jawOpen": 0.4, "mouthSmileLeft": 0.7}
    first = stage.draw(**pose)
    stage.draw(browInnerUp=1.0)
    assert (stage.draw(**pose) == first).all()
    other = Stage(context)
    with other.renderer:
        assert (other.draw(**pose) == first).all()


def test_gpu_time_is_known_after_some_frames(context: moderngl.Context) -> None:
    stage = Stage(context)
    with stage.renderer:
        assert stage.renderer.gpu_seconds is None
        for _ in range(5):
            stage.draw()
            known = stage.renderer.gpu_seconds
            assert known is None or 1e-6 < known < 4.0
        assert known is not None


def test_the_posed_vertices_are_those_that_the_head_computes(stage: Stage) -> None:
    smooth = load_free_head().subdivided()
    head = smooth.with_identity(smooth.identity("average").weights)
    weights = np.zeros(52, np.float32)
    for name in ("jawOpen", "mouthSmileLeft", "eyeBlinkRight", "browInnerUp"):
        weights[INDEX[name]] = 0.6
    rotation = quaternion_from_euler(0.2, -0.5, 0.1)
    gaze = np.array([[0.2, 0.1], [0.15, 0.1]], np.float32)
    stage.renderer.draw(
        stage.target,
        weights=weights,
        head_rotation=rotation,
        gaze=gaze,
        camera=orbit_camera(aspect=1.0),
        background=Gradient(),
    )
    drawn = stage.renderer.read_positions()
    assert np.abs(drawn - head.posed(weights, gaze, rotation)).max() < 5e-5


def test_a_shader_that_does_not_compile_is_named_with_the_drivers_line(
    context: moderngl.Context,
) -> None:
    broken = ShaderText(
        name="broken",
        vertex="#version 330 core\nvoid main() { gl_Position = vec4(0.0); }",
        fragment="#version 330 core\nout vec4 frag_color;\nvoid main() { frag_color = colour; }",
    )
    with pytest.raises(ViewerError, match=r"Shader broken\.glsl does not compile: .*colour"):
        program_from_text(context, broken)


def test_closing_releases_everything_and_twice_does_no_harm(context: moderngl.Context) -> None:
    stage = Stage(context)
    stage.draw()
    assert stage.context.alive > 30
    stage.renderer.set_look(replace(LOOK, hair="bald", identity="male"))
    stage.renderer.close()
    assert stage.context.alive == 0
    stage.renderer.close()


def test_a_supersampling_out_of_range_is_refused(stage: Stage) -> None:
    with pytest.raises(ValueError, match="supersampling"):
        stage.renderer.supersampling = 4.0
