"""MediaPipe's face_landmarker.task as ONNX networks, which any of our runtimes computes.

The bundle is a zip of TensorFlow Lite networks. It is converted when it is first used; the results
lie in the models folder, named after the sha256 of the bundle and their own: another bundle is
another set, and a file that was damaged since is converted again.
"""

from __future__ import annotations

import hashlib
import zipfile
from dataclasses import dataclass
from pathlib import Path

from engine.errors import ModelError
from engine.whole_files import replace_file
from models.checkpoints.face_geometry import CanonicalFace, read_face_geometry
from models.store import sha256_of

CONVERSION = 1  # counts up when the converter writes other files
DIGITS = 16  # of a sha256, in names

POINTS = 478


@dataclass(frozen=True, slots=True)
class _Network:
    """A network of the bundle: its file, our name for it, its inputs and outputs, in order."""

    file: str
    name: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]


DETECTOR = _Network("face_detector.tflite", "face_detector", ("image",), ("boxes", "scores"))
LANDMARKS = _Network(
    "face_landmarks_detector.tflite",
    "face_landmarks",
    ("image",),
    ("landmarks", "presence", "tongue_out"),
)
BLENDSHAPES = _Network("face_blendshapes.tflite", "face_blendshapes", ("points",), ("scores",))
GEOMETRY = "geometry_pipeline_metadata_landmarks.binarypb"


@dataclass(frozen=True, slots=True, eq=False)
class FaceLandmarkerFiles:
    """The networks of a bundle, float32, and its canonical face.

    detector:    image (1, 3, 128, 128) RGB -1..1 → boxes (1, 896, 16) pixels of 128, relative to
                 their anchors; scores (1, 896, 1), logits.
    landmarks:   image (1, 3, 256, 256) RGB 0..1 → landmarks (1, 1434), pixels of 256; presence
                 (1, 1), a logit; tongue_out (1, 1), 0..1.
    blendshapes: points (1, 146, 2), pixels → scores (1, 52), 0..1.
    """

    detector: Path
    landmarks: Path
    blendshapes: Path
    canonical_face: CanonicalFace


def face_landmarker_files(task: Path, folder: Path) -> FaceLandmarkerFiles:
    """The bundle's networks in `folder`, converted where they are missing. Raises ModelError."""
    key = f"{sha256_of(task)[:DIGITS]}-{CONVERSION}"
    try:
        with zipfile.ZipFile(task) as bundle:
            return FaceLandmarkerFiles(
                detector=_converted(bundle, DETECTOR, folder, key),
                landmarks=_converted(bundle, LANDMARKS, folder, key),
                blendshapes=_converted(bundle, BLENDSHAPES, folder, key),
                canonical_face=read_face_geometry(bundle.read(GEOMETRY)),
            )
    except (zipfile.BadZipFile, KeyError) as error:
        raise ModelError(
            f"cannot load the face model {task}: {error}; expected MediaPipe's "
            "face_landmarker.task. Remove the file, it is fetched again."
        ) from error
    except OSError as error:
        raise ModelError(
            f"cannot convert the face model {task} into {folder}: {error.strerror}; expected a "
            "folder that can be written. Free it, or set MIEN_HOME to another."
        ) from error


def _converted(bundle: zipfile.ZipFile, network: _Network, folder: Path, key: str) -> Path:
    name = f"{network.name}-{key}"
    for path in folder.glob(f"{name}-*.onnx"):
        if path.stem == f"{name}-{sha256_of(path)[:DIGITS]}":
            return path
    from models.checkpoints.onnx_from_tflite import onnx_from_tflite  # 0.3 s to import
    from models.checkpoints.rewriting import rewritten
    from models.checkpoints.tflite import read_tflite

    content = onnx_from_tflite(
        rewritten(read_tflite(bundle.read(network.file))), network.inputs, network.outputs
    )
    path = folder / f"{name}-{hashlib.sha256(content).hexdigest()[:DIGITS]}.onnx"
    folder.mkdir(parents=True, exist_ok=True)
    replace_file(path, content)
    return path
