"""Live sources: loss and return of a camera, and streams over the network."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import cv2
import numpy as np
import pytest

from app.sources import SourceSettings, open_source
from app.sources.capture import VideoCapture
from app.sources.live import LiveSource
from engine.data import Frame
from engine.errors import SourceError

DATA = Path(__file__).parent / "data" / "sources"


class Bench:
    """A camera's plug and a clock. The camera is a clip of 12 pictures that ends: it is pulled.

    plugged: whether it can be opened. period: seconds between its pictures.
    """

    def __init__(self, period: float = 0.1) -> None:
        self.now = 100.0
        self.slept: list[float] = []
        self.plugged = True
        self.attempts: list[float] = []
        self.period = period

    def clock(self) -> float:
        """Seconds; each picture takes its time because reading one asks for it."""
        return self.now

    def sleep(self, seconds: float) -> None:
        """Let the time pass."""
        self.slept.append(seconds)
        self.now += seconds

    def open(self) -> VideoCapture:
        """Plug it in."""
        self.attempts.append(self.now)
        if not self.plugged:
            raise SourceError("camera Cam is not plugged in.")
        return VideoCapture(str(DATA / "steady.mp4"), cv2.CAP_FFMPEG)

    def source(self) -> LiveSource:
        """A live source on this camera."""
        return LiveSource("camera Cam", self.open, clock=self.clock, sleep=self.sleep)

    def read(self, source: LiveSource, count: int) -> list[Frame | None]:
        """`count` reads with the camera's period between them."""
        frames = []
        for _ in range(count):
            self.now += self.period
            frames.append(source.read())
        return frames


def test_a_camera_that_goes_away_comes_back_with_growing_stamps(
    caplog: pytest.LogCaptureFixture,
) -> None:
    bench = Bench()
    with caplog.at_level(logging.WARNING), bench.source() as source:
        first = bench.read(source, 12)
        bench.plugged = False
        assert all(frame is None for frame in bench.read(source, 30))
        assert not source.ended
        bench.plugged = True
        frames = first + [frame for frame in bench.read(source, 12) if frame is not None]
    stamps = [frame.timestamp for frame in frames if frame is not None]
    assert len(stamps) > 12 and np.all(np.diff(stamps) > 0)
    assert [frame.index for frame in frames if frame] == list(range(len(frames)))
    assert caplog.messages == [
        "camera Cam gives no pictures; waiting for it to come back",
        "camera Cam is back",
    ]


def test_a_camera_that_comes_back_for_moments_only_is_told_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    bench = Bench(period=0.02)  # its clip ends after a quarter of a second
    with caplog.at_level(logging.WARNING), bench.source() as source:
        frames = bench.read(source, 300)
    assert len(bench.attempts) > 3 and sum(frame is not None for frame in frames) > 3 * 12
    assert caplog.messages == ["camera Cam gives no pictures; waiting for it to come back"]


def test_a_lost_camera_is_tried_twice_a_second_and_no_read_takes_longer() -> None:
    bench = Bench()
    with bench.source() as source:
        bench.read(source, 12)
        bench.plugged = False
        bench.attempts.clear()
        bench.slept.clear()
        bench.read(source, 20)
    assert np.diff(bench.attempts) == pytest.approx(0.5, abs=0.11)
    assert max(bench.slept) <= 0.5


def test_a_single_failed_picture_is_no_loss(caplog: pytest.LogCaptureFixture) -> None:
    bench = Bench(period=0.01)
    with caplog.at_level(logging.WARNING), bench.source() as source:
        bench.read(source, 12)
        bench.read(source, 5)  # five reads of 0.02 s fail: less than the patience of 0.5 s
        assert len(bench.attempts) == 1
    assert caplog.messages == []


