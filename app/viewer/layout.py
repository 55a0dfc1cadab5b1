"""Where the panels stand. Pure arithmetic; lengths in points, text heights in em.

rates ┐                 ┌ bars
      │     figure      │
inset ┘     notices     └

The control panel takes the place of rates and inset: it holds the camera's picture itself.
No panel stands before the figure's face, as it is seen at first: the figure moves aside, panels
get narrower, and where that is not enough the rates give way to the bars.
"""

from __future__ import annotations

from dataclasses import dataclass

from app.viewer.orbit import NARROWEST

MARGIN = 0.75  # em round every panel
BARS_WIDTH, BARS_LEAST = 14.25, 11.0
PANEL_WIDTH, PANEL_LEAST = 22.0, 18.0
RATES_WIDTH, RATES_LEAST = 13.0, 10.5
NOTICE_WIDTH, NOTICE_LEAST = 27.0, 12.0  # a notice wraps its text beyond the first
INSET_SHARE = 0.24  # of the window's width
INSET_LOWEST, INSET_HIGHEST = 5.0, 16.0  # em
FACE_HALF, CHIN = 0.21, 0.22  # of the window's height: from the middle to the cheeks, to the chin


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

    def overlaps(self, other: Rect) -> bool:
        return (
            self.x < other.right
            and other.x < self.right
            and self.y < other.bottom
            and other.y < self.bottom
        )


@dataclass(frozen=True, slots=True)
class Layout:
    """Room for each panel that is on; None for one that is off, or rates for which none is left.

    notices: bottom middle of what is free. figure_x: where the figure stands.
    """

    inset: Rect | None
    panel: Rect | None
    rates: Rect | None
    bars: Rect | None
    notices: Rect
    figure_x: float


def arrange(
    size: tuple[int, int],
    em: float,
    *,
    aspect: float,
    inset: bool,
    bars: bool,
    rates: bool,
    panel: bool = False,
) -> Layout:
    """Places in a window of this size.

    aspect: width / height of the camera picture. inset, bars, rates, panel: whether they are on.
    """
    if panel:
        return _with_panel(size, em, bars=bars)
    width, height = size
    margin = MARGIN * em
    figure_height = min(height, width / NARROWEST)
    face_half = FACE_HALF * figure_height
    chin = height / 2 + CHIN * figure_height

    room = width - 2 * face_half  # beside the face
    bars_room = room - 2 * margin
    if bars and rates:
        bars_room -= RATES_LEAST * em + margin
        if bars_room < BARS_LEAST * em:
            rates = False
            bars_room = room - 2 * margin
    bars_width = min(BARS_WIDTH * em, max(BARS_LEAST * em, bars_room))
    bars_rect = Rect(width - margin - bars_width, margin, bars_width, height - 2 * margin)
    right = bars_rect.x - margin if bars else width - margin

    rates_room = right - margin - 2 * face_half
    rates_width = min(RATES_WIDTH * em, max(RATES_LEAST * em, rates_room))
    middle = (bars_rect.x if bars else width) / 2
    figure_x = max(middle, margin + rates_width + face_half) if rates else middle
    figure_x = min(figure_x, max(middle, right - face_half))

    lowest = height - margin
    highest = min(INSET_HIGHEST * em, 0.4 * height)
    inset_height = min(max(INSET_SHARE * width / aspect, INSET_LOWEST * em), highest)
    inset_width = min(inset_height * aspect, right - margin)
    if margin + inset_width > figure_x - face_half:
        inset_width = min(inset_width, (lowest - chin) * aspect)
    inset_height = inset_width / aspect
    inset_rect = Rect(margin, lowest - inset_height, inset_width, inset_height)

    rates_bottom = inset_rect.y - margin if inset else lowest
    rates_rect = Rect(margin, margin, rates_width, rates_bottom - margin)

    left, bottom = (inset_rect.right + margin if inset else margin), lowest
    if right - left < NOTICE_LEAST * em:  # for a moment over the bars, rather than over the mouth
        right = width - margin
    if right - left < NOTICE_LEAST * em:
        left, bottom = margin, rates_bottom
    return Layout(
        inset=inset_rect if inset else None,
        panel=None,
        rates=rates_rect if rates else None,
        bars=bars_rect if bars else None,
        notices=Rect(left, margin, right - left, bottom - margin),
        figure_x=figure_x,
    )


def _with_panel(size: tuple[int, int], em: float, *, bars: bool) -> Layout:
    """The control panel left of the figure; the bars right of it if there is room for them."""
    width, height = size
    margin = MARGIN * em
    face = 2 * FACE_HALF * min(height, width / NARROWEST)
    room = width - 2 * margin - face
    panel_width = min(PANEL_WIDTH * em, max(PANEL_LEAST * em, room), width - 2 * margin)
    panel = Rect(margin, margin, panel_width, height - 2 * margin)
    left, right = panel.right + margin, width - margin
    bars_rect = None
    if bars and right - left - face >= BARS_LEAST * em:
        bars_width = min(BARS_WIDTH * em, right - left - face)
        bars_rect = Rect(right - bars_width, margin, bars_width, height - 2 * margin)
        right = bars_rect.x - margin
    return Layout(
        inset=None,
        panel=panel,
        rates=None,
        bars=bars_rect,
        notices=Rect(left, margin, max(right - left, 1.0), height - 2 * margin),
        figure_x=(panel.right + (right if bars_rect else width)) / 2,
    )
