"""MediaPipe's networks as one graph on the camera picture, against the same networks one by one."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest

from engine.errors import ModelError
from engine.landmarker.fused import FusedNetworks
from engine.landmarker.networks import SeparateNetworks
from engine.landmarker.region import FaceRegion
from engine.landmarker.scores import POINTS
from engine.landmarker.session import SessionLandmarker
from engine.runtime.fused_landmarker import fused_landmarker
from engine.runtime.half import half_precision
from engine.runtime.onnx import OnnxSession
from models.face_landmarker import FaceLandmarkerFiles, face_landmarker_files
from tests.faces import face_model, photograph
from tests.small_networks import PROCESSOR, small_face_network


@pytest.fixture(scope="module")
def files(face_networks: Path) -> FaceLandmarkerFiles:
    return face_landmarker_files(face_model(), face_networks)


def joined(files: FaceLandmarkerFiles) -> onnx.ModelProto:
    networks = (files.detector, files.landmarks, files.blendshapes)
    return fused_landmarker(*map(onnx.load, networks), points=POINTS)


def session_of(graph: onnx.ModelProto) -> OnnxSession:
    return OnnxSession(Path("joined"), PROCESSOR, content=graph.SerializeToString())


def on_session(graph: onnx.ModelProto, files: FaceLandmarkerFiles) -> FusedNetworks:
    return FusedNetworks(session_of(graph), SeparateNetworks(files, PROCESSOR))


def turned(region: FaceRegion) -> FaceRegion:
    return FaceRegion(region.x + 15, region.y - 9, region.width, region.height, 0.35)


def test_one_graph_sees_what_three_networks_see(files: FaceLandmarkerFiles) -> None:
    graph = joined(files)
    onnx.checker.check_model(graph, full_check=True)
    one, three = on_session(graph, files), SeparateNetworks(files, PROCESSOR)
    image = photograph()
    (region,), (expected,) = one.find(image), three.find(image)
    assert region.x == pytest.approx(expected.x, abs=0.1)
    assert region.width == pytest.approx(expected.width, abs=0.2)
    assert region.rotation == pytest.approx(expected.rotation, abs=1e-3)
    for looked_at in (expected, turned(expected)):
        face, face_of_three = one.landmarks(image, looked_at), three.landmarks(image, looked_at)
        assert np.abs(face.points - face_of_three.points).max() < 0.1
        assert face.presence == pytest.approx(face_of_three.presence, abs=1e-4)
        assert face.tongue_out == pytest.approx(face_of_three.tongue_out, abs=1e-3)
        scores = three.scores(face_of_three.points)
        assert np.abs(one.scores(face.points) - scores).max() < 0.003


def test_a_region_over_the_edge_repeats_the_edge(files: FaceLandmarkerFiles) -> None:
    one, three = on_session(joined(files), files), SeparateNetworks(files, PROCESSOR)
    image = np.ascontiguousarray(photograph()[40:, 150:500])
    region = FaceRegion(200, 120, 420, 420, -0.2)
    apart = one.landmarks(image, region).points - three.landmarks(image, region).points
    assert np.abs(apart).max() < 0.1


def test_a_landmarker_on_one_graph_detects_the_same_face(files: FaceLandmarkerFiles) -> None:
    landmarkers = [
        SessionLandmarker(networks, files.canonical_face, follow=False)
        for networks in (on_session(joined(files), files), SeparateNetworks(files, PROCESSOR))
    ]
    ours, theirs = (landmarker.search(photograph()) for landmarker in landmarkers)
    assert ours is not None and theirs is not None
    assert np.abs(ours.landmarks - theirs.landmarks).max() < 0.5
    assert np.abs(ours.scores - theirs.scores).max() < 0.01
    assert landmarkers[0].search(np.zeros((480, 640, 3), np.uint8)) is None


def test_half_precision_stays_within_half_a_pixel(files: FaceLandmarkerFiles) -> None:
    full = on_session(joined(files), files)
    half = on_session(half_precision(joined(files)), files)
    image = photograph()
    (region,) = full.find(image)
    apart = half.landmarks(image, region).points - full.landmarks(image, region).points
    assert 0.0 < np.abs(apart).max() < 0.5


def test_steadied_landmarks_steady_the_scores_on_one_graph_too(files: FaceLandmarkerFiles) -> None:
    one, three = on_session(joined(files), files), SeparateNetworks(files, PROCESSOR)
    image = photograph()
    (region,) = one.find(image)
    steadied = one.landmarks(image, region).points
    one.landmarks(image, turned(region))
    assert np.array_equal(one.scores(steadied), three.scores(steadied))


def test_scores_do_not_jump_when_one_graph_takes_over_and_leaves(
    files: FaceLandmarkerFiles,
) -> None:
    landmarkers = [
        SessionLandmarker(SeparateNetworks(files, PROCESSOR), files.canonical_face)
        for _ in range(2)
    ]
    moved = landmarkers[0]
    noise = np.random.default_rng(0)
    for index in range(12):
        if index == 4:
            moved.use(session_of(joined(files)))
        if index == 8:
            moved.leave()
        grain = noise.normal(0, 4, photograph().shape)
        image = np.clip(photograph() + grain, 0, 255).astype(np.uint8)
        ours, theirs = (one.detect(image, index / 30) for one in landmarkers)
        assert ours is not None and theirs is not None
        assert np.abs(ours.scores - theirs.scores).max() < 0.005
        assert np.abs(ours.landmarks - theirs.landmarks).max() < 0.2
    for one in landmarkers:
        one.close()


def test_another_network_is_refused(files: FaceLandmarkerFiles) -> None:
    with pytest.raises(
        ModelError, match="no plan of mediapipe: it takes image and gives pose, jaw"
    ):
        on_session(small_face_network(), files)
