"""build_trt: real plans of TensorRT-RTX, built here, where there may be no GPU."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import helper

import build_trt
from app.plans import file_blueprint, plans_folder
from engine.errors import ModelError
from engine.runtime import flavour
from engine.runtime.agreement import agreement, demand_agreement, example_inputs
from engine.runtime.build import Blueprint, BuildSettings, Plan, prepare_plan
from engine.runtime.compilation import Shares
from engine.runtime.cropping import FRAME_INPUTS, CropRule
from engine.runtime.device import find_gpu
from engine.runtime.flavour import load_tensorrt
from engine.runtime.fused import fused, with_batch_of_one
from engine.runtime.plan_card import PORTABLE, card_path, read_card
from tests.small_networks import network, small_face_network
from tests.test_fused_flame import VERTICES, made_model

ROOT = Path(__file__).parent.parent
RULE = CropRule("image", 32, "rgb", 1 / 255)
GPU = find_gpu()
FP32 = BuildSettings(precision="fp32")


def blueprint(path: Path, model: onnx.ModelProto | None = None, recipe: str = "crop") -> Blueprint:
    onnx.save(model or small_face_network(), path)
    return Blueprint("small", (path,), recipe, lambda: fused(onnx.load(path), RULE))


def prepare(
    plan: Blueprint, folder: Path, settings: BuildSettings = FP32
) -> tuple[Plan, list[str], list[float]]:
    lines: list[str] = []
    shares: list[float] = []
    found = prepare_plan(
        plan, settings, folder=folder, gpu=GPU, say=lines.append, progress=shares.append
    )
    return found, lines, shares


def test_a_plan_is_built_once_and_then_found(tmp_path: Path) -> None:
    small, folder = blueprint(tmp_path / "small.onnx"), tmp_path / "plans"
    plan, lines, shares = prepare(small, folder)
    version = load_tensorrt("rtx").version
    assert lines == [f"building small, fp32, TensorRT-RTX {version}: there is none yet"]
    assert plan.built
    assert plan.card.plan_bytes == plan.path.stat().st_size > 100_000
    assert plan.card.key.target == PORTABLE
    assert plan.card.inputs == ("frame uint8[?,?,3]", "image_from_crop float32[2,3]")
    assert plan.card.outputs == ("pose float32[1,3]", "jaw float32[1,2]")
    assert (plan.card.checks is None) == (GPU is None)
    assert shares == sorted(shares)
    assert 0.5 < shares[-1] <= 1.0

    again, lines, shares = prepare(small, folder)
    assert again == replace(plan, built=False)
    assert lines == shares == []
    assert len(list(folder.iterdir())) == 2


def test_both_precisions_stand_side_by_side(tmp_path: Path) -> None:
    small, folder = blueprint(tmp_path / "small.onnx"), tmp_path / "plans"
    full, half = prepare(small, folder)[0], prepare(small, folder, BuildSettings())[0]
    assert half.card.key.precision == "fp16"
    assert full.path.exists() and half.path.exists()


def test_another_model_file_replaces_the_plan_and_is_the_reason(tmp_path: Path) -> None:
    folder = tmp_path / "plans"
    old, _, _ = prepare(blueprint(tmp_path / "small.onnx"), folder)
    other = small_face_network()
    other.graph.initializer[1].raw_data = bytes(32)
    plan, lines, _ = prepare(blueprint(tmp_path / "small.onnx", other), folder)
    assert lines[0].endswith(": another model file")
    assert {path.name for path in folder.iterdir()} == {plan.path.name, f"{plan.path.name}.json"}
    assert not old.path.exists()


def test_a_damaged_plan_is_rebuilt_and_is_the_reason(tmp_path: Path) -> None:
    small, folder = blueprint(tmp_path / "small.onnx"), tmp_path / "plans"
    plan, _, _ = prepare(small, folder)
    plan.path.write_bytes(plan.path.read_bytes()[:-7])
    again, lines, _ = prepare(small, folder)
    assert again.built and "is damaged" in lines[0]
    card_path(plan.path).unlink()
    again, lines, _ = prepare(small, folder)
    assert again.built and "has no readable card" in lines[0]
    assert prepare(small, folder)[1] == []


def test_a_plan_of_an_older_tensorrt_is_rebuilt_and_is_the_reason(tmp_path: Path) -> None:
    small, folder = blueprint(tmp_path / "small.onnx"), tmp_path / "plans"
    plan, _, _ = prepare(small, folder)
    old = replace(plan.card.key, version="1.0")
    text = card_path(plan.path).read_text().replace(plan.card.key.version, "1.0")
    plan.path.rename(folder / old.file)
    card_path(plan.path).unlink()
    card_path(folder / old.file).write_text(text)
    again, lines, _ = prepare(small, folder)
    assert lines[0].endswith(f"TensorRT-RTX 1.0, now TensorRT-RTX {plan.card.key.version}")
    assert sorted(path.name for path in folder.iterdir()) == [
        again.path.name,
        f"{again.path.name}.json",
    ]


def test_tensorrt_says_why_it_cannot_build(tmp_path: Path) -> None:
    nodes = [
        helper.make_node("Det", ["image"], ["seen"], name="determinant"),
    ]
    model = network(nodes, {"image": [1, 3, 8, 8]}, {"seen": [1, 3]})
    path = tmp_path / "odd.onnx"
    onnx.save(model, path)
    odd = Blueprint("odd", (path,), "", lambda: with_batch_of_one(onnx.load(path)))
    with pytest.raises(ModelError, match=r"TensorRT-RTX .* cannot build the network: .*Det"):
        prepare(odd, tmp_path / "plans")
    assert not (tmp_path / "plans").exists()


def test_a_network_that_float16_cannot_hold_is_refused_and_nothing_kept(tmp_path: Path) -> None:
    nodes = [
        helper.make_node("ReduceSum", ["image"], ["sum"], keepdims=0, name="sum"),
        helper.make_node("Mul", ["sum", "sum"], ["square"], name="square"),
        helper.make_node("Unsqueeze", ["square", "axis"], ["energy"], name="energy"),
    ]
    loud = network(nodes, {"image": ["N", 3, 32, 32]}, {"energy": [1]}, {"axis": np.array([0])})
    small = blueprint(tmp_path / "loud.onnx", loud)
    with pytest.raises(
        ModelError, match=r"small in fp16 computes energy wrongly.*--precision fp32"
    ):
        prepare(small, tmp_path / "plans", BuildSettings())
    assert not (tmp_path / "plans").exists()
    assert prepare(small, tmp_path / "plans")[0].built


def test_ctrl_c_while_it_builds_leaves_nothing(tmp_path: Path) -> None:
    def interrupted(share: float) -> None:
        raise KeyboardInterrupt

    small = blueprint(tmp_path / "small.onnx")
    with pytest.raises(KeyboardInterrupt):
        prepare_plan(
            small,
            FP32,
            folder=tmp_path / "plans",
            gpu=GPU,
            say=lambda line: None,
            progress=interrupted,
        )
    assert not (tmp_path / "plans").exists()


@pytest.mark.parametrize("where", ["log", "phase_start", "phase_finish"])
def test_ctrl_c_is_not_lost_in_what_tensorrt_calls(
    where: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """As it comes by itself: while TensorRT is inside one of our methods."""

    came = False

    def interrupted(*_: object, **__: object) -> None:
        nonlocal came
        if not came:
            came = True
            signal.raise_signal(signal.SIGINT)

    if where == "log":
        monkeypatch.setattr(flavour.Messages, "note", interrupted)
    else:
        name = {"phase_start": "begin", "phase_finish": "end"}[where]
        monkeypatch.setattr(Shares, name, interrupted)
    onnx.save(small_face_network(), tmp_path / "mine.onnx")
    output = tmp_path / "there" / "mine.plan"
    assert build_trt.main([str(tmp_path / "mine.onnx"), "--output", str(output)]) == 130
    assert not output.parent.exists()
    assert capfd.readouterr().err == ""
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


@pytest.mark.skipif(GPU is not None, reason="full TensorRT may build here")
def test_the_full_tensorrt_is_asked_for_in_one_line(tmp_path: Path) -> None:
    small = blueprint(tmp_path / "small.onnx")
    with pytest.raises(ModelError, match=r"expected TensorRT.*pip install") as caught:
        prepare(small, tmp_path / "plans", BuildSettings(flavour="full"))
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "plans").exists()


def test_smirks_plan_is_built_from_its_name(
    smirk_onnx: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    models = plans_folder().parent / "models"
    models.mkdir(parents=True)
    (models / "smirk.onnx").write_bytes(smirk_onnx.read_bytes())
    assert build_trt.main(["smirk"]) == 0
    told = capsys.readouterr().out
    (plan,) = plans_folder().glob("smirk-fp16-rtx-*.plan")
    assert str(plan) in told
    assert "inputs: frame uint8[?,?,3]; image_from_crop float32[2,3]" in told
    if GPU is None:
        assert "not yet run" in told


def test_flames_vertices_are_one_more_output(
    smirk_onnx: Path, capsys: pytest.CaptureFixture[str], random: np.random.Generator
) -> None:
    models = plans_folder().parent / "models"
    models.mkdir(parents=True)
    (models / "smirk.onnx").write_bytes(smirk_onnx.read_bytes())
    assert build_trt.main(["smirk", "--vertices"]) == 1
    assert "flame" in capsys.readouterr().err
    head = made_model(random)
    np.savez(
        models / "flame.npz",
        **{
            name: np.asarray(getattr(head, name))
            for name in (
                "template",
                "faces",
                "shape_basis",
                "expression_basis",
                "pose_basis",
                "joint_regressor",
                "parents",
                "skin_weights",
            )
        },
    )
    assert build_trt.main(["smirk", "--vertices"]) == 0
    assert f"vertices float32[1,{VERTICES},3]" in capsys.readouterr().out
    kept = {path.name.partition("-fp16")[0] for path in plans_folder().glob("*.plan")}
    assert kept == {"smirk-vertices"}  # beside "smirk", which it does not replace


def test_mediapipes_three_networks_become_one_plan(
    face_networks: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    models = plans_folder().parent / "models"
    models.mkdir(parents=True)
    for path in face_networks.glob("*.onnx"):
        (models / path.name).write_bytes(path.read_bytes())
    assert build_trt.main(["mediapipe"]) == 0
    told = capsys.readouterr().out
    assert "MB, fp32, for " in told  # fp16 would be off by more than half a pixel
    assert len(list(plans_folder().glob("*.plan"))) == 1
    for name in ("boxes", "landmarks", "presence", "blendshapes"):
        assert f"{name} float32[1," in told


def test_any_onnx_file_is_taken_and_the_plan_goes_where_it_is_wanted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    onnx.save(small_face_network(), tmp_path / "mine.onnx")
    output = tmp_path / "there" / "mine.plan"
    assert build_trt.main([str(tmp_path / "mine.onnx"), "--output", str(output)]) == 0
    assert "inputs: image float32[1,3,32,32]" in capsys.readouterr().out
    card = read_card(output)
    assert card is not None and card.plan_bytes == output.stat().st_size
    assert not plans_folder().exists()


@pytest.mark.parametrize("there", ["mine.onnx", "letter.txt", "new.json", "folder"])
def test_what_is_no_plan_is_not_overwritten(
    there: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    onnx.save(small_face_network(), tmp_path / "mine.onnx")
    (tmp_path / "folder").mkdir()
    for name in ("letter.txt", "new.json"):
        (tmp_path / name).write_text("dear")
    before = {path: path.read_bytes() for path in tmp_path.iterdir() if path.is_file()}
    output = tmp_path / there.removesuffix(".json")  # the card would be new.json
    assert build_trt.main([str(tmp_path / "mine.onnx"), "--output", str(output)]) == 1
    error = capsys.readouterr().err
    assert f"{tmp_path / there} is there and is no plan of mien" in error
    assert error.count("\n") == 1
    assert before == {path: path.read_bytes() for path in tmp_path.iterdir() if path.is_file()}


def test_a_plan_of_ours_is_replaced_where_it_is_wanted(tmp_path: Path) -> None:
    onnx.save(small_face_network(), tmp_path / "mine.onnx")
    arguments = [str(tmp_path / "mine.onnx"), "--output", str(tmp_path / "mine.plan")]
    assert build_trt.main(arguments) == 0
    (tmp_path / "mine.plan").write_bytes(b"damaged")
    assert build_trt.main(arguments) == 0
    assert (tmp_path / "mine.plan").stat().st_size > 1000


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["smirk"], "cannot build a plan of smirk: there is no "),
        (["expnet", "--vertices"], "it does not use FLAME; expected one of smirk, deca, emoca"),
        (["mine.onnx", "--vertices"], "only what a name stands for is known"),
        (["nobody"], "expected one of mediapipe, smirk, deca, emoca, expnet or an .onnx file"),
        (["nobody.onnx"], "there is no such file"),
        (["broken.onnx"], "cannot load the network broken.onnx"),
        (["empty.onnx"], "cannot build a plan of empty.onnx: it has 0 inputs and 0 outputs"),
        (["lost.onnx"], "cannot load the network lost.onnx"),
        (["odd.onnx"], "cannot load the network odd.onnx"),
        (["nan.onnx"], "a plan of nan.onnx: its output seen is not finite in ONNX Runtime either"),
    ],
)
def test_a_network_that_is_not_there_is_told_in_one_line(
    arguments: list[str],
    told: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("broken.onnx").write_bytes(b"\x08\x07garbage")
    Path("empty.onnx").write_bytes(b"")
    lost = small_face_network()
    onnx.save(lost, "lost.onnx", save_as_external_data=True, location="data", size_threshold=0)
    Path("data").write_bytes(b"short")
    nodes = [helper.make_node("Neg", ["image"], ["x"]), helper.make_node("Log", ["x"], ["seen"])]
    odd = network(nodes, {"image": [1, 3]}, {"seen": [1, 3]})
    onnx.save(odd, "nan.onnx")
    odd.graph.node[1].op_type = "Nothing"
    onnx.save(odd, "odd.onnx")
    assert build_trt.main(arguments) == 1
    error = capsys.readouterr().err
    assert told in error
    assert error.startswith("build_trt: ") and error.count("\n") == 1
    assert not plans_folder().exists()


def test_weights_among_the_inputs_are_weights(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    old = small_face_network()
    for tensor in list(old.graph.initializer):
        value = helper.make_tensor_value_info(tensor.name, tensor.data_type, tensor.dims)
        old.graph.input.append(value)
    onnx.save(old, tmp_path / "old.onnx")
    assert build_trt.main([str(tmp_path / "old.onnx")]) == 0
    assert "inputs: image float32[1,3,32,32]\n" in capsys.readouterr().out


@pytest.mark.skipif(sys.platform != "linux", reason="/dev/full is Linux's")
@pytest.mark.parametrize("stdout", ["full", "closed"])
def test_what_nobody_reads_is_told_in_one_line(stdout: str, tmp_path: Path) -> None:
    onnx.save(small_face_network(), tmp_path / "mine.onnx")
    command = [sys.executable, "build_trt.py", str(tmp_path / "mine.onnx")]
    reading, writing = os.pipe()
    os.close(reading)
    with open("/dev/full", "wb") as full, os.fdopen(writing, "wb") as closed:
        done = subprocess.run(
            command,
            cwd=ROOT,
            stdout=full if stdout == "full" else closed,
            stderr=subprocess.PIPE,
            text=True,
        )
    assert done.returncode == 1
    assert done.stderr.startswith("build_trt: cannot print: ")
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("content", ["", "raise OSError('libnvinfer.so.10: cannot open')"])
def test_a_hollow_tensorrt_is_told_like_none(content: str, tmp_path: Path) -> None:
    for name in ("tensorrt_rtx", "tensorrt"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text(content)
    onnx.save(small_face_network(), tmp_path / "mine.onnx")
    done = subprocess.run(
        [sys.executable, "build_trt.py", str(tmp_path / "mine.onnx")],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    assert done.stderr.startswith("build_trt: TensorRT cannot be loaded (TensorRT-RTX: ")
    assert done.stderr.count("\n") == 1


def test_without_tensorrt_one_line_says_how_to_install_it(tmp_path: Path) -> None:
    onnx.save(small_face_network(), tmp_path / "mine.onnx")
    hidden = "import sys; sys.modules['tensorrt_rtx'] = sys.modules['tensorrt'] = None; "
    command = hidden + "import build_trt; sys.exit(build_trt.main(sys.argv[1:]))"
    done = subprocess.run(
        [sys.executable, "-c", command, str(tmp_path / "mine.onnx")],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1
    assert done.stderr.rstrip().endswith("Install it: pip install tensorrt-rtx cuda-bindings")
    assert not plans_folder().exists()


def test_wrong_usage_is_told_with_code_2(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        build_trt.main(["smirk", "--precision", "int8"])
    assert caught.value.code == 2
    assert "invalid choice: 'int8'" in capsys.readouterr().err


def test_equal_file_names_in_two_folders_are_two_networks(tmp_path: Path) -> None:
    for folder in ("one", "other"):
        (tmp_path / folder).mkdir()
        onnx.save(small_face_network(), tmp_path / folder / "my[1].onnx")
        assert build_trt.main([str(tmp_path / folder / "my[1].onnx")]) == 0
    assert len(list(plans_folder().glob("*.plan"))) == 2
    other = small_face_network()
    other.graph.initializer[1].raw_data = bytes(32)
    onnx.save(other, tmp_path / "one" / "my[1].onnx")
    assert build_trt.main([str(tmp_path / "one" / "my[1].onnx")]) == 0
    assert len(list(plans_folder().glob("*.plan"))) == 2


def test_weights_in_a_file_beside_the_network_count(tmp_path: Path) -> None:
    path = tmp_path / "mine.onnx"
    onnx.save(
        small_face_network(),
        path,
        save_as_external_data=True,
        location="mine.data",
        size_threshold=0,
    )
    file, data = file_blueprint(path).files
    assert (file, data) == (path, tmp_path / "mine.data")
    before, _, _ = prepare(file_blueprint(path), tmp_path / "plans")
    content = bytearray(data.read_bytes())
    content[100] ^= 8
    data.write_bytes(content)
    after, lines, _ = prepare(file_blueprint(path), tmp_path / "plans")
    assert after.built and lines[0].endswith(": another model file")
    assert before.card.plan_sha256 != after.card.plan_sha256


def test_example_inputs_are_pictures_and_crops_and_always_the_same() -> None:
    first, second = example_inputs(FRAME_INPUTS), example_inputs(FRAME_INPUTS)
    for one, other in zip(first, second, strict=True):
        assert all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))
    frame, matrix = first[0]
    assert (frame.dtype, frame.shape, matrix.shape) == (np.uint8, (720, 1280, 3), (2, 3))
    assert frame.std() > 30
    assert not np.array_equal(frame, first[1][0])


def test_an_output_is_judged_by_its_own_spread() -> None:
    expected = [(np.array([100.0, 50.0]),), (np.array([100.2, 50.2]),)]
    slightly = [(np.array([100.01, 50.01]),), (np.array([100.21, 50.21]),)]
    constant = [(np.array([100.1, 50.1]),), (np.array([100.1, 50.1]),)]  # blind to its input
    (good,) = agreement(["y"], expected, slightly, "fp16")
    (bad,) = agreement(["y"], expected, constant, "fp32")
    assert good.spread == pytest.approx(0.1)
    assert good.passed and not bad.passed
    demand_agreement("it", [good], "")
    with pytest.raises(ModelError, match=r"it computes y wrongly: off by 0\.1 .*Do this\."):
        demand_agreement("it", [bad], "Do this.")


def test_no_number_is_no_agreement() -> None:
    expected = [(np.array([1.0]),), (np.array([2.0]),)]
    with np.errstate(invalid="ignore"):
        (check,) = agreement(["y"], expected, [(np.array([np.nan]),)] * 2, "fp16")
    assert not check.passed


def test_progress_of_nested_phases_only_grows() -> None:
    shares = Shares()
    seen = []
    shares.begin("build", 2)
    shares.begin("parse", 4)
    for _ in range(4):
        shares.step("parse")
        seen.append(shares.share)
    shares.end("parse")
    shares.step("build")
    seen.append(shares.share)
    shares.begin("time", 1)
    seen.append(shares.share)
    shares.end("build")
    seen.append(shares.share)
    assert seen == pytest.approx([0.125, 0.25, 0.375, 0.5, 0.5, 0.5, 0.5])
