"""The whole chain without a window: a clip in, datagrams and files out."""

from __future__ import annotations

import re
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from pythonosc.osc_bundle import OscBundle
from pythonosc.osc_message_builder import OscMessageBuilder

from app.outputs import OutputSettings, parse_output
from app.pipeline import run
from app.recordings.takes import TakeSettings
from app.settings import Profile, RunSettings, load_profile
from app.sources import SourceSettings
from app.tracking import TrackingSettings
from app.viewer import ViewerSettings
from engine.blendshapes import INDEX
from engine.errors import MienError, RecordingError, SourceError
from tests.faces import face_model, write_video

FRAMES = 24


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_video(tmp_path_factory.mktemp("clip") / "clip.avi", FRAMES)


@pytest.fixture
def receiver() -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        udp.bind(("127.0.0.1", 0))
        udp.settimeout(2.0)
        yield udp


def run_settings(
    models: Path,
    spec: str,
    *,
    pace: str = "fast",
    loop: bool = False,
    outputs: tuple[OutputSettings, ...] = (),
    recordings: tuple[Path, ...] = (),
    mirror: bool = False,
    frames: int | None = None,
    seconds: float | None = None,
    takes: TakeSettings = TakeSettings(),
    remote: str = "",
) -> RunSettings:
    return RunSettings(
        source=SourceSettings(spec=spec, pace="fast" if pace == "fast" else "realtime", loop=loop),
        tracking=TrackingSettings(face_model(), models),
        mirror=mirror,
        outputs=outputs,
        recordings=recordings,
        takes=takes,
        remote=remote,
        output_rate=0.0,
        window=False,
        viewer=ViewerSettings(),
        frames=frames,
        seconds=seconds,
        snapshot=None,
        profile_name="default",
        profile=Profile(),
    )


@pytest.fixture
def settings(face_networks: Path) -> Callable[..., RunSettings]:
    return partial(run_settings, face_networks)


def messages(udp: socket.socket) -> list[tuple[str, tuple[float, ...]]]:
    """Everything that has arrived."""
    found: list[tuple[str, tuple[float, ...]]] = []
    udp.setblocking(False)
    try:
        while True:
            found += [(m.address, tuple(m.params)) for m in OscBundle(udp.recv(65536))]
    except BlockingIOError:
        return found


def test_at_pace_fast_every_frame_is_tracked_sent_and_recorded(
    settings: Callable[..., RunSettings], clip: Path, receiver: socket.socket, tmp_path: Path
) -> None:
    threads = threading.active_count()
    output = parse_output(f"osc:127.0.0.1:{receiver.getsockname()[1]}")
    take = tmp_path / "take.csv"
    summary = run(settings(str(clip), outputs=(output,), recordings=(take,)))
    assert (summary.frames, summary.faces, summary.dropped) == (FRAMES, FRAMES, 0)
    assert not summary.interrupted and not summary.recording_failed
    assert summary.latency is not None and 0.0 < summary.latency.p50 < 1.0
    assert len(take.read_text().splitlines()) == FRAMES + 1
    smiles = [value for address, value in messages(receiver) if address == "/face/mouthSmileLeft"]
    assert len(smiles) == FRAMES + 1  # and the good-bye
    assert smiles[-2][0] > 0.3 and smiles[-1] == (0.0,)
    assert threading.active_count() == threads


def test_the_summary_has_a_line_for_each_subject(
    settings: Callable[..., RunSettings], clip: Path, tmp_path: Path
) -> None:
    output = parse_output("vmc::9")
    lines = run(
        settings(str(clip), outputs=(output,), recordings=(tmp_path / "t.jsonl",), frames=5)
    ).lines()
    assert lines[0].startswith("clip.avi: 5 frames, 5 with a face, 0 dropped, ")
    assert "ms median" in lines[1] and "ms p99" in lines[1]
    assert re.fullmatch(r"set this audio delay in OBS.* \d+ ms for an avatar elsewhere", lines[2])
    assert lines[3].startswith("vmc 127.0.0.1:9: ") and lines[3].endswith(" datagrams")
    assert lines[4].endswith("t.jsonl: 5 rows")


def test_same_frames_give_the_same_file(
    settings: Callable[..., RunSettings], clip: Path, tmp_path: Path
) -> None:
    takes = [tmp_path / "one.csv", tmp_path / "two.csv"]
    for take in takes:
        run(settings(str(clip), recordings=(take,)))
    assert takes[0].read_bytes() == takes[1].read_bytes()


