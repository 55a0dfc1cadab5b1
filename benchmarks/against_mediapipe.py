"""mien beside a bare MediaPipe loop over the same file, in turns, in one run.

    python -m benchmarks.against_mediapipe VIDEO [--frames N] [--rounds N]

`bare`: OpenCV decodes, MediaPipe detects (VIDEO mode, scores and matrix), nothing else.
`track`: `mien track` into a CSV. Its rate must be at least 0.9 of bare's; decoding overlaps.
`run`: `mien run` without a window, VMC and OSC on, every frame. Its processor time per frame may
exceed bare's by 15 % at most.
Each is a process of its own that times its loop after start-up: from the 20th frame to the last.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median

WARM_UP = 20  # frames

BARE = """
import sys, time
import cv2, mediapipe as mp
from mediapipe.tasks.python import BaseOptions, vision
options = vision.FaceLandmarkerOptions(
    base_options=BaseOptions(model_asset_path={model!r}), running_mode=vision.RunningMode.VIDEO,
    num_faces=1, output_face_blendshapes=True, output_facial_transformation_matrixes=True)
capture = cv2.VideoCapture({video!r})
rate = capture.get(cv2.CAP_PROP_FPS)
with vision.FaceLandmarker.create_from_options(options) as landmarker:
    for index in range({frames}):
        ok, image = capture.read()
        if not ok:
            sys.exit("the video is too short")
        rgb = cv2.cvtColor(image, cv2.COLOR_BGR2RGB)
        picture = mp.Image(image_format=mp.ImageFormat.SRGB, data=rgb)
        landmarker.detect_for_video(picture, int(index * 1000 / rate))
        if index == {warm_up}:
            wall, cpu = time.perf_counter(), time.process_time()
    count = {frames} - 1 - {warm_up}
    print((time.perf_counter() - wall) / count, (time.process_time() - cpu) / count)
"""

OURS = """
import sys, time
from app.cli import main
from engine.smoother import Smoother
marks = []
update = Smoother.update
def marked(*arguments, **options):
    marks.append((time.perf_counter(), time.process_time()))
    return update(*arguments, **options)
Smoother.update = marked  # once a frame in both commands
sys.stdout, out = sys.stderr, sys.stdout
code = main({argv!r})
(wall, cpu), (wall_end, cpu_end) = marks[{warm_up}], marks[{frames} - 1]
count = {frames} - 1 - {warm_up}
print((wall_end - wall) / count, (cpu_end - cpu) / count, file=out)
"""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("video", type=Path, help="at least as long as --frames")
    parser.add_argument("--frames", type=int, default=300)
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    costs: dict[str, list[tuple[float, float]]] = {"bare": [], "track": [], "run": []}
    for _ in range(arguments.rounds):
        for name, values in costs.items():
            values.append(_measure(name, arguments.video, arguments.frames))
    middle = {
        name: [median(column) for column in zip(*values, strict=True)]
        for name, values in costs.items()
    }
    print("| | ms a frame | processor ms a frame | rate to bare | processor time to bare |")
    print("|---|---|---|---|---|")
    for name, (wall, cpu) in middle.items():
        rate, share = middle["bare"][0] / wall, cpu / middle["bare"][1]
        print(f"| {name} | {wall * 1e3:.2f} | {cpu * 1e3:.2f} | {rate:.2f} | {share:.2f} |")
    return 0


def _measure(name: str, video: Path, frames: int) -> tuple[float, float]:
    """Seconds of wall-clock and processor time a frame."""
    with tempfile.TemporaryDirectory() as folder:
        if name == "bare":
            from app.face_model import face_model_path

            code = BARE.format(
                model=str(face_model_path(None)), video=str(video), frames=frames, warm_up=WARM_UP
            )
        else:
            take = str(Path(folder) / "take.csv")
            argv = (
                ["track", str(video), "--record", take]
                if name == "track"
                else [
                    "run",
                    "--source",
                    str(video),
                    "--no-window",
                    "--pace",
                    "fast",
                    "--frames",
                    str(frames),
                ]
            )
            code = OURS.format(argv=argv, frames=frames, warm_up=WARM_UP)
        output = subprocess.run(
            [sys.executable, "-c", code],
            check=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,  # MediaPipe's start-up messages
            text=True,
        ).stdout
    wall, cpu = output.split()
    return float(wall), float(cpu)


if __name__ == "__main__":
    sys.exit(main())
