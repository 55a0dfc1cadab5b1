"""Makes the built-in clip: models/assets/demo_curves.csv and models/assets/demo.mp4.

    python -m benchmarks.make_demo

The curves come from the script in benchmarks/demo/performance.py; the pictures are drawn by the
viewer's renderer from the curve file alone, and ffmpeg (with libx264) packs them. Takes about five
minutes of one processor with software OpenGL.
"""

from __future__ import annotations

import argparse
import math
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import moderngl
import numpy as np
from numpy.typing import NDArray

from app.viewer.background import Picture
from app.viewer.camera import orbit_camera
from app.viewer.context import GL_VERSION
from app.viewer.head import HeadRenderer
from app.viewer.look import Look
from benchmarks.demo.curves import CURVES, RATE, Curves, read_curves, write_curves
from benchmarks.demo.performance import performance
from benchmarks.demo.room import room
from models.heads.free import load_free_head

CLIP = CURVES.with_name("demo.mp4")
SIZE = (800, 600)
LOOK = Look(
    identity="tomas",
    skin="beige",
    hair="short",
    hair_color="brown",
    eyes="brown",
    shirt="teal",
    stubble=0.35,
)
# A webcam's lens at arm's length. The lens is level with the eyes, so that the head's rotation is
# the one that the camera sees.
DISTANCE = 0.52  # metres
FIELD_OF_VIEW = math.radians(38.0)  # vertical
MIDDLE = -0.035  # metres: height of the picture's middle
QUALITY = 26  # libx264's CRF


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--clip", type=Path, default=CLIP)
    parser.add_argument("--curves", type=Path, default=CURVES)
    parser.add_argument("--scale", type=float, default=1.0, help="of the picture, for a quick look")
    parser.add_argument("--every", type=int, default=1, help="draw each Nth frame only")
    arguments = parser.parse_args()
    write_curves(arguments.curves, performance())
    curves = read_curves(arguments.curves)
    size = tuple(2 * round(side * arguments.scale / 2) for side in SIZE)
    images = render(curves, size, arguments.every)
    encode(arguments.clip, images, size, RATE / arguments.every)
    print(f"{arguments.curves}: {arguments.curves.stat().st_size / 1e3:.0f} kB")
    print(f"{arguments.clip}: {arguments.clip.stat().st_size / 1e6:.2f} MB")


def render(curves: Curves, size: tuple[int, int], every: int) -> Iterator[NDArray[np.uint8]]:
    """(H, W, 3) RGB of each frame."""
    width, height = size
    camera = orbit_camera(
        aspect=width / height,
        distance=DISTANCE,
        target=(0.0, MIDDLE, 0.0),
        field_of_view=FIELD_OF_VIEW,
    )
    backend: Any = "egl"  # moderngl annotates settings as dictionaries
    context = moderngl.create_standalone_context(require=GL_VERSION, backend=backend)
    wall = context.texture(size, 3, room(size)[::-1].tobytes(), alignment=1)
    color = context.texture(size, 4)
    target = context.framebuffer([color])
    with HeadRenderer(context, load_free_head(), LOOK, supersampling=2.0) as head:
        for frame in range(0, curves.frame_count, every):
            head.draw(
                target,
                weights=curves.weights[frame],
                head_rotation=curves.head_rotation(frame),
                gaze=curves.gaze[frame],
                camera=camera,
                background=Picture(wall),
                head_position=curves.lean[frame],
            )
            rows = np.frombuffer(target.read(components=3, alignment=1), np.uint8)
            yield rows.reshape(height, width, 3)[::-1]
    context.release()


def encode(
    path: Path, images: Iterator[NDArray[np.uint8]], size: tuple[int, int], rate: float
) -> None:
    """H.264 that every player reads; one thread, no date: the same pictures give the same bytes."""
    command = [
        *("ffmpeg", "-loglevel", "error", "-y"),
        *("-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{size[0]}x{size[1]}", "-r", f"{rate:g}"),
        *("-i", "-", "-an", "-threads", "1"),
        *("-vf", "scale=out_color_matrix=bt709:out_range=tv,format=yuv420p"),
        *("-colorspace", "bt709", "-color_primaries", "bt709", "-color_trc", "bt709"),
        *("-c:v", "libx264", "-preset", "slow", "-crf", str(QUALITY), "-g", "150"),
        *("-movflags", "+faststart", "-map_metadata", "-1", "-fflags", "+bitexact"),
        *("-flags:v", "+bitexact", str(path)),
    ]
    with subprocess.Popen(command, stdin=subprocess.PIPE) as ffmpeg:
        assert ffmpeg.stdin is not None
        with closing(ffmpeg.stdin) as pipe:
            for image in images:
                pipe.write(np.ascontiguousarray(image).tobytes())
    if ffmpeg.returncode != 0:
        raise SystemExit(f"ffmpeg ended with {ffmpeg.returncode}")


if __name__ == "__main__":
    main()
