"""How long a picture takes from its pixels to the datagram, measured from outside: a table.

    python -m benchmarks.latency [--seconds 30] [--rate 30] [--viewer-ms 16 160 500] [--busy-ms 16]

mien runs as a program of its own and looks at a network camera (MJPEG over HTTP) that this program
plays: two pictures of the built-in clip, mouth shut and mouth open, which change places about twice
a second. The clock starts before the first byte of a new picture is sent and stops when the first
datagram has come in which the jaw has gone more than half way. So decoding and transport count.

age at send: mien's own figure, from the picture's arrival in the program to the last output.
Viewers: in place of the window one that sleeps so long for each picture, as in a driver's call, or
one that computes so long in Python, which only one thread can at a time.
"""

from __future__ import annotations

import argparse
import os
import re
import socket
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from types import TracebackType
from typing import Self

import cv2
import numpy as np

import app.viewer
from app.actions import Action
from app.cli import main as mien
from app.network.osc_packet import read_packet
from app.sources import SourceSettings, open_source
from app.statistics import Statistics
from app.viewer import Shown, ViewerSettings
from benchmarks.demo.curves import read_curves
from engine.blendshapes import INDEX

PATIENCE = 0.2  # s
HOLD = (11, 19)  # frames between two changes, at random
LEAST, MOST = 0.1, 0.9  # jawOpen of the two pictures, as shares of the clip's range
WARM_UP = 3.0  # s
LOST = 1.0  # s after which a change counts as not seen


@dataclass(frozen=True, slots=True)
class Change:
    """A new picture's first byte was sent at `sent` seconds; is_open: the mouth in it."""

    sent: float
    is_open: bool


class Camera:
    """An MJPEG server for one client; `changes` are noted as they are sent."""

    def __init__(self, rate: float) -> None:
        self.changes: list[Change] = []
        self._rate = rate
        self._pictures = pictures()
        self._stop = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(PATIENCE)
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}/video"
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def _serve(self) -> None:
        while not self._stop.is_set():
            try:
                client, _ = self._listener.accept()
            except TimeoutError:
                continue
            with client:
                try:
                    self._play(client)
                except (ConnectionError, TimeoutError):
                    continue  # it goes, or comes again

    def _play(self, client: socket.socket) -> None:
        client.recv(4096)
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        client.sendall(
            b"HTTP/1.0 200 OK\r\nContent-Type: multipart/x-mixed-replace; boundary=frame\r\n\r\n"
        )
        random = np.random.default_rng(0)
        is_open, left, next_time = False, 30, time.perf_counter()
        while not self._stop.is_set():
            time.sleep(max(next_time - time.perf_counter(), 0.0))
            next_time += 1.0 / self._rate
            left -= 1
            if left == 0:
                is_open, left = not is_open, int(random.integers(*HOLD))
                self.changes.append(Change(time.perf_counter(), is_open))
            jpeg = self._pictures[is_open]
            head = f"--frame\r\nContent-Type: image/jpeg\r\nContent-Length: {len(jpeg)}\r\n\r\n"
            client.sendall(head.encode() + jpeg + b"\r\n")

    def close(self) -> None:
        self._stop.set()
        self._thread.join()
        self._listener.close()


class Receiver:
    """Notes when which jawOpen arrived."""

    def __init__(self) -> None:
        self.arrived: list[tuple[float, float]] = []  # seconds, jawOpen
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self._socket.settimeout(PATIENCE)
        self.port = int(self._socket.getsockname()[1])
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._receive)
        self._thread.start()

    def _receive(self) -> None:
        while not self._stop.is_set():
            try:
                datagram = self._socket.recv(65536)
            except TimeoutError:
                continue
            now = time.perf_counter()
            for message in read_packet(datagram).messages:
                if message.address.endswith("/jawOpen"):
                    self.arrived.append((now, message.numbers[0]))

    def close(self) -> None:
        self._stop.set()
        self._thread.join()
        self._socket.close()