def test_a_mirrored_run_exchanges_left_and_right(
    settings: Callable[..., RunSettings], clip: Path, receiver: socket.socket
) -> None:
    output = parse_output(f"osc:127.0.0.1:{receiver.getsockname()[1]}")
    values = []
    for mirror in (False, True):
        run(settings(str(clip), outputs=(output,), mirror=mirror, frames=3))
        last = dict(messages(receiver)[-61 * 2 : -61])
        values.append((last["/face/eyeLookInLeft"], last["/face/eyeLookInRight"]))
    assert values[0] == values[1][::-1]


def test_at_its_own_pace_a_loop_goes_on_until_the_time_is_up(
    settings: Callable[..., RunSettings], clip: Path
) -> None:
    summary = run(settings(str(clip), pace="realtime", loop=True, seconds=1.5))
    assert summary.frames + summary.dropped > FRAMES  # the clip lasts one second
    assert 1.3 < summary.seconds < 2.5


def test_an_occupied_file_or_a_missing_source_ends_before_anything_starts(
    settings: Callable[..., RunSettings], clip: Path, tmp_path: Path
) -> None:
    take = tmp_path / "take.csv"
    take.write_text("precious")
    with pytest.raises(RecordingError, match="exists"):
        run(settings(str(clip), recordings=(take,)))
    assert take.read_text() == "precious"
    with pytest.raises(SourceError):
        run(settings(str(tmp_path / "none.mp4")))


def test_a_full_disk_ends_the_recording_but_not_the_run(
    settings: Callable[..., RunSettings], clip: Path
) -> None:
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("this system has no /dev/full")
    link = clip.parent / "full.csv"
    link.unlink(missing_ok=True)
    link.symlink_to(full)
    summary = run(settings(str(clip), recordings=(link,)))
    assert summary.frames == FRAMES and summary.recording_failed


def test_a_failure_of_a_thread_ends_the_run_with_it(
    settings: Callable[..., RunSettings], clip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise MienError("the smoother broke")

    monkeypatch.setattr("engine.chain.Smoother.update", fail)
    with pytest.raises(MienError, match="the smoother broke"):
        run(settings(str(clip)))


def test_weights_carry_the_face_of_the_picture(
    settings: Callable[..., RunSettings], clip: Path, tmp_path: Path
) -> None:
    import json

    take = tmp_path / "take.jsonl"
    run(settings(str(clip), recordings=(take,)))
    last = json.loads(take.read_text().splitlines()[-1])
    assert last["tracked"] and last["weights"]["mouthSmileLeft"] > 0.3
    assert set(last["weights"]) == set(INDEX)


def test_what_is_asked_over_osc_is_done_while_it_runs(
    settings: Callable[..., RunSettings],
    clip: Path,
    tmp_path: Path,
    free_port: int,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A take begins and ends, the face of the clip becomes neutral and stays so; all of it is
    told."""
    monkeypatch.setenv("MIEN_HOME", str(tmp_path))
    takes = TakeSettings(formats=("csv", "jsonl"), slate="anna")
    asked = settings(
        str(clip), pace="realtime", loop=True, seconds=4.0, takes=takes, remote=str(free_port)
    )
    written = tmp_path / "takes" / "anna_001.csv"

    def ask() -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:

            def send(address: str, *arguments: int) -> None:
                builder = OscMessageBuilder(address)
                for argument in arguments:
                    builder.add_arg(argument)
                udp.sendto(builder.build().dgram, ("127.0.0.1", free_port))

            while not (written.exists() and written.stat().st_size > 10_000):
                send("/mien/record", 1)
                send("/mien/mirror", 1)
                ended.wait(0.05)
            send("/mien/record", 0)
            send("/mien/calibrate")
            ended.wait(10.0)

    ended = threading.Event()
    asking = threading.Thread(target=ask)
    asking.start()
    try:
        summary = run(asked)
    finally:
        ended.set()
        asking.join()
    rows = len(written.read_text().splitlines()) - 1
    assert 10 < rows < summary.frames
    assert len(written.with_suffix(".jsonl").read_text().splitlines()) == rows
    assert [take.rows for take in summary.recordings] == [rows, rows]
    kept = load_profile("default").calibration
    assert kept.channel("mouthSmileLeft").neutral > 0.3
    assert len(kept.head) == 3
    for line in ("take ", "Mirror on", "Calibrating: rest", "Calibrated: this rest"):
        assert any(told.startswith(line) for told in caplog.messages)


def test_a_steady_rate_is_kept_whatever_the_pictures_do(
    settings: Callable[..., RunSettings], clip: Path
) -> None:
    output = parse_output("vmc::9")  # three datagrams a state
    asked = settings(str(clip), pace="realtime", loop=True, outputs=(output,), seconds=2.0)
    summary = run(replace(asked, output_rate=60.0))
    assert summary.frames < 60  # 24 pictures a second
    assert 80 < summary.outputs[0][1] / 3 < 130  # a busy machine misses beats
    assert summary.latency is not None
