"""ResNet (He et al. 2016, arXiv:1512.03385) of bottleneck blocks, in two readings of the paper.

torch's: stride 2 in the 3×3 convolution, padding on all sides. Caffe's, as converted to TensorFlow:
stride 2 in the first 1×1 convolution, SAME padding. Parameter names are torchvision's.
"""

from __future__ import annotations

from typing import Literal

from torch import Tensor, nn
from torch.nn.functional import adaptive_avg_pool2d, max_pool2d, pad, relu

Reading = Literal["torch", "caffe"]

FEATURES = 2048
EXPANSION = 4  # a block gives this many times its inner channels


class ResNet(nn.Module):
    """(N, 3, 224, 224) -> (N, 2048): the last feature map's mean over the picture.

    depths: blocks of each of the four stages; (3, 4, 6, 3) is ResNet-50, (3, 4, 23, 3) 101.
    """

    def __init__(self, depths: tuple[int, int, int, int], *, reading: Reading) -> None:
        super().__init__()
        self.reading = reading
        self.conv1 = nn.Conv2d(3, 64, 7, 2, 3 if reading == "torch" else 0, bias=False)
        self.bn1 = nn.BatchNorm2d(64)
        self.layer1 = _stage(64, 64, depths[0], stride=1, reading=reading)
        self.layer2 = _stage(256, 128, depths[1], stride=2, reading=reading)
        self.layer3 = _stage(512, 256, depths[2], stride=2, reading=reading)
        self.layer4 = _stage(1024, 512, depths[3], stride=2, reading=reading)

    def forward(self, image: Tensor) -> Tensor:
        features = self.stem(image)
        for stage in (self.layer1, self.layer2, self.layer3, self.layer4):
            features = stage(features)
        return adaptive_avg_pool2d(features, 1).flatten(1)

    def stem(self, image: Tensor) -> Tensor:
        """(N, 64, 56, 56): what the first stage sees."""
        if self.reading == "caffe":  # SAME: 7×7 at stride 2 over 224 lacks 2 before and 3 after
            image = pad(image, (2, 3, 2, 3))
        features = relu(self.bn1(self.conv1(image)))
        if self.reading == "caffe":  # SAME: 3×3 at stride 2 over 112 lacks nothing before, 1 after
            return max_pool2d(features, 3, 2, ceil_mode=True)
        return max_pool2d(features, 3, 2, padding=1)


class Bottleneck(nn.Module):
    """1×1, 3×3, 1×1 convolutions around a skip."""

    def __init__(self, inputs: int, inner: int, *, stride: int, reading: Reading) -> None:
        super().__init__()
        outputs = inner * EXPANSION
        first, second = (1, stride) if reading == "torch" else (stride, 1)
        self.conv1 = nn.Conv2d(inputs, inner, 1, first, bias=False)
        self.bn1 = nn.BatchNorm2d(inner)
        self.conv2 = nn.Conv2d(inner, inner, 3, second, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(inner)
        self.conv3 = nn.Conv2d(inner, outputs, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(outputs)
        self.downsample = (
            nn.Sequential(
                nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs)
            )
            if inputs != outputs
            else None
        )

    def forward(self, image: Tensor) -> Tensor:
        narrow = relu(self.bn1(self.conv1(image)))
        inner = relu(self.bn2(self.conv2(narrow)))
        skip = image if self.downsample is None else self.downsample(image)
        return relu(self.bn3(self.conv3(inner)) + skip)


def _stage(inputs: int, inner: int, depth: int, *, stride: int, reading: Reading) -> nn.Sequential:
    first = Bottleneck(inputs, inner, stride=stride, reading=reading)
    rest = (
        Bottleneck(inner * EXPANSION, inner, stride=1, reading=reading) for _ in range(depth - 1)
    )
    return nn.Sequential(first, *rest)
