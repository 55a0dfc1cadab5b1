"""Recognised files to networks: which of them are taken, and what each network needs of them.

Needs torch, as models/networks does.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.errors import ModelError
from models.checkpoints import tensorflow
from models.checkpoints.archive import Member
from models.checkpoints.configuration import Configuration, read_configuration
from models.checkpoints.npy import read_npy, read_npz
from models.checkpoints.recognition import Kind, Recognised
from models.checkpoints.torch_file import read_tensors
from models.networks.deca import build_deca
from models.networks.emoca import build_emoca
from models.networks.emorec import SIZES, EmorecConfig, Part, build_emorec
from models.networks.expnet import ExpNetArrays, build_expnet
from models.networks.network import Network
from models.networks.smirk import build_smirk

EXPNET_FILES = (
    (Kind.EXPRESSION_NET, "Expression_Model/ini_exprNet_model.ckpt (.index and .data)"),
    (Kind.SHAPE_NET, "Shape_Model/ini_ShapeTextureNet_model.ckpt (.index and .data)"),
    (Kind.POSE_NET, "fpn_new_model/model_0_1.0_1.0_1e-07_1_16000.ckpt (.index and .data)"),
    (Kind.SHAPE_MEAN, "Shape_Model/3DMM_shape_mean.npy"),
    (Kind.POSE_IMAGE_MEAN, "fpn_new_model/perturb_Oxford_train_imgs_mean.npz"),
    (Kind.POSE_LABELS, "fpn_new_model/perturb_Oxford_train_labels_mean_std.npz"),
)
_SCORE = re.compile(r"=(-?\d+(?:\.\d+)?)(?:-v\d+)?\.ckpt$")  # -v1: Lightning's second of that name
_EMOCA_SECTIONS = ("detail.model", "coarse.model", "model")
_EMOREC_SECTIONS = ("model", "data", "detail.model", "coarse.model")
_PART_FLAGS: tuple[tuple[Part, str], ...] = (
    ("shape", "use_identity"),
    ("expression", "use_expression"),
    ("rotation", "use_global_pose"),
    ("jaw", "use_jaw_pose"),
)
_UNKNOWN_FLAGS = ("use_detail_code", "use_detail_emo_code", "predict_AUs")

State = Mapping[str, NDArray[Any]]


@dataclass(frozen=True, slots=True, eq=False)
class Built:
    """A network, and what it was made of.

    variant: which release, for people. parts: of the emotion head: what it reads, in order.
    """

    network: Network
    variant: str
    sources: tuple[Member, ...]
    parts: tuple[str, ...] = ()


def build_network(name: str, found: Sequence[Recognised]) -> Built:
    """The network of that name out of the files, of which it takes what it needs.

    Raises ModelError if something is missing, ambiguous or wrong.
    """
    match name:
        case "smirk":
            member = _only(found, Kind.SMIRK)
            return Built(build_smirk(_state(member, "smirk_encoder.")), "SMIRK", (member,))
        case "deca":
            member = _only(found, Kind.DECA)
            return Built(build_deca(_state(member, "E_flame.")), "DECA", (member,))
        case "emoca":
            return _emoca(found)
        case "emorec":
            return _emorec(found)
        case "expnet":
            return _expnet(found)
    raise ValueError(f"no network {name!r}")


def _emoca(found: Sequence[Recognised]) -> Built:
    member, file = _best(found, Kind.EMOCA)
    configuration = _configuration(file)
    backbone = configuration.text("expression_backbone", _EMOCA_SECTIONS)
    if backbone not in (None, "deca_clone"):
        raise ModelError(
            f"cannot use {member.name}: its expression_backbone is {backbone!r:.40}; expected "
            "deca_clone. Take a released model such as EMOCA_v2_lr_mse_20."
        )
    network = build_emoca(
        _state(member, "deca.E_", within="state_dict."),
        jaw=configuration.flag("exp_deca_jaw_pose", _EMOCA_SECTIONS),
        global_pose=configuration.flag("exp_deca_global_pose", _EMOCA_SECTIONS),
    )
    return Built(network, _emoca_release(member, file), _with(member, file))


def _emoca_release(member: Member, file: Member | None) -> str:
    """`EMOCA v2 (EMOCA_v2_lr_mse_20)`: releases differ in their folder's name alone."""
    folders = (file or member).label.split("/")[:-1]
    folder = next((part for part in reversed(folders) if part.upper().startswith("EMOCA")), None)
    if folder is None:
        return "EMOCA, v1 or v2 (its folder's name would tell)"
    version = 2 if "v2" in folder.lower() else 1
    return f"EMOCA v{version} ({folder})"


def _emorec(found: Sequence[Recognised]) -> Built:
    member, file = _best(found, Kind.EMOREC)
    state = _state(member, "mlp.", within="state_dict.")
    first, last = _ends(state)
    if file is None:
        if first.shape[1:] != (SIZES["expression"] + SIZES["jaw"],):
            raise ModelError(
                f"cannot use {member.name}: it reads {first.shape[-1]} numbers, and its cfg.yaml "
                "tells which; expected both. Give the model's whole folder."
            )
        parts: tuple[Part, ...] = ("expression", "jaw")
        config = EmorecConfig(parts, _layers(state), first.shape[0], last.shape[0] - 2)
    else:
        config = _emorec_config(_configuration(file), state)
    network = build_emorec(state, config)
    release = f"EMOCA's emotion head, {config.classes} classes, reads {', '.join(config.parts)}"
    return Built(network, release, _with(member, file), tuple(config.parts))