def test_live_frames_carry_their_arrival() -> None:
    bench = Bench()
    with bench.source() as source:
        frames = bench.read(source, 3)
    assert source.live and source.frame_count is None
    assert [frame.timestamp for frame in frames if frame] == pytest.approx([100.1, 100.2, 100.3])
    assert all(frame.arrived == frame.timestamp for frame in frames if frame)


def test_what_the_driver_really_gives_is_measured_and_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    bench = Bench(period=0.01)
    with caplog.at_level(logging.INFO), bench.source() as source:
        assert source.format is None
        bench.read(source, 3)  # a stream hurries at first: that is not its rate
        assert source.format is not None
        assert (source.format.width, source.format.height) == (64, 48)
        assert source.format.rate is None
        bench.period = 0.25
        bench.read(source, 7)
        assert source.format.rate == pytest.approx(4.0)
    assert "64×48" in caplog.messages[0]
    assert "4.0 pictures/s (driver says 30)" in caplog.messages[0]


def test_a_camera_that_cannot_be_opened_at_first_is_an_error() -> None:
    bench = Bench()
    bench.plugged = False
    with pytest.raises(SourceError, match="not plugged in"):
        bench.source()


def test_closing_twice_is_allowed() -> None:
    source = Bench().source()
    source.close()
    source.close()
    assert source.ended


class HangingCapture(VideoCapture):
    """A device that is closed by somebody else while it waits for a picture."""

    def __init__(self) -> None:
        super().__init__(str(DATA / "steady.mp4"), cv2.CAP_FFMPEG)
        self.source: LiveSource | None = None
        self.released = False

    def grab(self) -> bool:
        """The next picture; meanwhile the program ends."""
        assert self.source is not None
        self.source.close()
        assert not self.released
        return super().grab()

    def close(self) -> None:
        """Release the device."""
        self.released = True
        super().close()


def test_a_device_is_not_released_under_a_thread_that_waits_for_its_picture() -> None:
    device = HangingCapture()
    device.source = LiveSource("camera Cam", lambda: device)
    device.source.read()
    assert device.released


Answer = Callable[[BaseHTTPRequestHandler], None]


