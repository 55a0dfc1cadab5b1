"""Where FLAME's vertices lie on the free head: writes models/assets/flame_places.npz.

    python -m benchmarks.make_correspondence TEMPLATE.obj EMBEDDING.npz [--output NPZ]

TEMPLATE.obj: FLAME's neutral head; EMBEDDING.npz: where MediaPipe's landmarks lie on it (SMIRK's
assets head_template.obj and mediapipe_landmark_embedding.npz). On the free head MediaPipe itself
finds them, in pictures of several looks, sides and two openings of the mouth; their medians are
made symmetrical. Needs OpenGL and mien's face model. Prints how far off the landmarks are then.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from importlib import resources
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from app.face_model import face_model_path
from app.viewer.background import Plain
from app.viewer.camera import Camera, orbit_camera
from app.viewer.head import HeadRenderer
from app.viewer.look import LOOKS
from app.viewer.snapshot import offscreen_context
from benchmarks.synthetic_flame import read_obj
from engine.blendshapes import BLENDSHAPES, INDEX
from engine.geometry import IDENTITY_ROTATION
from engine.landmarker.mediapipe import MediaPipeLandmarker
from models.heads.correspondence import ASSET, STEPS, Correspondence
from models.heads.free import FreeHead, load_free_head
from models.heads.mesh import triangles_of
from models.heads.registration import MIRROR, Landmarks, register
from models.heads.surface_points import SurfacePoints
from models.heads.warp import squared_distances

Array = NDArray[np.float64]

SIZE = 640  # pixels a side
SHOWN_LOOKS = ("ada", "tomas", "noor", "kofi")
YAWS = (-0.15, 0.0, 0.15)  # rad, of the camera
SHUT, OPEN = 0.0, 0.3  # jawOpen
LANDMARKS = 468  # without the irises, which lie on no skin
UPPER_LIP_EDGE = (191, 80, 81, 82, 13, 312, 311, 310, 415)
LOWER_LIP_EDGE = (95, 88, 178, 87, 14, 317, 402, 318, 324)
MOUTH_CORNERS = (78, 308)
LID_EDGES = {  # by lash strip: landmarks on the lid's margin
    "lash_upper_left": (398, 384, 385, 386, 387, 388, 466, 263),
    "lash_lower_left": (382, 381, 380, 374, 373, 390, 249),
    "lash_upper_right": (173, 157, 158, 159, 160, 161, 246, 33),
    "lash_lower_right": (155, 154, 153, 145, 144, 163, 7),
}
ROOT = 0.02  # texture v on lashes: below it lies the lid's margin


def free_landmarks(head: FreeHead) -> Array:
    """(468, 3) metres on the smooth average head."""
    seen = {opening: _seen(head, opening) for opening in (SHUT, OPEN)}
    points = np.nanmedian(np.concatenate([seen[SHUT], seen[OPEN]]), axis=0)
    # A line of sight into the opening ends in the mouth: each lip where it is in front.
    upper, lower = list(UPPER_LIP_EDGE), list(LOWER_LIP_EDGE + MOUTH_CORNERS)
    points[upper] = np.nanmedian(seen[OPEN][:, upper], axis=0)
    points[lower] = np.nanmedian(seen[SHUT][:, lower], axis=0)
    # Likewise at the lids, whose margins the roots of the lashes tell.
    for strip, numbers in LID_EDGES.items():
        vertices = head.part_vertices(strip)
        roots = head.positions[vertices[head.texture_coordinates[vertices, 1] < ROOT]]
        roots = roots[np.argsort(roots[:, 0])]
        for number in numbers:
            x = points[number, 0]
            if roots[0, 0] <= x <= roots[-1, 0] or number in (33, 263):
                points[number, 1:] = [np.interp(x, roots[:, 0], roots[:, i]) for i in (1, 2)]
    return points


def _seen(head: FreeHead, opening: float) -> Array:
    """(pictures, 468, 3) metres at rest; NaN where a landmark is on no skin."""
    skin = head.part("skin")
    triangles = triangles_of(head.quads[skin.first_quad : skin.first_quad + skin.quad_count])
    weights = np.zeros(len(BLENDSHAPES))
    weights[INDEX["jawOpen"]] = opening
    posed = head.posed(weights).astype(np.float64)
    found = []
    with (
        offscreen_context() as context,
        MediaPipeLandmarker(face_model_path(None), follow=False) as landmarker,
    ):
        color = context.texture((SIZE, SIZE), 4)
        target = context.framebuffer([color])
        average = (0.0,) * len(head.sliders.names)
        for name in SHOWN_LOOKS:
            look = replace(LOOKS[name], identity=average)
            with HeadRenderer(context, load_free_head(), look) as renderer:
                for yaw in YAWS:
                    camera = orbit_camera(aspect=1.0, yaw=yaw, distance=0.75)
                    renderer.draw(
                        target,
                        weights=weights,
                        head_rotation=IDENTITY_ROTATION,
                        gaze=np.zeros((2, 2)),
                        camera=camera,
                        background=Plain((0.5, 0.5, 0.6)),
                    )
                    pixels = np.frombuffer(target.read(components=4, alignment=1), np.uint8)
                    picture = pixels.reshape(SIZE, SIZE, 4)[::-1, :, 2::-1]
                    detection = landmarker.detect(np.ascontiguousarray(picture), 0.0)
                    if detection is not None:
                        seen = detection.landmarks[:LANDMARKS, :2]
                        places = _under(camera, posed, triangles, seen)
                        on_skin = places.barycentric.any(axis=1)[:, None]
                        at_rest = places.on(head.positions.astype(np.float64), triangles)
                        found.append(np.where(on_skin, at_rest, np.nan))
        target.release()
        color.release()
    return np.array(found)


def _under(
    camera: Camera, vertices: Array, triangles: NDArray[np.integer], pixels: Array
) -> SurfacePoints:
    """The foremost place under each pixel (N, 2); barycentric zeros where there is none."""
    clip = np.column_stack([vertices, np.ones(len(vertices))]) @ camera.clip_from_world.T
    screen = np.column_stack([clip[:, 0], -clip[:, 1]]) / clip[:, 3:]
    screen = (screen + 1.0) * (SIZE / 2)
    a, b, c = (screen[triangles[:, i]] for i in range(3))
    low, high = np.minimum(np.minimum(a, b), c), np.maximum(np.maximum(a, b), c)
    found = np.zeros(len(pixels), np.int64)
    barycentric = np.zeros((len(pixels), 3))
    for row, pixel in enumerate(pixels):
        near = np.flatnonzero((low <= pixel).all(axis=1) & (pixel <= high).all(axis=1))
        sides = np.stack([b[near] - a[near], c[near] - a[near]], axis=2)
        upright = np.abs(np.linalg.det(sides)) > 1e-9
        near, sides = near[upright], sides[upright]
        shares = np.linalg.solve(sides, (pixel - a[near])[:, :, None])[:, :, 0]
        shares = np.column_stack([1.0 - shares.sum(axis=1), shares])
        inside = (shares >= 0).all(axis=1)
        if inside.any():
            depth = (clip[triangles[near], 3] * shares).sum(axis=1)
            best = np.where(inside, depth, np.inf).argmin()
            found[row], barycentric[row] = near[best], shares[best]
    return SurfacePoints(found, barycentric)


def _symmetrical(pairs: Landmarks) -> Landmarks:
    """Both sides of both heads averaged; who mirrors whom is told by the other head."""
    gaps = squared_distances(pairs.other * MIRROR, pairs.other)
    mirrors = gaps.argmin(axis=1)
    return Landmarks(*((side + side[mirrors] * MIRROR) / 2 for side in (pairs.free, pairs.other)))


def write(correspondence: Correspondence, path: Path) -> None:
    """As `flame_correspondence` reads it."""
    shares = np.rint(correspondence.places.barycentric[:, 1:] * STEPS)
    excess = np.maximum(shares.sum(axis=1) - STEPS, 0)
    shares[:, 0] -= excess
    np.savez_compressed(
        path,
        triangles=correspondence.places.triangles.astype(np.uint16),
        shares=shares.astype(np.uint8),
        trust=np.rint(correspondence.trust * STEPS).astype(np.uint8),
    )


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.make_correspondence")
    parser.add_argument("template", type=Path)
    parser.add_argument("embedding", type=Path)
    parser.add_argument(
        "--output", type=Path, default=Path(str(resources.files("models").joinpath(ASSET)))
    )
    chosen = parser.parse_args(arguments)
    vertices, faces = read_obj(chosen.template)
    with np.load(chosen.embedding) as embedding:
        points = SurfacePoints(
            embedding["lmk_face_idx"].astype(np.int64), embedding["lmk_b_coords"]
        )
        numbers = embedding["landmark_indices"]
    head = load_free_head().subdivided()
    pairs = _symmetrical(Landmarks(free_landmarks(head)[numbers], points.on(vertices, faces)))
    correspondence = register(head, vertices, faces, pairs)
    write(correspondence, chosen.output)
    places = correspondence.places.on(head.positions.astype(np.float64), triangles_of(head.quads))
    off = np.linalg.norm(points.on(places, faces) - pairs.free, axis=1) * 1e3
    print(f"landmarks off by {off.mean():.2f} mm, 95 % by less than {np.quantile(off, 0.95):.2f}")
    print(f"{np.count_nonzero(correspondence.trust > 0.5)} vertices trusted: {chosen.output}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
