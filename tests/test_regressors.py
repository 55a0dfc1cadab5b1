from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from engine.data import BfmCoefficients, FlameCoefficients
from engine.errors import ModelError
from engine.regressors import Regressor, RegressorName, open_regressor
from engine.regressors.crops import CropBox
from engine.runtime import RuntimeSettings, open_session
from tests.hollow_regressors import DECA, EXPNET, SMIRK, write_network
from tests.synthetic_networks import pictures, upstream

SETTINGS = RuntimeSettings(threads=1)
SIZES = {"smirk": SMIRK, "deca": DECA, "emoca": DECA, "expnet": EXPNET}
SIDES = {"expnet": 227}
NAMES: tuple[RegressorName, ...] = ("smirk", "deca", "emoca", "expnet")
BOX = CropBox(60.0, 50.0, 40.0)
BLUE = np.zeros((100, 120, 3), np.uint8)
BLUE[..., 0] = 255


def small(folder: Path, name: RegressorName, **gains: NDArray[np.float64]) -> Regressor:
    """The regressor with a network of a few numbers."""
    write_network(folder / f"{name}.onnx", SIZES[name], side=SIDES.get(name, 224), **gains)
    return open_regressor(name, folder, SETTINGS)


def numbers(place: int, size: int) -> NDArray[np.float64]:
    """What a small network's output at that place is."""
    return place + 0.01 * np.arange(size)


def test_smirks_outputs_become_flames_numbers(tmp_path: Path) -> None:
    seen = small(tmp_path, "smirk").regress(BLUE, BOX).coefficients
    assert isinstance(seen, FlameCoefficients)
    assert seen.rotation == pytest.approx(numbers(0, 3))
    assert seen.camera == pytest.approx(numbers(1, 3))
    assert seen.shape == pytest.approx(numbers(2, 300))
    assert seen.expression == pytest.approx(np.append(numbers(3, 50), np.zeros(50)))
    assert seen.eyelids == pytest.approx(numbers(4, 2))
    assert seen.jaw == pytest.approx(numbers(5, 3))
    assert not seen.neck.any()


@pytest.mark.parametrize("name", ["deca", "emoca"])
def test_decas_outputs_become_flames_numbers_without_eyelids(
    tmp_path: Path, name: RegressorName
) -> None:
    seen = small(tmp_path, name).regress(BLUE, BOX).coefficients
    assert isinstance(seen, FlameCoefficients)
    assert seen.shape == pytest.approx(np.append(numbers(0, 100), np.zeros(200)))
    assert seen.expression == pytest.approx(np.append(numbers(2, 50), np.zeros(50)))
    assert np.append(seen.rotation, seen.jaw) == pytest.approx(numbers(3, 6))
    assert seen.camera == pytest.approx(numbers(4, 3))
    assert not seen.eyelids.any() and not seen.neck.any()


def test_expnets_outputs_become_bfms_numbers(tmp_path: Path) -> None:
    seen = small(tmp_path, "expnet").regress(BLUE, BOX).coefficients
    assert isinstance(seen, BfmCoefficients)
    assert seen.expression == pytest.approx(numbers(0, 29))
    assert seen.shape == pytest.approx(numbers(1, 99))
    assert np.append(seen.rotation, seen.translation) == pytest.approx(numbers(3, 6))


@pytest.mark.parametrize(
    ("name", "output", "blue"),
    [
        ("smirk", "pose", [0, 0, 1]),
        ("deca", "cam", [0, 0, 1]),
        ("emoca", "cam", [0, 0, 1]),
        ("expnet", "expression", [255, 0, 0]),
    ],
)
def test_networks_see_colours_in_their_own_order_and_scale(
    tmp_path: Path, name: RegressorName, output: str, blue: list[float]
) -> None:
    gain = np.zeros((3, SIZES[name][output]))
    gain[:, :3] = np.eye(3)
    seen = small(tmp_path, name, **{output: gain}).regress(BLUE, BOX).coefficients
    assert isinstance(seen, BfmCoefficients | FlameCoefficients)
    match name, seen:
        case "smirk", FlameCoefficients():
            found = seen.rotation - numbers(0, 3)
        case "expnet", BfmCoefficients():
            found = seen.expression[:3] - numbers(0, 3)
        case _, FlameCoefficients():
            found = seen.camera - numbers(4, 3)
    assert found == pytest.approx(blue, abs=1e-4)


def test_smirk_gives_upstreams_numbers_for_upstreams_pictures(smirk_onnx: Path) -> None:
    expected = upstream("smirk")
    with_identity = CropBox(111.5, 111.5, 223.0)  # the crop is the picture, pixel for pixel
    regressor = open_regressor("smirk", smirk_onnx.parent, SETTINGS)
    for i, picture in enumerate(pictures("smirk")):
        image = np.rint(picture.transpose(1, 2, 0)[:, :, ::-1] * 255).astype(np.uint8)
        regression = regressor.regress(np.ascontiguousarray(image), with_identity)
        seen = regression.coefficients
        assert isinstance(seen, FlameCoefficients)
        assert regression.image_from_crop == pytest.approx(np.eye(3)[:2])
        assert seen.shape == pytest.approx(expected["shape"][i], abs=1e-4)
        assert seen.expression[:50] == pytest.approx(expected["expression"][i], abs=1e-4)
        assert seen.rotation == pytest.approx(expected["pose"][i], abs=1e-4)
        assert seen.eyelids == pytest.approx(expected["eyelids"][i], abs=1e-4)


