"""Every state that a probe can find, and what the support file holds."""

from __future__ import annotations

import argparse
import hashlib
import os
import re
import socket
import zipfile
from dataclasses import replace
from pathlib import Path

import cv2
import pytest

from app.cli import COMMANDS
from app.commands import doctor as command
from app.doctor import cameras, display, files, gpu, packages, receivers
from app.doctor.bundle import write_bundle
from app.doctor.finding import Finding, Verdict, report_lines
from app.doctor.words import COMMAND_WORDS
from app.outputs import OutputSettings, parse_output
from app.privacy import Anonymiser
from app.sources.capture import VideoCapture
from app.sources.devices import Camera
from app.sources.source import SourceSettings
from app.viewer.probe import Display, DisplayProblem
from app.viewer.snapshot import offscreen_context
from engine.errors import SettingsError, SourceError, ViewerError
from models.card import ModelCard, StoredFile
from models.store import ModelFile

DATA = Path(__file__).parent / "data" / "sources"
OK, NOTE, WARN, FAIL = Verdict.OK, Verdict.NOTE, Verdict.WARN, Verdict.FAIL


def test_the_report_is_aligned_and_counts_its_troubles() -> None:
    findings = [
        Finding(OK, "Python", "3.11"),
        Finding(WARN, "camera", "none found", "Plug one in."),
        Finding(FAIL, "log folder", "cannot be written", "Correct its rights."),
    ]
    assert report_lines(findings) == [
        "ok    Python      3.11",
        "warn  camera      none found",
        "                  → Plug one in.",
        "FAIL  log folder  cannot be written",
        "                  → Correct its rights.",
        "1 failed, 1 to look at.",
    ]
    assert report_lines(findings[:1])[-1] == "All is well."


def test_an_old_python_fails() -> None:
    assert packages.probe_python((3, 10, 4)).verdict is FAIL
    assert packages.probe_python((3, 11, 0)).verdict is OK
    assert packages.probe_python().verdict is OK


REQUIREMENTS = (
    "numpy>=1.26",
    "mediapipe==0.10.31",
    "opencv-python>=4.10",
    'pywin32; sys_platform == "win32"',
    'torch>=2; extra == "flame"',
)
INSTALLED = {"numpy": "2.4.6", "mediapipe": "0.10.31", "opencv-python": "5.0.0.93"}


def test_complete_packages_are_told_with_their_versions() -> None:
    (finding,) = packages.probe_packages(REQUIREMENTS, INSTALLED)
    assert finding.verdict is OK
    assert "mediapipe 0.10.31" in finding.text and "opencv-python 5.0.0.93" in finding.text


def test_a_missing_package_or_another_version_of_a_pinned_one_fails() -> None:
    without = {name: version for name, version in INSTALLED.items() if name != "numpy"}
    (finding,) = packages.probe_packages(REQUIREMENTS, without)
    assert finding.verdict is FAIL and "numpy is missing" in finding.text
    (finding,) = packages.probe_packages(REQUIREMENTS, {**INSTALLED, "mediapipe": "1.2.2"})
    assert finding.verdict is FAIL and "mediapipe is 1.2.2 instead of 0.10.31" in finding.text


def test_two_opencvs_fail_with_the_commands_that_mend_it() -> None:
    both = {**INSTALLED, "opencv-python-headless": "5.0.0.93"}
    findings = packages.probe_packages(REQUIREMENTS, both)
    assert findings[-1].verdict is FAIL
    assert "pip uninstall -y opencv-python opencv-python-headless" in findings[-1].advice


def test_running_without_an_installation_is_a_warning() -> None:
    (finding,) = packages.probe_packages(None, INSTALLED)
    assert finding.verdict is WARN


def test_the_installed_packages_of_this_python_are_seen() -> None:
    assert packages.installed_packages()["opencv-python"].startswith(cv2.__version__)


def test_a_bundled_file_that_is_absent_fails() -> None:
    assert packages.probe_bundled_files(("head.npz",)) == []
    (finding,) = packages.probe_bundled_files(("head.npz", "no_such.file"))
    assert finding.verdict is FAIL and finding.text == "lacks no_such.file"


CAMERA = Camera(2, "HD Pro Webcam C920", "/dev/video2", cv2.CAP_V4L2)


