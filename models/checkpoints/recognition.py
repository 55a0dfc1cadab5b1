"""What a file is, told by its content. Names decide only where contents are alike."""

from __future__ import annotations

import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import BinaryIO

import numpy as np

from engine.errors import ModelError
from models.checkpoints import mat, tensorflow
from models.checkpoints.archive import Member
from models.checkpoints.damage import ARCHIVE_DAMAGE, brief
from models.checkpoints.flame import is_flame_model, read_model_pickle
from models.checkpoints.inert import ForbiddenNameError
from models.checkpoints.npy import NPY_START, read_npy
from models.checkpoints.torch_file import LEGACY_START, ZIP_START, is_torch_zip, read_tensors

WEB_PAGE_STARTS = (b"<!doctype", b"<html")
PICKLE_START = b"\x80"
PICKLE_SUFFIXES = (".pkl", ".pickle", ".pt", ".pth", ".ckpt", ".tar")  # of the oldest protocols


class Kind(Enum):
    """A kind of file, in words for people."""

    SMIRK = "SMIRK's checkpoint"
    DECA = "DECA's checkpoint"
    EMOCA = "EMOCA's checkpoint"
    EMOREC = "the checkpoint of EMOCA's emotion head"
    EXPRESSION_NET = "ExpNet's expression network"
    SHAPE_NET = "ExpNet's shape network"
    POSE_NET = "ExpNet's pose network"
    SHAPE_MEAN = "ExpNet's mean image"
    EXPRESSION_MEAN = "the mean image that ExpNet leaves unused"
    POSE_IMAGE_MEAN = "the pose network's mean colour"
    POSE_LABELS = "the pose network's label statistics"
    FLAME_MODEL = "a FLAME model"
    LANDMARKS = "FLAME's landmark embedding"
    MEDIAPIPE_LANDMARKS = "FLAME's MediaPipe embedding"
    EYELID = "an eyelid of SMIRK's"
    BFM = "the Basel face model"
    CONFIGURATION = "a configuration"
    DATA = "the numbers of a TensorFlow checkpoint (its .index tells of what)"
    ARCHIVE = "an archive in what was given; give it itself"
    EMPTY = "an empty file"
    WEB_PAGE = "a web page (a browser shows what it says instead of giving the file)"
    OTHER = "nothing that mien knows"
    DAMAGED = "damaged"


ADD_AS = {  # the name under which a file of that kind is added
    Kind.SMIRK: "smirk",
    Kind.DECA: "deca",
    Kind.EMOCA: "emoca",
    Kind.EMOREC: "emorec",
    Kind.EXPRESSION_NET: "expnet",
    Kind.SHAPE_NET: "expnet",
    Kind.POSE_NET: "expnet",
    Kind.SHAPE_MEAN: "expnet",
    Kind.EXPRESSION_MEAN: "expnet",
    Kind.POSE_IMAGE_MEAN: "expnet",
    Kind.POSE_LABELS: "expnet",
    Kind.FLAME_MODEL: "flame",
    Kind.LANDMARKS: "flame",
    Kind.MEDIAPIPE_LANDMARKS: "flame",
    Kind.EYELID: "flame",
    Kind.BFM: "bfm",
}

_TORCH_KINDS = (  # the beginning of a tensor's name, in this order
    ("smirk_encoder.", Kind.SMIRK),
    ("state_dict.mlp.", Kind.EMOREC),  # before EMOCA: such a file may hold the whole of it, too
    ("state_dict.deca.", Kind.EMOCA),
    ("E_flame.", Kind.DECA),
)
_TENSORFLOW_KINDS = (
    ("exprCNN/", Kind.EXPRESSION_NET),
    ("shapeCNN/", Kind.SHAPE_NET),
    ("Spatial_Transformer/", Kind.POSE_NET),
)


@dataclass(frozen=True, slots=True)
class Recognised:
    """A file and what it is. fault: of a damaged one, what is wrong with it."""

    member: Member
    kind: Kind
    fault: str = ""

    def __str__(self) -> str:
        """`NAME is WHAT`."""
        return f"{self.member.name} is {self.kind.value}" + (self.fault and f": {self.fault}")


