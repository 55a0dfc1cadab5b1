"""READ FIRST: a .vrm, .glb or .gltf file becomes an `Avatar`, and a face moves it.

The file's document and arrays (gltf.py) -> nodes and meshes -> which morph targets and bones a face
moves (drives.py, bones.py) -> where it stands (framing.py).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.blendshapes import BLENDSHAPES
from engine.errors import ModelError
from engine.geometry import IDENTITY_ROTATION, Array, matrix_from_quaternion
from models.avatars.bones import Bones, bones_of, find_bones
from models.avatars.drives import INPUTS, Drives, Place, drives_of, lacking, wanted_targets
from models.avatars.framing import hanging_on, joint_matrices, world_from_file
from models.avatars.gltf import DAMAGE, GltfError, GltfFile, damaged
from models.avatars.materials import Material, MaterialReader, TextureUse
from models.avatars.mesh_builder import MeshBuilder, target_names
from models.avatars.meshes import Meshes, Offsets
from models.avatars.nodes import Nodes, read_nodes
from models.avatars.springs import Springs, read_springs
from models.avatars.swinging import Swinging
from models.avatars.vrm import Vrm, read_vrm
from models.heads.free import limited_weights

MOST_TARGETS = 8192
FURTHEST = 1e6  # metres of a joint, or times it makes larger
BLINKING = ("eyeBlinkLeft", "eyeBlinkRight", "blink", "blinkLeft", "blinkRight")
EYES_MOVED = 0.1  # of an eye's size: shapes that move it so far turn it
PIVOT = np.array([0.0, -0.09, -0.07])  # metres: where a head without a neck turns about


@dataclass(frozen=True, slots=True, eq=False)
class Pose:
    """What is sent to the graphics card with a frame.

    joints: (J, 4, 4) world_from_mesh. targets: (T,) weights of the morph targets.
    """

    joints: NDArray[np.float32]
    targets: NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Avatar:
    """materials: one a part of the meshes. images: (H, W, 4) RGBA; None: it cannot be decoded.

    springs: None: nothing swings. world_from_file: (4, 4), the scale included.
    """

    name: str
    form: str
    nodes: Nodes
    meshes: Meshes
    offsets: Offsets
    drives: Drives
    bones: Bones
    springs: Springs | None
    materials: tuple[Material, ...]
    images: dict[int, NDArray[np.uint8] | None]
    world_from_file: Array

    def swinging(self) -> Swinging | None:
        """What swings of it, at rest; None: nothing."""
        return None if self.springs is None else Swinging(self.nodes, self.springs)

    def posed(
        self,
        weights: NDArray[np.floating],
        head_rotation: Array,
        gaze: NDArray[np.floating],
        *,
        position: Array | None = None,
        swinging: Swinging | None = None,
        timestamp: float = 0.0,
    ) -> Pose:
        """weights: (52,) 0..1. head_rotation: xyzw. gaze: (2, 2), as in FaceState.

        position: (3,) metres by which it is moved; None leaves it in place. swinging: what swings,
        up to this timestamp; None: hair and cloth are rigid.
        """
        limited = limited_weights(weights)
        local, root = self.bones.posed(head_rotation, gaze), self._root(head_rotation)
        if position is not None:
            root = root.copy()
            root[:3, 3] += position
        if swinging is None:
            world = self.nodes.world(local, root)
        else:
            world = swinging.world(local, root, timestamp)
        return Pose(
            joints=joint_matrices(self.meshes.joints, world).astype(np.float32),
            targets=self.drives.target_weights(limited, gaze).astype(np.float32),
        )

    @property
    def scale(self) -> float:
        """World metres a metre of the file."""
        return float(np.linalg.norm(self.world_from_file[:3, 0]))

    @property
    def moved(self) -> str:
        """What of it a face moves, and what not, in a line."""
        shapes, presets = self.drives.arkit, self.drives.presets
        parts = [f"{len(shapes)} of {len(BLENDSHAPES)} ARKit shapes"] if shapes or presets else []
        if presets:
            parts.append(f"{len(presets)} VRM presets")
        missing: list[str] = []
        looks = self.bones.eyes is not None or self.drives.looks is not None
        shaped = "eyeLookOutLeft" in shapes
        (parts if self.bones.head is not None else missing).append("head")
        (parts if looks or shaped else missing).append("eyes")
        if shapes or presets:
            missing += lacking(shapes, presets)
        unread = sum(image is None for image in self.images.values())
        if unread:
            missing.append(f"{unread} pictures that cannot be read")
        told = f"Avatar {self.name} ({self.form}): {', '.join(parts)}"
        if missing:
            told += f"; missing: {', '.join(missing)}"
        return told if shapes or presets else f"{told}; no face shapes: the face will not move"

    def _root(self, head_rotation: Array) -> Array:
        """world_from_file; without a head bone the whole avatar turns."""
        if self.bones.head is not None:
            return self.world_from_file
        turn = np.eye(4)
        turn[:3, :3] = matrix_from_quaternion(head_rotation)
        turn[:3, 3] = PIVOT - turn[:3, :3] @ PIVOT
        root: Array = turn @ self.world_from_file
        return root


def load_avatar(path: Path) -> Avatar:
    """Raises ModelError in one line for what is no avatar, with what is missing."""
    try:
        with np.errstate(divide="raise", over="raise", invalid="raise"):
            avatar = _built(GltfFile(path))
            resting = avatar.posed(np.zeros(len(BLENDSHAPES)), IDENTITY_ROTATION, np.zeros((2, 2)))
            if not np.abs(resting.joints).max() < FURTHEST:
                raise GltfError("joints that are out of sight")
        return avatar
    except DAMAGE as error:
        raise damaged(path, error) from error


def _built(file: GltfFile) -> Avatar:
    vrm = read_vrm(file.document)
    nodes = read_nodes(file)
    if not file.document.meshes or not nodes.names:
        raise ModelError(
            f"avatar {file.path}: there is no mesh in it; expected a model with a face. "
            "Choose another file."
        )
    builder = MeshBuilder(file, nodes)
    meshes = builder.meshes()
    names, resting = target_names(file)
    if len(names) > MOST_TARGETS:
        raise GltfError(f"{len(names)} morph targets")
    with_mesh = frozenset(n for n, node in enumerate(file.document.nodes) if node.mesh is not None)
    found = find_bones(nodes, vrm, meshes.joints.nodes, with_mesh)
    wanted = wanted_targets(vrm, names, resting)
    offsets = builder.offsets({place: number for number, place in enumerate(wanted)})
    moved = np.bincount(offsets.targets, minlength=len(wanted)) > 0
    still = frozenset(place for place, moves in zip(wanted, moved, strict=True) if not moves)
    drives = _drives(vrm, wanted, names, resting, still, eyes_turn=False)
    if "head" not in found and not drives.mix.any():
        raise ModelError(_unmoved(file.path, names))
    eyes_turn = "leftEye" in found and "rightEye" in found
    if eyes_turn and _shapes_turn_eyes(
        meshes, offsets, _targets_of("eyeLookOutLeft", drives), nodes, found
    ):
        eyes_turn = False
    blinking = set().union(*(_targets_of(name, drives) for name in BLINKING))
    blinks = np.isin(offsets.targets, list(blinking))
    drives = _drives(vrm, wanted, names, resting, still, eyes_turn=eyes_turn)
    world = world_from_file(nodes, meshes, found, vrm, blinks, offsets)
    used = drives.mix.any(axis=1) | (drives.resting != 0.0)
    reader = MaterialReader(file.document)
    read = {part.material: _material(reader, part.material) for part in meshes.parts}
    images = {use.image: file.picture(use.image) for m in read.values() for use in textures_of(m)}
    bones = bones_of(
        nodes,
        found,
        world,
        look_at=None if vrm is None else vrm.look_at,
        eyes_turn=eyes_turn and drives.looks is None,
    )
    scale = float(np.linalg.norm(world[:3, 0]))
    springs = read_springs(file.document, nodes, nodes.world(bones.rest, world), scale)
    return Avatar(
        name=_name(file.path, vrm),
        form="glTF" if vrm is None else f"VRM {vrm.version}",
        nodes=nodes,
        meshes=meshes,
        offsets=offsets.renumbered(used),
        drives=replace(drives, mix=drives.mix[used], resting=drives.resting[used]),
        bones=bones,
        springs=springs,
        materials=tuple(read[part.material] for part in meshes.parts),
        images=images,
        world_from_file=world,
    )


def textures_of(material: Material) -> tuple[TextureUse, ...]:
    """All that a material uses."""
    uses = [
        material.color_texture,
        material.rough_texture,
        material.normal_texture,
        material.occlusion_texture,
        material.emissive_texture,
    ]
    if material.toon is not None:
        toon = material.toon
        uses += [toon.shade_texture, toon.rim_texture, toon.matcap, toon.outline_texture]
    return tuple(use for use in uses if use is not None)


def _material(reader: MaterialReader, number: int | None) -> Material:
    if number is None:
        return Material()
    if number < 0:
        raise GltfError(f"material {number}")
    return reader.read(number)


def _drives(
    vrm: Vrm | None,
    wanted: tuple[Place, ...],
    names: dict[Place, str],
    resting: dict[Place, float],
    still: frozenset[Place],
    *,
    eyes_turn: bool,
) -> Drives:
    return drives_of(
        vrm,
        {place: number for number, place in enumerate(wanted)},
        {place: names[place] for place in wanted},
        np.array([resting[place] for place in wanted], np.float64),
        still=still,
        eyes_turn=eyes_turn,
    )


def _targets_of(name: str, drives: Drives) -> set[int]:
    """The morph targets that this input moves."""
    columns = drives.inputs == INPUTS[name]
    return {int(row) for row in np.flatnonzero(drives.mix[:, columns].any(axis=1))}


def _shapes_turn_eyes(
    meshes: Meshes, offsets: Offsets, looking: set[int], nodes: Nodes, found: dict[str, int]
) -> bool:
    """Whether eyeLook… moves the eyeball itself, so that its bone must not turn it again."""
    on_eye = hanging_on(meshes, nodes.below(found["leftEye"]))
    ball = meshes.vertices.positions[on_eye]
    moves = on_eye[offsets.vertices] & np.isin(offsets.targets, list(looking))
    if not moves.any():
        return False
    size = float(np.ptp(ball, axis=0).max()) / 2.0
    furthest = float(np.linalg.norm(offsets.positions[moves], axis=1).max())
    return furthest > EYES_MOVED * size


def _unmoved(path: Path, names: dict[tuple[int, int], str]) -> str:
    called = [name for name in names.values() if name]
    if not names:
        shapes = "no morph targets"
    elif not called:
        shapes = f"{len(names)} morph targets without names (extras.targetNames)"
    else:
        listed = ", ".join(called[:5]) + (", …" if len(called) > 5 else "")
        shapes = f"no morph target named as an ARKit shape or a VRM preset (there are {listed})"
    return (
        f"avatar {path}: a face could move nothing in it: {shapes}, no bone called head; "
        "expected one of both. Add them in the program that it comes from."
    )


def _name(path: Path, vrm: Vrm | None) -> str:
    name = "" if vrm is None else "".join(c for c in vrm.name if c.isprintable()).strip()
    return name[:60] or path.stem
