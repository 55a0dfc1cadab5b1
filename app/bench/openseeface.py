"""OpenSeeFace beside mien: its own tracker, in a process and a Python of its own.

Its tracker needs NumPy 1 and OpenCV 4, mien does not: so its folder's environment runs it (`.venv`
or `venv` in it), if there is one. What it takes is timed there, where no picture is on its way.
"""

from __future__ import annotations

import json
import struct
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.closing import Closing
from engine.errors import MienError, SettingsError

MODELS = {  # by the number that its --model takes: file, the more certain the higher
    -1: "lm_modelT_opt.onnx",
    0: "lm_model0_opt.onnx",
    1: "lm_model1_opt.onnx",
    2: "lm_model2_opt.onnx",
    3: "lm_model3_opt.onnx",
    4: "lm_model4_opt.onnx",
}
NEEDED = (
    "tracker.py",
    "models/mnv3_detection_opt.onnx",
    "models/mnv3_gaze32_split_opt.onnx",
)
ENVIRONMENTS = (
    ".venv/bin/python",
    "venv/bin/python",
    ".venv/Scripts/python.exe",
    "venv/Scripts/python.exe",
)
WORKER = Path(__file__).with_name("openseeface_worker.py")


@dataclass(frozen=True, slots=True)
class OpenSeeFaceFace:
    """What it says of a face, in its own terms.

    eyes_open:  left, right; 0 closed … 1 as open as usually.
    mouth_open: −1 … 1: its feature, 0 is the median so far.
    euler:      degrees, its own axes.
    """

    eyes_open: tuple[float, float]
    mouth_open: float
    euler: tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Answer:
    """To one picture. seconds, processor: that its tracker took."""

    seconds: float
    processor: float
    face: OpenSeeFaceFace | None


class OpenSeeFaceError(MienError):
    """OpenSeeFace is there but fails; why, in its own last words."""


def models_in(folder: Path) -> tuple[int, ...]:
    """The numbers of the models that OpenSeeFace can be run with there. Raises SettingsError."""
    missing = [name for name in NEEDED if not (folder / name).is_file()]
    there = tuple(number for number, name in MODELS.items() if (folder / "models" / name).is_file())
    if missing or not there:
        what = missing[0] if missing else "models/lm_model*_opt.onnx"
        raise SettingsError(
            f"cannot measure OpenSeeFace in {folder}: there is no {what}; expected its repository "
            "with tracker.py and models. Name the folder of emilianavt/OpenSeeFace."
        )
    return there


def python_of(folder: Path) -> str:
    """What runs it: its own environment's Python, or else ours."""
    own = (folder / place for place in ENVIRONMENTS)
    return next((str(path.absolute()) for path in own if path.is_file()), sys.executable)


class OpenSeeFace(Closing):
    """Its tracker with one of its models, one face, one thread, all other defaults its own."""

    def __init__(self, folder: Path, model: int) -> None:
        """Start it; raises OpenSeeFaceError."""
        self._words = tempfile.TemporaryFile()  # a pipe that nobody reads fills up
        self._process = subprocess.Popen(
            [python_of(folder), str(WORKER), str(folder.absolute()), str(model)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._words,
        )
        self._line()

    def detect(self, image: NDArray[np.uint8]) -> Answer:
        """What it sees in the next (H, W, 3) BGR picture; raises OpenSeeFaceError."""
        assert self._process.stdin is not None
        height, width = image.shape[:2]
        try:
            self._process.stdin.write(struct.pack("<II", width, height))
            self._process.stdin.write(image.tobytes())
            self._process.stdin.flush()
        except BrokenPipeError:
            pass  # it says why
        said = json.loads(self._line())
        face = said["face"]
        return Answer(
            said["seconds"],
            said["processor"],
            None
            if face is None
            else OpenSeeFaceFace(
                (face["open"][1], face["open"][0]),  # it begins with the right one
                face["features"]["mouth_open"],
                tuple(face["euler"]),
            ),
        )

    def close(self) -> None:
        """End it. May be called twice."""
        if self._process.poll() is None:
            self._process.kill()
        self._process.communicate()
        self._words.close()

    def _line(self) -> bytes:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            self._process.wait()
            self._words.seek(0)
            words = self._words.read().decode(errors="replace").strip().splitlines()
            self.close()
            raise OpenSeeFaceError(words[-1] if words else "it ended without a word")
        return line
