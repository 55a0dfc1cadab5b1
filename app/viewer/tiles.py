"""Small pictures that the shaders repeat or look up, computed once at start.

Tiles wrap round. RGBA: r, g slope of the relief (0.5 is flat), b height, a mottle, all 0..1, unless
a function says otherwise.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Bytes = NDArray[np.uint8]

# Scattering of light in skin as a sum of six Gaussians: variance in mm², share of red, green,
# blue (d'Eon and Luebke, GPU Gems 3, chapter 14).
SKIN_PROFILE = np.array(
    [
        (0.0064, 0.233, 0.455, 0.649),
        (0.0484, 0.100, 0.336, 0.344),
        (0.187, 0.118, 0.198, 0.000),
        (0.567, 0.113, 0.007, 0.007),
        (1.99, 0.358, 0.004, 0.000),
        (7.41, 0.078, 0.000, 0.000),
    ]
)
LARGEST_CURVATURE = 0.25  # 1/mm, at the table's last row


def pore_tile(size: int = 512) -> Bytes:
    """(size, size, 4): skin. Cells of two sizes with sunken borders, and single deep pores."""
    random = np.random.default_rng(7)
    fine = _cells(random, size, 38)
    coarse = _cells(random, size, 17)
    soft = _noise(random, size, slope=1.2, lowest=6)
    pores = _dots(random, size, count=420, radius=size / 190)
    height = 0.45 * fine + 0.35 * coarse + 0.10 * soft - 0.55 * pores
    mottle = _noise(random, size, slope=1.5, lowest=1)
    return _tile(_unit(height), strength=0.9, mottle=_unit(mottle, spread=2.2))


def knit_tile(size: int = 256, stitches: int = 8) -> Bytes:
    """(size, size, 4): stocking stitch, columns of V-shaped loops, slightly uneven."""
    random = np.random.default_rng(11)
    y, x = np.mgrid[0:size, 0:size] / size * stitches
    wobble = 0.06 * _noise(random, size, slope=1.5, lowest=2)
    column = (x + wobble) % 1.0 - 0.5
    leg = np.abs(column)
    row = (y - 0.9 * leg + wobble) % 1.0 - 0.5
    loop = np.sqrt(np.maximum(0.0, 1 - (row / 0.52) ** 2))
    yarn = np.sqrt(np.maximum(0.0, 1 - ((leg - 0.25) / 0.27) ** 2))
    fibres = _noise(random, size, slope=0.6, lowest=12)
    height = loop * yarn + 0.05 * fibres
    return _tile(_unit(height), strength=0.9, mottle=_unit(_noise(random, size, 1.5, 1)))


def eye_tile(size: int = 256) -> Bytes:
    """(size, size, 4): r fibres and g ragged ring over (angle, radius / 2); b veins, a mottle."""
    random = np.random.default_rng(3)
    radius = np.linspace(0.0, 2.0, size)[:, None]
    angle = np.arange(size)[None, :] / size * 2 * np.pi
    fibres = np.zeros((size, size))
    for count, weight in ((23, 0.5), (47, 0.8), (89, 0.7), (131, 0.4)):
        phase = random.uniform(0, 2 * np.pi)
        bend = sum(
            random.normal(0, 0.5) * np.sin(k * angle + 3.0 * radius * random.normal() + k)
            for k in (1, 2, 3, 5)
        )
        fibres = fibres + weight * np.sin(count * angle + phase + 1.6 * bend)
    ragged = sum(np.sin(k * angle + random.uniform(0, 6)) / k for k in (5, 9, 14, 22))
    ring = np.broadcast_to(ragged, (size, size))
    veins = 1.0 - np.abs(_noise(random, size, 1.4, 3)) * 2.2
    veins = np.clip(veins, 0, 1) ** 6
    return _bytes(
        _unit(fibres + 0.35 * _noise(random, size, 0.8, 8)),
        _unit(ring),
        veins,
        _unit(_noise(random, size, 1.5, 2)),
    )


def scattering_table(width: int = 128, height: int = 32) -> Bytes:
    """(height, width, 4): diffuse light of round skin by (n·l * 0.5 + 0.5, curvature).

    A ring of the given radius is lit from one side; what arrives at each angle spreads along the
    ring by the skin's profile (Penner's pre-integrated skin). Alpha is 255.
    """
    angle = np.linspace(-np.pi, np.pi, 361)[:-1]
    lit = np.maximum(np.cos(angle), 0.0)
    wanted = np.arccos(np.linspace(-1, 1, width))
    table = np.ones((height, width, 4))
    for row in range(height):
        ring_radius = 1.0 / (max(row / (height - 1), 0.01) * LARGEST_CURVATURE)
        chord = 2 * ring_radius * np.sin(np.abs(angle) / 2)
        for channel in range(3):
            spread = sum(
                share[channel] * np.exp(-(chord**2) / (2 * variance)) / (2 * np.pi * variance)
                for variance, *share in SKIN_PROFILE
            )
            blurred = np.fft.ifft(np.fft.fft(lit) * np.fft.fft(np.fft.ifftshift(spread))).real
            blurred /= spread.sum()
            table[row, :, channel] = np.interp(wanted, angle, blurred)
    return _bytes(*np.moveaxis(table, -1, 0))


def _noise(random: np.random.Generator, size: int, slope: float, lowest: float) -> Floats:
    """(size, size) of unit spread: power falls with frequency by `slope`, none below `lowest`."""
    frequency = np.hypot(*np.meshgrid(np.fft.fftfreq(size), np.fft.rfftfreq(size), indexing="ij"))
    frequency *= size
    gain = np.where(frequency >= lowest, np.maximum(frequency, 1.0) ** -slope, 0.0)
    spectrum = np.fft.rfft2(random.standard_normal((size, size))) * gain
    field: Floats = np.fft.irfft2(spectrum, s=(size, size))
    return field / float(field.std())


def _cells(random: np.random.Generator, size: int, count: int) -> Floats:
    """(size, size) 0..1: distance to the border between the nearest of count² jittered points."""
    jitter = random.uniform(0.1, 0.9, (count, count, 2))
    y, x = np.mgrid[0:size, 0:size] / size * count
    cell_y, cell_x = np.floor(y).astype(int), np.floor(x).astype(int)
    nearest = np.full((size, size), 9.0)
    second = np.full((size, size), 9.0)
    for dy in (-1, 0, 1):
        for dx in (-1, 0, 1):
            point = jitter[(cell_y + dy) % count, (cell_x + dx) % count]
            away = np.hypot(cell_y + dy + point[..., 0] - y, cell_x + dx + point[..., 1] - x)
            second = np.minimum(second, np.maximum(nearest, away))
            nearest = np.minimum(nearest, away)
    borders: Floats = np.clip((second - nearest) / 0.45, 0.0, 1.0)
    return borders


def _dots(random: np.random.Generator, size: int, count: int, radius: float) -> Floats:
    """(size, size): round bumps of height 1 scattered evenly, wrapped at the borders."""
    side = np.fft.fftfreq(size) * size
    bump = np.exp(-(side[:, None] ** 2 + side[None, :] ** 2) / (2 * radius**2))
    points = np.zeros((size, size))
    where = random.integers(0, size, (count, 2))
    points[where[:, 0], where[:, 1]] = random.uniform(0.3, 1.0, count)
    dots: Floats = np.fft.irfft2(np.fft.rfft2(points) * np.fft.rfft2(bump), s=(size, size))
    return dots


def _unit(field: Floats, spread: float = 2.0) -> Floats:
    """0..1 with the mean at 0.5; `spread` standard deviations reach the ends."""
    shares: Floats = np.clip(0.5 + (field - field.mean()) / (2 * spread * field.std()), 0.0, 1.0)
    return shares


def _tile(height: Floats, *, strength: float, mottle: Floats) -> Bytes:
    slope_x = (np.roll(height, -1, 1) - np.roll(height, 1, 1)) * strength
    slope_y = (np.roll(height, -1, 0) - np.roll(height, 1, 0)) * strength
    return _bytes(np.clip(0.5 + slope_x, 0, 1), np.clip(0.5 + slope_y, 0, 1), height, mottle)


def _bytes(*channels: Floats) -> Bytes:
    texels: Bytes = np.round(np.stack(channels, axis=-1) * 255).astype(np.uint8)
    return np.ascontiguousarray(texels)