@contextmanager
def web_server(answer: Answer) -> Iterator[int]:
    """The port of a server on this machine that gives `answer` to every request."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            answer(self)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=partial(server.serve_forever, 0.01), daemon=True)
        thread.start()
        yield server.server_address[1]
        server.shutdown()
        thread.join()


def give_file(request: BaseHTTPRequestHandler) -> None:
    """A video file."""
    body = (DATA / "steady.mp4").read_bytes()
    request.send_response(200)
    request.send_header("Content-Type", "video/mp4")
    request.send_header("Content-Length", str(len(body)))
    request.end_headers()
    request.wfile.write(body)


def give_stream(request: BaseHTTPRequestHandler) -> None:
    """Pictures one after the other, as network cameras send them."""
    request.send_response(200)
    request.send_header("Content-Type", "multipart/x-mixed-replace; boundary=picture")
    request.end_headers()
    for grey in range(0, 200, 10):
        body = cv2.imencode(".jpg", np.full((48, 64, 3), grey, np.uint8))[1].tobytes()
        head = f"--picture\r\nContent-Type: image/jpeg\r\nContent-Length: {len(body)}\r\n\r\n"
        request.wfile.write(head.encode() + body + b"\r\n")


def test_a_network_camera_is_live() -> None:
    with web_server(give_stream) as port:
        settings = SourceSettings(f"http://me:secret@127.0.0.1:{port}/video?key=abc")
        with open_source(settings) as source:
            frames = [source.read() for _ in range(10)]
    assert source.live and source.frame_count is None
    assert source.name == f"http://***@127.0.0.1:{port}/video?***"
    greys = [int(frame.image[0, 0, 0]) for frame in frames if frame is not None]
    assert greys == pytest.approx([10 * n for n in range(10)], abs=2)


def test_a_file_behind_an_address_plays_like_a_file_and_ends() -> None:
    with web_server(give_file) as port:
        settings = SourceSettings(f"http://127.0.0.1:{port}/steady.mp4", pace="fast")
        with open_source(settings) as source:
            assert not source.live and source.frame_count == 12
            count = 0
            while source.read() is not None:
                count += 1
    assert count == 12 and source.ended


def give(body: bytes, kind: str) -> Answer:
    """Always the same file, from its start, whatever part of it is asked for."""

    def answer(request: BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        request.send_header("Content-Type", kind)
        request.send_header("Content-Length", str(len(body)))
        request.end_headers()
        with suppress(ConnectionError):  # whoever has read enough hangs up
            request.wfile.write(body)

    return answer


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".webp", ".bmp", ".tif"])
def test_a_picture_behind_an_address_plays_like_a_picture_and_ends(suffix: str) -> None:
    body = cv2.imencode(suffix, np.full((48, 64, 3), 90, np.uint8))[1].tobytes()
    with web_server(give(body, "image/any")) as port:
        spec = f"http://127.0.0.1:{port}/p{suffix}?size=1"
        with open_source(SourceSettings(spec, pace="fast")) as source:
            frame = source.read()
            assert source.read() is None and source.ended and source.frame_count == 1
        assert frame is not None and frame.image.shape == (48, 64, 3)
        assert int(frame.image[5, 5, 1]) == pytest.approx(90, abs=2)
        with open_source(SourceSettings(spec, pace="fast", loop=True)) as source:
            stamps = [frame.timestamp for _ in range(4) if (frame := source.read())]
    assert stamps == pytest.approx([0.0, 1 / 30, 2 / 30, 3 / 30])


def test_a_stream_that_is_named_like_a_picture_is_live() -> None:
    with web_server(give_stream) as port:
        with open_source(SourceSettings(f"http://127.0.0.1:{port}/live.jpg")) as source:
            assert source.live and source.read() is not None


def test_an_address_of_a_picture_that_cannot_be_decoded_is_refused() -> None:
    with web_server(give(b"\x89PNG\r\n\x1a\n" + bytes(500), "image/png")) as port:
        with pytest.raises(SourceError, match=r"cannot open http://127\.0\.0\.1"):
            open_source(SourceSettings(f"http://127.0.0.1:{port}/p.png"))


def test_a_video_whose_server_cannot_seek_to_its_index_is_refused_with_that_cause(
    tmp_path: Path,
) -> None:
    whole = (DATA / "steady.mp4").read_bytes()
    start = whole.index(b"moov") - 4
    end = start + int.from_bytes(whole[start : start + 4], "big")
    body = whole[:start] + gap(end - start) + whole[end:] + gap(4_000_000) + whole[start:end]
    path = tmp_path / "index_last.mp4"
    path.write_bytes(body)
    open_source(SourceSettings(str(path))).close()  # nothing is wrong with the file
    with web_server(give(body, "video/mp4")) as port:
        with pytest.raises(SourceError, match="the server cannot seek: download it first"):
            open_source(SourceSettings(f"http://127.0.0.1:{port}/index_last.mp4"))


def gap(size: int) -> bytes:
    """A part of an MP4 file that means nothing."""
    return size.to_bytes(4, "big") + b"free" + bytes(size - 8)


def test_an_address_where_nothing_plays_is_refused_without_its_password() -> None:
    for spec in ("rtsp://me:secret@127.0.0.1:9/x", "http://me:secret@127.0.0.1:9/x?key=secret"):
        with pytest.raises(SourceError, match=r"127\.0\.0\.1:9") as caught:
            open_source(SourceSettings(spec))
        assert "secret" not in str(caught.value)


def test_an_address_of_an_unknown_kind_is_refused() -> None:
    with pytest.raises(SourceError, match="expected one of rtsp"):
        open_source(SourceSettings("gopher://me:secret@host/x"))
    with pytest.raises(SourceError, match="cannot open the address"):
        open_source(SourceSettings("http://[::1/x"))
