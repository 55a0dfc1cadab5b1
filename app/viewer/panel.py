"""The control panel: all that a run can be told, for people who never open a terminal.

Mouse and keyboard alike: 1 to 4 turn the pages, arrows and Tab go from control to control, space
and Enter press them.
"""

from __future__ import annotations

from imgui_bundle import ImVec2, imgui

from app.actions import LookForCameras
from app.statistics import Statistics
from app.viewer import Shown
from app.viewer.asked import Asked
from app.viewer.inset import Inset
from app.viewer.layout import Rect
from app.viewer.panel_channels import ChannelPage
from app.viewer.panel_looks import LookPage
from app.viewer.panel_options import OptionPage
from app.viewer.panel_session import SessionPage
from app.viewer.recording_mark import draw_mark

PADDING = 0.8  # em
LOOK_PERIOD = 3.0  # s between two looks for cameras that have been plugged in
APPEARING = 2  # turns in which imgui does not yet hear of a page that has just come
FLAGS = (
    imgui.WindowFlags_.no_decoration
    | imgui.WindowFlags_.no_move
    | imgui.WindowFlags_.no_saved_settings
)
PAGES = ("Start", "Face", "Look", "More")
PAGE_KEYS = (imgui.Key._1, imgui.Key._2, imgui.Key._3, imgui.Key._4)


class Panel:
    """Four pages of controls. It remembers what is being typed.

    busy: whether a list is open, or something is being asked, typed or moved: Escape ends that
          first.
    """

    def __init__(self) -> None:
        self.busy = False
        self._session = SessionPage()
        self._channels = ChannelPage()
        self._looks = LookPage()
        self._options = OptionPage()
        self._looked = -LOOK_PERIOD
        self._shown = False
        self._appearing = 0  # turns until a page that a key has asked for can have the focus
        self._turning: str | None = None  # the page that a key has asked for
        self._taken = False  # by a list or a field, when it was drawn last

    def close(self) -> None:
        """With the window."""
        self._looks.close()

    def hide(self) -> None:
        """It is not drawn in this turn."""
        self._shown = self.busy = False

    def rehearse(self, area: Rect) -> None:
        """Once before it is seen: imgui draws a row of tabs only once it has measured them."""
        _begin(area)
        if imgui.begin_tab_bar("pages"):
            for page in PAGES:
                if imgui.begin_tab_item(page)[0]:
                    imgui.end_tab_item()
            imgui.end_tab_bar()
        imgui.end()

    def draw(
        self,
        area: Rect,
        shown: Shown | None,
        statistics: Statistics,
        inset: Inset,
        asked: Asked,
        *,
        backgrounds: tuple[str, ...],
        pixels_per_point: float,
        now: float,
    ) -> None:
        """In this room. backgrounds: kinds that there are. now: seconds of a steady clock."""
        em = imgui.get_font_size()
        if now - self._looked > LOOK_PERIOD:
            self._looked = now
            asked.actions.append(LookForCameras())
        if not self._shown:
            imgui.set_next_window_focus()
        self._shown = True
        _begin(area)
        self._turning = turned_to = self._page_by_key() or self._turning
        if imgui.begin_tab_bar("pages"):
            for page in PAGES:
                chosen = imgui.TabItemFlags_.set_selected if page == turned_to else 0
                if imgui.begin_tab_item(page, None, chosen)[0]:
                    imgui.begin_child(page, ImVec2(0, 0), imgui.ChildFlags_.nav_flattened)
                    if page == turned_to:
                        self._turning, self._appearing = None, APPEARING
                    elif self._appearing:
                        self._appearing -= 1
                        if not self._appearing:  # what had the keyboard's focus is gone
                            here = imgui.internal.get_current_window()
                            imgui.internal.focus_window(here)
                            imgui.internal.nav_init_window(here, True)
                            imgui.set_nav_cursor_visible(True)
                    self._draw_page(
                        page, shown, statistics, inset, asked, backgrounds, pixels_per_point
                    )
                    imgui.end_child()
                    imgui.end_tab_item()
            imgui.end_tab_bar()
        if statistics.recording:
            right = area.right - PADDING * em
            top = area.y + 0.5 * em + imgui.get_style().frame_padding.y
            draw = imgui.get_window_draw_list()
            draw_mark(draw, right, top, statistics.recording_seconds)
        popup = imgui.PopupFlags_.any_popup_id | imgui.PopupFlags_.any_popup_level
        taken = imgui.is_popup_open("", popup) or imgui.is_any_item_active()
        escape = imgui.is_key_pressed(imgui.Key.escape, False)
        ended = escape and not self._taken and (self._session.cancel() or self._options.cancel())
        self.busy, self._taken = taken or ended or self._asking, taken
        imgui.end()

    @property
    def _asking(self) -> bool:
        return self._session.asking or self._options.asking

    @staticmethod
    def _page_by_key() -> str | None:
        """The page whose number is pressed, unless that is typed somewhere."""
        if imgui.get_io().want_text_input:
            return None
        for page, key in zip(PAGES, PAGE_KEYS, strict=True):
            if imgui.is_key_pressed(key, False):
                return page
        return None

    def _draw_page(
        self,
        page: str,
        shown: Shown | None,
        statistics: Statistics,
        inset: Inset,
        asked: Asked,
        backgrounds: tuple[str, ...],
        pixels_per_point: float,
    ) -> None:
        situation = statistics.situation
        match page:
            case "Start":
                self._session.draw(shown, statistics, inset, asked, pixels_per_point)
            case "Face" if situation is not None:
                self._channels.draw(
                    None if shown is None else shown.state.weights, situation, asked
                )
            case "Look":
                self._looks.draw(statistics, asked, backgrounds)
            case "More" if situation is not None:
                self._options.draw(shown, statistics, situation, inset, asked, pixels_per_point)


def _begin(area: Rect) -> None:
    em = imgui.get_font_size()
    imgui.set_next_window_pos(ImVec2(area.x, area.y))
    imgui.set_next_window_size(ImVec2(area.width, area.height))
    imgui.push_style_var(imgui.StyleVar_.window_padding, ImVec2(PADDING * em, 0.5 * em))
    imgui.begin("panel", None, FLAGS)
    imgui.pop_style_var()
