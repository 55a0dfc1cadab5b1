"""DECA's coarse encoder (Feng et al., SIGGRAPH 2021, arXiv:2012.04012): a face crop to its code.

Parameter names are those of the official `deca_model.tar`, its top-level name included.
"""

from __future__ import annotations

from torch import Tensor, nn

from models.networks.network import Network, NetworkSpec, TensorSpec
from models.networks.resnet import FEATURES, ResNet
from models.networks.state import State, loaded, under

CODE = (  # the parts of the code in their order
    TensorSpec("shape", (100,)),
    TensorSpec("tex", (50,)),
    TensorSpec("expression", (50,)),
    TensorSpec("pose", (6,)),  # head, jaw: axis times radians
    TensorSpec("cam", (3,)),
    TensorSpec("light", (27,)),  # nine spherical harmonics of three colours
)
SIZES = tuple(part.shape[0] for part in CODE)
PREFIX = "E_flame."

SPEC = NetworkSpec("deca", TensorSpec("image", (3, 224, 224)), CODE)  # RGB 0..1


def build_deca(state: State) -> Network:
    """DECA from `{"E_flame." + key: array}`; other top-level names are ignored.

    Raises ModelError if that is not DECA's.
    """
    encoder = {PREFIX + key: array for key, array in under(PREFIX, state).items()}
    return Network(SPEC, loaded(Deca, encoder, name="DECA"))


class CodeEncoder(nn.Module):
    """(N, 3, 224, 224) -> (N, size): ResNet-50 and two linear layers."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self.encoder = ResNet((3, 4, 6, 3), reading="torch")
        self.layers = nn.Sequential(nn.Linear(FEATURES, 1024), nn.ReLU(), nn.Linear(1024, size))

    def forward(self, image: Tensor) -> Tensor:
        code: Tensor = self.layers(self.encoder(image))
        return code


class Deca(nn.Module):
    """The outputs of `SPEC`."""

    def __init__(self) -> None:
        super().__init__()
        self.E_flame = CodeEncoder(sum(SIZES))

    def forward(self, image: Tensor) -> tuple[Tensor, ...]:
        parts: tuple[Tensor, ...] = self.E_flame(image).split(SIZES, dim=1)
        return parts
