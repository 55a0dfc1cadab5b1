"""EMOCA v1 and v2 (Daněček et al., CVPR 2022, arXiv:2204.11312): DECA and a second encoder.

The second encoder replaces DECA's expression, in some trainings also the rotation of head or jaw.
Parameter names are those of the official checkpoint after the prefix `deca.`.
"""

from __future__ import annotations

from functools import partial

import torch
from torch import Tensor, nn

from engine.errors import ModelError
from models.networks.deca import CODE, SIZES, CodeEncoder
from models.networks.network import Network, NetworkSpec, TensorSpec
from models.networks.state import State, loaded, under

PREFIX = "deca."
ENCODERS = ("E_flame.", "E_expression.")
EXPRESSION = 50

SPEC = NetworkSpec("emoca", TensorSpec("image", (3, 224, 224)), CODE)  # RGB 0..1


def build_emoca(
    state: State, *, jaw: bool | None = None, global_pose: bool | None = None
) -> Network:
    """EMOCA from the `state_dict` of its checkpoint; keys of its other parts are ignored.

    jaw, global_pose: `exp_deca_jaw_pose` and `exp_deca_global_pose` of the file's cfg.yaml: whether
    the second encoder gives them too. None where there is no such file. Its outputs' number
    decides; only 53 may mean either.
    Raises ModelError if these are not EMOCA's weights, or if flags and outputs contradict.
    """
    inner = under(PREFIX, state)
    if any(key.startswith("E_expression.resnet.") for key in inner):
        raise ModelError(
            "This EMOCA shares one backbone between its encoders (deca_parallel); expected two "
            "encoders (deca_clone). Take a released model such as EMOCA_v2_lr_mse_20."
        )
    encoders = {key: array for key, array in inner.items() if key.startswith(ENCODERS)}
    bias = encoders.get("E_expression.layers.2.bias")
    outputs = EXPRESSION if bias is None else int(bias.shape[0])
    gives_jaw, gives_global = _replaced(outputs, jaw=jaw, global_pose=global_pose)
    build = partial(Emoca, jaw=gives_jaw, global_pose=gives_global)
    return Network(SPEC, loaded(build, encoders, name="EMOCA"))


def _replaced(outputs: int, *, jaw: bool | None, global_pose: bool | None) -> tuple[bool, bool]:
    """Whether the second encoder gives the jaw, and whether it gives the head's rotation."""
    wanted = [
        (a_jaw, a_head)
        for a_jaw in (False, True)
        for a_head in (False, True)
        if outputs == EXPRESSION + 3 * (a_jaw + a_head)
        and jaw in (None, a_jaw)
        and global_pose in (None, a_head)
    ]
    if len(wanted) == 1:
        return wanted[0]
    if wanted:
        raise ModelError(
            "EMOCA's second encoder gives 53 numbers: expression and either jaw or head rotation; "
            "its cfg.yaml tells which. Add the model's whole folder, not the checkpoint alone."
        )
    raise ModelError(
        f"EMOCA's second encoder gives {outputs} numbers; expected 50, and 3 more each for "
        f"exp_deca_jaw_pose ({_flag(jaw)}) and exp_deca_global_pose ({_flag(global_pose)}) of "
        f"cfg.yaml. Take checkpoint and cfg.yaml from the same download."
    )


def _flag(value: bool | None) -> str:
    return "not told" if value is None else str(value).lower()


class Emoca(nn.Module):
    """The outputs of `SPEC`."""

    def __init__(self, *, jaw: bool, global_pose: bool) -> None:
        super().__init__()
        self.jaw = jaw
        self.global_pose = global_pose
        self.E_flame = CodeEncoder(sum(SIZES))
        self.E_expression = CodeEncoder(EXPRESSION + 3 * (jaw + global_pose))

    def forward(self, image: Tensor) -> tuple[Tensor, ...]:
        shape, texture, _, pose, camera, light = self.E_flame(image).split(SIZES, dim=1)
        code = self.E_expression(image)
        rotation = code[:, EXPRESSION : EXPRESSION + 3] if self.global_pose else pose[:, :3]
        jaw = code[:, -3:] if self.jaw else pose[:, 3:]
        pose = torch.cat((rotation, jaw), dim=1)
        return shape, texture, code[:, :EXPRESSION], pose, camera, light
