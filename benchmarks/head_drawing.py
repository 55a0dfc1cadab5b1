"""How fast this machine draws the head: each look, off-screen, with a moving face.

python -m benchmarks.head_drawing [--size 384] [--frames 40]
"""

from __future__ import annotations

import argparse
import statistics
import time

import numpy as np

from app.viewer.background import Gradient
from app.viewer.camera import orbit_camera
from app.viewer.head import HeadRenderer
from app.viewer.look import LOOKS
from app.viewer.snapshot import offscreen_context
from engine.blendshapes import BLENDSHAPES, INDEX
from engine.geometry import quaternion_from_euler
from models.heads.free import load_free_head


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=int, default=384)
    parser.add_argument("--frames", type=int, default=40)
    arguments = parser.parse_args()
    camera = orbit_camera(aspect=1.0)
    background = Gradient((0.3, 0.33, 0.38), (0.08, 0.09, 0.11))
    with offscreen_context() as context:
        print(f"{context.info['GL_RENDERER']}, {arguments.size}×{arguments.size}, one sample")
        target = context.simple_framebuffer((arguments.size, arguments.size))
        with HeadRenderer(context, load_free_head(), next(iter(LOOKS.values()))) as renderer:
            for name, look in LOOKS.items():
                renderer.set_look(look)
                seconds = []
                for frame in range(arguments.frames):
                    weights = np.zeros(len(BLENDSHAPES))
                    weights[INDEX["jawOpen"]] = 0.5 + 0.5 * np.sin(frame * 0.4)
                    start = time.perf_counter()
                    renderer.draw(
                        target,
                        weights=weights,
                        head_rotation=quaternion_from_euler(0.0, 0.3 * np.sin(frame * 0.2), 0.0),
                        gaze=np.zeros((2, 2)),
                        camera=camera,
                        background=background,
                    )
                    context.finish()
                    seconds.append(time.perf_counter() - start)
                median = statistics.median(seconds[5:])
                print(f"{name:6} {median * 1e3:6.1f} ms  {1.0 / median:6.1f} /s", end="")
                print(f"  {renderer.draw_calls} draw calls")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
