"""Files in the layout of the official downloads, made of numbers, decoys included."""

from __future__ import annotations

import pickle
import sys
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from tests.face_models import (
    PARENTS,
    flame_arrays,
    flame_eyelid_arrays,
    flame_landmark_arrays,
    flame_mediapipe_arrays,
)

State = Mapping[str, NDArray[np.generic]]

CONFIGURATION = """\
inout:
  checkpoint_dir: /not/this/machine
{section}:
  model:
    deca_class: ExpDECA          # the class
    expression_backbone: 'deca_clone'
    exp_deca_global_pose: {head}
    exp_deca_jaw_pose: {jaw}
    losses:
    - name: photometric
      weight: 2.0
    n_exp: 50
"""


def tensors(state: State) -> dict[str, torch.Tensor]:
    """The arrays as torch holds them."""
    return {key: torch.from_numpy(np.array(value)) for key, value in state.items()}


def write_lightning(path: Path, state: State, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkpoint of Lightning 1.4: its callbacks' states are kept under the callbacks' class."""
    module = "pytorch_lightning.callbacks.model_checkpoint"
    for name in ("pytorch_lightning", "pytorch_lightning.callbacks", module):
        monkeypatch.setitem(sys.modules, name, ModuleType(name))
    callback = type("ModelCheckpoint", (), {"__module__": module})
    monkeypatch.setattr(sys.modules[module], "ModelCheckpoint", callback, raising=False)
    path.parent.mkdir(parents=True, exist_ok=True)
    content = {
        "epoch": 3,
        "pytorch-lightning_version": "1.4.9",
        "callbacks": {callback: {"best_model_score": torch.tensor(9.4)}},
        "optimizer_states": [],
        "state_dict": tensors(state),
    }
    torch.save(content, path)
    return path


def flame_pickle() -> dict[str, object]:
    """The dictionary in generic_model.pkl."""
    arrays = flame_arrays()
    return {
        "v_template": arrays["template"],
        "f": arrays["faces"].astype(np.uint32),
        "shapedirs": np.concatenate([arrays["shape_basis"], arrays["expression_basis"]], axis=2),
        "posedirs": arrays["pose_basis"],
        "J_regressor": arrays["joint_regressor"],
        "kintree_table": np.array([[2**32 - 1, *PARENTS[1:]], range(5)], np.uint32),
        "weights": arrays["skin_weights"],
        "bs_style": "lbs",
    }


def write_flame_download(folder: Path) -> Path:
    """generic_model.pkl and SMIRK's assets; the dynamic landmarks are pickled torch tensors."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "generic_model.pkl").write_bytes(pickle.dumps(flame_pickle(), protocol=2))
    points = flame_landmark_arrays()
    full = np.zeros((1, 68), np.int64), np.full((1, 68, 3), 1 / 3)
    embedding = {
        "static_lmk_faces_idx": points["static_faces"],
        "static_lmk_bary_coords": points["static_barycentric"],
        "dynamic_lmk_faces_idx": torch.from_numpy(points["dynamic_faces"]),
        "dynamic_lmk_bary_coords": torch.from_numpy(points["dynamic_barycentric"]),
        "full_lmk_faces_idx": full[0],
        "full_lmk_bary_coords": full[1],
    }
    np.save(folder / "landmark_embedding.npy", np.array(embedding, object), allow_pickle=True)
    mediapipe = flame_mediapipe_arrays()
    np.savez(
        folder / "mediapipe_landmark_embedding.npz",
        lmk_face_idx=mediapipe["faces"].astype(np.uint32),
        lmk_b_coords=mediapipe["barycentric"],
        landmark_indices=mediapipe["mesh_indices"],
    )
    for side, offsets in flame_eyelid_arrays().items():
        np.save(folder / f"{side[0]}_eyelid.npy", offsets)
    return folder
