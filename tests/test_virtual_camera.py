"""The figure as a webcam: when it is sent, what is said when it cannot be, what others see."""

from __future__ import annotations

import argparse
import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

import app.virtual_camera.camera
from app.commands.run import add_parser
from app.commands.run_settings import settings_from
from app.profile import read_profile, write_profile
from app.settings import Profile
from app.sources import SourceSettings, open_source
from app.sources.camera import open_camera
from app.sources.devices import Camera
from app.statistics import Statistics
from app.viewer import Shown, ViewerSettings, open_studio, open_viewer
from app.viewer.figure import Figure
from app.viewer.probe import probe_display
from app.viewer.snapshot import render_snapshot
from app.virtual_camera import VirtualCameraSettings
from app.virtual_camera.camera import VirtualCamera
from app.virtual_camera.device import Device, open_device
from engine.errors import OutputError, SettingsError, SourceError
from tests.faces import frame, photograph
from tests.states import face
from tests.webcams import Webcam

SIZE = (320, 180)
ON = VirtualCameraSettings(on=True, size=SIZE)
GREY = np.full((SIZE[1], SIZE[0], 4), 128, np.uint8)
SHOWN = Shown(frame(np.full((90, 160, 3), 64, np.uint8)), face(jawOpen=0.4))
STATISTICS = Statistics(
    source="demo", capture_rate_hz=30.0, state_rate_hz=30.0, latency=None, dropped=0
)
PICTURE_BYTES = 1280 * 720 * 3 // 2  # I420, which pyvirtualcam writes on Linux
PATIENCE = 120.0  # s; a loaded machine without a graphics card draws a first picture slowly


class Shelf:
    """Opens webcams; while it is empty it gives none."""

    def __init__(self) -> None:
        self.empty = False
        self.opened: list[Webcam] = []

    def open(self, settings: VirtualCameraSettings) -> Device:
        if self.empty:
            raise OutputError("no virtual camera here. Load one.")
        self.opened.append(Webcam(settings))
        return self.opened[-1]


class Spectator:
    """Takes pictures as a virtual camera does."""

    def __init__(self) -> None:
        self.wanted, self.size, self.rate, self.transparent = True, SIZE, 30.0, False
        self.images: list[NDArray[np.uint8]] = []

    def put(self, image: NDArray[np.uint8]) -> None:
        self.images.append(image.copy())


def until(happened: Callable[[], object], turn: Callable[[], object] = lambda: None) -> None:
    end = time.perf_counter() + PATIENCE
    while not happened() and time.perf_counter() < end:
        turn()
    assert happened()


@pytest.fixture
def shelf(monkeypatch: pytest.MonkeyPatch) -> Shelf:
    monkeypatch.setattr(app.virtual_camera.camera, "RETRY", 0.0)
    return Shelf()


@pytest.fixture(scope="module")
def display() -> None:
    found = probe_display()
    if found.problem is not None:
        pytest.skip(found.reason)


def test_a_picture_is_sent_and_sent_again_while_no_other_comes(shelf: Shelf) -> None:
    with VirtualCamera(ON, open_device=shelf.open) as camera:
        until(lambda: camera.wanted)
        camera.put(GREY)
        (webcam,) = shelf.opened
        until(lambda: len(webcam.images) >= 3)
        assert camera.statistics.pictures >= 3
        assert camera.device == "/dev/video9"
    assert webcam.closed
    assert webcam.images[-1].shape == (SIZE[1], SIZE[0], 3)


def test_alpha_goes_to_a_device_that_takes_it(shelf: Shelf) -> None:
    with VirtualCamera(replace(ON, device="glass"), open_device=shelf.open) as camera:
        until(lambda: camera.transparent)
        camera.put(GREY)
        until(lambda: shelf.opened[0].images)
    np.testing.assert_array_equal(shelf.opened[0].images[0], GREY)


def test_a_camera_that_goes_is_told_once_and_comes_back(
    shelf: Shelf, caplog: pytest.LogCaptureFixture
) -> None:
    with VirtualCamera(ON, open_device=shelf.open) as camera, caplog.at_level(logging.WARNING):
        until(lambda: camera.wanted)
        camera.put(GREY)
        until(lambda: shelf.opened[0].images)
        shelf.empty = shelf.opened[0].gone = True
        until(lambda: camera.fault == "no virtual camera here. Load one.")
        assert not camera.wanted
        until(lambda: len(caplog.records) >= 2)
        shelf.empty = False
        until(lambda: len(shelf.opened) == 2 and camera.wanted)
        camera.put(GREY)
        until(lambda: shelf.opened[1].images)
        assert camera.fault == ""
    assert [record.getMessage() for record in caplog.records] == [
        "the virtual camera is gone. Going on without it.",
        "no virtual camera here. Load one. Going on without it.",
    ]


