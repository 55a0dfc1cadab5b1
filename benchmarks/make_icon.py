"""Draws the program's icon: our head before a plain square. Writes models/assets/icon.png.

python -m benchmarks.make_icon
"""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from app.viewer import ViewerSettings
from app.viewer.snapshot import render_snapshot
from engine.blendshapes import BLENDSHAPES, INDEX
from engine.data import FaceState
from engine.geometry import quaternion_from_euler

SIZE = 256  # pixels
DRAWN = 4 * SIZE
CORNER = 0.2  # of the side
SMILE = 0.55
HEAD = (0.09, 0.91, 0.05, 0.87)  # of the picture: left, right, top, bottom of what is kept
TOP, BOTTOM = (74, 178, 196), (22, 74, 98)  # RGB
TARGET = Path(__file__).parent.parent / "models" / "assets" / "icon.png"


def main() -> None:
    weights = np.zeros(len(BLENDSHAPES))
    for name in ("mouthSmileLeft", "mouthSmileRight", "cheekSquintLeft", "cheekSquintRight"):
        weights[INDEX[name]] = SMILE
    state = FaceState(
        timestamp=0.0,
        tracked=True,
        confidence=1.0,
        weights=weights,
        head_rotation=quaternion_from_euler(0.0, 0.25, 0.06),
        head_position=np.array([0.0, 0.0, -0.5]),
        gaze=np.zeros((2, 2)),
        landmarks=None,
        image_size=(4, 3),
    )
    settings = ViewerSettings(size=(DRAWN, DRAWN), background="transparent", supersampling=1.0)
    head = render_snapshot(state, settings).astype(np.float64)
    left, right, top, bottom = (round(share * DRAWN) for share in HEAD)
    side = min(right - left, bottom - top)
    head = cv2.resize(
        head[top : top + side, left : left + side], (SIZE, SIZE), interpolation=cv2.INTER_AREA
    )
    down = np.linspace(0.0, 1.0, SIZE)[:, None, None]
    ground = (1.0 - down) * np.array(TOP, float) + down * np.array(BOTTOM, float)
    alpha = head[..., 3:] / 255.0
    color = alpha * head[..., :3] + (1.0 - alpha) * np.broadcast_to(ground, (SIZE, SIZE, 3))
    icon = np.dstack((color, rounded_square(SIZE)))
    TARGET.write_bytes(
        cv2.imencode(".png", np.rint(icon[..., [2, 1, 0, 3]]).astype(np.uint8))[1].tobytes()
    )
    print(f"{TARGET}: {TARGET.stat().st_size} bytes")


def rounded_square(size: int) -> np.ndarray:
    """(size, size) 0..255, smooth at its edge."""
    radius = CORNER * size
    place = np.abs(np.arange(size) + 0.5 - size / 2) - (size / 2 - radius)
    outside = np.hypot(*np.meshgrid(np.maximum(place, 0.0), np.maximum(place, 0.0)))
    return 255.0 * np.clip(radius - outside, 0.0, 1.0)


if __name__ == "__main__":
    main()
