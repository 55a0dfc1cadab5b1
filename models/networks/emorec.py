"""EMOCA's emotion head (`EMOCA-emorec`): a face's coefficients to emotion, valence and arousal.

A perceptron with batch normalisation. Parameter names are those of the official checkpoint.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Literal, get_args

from torch import Tensor, nn
from torch.nn.functional import log_softmax

from engine.errors import ModelError
from models.networks.network import Network, NetworkSpec, TensorSpec
from models.networks.state import State, loaded, under

Part = Literal["shape", "expression", "rotation", "jaw"]

SIZES: dict[Part, int] = {"shape": 100, "expression": 50, "rotation": 3, "jaw": 3}  # in this order
PREFIX = "mlp."
SLOPE = 0.2  # of the leaky units
CLASS_COUNTS = (8, 9)  # without and with "none"


@dataclass(frozen=True, slots=True)
class EmorecConfig:
    """What cfg.yaml says about the head.

    parts:         the coefficients it reads, joined in the order of `SIZES`: `use_identity`,
                   `use_expression`, `use_global_pose`, `use_jaw_pose`.
    layers, width: `num_mlp_layers`, `mlp_dim`.
    classes:       `n_expression`.
    """

    parts: tuple[Part, ...]
    layers: int = 4
    width: int = 2048
    classes: int = 8

    def __post_init__(self) -> None:
        if not self.parts or self.parts != tuple(p for p in get_args(Part) if p in self.parts):
            raise ValueError(f"parts must be some of {get_args(Part)} in order, got {self.parts}")

    @property
    def inputs(self) -> int:
        """Numbers that the head reads."""
        return sum(SIZES[part] for part in self.parts)


def build_emorec(state: State, config: EmorecConfig) -> Network:
    """The head from the `state_dict` of its checkpoint; keys of its other parts are ignored.

    Raises ModelError if these are not its weights, or if they contradict the configuration.
    """
    if config.classes not in CLASS_COUNTS:
        raise ModelError(
            f"This emotion head tells {config.classes} classes (n_expression of cfg.yaml); "
            f"expected 8 or 9. Take the official EMOCA-emorec."
        )
    mlp = {PREFIX + key: array for key, array in under(PREFIX, state).items()}
    first = mlp.get("mlp.model.0.weight")
    if first is not None and first.ndim == 2 and first.shape[1] != config.inputs:
        raise ModelError(
            f"This emotion head reads {first.shape[1]} numbers; its cfg.yaml says {config.inputs} "
            f"({', '.join(config.parts)}). Take checkpoint and cfg.yaml from the same download."
        )
    spec = NetworkSpec(
        "emorec",
        TensorSpec("coefficients", (config.inputs,)),
        (
            TensorSpec("log_scores", (config.classes,)),
            TensorSpec("valence", (1,)),
            TensorSpec("arousal", (1,)),
        ),
    )
    return Network(spec, loaded(partial(Emorec, config), mlp, name="EMOCA's emotion head"))


class Perceptron(nn.Module):
    """Linear, batch normalisation, leaky unit; the last layer is linear alone."""

    def __init__(self, inputs: int, outputs: int, *, layers: int, width: int) -> None:
        super().__init__()
        parts: list[nn.Module] = []
        for _ in range(layers):
            parts += [nn.Linear(inputs, width), nn.BatchNorm1d(width), nn.LeakyReLU(SLOPE)]
            inputs = width
        self.model = nn.Sequential(*parts, nn.Linear(inputs, outputs))

    def forward(self, coefficients: Tensor) -> Tensor:
        output: Tensor = self.model(coefficients)
        return output


class Emorec(nn.Module):
    """The logarithms of the classes' probabilities, valence, arousal."""

    def __init__(self, config: EmorecConfig) -> None:
        super().__init__()
        self.classes = config.classes
        self.mlp = Perceptron(
            config.inputs, config.classes + 2, layers=config.layers, width=config.width
        )

    def forward(self, coefficients: Tensor) -> tuple[Tensor, ...]:
        scores, valence, arousal = self.mlp(coefficients).split((self.classes, 1, 1), dim=1)
        return log_softmax(scores, dim=1), valence, arousal
