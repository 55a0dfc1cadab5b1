"""A network becomes one ONNX file with a free batch size."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch

from engine.errors import ModelError
from models.networks.network import Network

OPSET = 20
EXAMPLES = 2  # in the batch it is traced with: torch takes a batch of one for a constant


def export(network: Network, path: Path) -> None:
    """Writes the network to `path`, names and shapes as in its spec, the batch called N.

    Raises ModelError if the packages `onnx` and `onnxscript` are not installed.
    """
    try:
        import onnxscript  # noqa: F401  the exporter's own, absent from torch's requirements
    except ImportError as error:
        raise ModelError(
            "An ONNX file cannot be written: the package onnxscript is not installed. "
            "Install mien with its extra: pip install mien[flame]"
        ) from error
    spec = network.spec
    example = torch.zeros((EXAMPLES, *spec.input.shape))
    with _quiet():
        program = torch.onnx.export(
            network.module,
            (example,),
            dynamo=True,
            opset_version=OPSET,
            input_names=[spec.input.name],
            output_names=[output.name for output in spec.outputs],
            dynamic_shapes=({0: "N"},),
            external_data=False,
            verbose=False,
        )
    assert program is not None  # it is None only where the exporter writes the file itself
    _forget_origin(program.model)
    program.model.graph.name = spec.name
    program.save(path, external_data=False)


@contextmanager
def _quiet() -> Iterator[None]:
    """Keeps torch's remarks about its own parts to itself: nobody here can mend them."""
    log = logging.getLogger("torch.onnx")
    level = log.level
    log.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        log.setLevel(level)


def _forget_origin(model: Any) -> None:
    """Removes what the exporter notes of the source text: paths of the machine it ran on."""
    model.graph.metadata_props.clear()
    for node in model.graph.all_nodes():
        node.metadata_props.clear()
        node.doc_string = None
        for value in (*node.inputs, *node.outputs):
            if value is not None:
                value.metadata_props.clear()
