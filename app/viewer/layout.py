"""Where the panels stand. Pure arithmetic; lengths in points, text heights in em.

rates ┐                 ┌ bars
      │     figure      │
inset ┘     notices     └
"""

from __future__ import annotations

from dataclasses import dataclass

MARGIN = 0.75  # em round every panel
BARS_WIDTH = 14.25
RATES_WIDTH = 13.0
NOTICE_WIDTH = 27.0  # a notice wraps its text beyond it
INSET_SHARE = 0.24  # of the window's width
INSET_LOWEST, INSET_HIGHEST = 5.0, 16.0  # em


@dataclass(frozen=True, slots=True)
class Rect:
    x: float
    y: float
    width: float
    height: float

    @property
    def right(self) -> float:
        return self.x + self.width

    @property
    def bottom(self) -> float:
        return self.y + self.height


@dataclass(frozen=True, slots=True)
class Layout:
    """bars and rates: the room they may fill. notices: bottom middle of what is free."""

    inset: Rect
    rates: Rect
    bars: Rect
    notices: Rect


def arrange(size: tuple[int, int], em: float, *, aspect: float, inset: bool, bars: bool) -> Layout:
    """Places in a window of this size.

    aspect: width / height of the camera picture. inset, bars: whether they are on, which decides
    what is left for the others.
    """
    width, height = size
    margin = MARGIN * em
    highest = min(INSET_HIGHEST * em, 0.4 * height)
    inset_height = min(max(INSET_SHARE * width / aspect, INSET_LOWEST * em), highest)
    inset_width = inset_height * aspect
    widest = width - 2 * margin - (BARS_WIDTH * em + margin if bars else 0.0)
    if inset_width > widest:
        inset_width, inset_height = widest, widest / aspect
    inset_rect = Rect(margin, height - margin - inset_height, inset_width, inset_height)

    bars_rect = Rect(width - margin - BARS_WIDTH * em, margin, BARS_WIDTH * em, height - 2 * margin)
    rates_bottom = inset_rect.y - margin if inset else height - margin
    rates_rect = Rect(margin, margin, RATES_WIDTH * em, rates_bottom - margin)

    left = inset_rect.right + margin if inset else margin
    right = bars_rect.x - margin if bars else width - margin
    bottom = height - margin
    if right - left < 0.8 * NOTICE_WIDTH * em:  # too narrow beside the inset: above it
        left, bottom = margin, rates_bottom
    return Layout(
        inset=inset_rect,
        rates=rates_rect,
        bars=bars_rect,
        notices=Rect(left, margin, right - left, bottom - margin),
    )
