"""MobileNetV3 "minimal", small and large, as ported from TensorFlow: no squeeze-excite, ReLU only.

Searching for MobileNetV3 (Howard et al. 2019, arXiv:1905.02244), table 1 and 2, without the layers
after the last feature map. Parameter names are those of timm's `tf_mobilenetv3_*_minimal_100`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from torch import Tensor, nn
from torch.nn.functional import adaptive_avg_pool2d, pad, relu

EPSILON = 1e-3  # of every batch normalisation: TensorFlow's, not torch's 1e-5


class Stage(NamedTuple):
    """Inverted residuals one after the other; the first of them has the stride."""

    channels: int
    widths: tuple[int, ...]
    stride: int


SMALL = (
    Stage(24, (72, 88), 2),
    Stage(40, (96, 240, 240), 2),
    Stage(48, (120, 144), 1),
    Stage(96, (288, 576, 576), 2),
)
LARGE = (
    Stage(24, (64, 72), 2),
    Stage(40, (72, 120, 120), 2),
    Stage(80, (240, 200, 184, 184), 2),
    Stage(112, (480, 672), 1),
    Stage(160, (672, 960, 960), 2),
)


class Backbone(nn.Module):
    """(N, 3, 224, 224) -> (N, channels): the last feature map's mean over the picture."""

    def __init__(self, *, first_stride: int, stages: Sequence[Stage], channels: int) -> None:
        super().__init__()
        self.channels = channels
        self.conv_stem = Convolution(3, 16, 3, stride=2)
        self.bn1 = _normalisation(16)
        blocks: list[nn.Module] = [nn.Sequential(Separable(16, stride=first_stride))]
        last = 16
        for stage in stages:
            residuals = []
            for index, width in enumerate(stage.widths):
                stride = stage.stride if index == 0 else 1
                residuals.append(InvertedResidual(last, width, stage.channels, stride=stride))
                last = stage.channels
            blocks.append(nn.Sequential(*residuals))
        blocks.append(nn.Sequential(Widening(last, channels)))
        self.blocks = nn.Sequential(*blocks)

    def forward(self, image: Tensor) -> Tensor:
        features: Tensor = self.blocks(relu(self.bn1(self.conv_stem(image))))
        return adaptive_avg_pool2d(features, 1).flatten(1)


def small() -> Backbone:
    """576 features."""
    return Backbone(first_stride=2, stages=SMALL, channels=576)


def large() -> Backbone:
    """960 features."""
    return Backbone(first_stride=1, stages=LARGE, channels=960)


class Convolution(nn.Conv2d):
    """Padded as TensorFlow's SAME does on a picture of even size.

    At stride 2 the kernel of three reaches over the right and lower edge only; torch's own
    padding would reach over all four.
    """

    def __init__(
        self, inputs: int, outputs: int, kernel: int, *, stride: int = 1, groups: int = 1
    ) -> None:
        padding = kernel // 2 if stride == 1 else 0
        super().__init__(inputs, outputs, kernel, stride, padding, groups=groups, bias=False)

    def forward(self, image: Tensor) -> Tensor:
        if self.stride != (1, 1):
            image = pad(image, (0, 1, 0, 1))
        return super().forward(image)


class Separable(nn.Module):
    """A depthwise convolution and a pointwise one; a skip where the size stays."""

    def __init__(self, channels: int, *, stride: int) -> None:
        super().__init__()
        self.conv_dw = Convolution(channels, channels, 3, stride=stride, groups=channels)
        self.bn1 = _normalisation(channels)
        self.conv_pw = Convolution(channels, channels, 1)
        self.bn2 = _normalisation(channels)
        self.has_skip = stride == 1

    def forward(self, image: Tensor) -> Tensor:
        inner = relu(self.bn1(self.conv_dw(image)))
        outer: Tensor = self.bn2(self.conv_pw(inner))
        return image + outer if self.has_skip else outer


class InvertedResidual(nn.Module):
    """Widen, convolve each channel, narrow; a skip where size and channels stay."""

    def __init__(self, inputs: int, width: int, outputs: int, *, stride: int) -> None:
        super().__init__()
        self.conv_pw = Convolution(inputs, width, 1)
        self.bn1 = _normalisation(width)
        self.conv_dw = Convolution(width, width, 3, stride=stride, groups=width)
        self.bn2 = _normalisation(width)
        self.conv_pwl = Convolution(width, outputs, 1)
        self.bn3 = _normalisation(outputs)
        self.has_skip = stride == 1 and inputs == outputs

    def forward(self, image: Tensor) -> Tensor:
        wide = relu(self.bn1(self.conv_pw(image)))
        inner = relu(self.bn2(self.conv_dw(wide)))
        outer: Tensor = self.bn3(self.conv_pwl(inner))
        return image + outer if self.has_skip else outer


class Widening(nn.Module):
    """The pointwise convolution that ends the backbone."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.conv = Convolution(inputs, outputs, 1)
        self.bn1 = _normalisation(outputs)

    def forward(self, image: Tensor) -> Tensor:
        return relu(self.bn1(self.conv(image)))


def _normalisation(channels: int) -> nn.BatchNorm2d:
    return nn.BatchNorm2d(channels, eps=EPSILON)