@pytest.mark.parametrize("name", NAMES)
def test_a_known_shape_is_handed_on_as_it_is(tmp_path: Path, name: RegressorName) -> None:
    regressor = small(tmp_path, name)
    shape = np.full(99 if name == "expnet" else 300, 0.5)
    assert regressor.regress(BLUE, BOX, shape).coefficients.shape is shape


def test_a_session_computes_only_the_outputs_that_are_wanted(tmp_path: Path) -> None:
    path = write_network(tmp_path / "smirk.onnx", SMIRK)
    with open_session(path, SETTINGS, ("jaw", "cam")) as session:
        assert [output.name for output in session.outputs] == ["jaw", "cam"]
        jaw, camera = session.run(np.zeros((1, 3, 224, 224), np.float32))
    assert jaw[0] == pytest.approx(numbers(5, 3)) and camera[0] == pytest.approx(numbers(1, 3))


def test_coefficients_tell_where_the_crop_lies(tmp_path: Path) -> None:
    matrix = small(tmp_path, "smirk").regress(BLUE, BOX).image_from_crop
    assert matrix @ [0, 0, 1] == pytest.approx([BOX.x - 20, BOX.y - 20])
    assert matrix @ [223, 223, 1] == pytest.approx([BOX.x + 20, BOX.y + 20])


def test_another_session_of_the_same_network_takes_over(tmp_path: Path) -> None:
    regressor = small(tmp_path, "smirk")
    path = write_network(tmp_path / "other.onnx", SMIRK | {"vertices": 30}, pose=np.ones((3, 3)))
    regressor.use(open_session(path, SETTINGS))
    seen = regressor.regress(BLUE, BOX).coefficients
    assert seen.rotation == pytest.approx(numbers(0, 3) + 1.0)
    regressor.close()
    regressor.close()


def test_a_session_of_another_network_is_refused_and_the_present_one_goes_on(
    tmp_path: Path,
) -> None:
    regressor = small(tmp_path, "smirk")
    path = write_network(tmp_path / "other.onnx", DECA)
    with pytest.raises(ModelError, match="not the network smirk: it makes shape"):
        regressor.use(open_session(path, SETTINGS))
    assert regressor.regress(BLUE, BOX).coefficients.rotation == pytest.approx(numbers(0, 3))


@pytest.mark.parametrize("name", NAMES)
def test_a_regressor_that_is_not_there_says_how_to_add_it(
    tmp_path: Path, name: RegressorName
) -> None:
    with pytest.raises(ModelError, match=f"mien models add {name} FILE") as caught:
        open_regressor(name, tmp_path, SETTINGS)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("content", [b"", b"not a network", b"\x08\x09\x12\x04torch" * 40])
def test_a_broken_file_is_refused_in_one_line(
    tmp_path: Path, name: RegressorName, content: bytes
) -> None:
    path = tmp_path / f"{name}.onnx"
    path.write_bytes(content)
    with pytest.raises(ModelError, match="cannot load the network") as caught:
        open_regressor(name, tmp_path, SETTINGS)
    assert str(path) in str(caught.value) and "\n" not in str(caught.value)
    with pytest.raises(ModelError, match="cannot load the network"):
        open_session(path, SETTINGS)


def test_a_file_cut_short_is_refused_in_one_line(tmp_path: Path) -> None:
    path = write_network(tmp_path / "smirk.onnx", SMIRK)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(ModelError, match="cannot load the network") as caught:
        open_regressor("smirk", tmp_path, SETTINGS)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", NAMES)
def test_another_networks_file_is_refused_in_one_line(tmp_path: Path, name: RegressorName) -> None:
    other = SMIRK if name != "smirk" else DECA
    write_network(tmp_path / f"{name}.onnx", other)
    with pytest.raises(ModelError, match=r"not the network|it has no output") as caught:
        open_regressor(name, tmp_path, SETTINGS)
    assert "\n" not in str(caught.value)


def test_outputs_of_other_sizes_are_refused(tmp_path: Path) -> None:
    write_network(tmp_path / "smirk.onnx", SMIRK | {"expression": 100})
    with pytest.raises(
        ModelError, match=r"makes .*expression \[100\].*; expected .*expression \[50\]"
    ) as caught:
        open_regressor("smirk", tmp_path, SETTINGS)
    assert "\n" not in str(caught.value)


def test_a_crop_of_another_size_is_refused(tmp_path: Path) -> None:
    write_network(tmp_path / "smirk.onnx", SMIRK, side=227)
    with pytest.raises(ModelError, match="not the network smirk") as caught:
        open_regressor("smirk", tmp_path, SETTINGS)
    assert "\n" not in str(caught.value)


def test_numbers_that_are_not_finite_are_an_error(tmp_path: Path) -> None:
    regressor = small(tmp_path, "smirk", jaw=np.full((3, 3), np.nan))
    with pytest.raises(ModelError, match="not finite"):
        regressor.regress(BLUE, BOX)