class Watch:
    """A clock that goes on by one period whenever it is read."""

    def __init__(self, period: float) -> None:
        self._now = 0.0
        self._period = period

    def read(self) -> float:
        """Seconds."""
        self._now += self._period
        return self._now


def clip_as_camera(camera: Camera, settings: SourceSettings) -> VideoCapture:
    """A camera that states 30 pictures a second and gives 12 of 64×48."""
    return VideoCapture(str(DATA / "steady.mp4"), cv2.CAP_FFMPEG)


def camera_finding(period: float) -> Finding:
    """What is said of a camera with so many seconds between its pictures."""
    watch = Watch(period)
    (finding,) = cameras.probe_cameras([CAMERA], open_device=clip_as_camera, clock=watch.read)
    return finding


def test_a_camera_is_told_with_what_it_really_gives() -> None:
    finding = camera_finding(1 / 30)
    assert (finding.verdict, finding.subject) == (OK, "camera 2")
    assert finding.text.startswith("HD Pro Webcam C920: 64×48 ")
    assert finding.text.endswith(" 30.0 pictures/s")


def test_a_camera_in_the_dark_is_a_warning_with_both_rates() -> None:
    finding = camera_finding(1 / 10)
    assert finding.verdict is WARN
    assert "pictures/s instead of 30" in finding.text and "dark" in finding.advice


def test_no_camera_is_a_warning_that_offers_the_demo() -> None:
    (finding,) = cameras.probe_cameras([])
    assert finding.verdict is WARN and "--source demo" in finding.advice


def test_a_camera_that_cannot_be_opened_fails_with_the_reason() -> None:
    def busy(camera: Camera, settings: SourceSettings) -> VideoCapture:
        raise SourceError("another program uses it.")

    (finding,) = cameras.probe_cameras([CAMERA], open_device=busy)
    assert finding.verdict is FAIL and finding.advice == "another program uses it."


def test_a_camera_that_opens_but_gives_nothing_fails() -> None:
    def silent(camera: Camera, settings: SourceSettings) -> VideoCapture:
        return VideoCapture(str(DATA / "only_sound.mp4"), cv2.CAP_FFMPEG)

    (finding,) = cameras.probe_cameras([CAMERA], open_device=silent)
    assert finding.verdict is FAIL and "no picture" in finding.text


GOOD_DISPLAY = Display(
    platform="X11",
    vendor="NVIDIA",
    renderer="RTX",
    version="4.6",
    software=False,
    transparent=True,
)


def test_a_display_is_told_with_its_opengl() -> None:
    finding = display.probe_display(GOOD_DISPLAY)
    assert (finding.verdict, finding.text) == (OK, "X11, OpenGL 4.6, RTX (NVIDIA)")


def test_drawing_by_the_processor_is_a_warning() -> None:
    assert display.probe_display(replace(GOOD_DISPLAY, software=True)).verdict is WARN


@pytest.mark.parametrize("problem", list(DisplayProblem))
def test_a_display_that_cannot_be_had_is_a_warning_with_its_reason(problem: DisplayProblem) -> None:
    lacking = replace(GOOD_DISPLAY, problem=problem, reason="no window: X11: sign in.")
    finding = display.probe_display(lacking, off_screen=lambda: None)
    assert (finding.verdict, finding.advice) == (WARN, "X11: sign in.")
    assert finding.text == "no window can be shown, and no picture drawn without one"
    finding = display.probe_display(lacking, off_screen=lambda: "OpenGL 4.5, llvmpipe (Mesa)")
    assert finding.verdict is WARN
    assert finding.text.endswith("--snapshot works: OpenGL 4.5, llvmpipe (Mesa)")


def test_off_screen_opengl_is_the_one_that_draws_snapshots() -> None:
    try:
        with offscreen_context() as context:
            renderer = str(context.info["GL_RENDERER"])
    except ViewerError:
        assert display.off_screen_opengl() is None
    else:
        assert renderer in (display.off_screen_opengl() or "")


class Card:
    """A graphics driver with one card, or with a fault."""

    def __init__(self, error: int = 0, names: tuple[str, ...] = ("NVIDIA H200",)) -> None:
        self._error = error
        self._names = names

    def start(self) -> int:
        """CUDA's error number."""
        return self._error

    def device_names(self) -> tuple[str, ...]:
        """Names of the cards."""
        return self._names


