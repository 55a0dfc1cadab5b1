"""ExpNet, its ShapeNet and FacePoseNet: a face crop to the Basel Face Model's numbers.

ExpNet: Chang et al., FG 2018, arXiv:1802.00542. ShapeNet: Tran et al., CVPR 2017, arXiv:1612.04904.
The picture is BGR 0..255; what upstream does to it before the networks (TensorFlow 1's resize, mean
picture, mean colour) and to the pose after them is part of the graph.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor, nn, zeros

from models.networks.alexnet import AlexNet
from models.networks.network import Float, Network, NetworkSpec, TensorSpec
from models.networks.resnet import FEATURES, ResNet
from models.networks.state import State, loaded
from models.networks.tensorflow import alexnet_state, resnet_state

CROP = 227  # pixels: what comes in, and what FacePoseNet sees
SIZE = 224  # pixels: what the two ResNets see
DEPTHS = (3, 4, 23, 3)

SPEC = NetworkSpec(
    "expnet",
    TensorSpec("image", (3, CROP, CROP)),
    (
        TensorSpec("expression", (29,)),
        TensorSpec("shape", (99,)),
        TensorSpec("texture", (99,)),
        TensorSpec("pose", (6,)),  # axis times radians, translation
    ),
)


@dataclass(frozen=True, slots=True, eq=False)
class ExpNetArrays:
    """The content of the official files.

    expression, shape, pose: the variables of the three TensorFlow checkpoints, names and axes as
                             stored. Names outside of their networks are ignored.
    shape_mean:              (3, 224, 224) BGR 0..255, `3DMM_shape_mean.npy`; upstream takes it for
                             the expressions too, and leaves `3DMM_expr_mean.npy` unused.
    image_mean:              (3,) BGR 0..1, `train_mean_vec`.
    label_mean, label_deviation: (6,) `mean_labels`, `std_labels`.
    """

    expression: State
    shape: State
    pose: State
    shape_mean: NDArray[Any]
    image_mean: NDArray[Any]
    label_mean: NDArray[Any]
    label_deviation: NDArray[Any]


def build_expnet(arrays: ExpNetArrays) -> Network:
    """The three networks as one. Raises ModelError if an array is missing or wrong."""
    state = {
        **resnet_state(arrays.expression, "exprCNN", DEPTHS, into="expression."),
        **resnet_state(arrays.shape, "shapeCNN", DEPTHS, into="shape."),
        **alexnet_state(arrays.pose, "Spatial_Transformer/ST2", into="pose."),
        "resize": legacy_resize(CROP, SIZE),
        "shape_mean": arrays.shape_mean,
        "image_mean": arrays.image_mean,
        "label_mean": arrays.label_mean,
        "label_deviation": arrays.label_deviation,
    }
    return Network(SPEC, loaded(ExpNet, state, name="ExpNet"))


def legacy_resize(inputs: int, outputs: int) -> Float:
    """(outputs, inputs): bilinear resizing of one axis as TensorFlow 1 does it by default.

    Pixel i comes from i · inputs / outputs, between that pixel's floor and the next one. The place
    is rounded to float32, as TensorFlow has it.
    """
    source = np.arange(outputs, dtype=np.float32) * np.float32(inputs / outputs)
    before = np.floor(source).astype(np.intp)
    after = np.minimum(before + 1, inputs - 1)
    matrix = np.zeros((outputs, inputs), np.float32)
    rows = np.arange(outputs)
    matrix[rows, before] += 1.0 - (source - before)
    matrix[rows, after] += source - before
    return matrix


class Coefficients(nn.Module):
    """(N, 3, 224, 224) -> (N, size): a ResNet and a linear layer."""

    def __init__(self, size: int, depths: tuple[int, int, int, int]) -> None:
        super().__init__()
        self.encoder = ResNet(depths, reading="caffe")
        self.fc = nn.Linear(FEATURES, size)

    def forward(self, image: Tensor) -> Tensor:
        coefficients: Tensor = self.fc(self.encoder(image))
        return coefficients


class ExpNet(nn.Module):
    """The outputs of `SPEC`. depths: of the two ResNets, 101 layers deep unless said otherwise."""

    resize: Tensor
    shape_mean: Tensor
    image_mean: Tensor
    label_mean: Tensor
    label_deviation: Tensor

    def __init__(self, depths: tuple[int, int, int, int] = DEPTHS) -> None:
        super().__init__()
        self.expression = Coefficients(29, depths)
        self.shape = Coefficients(99 + 99, depths)
        self.pose = AlexNet(6)
        self.register_buffer("resize", zeros(SIZE, CROP))
        self.register_buffer("shape_mean", zeros(3, SIZE, SIZE))
        self.register_buffer("image_mean", zeros(3))
        self.register_buffer("label_mean", zeros(6))
        self.register_buffer("label_deviation", zeros(6))

    def forward(self, image: Tensor) -> tuple[Tensor, ...]:
        centred = self.resize @ image @ self.resize.T - self.shape_mean
        shape, texture = self.shape(centred).split((99, 99), dim=1)
        pose = self.pose(image / 255.0 - self.image_mean[:, None, None])
        return (
            self.expression(centred),
            shape,
            texture,
            pose * self.label_deviation + self.label_mean,
        )
