"""SMIRK's encoders (Retsinas et al., CVPR 2024, arXiv:2404.04104): a face crop to FLAME's numbers.

Three MobileNetV3 see the same picture. Parameter names are those of the official `SMIRK_em1.pt`
after the prefix `smirk_encoder.`.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import relu

from models.networks import mobilenet
from models.networks.network import Network, NetworkSpec, TensorSpec
from models.networks.state import State, loaded, under

PREFIX = "smirk_encoder."  # the rest of the file is the renderer of the training
JAW_SIDEWAYS = 0.2  # rad: the jaw's turn and tilt stay within

SPEC = NetworkSpec(
    "smirk",
    TensorSpec("image", (3, 224, 224)),  # RGB 0..1
    (
        TensorSpec("pose", (3,)),
        TensorSpec("cam", (3,)),
        TensorSpec("shape", (300,)),
        TensorSpec("expression", (50,)),
        TensorSpec("eyelids", (2,)),  # 0 open … 1 closed; the person's left, right
        TensorSpec("jaw", (3,)),
    ),
)


def build_smirk(state: State) -> Network:
    """SMIRK from the flat state dict of its file. Raises ModelError if that is not SMIRK's."""
    return Network(SPEC, loaded(Smirk, under(PREFIX, state), name="SMIRK"))


class PoseEncoder(nn.Module):
    """(N, 6): head rotation, camera."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder = mobilenet.small()
        self.pose_cam_layers = nn.Sequential(nn.Linear(self.encoder.channels, 6))

    def forward(self, image: Tensor) -> Tensor:
        pose_and_camera: Tensor = self.pose_cam_layers(self.encoder(image))
        return pose_and_camera


class ShapeEncoder(nn.Module):
    """(N, 300): identity."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder = mobilenet.large()
        self.shape_layers = nn.Sequential(nn.Linear(self.encoder.channels, 300))

    def forward(self, image: Tensor) -> Tensor:
        shape: Tensor = self.shape_layers(self.encoder(image))
        return shape


class ExpressionEncoder(nn.Module):
    """(N, 55): expression 50, eyelids 2, jaw 3, not yet limited."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder = mobilenet.large()
        self.expression_layers = nn.Sequential(nn.Linear(self.encoder.channels, 55))

    def forward(self, image: Tensor) -> Tensor:
        raw: Tensor = self.expression_layers(self.encoder(image))
        return raw


class Smirk(nn.Module):
    """The outputs of `SPEC`."""

    def __init__(self) -> None:
        super().__init__()
        self.pose_encoder = PoseEncoder()
        self.shape_encoder = ShapeEncoder()
        self.expression_encoder = ExpressionEncoder()

    def forward(self, image: Tensor) -> tuple[Tensor, ...]:
        pose, camera = self.pose_encoder(image).split((3, 3), dim=1)
        expression, eyelids, jaw = limited(self.expression_encoder(image))
        return pose, camera, self.shape_encoder(image), expression, eyelids, jaw


def limited(raw: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Expression, eyelids and jaw of the expression encoder's (N, 55).

    Lids are 0..1; the jaw only opens, and turns and tilts by no more than `JAW_SIDEWAYS`.
    """
    expression, eyelids, opening, sideways = torch.split(raw, [50, 2, 1, 2], dim=1)
    jaw = torch.cat((relu(opening), sideways.clamp(-JAW_SIDEWAYS, JAW_SIDEWAYS)), dim=1)
    return expression, eyelids.clamp(0.0, 1.0), jaw
