"""The three networks of MediaPipe's face landmarker as one graph on the camera picture.

    frame               (H, W, 3) uint8 BGR
    image_from_detector (2, 3) pixels of the frame from pixels of the detector's 128 × 128 picture
    image_from_crop     (2, 3) the same for the landmark network's 256 × 256 picture

The outputs are those of the networks; `blendshapes` (1, 52) are computed from this very picture's
landmarks. The names of what lies in the frame's pixels begin with `crop/` and `points/`, the whole
of the blendshape network included: engine/runtime/half.py leaves it in float32.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import onnx
from onnx import TensorProto, compose, helper

from engine.runtime.cropping import IMAGE_FROM_CROP
from engine.runtime.fused import (
    CROP,
    Graph,
    assembled,
    check_opset,
    cut_out,
    frame_inputs,
    frame_planes,
    opset_of,
    rename_uses,
)

IMAGE_FROM_DETECTOR = "image_from_detector"
POINTS = "points/"
DETECTOR_SIZE, LANDMARK_SIZE = 128, 256  # pixels of what they see
LANDMARKS = 478
# MediaPipe samples at steps of 1/32 pixel and rounds to whole grey levels (landmarker/crop.py), a
# half upwards. Halves are frequent, samples being multiples of 1/1024: float32 must not lose them.
STEPS = 32
ROUNDING = 1 / 2 + 1 / 4096
OUTPUTS = (
    ("detector/boxes", "boxes", (1, 896, 16)),
    ("detector/scores", "scores", (1, 896, 1)),
    ("landmarks/landmarks", "landmarks", (1, 3 * LANDMARKS)),
    ("landmarks/presence", "presence", (1, 1)),
    ("landmarks/tongue_out", "tongue_out", (1, 1)),
    ("points/scores", "blendshapes", (1, 52)),
)


def fused_landmarker(
    detector: onnx.ModelProto,
    landmarks: onnx.ModelProto,
    blendshapes: onnx.ModelProto,
    *,
    points: Sequence[int],
) -> onnx.ModelProto:
    """The networks of `models/face_landmarker.py` as one.

    points: the landmarks that the blendshape network takes, in its order.
    """
    networks = []
    for network, prefix in (
        (detector, "detector/"),
        (landmarks, "landmarks/"),
        (blendshapes, POINTS),
    ):
        check_opset(network)
        networks.append(compose.add_prefix(network, prefix))
    opset = opset_of(landmarks)

    graph = Graph(CROP)
    planes = frame_planes(graph)
    rgb = graph.constant("rgb", np.array([2, 1, 0]))
    square = cut_out(
        graph, planes, IMAGE_FROM_DETECTOR, size=DETECTOR_SIZE, opset=opset, steps=STEPS
    )
    half = graph.constant("half", np.float32(ROUNDING))
    square = graph.add("Floor", graph.add("Add", square, half, name="s"), name="square_greys")
    square = graph.add("Gather", square, rgb, name="square_ordered", axis=1)
    square = graph.add("Mul", square, graph.constant("twice", np.float32(2 / 255)), name="doubled")
    square = graph.add("Sub", square, graph.constant("one", np.float32(1)), name="centred")
    crop = cut_out(
        graph,
        planes,
        IMAGE_FROM_CROP,
        size=LANDMARK_SIZE,
        opset=opset,
        outside="border",
        steps=STEPS,
    )
    crop = graph.add("Floor", graph.add("Add", crop, half, name="c"), name="greys")
    crop = graph.add("Gather", crop, rgb, name="ordered", axis=1)
    crop = graph.add("Mul", crop, graph.constant("scale", np.float32(1 / 255)), name="scaled")
    unprojection = _unprojected(points)

    whole = onnx.ModelProto()
    whole.CopyFrom(landmarks)
    del whole.graph.node[:], whole.graph.initializer[:], whole.graph.value_info[:]
    for network in networks:
        whole.graph.initializer.extend(network.graph.initializer)
        whole.graph.node.extend(network.graph.node)
        if network is networks[1]:
            whole.graph.node.extend(unprojection.nodes)
    whole.graph.initializer.extend(unprojection.constants)
    rename_uses(whole.graph.node, "detector/image", square)
    rename_uses(whole.graph.node, "landmarks/image", crop)
    rename_uses(whole.graph.node, "points/points", unprojection.nodes[-1].output[0])
    for inner, name, _ in OUTPUTS:
        whole.graph.node.append(
            helper.make_node("Identity", [inner], [name], name=f"{POINTS}outputs/{name}")
        )
    del whole.graph.output[:]
    whole.graph.output.extend(
        helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for _, name, shape in OUTPUTS
    )
    return assembled(whole, graph, inputs=frame_inputs((IMAGE_FROM_DETECTOR, IMAGE_FROM_CROP)))


def _unprojected(points: Sequence[int]) -> Graph:
    """Nodes that bring the chosen landmarks from the crop to the frame; the last one gives
    (1, len(points), 2) pixels.
    """
    graph = Graph(f"{POINTS}unprojected/")
    rows = graph.add(
        "Reshape",
        "landmarks/landmarks",
        graph.constant("rows_shape", np.array([LANDMARKS, 3])),
        name="rows",
    )
    chosen = graph.add(
        "Gather", rows, graph.constant("chosen_rows", np.array(points)), name="chosen", axis=0
    )
    first, second = graph.constant("first", np.array([0])), graph.constant("second", np.array([2]))
    axis, end = graph.constant("axis", np.array([1])), graph.constant("end", np.array([3]))
    positions = graph.add("Slice", chosen, first, second, axis, name="positions")
    turn = graph.add("Slice", IMAGE_FROM_CROP, first, second, axis, name="turn")
    shift = graph.add("Slice", IMAGE_FROM_CROP, second, end, axis, name="shift")
    turned = graph.add(
        "MatMul",
        positions,
        graph.add("Transpose", turn, name="turn_transposed", perm=[1, 0]),
        name="turned",
    )
    row = graph.add("Transpose", shift, name="shift_row", perm=[1, 0])
    graph.add("Unsqueeze", graph.add("Add", turned, row, name="shifted"), first, name="batched")
    return graph
