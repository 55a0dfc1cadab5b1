"""The head as hair knows it: how far the skin is from the skull's centre in every direction."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from models.heads.free import FreeHead

Floats = NDArray[np.float64]

SKULL_CENTER = np.array([0.0, 0.020, -0.075])  # shaders/hair.glsl has it too


class SkullShape:
    """How far the skin is from the skull's centre in every direction, on a grid of angles."""

    ROWS, COLUMNS = 48, 96

    def __init__(self, head: FreeHead) -> None:
        skin = head.part_vertices("skin")
        ray = head.positions[skin].astype(np.float64) - SKULL_CENTER
        keep = (head.head_share[skin] > 0.3) & (head.masks.inner_mouth[skin] < 0.1)
        ray = ray[keep]
        distance = np.linalg.norm(ray, axis=1)
        row, column = self._cell(ray)
        grid = np.zeros((self.ROWS, self.COLUMNS))
        np.maximum.at(grid, (row.astype(int), column.astype(int) % self.COLUMNS), distance)
        for _ in range(8):  # cells that no vertex fell into take their neighbours' mean
            shifted = [np.roll(grid, s, 1) for s in (-1, 1)]
            up, down = np.vstack([grid[:1], grid[:-1]]), np.vstack([grid[1:], grid[-1:]])
            around = np.stack([*shifted, up, down])
            known = np.maximum((around > 0).sum(axis=0), 1)
            grid = np.where(grid > 0, grid, around.sum(axis=0) / known)
        for _ in range(2):
            grid = 0.5 * grid + 0.125 * (
                np.roll(grid, 1, 1)
                + np.roll(grid, -1, 1)
                + np.vstack([grid[:1], grid[:-1]])
                + np.vstack([grid[1:], grid[-1:]])
            )
        self._grid = grid

    def held(self, points: Floats, height: Floats, hold: float) -> Floats:
        """Moves points to a height (S,) above the skin: those below it wholly, others by `hold`."""
        ray = points - SKULL_CENTER
        distance = np.linalg.norm(ray, axis=1)
        row, column = self._cell(ray)
        r0, c0 = np.floor(row - 0.5).astype(int), np.floor(column - 0.5).astype(int)
        fr, fc = row - 0.5 - r0, column - 0.5 - c0
        top, bottom = np.clip(r0, 0, self.ROWS - 1), np.clip(r0 + 1, 0, self.ROWS - 1)
        left, right = c0 % self.COLUMNS, (c0 + 1) % self.COLUMNS
        surface = (self._grid[top, left] * (1 - fc) + self._grid[top, right] * fc) * (1 - fr)
        surface += (self._grid[bottom, left] * (1 - fc) + self._grid[bottom, right] * fc) * fr
        gap = distance - surface - height
        wanted = distance - np.where(gap > 0.0, hold * gap, gap)
        moved: Floats = SKULL_CENTER + ray * (wanted / np.maximum(distance, 1e-9))[:, None]
        return moved

    def _cell(self, ray: Floats) -> tuple[Floats, Floats]:
        distance = np.maximum(np.linalg.norm(ray, axis=1), 1e-9)
        polar = np.arccos(np.clip(ray[:, 1] / distance, -1, 1)) / np.pi
        around = np.arctan2(ray[:, 0], ray[:, 2]) / (2 * np.pi) + 0.5
        return np.clip(polar * self.ROWS, 0, self.ROWS - 1e-6), around * self.COLUMNS


def along_surface(directions: Floats, normals: Floats) -> Floats:
    """Unit, without the part along the normals."""
    return unit(directions - normals * (directions * normals).sum(axis=1, keepdims=True))


def unit(vectors: Floats) -> Floats:
    length: Floats = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return vectors / np.maximum(length, 1e-12)