def test_a_computer_without_nvidia_is_nothing_to_worry_about() -> None:
    assert [finding.verdict for finding in gpu.probe_gpu(None, {})] == [NOTE, NOTE]
    assert gpu.probe_gpu(Card(names=()), {})[0].verdict is NOTE


def test_a_card_and_its_runtimes_are_told() -> None:
    card, runtimes = gpu.probe_gpu(Card(), {"tensorrt-rtx": "1.7.1"})
    assert (card.verdict, card.text) == (OK, "NVIDIA H200")
    assert (runtimes.verdict, runtimes.text) == (OK, "tensorrt-rtx 1.7.1")


def test_a_driver_that_does_not_start_is_a_warning_with_its_number() -> None:
    card, _ = gpu.probe_gpu(Card(error=999), {})
    assert card.verdict is WARN and "999" in card.text


def test_tensorrt_without_a_card_is_a_warning() -> None:
    assert gpu.probe_gpu(None, {"tensorrt": "11.4"})[1].verdict is WARN
    assert gpu.probe_gpu(None, {"onnxruntime": "1.30"})[1].verdict is OK


def test_the_driver_of_this_machine_can_be_asked() -> None:
    findings = gpu.probe_gpu(gpu.cuda_driver(), {})
    assert findings[0].verdict is not FAIL and findings[0].text


def test_a_folder_is_made_and_told_with_its_free_space(tmp_path: Path) -> None:
    finding = files.probe_folder("log folder", tmp_path / "new" / "log")
    assert finding.verdict is OK and "GB free" in finding.text
    assert list((tmp_path / "new" / "log").iterdir()) == []


def test_a_folder_that_cannot_be_written_fails(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    finding = files.probe_folder("log folder", tmp_path / "file" / "log")
    assert finding.verdict is FAIL and "MIEN_HOME" in finding.advice


def test_a_full_disk_is_a_warning(tmp_path: Path) -> None:
    finding = files.probe_folder("data folder", tmp_path, free_bytes=lambda folder: 10_000_000)
    assert finding.verdict is WARN and "0.0 GB free" in finding.text


def test_the_face_model_is_found_missed_or_wrong(tmp_path: Path) -> None:
    content = b"a model"
    model = ModelFile(
        gives="landmarks",
        file="face.task",
        bytes=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
        licence="-",
        url="https://example.org/face.task",
        distribution="no-such-distribution",
        distribution_file="face.task",
    )
    absent = files.probe_model(model, given=None, cache=tmp_path)
    assert absent.verdict is WARN and model.url in absent.advice
    (tmp_path / "face.task").write_bytes(content)
    assert files.probe_model(model, given=None, cache=tmp_path).verdict is OK
    (tmp_path / "other.task").write_bytes(b"something else")
    wrong = files.probe_model(model, given=tmp_path / "other.task", cache=tmp_path)
    assert wrong.verdict is FAIL and "other.task" in wrong.advice


def test_a_profile_that_cannot_be_used_fails_with_its_faults() -> None:
    def broken() -> object:
        raise SettingsError("`colour` is not a setting")

    finding = files.probe_profile(broken)
    assert finding.verdict is FAIL and "colour" in finding.advice
    assert files.probe_profile(object).verdict is OK


def local_output(port: int) -> OutputSettings:
    """VMC to this machine."""
    return parse_output(f"vmc:127.0.0.1:{port}")


def test_a_receiver_on_this_machine_is_seen_by_its_port(free_port: int) -> None:
    silent = receivers.probe_receiver(local_output(free_port))
    assert silent.verdict is NOTE and "no program listens" in silent.text
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver:
        receiver.bind(("127.0.0.1", free_port))
        assert receivers.probe_receiver(local_output(free_port)).verdict is OK


def test_vtube_studio_is_looked_for_where_it_is_connected_to(free_port: int) -> None:
    output = parse_output(f"vts::{free_port}")
    assert receivers.probe_receiver(output).verdict is NOTE
    with socket.create_server(("127.0.0.1", free_port)):
        assert receivers.probe_receiver(output).verdict is OK


def test_the_phones_port_is_to_be_free(free_port: int) -> None:
    output = parse_output(f"vtsphone::{free_port}")
    assert receivers.probe_receiver(output).verdict is OK
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("127.0.0.1", free_port))
        finding = receivers.probe_receiver(output)
    assert finding.verdict is FAIL and "127.0.0.2" in finding.advice


