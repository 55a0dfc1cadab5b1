"""Networks whose weights are numbers made from their names, in the layout of the official files.

With them upstream's code gave tests/data/networks (README there).
"""

from __future__ import annotations

import gzip
import json
from functools import cache
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from models.networks.emorec import EmorecConfig
from models.networks.expnet import ExpNetArrays
from tests.face_models import centred, uniform

Float = NDArray[np.float32]
State = dict[str, NDArray[np.generic]]

DATA = Path(__file__).parent / "data" / "networks"
GAINS = {"smirk": 1.3, "posenet": 2.0}  # of a layer's variance; 1 for the others
CELLS = 7  # of a picture's coarse pattern, along each side
GREYS = 4096.0  # the first layer of ExpNet sees grey levels, not 0..1: its variance is larger


@cache
def keys(network: str) -> dict[str, tuple[int, ...]]:
    """Names and shapes in the official file of smirk, deca, emoca, expnet, shapenet or posenet."""
    everything = json.loads(gzip.decompress((DATA / "keys.json.gz").read_bytes()))
    return {name: tuple(shape) for name, shape in everything[network]}


def upstream(network: str) -> dict[str, NDArray[np.float32]]:
    """What upstream's code gives for `pictures(network)`."""
    with np.load(DATA / f"{network}.npz") as arrays:
        return dict(arrays)


def torch_weights(name: str, shape: tuple[int, ...], gain: float = 1.0) -> NDArray[np.generic]:
    """One entry of a torch checkpoint."""
    match name.rpartition(".")[2]:
        case "num_batches_tracked":
            return np.zeros(shape, np.int64)
        case "running_var":
            value = 0.5 + uniform(name, shape)
        case "running_mean" | "bias":
            value = 0.1 * centred(name, shape)
        case _ if len(shape) == 1:
            value = 1.0 + 0.1 * centred(name, shape)
        case _:
            value = centred(name, shape) * np.sqrt(gain / np.prod(shape[1:]))
    return value.astype(np.float32)


def tensorflow_weights(name: str, shape: tuple[int, ...], gain: float = 1.0) -> Float:
    """One variable of a TensorFlow 1 checkpoint; "baises" is upstream's own spelling."""
    match name.rpartition("/")[2]:
        case "variance":
            scale = GREYS if name.endswith("/bn_conv1/variance") else 1.0
            value = scale * (0.5 + uniform(name, shape))
        case "mean" | "offset" | "biases" | "baises":
            value = 0.1 * centred(name, shape)
        case "scale":
            value = 1.0 + 0.1 * centred(name, shape)
        case _:
            value = centred(name, shape) * np.sqrt(gain / np.prod(shape[:-1]))
    return value.astype(np.float32)


def smirk_state() -> State:
    """`SMIRK_em1.pt`, with an entry of the renderer."""
    state = _torch_state("smirk")
    state["smirk_generator.conv.bias"] = np.zeros(3, np.float32)
    return state


def deca_state() -> State:
    """`deca_model.tar` flattened, with an entry of the detail encoder."""
    state = _torch_state("deca")
    state["E_detail.layers.2.bias"] = np.zeros(128, np.float32)
    return state


def emoca_state(outputs: int = 50) -> State:
    """The state_dict of EMOCA's checkpoint, with entries of its other parts."""
    state = _torch_state("emoca")
    for leaf, shape in (("weight", (outputs, 1024)), ("bias", (outputs,))):
        key = f"deca.E_expression.layers.2.{leaf}"
        state[key] = torch_weights(key, shape)
    state["deca.E_detail.layers.2.bias"] = np.zeros(128, np.float32)
    state["deca.flame.faces_tensor"] = np.zeros((4, 3), np.int64)
    return state


def expnet_arrays() -> ExpNetArrays:
    """The three checkpoints and the statistics beside them."""
    expression, shape, pose = (
        {
            name: tensorflow_weights(name, size, GAINS.get(network, 1.0))
            for name, size in keys(network).items()
        }
        for network in ("expnet", "shapenet", "posenet")
    )
    pose["global_step"] = np.array(16000, np.int64)  # type: ignore[assignment]
    return ExpNetArrays(
        expression=expression,
        shape=shape,
        pose=pose,
        shape_mean=shape_mean(),
        image_mean=0.35 + 0.2 * uniform("posenet/train_mean_vec", (3,)),
        label_mean=0.2 * centred("posenet/mean_labels", (6,)),
        label_deviation=0.5 + uniform("posenet/std_labels", (6,)),
    )


def shape_mean() -> Float:
    """`3DMM_shape_mean.npy`."""
    mean = 255.0 * (0.3 + 0.4 * uniform("expnet/3DMM_shape_mean", (3, 224, 224)))
    return mean.astype(np.float32)


def emorec_state(config: EmorecConfig) -> State:
    """The state_dict of EMOCA-emorec's checkpoint, with an entry of its DECA."""
    sizes = [config.inputs, *([config.width] * config.layers)]
    shapes: dict[str, tuple[int, ...]] = {}
    for index, (inputs, outputs) in enumerate(pairwise(sizes)):
        shapes[f"{3 * index}.weight"] = (outputs, inputs)
        shapes[f"{3 * index}.bias"] = (outputs,)
        for leaf in ("weight", "bias", "running_mean", "running_var"):
            shapes[f"{3 * index + 1}.{leaf}"] = (outputs,)
        shapes[f"{3 * index + 1}.num_batches_tracked"] = ()
    shapes[f"{3 * config.layers}.weight"] = (config.classes + 2, config.width)
    shapes[f"{3 * config.layers}.bias"] = (config.classes + 2,)
    state = {
        f"mlp.model.{leaf}": torch_weights(f"mlp.model.{leaf}", shape)
        for leaf, shape in shapes.items()
    }
    state["deca.E_flame.layers.2.bias"] = np.zeros(236, np.float32)
    return state


def pictures(network: str, count: int = 4) -> Float:
    """(count, 3, size, size) as the network takes them; the fourth is black.

    RGB 0..1 of 224 pixels; for expnet BGR 0..255 of 227 pixels.
    """
    size = 227 if network == "expnet" else 224
    batch = np.zeros((4, size, size, 3), np.float32)
    for index in range(3):
        coarse = uniform(f"input/{network}/{index}/coarse", (CELLS, CELLS, 3))
        coarse = np.kron(coarse, np.ones((-(-size // CELLS),) * 2 + (1,)))[:size, :size]
        fine = uniform(f"input/{network}/{index}/fine", (size, size, 3))
        batch[index] = np.floor(256.0 * (0.6 * coarse + 0.4 * fine))
    batch = np.ascontiguousarray(batch[:count].transpose(0, 3, 1, 2))
    return batch if network == "expnet" else batch / np.float32(255.0)


def _torch_state(network: str) -> State:
    gain = GAINS.get(network, 1.0)
    return {name: torch_weights(name, shape, gain) for name, shape in keys(network).items()}
