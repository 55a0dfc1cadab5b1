"""ExpNet's three downloads: checkpoints of TensorFlow 1, a mean image, statistics."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.errors import ModelError
from models.checkpoints import tensorflow
from models.checkpoints.archive import Member
from models.checkpoints.built import Built
from models.checkpoints.npy import read_npy, read_npz
from models.checkpoints.recognition import Kind, Recognised
from models.checkpoints.selection import content_of, only_member
from models.networks.expnet import ExpNetArrays, build_expnet

EXPNET_FILES = (
    (Kind.EXPRESSION_NET, "Expression_Model/ini_exprNet_model.ckpt (.index and .data)"),
    (Kind.SHAPE_NET, "Shape_Model/ini_ShapeTextureNet_model.ckpt (.index and .data)"),
    (Kind.POSE_NET, "fpn_new_model/model_0_1.0_1.0_1e-07_1_16000.ckpt (.index and .data)"),
    (Kind.SHAPE_MEAN, "Shape_Model/3DMM_shape_mean.npy"),
    (Kind.POSE_IMAGE_MEAN, "fpn_new_model/perturb_Oxford_train_imgs_mean.npz"),
    (Kind.POSE_LABELS, "fpn_new_model/perturb_Oxford_train_labels_mean_std.npz"),
)


def build_expnet_of(found: Sequence[Recognised]) -> Built:
    """ExpNet out of its three downloads. Raises ModelError if one is missing or wrong."""
    missing = [file for kind, file in EXPNET_FILES if not any(one.kind is kind for one in found)]
    if missing:
        raise ModelError(
            f"cannot add expnet: {'; '.join(missing)} missing; expected the three downloads "
            "together. Give their folders in one command: mien models add expnet "
            "Expression_Model Shape_Model fpn_new_model"
        )
    members = {kind: only_member(found, kind) for kind, _ in EXPNET_FILES}
    variables: dict[Kind, tensorflow.Variables] = {}
    sources: list[Member] = []
    for kind in (Kind.EXPRESSION_NET, Kind.SHAPE_NET, Kind.POSE_NET):
        variables[kind], used = _variables(members[kind], [one.member for one in found])
        sources += used
    labels = _npz(members[Kind.POSE_LABELS])
    if "std_labels" not in labels:
        raise ModelError(f"cannot use {members[Kind.POSE_LABELS].name}: it has no 'std_labels'.")
    arrays = ExpNetArrays(
        expression=variables[Kind.EXPRESSION_NET],
        shape=variables[Kind.SHAPE_NET],
        pose=variables[Kind.POSE_NET],
        shape_mean=_npy(members[Kind.SHAPE_MEAN]),
        image_mean=_npz(members[Kind.POSE_IMAGE_MEAN])["train_mean_vec"],
        label_mean=labels["mean_labels"],
        label_deviation=labels["std_labels"],
    )
    sources += [members[kind] for kind, _ in EXPNET_FILES[3:]]
    return Built(build_expnet(arrays), "ExpNet with ShapeNet and FacePoseNet", tuple(sources))


def _variables(
    table: Member, members: Sequence[Member]
) -> tuple[tensorflow.Variables, tuple[Member, ...]]:
    """The numbers of a checkpoint, and the files that they came from."""
    try:
        data = content_of(table)
        if tensorflow.is_v1(data):
            return tensorflow.read_v1(data), (table,)
        entries, count = tensorflow.read_index(data)
        prefix = table.label.removesuffix(".index")
        shards: dict[int, Member] = {}
        for shard in {entry.shard for entry in entries.values()}:
            label = f"{prefix}.data-{shard:05d}-of-{count:05d}"
            match [member for member in members if member.label == label]:
                case [member]:
                    shards[shard] = member
                case _:
                    raise ModelError(
                        f"{label.rpartition('/')[2]} is missing beside it; give both, or the folder"
                    )
        contents = {shard: content_of(member) for shard, member in shards.items()}
        return tensorflow.read_variables(entries, contents), (table, *shards.values())
    except ModelError as error:
        raise ModelError(f"cannot use {table.name}: {error}.") from error


def _npy(member: Member) -> NDArray[Any]:
    with member.open() as file:
        value = read_npy(file)
    if not isinstance(value, np.ndarray):
        raise ModelError(f"cannot use {member.name}: it holds no array of numbers.")
    return value


def _npz(member: Member) -> Mapping[str, NDArray[Any]]:
    try:
        with member.open() as file:
            return read_npz(file)
    except ModelError as error:
        raise ModelError(f"cannot use {member.name}: {error}.") from error
