"""Points that ride on the triangles of a mesh: how face models name their landmarks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating]


@dataclass(frozen=True, slots=True, eq=False)
class SurfacePoints:
    """N places on triangles. triangles: (N,) rows of the mesh's faces; barycentric: (N, 3)."""

    triangles: NDArray[np.integer]
    barycentric: Floats

    def on(self, vertices: Floats, faces: NDArray[np.integer]) -> NDArray[Any]:
        """(N, 3): where they are on the mesh with these vertices (V, 3)."""
        corners = vertices[faces[self.triangles]]
        points: NDArray[Any] = np.einsum("nc,ncx->nx", self.barycentric, corners)
        return points