def recognise(members: Iterable[Member]) -> tuple[Recognised, ...]:
    """Look into every file."""
    recognised = []
    for member in members:
        try:
            recognised.append(Recognised(member, _kind(member)))
        except ModelError as error:
            recognised.append(Recognised(member, Kind.DAMAGED, str(error)))
        except OSError as error:
            reason = error.strerror or str(error)
            recognised.append(Recognised(member, Kind.DAMAGED, f"it cannot be read ({reason})"))
    return tuple(recognised)


def _kind(member: Member) -> Kind:
    if member.size == 0:
        return Kind.EMPTY
    if member.name == "cfg.yaml":
        return Kind.CONFIGURATION
    with member.open() as file:
        start = file.read(512)
        file.seek(max(member.size - tensorflow.FOOTER, 0))
        end = file.read()
        file.seek(0)
        if start.startswith(ZIP_START):
            return _zip_kind(file)
        if start.startswith(LEGACY_START):
            return _torch_kind(file)
        if start.startswith(NPY_START):
            return _npy_kind(file, member.name.lower())
        if start.startswith((mat.START, mat.START_73)):
            return Kind.BFM
        if tensorflow.is_table(end):
            names = list(tensorflow.variable_shapes(file.read()))
            return _first_kind(names, _TENSORFLOW_KINDS)
        if start.lstrip().lower().startswith(WEB_PAGE_STARTS):
            return Kind.WEB_PAGE
        if start.startswith(PICKLE_START):
            return Kind.FLAME_MODEL if is_flame_model(read_model_pickle(file)) else Kind.OTHER
        if member.name.lower().endswith(PICKLE_SUFFIXES):
            return _old_pickle_kind(file)
    return Kind.DATA if ".data-" in member.name else Kind.OTHER


def _old_pickle_kind(file: BinaryIO) -> Kind:
    """The oldest protocols begin with anything, so that what is no pickle is no damaged one."""
    try:
        return Kind.FLAME_MODEL if is_flame_model(read_model_pickle(file)) else Kind.OTHER
    except ForbiddenNameError:
        raise
    except ModelError:
        return Kind.OTHER


def _zip_kind(file: BinaryIO) -> Kind:
    try:
        with zipfile.ZipFile(file) as archive:
            names = archive.namelist()
    except ARCHIVE_DAMAGE as error:
        raise ModelError(f"it is cut off or damaged ({brief(error)})") from error
    file.seek(0)
    if is_torch_zip(names):
        return _torch_kind(file)
    if not names or not all(name.endswith(".npy") for name in names):
        return Kind.ARCHIVE
    if "lmk_face_idx.npy" in names:
        return Kind.MEDIAPIPE_LANDMARKS
    if "train_mean_vec.npy" in names:
        return Kind.POSE_IMAGE_MEAN
    return Kind.POSE_LABELS if "mean_labels.npy" in names else Kind.OTHER


def _torch_kind(file: BinaryIO) -> Kind:
    return _first_kind(list(read_tensors(file)), _TORCH_KINDS)


def _npy_kind(file: BinaryIO, name: str) -> Kind:
    value = read_npy(file)
    if isinstance(value, dict):
        return Kind.LANDMARKS if "static_lmk_faces_idx" in value else Kind.OTHER
    if isinstance(value, np.ndarray) and value.dtype.kind == "f":
        if value.shape == (3, 224, 224):
            return Kind.EXPRESSION_MEAN if "expr" in name else Kind.SHAPE_MEAN
        if value.ndim == 2 and value.shape[1] == 3:
            return Kind.EYELID
    return Kind.OTHER


def _first_kind(names: Sequence[str], kinds: tuple[tuple[str, Kind], ...]) -> Kind:
    for start, kind in kinds:
        if any(name.startswith(start) for name in names):
            return kind
    return Kind.OTHER
