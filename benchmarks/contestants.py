"""Trackers as programs of their own at 30 pictures a second, for `benchmarks.load` and `.game`.

`regressor`: nothing but mien's regressor, on pictures that are decoded already.
`mediapipe`: nothing but MediaPipe's own package, likewise.
`openseeface`: nothing but OpenSeeFace's tracker, likewise, in its own Python.
`run`:       `mien run` without a window: a camera's 1280×720 MJPG pictures, all seven outputs on,
             each with a receiver that asks for it. What it takes beyond `regressor` is mien's own.
`budget`:    the same with --budget.
"""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from app.bench.openseeface import models_in, python_of
from app.face_model import face_model_path
from app.outputs import PROTOCOLS
from engine.geometry import Array
from tests.vtube_studio import VTubeStudio

RATE, WIDTH, HEIGHT = 30.0, 1280, 720
CLIP_SECONDS = 12
WARM_UP = 3.0  # s after the first picture was seen: the exposure of a camera, caches

WATCHED = """
import sys, threading, time

def watch():
    ready.wait()
    time.sleep({warm_up})
    print("READY", flush=True)
    start, began, first = time.process_time(), time.perf_counter(), count[0]
    time.sleep({seconds})
    seconds = time.perf_counter() - began
    core, rate = (time.process_time() - start) / seconds, (count[0] - first) / seconds
    threads = [line.split()[1] for line in open("/proc/self/status") if line.startswith("Threads")]
    print("LOAD", core, rate, int(threads[0]) - 1, *ages[-int(rate * seconds) :], flush=True)
    done.set()

def seen():
    count[0] += 1
    ready.set()

ages, count, ready, done = [], [0], threading.Event(), threading.Event()
threading.Thread(target=watch, daemon=True).start()
"""

LOOP = """
capture = cv2.VideoCapture({clip!r})
pictures = [capture.read()[1] for _ in range(60)]
index, due = 0, time.perf_counter()
while not done.is_set():
    due += 1 / {rate}
    late = time.perf_counter() - due
    time.sleep(max(0.0, -late))
    if late > 1 / {rate}:
        due += int(late * {rate}) / {rate}  # pictures that were missed stay missed
    place = index % (2 * len(pictures) - 2)  # there and back again: no leap
    see(pictures[min(place, 2 * len(pictures) - 2 - place)].copy(), index)
    seen()
    index += 1
"""

REGRESSOR = """
import cv2
cv2.setNumThreads(1)
from app.face_model import face_model_path
from app.folders import data_folder
from app.tracking import TrackingSettings, open_finder
from engine.data import Frame
from engine.regressors.mediapipe import MediaPipeRegressor
from engine.runtime import RuntimeSettings

settings = TrackingSettings(
    face_model_path(None), data_folder() / "models", runtime=RuntimeSettings(runtime="onnx")
)
regressor = MediaPipeRegressor(open_finder(settings))

def see(image, index):
    regressor.observe(Frame(image, index / {rate}, 0.0, index))
"""

MEDIAPIPE = """
import cv2, mediapipe as mp
from mediapipe.tasks.python import BaseOptions, vision
landmarker = vision.FaceLandmarker.create_from_options(vision.FaceLandmarkerOptions(
    base_options=BaseOptions(model_asset_path={model!r}), running_mode=vision.RunningMode.VIDEO,
    num_faces=1, output_face_blendshapes=True, output_facial_transformation_matrixes=True))

def see(image, index):
    rgb = cv2.cvtColor(image, cv2.COLOR_BGR2RGB)
    picture = mp.Image(image_format=mp.ImageFormat.SRGB, data=rgb)
    landmarker.detect_for_video(picture, int(index * 1000 / {rate}))
"""

OPENSEEFACE = """
import os
os.environ["OMP_NUM_THREADS"] = "1"
sys.path.insert(0, {folder!r})
import cv2
from tracker import Tracker
tracker = Tracker(
    {width}, {height}, model_type={number}, max_threads=1, discard_after=10, scan_every=3,
    silent=True, no_gaze={number} == -1, detection_threshold=0.6, use_retinaface=0,
    max_feature_updates=900, static_model=True)

def see(image, index):
    tracker.predict(image)
"""

RUN = """
from app.cli import main
from engine.smoother import Smoother

update = Smoother.update

def watched(*arguments, **options):
    seen()
    return update(*arguments, **options)

Smoother.update = watched  # once a picture

from app.meter import Meter

def sent(meter, frame):
    ages.append(time.perf_counter() - frame.arrived)
    return send(meter, frame)

send, Meter.sent = Meter.sent, sent
sys.exit(main({arguments!r}))
"""


@dataclass(frozen=True, slots=True)
class Contestant:
    """A program, and the Python that runs it."""

    program: str
    python: str = sys.executable


