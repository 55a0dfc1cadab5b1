"""EMOCA's downloads, the model's and its emotion head's: Lightning's checkpoint, cfg.yaml."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from numpy.typing import NDArray

from engine.errors import ModelError
from models.checkpoints.archive import Member
from models.checkpoints.built import Built
from models.checkpoints.configuration import Configuration, read_configuration
from models.checkpoints.recognition import Kind, Recognised
from models.checkpoints.selection import (
    State,
    arrays_of,
    best_member,
    content_of,
    half_precision_notes,
)
from models.networks.emoca import build_emoca
from models.networks.emorec import SIZES, EmorecConfig, Part, build_emorec

_EMOCA_SECTIONS = ("detail.model", "coarse.model", "model")
_EMOREC_SECTIONS = ("model", "data", "detail.model", "coarse.model")
_PART_FLAGS: tuple[tuple[Part, str], ...] = (
    ("shape", "use_identity"),
    ("expression", "use_expression"),
    ("rotation", "use_global_pose"),
    ("jaw", "use_jaw_pose"),
)
_UNKNOWN_FLAGS = ("use_detail_code", "use_detail_emo_code", "predict_AUs")


def build_emoca_of(found: Sequence[Recognised]) -> Built:
    """EMOCA out of its best checkpoint. Raises ModelError."""
    member, file = best_member(found, Kind.EMOCA)
    configuration = _configuration(file)
    backbone = configuration.text("expression_backbone", _EMOCA_SECTIONS)
    if backbone not in (None, "deca_clone"):
        raise ModelError(
            f"cannot use {member.name}: its expression_backbone is {backbone!r:.40}; expected "
            "deca_clone. Take a released model such as EMOCA_v2_lr_mse_20."
        )
    state = arrays_of(member, "deca.E_", within="state_dict.")
    network = build_emoca(
        state,
        jaw=configuration.flag("exp_deca_jaw_pose", _EMOCA_SECTIONS),
        global_pose=configuration.flag("exp_deca_global_pose", _EMOCA_SECTIONS),
    )
    return Built(
        network,
        _emoca_release(member, file),
        _with(member, file),
        notes=half_precision_notes(state),
    )


def _emoca_release(member: Member, file: Member | None) -> str:
    """`EMOCA v2 (EMOCA_v2_lr_mse_20)`: releases differ in their folder's name alone."""
    folders = (file or member).label.split("/")[:-1]
    folder = next((part for part in reversed(folders) if part.upper().startswith("EMOCA")), None)
    if folder is None:
        return "EMOCA, v1 or v2 (its folder's name would tell)"
    version = 2 if "v2" in folder.lower() else 1
    return f"EMOCA v{version} ({folder})"


def build_emorec_of(found: Sequence[Recognised]) -> Built:
    """The emotion head out of its best checkpoint. Raises ModelError."""
    member, file = best_member(found, Kind.EMOREC)
    state = arrays_of(member, "mlp.", within="state_dict.")
    first, last = _ends(state)
    notes: tuple[str, ...]
    if file is None:
        if first.shape[1:] != (SIZES["expression"] + SIZES["jaw"],):
            raise ModelError(
                f"cannot use {member.name}: it reads {first.shape[-1]} numbers, and its cfg.yaml "
                "tells which; expected both. Give the model's whole folder."
            )
        parts: tuple[Part, ...] = ("expression", "jaw")
        config = EmorecConfig(parts, _layers(state), first.shape[0], last.shape[0] - 2)
        notes = (
            "without its cfg.yaml, its 53 numbers are assumed to be expression and jaw; give the "
            "model's whole folder to be sure.",
        )
    else:
        config = _emorec_config(_configuration(file), state)
        notes = ()
    network = build_emorec(state, config)
    release = f"EMOCA's emotion head, {config.classes} classes, reads {', '.join(config.parts)}"
    notes += half_precision_notes(state)
    return Built(network, release, _with(member, file), tuple(config.parts), notes)


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


def _with(member: Member, file: Member | None) -> tuple[Member, ...]:
    return (member,) if file is None else (member, file)


def _configuration(file: Member | None) -> Configuration:
    return Configuration(()) if file is None else read_configuration(content_of(file))
