"""The TensorRT session on a recorded card: order of calls, results, leaks, threads, errors."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from engine.errors import ModelError
from engine.runtime import RuntimeSettings, open_session
from engine.runtime.cropping import CropRule, crop_image
from engine.runtime.device import find_gpu
from engine.runtime.device.recording import RecordingDevice
from engine.runtime.engine import told_faults
from engine.runtime.flavour import load_tensorrt
from engine.runtime.fused import fused, with_batch_of_one
from engine.runtime.onnx import OnnxSession
from engine.runtime.plan_card import card_path
from engine.runtime.rehearsal import RehearsalEngine
from engine.runtime.trt import PlanSession
from tests.faces import photograph
from tests.small_networks import PROCESSOR, computed, small_face_network
from tests.test_build_trt import blueprint, prepare

RULE = CropRule("image", 32, "rgb", 1 / 255)
MATRIX = np.array([[9.0, 0.5, 120.0], [-0.5, 9.0, 90.0]], np.float32)


class Rehearsal:
    """A session with all that it holds within reach."""

    def __init__(self, *, captures: bool = True) -> None:
        self.device = RecordingDevice()
        content = fused(small_face_network(), RULE).SerializeToString()
        network = OnnxSession(Path("small"), PROCESSOR, content=content)
        self.engine = RehearsalEngine(network, self.device, captures=captures)
        self.session = PlanSession(self.device, self.engine, name="TensorRT 99")

    def calls_of(self, action: Callable[[], object]) -> list[str]:
        before = len(self.device.calls)
        action()
        return self.device.calls[before:]


@pytest.fixture(params=[True, False], ids=["our graph", "its own graph"])
def rehearsal(request: pytest.FixtureRequest) -> Iterator[Rehearsal]:
    found = Rehearsal(captures=request.param)
    yield found
    found.session.close()
    assert found.device.things == {}
    assert found.engine.contexts == 0
    assert not found.device.is_open


def expected(image: np.ndarray, matrix: np.ndarray) -> tuple[np.ndarray, ...]:
    return computed(small_face_network(), crop_image(image, matrix, RULE))


def equal(found: tuple[np.ndarray, ...], wanted: tuple[np.ndarray, ...]) -> bool:
    return all(np.allclose(a, b, atol=1e-4) for a, b in zip(found, wanted, strict=True))


def test_it_computes_what_the_network_computes(
    rehearsal: Rehearsal, random: np.random.Generator
) -> None:
    session = rehearsal.session
    assert [tensor.name for tensor in session.inputs] == ["frame", "image_from_crop"]
    assert [tensor.name for tensor in session.outputs] == ["pose", "jaw"]
    assert session.device == "Recording, TensorRT 99"
    for _ in range(5):  # both sets of buffers, several times
        image = np.roll(photograph(), int(random.integers(0, 300)), axis=1)
        matrix = MATRIX + random.normal(0, 0.3, (2, 3)).astype(np.float32)
        assert equal(session.run(image, matrix), expected(image, matrix))
        assert session.engine_ms == 0.0


def test_a_run_uploads_launches_and_waits_in_this_order(rehearsal: Rehearsal) -> None:
    session, image = rehearsal.session, photograph()
    session.run(image, MATRIX)
    calls = rehearsal.calls_of(lambda: session.run(image, MATRIX))
    launched = ["launch"] if rehearsal.engine.captures else ["upload", "enqueue", "download"]
    assert calls == [
        "push",
        "synchronize",  # of the upload before the last, which is long over
        "upload",
        "record",
        "wait",
        "record",
        *launched,
        "record",
        "pop",
        "push",
        "synchronize",
        "pop",
    ]


def test_the_first_run_compiles_before_the_graph_is_captured(rehearsal: Rehearsal) -> None:
    calls = rehearsal.calls_of(lambda: rehearsal.session.run(photograph(), MATRIX))
    calls = [call for call in calls if not call.startswith(("bind", "open", "push", "pop"))]
    warm_up = ["upload", "upload", "enqueue", "download", "synchronize"]
    capture = ["begin_capture", "upload", "enqueue", "download"]
    slot = [*warm_up, *capture] if rehearsal.engine.captures else warm_up
    assert calls[2 : 2 + 2 * len(slot)] == [*slot, *slot]
    assert rehearsal.engine.kept == 1


def test_a_frame_allocates_nothing(rehearsal: Rehearsal) -> None:
    session, image = rehearsal.session, photograph()
    for _ in range(3):
        session.run(image, MATRIX)
    things = dict(rehearsal.device.things)
    calls = rehearsal.calls_of(lambda: [session.run(image, MATRIX) for _ in range(20)])
    assert rehearsal.device.things == things
    assert not [call for call in calls if call.startswith(("open", "close", "bind", "begin"))]
    if rehearsal.engine.captures:
        assert "enqueue" not in calls


def test_a_frame_takes_no_memory_of_its_size(rehearsal: Rehearsal) -> None:
    session, image = rehearsal.session, photograph()
    session.run(image, MATRIX)
    session.run(image, MATRIX)
    tracemalloc.start()
    session.expect(image)
    session.submit(image, MATRIX)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < image.nbytes / 20


def test_a_picture_that_was_sent_ahead_is_not_sent_again(rehearsal: Rehearsal) -> None:
    session = rehearsal.session
    first, second = photograph(), np.ascontiguousarray(photograph()[:, ::-1])
    session.run(first, MATRIX)
    session.expect(second)
    calls = rehearsal.calls_of(lambda: session.submit(second, MATRIX))
    assert calls[:3] == ["push", "wait", "record"]
    assert equal(session.collect(), expected(second, MATRIX))


def test_another_picture_than_the_one_sent_ahead_is_computed_rightly(rehearsal: Rehearsal) -> None:
    session = rehearsal.session
    first, second = photograph(), np.ascontiguousarray(photograph()[:, ::-1])
    session.run(first, MATRIX)
    session.expect(second)  # nobody asks for it: no face was found there
    assert equal(session.run(first, MATRIX), expected(first, MATRIX))
    session.expect(first)
    session.expect(second)
    assert equal(session.run(second, MATRIX), expected(second, MATRIX))


def test_the_next_picture_goes_up_while_this_one_is_computed(rehearsal: Rehearsal) -> None:
    session = rehearsal.session
    pictures = [np.roll(photograph(), 40 * shift, axis=1) for shift in range(4)]
    session.submit(pictures[0], MATRIX)
    for this, following in pairwise(pictures):
        calls = rehearsal.calls_of(lambda following=following: session.expect(following))
        assert calls == ["push", "synchronize", "upload", "record", "pop"]
        assert equal(session.collect(), expected(this, MATRIX))
        session.submit(following, MATRIX)
    assert equal(session.collect(), expected(pictures[-1], MATRIX))


def test_results_stay_until_the_run_after_the_next(rehearsal: Rehearsal) -> None:
    session, other = rehearsal.session, np.ascontiguousarray(photograph()[::-1])
    first = session.run(photograph(), MATRIX)
    session.run(other, MATRIX)
    assert equal(first, expected(photograph(), MATRIX))


def test_another_size_of_frame_binds_anew_and_frees_the_old(rehearsal: Rehearsal) -> None:
    session = rehearsal.session
    session.run(photograph(), MATRIX)
    count = len(rehearsal.device.things)
    small = np.ascontiguousarray(photograph()[:480, :640])
    assert equal(session.run(small, MATRIX), expected(small, MATRIX))
    assert len(rehearsal.device.things) == count
    assert rehearsal.engine.contexts == 2


def test_it_closes_in_order_and_once(rehearsal: Rehearsal) -> None:
    rehearsal.session.run(photograph(), MATRIX)
    calls = rehearsal.calls_of(rehearsal.session.close)
    slot = [call for call in calls if call != "synchronize"]
    assert calls[:3] == ["push", "synchronize", "synchronize"]
    assert slot[-7:] == [
        "close context",
        "close event",
        "close event",
        "close stream",
        "close stream",
        "close engine",
        "pop",
    ]
    if rehearsal.engine.captures:
        assert calls[3] == "close graph"
    assert rehearsal.calls_of(rehearsal.session.close) == []


def test_a_session_that_never_ran_closes_too(rehearsal: Rehearsal) -> None:
    rehearsal.session.close()


def test_a_picture_of_another_kind_is_told(rehearsal: Rehearsal) -> None:
    with pytest.raises(ModelError, match=r"cannot take frame of the shape \(720, 720\)"):
        rehearsal.session.run(photograph()[:, :, 0], MATRIX)
    assert equal(rehearsal.session.run(photograph(), MATRIX), expected(photograph(), MATRIX))


class FailingDevice(RecordingDevice):
    """Runs out of memory at the n-th thing that is opened."""

    def __init__(self, survives: int) -> None:
        super().__init__()
        self._left = survives

    def _given(self, kind: str, number: int | None = None) -> int:
        self._left -= 1
        if self._left < 0:
            raise ModelError("the graphics card has no memory left")
        return super()._given(kind, number)


@pytest.mark.parametrize("survives", range(20))
def test_whatever_cannot_be_had_nothing_leaks(survives: int) -> None:
    device = FailingDevice(survives)
    content = fused(small_face_network(), RULE).SerializeToString()
    network = OnnxSession(Path("small"), PROCESSOR, content=content)
    engine = RehearsalEngine(network, device, captures=True)
    with pytest.raises(ModelError, match="no memory left"):
        with PlanSession(device, engine, name="TensorRT 99") as session:
            session.run(photograph(), MATRIX)
    assert device.things == {}
    assert engine.contexts == 0
    assert not engine.is_open


def test_a_failure_in_a_capture_ends_the_capture() -> None:
    rehearsal = Rehearsal()
    enqueued = 0
    context = rehearsal.engine.open_context()
    rehearsal.engine.contexts -= 1
    original = type(context).enqueue

    def second_fails(self: object, stream: int) -> None:
        nonlocal enqueued
        enqueued += 1
        if enqueued == 2:
            raise ModelError("TensorRT cannot run")
        original(self, stream)  # type: ignore[arg-type]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(type(context), "enqueue", second_fails)
        with pytest.raises(ModelError, match="TensorRT cannot run"):
            rehearsal.session.run(photograph(), MATRIX)
    rehearsal.session.close()
    assert rehearsal.device.things == {}


def test_a_network_of_crops_runs_as_well() -> None:
    device = RecordingDevice()
    content = with_batch_of_one(small_face_network()).SerializeToString()
    network = OnnxSession(Path("small"), PROCESSOR, content=content)
    engine = RehearsalEngine(network, device, captures=True)
    crop = crop_image(photograph(), MATRIX, RULE)
    with PlanSession(device, engine, name="TensorRT 99") as session:
        for _ in range(3):
            assert equal(session.run(crop), computed(small_face_network(), crop))
    assert device.things == {}


def test_the_recorded_card_gives_wrong_numbers_to_who_does_not_wait() -> None:
    device = RecordingDevice()
    with device.current():
        stream, other = device.open_stream(), device.open_stream()
        host, result = device.pinned(4), device.pinned(4)
        place, event = device.allocate(4), device.open_event()
        host[:] = 1
        device.upload(place, host, stream)
        device.record(event, stream)
        device.wait(other, event)
        device.download(result, place, other)
        assert result.tolist() == [0xAA] * 4  # not waited for
        host[:] = 2  # too soon: it is still being uploaded
        device.synchronize(other)
        assert result.tolist() == [2] * 4


def test_the_recorded_card_refuses_calls_outside_of_its_context() -> None:
    device = RecordingDevice()
    with pytest.raises(ModelError, match="while the context was not current"):
        device.open_stream()


def test_tensorrt_rtx_has_the_names_that_only_a_gpu_gets_to() -> None:
    """Not that they work: that none is misspelt."""
    trt = load_tensorrt("rtx").module
    names = {
        trt.Runtime: ("get_engine_validity", "deserialize_cuda_engine"),
        trt.ICudaEngine: (
            "num_io_tensors",
            "get_tensor_name",
            "get_tensor_mode",
            "get_tensor_shape",
            "get_tensor_dtype",
            "create_runtime_config",
            "create_execution_context",
        ),
        trt.IRuntimeConfig: (
            "cuda_graph_strategy",
            "dynamic_shapes_kernel_specialization_strategy",
            "create_runtime_cache",
            "set_runtime_cache",
        ),
        trt.IRuntimeCache: ("serialize", "deserialize"),
        trt.IExecutionContext: ("set_input_shape", "set_tensor_address", "execute_async_v3"),
        trt.CudaGraphStrategy: ("WHOLE_GRAPH_CAPTURE",),
        trt.DynamicShapesKernelSpecializationStrategy: ("EAGER",),
        trt.EngineValidity: ("INVALID",),
        trt.TensorIOMode: ("INPUT",),
        trt.ComputeCapability: ("SM75",),
    }
    assert [
        f"{t.__name__}.{n}" for t, some in names.items() for n in some if not hasattr(t, n)
    ] == []
    assert trt.nptype(trt.DataType.UINT8) is np.uint8


def test_the_diagnosis_of_a_plan_is_told_in_words() -> None:
    trt = load_tensorrt("rtx").module
    assert told_faults(trt, 2 | 4) == "unsupported cc, old cuda driver"
    assert told_faults(trt, 0) == ""


@pytest.mark.skipif(find_gpu() is not None, reason="a plan can run here")
def test_a_real_plan_without_a_gpu_is_told_in_one_line(tmp_path: Path) -> None:
    plan, _, _ = prepare(blueprint(tmp_path / "small.onnx"), tmp_path)
    with pytest.raises(ModelError, match="cannot reach the graphics card") as caught:
        open_session(plan.path, RuntimeSettings())
    assert "\n" not in str(caught.value)
    assert "use --runtime onnx" in str(caught.value)


def test_a_plan_of_another_version_is_told(tmp_path: Path) -> None:
    plan, _, _ = prepare(blueprint(tmp_path / "small.onnx"), tmp_path)
    card = card_path(plan.path)
    card.write_text(card.read_text().replace(plan.card.key.version, "1.2.3"))
    with pytest.raises(ModelError, match=r"built by TensorRT-RTX 1\.2\.3; expected 1\."):
        open_session(plan.path, RuntimeSettings())


def test_a_plan_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"Build it: python build_trt\.py"):
        open_session(tmp_path / "none.plan", RuntimeSettings())
