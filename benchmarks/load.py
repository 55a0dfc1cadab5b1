"""The processor time of a session: `mien run` beside its own regressor alone, in turns, in one run.

    python -m benchmarks.load [VIDEO] [--seconds S] [--rounds N]

All at 30 pictures a second, in per cent of one core, after start-up:

`regressor`: nothing but the regressor, on pictures that are decoded already.
`run`:       `mien run` without a window: a camera's 1280×720 MJPG pictures, all seven outputs on,
             each with a receiver that asks for it. What it takes beyond `regressor` is mien's own.
`budget`:    the same with --budget.
"""

from __future__ import annotations

import argparse
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

import cv2

from app.outputs import PROTOCOLS
from app.sources.demo import demo_path
from tests.vtube_studio import VTubeStudio

RATE, WIDTH, HEIGHT = 30.0, 1280, 720
CLIP_SECONDS = 12
WARM_UP = 8.0  # s: imports, networks, the exposure of a camera

WATCHED = """
import sys, threading, time

def watch():
    time.sleep({warm_up})
    start, began = time.process_time(), time.perf_counter()
    time.sleep({seconds})
    print("LOAD", (time.process_time() - start) / (time.perf_counter() - began), flush=True)
    done.set()

done = threading.Event()
threading.Thread(target=watch, daemon=True).start()
"""

REGRESSOR = """
from pathlib import Path
import cv2
cv2.setNumThreads(1)
from app.face_model import face_model_path
from app.folders import data_folder
from app.tracking import TrackingSettings, open_finder
from engine.data import Frame
from engine.regressors.mediapipe import MediaPipeRegressor
from engine.runtime import RuntimeSettings

capture = cv2.VideoCapture({clip!r})
pictures = [capture.read()[1] for _ in range(60)]
settings = TrackingSettings(
    face_model_path(None), data_folder() / "models", runtime=RuntimeSettings(runtime="onnx")
)
with MediaPipeRegressor(open_finder(settings)) as regressor:
    index, due = 0, time.perf_counter()
    while not done.is_set():
        due += 1 / {rate}
        time.sleep(max(0.0, due - time.perf_counter()))
        place = index % (2 * len(pictures) - 2)  # there and back again: no leap
        image = pictures[min(place, 2 * len(pictures) - 2 - place)]
        regressor.observe(Frame(image, index / {rate}, 0.0, index))
        index += 1
"""

RUN = """
from app.cli import main
sys.exit(main({arguments!r}))
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("video", nargs="?", type=Path, help="with a face (default: the demo clip)")
    parser.add_argument("--seconds", type=float, default=15.0, help="of each measurement")
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, receivers() as outputs:
        clip = Path(folder) / "camera.avi"
        write_clip(arguments.video or demo_path(), clip)
        seconds = str(WARM_UP + arguments.seconds + 1.0)
        run = ["run", "--source", f"faulty:{clip}", "--no-window", "--seconds", seconds]
        run += ["--runtime", "onnx", *(part for output in outputs for part in ("--output", output))]
        programs = {
            "regressor": REGRESSOR.format(clip=str(clip), rate=RATE),
            "run": RUN.format(arguments=run),
            "budget": RUN.format(arguments=[*run, "--budget"]),
        }
        loads: dict[str, list[float]] = {name: [] for name in programs}
        for _ in range(arguments.rounds):
            for name, program in programs.items():
                loads[name].append(load_of(program, arguments.seconds))
    alone = loads["regressor"]
    for name, shares in loads.items():
        own = median(share - bare for share, bare in zip(shares, alone, strict=True))
        rounds = ", ".join(f"{100 * share:.1f}" for share in shares)
        beyond = "" if name == "regressor" else f", {100 * own:+.1f} beyond the regressor"
        print(f"{name}: {100 * median(shares):.1f} % of a core{beyond} (rounds: {rounds})")


def load_of(program: str, seconds: float) -> float:
    """Processor seconds a second of a program in a process of its own."""
    watched = WATCHED.format(warm_up=WARM_UP, seconds=seconds) + program
    result = subprocess.run(
        [sys.executable, "-c", watched], capture_output=True, text=True, check=False
    )
    lines = [line for line in result.stdout.splitlines() if line.startswith("LOAD ")]
    if not lines:
        sys.exit(f"the program failed: {result.stderr.strip()}")
    if ": 0 datagrams" in result.stdout:
        sys.exit(f"an output sent nothing: {result.stdout}")
    return float(lines[0].split()[1])


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


if __name__ == "__main__":
    main()