def test_one_that_is_asked_for_and_cannot_be_had_ends_the_run(shelf: Shelf) -> None:
    shelf.empty = True
    with pytest.raises(OutputError, match="no virtual camera here"):
        VirtualCamera(ON, open_device=shelf.open).require()
    VirtualCamera(replace(ON, on=False), open_device=shelf.open).require()  # nobody asked


def test_switched_off_it_frees_the_device_and_switched_on_opens_it_again(shelf: Shelf) -> None:
    with VirtualCamera(replace(ON, on=False), open_device=shelf.open) as camera:
        assert not camera.wanted
        camera.take(ON)
        until(lambda: camera.wanted)
        camera.take(replace(ON, on=False))
        until(lambda: shelf.opened[0].closed)
        camera.take(replace(ON, device="/dev/video7"))
        until(lambda: camera.device == "/dev/video7")


def test_without_the_package_one_line_names_the_extra_and_its_licence(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "pyvirtualcam", None)
    with pytest.raises(OutputError) as raised:
        open_device(ON)
    assert 'pip install ".[camera]"' in str(raised.value)
    assert "GPL" in str(raised.value)
    assert "\n" not in str(raised.value)


def test_without_the_package_of_ndi_one_line_names_the_extra_and_whose_it_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "cyndilib.sender", None)
    with pytest.raises(OutputError) as raised:
        open_device(replace(ON, device="ndi"))
    assert 'pip install ".[ndi]"' in str(raised.value)
    assert "Vizrt" in str(raised.value)


def test_mien_does_not_watch_its_own_virtual_camera() -> None:
    own = Camera(3, "mien", "/dev/video3", cv2.CAP_V4L2)
    for spec, name in (("3", "/dev/video3"), ("mien", "mien")):
        with pytest.raises(SourceError, match="shows mien's own picture"):
            open_camera(SourceSettings(spec=spec), list_cameras=lambda: (own,), own_camera=name)
    assert open_source(SourceSettings(spec="demo"), own_camera="/dev/video3").name == "demo.mp4"


def test_a_virtual_camera_is_told_from_a_real_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number, bus in ((0, "pci0000:00/usb1"), (2, "virtual")):
        device = tmp_path / "devices" / bus / "video4linux" / f"video{number}"
        device.mkdir(parents=True)
        (tmp_path / f"video{number}").symlink_to(device)
    monkeypatch.setattr("app.sources.devices.SYSTEM_VIDEO", tmp_path)
    assert Camera(0, "Integrated Webcam", "/dev/video0", 0).title == "Integrated Webcam"
    assert Camera(2, "mien", "/dev/video2", 0).title == "mien, virtual"
    assert Camera(1, "OBS Virtual Camera", None, 0).virtual
    assert not Camera(1, "C920", r"\\?\usb#vid_046d", 0).virtual


def test_the_profile_keeps_it(tmp_path: Path) -> None:
    kept = VirtualCameraSettings(True, "/dev/video10", (640, 360), 25.0)
    write_profile(tmp_path / "p.toml", Profile(virtual_camera=kept))
    assert read_profile(tmp_path / "p.toml", Profile).virtual_camera == kept


@pytest.mark.parametrize("table", ["size = [641, 360]", "size = [8, 8]", "rate = 0.5"])
def test_a_size_or_rate_that_no_webcam_has_is_refused(tmp_path: Path, table: str) -> None:
    (tmp_path / "p.toml").write_text(f"[virtual_camera]\n{table}\n")
    with pytest.raises(SettingsError, match=r"virtual_camera.*expected"):
        read_profile(tmp_path / "p.toml", Profile)


# --- what is drawn --------------------------------------------------------------------------------


@pytest.fixture
def spectator() -> Spectator:
    return Spectator()


@pytest.mark.gl
def test_without_a_window_the_webcam_shows_what_a_snapshot_shows(spectator: Spectator) -> None:
    settings = ViewerSettings(supersampling=1.0)
    with open_studio(settings, spectator) as studio:
        until(lambda: spectator.images, lambda: studio.draw(SHOWN, mirrored=False))
    snapshot = render_snapshot(SHOWN.state, replace(settings, size=SIZE))
    assert np.abs(spectator.images[0][..., :3].astype(int) - snapshot).max() <= 1


