"""Short words at the lower edge: what a key just did, and what keeps the face from being seen."""

from __future__ import annotations

from dataclasses import dataclass

from imgui_bundle import ImVec2, imgui

from app.viewer import theme
from app.viewer.layout import NOTICE_WIDTH, Rect

PATIENCE = 2.0  # seconds without a face before anything is said
PICTURE_PATIENCE = 0.8  # seconds without a picture
SHOWN_FOR = 2.2  # seconds a remark stays
FIRST_REMARK = "F2 opens the controls, H shows the keys"
FIRST_REMARK_FOR = 6.0
PADDING = 0.7  # em
INDENT = 0.9  # em of a warning's text, for the dot before it


@dataclass(frozen=True, slots=True)
class Notice:
    """A title and what to do about it; the advice may be empty."""

    title: str
    advice: str = ""
    warning: bool = False


PAUSED = Notice("Paused", "P goes on.")
PAUSED_BESIDE_PANEL = Notice("Paused", "“Go on”, on the page Start, goes on.")
INVITATION = Notice("Look at me!", "Step before the camera: your face moves mine.")
AWAY = Notice("One moment, please", "My camera is coming back.")
NO_SOURCE = Notice("No camera or video", "F2 opens the controls: they say why.", warning=True)
NO_SOURCE_BESIDE_PANEL = Notice("No camera or video", "The page Start says why.", warning=True)
NO_FACE = Notice(
    "No face in the picture",
    "Face the camera at arm's length, lit from the front.",
    warning=True,
)


class Notices:
    """Remembers since when something is missing. Times: seconds of one steady clock."""

    def __init__(self, started: float) -> None:
        self._remark = FIRST_REMARK
        self._remark_until = started + FIRST_REMARK_FOR
        self._face_seen = started
        self._picture_came = started
        self._frame_index = -1

    def say(self, text: str, now: float) -> None:
        """Show this for a moment."""
        self._remark, self._remark_until = text, now + SHOWN_FOR

    def observe(self, now: float, *, frame_index: int | None, face: bool) -> None:
        """Take in what is shown at this moment. frame_index: None before the first picture."""
        if frame_index is not None and frame_index != self._frame_index:
            self._frame_index, self._picture_came = frame_index, now
            if face:
                self._face_seen = now

    def without_pictures(self, now: float) -> bool:
        """Whether none has come for a while."""
        return now - self._picture_came > PICTURE_PATIENCE

    def in_a_booth(self, now: float, *, face: bool) -> tuple[Notice, ...]:
        """What is to be read by who comes by. face: whether one is seen at this moment."""
        if self._frame_index < 0 or self.without_pictures(now):
            return (AWAY,)
        return () if face else (INVITATION,)

    def current(
        self,
        now: float,
        source: str,
        *,
        quiet: bool,
        panel: bool = False,
        paused: bool = False,
        missing: Notice | None = None,
        unopened: bool = False,
        trouble: str = "",
    ) -> tuple[Notice, ...]:
        """What is to be read at this moment, the most lasting first.

        missing: why the figure that was asked for is not seen.
        unopened: there is no source, for it cannot be opened.
        trouble: what is wrong with the pictures that come.
        quiet: only answers to a key, nothing that comes by itself.
        panel: the control panel is open, in which letters are for typing.
        """
        notices: list[Notice] = []
        if quiet:
            pass
        elif unopened and self._frame_index < 0:
            notices.append(NO_SOURCE_BESIDE_PANEL if panel else NO_SOURCE)
        elif self.without_pictures(now):
            first = self._frame_index < 0
            title = "Waiting for the first picture" if first else "No new pictures"
            notices.append(Notice(title, f"from {source}" if source else "", warning=not first))
        elif paused:
            notices.append(PAUSED_BESIDE_PANEL if panel else PAUSED)
        elif now - self._face_seen > PATIENCE:
            notices.append(NO_FACE)
        elif missing is not None:
            notices.append(missing)
        if trouble and not quiet and not paused:
            notices.append(Notice(trouble, warning=True))
        hint = self._remark == FIRST_REMARK
        if now < self._remark_until and not (hint and (quiet or panel)):
            notices.append(Notice(self._remark))
        return tuple(notices)


def draw_notices(area: Rect, notices: tuple[Notice, ...], *, center: float) -> None:
    """From the lower edge of this room upwards, as near to the x of `center` as it allows."""
    em = imgui.get_font_size()
    padding = PADDING * em
    bottom = area.bottom
    widest = min(area.width, NOTICE_WIDTH * em) - 2 * padding - INDENT * em
    for number, notice in enumerate(notices):
        title = imgui.calc_text_size(notice.title, False, widest)
        advice = imgui.calc_text_size(notice.advice, False, widest)
        text_width = max(title.x, advice.x) + 0.3 * em  # or rounding wraps the last word
        height = title.y + 2 * padding + (advice.y + 0.25 * em if notice.advice else 0.0)
        width = text_width + 2 * padding + (INDENT * em if notice.warning else 0.0)
        width = min(width, area.width)
        x = min(max(center - width / 2, area.x), area.right - width)
        imgui.set_next_window_pos(ImVec2(x, max(area.y, bottom - height)))
        imgui.set_next_window_size(ImVec2(width, height))
        imgui.push_style_var(imgui.StyleVar_.window_padding, ImVec2(padding, padding))
        imgui.push_style_color(imgui.Col_.window_bg, theme.NOTICE)
        imgui.begin(f"notice {number}", None, theme.PASSIVE_FLAGS)
        imgui.pop_style_color()
        imgui.pop_style_var()
        imgui.internal.bring_window_to_display_front(imgui.internal.get_current_window())
        _draw_notice(notice, title.y, 0.25 * em)
        imgui.end()
        bottom -= height + 0.5 * em


def _draw_notice(notice: Notice, title_height: float, gap: float) -> None:
    em = imgui.get_font_size()
    start = imgui.get_cursor_pos()
    indent = 0.0
    if notice.warning:
        indent = INDENT * em
        dot = imgui.get_cursor_screen_pos()
        draw = imgui.get_window_draw_list()
        center = ImVec2(dot.x + 0.25 * em, dot.y + 0.52 * em)
        draw.add_circle_filled(center, 0.25 * em, theme.packed(theme.WARNING))
    imgui.set_cursor_pos(ImVec2(start.x + indent, start.y))
    imgui.push_text_wrap_pos(0.0)
    imgui.text_unformatted(notice.title)
    if notice.advice:
        imgui.set_cursor_pos(ImVec2(start.x + indent, start.y + title_height + gap))
        imgui.push_style_color(imgui.Col_.text, theme.DIM)
        imgui.text_unformatted(notice.advice)
        imgui.pop_style_color()
    imgui.pop_text_wrap_pos()
