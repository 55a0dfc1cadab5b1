"""AlexNet of two groups (Krizhevsky et al., NIPS 2012) as FacePoseNet uses it.

FacePoseNet: Chang et al., ICCVW 2017, arXiv:1708.07517.
"""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn.functional import local_response_norm, max_pool2d, relu

NEIGHBOURS = 5  # channels over which brightness is normalised
ALPHA = 2e-5  # for each of them
BETA = 0.75


class AlexNet(nn.Module):
    """(N, 3, 227, 227) -> (N, outputs)."""

    def __init__(self, outputs: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 96, 11, 4, padding=4)
        self.conv2 = nn.Conv2d(96, 256, 5, padding=2, groups=2)
        self.conv3 = nn.Conv2d(256, 384, 3, padding=1)
        self.conv4 = nn.Conv2d(384, 384, 3, padding=1, groups=2)
        self.conv5 = nn.Conv2d(384, 256, 3, padding=1, groups=2)
        self.fc6 = nn.Linear(6 * 6 * 256, 4096)
        self.fc7 = nn.Linear(4096, 4096)
        self.fc8 = nn.Linear(4096, outputs)

    def forward(self, image: Tensor) -> Tensor:
        features = _normalised(max_pool2d(relu(self.conv1(image)), 3, 2))
        features = _normalised(max_pool2d(relu(self.conv2(features)), 3, 2))
        features = relu(self.conv4(relu(self.conv3(features))))
        features = max_pool2d(relu(self.conv5(features)), 3, 2)
        features = features.permute(0, 2, 3, 1).flatten(1)  # TensorFlow's order: rows, columns, map
        result: Tensor = self.fc8(relu(self.fc7(relu(self.fc6(features)))))
        return result


def _normalised(features: Tensor) -> Tensor:
    """Local response normalisation across channels (section 3.3 of the paper)."""
    return local_response_norm(features, NEIGHBOURS, NEIGHBOURS * ALPHA, BETA, k=1.0)