@dataclass(frozen=True, slots=True, eq=False)
class Load:
    """What it took.

    core:    share of one, of all its threads.
    rate:    pictures a second that it looked at.
    ages:    (N,) seconds from a picture's arrival to its datagrams, in order; of mien alone.
    """

    core: float
    rate: float
    threads: int
    ages: Array

    def __str__(self) -> str:
        """The ages: median, 95th percentile, and the median of the first and the second half."""
        if not self.ages.size:
            return ""
        p50, p95 = 1000.0 * np.percentile(self.ages, (50, 95))
        first, second = (1000.0 * np.median(half) for half in np.array_split(self.ages, 2))
        return f"{p50:.0f}, {p95:.0f} ms; {first:.0f} then {second:.0f}"


def contestants(
    clip: Path, outputs: list[str], seconds: float, openseeface: Path | None
) -> dict[str, Contestant]:
    """By name; `seconds` after WARM_UP are measured."""
    run = ["run", "--source", f"faulty:{clip}", "--no-window", "--runtime", "onnx"]
    run += ["--seconds", str(WARM_UP + seconds + 1.0)]
    run += [part for output in outputs for part in ("--output", output)]
    numbers = {"rate": RATE, "width": WIDTH, "height": HEIGHT, "clip": str(clip)}
    mediapipe = MEDIAPIPE.format(model=str(face_model_path(None)), **numbers)
    loop = LOOP.format(**numbers)
    found = {
        "regressor": Contestant(REGRESSOR.format(**numbers) + loop),
        "mediapipe": Contestant(mediapipe + loop),
        "run": Contestant(RUN.format(arguments=run)),
        "budget": Contestant(RUN.format(arguments=[*run, "--budget"])),
    }
    if openseeface is not None:
        for number in models_in(openseeface):
            program = OPENSEEFACE.format(
                folder=str(openseeface.absolute()), number=number, **numbers
            )
            found[f"openseeface {number}"] = Contestant(program + loop, python_of(openseeface))
    return found


def start(contestant: Contestant, seconds: float) -> subprocess.Popen[str]:
    """Prints READY after WARM_UP, and `seconds` later what `load_of` reads."""
    watched = WATCHED.format(warm_up=WARM_UP, seconds=seconds) + contestant.program
    return subprocess.Popen(
        [contestant.python, "-c", watched],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def load_of(process: subprocess.Popen[str]) -> Load:
    """Waits for its end."""
    out, errors = process.communicate()
    lines = [line for line in out.splitlines() if line.startswith("LOAD ")]
    if not lines:
        sys.exit(f"the program failed: {errors.strip()}")
    if ": 0 datagrams" in out:
        sys.exit(f"an output sent nothing: {out}")
    _, core, rate, threads, *ages = lines[0].split()
    return Load(float(core), float(rate), int(threads), np.array(ages, np.float64))


def write_clip(video: Path, clip: Path) -> None:
    """What a camera sends: MJPG, 1280×720, 30 a second."""
    capture = cv2.VideoCapture(str(video))
    writer = cv2.VideoWriter(str(clip), cv2.VideoWriter.fourcc(*"MJPG"), RATE, (WIDTH, HEIGHT))
    for _ in range(int(CLIP_SECONDS * RATE)):
        read, image = capture.read()
        if not read:
            break
        scale = min(WIDTH / image.shape[1], HEIGHT / image.shape[0])
        image = cv2.resize(image, None, fx=scale, fy=scale)
        right, below = WIDTH - image.shape[1], HEIGHT - image.shape[0]
        writer.write(
            cv2.copyMakeBorder(
                image, 0, below, right // 2, right - right // 2, cv2.BORDER_REPLICATE
            )
        )
    writer.release()
    capture.release()


@contextmanager
def receivers() -> Iterator[list[str]]:
    """Somebody at the other end of every output; gives what --output takes."""
    outputs: list[str] = []
    ended = threading.Event()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        udp.bind(("127.0.0.1", 0))
        port = udp.getsockname()[1]
        studio = VTubeStudio()
        phone = _free_port()
        ports = {"vts": studio.port, "vtsphone": phone}
        outputs = [f"{protocol}:127.0.0.1:{ports.get(protocol, port)}" for protocol in PROTOCOLS]
        ask = (
            '{"messageType":"iOSTrackingDataRequest","sentBy":"load","sendForSeconds":5,'
            f'"ports":[{port}]}}'
        ).encode()

        def keep_asking() -> None:
            while not ended.wait(1.0):
                udp.sendto(ask, ("127.0.0.1", phone))

        asking = threading.Thread(target=keep_asking)
        asking.start()
        try:
            yield outputs
        finally:
            ended.set()
            asking.join()
            studio.close()


def _free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as unused:
        unused.bind(("127.0.0.1", 0))
        return int(unused.getsockname()[1])
