"""Which networks TensorRT plans are made of, by the names people use, and where they are kept."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import onnx
from google.protobuf.message import DecodeError  # type: ignore[import-untyped]

from app.face_model import face_model_path
from app.folders import data_folder
from engine.errors import ModelError
from engine.landmarker.scores import POINTS
from engine.regressors import REGRESSORS, RegressorName, deca, expnet, smirk
from engine.runtime.build import Blueprint
from engine.runtime.cropping import CropRule
from engine.runtime.fused import fused, with_batch_of_one
from engine.runtime.fused_flame import with_vertices
from engine.runtime.fused_landmarker import fused_landmarker
from models.face_landmarker import face_landmarker_files
from models.heads.flame_files import read_flame

PlanName = Literal["mediapipe", "smirk", "deca", "emoca", "expnet"]
PLAN_NAMES: tuple[PlanName, ...] = ("mediapipe", *REGRESSORS)
"""The names that need no file."""

FLAME_NAMES: tuple[PlanName, ...] = ("smirk", "deca", "emoca")

LONGEST_STEM = 60  # letters of a file's name that go into a plan's

RULES: dict[RegressorName, CropRule] = {
    "smirk": smirk.CROP,
    "deca": deca.CROP,
    "emoca": deca.CROP,
    "expnet": expnet.CROP,
}


def plans_folder() -> Path:
    """Where plans are kept. The folder may not exist yet."""
    return data_folder() / "plans"


def blueprint(
    name: PlanName, *, models: Path, task: Path | None = None, vertices: bool = False
) -> Blueprint:
    """What the plan of a regressor is made from, on the camera picture. Raises ModelError.

    models:   folder of the networks and face models that were added.
    task:     MediaPipe's bundle, if the user names one.
    vertices: whether FLAME's vertices are one more output.
    """
    if vertices and name not in FLAME_NAMES:
        raise ModelError(
            f"cannot add vertices to the plan of {name}: it does not use FLAME; expected one of "
            f"{', '.join(FLAME_NAMES)}. Leave out --vertices."
        )
    if name == "mediapipe":
        return _landmarker(face_model_path(task), models)
    path = models / f"{name}.onnx"
    if not path.is_file():
        raise ModelError(
            f"cannot build a plan of {name}: there is no {path}. Get its official files "
            f"(mien models says where), then: mien models add {name} FILE"
        )
    rule = RULES[name]
    if not vertices:
        return Blueprint(name, (path,), _recipe(rule), lambda: fused(read_graph(path), rule))
    head = read_flame(models)
    parts = (models / f"{part}.npz" for part in ("flame", "flame_eyelids"))
    return Blueprint(
        f"{name}-vertices",
        (path, *(part for part in parts if part.is_file())),
        f"{_recipe(rule)}, vertices",
        lambda: with_vertices(fused(read_graph(path), rule), head),
    )


def file_blueprint(path: Path) -> Blueprint:
    """What the plan of any .onnx file is made from: its inputs stay what they are."""
    if not path.is_file():
        raise ModelError(
            f"cannot build a plan of {path}: there is no such file; expected one of "
            f"{', '.join(PLAN_NAMES)} or an .onnx file. Correct the name."
        )
    place = hashlib.sha256(str(path.resolve()).encode()).hexdigest()[:8]
    return Blueprint(
        f"file-{path.stem[:LONGEST_STEM]}-{place}",  # each of a name in its own folder
        (path, *_data_files(path)),
        "as it is",
        lambda: with_batch_of_one(_with_true_inputs(read_graph(path), path)),
    )


def read_graph(path: Path, *, weights: bool = True) -> onnx.ModelProto:
    """The graph in an .onnx file. Raises ModelError.

    weights: also those that lie in files beside it.
    """
    try:
        return onnx.load(path, load_external_data=weights)
    except (DecodeError, OSError, ValueError, onnx.checker.ValidationError) as error:
        reason = str(error).splitlines()[0] if str(error) else "it cannot be read"
        raise ModelError(
            f"cannot load the network {path}: {reason}; expected a whole ONNX file. "
            "Add the model again (mien models add), or name another file."
        ) from error


def _with_true_inputs(network: onnx.ModelProto, path: Path) -> onnx.ModelProto:
    """The network, which is used up: old exporters list the weights among the inputs."""
    weights = {tensor.name for tensor in network.graph.initializer}
    inputs = [value for value in network.graph.input if value.name not in weights]
    if not inputs or not network.graph.output:
        raise ModelError(
            f"cannot build a plan of {path}: it has {len(inputs)} inputs and "
            f"{len(network.graph.output)} outputs; expected one of each at least. "
            "Name another file."
        )
    del network.graph.input[:]
    network.graph.input.extend(inputs)
    return network


def _data_files(path: Path) -> list[Path]:
    """The files beside an .onnx file that hold its weights. Raises ModelError."""
    graph = read_graph(path, weights=False)
    tensors = [
        *graph.graph.initializer,
        *(each.t for node in graph.graph.node for each in node.attribute if each.HasField("t")),
    ]
    places = {
        entry.value
        for tensor in tensors
        for entry in tensor.external_data
        if entry.key == "location"
    }
    return [path.parent / place for place in sorted(places)]


def _landmarker(task: Path, models: Path) -> Blueprint:
    files = face_landmarker_files(task, models)
    networks = (files.detector, files.landmarks, files.blendshapes)
    return Blueprint(
        "mediapipe",
        networks,
        "three networks on the frame",
        lambda: _fused(networks),
        precision="fp32",  # fp16 is off by more than half a pixel and 0.01 of a score
    )


def _fused(networks: Sequence[Path]) -> onnx.ModelProto:
    detector, landmarks, blendshapes = map(read_graph, networks)
    return fused_landmarker(detector, landmarks, blendshapes, points=POINTS)


def _recipe(rule: CropRule) -> str:
    """All that the crop inside of the graph depends on."""
    greys = " of whole grey levels" if rule.truncate else ""
    return f"{rule.interpolation} crop{greys} to {rule.size} px {rule.channels} · {rule.scale:.6g}"
