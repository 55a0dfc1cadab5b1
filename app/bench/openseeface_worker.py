"""Runs OpenSeeFace's own tracker in OpenSeeFace's own Python: mien may be out of its reach there.

    python openseeface_worker.py FOLDER MODEL

Reads pictures from standard input: width and height as two little-endian 32-bit numbers, then BGR
bytes. Answers each with a line of JSON on standard output; before the first one, once it is loaded,
with an empty object. OpenSeeFace runs on Python 3.7: so does this, and it imports nothing of ours.
"""

import json
import os
import struct
import sys
import time
from typing import Any

FEATURES = ("mouth_open", "mouth_wide", "eye_l", "eye_r")


def main(folder: str, model: int) -> None:
    """Answer until the pictures end."""
    os.environ["OMP_NUM_THREADS"] = "1"  # as its facetracker.py does before all else
    answers, sys.stdout = sys.stdout, sys.stderr
    sys.path[0] = folder
    import numpy as np
    from tracker import Tracker  # type: ignore[import-not-found]

    def answer(content: Any) -> None:
        answers.write(json.dumps(content) + "\n")
        answers.flush()

    answer({})
    tracker: Any = None
    shape = None
    while True:
        header = sys.stdin.buffer.read(8)
        if len(header) < 8:
            return
        width, height = struct.unpack("<II", header)
        content = bytearray(sys.stdin.buffer.read(width * height * 3))
        image = np.frombuffer(content, np.uint8).reshape(height, width, 3)
        if shape != image.shape:  # the defaults of its facetracker.py
            tracker = Tracker(
                width,
                height,
                model_type=model,
                max_threads=1,
                discard_after=10,
                scan_every=3,
                silent=True,
                no_gaze=model == -1,
                detection_threshold=0.6,
                use_retinaface=0,
                max_feature_updates=900,
                static_model=True,
            )
            shape = image.shape
        wall, processor = time.perf_counter(), time.process_time()
        faces = tracker.predict(image)
        said: Any = {
            "seconds": time.perf_counter() - wall,
            "processor": time.process_time() - processor,
            "face": None,
        }
        for face in faces[:1]:
            said["face"] = {
                "open": [float(eye) for eye in face.eye_blink],
                "features": {
                    name: float(face.current_features.get(name, 0.0)) for name in FEATURES
                },
                "euler": [float(angle) for angle in face.euler],
            }
        answer(said)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