def test_a_receiver_on_another_computer_is_not_asked() -> None:
    finding = receivers.probe_receiver(parse_output("vmc:192.0.2.7"))
    assert finding.verdict is NOTE and "another computer" in finding.text
    assert "firewall" in finding.advice


def test_a_receiver_whose_host_does_not_exist_fails() -> None:
    finding = receivers.probe_receiver(parse_output("osc:no host.invalid"))
    assert finding.verdict is FAIL and finding.advice


def test_the_bundle_holds_what_helps_and_nothing_personal(tmp_path: Path) -> None:
    logs, profiles = tmp_path / "log", tmp_path / "config"
    logs.mkdir()
    profiles.mkdir()
    (logs / "mien.log").write_text("run --source /home/jane/Videos/wedding.mp4 on janes-laptop\n")
    (logs / "mien.log.1").write_text("vmc 192.168.1.20:39539: nobody listens\n")
    (logs / "native.log").write_bytes(b"Corrupt JPEG data \xff from Jane\n")
    (profiles / "jane.toml").write_text('[source]\nspec = "rtsp://jane:pw@cam.home/x"\n')
    path = tmp_path / "support.zip"
    write_bundle(
        path,
        report=["ok    Python  3.11", "camera Jane's Phone"],
        packages={"opencv-python": "5.0.0.93"},
        environment={"DISPLAY": "janes-laptop:0", "SECRET_TOKEN": "abc"},
        logs=logs,
        profiles=profiles,
        cameras=[],
        anonymiser=Anonymiser((("/home/jane", "~"),), ("janes-laptop", "jane"), frozenset()),
    )
    with zipfile.ZipFile(path) as bundle:
        names = bundle.namelist()
        everything = "\n".join(bundle.read(name).decode() for name in names)
    assert names == [
        "report.txt",
        "packages.txt",
        "environment.txt",
        "log/mien.log",
        "log/mien.log.1",
        "log/native.log",
        "profiles/1.toml",
    ]
    for secret in ("jane", "wedding", "192.168", "pw@", "cam.home", "abc", "/home"):
        assert secret not in everything.lower()
    for help_ in ("Corrupt JPEG data", "39539: nobody listens", "rtsp://", "Python  3.11"):
        assert help_ in everything


PROFILE = (
    """
mirror = true
outputs = ["vmc:annas-pc.local", "osc:gretchen:9001", "vts"]
[source]
spec = "Anna Schmidt"
width = 640
[viewer]
background = "key"
key_color = "#00ff00"
background_picture = "/data/My Pictures/Lake Constance.png"
look = { hair = "bob" }
[livelink]
subject = """
    + '"""Anna\nSchmidt"""\n'
)

LOG = """\
2026-11-21 05:38:28,123 INFO app.cli: mien 0.1: run --profile anna --source 'Anna Schmidt' --loop
2026-11-21 05:38:29,123 WARNING app.sources.live: camera Annas-Webcam gives no pictures; waiting
2026-11-21 05:38:30,123 WARNING app.sources.live: camera HD Pro Webcam C920 is back
2026-11-21 05:38:31,123 INFO app.cli: mien 0.1: track --record='my takes/Bertas {name}.glb' Wedding
2026-11-21 05:38:32,123 WARNING app.recordings: my takes/Bertas 1.glb: disk full
2026-11-21 05:38:33,123 WARNING app.sources.recorded: Bertas day.mp4 ends early: 52 of 99 frames
2026-11-21 05:38:34,123 INFO app.cli: mien 0: run --output vmc:gretchen:39540 --frames 9 --source '
Dorothea' --pace fast --snapshot clara.png --source rtsp://emil/x
2026-11-21 05:38:35,123 INFO app.outputs.live: Gretchen asks; threshold 0.5
"""


