"""TensorRT takes over between two pictures, or stays away, while faces are tracked all the time."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from app.plan_sessions import ApartBuild, open_plan_session
from app.takeover import Takeover, TakingOver, takeovers, warm_up
from app.threads import Latest
from engine.data import Frame, Observation
from engine.errors import ModelError
from engine.landmarker.networks import SeparateNetworks
from engine.landmarker.session import SessionLandmarker
from engine.runtime import RuntimeSettings
from engine.runtime.cropping import CroppingSession, CropRule
from engine.runtime.device import find_gpu
from engine.runtime.device.recording import RecordingDevice
from engine.runtime.fused import fused
from engine.runtime.onnx import OnnxSession
from engine.runtime.rehearsal import RehearsalEngine
from engine.runtime.trt import PlanSession
from models.face_landmarker import face_landmarker_files
from tests.faces import face_model, observation, photograph
from tests.faces import frame as made_frame
from tests.small_networks import PROCESSOR, small_face_network

RULE = CropRule("image", 32, "rgb", 1 / 255)
MATRIX = np.array([[9.0, 0.5, 120.0], [-0.5, 9.0, 90.0]], np.float32)
PATIENCE = 20.0  # s that a thread is waited for


def on_processor() -> CroppingSession:
    content = small_face_network().SerializeToString()
    return CroppingSession(OnnxSession(Path("small"), PROCESSOR, content=content), RULE)


def on_card(device: RecordingDevice) -> PlanSession:
    content = fused(small_face_network(), RULE).SerializeToString()
    network = OnnxSession(Path("small"), PROCESSOR, content=content)
    return PlanSession(device, RehearsalEngine(network, device, captures=True), name="TensorRT 99")


class Watching:
    """An observer that computes with a session and notes where, and what came out."""

    def __init__(self) -> None:
        self.session: CroppingSession | PlanSession = on_processor()
        self.devices: list[str] = []
        self.poses: list[np.ndarray] = []

    def use(self, session: CroppingSession | PlanSession) -> None:
        self.session.close()
        self.session = session

    def leave(self) -> None:
        self.use(on_processor())

    def observe(self, frame: Frame) -> Observation | None:
        pose, _ = self.session.run(frame.image, MATRIX)
        self.devices.append(self.session.device)
        self.poses.append(pose.copy())
        return observation(frame.timestamp)


def watch_until(tracking: TakingOver, done: Callable[[], bool]) -> None:
    began, index = time.monotonic(), 0
    while not done():
        assert time.monotonic() - began < PATIENCE
        assert tracking.observe(made_frame(photograph(), index)) is not None
        index += 1


def test_tracking_goes_on_and_then_on_the_card_without_a_jump() -> None:
    device, watching = RecordingDevice(), Watching()
    takeover = Takeover("smirk", lambda: on_card(device), watching.use, watching.leave)  # type: ignore[arg-type]
    with TakingOver(watching, [takeover]) as tracking:
        watch_until(tracking, lambda: watching.devices[-3:] == ["Recording, TensorRT 99"] * 3)
        assert watching.devices[0] == "processor, ONNX Runtime"
        changes = [a != b for a, b in zip(watching.devices, watching.devices[1:], strict=False)]
        assert changes.count(True) == 1
        assert np.ptp(watching.poses, axis=0).max() < 1e-4
        launches = device.calls.count("launch")
        assert launches >= 3 + 1  # the one before it was handed over
    watching.session.close()
    assert device.things == {}


def test_two_networks_are_taken_over_one_after_the_other() -> None:
    devices = RecordingDevice(), RecordingDevice()
    first, second = Watching(), Watching()

    class Both:
        def observe(self, frame: Frame) -> Observation | None:
            first.observe(frame)
            return second.observe(frame)

    waiting = [
        Takeover("smirk", lambda: on_card(devices[0]), first.use, first.leave),  # type: ignore[arg-type]
        Takeover("mediapipe", lambda: on_card(devices[1]), second.use, second.leave),  # type: ignore[arg-type]
    ]
    with TakingOver(Both(), waiting) as tracking:
        watch_until(tracking, lambda: bool(second.devices) and "TensorRT" in second.devices[-1])
    assert "TensorRT" in first.devices[-1]
    first.session.close()
    second.session.close()
    assert devices[0].things == devices[1].things == {}


def test_without_tensorrt_tracking_stays_where_it_is(caplog: pytest.LogCaptureFixture) -> None:
    def none() -> PlanSession:
        raise ModelError("TensorRT cannot be loaded")

    watching = Watching()
    with (
        caplog.at_level("INFO", logger="app.takeover"),
        TakingOver(watching, [Takeover("smirk", none, watching.use, watching.leave)]) as tracking,  # type: ignore[arg-type]
    ):
        watch_until(tracking, lambda: bool(caplog.messages) and len(watching.devices) > 3)
    assert caplog.messages == ["smirk stays where it is: TensorRT cannot be loaded"]
    assert set(watching.devices) == {"processor, ONNX Runtime"}
    watching.session.close()


def test_a_session_that_nobody_took_is_closed() -> None:
    device, watching = RecordingDevice(), Watching()
    takeover = Takeover("smirk", lambda: on_card(device), watching.use, watching.leave)  # type: ignore[arg-type]
    with TakingOver(watching, [takeover]) as tracking:
        tracking.observe(made_frame(photograph()))
        began = time.monotonic()
        while "launch" not in device.calls:
            assert time.monotonic() - began < PATIENCE
    assert device.things == {}
    watching.session.close()


def test_a_fault_in_the_background_ends_no_run(caplog: pytest.LogCaptureFixture) -> None:
    def faulty() -> PlanSession:
        raise KeyError("rtx2")

    watching = Watching()
    with TakingOver(
        watching, [Takeover("smirk", faulty, watching.use, watching.leave)]
    ) as tracking:  # type: ignore[arg-type]
        watch_until(tracking, lambda: bool(caplog.messages) and len(watching.devices) > 3)
    assert caplog.messages == [
        "TensorRT is not used: KeyError: 'rtx2'; expected no such fault. Report it, or use "
        "--runtime onnx."
    ]
    watching.session.close()


def test_another_network_ends_no_run(caplog: pytest.LogCaptureFixture) -> None:
    device, watching = RecordingDevice(), Watching()

    def refuse(session: PlanSession) -> None:
        session.close()
        raise ModelError("this is another network")

    takeover = Takeover("smirk", lambda: on_card(device), refuse, watching.leave)  # type: ignore[arg-type]
    with (
        caplog.at_level("INFO", logger="app.takeover"),
        TakingOver(watching, [takeover]) as tracking,
    ):
        watch_until(tracking, lambda: bool(caplog.messages))
    assert caplog.messages == ["smirk stays where it is: this is another network"]
    assert set(watching.devices) == {"processor, ONNX Runtime"}
    assert device.things == {}
    watching.session.close()


class FailingDevice(RecordingDevice):
    """A card that fails for good once it is told to."""

    fails = False

    def synchronize(self, stream: int) -> None:
        if self.fails:
            raise ModelError("the graphics card failed (CUDA_ERROR_LAUNCH_FAILED)")
        super().synchronize(stream)


def test_the_processor_goes_on_with_the_picture_at_which_the_card_fails(
    caplog: pytest.LogCaptureFixture,
) -> None:
    device, watching = FailingDevice(), Watching()
    takeover = Takeover("smirk", lambda: on_card(device), watching.use, watching.leave)  # type: ignore[arg-type]
    with TakingOver(watching, [takeover]) as tracking:
        watch_until(tracking, lambda: watching.devices[-1:] == ["Recording, TensorRT 99"])
        device.fails = True
        seen = len(watching.devices)
        assert tracking.observe(made_frame(photograph(), 999)) is not None
        assert tracking.observe(made_frame(photograph(), 1000)) is not None
    assert watching.devices[seen:] == ["processor, ONNX Runtime"] * 2
    assert caplog.messages == [
        "TensorRT ends, the processor goes on: the graphics card failed (CUDA_ERROR_LAUNCH_FAILED)"
    ]
    watching.session.close()


def test_a_session_that_is_finished_after_the_run_is_closed() -> None:
    device, watching, going = RecordingDevice(), Watching(), Latest(True)

    def slowly() -> PlanSession:
        began = time.monotonic()
        while going.peek() and time.monotonic() - began < PATIENCE:
            pass
        return on_card(device)

    stopped: Latest[bool] = Latest()
    takeover = Takeover(
        "smirk",
        slowly,  # type: ignore[arg-type]
        watching.use,  # type: ignore[arg-type]
        watching.leave,
        lambda: stopped.put(True),
    )
    with TakingOver(watching, [takeover]) as tracking:
        tracking.observe(made_frame(photograph()))
        assert not stopped.peek()
    assert stopped.peek()  # what builds apart was told to end
    going.put(False)
    began = time.monotonic()
    while device.is_open or "launch" not in device.calls:
        assert time.monotonic() - began < PATIENCE
    assert device.things == {}
    watching.session.close()


def test_a_build_apart_can_be_ended() -> None:
    build = ApartBuild("deca")
    build.stop()
    began = time.monotonic()
    with pytest.raises(ModelError, match="it ended with code"):
        build.run()
    assert time.monotonic() - began < PATIENCE


def test_what_is_demanded_at_once_fails_at_once() -> None:
    def none() -> PlanSession:
        raise ModelError("no card")

    watching = Watching()
    with pytest.raises(ModelError, match="no card"):
        Takeover("smirk", none, watching.use, watching.leave).at_once()  # type: ignore[arg-type]
    device = RecordingDevice()
    Takeover("smirk", lambda: on_card(device), watching.use, watching.leave).at_once()  # type: ignore[arg-type]
    assert watching.session.device == "Recording, TensorRT 99"
    watching.session.close()


def test_a_session_that_cannot_run_is_closed() -> None:
    device = RecordingDevice()
    session = on_card(device)
    with pytest.raises(ModelError, match="cannot take frame"):
        warm_up(session, (7,))
    assert device.things == {} and not device.is_open


@pytest.mark.skipif(find_gpu() is not None, reason="there is a GPU")
def test_without_a_gpu_no_plan_is_built(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="cannot reach the graphics card"):
        open_plan_session("smirk", models=tmp_path)
    assert not (tmp_path / "home").exists()


def test_a_build_in_a_process_of_its_own_tells_its_reason() -> None:
    with pytest.raises(ModelError, match=r"^cannot build a plan of deca: there is no .*deca\.onnx"):
        ApartBuild("deca").run()


def test_mediapipes_networks_can_be_taken_over(face_networks: Path) -> None:
    files = face_landmarker_files(face_model(), face_networks)
    landmarker = SessionLandmarker(SeparateNetworks(files, PROCESSOR), files.canonical_face)
    (takeover,) = takeovers(
        landmarker, None, task=face_model(), models=face_networks, runtime=RuntimeSettings()
    )
    assert takeover.name == "mediapipe"
    device = RecordingDevice()
    with pytest.raises(ModelError, match="no plan of mediapipe"):
        takeover.use(on_card(device))
    assert device.things == {}  # another network is refused, closed, and nothing changes
    before = landmarker.search(photograph())
    assert before is not None and before.presence is not None
    landmarker.close()