@pytest.mark.gl
def test_a_transparent_background_is_the_colour_key_for_a_webcam_and_said_once(
    spectator: Spectator, caplog: pytest.LogCaptureFixture
) -> None:
    settings = ViewerSettings(supersampling=0.5, background="transparent", key_color="#12c056")
    with open_studio(settings, spectator) as studio:
        until(lambda: len(spectator.images) > 1, lambda: studio.draw(SHOWN, mirrored=False))
    assert (spectator.images[-1][0] == (0x12, 0xC0, 0x56, 255)).all()
    assert [r.getMessage() for r in caplog.records if "transparency" in r.getMessage()] == [
        "A webcam has no transparency: the virtual camera shows the colour key."
    ]


@pytest.mark.gl
def test_where_alpha_is_taken_the_figure_stands_before_nothing(spectator: Spectator) -> None:
    spectator.transparent = True
    settings = ViewerSettings(supersampling=1.0, background="transparent")
    with open_studio(settings, spectator) as studio:
        until(lambda: spectator.images, lambda: studio.draw(SHOWN, mirrored=False))
    snapshot = render_snapshot(SHOWN.state, replace(settings, size=SIZE))  # straight, too
    strong = snapshot[..., 3] > 127  # below, rounding makes much of little
    np.testing.assert_allclose(spectator.images[0][..., 3], snapshot[..., 3], atol=1)
    np.testing.assert_allclose(spectator.images[0][strong], snapshot[strong], atol=2)


