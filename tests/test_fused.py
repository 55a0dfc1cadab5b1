"""The crop inside of a network's graph, against the crops of OpenCV and of upstream."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray

from engine.errors import ModelError
from engine.regressors import deca, expnet, smirk
from engine.runtime import RuntimeSettings, open_session
from engine.runtime.cropping import CroppingSession, CropRule, crop_image
from engine.runtime.fused import fused, with_batch_of_one
from tests.faces import photograph
from tests.small_networks import PROCESSOR, computed, network, showing_its_input

UPSTREAM = dict(np.load(Path(__file__).parent / "data" / "crops" / "upstream.npz"))
MADE = np.ascontiguousarray(UPSTREAM["image_rgb"][:, :, ::-1]).astype(np.uint8)
EVERY = slice(None, None, 8)


def crop(scale: float, angle: float, x: float, y: float) -> NDArray[np.float32]:
    cos, sin = scale * math.cos(angle), scale * math.sin(angle)
    return np.array([[cos, -sin, x], [sin, cos, y]], dtype=np.float32)


MATRICES = {
    "inside": crop(1.7, 0.2, 250, 100),
    "larger than the picture's pixels": crop(0.31, -0.4, 300.5, 300.25),
    "over the left and upper edge": crop(2.9, 0.1, -120, -90),
    "over the right and lower edge": crop(2.0, -0.3, 500, 560),
    "around the picture": crop(9.0, 0.0, -600, -600),
    "beside the picture": crop(1.0, 0.0, 5000, 100),
}
RULES = {
    "smirk": smirk.CROP,
    "deca": deca.CROP,
    "expnet": expnet.CROP,
    "bgr": CropRule("image", 64, "bgr", 1.0),
}


def seen_by_fused(
    image: NDArray[np.uint8], matrix: NDArray[np.floating], rule: CropRule, opset: int = 20
) -> NDArray[np.float32]:
    """What a network behind the fused crop gets."""
    graph = fused(showing_its_input(rule.size, opset=opset), rule)
    onnx.checker.check_model(graph, full_check=True)
    (seen,) = computed(graph, image, matrix.astype(np.float32))
    return np.asarray(seen)


@pytest.mark.parametrize("matrix", MATRICES.values(), ids=MATRICES.keys())
@pytest.mark.parametrize("rule", RULES.values(), ids=RULES.keys())
def test_the_fused_crop_is_opencvs(rule: CropRule, matrix: NDArray[np.float32]) -> None:
    image = photograph()
    ours = seen_by_fused(image, matrix, rule) / rule.scale
    theirs = crop_image(image, matrix, rule) / rule.scale
    apart = np.abs(ours - theirs)
    if rule.truncate:  # a level may fall on either side of a whole one
        assert apart.max() < 1.01
        assert np.mean(apart > 0.01) < 1e-3
    else:
        assert apart.max() < 0.05  # grey levels


@pytest.mark.parametrize("face", range(3))
def test_the_fused_crop_is_upstreams(face: int) -> None:
    matrix = np.linalg.inv(UPSTREAM["deca_crop_from_image"][face])[:2]
    seen = seen_by_fused(MADE, matrix, deca.CROP)[0, :, EVERY, EVERY]
    assert np.abs(seen - UPSTREAM["deca_crop"][face]).max() < 2e-3
    matrix = np.linalg.inv(UPSTREAM["smirk_crop_from_image"][face])[:2]
    seen = seen_by_fused(MADE, matrix, smirk.CROP)[0, :, EVERY, EVERY].transpose(1, 2, 0) * 255
    assert np.abs(seen - UPSTREAM["smirk_crop"][face]).max() < 1.01


def test_the_edge_fades_to_black_within_a_pixel() -> None:
    white = np.full((20, 30, 3), 255, np.uint8)
    rule = CropRule("image", 4, "rgb", 1 / 255)
    left_edge = np.array([[0.5, 0, -1], [0, 1, 5]], np.float32)  # samples at x = -1, -½, 0, ½
    seen = seen_by_fused(white, left_edge, rule)[0, 0, 0]
    assert seen == pytest.approx([0, 0.5, 1, 1], abs=1e-5)
    assert crop_image(white, left_edge, rule)[0, 0, 0] == pytest.approx([0, 0.5, 1, 1], abs=1e-5)


def test_whole_greys_stay_whole() -> None:
    for grey in (1, 99, 200, 255):
        even = np.full((500, 600, 3), grey, np.uint8)
        matrix = crop(1.234, 0.3, 150, 90)
        for seen in (seen_by_fused(even, matrix, smirk.CROP), crop_image(even, matrix, smirk.CROP)):
            assert np.round(seen * 255, 3) == pytest.approx(grey)


@pytest.mark.parametrize("opset", (16, 18, 20))
def test_the_crop_can_be_added_to_networks_of_these_opsets(opset: int) -> None:
    matrix = MATRICES["inside"]
    for rule in (deca.CROP, expnet.CROP):
        seen = seen_by_fused(photograph(), matrix, rule, opset) / rule.scale
        assert np.abs(seen - crop_image(photograph(), matrix, rule) / rule.scale).max() < 0.05


def test_frames_of_any_size_are_taken() -> None:
    graph = fused(showing_its_input(deca.CROP.size), deca.CROP)
    for height, width in ((720, 1280), (1080, 607), (64, 64)):
        image = np.ascontiguousarray(np.resize(photograph(), (height, width, 3)))
        matrix = crop(0.2, 0.1, 5, 6)
        (seen,) = computed(graph, image, matrix)
        assert np.abs(seen - crop_image(image, matrix, deca.CROP)).max() < 2e-4


def test_smirk_says_the_same_of_a_frame_as_of_its_crop(smirk_onnx: Path, tmp_path: Path) -> None:
    path = tmp_path / "fused.onnx"
    onnx.save(fused(onnx.load(smirk_onnx), smirk.CROP), path)
    plain = CroppingSession(open_session(smirk_onnx, PROCESSOR), smirk.CROP)
    whole = open_session(path, RuntimeSettings(threads=1))
    assert whole.inputs == plain.inputs
    assert [o.name for o in whole.outputs] == [o.name for o in plain.outputs]
    for name in ("inside", "over the left and upper edge"):
        arrays = photograph(), MATRICES[name]
        for ours, theirs in zip(whole.run(*arrays), plain.run(*arrays), strict=True):
            assert np.abs(ours - theirs).max() < 2e-4  # a few pixels are truncated the other way


def test_another_network_is_refused() -> None:
    node = onnx.helper.make_node("Add", ["image", "other"], ["sum"])
    shape = ["N", 3, 8, 8]
    two = network([node], {"image": shape, "other": shape}, {"sum": shape})
    with pytest.raises(ModelError, match=r"inputs are image, other; expected image alone"):
        fused(two, CropRule("image", 8, "rgb", 1.0))


def test_old_operators_are_refused() -> None:
    with pytest.raises(ModelError, match="opset 15; expected 16 or newer"):
        fused(showing_its_input(8, opset=15), CropRule("image", 8, "rgb", 1.0))


def test_a_network_of_other_free_sizes_is_refused() -> None:
    node = onnx.helper.make_node("Identity", ["image"], ["seen"])
    free = network([node], {"image": ["N", 3, "h", "w"]}, {"seen": ["N", 3, "h", "w"]})
    with pytest.raises(ModelError, match="image has 2 free sizes"):
        with_batch_of_one(free)
