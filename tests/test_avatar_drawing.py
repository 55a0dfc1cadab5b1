"""How an avatar is drawn: posed on the GPU as computed, its materials as the file says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import moderngl
import numpy as np
import pytest
from numpy.typing import NDArray

from app.viewer import ViewerSettings
from app.viewer.avatar import AvatarRenderer
from app.viewer.background import Plain, Transparent
from app.viewer.figure import Figure
from app.viewer.look import LOOKS
from app.viewer.orbit import Orbit
from app.viewer.snapshot import offscreen_context, render_snapshot
from engine.data import FaceState
from engine.geometry import quaternion_from_euler
from engine.mirror import mirrored
from models.avatars.avatar import Avatar, load_avatar
from tests.avatars import Form, write_avatar
from tests.states import face, random_face
from tests.test_avatars import FORMS, vertices

pytestmark = pytest.mark.gl

SIZE = 96
GREEN = Plain((0.0, 1.0, 0.0))
RED = (0.8, 0.1, 0.05)
UNLIT: dict[str, Any] = {"extensions": {"KHR_materials_unlit": {}}}


def colored(*color: float, **more: Any) -> dict[str, Any]:
    factor = [*color, *(1.0,) * (4 - len(color))]
    return {"pbrMetallicRoughness": {"baseColorFactor": factor, "metallicFactor": 0.0}, **more}


def srgb(*linear: float) -> NDArray[np.float64]:
    """Bytes of a screen."""
    value = np.array(linear)
    return 255 * np.where(value < 0.0031308, 12.92 * value, 1.055 * value ** (1 / 2.4) - 0.055)


def drawn(
    avatar: Avatar,
    state: FaceState | None = None,
    *,
    background: Plain | Transparent = GREEN,
) -> NDArray[np.uint8]:
    """(SIZE, SIZE, 4) RGBA, row 0 at the top."""
    state = state or face()
    pose = avatar.posed(state.weights, state.head_rotation, state.gaze)
    with offscreen_context() as context, AvatarRenderer(context, avatar) as renderer:
        color = context.texture((SIZE, SIZE), 4)
        target = context.framebuffer([color])
        renderer.draw(
            target,
            pose,
            camera=Orbit().camera(1.0),
            background=background,
            supersampling=1.0,
        )
        rows = np.frombuffer(target.read(components=4, alignment=1), np.uint8)
        target.release()
        color.release()
    return rows.reshape(SIZE, SIZE, 4)[::-1].copy()


def middle(image: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Of the forehead: between the eyes and above."""
    return image[30:34, SIZE // 2 - 2 : SIZE // 2 + 2].reshape(-1, image.shape[2]).mean(axis=0)


@pytest.mark.parametrize("form", FORMS)
def test_the_gpu_poses_every_vertex_as_computed(form: Form, tmp_path: Path) -> None:
    avatar = load_avatar(write_avatar(tmp_path / "a.vrm", form, look_at="bone"))
    state = random_face(np.random.default_rng(3))
    given = (state.weights, state.head_rotation, state.gaze)
    place = np.array([0.01, 0.02, -0.03])
    with offscreen_context() as context, AvatarRenderer(context, avatar) as renderer:
        color = context.texture((8, 8), 4)
        target = context.framebuffer([color])
        renderer.draw(
            target,
            avatar.posed(*given, position=place),
            camera=Orbit().camera(1.0),
            background=GREEN,
            supersampling=1.0,
        )
        found = renderer.read_positions()
    np.testing.assert_allclose(found, vertices(avatar, *given) + place, atol=2e-6)


def test_an_unlit_material_has_exactly_the_files_colour(tmp_path: Path) -> None:
    material = colored(*RED, **UNLIT)
    avatar = load_avatar(write_avatar(tmp_path / "a.glb", material=material))
    np.testing.assert_allclose(middle(drawn(avatar))[:3], srgb(*RED), atol=1.0)


@pytest.mark.parametrize("form", ["VRM 0.x", "VRM 1.0"])
def test_a_toon_is_its_own_colour_in_the_light_and_the_shade_colour_beside_it(
    form: Form, tmp_path: Path
) -> None:
    lit, shade = (0.8, 0.6, 0.5), (0.4, 0.1, 0.3)
    material = colored(
        *lit,
        extensions={
            "VRMC_materials_mtoon": {
                "specVersion": "1.0",
                "shadeColorFactor": list(shade),
                "shadingToonyFactor": 0.99,
                "shadingShiftFactor": 0.0,
            }
        },
    )
    if form == "VRM 0.x":
        as_bytes = [[float(c) / 255 for c in srgb(*color)] + [1.0] for color in (lit, shade)]
        material = {
            "mtoon0": {
                "name": "face",
                "shader": "VRM/MToon",
                "renderQueue": 2000,
                "floatProperties": {"_ShadeToony": 0.99, "_ShadeShift": 0.0, "_CullMode": 2.0},
                "vectorProperties": {"_Color": as_bytes[0], "_ShadeColor": as_bytes[1]},
                "textureProperties": {},
            }
        }
    avatar = load_avatar(write_avatar(tmp_path / "a.vrm", form, material=material))
    image = drawn(avatar)
    figure = image[(image[..., :3] != (0, 255, 0)).any(axis=2)][:, :3].astype(float)
    tint = np.array([1.0, 0.965, 0.923])  # of the key light, in part
    for color in (srgb(*(np.array(lit) * tint)), srgb(*shade)):
        assert (np.abs(figure - color).max(axis=1) < 4.0).mean() > 0.05
    assert (np.abs(figure - srgb(*shade)).max(axis=1) < 4.0).mean() < 0.6


def test_a_texture_lies_as_the_file_says(tmp_path: Path) -> None:
    image = np.full((8, 8, 4), 255, np.uint8)
    image[..., :3] = (40, 90, 160)
    image[:, 4:, :3] = (200, 60, 20)  # the person's left: s grows with x
    material = {"pbrMetallicRoughness": {"baseColorTexture": {"index": 0}}, **UNLIT}
    material["pbrMetallicRoughness"]["baseColorTexture"]["extensions"] = {
        "KHR_texture_transform": {"scale": [5.0, 5.0]}
    }
    avatar = load_avatar(write_avatar(tmp_path / "a.glb", material=material, image=image))
    shown = drawn(avatar)[32, :, :3].astype(int)
    left, right = shown[SIZE // 2 - 6], shown[SIZE // 2 + 6]
    np.testing.assert_allclose(left, (40, 90, 160), atol=2)
    np.testing.assert_allclose(right, (200, 60, 20), atol=2)


def test_alpha_masks_blends_or_is_ignored_as_the_file_says(tmp_path: Path) -> None:
    def seen(alpha: float, mode: str) -> NDArray[np.float64]:
        material = colored(*RED, alpha, alphaMode=mode, **UNLIT)
        avatar = load_avatar(write_avatar(tmp_path / "a.glb", material=material))
        return middle(drawn(avatar, background=Transparent()))

    np.testing.assert_allclose(seen(0.3, "OPAQUE"), [*srgb(*RED), 255], atol=1.0)
    np.testing.assert_allclose(seen(0.3, "MASK"), 0.0)
    np.testing.assert_allclose(seen(0.6, "MASK"), [*srgb(*RED), 255], atol=1.0)
    np.testing.assert_allclose(seen(0.4, "BLEND")[3], 0.4 * 255, atol=1.0)


def test_a_lit_face_is_brighter_towards_the_key_light(tmp_path: Path) -> None:
    avatar = load_avatar(write_avatar(tmp_path / "a.glb", material=colored(0.5, 0.5, 0.5)))
    row = drawn(avatar)[34, :, :3].astype(float).mean(axis=1)
    assert row[SIZE // 2 - 14] > row[SIZE // 2 + 14] + 20  # the key stands at the viewer's left


def test_an_outline_is_drawn_round_a_toon(tmp_path: Path) -> None:
    toon = {"specVersion": "1.0", "shadeColorFactor": [1.0, 1.0, 1.0]}
    outlined = {
        **toon,
        "outlineWidthMode": "worldCoordinates",
        "outlineWidthFactor": 0.02,
        "outlineColorFactor": [0.0, 0.0, 1.0],
        "outlineLightingMixFactor": 0.0,
    }
    counts = []
    for said in (toon, outlined):
        material = colored(1.0, 1.0, 1.0, extensions={"VRMC_materials_mtoon": said})
        avatar = load_avatar(write_avatar(tmp_path / "a.vrm", "VRM 1.0", material=material))
        image = drawn(avatar).astype(int)
        blue = (image[..., 2] > 200) & (image[..., 0] < 60) & (image[..., 1] < 60)
        counts.append(int(blue.sum()))
    assert counts[0] == 0 and counts[1] > 60


def test_the_mirrored_picture_is_the_mirror_image(tmp_path: Path) -> None:
    material = colored(*RED, **UNLIT)
    avatar = load_avatar(write_avatar(tmp_path / "a.glb", material=material))
    state = face(jawOpen=0.5, rotation=quaternion_from_euler(0.1, 0.4, 0.2))
    straight, other = (drawn(avatar, s)[..., :3].astype(int) for s in (state, mirrored(state)))
    assert np.abs(straight - other).max() > 100
    assert np.abs(straight - other[:, ::-1]).mean() < 1.5  # the arm is on one side only


@pytest.mark.parametrize("scale", [1.0, 100.0])
def test_the_face_stands_where_the_free_head_does(scale: float, tmp_path: Path) -> None:
    material = colored(*RED, **UNLIT)
    avatar = load_avatar(write_avatar(tmp_path / "a.glb", material=material, scale=scale))
    image = drawn(avatar)[..., :3].astype(int)
    red = (image[..., 0] > 150) & (image[..., 1] < 120)
    rows, columns = np.nonzero(red)
    assert abs(columns.mean() - SIZE / 2) < 2
    assert 4 < rows.min() < 24 and 50 < rows.max() < 80


def test_the_figure_shows_the_avatar_and_goes_back_to_the_free_head(tmp_path: Path) -> None:
    avatar = load_avatar(write_avatar(tmp_path / "a.glb", material=colored(*RED, **UNLIT)))

    def shown(figure: Figure, target: moderngl.Framebuffer) -> NDArray[np.float64]:
        figure.draw(
            target,
            "head",
            face(),
            None,
            mirrored=False,
            position=None,
            camera=Orbit().camera(1.0),
            background=GREEN,
        )
        rows = np.frombuffer(target.read(components=4, alignment=1), np.uint8)
        return middle(rows.reshape(SIZE, SIZE, 4)[::-1])[:3]

    look = next(iter(LOOKS.values()))
    with (
        offscreen_context() as context,
        Figure(context, look, avatar=avatar, face_models=None, supersampling=0.5) as figure,
    ):
        target = context.framebuffer([context.texture((SIZE, SIZE), 4)])
        assert np.abs(shown(figure, target) - srgb(*RED)).max() < 2
        figure.set_avatar(None)
        assert np.abs(shown(figure, target) - srgb(*RED)).max() > 20
        figure.set_avatar(avatar)
        assert np.abs(shown(figure, target) - srgb(*RED)).max() < 2


def test_a_snapshot_shows_the_avatar(tmp_path: Path) -> None:
    avatar = load_avatar(write_avatar(tmp_path / "a.glb", material=colored(*RED, **UNLIT)))
    settings = ViewerSettings(size=(SIZE, SIZE), background="transparent", supersampling=1.0)
    image = render_snapshot(face(), settings, avatar=avatar)
    assert image.shape == (SIZE, SIZE, 4)
    np.testing.assert_allclose(middle(image)[:3], srgb(*RED), atol=1.0)
    assert image[0, 0, 3] == 0