@pytest.mark.gl
def test_nothing_is_drawn_while_nobody_wants_it(
    spectator: Spectator, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: list[object] = []
    draw = Figure.draw
    monkeypatch.setattr(Figure, "draw", lambda *a, **k: drawn.append(a) or draw(*a, **k))
    with open_studio(ViewerSettings(supersampling=0.5), spectator) as studio:
        spectator.wanted = False
        studio.draw(SHOWN, mirrored=False)
        assert not drawn
        spectator.wanted = True
        studio.draw(SHOWN, mirrored=False)
        assert len(drawn) == 1


@pytest.mark.window
def test_the_windows_panels_are_not_in_the_webcams_picture(
    display: None, spectator: Spectator
) -> None:
    settings = ViewerSettings(
        size=(640, 480), panel=True, bars=True, rates=True, supersampling=1.0, vsync=False
    )
    with open_viewer(settings, audience=spectator) as viewer:
        until(lambda: spectator.images, lambda: viewer.draw(SHOWN, STATISTICS))
    snapshot = render_snapshot(SHOWN.state, replace(settings, size=SIZE))
    assert np.abs(spectator.images[0][..., :3].astype(int) - snapshot).max() <= 1


@pytest.mark.window
def test_a_minimised_window_goes_on_filling_the_webcam(
    display: None, spectator: Spectator, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open_viewer(
        ViewerSettings(size=(320, 240), supersampling=0.5, vsync=False), audience=spectator
    ) as viewer:
        monkeypatch.setattr(type(viewer.window), "drawable", False)
        until(lambda: len(spectator.images) > 1, lambda: viewer.draw(SHOWN, STATISTICS))


# --- the real pyvirtualcam ------------------------------------------------------------------------


@pytest.fixture(scope="module")
def loopback(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A library that makes a plain file a v4l2loopback device, for pyvirtualcam to open."""
    pytest.importorskip("pyvirtualcam")
    if sys.platform != "linux":
        pytest.skip("v4l2loopback is Linux's")
    library = tmp_path_factory.mktemp("loopback") / "loopback.so"
    source = Path(__file__).with_name("loopback.c")
    command = ["cc", "-shared", "-fPIC", "-Wall", "-o", str(library), str(source), "-ldl"]
    subprocess.run(command, check=True)
    return library


def pictures_in(device: Path) -> NDArray[np.uint8]:
    """(N, 1080, 1280) I420 that were written to it."""
    written = np.fromfile(device, np.uint8)
    return written[: len(written) // PICTURE_BYTES * PICTURE_BYTES].reshape(-1, 1080, 1280)


def shows_a_face(device: Path) -> bool:
    """Whether another picture has followed the first, which may show the head before any face."""
    written = pictures_in(device)
    return len(written) > 0 and bool((written[-1] != written[0]).any())


@pytest.mark.peer
@pytest.mark.gl
def test_what_pyvirtualcam_writes_to_the_device_is_the_picture_of_the_snapshot(
    loopback: Path, tmp_path: Path
) -> None:
    clip, device, snapshot = (tmp_path / name for name in ("still.avi", "video42", "snap.png"))
    writer = cv2.VideoWriter(str(clip), cv2.VideoWriter.fourcc(*"MJPG"), 24.0, (720, 720))
    for _ in range(24):
        writer.write(photograph())
    writer.release()
    device.touch()
    arguments = ("--source", str(clip), "--loop", "--no-window", "--no-output")
    files = ("--snapshot", str(snapshot), "--virtual-camera", str(device))
    running = subprocess.Popen(
        [sys.executable, "-m", "app", "run", *arguments, *files],
        env=os.environ | {"LD_PRELOAD": str(loopback)},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        until(lambda: shows_a_face(device) or running.poll() is not None)
    finally:
        running.send_signal(signal.SIGINT)
        said, _ = running.communicate(timeout=PATIENCE)
    written = pictures_in(device)
    assert f"virtual camera: {len(written)} pictures" in said
    seen = cv2.cvtColor(written[-1], cv2.COLOR_YUV2BGR_I420)
    expected = cv2.imread(str(snapshot))
    assert expected is not None
    # the snapshot is drawn more finely, so neither edges nor hairs agree to the pixel
    small = [cv2.resize(p, (80, 45), interpolation=cv2.INTER_AREA) for p in (seen, expected)]
    assert np.abs(small[0].astype(int) - small[1]).mean() < 3.0


@pytest.mark.peer
def test_without_a_device_pyvirtualcams_reason_becomes_one_line_with_what_to_do(
    loopback: Path,
) -> None:
    arguments = ("--source", "demo", "--no-window", "--virtual-camera", "/dev/video9999")
    ended = subprocess.run(
        [sys.executable, "-m", "app", "run", *arguments], capture_output=True, text=True
    )
    assert ended.returncode == 1
    assert ended.stderr.startswith("mien: cannot open a virtual camera: Device /dev/video9999 does")
    assert "modprobe v4l2loopback" in ended.stderr
    assert ended.stderr.count("\n") == 1


@pytest.mark.peer
def test_a_device_file_that_vanishes_is_noticed(
    loopback: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = (
        "import sys, numpy as np; from app.virtual_camera import VirtualCameraSettings as S;"
        "from app.virtual_camera.device import open_device; from pathlib import Path;"
        "from engine.errors import OutputError; path = Path(sys.argv[1]);"
        "device = open_device(S(True, str(path), (32, 16)));"
        "image = np.zeros((16, 32, 3), np.uint8); device.send(image); path.unlink()\n"
        "try: device.send(image)\n"
        "except OutputError as error: print(error)"
    )
    device = tmp_path / "video42"
    device.touch()
    ended = subprocess.run(
        [sys.executable, "-c", script, str(device)],
        env=os.environ | {"LD_PRELOAD": str(loopback)},
        capture_output=True,
        text=True,
    )
    assert ended.stdout.startswith(f"the virtual camera {device} is gone."), ended.stderr


@pytest.mark.peer
def test_a_receiver_of_ndi_sees_the_colours_and_the_alpha(tmp_path: Path) -> None:
    pytest.importorskip("cyndilib")
    (tmp_path / "ndi-config.v1.json").write_text('{"ndi": {"networks": {"ips": "127.0.0.1,"}}}')
    environment = os.environ | {"NDI_CONFIG_DIR": str(tmp_path)}
    name = f"mien test {os.getpid()}"
    command = [sys.executable, str(Path(__file__).with_name("ndi_receiver.py")), name]
    image = np.zeros((SIZE[1], SIZE[0], 4), np.uint8)
    image[:, :160] = 200, 100, 50, 255
    image[:, 160:] = 10, 200, 30, 128
    image[90:] = 0
    settings = replace(ON, device=f"ndi:{name}")
    with VirtualCamera(settings) as camera:
        until(lambda: camera.wanted)
        camera.put(image)
        seen = subprocess.run(command, env=environment, capture_output=True, timeout=PATIENCE)
    received = np.frombuffer(seen.stdout, np.uint8)
    assert received.size == image.size, seen.stderr.decode()
    received = received.reshape(image.shape)
    for row, column in ((40, 80), (40, 240), (150, 80), (150, 240)):  # away from the seams
        np.testing.assert_allclose(received[row, column], image[row, column], atol=8)
        assert received[row, column, 3] == image[row, column, 3]


# --- asking for it --------------------------------------------------------------------------------


def asked(*arguments: str) -> VirtualCameraSettings:
    parser = argparse.ArgumentParser()
    add_parser(parser.add_subparsers())
    return settings_from(parser.parse_args(["run", *arguments])).virtual_camera


def test_the_command_line_asks_for_it_or_against_it() -> None:
    assert asked() == VirtualCameraSettings()
    assert asked("--virtual-camera") == VirtualCameraSettings(on=True)
    assert asked("--virtual-camera", "/dev/video9").device == "/dev/video9"
    assert not asked("--no-virtual-camera").on
    with pytest.raises(SettingsError, match="exclude each other"):
        asked("--virtual-camera", "--no-virtual-camera")