def test_the_bundle_keeps_no_name_that_a_person_has_typed(tmp_path: Path) -> None:
    (tmp_path / "anna.toml").write_text(PROFILE)
    (tmp_path / "broken.toml").write_text("Anna = Schmidt")
    (tmp_path / "mien.log").write_text(LOG)
    path = tmp_path / "support.zip"
    write_bundle(
        path,
        report=[
            "FAIL  output  cannot find host 'annas-pc.local': unknown; expected 'fritz'",
            "FAIL  output  cannot find host 'otto'; and 'Lisas-Mac.fritz.box' neither",
            "FAIL  profile  the profile anna.toml: `x` is 'Anna Schmidt'",
            "ok    camera 0  Karlas iPhone Camera: 1280×720 MJPG",
        ],
        packages={"opencv-python": "5.0.0.93"},
        environment={"DISPLAY": "heidi:10.0", "MIEN_HOME": "/data/Ida Meier/mien"},
        logs=tmp_path,
        profiles=tmp_path,
        cameras=["Karlas iPhone Camera"],
        anonymiser=Anonymiser((), (), frozenset({"5.0.0.93"})),
    )
    with zipfile.ZipFile(path) as bundle:
        everything = "\n".join(bundle.read(name).decode() for name in bundle.namelist())
    for secret in (
        "anna", "schmidt", "gretchen", "otto", "lisa", "karla", "heidi", "ida", "meier", "berta",
        "wedding", "dorothea", "clara", "emil", "lake", "my pictures",
    ):  # fmt: skip
        assert not re.search(secret, everything, re.IGNORECASE), secret
    for help_ in (
        "mirror = true",
        'outputs[0] = "vmc:<address>"',
        'outputs[1] = "osc:<address>:9001"',
        'outputs[2] = "vts"',
        "source.width = 640",
        'viewer.background = "key"',
        'viewer.key_color = "#00ff00"',
        'viewer.background_picture = "<path>.png"',
        'viewer.look.hair = "bob"',
        'livelink.subject = "<text>"',
        "this is not TOML",
        "run --profile <text> --source <text> --loop",
        "camera HD Pro Webcam C920 is back",
        "<private> iPhone Camera: 1280×720 MJPG",
        "track --record=<path>.glb <text>",
        "ends early: 52 of 99 frames",
        "--output vmc:<address>:39540 --frames 9 --source <text> --pace fast",
        "--snapshot <path>.png --source rtsp://<address>",
        "threshold 0.5",
        "opencv-python 5.0.0.93",
        "cannot find host",
    ):
        assert help_ in everything, help_


def test_every_command_may_be_told() -> None:
    assert set(COMMANDS) <= set(COMMAND_WORDS)


def test_a_bundle_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot write the support file"):
        write_bundle(
            tmp_path / "no" / "such.zip",
            report=[],
            packages={},
            environment={},
            logs=tmp_path,
            profiles=tmp_path,
            cameras=[],
            anonymiser=Anonymiser((), (), frozenset()),
        )


def arguments(*words: str) -> argparse.Namespace:
    """The command's arguments as the command line reads them."""
    parser = argparse.ArgumentParser()
    command.add_parser(parser.add_subparsers())
    return parser.parse_args(["doctor", *words])


def test_the_whole_examination_runs_anywhere_and_its_code_tells_of_failures(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MIEN_HOME", str(tmp_path))
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    bundle = tmp_path / "support.zip"
    code = command.run(arguments("--bundle", str(bundle)))
    report = capsys.readouterr().out
    assert code == (1 if "\nFAIL" in report else 0)
    for subject in ("Python", "packages", "camera", "display", "GPU", "face model", "output"):
        assert f"  {subject}" in report
    with zipfile.ZipFile(bundle) as file:
        told = file.read("report.txt").decode()
    assert str(tmp_path) not in told and str(Path.home()) not in told
    assert not re.search(rf"\b{re.escape(os.uname().nodename)}\b", told)


def test_a_broken_profile_does_not_stop_the_examination(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MIEN_HOME", str(tmp_path))
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "default.toml").write_text("this is no TOML")
    assert command.run(arguments()) == 1
    report = capsys.readouterr().out
    assert "FAIL  profile" in report and "output" in report


def test_added_models_are_named_and_a_damaged_one_is_a_failure(tmp_path: Path) -> None:
    (none,) = files.probe_added_models(tmp_path)
    assert none.verdict is Verdict.NOTE
    (tmp_path / "flame.npz").write_bytes(b"a mesh")
    ModelCard("flame", "FLAME 2020", (), StoredFile("flame.npz", 6, "")).write(
        tmp_path / "flame.json"
    )
    (tmp_path / "deca.json").write_text("{")
    named, damaged = files.probe_added_models(tmp_path)
    assert (named.verdict, named.text) == (Verdict.OK, "flame")
    assert damaged.verdict is Verdict.FAIL and "deca" in damaged.subject
