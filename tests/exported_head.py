"""What of the free head is in exported files, found without their code."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from models.heads.free import FreeHead


def face_quads(head: FreeHead) -> NDArray[np.int32]:
    """(Q, 4) without eyeballs and without what of the lashes is beyond a third of their length."""
    kept = []
    for part in head.parts:
        quads = head.quads[part.first_quad : part.first_quad + part.quad_count]
        if part.name.startswith("lash"):
            quads = quads[head.texture_coordinates[quads, 1].mean(axis=1) < 0.35]
        if not part.name.startswith("eye_"):
            kept.append(quads)
    return np.concatenate(kept)
