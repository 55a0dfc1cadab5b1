"""`mien` as a person runs it: a process of its own, its exit code and every line it prints."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.avatars import write_avatar
from tests.faces import write_video


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_video(tmp_path_factory.mktemp("clip") / "clip.avi")


@pytest.fixture
def home(tmp_path: Path) -> dict[str, str]:
    """An environment with folders of its own and without a display."""
    environment = {k: v for k, v in os.environ.items() if k not in ("DISPLAY", "WAYLAND_DISPLAY")}
    return {**environment, "MIEN_HOME": str(tmp_path / "home")}


def mien(
    *arguments: str | Path, home: dict[str, str], timeout: float = 60.0
) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "app", *map(str, arguments)]
    return subprocess.run(command, env=home, timeout=timeout, capture_output=True, text=True)


def start(*arguments: str | Path, home: dict[str, str]) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "app", *map(str, arguments)],
        env=home,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def wait_for_rows(take: Path, rows: int, limit: float = 30.0) -> None:
    end = time.monotonic() + limit
    while not take.exists() or take.read_bytes().count(b"\n") < rows:
        assert time.monotonic() < end, "the recording does not grow"
        time.sleep(0.02)  # another process writes it: there is nothing to wait on


def test_without_a_display_it_says_so_in_one_line_and_goes_on(
    clip: Path, home: dict[str, str]
) -> None:
    result = mien("run", "--source", clip, "--no-output", "--pace", "fast", home=home)
    assert result.returncode == 0
    assert "clip.avi: 24 frames, 24 with a face" in result.stdout
    lines = result.stderr.splitlines()
    assert len(lines) == 1 and "display" in lines[0]


def test_nothing_is_printed_to_stderr_that_a_user_cannot_use(
    clip: Path, home: dict[str, str]
) -> None:
    for runtime in ("auto", "mediapipe"):
        result = mien(
            *("run", "--source", clip, "--no-output", "--no-window", "--runtime", runtime),
            home=home,
        )
        assert result.returncode == 0 and result.stderr == ""
    native = Path(home["MIEN_HOME"], "log", "native.log").read_text()
    assert "XNNPACK" in native  # MediaPipe's messages are kept, elsewhere


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["run", "--source", "no-such.mp4"], "no-such.mp4"),
        (["run", "--source", "demo", "--output", "morse"], "unknown output 'morse'"),
        (["run", "--source", "demo", "--output", "vmc:host:x"], "bad port 'x'"),
        (["run", "--source", "demo", "--profile", "studio"], "cannot read the profile"),
        (["run", "--source", "demo", "--record", "take.fbx"], "unknown ending '.fbx'"),
        (["run", "--source", "demo", "--snapshot", "face.jpg"], "expected a name ending in .png"),
        (["run", "--source", "demo", "--no-output", "--output", "vmc"], "exclude each other"),
        (["run", "--source", "demo", "--record", "a.csv", "--record", "a.csv"], "one file twice"),
        (
            ["run", "--source", "demo", "--avatar", "none.vrm", "--snapshot", "a.png"],
            "cannot read none.vrm",
        ),
        (["run", "--source", "demo", "--avatar", "none.vrm"], "cannot read none.vrm"),
        (
            ["run", "--source", "demo", "--set", "viewer.avatar=none.vrm"],
            "cannot read none.vrm",
        ),
        (["track", "demo", "--record", "x.csv", "--set", "x=1"], "`x` is not a setting"),
        (["calibrate", "--source", "demo", "--set", "idle"], "expected KEY=VALUE"),
        (["track", "a.mp4", "b.mp4", "--record", "x.csv"], "several inputs"),
        (["track", "a.mp4", "x/a.mp4", "--record", "{name}.csv"], "differ in their names"),
        (["track", "demo", "none.mp4", "--record", "{name}.csv"], "none.mp4"),
        (["track", "rtsp://127.0.0.1:9/x", "--record", "x.csv"], "127.0.0.1"),
    ],
)
def test_bad_input_is_one_line_and_exit_code_1(
    arguments: list[str], line: str, home: dict[str, str]
) -> None:
    result = mien(*arguments, *(["--no-window"] if arguments[0] == "run" else []), home=home)
    assert result.returncode == 1, result.stderr
    assert result.stderr.startswith("mien: ") and line in result.stderr
    assert result.stderr.count("\n") == 1 and result.stdout == ""


@pytest.mark.parametrize(
    ("arguments", "command"),
    [
        (["dance"], "mien"),
        (["--no-window"], "mien"),
        (["--"], "mien"),
        (["run", "--frames", "0"], "mien run"),
        (["run", "--output-rate", "-5"], "mien run"),
        (["run", "--seconds", "x"], "mien run"),
        (["run", "--source", ""], "mien run"),
        (["calibrate", "--source", ""], "mien calibrate"),
        (["track"], "mien track"),
        (["track", "demo", "--record", "x.csv", "--frames", "60"], "mien track"),
    ],
)
def test_wrong_usage_is_one_line_and_exit_code_2(
    arguments: list[str], command: str, home: dict[str, str]
) -> None:
    result = mien(*arguments, home=home)
    assert result.returncode == 2 and result.stderr.startswith(f"{command}: error: ")
    assert result.stderr.endswith(f"; see: {command} --help\n") and result.stderr.count("\n") == 1
    assert "positive_" not in result.stderr  # no names of ours


def test_a_broken_profile_is_one_line(home: dict[str, str]) -> None:
    folder = Path(home["MIEN_HOME"], "config")
    folder.mkdir(parents=True)
    (folder / "default.toml").write_text("mirror = 3\nspeed = 9")
    result = mien("run", "--source", "demo", home=home)
    assert result.returncode == 1 and result.stderr.count("\n") == 1
    assert "`mirror` is 3" in result.stderr and "`speed` is not a setting" in result.stderr


@pytest.mark.parametrize("kind", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_ctrl_c_sigterm_and_a_closed_terminal_end_in_order_with_whole_files(
    clip: Path, home: dict[str, str], tmp_path: Path, kind: signal.Signals
) -> None:
    take = tmp_path / "take.csv"
    process = start(
        *("run", "--source", clip, "--loop", "--no-window", "--no-output", "--record", take),
        home=home,
    )
    wait_for_rows(take, 10)
    process.send_signal(kind)
    out, err = process.communicate(timeout=20)
    assert process.returncode == 130 and err == ""
    rows = take.read_text().splitlines()
    assert f"take.csv: {len(rows) - 1} rows" in out
    assert all(row.count(",") == rows[0].count(",") for row in rows)


def test_kill_leaves_files_that_are_readable_to_the_last_whole_frame(
    clip: Path, home: dict[str, str], tmp_path: Path
) -> None:
    takes = tmp_path / "take.csv", tmp_path / "take.jsonl"
    process = start(
        *("run", "--source", clip, "--loop", "--no-window", "--no-output"),
        *("--record", takes[0], "--record", takes[1]),
        home=home,
    )
    wait_for_rows(takes[0], 10)
    process.kill()
    process.communicate(timeout=20)
    rows = takes[0].read_text().splitlines()
    assert len(rows) >= 10 and all(row.count(",") == rows[0].count(",") for row in rows)
    assert all(json.loads(line)["tracked"] for line in takes[1].read_text().splitlines())


def test_track_takes_every_frame_and_the_same_bytes_come_out_each_time(
    clip: Path, home: dict[str, str], tmp_path: Path
) -> None:
    takes = [tmp_path / "one.csv", tmp_path / "two.csv"]
    for take in takes:
        result = mien("track", clip, "--record", take, home=home)
        assert result.returncode == 0 and result.stderr == ""
        assert result.stdout.splitlines() == [
            "clip.avi: 24 frames, 24 with a face",
            f"{take}: 24 rows",
        ]
    assert takes[0].read_bytes() == takes[1].read_bytes()


def test_run_records_what_track_records(clip: Path, home: dict[str, str], tmp_path: Path) -> None:
    mien("track", clip, "--record", tmp_path / "track.csv", home=home)
    mien(
        *("run", "--source", clip, "--pace", "fast", "--no-window", "--no-output"),
        *("--record", tmp_path / "run.csv"),
        home=home,
    )
    assert (tmp_path / "track.csv").read_bytes() == (tmp_path / "run.csv").read_bytes()


def test_track_can_look_ahead_or_smooth_nothing(
    clip: Path, home: dict[str, str], tmp_path: Path
) -> None:
    takes = {smooth: tmp_path / f"{smooth}.csv" for smooth in ("live", "offline", "none")}
    for smooth, take in takes.items():
        result = mien("track", clip, "--smooth", smooth, "--record", take, home=home)
        assert result.returncode == 0 and result.stderr == ""
        assert result.stdout.splitlines() == [
            "clip.avi: 24 frames, 24 with a face",
            f"{take}: 24 rows",
        ]
    assert len({take.read_bytes() for take in takes.values()}) == 3


def test_several_inputs_are_named_by_a_pattern(
    clip: Path, home: dict[str, str], tmp_path: Path
) -> None:
    other = clip.with_name("other.avi")
    other.write_bytes(clip.read_bytes())
    result = mien("track", clip, other, "--record", tmp_path / "{name}.jsonl", home=home)
    assert result.returncode == 0
    assert (tmp_path / "clip.jsonl").exists() and (tmp_path / "other.jsonl").exists()


def test_an_interrupted_track_keeps_its_rows(home: dict[str, str], tmp_path: Path) -> None:
    long = write_video(tmp_path / "long.avi", frames=2000)
    take = tmp_path / "take.csv"
    process = start("track", long, "--record", take, home=home)
    wait_for_rows(take, 10)
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=20)
    assert process.returncode == 130
    assert f"{take}: {len(take.read_text().splitlines()) - 1} rows" in out


def test_bench_prints_every_stage_as_table_and_json(clip: Path, home: dict[str, str]) -> None:
    table = mien("bench", "--source", clip, "--frames", "20", "--no-window", home=home)
    assert table.returncode == 0
    assert re.search(r"\nin a whole run, picture to send: .* p95, .* p99", table.stdout)
    for stage in ("decode", "find", "smooth", "send", "all of it"):
        assert f"\n{stage} " in table.stdout
    result = json.loads(
        mien(
            *("bench", "--source", clip, "--frames", "5", "--no-window", "--json"), home=home
        ).stdout
    )
    assert 0.0 < result["to_send"]["p50"] <= result["to_send"]["p99"]
    assert result["frames"] == 5 and result["ratio_to_mediapipe"] > 0.0
    assert "on processor, ONNX Runtime" in table.stdout


def test_version_is_the_distributions(home: dict[str, str]) -> None:
    assert mien("--version", home=home).stdout.startswith("mien 0.")


def test_a_missing_system_library_is_one_line_with_what_to_install(
    home: dict[str, str], tmp_path: Path
) -> None:
    library = "libGL.so.1: cannot open shared object file: No such file or directory"
    (tmp_path / "cv2.py").write_text(f"raise ImportError({library!r})")
    result = mien("--help", home={**home, "PYTHONPATH": str(tmp_path)})
    assert result.returncode == 1 and result.stderr.count("\n") == 1
    assert library in result.stderr and "apt install libgl1" in result.stderr


def test_a_reader_that_has_seen_enough_is_no_error(home: dict[str, str]) -> None:
    process = start("doctor", home=home)
    assert process.stdout is not None and process.stderr is not None
    process.stdout.close()
    errors = process.stderr.read()
    assert process.wait(timeout=30) == 1 and errors == ""
    process.stderr.close()


def test_a_full_disk_under_our_lines_is_one_line(home: dict[str, str], clip: Path) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("this system has no /dev/full")
    with open("/dev/full", "w") as full:
        result = subprocess.run(
            [
                *(sys.executable, "-m", "app", "bench", "--source", str(clip)),
                *("--frames", "2", "--no-window"),
            ],
            env=home,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            timeout=60,
        )
    assert result.returncode == 1
    assert result.stderr == "mien: cannot print: No space left on device.\n"


@pytest.mark.parametrize(
    "arguments", [["doctor"], ["track", "demo", "--record", "take.csv"], ["run", "--frames=3"]]
)
def test_a_full_disk_under_the_log_is_one_line(
    arguments: list[str], home: dict[str, str], clip: Path, tmp_path: Path
) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("this system has no /dev/full")
    folder = Path(home["MIEN_HOME"], "log")
    folder.mkdir(parents=True)
    (folder / "mien.log").symlink_to("/dev/full")
    if arguments[0] == "run":
        arguments = [*arguments, "--source", str(clip), "--no-window", "--no-output"]
    given = [str(clip) if text == "demo" else text for text in arguments]
    given = [str(tmp_path / text) if text == "take.csv" else text for text in given]
    result = mien(*given, home=home)
    assert result.returncode == 0 or arguments[0] == "doctor"  # which judges the machine, too
    assert result.stderr == f"no log is written: {folder}: No space left on device\n"


def test_a_window_that_was_asked_for_without_a_display_names_the_command_that_needs_none(
    home: dict[str, str],
) -> None:
    result = mien(home=home)
    assert result.returncode == 1 and "mien run --no-window" in result.stderr


def test_without_a_folder_for_logs_native_messages_still_stay_off_the_terminal(
    home: dict[str, str], clip: Path
) -> None:
    result = mien(
        *("run", "--source", clip, "--no-window", "--no-output", "--frames", "3"),
        home={**home, "MIEN_HOME": "/dev/null/nowhere"},
    )
    assert result.returncode == 0
    no_log, no_networks = result.stderr.splitlines()
    assert no_log.startswith("no log is written")
    assert no_networks.startswith("cannot convert the face model")
    assert no_networks.endswith("Going on with MediaPipe's own package.")


def test_a_mirroring_profile_is_told_of_and_can_be_overruled(
    home: dict[str, str], clip: Path, tmp_path: Path
) -> None:
    folder = Path(home["MIEN_HOME"], "config")
    folder.mkdir(parents=True)
    (folder / "default.toml").write_text("mirror = true")
    told = mien("track", clip, "--record", tmp_path / "one.jsonl", home=home)
    assert told.stdout.splitlines()[0].endswith(", mirrored")
    plain = mien("track", clip, "--no-mirror", "--record", tmp_path / "two.jsonl", home=home)
    assert "mirrored" not in plain.stdout
    values = ("--set", "mirror=false", "--set", "smoother.quickness=0.9")
    for_once = mien("track", clip, *values, "--record", tmp_path / "three.jsonl", home=home)
    assert for_once.returncode == 0 and "mirrored" not in for_once.stdout
    last = [
        json.loads((tmp_path / name).read_text().splitlines()[-1])
        for name in ("one.jsonl", "two.jsonl")
    ]
    assert last[0]["weights"]["eyeLookInLeft"] == last[1]["weights"]["eyeLookInRight"]


def test_calibrating_leads_through_its_steps_and_keeps_what_was_learned(
    tmp_path: Path, home: dict[str, str]
) -> None:
    slow = write_video(tmp_path / "slow.avi", frames=10, rate=5.0)  # 30 s in 150 pictures
    only_now = ("--set", "smoother.quickness=0.9")
    asked = ("calibrate", "--source", slow, "--no-window", "--pace", "fast", *only_now)
    result = mien(*asked, home=home)
    assert result.returncode == 0, result.stderr
    lines = result.stdout.splitlines()
    assert lines[0] == "1/9  Rest your face and look at the screen"
    assert lines[1].strip() == "seen"
    assert "Calibrated" in lines
    (unseen,) = (line for line in lines if line.startswith("not seen, and nothing kept of it: "))
    assert "Open your mouth wide" in unseen
    profile = Path(lines[-1].removeprefix("kept in "))
    assert profile == tmp_path / "home" / "config" / "default.toml"
    assert "[calibration]" in profile.read_text() and "quickness" not in profile.read_text()
    again = mien("run", "--source", slow, "--no-output", "--pace", "fast", home=home)
    assert again.returncode == 0, again.stderr


def test_calibrating_that_is_cut_short_leaves_the_profile_as_it_was(
    clip: Path, home: dict[str, str]
) -> None:
    result = mien("calibrate", "--source", clip, "--no-window", "--seconds", "1", home=home)
    assert result.returncode == 1
    assert result.stdout.splitlines()[-2:] == [
        "the time was up in step 1 of 9",
        "nothing was learned; the profile is as it was",
    ]
    assert not (Path(home["MIEN_HOME"]) / "config" / "default.toml").exists()


def test_an_avatar_kept_in_the_profile_is_not_read_where_nothing_is_drawn(
    clip: Path, home: dict[str, str]
) -> None:
    profile = Path(home["MIEN_HOME"], "config", "default.toml")
    profile.parent.mkdir(parents=True)
    profile.write_text('version = 1\n[viewer]\navatar = "gone.vrm"\n')
    asked = ("run", "--source", clip, "--no-output", "--no-window", "--frames", "1")
    result = mien(*asked, home=home)
    assert result.returncode == 0 and result.stderr == ""
    result = mien(*asked, "--avatar", "gone.vrm", home=home)
    assert result.returncode == 1 and "cannot read gone.vrm" in result.stderr


@pytest.mark.gl
@pytest.mark.parametrize("by", ["option", "profile"])
def test_an_avatar_is_told_of_and_seen_in_the_snapshot(
    by: str, clip: Path, home: dict[str, str], tmp_path: Path
) -> None:
    avatar = write_avatar(tmp_path / "Anna.glb")
    arguments = ["--avatar", str(avatar)]
    if by == "profile":
        profile = Path(home["MIEN_HOME"], "config", "default.toml")
        profile.parent.mkdir(parents=True)
        profile.write_text(f'version = 1\n[viewer]\navatar = "{avatar.as_posix()}"\n')
        arguments = []
    pictures = {}
    for name, given in (("own.png", arguments), ("free.png", ["--avatar", ""])):
        result = mien(
            *("run", "--source", clip, "--no-output", "--no-window", "--pace", "fast"),
            *("--frames", "2", "--snapshot", tmp_path / name, *given),
            home=home,
        )
        assert result.returncode == 0, result.stderr
        pictures[name] = (tmp_path / name).read_bytes()
        told = "Avatar Anna (glTF): 52 of 52 ARKit shapes, head, eyes\n"
        assert result.stderr == (told if name == "own.png" else "")
    assert pictures["own.png"] != pictures["free.png"]