class SleepingViewer:
    """A window that does nothing but take its time. busy: it computes meanwhile."""

    def __init__(self, seconds: float, settings: ViewerSettings, *, busy: bool = False) -> None:
        self.settings = settings
        self.drawn: Shown | None = None
        self._seconds, self._busy = seconds, busy

    def draw(self, shown: Shown | None, statistics: Statistics) -> tuple[Action, ...]:
        if self._busy:
            end = time.perf_counter() + self._seconds
            while time.perf_counter() < end:
                pass
        else:
            time.sleep(self._seconds)
        self.drawn = shown
        return ()

    def take(self, settings: ViewerSettings) -> None:
        self.settings = settings

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Nothing is held open."""


def pictures() -> dict[bool, bytes]:
    """By whether the mouth is open: JPEG files of the built-in clip, the heads much alike."""
    curves = read_curves()
    jaw = curves.weights[:, INDEX["jawOpen"]]
    blinks = curves.weights[:, INDEX["eyeBlinkLeft"]]
    wide = int(np.argmax(jaw - blinks))
    shut = np.flatnonzero((jaw < LEAST * jaw.max()) & (blinks < LEAST))
    shut = int(shut[np.abs(curves.head[shut] - curves.head[wide]).sum(1).argmin()])
    files: dict[bool, bytes] = {}
    with open_source(SourceSettings(spec="demo", pace="fast")) as source:
        while (frame := source.read()) is not None:
            if frame.index in (wide, shut):
                files[frame.index == wide] = cv2.imencode(".jpg", frame.image)[1].tobytes()
    return files


def delays(changes: list[Change], arrived: list[tuple[float, float]]) -> tuple[list[float], int]:
    """Seconds from each change to the first datagram past the middle; and how many were missed."""
    times, jaws = np.array(arrived).T
    middle = float(np.quantile(jaws, 0.1) + np.quantile(jaws, 0.9)) / 2
    found, missed = [], 0
    for change in changes:
        if not times[0] + WARM_UP < change.sent < times[-1] - LOST:
            continue
        over = (jaws > middle) == change.is_open
        after = np.flatnonzero((times > change.sent) & (times < change.sent + LOST) & over)
        if len(after):
            found.append(float(times[after[0]] - change.sent))
        else:
            missed += 1
    return found, missed


def measure(seconds: float, rate: float, viewer_ms: float | None, kind: str = "sleeps") -> str:
    """One row of the table. kind: "sleeps" or "computes"."""
    camera, receiver = Camera(rate), Receiver()
    command = [
        *(sys.executable, "-m", "benchmarks.latency", "--child"),
        *(() if viewer_ms is None else (kind, str(viewer_ms))),
        *("run", "--source", camera.url, "--output", f"osc:127.0.0.1:{receiver.port}"),
        *("--seconds", str(seconds), *(("--no-window",) if viewer_ms is None else ())),
    ]
    try:
        done = subprocess.run(command, capture_output=True, text=True, env=os.environ, check=False)
    finally:
        camera.close()
        receiver.close()
    title = "none" if viewer_ms is None else f"{kind} {viewer_ms:g} ms"
    if done.returncode != 0 or not receiver.arrived:
        return f"| {title} | failed: {done.stderr.strip()} |"
    found, missed = delays(camera.changes, receiver.arrived)
    p50, p95, p99 = 1e3 * np.percentile(found, (50, 95, 99))
    age = re.search(r"picture to send: (.*)", done.stdout)
    said = age.group(1) if age else "not said"
    return (
        f"| {title} | {len(found)} ({missed} missed) | {p50:.1f} | {p95:.1f} | {p99:.1f} | {said} |"
    )


def child(arguments: list[str]) -> int:
    """mien itself; before its own arguments, what its window does and for how many milliseconds."""
    if arguments[0] != "run":
        busy, seconds = arguments.pop(0) == "computes", float(arguments.pop(0)) / 1e3

        def open_sleeper(settings: ViewerSettings, **_: object) -> SleepingViewer:
            return SleepingViewer(seconds, settings, busy=busy)

        vars(app.viewer)["open_viewer"] = open_sleeper
    return mien(arguments)


def main() -> int:
    if sys.argv[1:2] == ["--child"]:
        return child(sys.argv[2:])
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--rate", type=float, default=30.0)
    parser.add_argument("--viewer-ms", type=float, nargs="*", default=[16.0, 160.0, 500.0])
    parser.add_argument("--busy-ms", type=float, nargs="*", default=[16.0])
    arguments = parser.parse_args()
    print("| viewer | changes | p50, ms | p95, ms | p99, ms | age at send |")
    print("|---|---|---|---|---|---|")
    for viewer_ms in (None, *arguments.viewer_ms):
        print(measure(arguments.seconds, arguments.rate, viewer_ms), flush=True)
    for viewer_ms in arguments.busy_ms:
        print(measure(arguments.seconds, arguments.rate, viewer_ms, "computes"), flush=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