def _emorec_config(configuration: Configuration, state: State) -> EmorecConfig:
    for key in _UNKNOWN_FLAGS:
        if configuration.flag(key, _EMOREC_SECTIONS):
            raise ModelError(
                f"cannot use this emotion head: its cfg.yaml says {key}: true, which mien does "
                "not compute; expected expression and pose only. Take EMOCA-emorec."
            )
    for key in ("v_activation", "a_activation"):
        value = configuration.text(key, _EMOREC_SECTIONS)
        if value not in (None, "none", "null"):
            raise ModelError(
                f"cannot use this emotion head: its cfg.yaml says {key}: {value:.40}; expected "
                "none. Take the official EMOCA-emorec."
            )
    parts = tuple(part for part, key in _PART_FLAGS if configuration.flag(key, _EMOREC_SECTIONS))
    if not parts:
        raise ModelError(
            "cannot use this emotion head: its cfg.yaml names no use_identity, use_expression, "
            "use_global_pose or use_jaw_pose that is true. Take the official EMOCA-emorec."
        )
    first, last = _ends(state)
    layers = configuration.number("num_mlp_layers", _EMOREC_SECTIONS)
    width = configuration.number("mlp_dim", _EMOREC_SECTIONS)
    classes = configuration.number("n_expression", _EMOREC_SECTIONS)
    return EmorecConfig(
        parts,
        layers=_layers(state) if layers is None else layers,
        width=first.shape[0] if width is None else width,
        classes=last.shape[0] - 2 if classes is None else classes,
    )


def _ends(state: State) -> tuple[NDArray[Any], NDArray[Any]]:
    """The weights of the first and the last linear layer."""
    linear = {int(key.split(".")[2]): state[key] for key in state if _is_linear(key, state)}
    if not linear:
        raise ModelError("cannot use this emotion head: it has no layers. Take EMOCA-emorec.")
    return linear[min(linear)], linear[max(linear)]


def _layers(state: State) -> int:
    return sum(_is_linear(key, state) for key in state) - 1


def _is_linear(key: str, state: State) -> bool:
    return re.fullmatch(r"mlp\.model\.\d+\.weight", key) is not None and state[key].ndim == 2


def _expnet(found: Sequence[Recognised]) -> Built:
    missing = [file for kind, file in EXPNET_FILES if not any(one.kind is kind for one in found)]
    if missing:
        raise ModelError(
            f"cannot add expnet: {'; '.join(missing)} missing; expected the three downloads "
            "together. Give their folders in one command: mien models add expnet "
            "Expression_Model Shape_Model fpn_new_model"
        )
    members = {kind: _only(found, kind) for kind, _ in EXPNET_FILES}
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
        data = _content(table)
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
        contents = {shard: _content(member) for shard, member in shards.items()}
        return tensorflow.read_variables(entries, contents), (table, *shards.values())
    except ModelError as error:
        raise ModelError(f"cannot use {table.name}: {error}.") from error


def _only(found: Sequence[Recognised], kind: Kind) -> Member:
    members = [one.member for one in found if one.kind is kind]
    if len(members) > 1:
        names = ", ".join(member.label for member in members[:3])
        raise ModelError(
            f"several files could be meant: {len(members)} are {kind.value} ({names}); expected "
            "one. Name the one that is meant."
        )
    return members[0]


def _best(found: Sequence[Recognised], kind: Kind) -> tuple[Member, Member | None]:
    """The checkpoint with the smallest loss in its name, and its cfg.yaml if there is one."""
    members = [one.member for one in found if one.kind is kind]
    ranked = [member for member in members if member.name != "last.ckpt"] or members
    files = [one.member for one in found if one.kind is Kind.CONFIGURATION]
    homes = {_home(member, files) for member in ranked}
    if len(homes) > 1:
        names = ", ".join(sorted(home.label if home else "one without cfg.yaml" for home in homes))
        raise ModelError(
            f"several models could be meant: {names}; expected one. Give the folder of the one "
            "that is meant."
        )
    scores = [_score(member) for member in ranked]
    best = ranked[scores.index(min(scores))]
    return best, _home(best, files)


def _score(member: Member) -> float:
    match = _SCORE.search(member.name)
    return float("inf") if match is None else float(match[1])


def _home(member: Member, files: Sequence[Member]) -> Member | None:
    """The cfg.yaml of the nearest folder above; a file that was given by itself belongs to all."""
    above = [file for file in files if member.label.startswith(file.label.removesuffix("cfg.yaml"))]
    if above:
        return max(above, key=lambda file: len(file.label))
    return files[0] if len(files) == 1 and "/" not in files[0].label else None


def _with(member: Member, file: Member | None) -> tuple[Member, ...]:
    return (member,) if file is None else (member, file)


def _state(member: Member, prefix: str, *, within: str = "") -> State:
    """The arrays whose key begins so, the name of the dictionary `within` taken off."""
    try:
        with member.open() as file:
            tensors = read_tensors(file)
            return {
                key.removeprefix(within): tensor.read()
                for key, tensor in tensors.items()
                if key.startswith(within + prefix)
            }
    except ModelError as error:
        raise ModelError(
            f"cannot use {member.name}: {error}. Take the file as its owner hands it out."
        ) from error


def _configuration(file: Member | None) -> Configuration:
    return Configuration(()) if file is None else read_configuration(_content(file))


def _content(member: Member) -> bytes:
    with member.open() as file:
        return file.read()


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
