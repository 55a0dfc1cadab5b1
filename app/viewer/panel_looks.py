"""The control panel's third page: the figure, its background, the mirror, the window."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

from imgui_bundle import ImVec2, imgui
from imgui_bundle.portable_file_dialogs import open_file

from app.actions import SetMirror
from app.statistics import Statistics
from app.viewer import FIGURES, KEY_COLOR, BackgroundKind, ViewerSettings, controls, theme
from app.viewer.asked import Asked
from app.viewer.look import LOOKS
from app.viewer.typed_text import TypedText

FIGURE_TITLES = ("Head", "Face model's mesh", "Mesh over the picture")
BACKGROUND_TITLES: dict[str, str] = {
    "gradient": "Plain",
    "picture": "My picture",
    "key": "One colour for OBS",
    "transparent": "Transparent for OBS",
}
BACKGROUND_NOTES: dict[str, str] = {
    "key": "In OBS: add a window capture, give it the filter “Color Key” and this colour. F2 hides "
    "these controls from the picture.",
    "transparent": "In OBS on Windows: add a game capture, tick “Allow transparency” and "
    "“Premultiplied alpha”; on Linux (X11): add a window capture. F2 hides these controls from the "
    "picture.",
}
KEY_COLORS = {"Green": "#00b140", "Blue": "#0047bb", "Magenta": "#ff00ff"}
AVATAR_FILES = ("Avatars", "*.vrm *.glb *.gltf", "All files", "*")
SIZES = (1.0, 1.25, 1.5, 2.0)
MIRROR_HEIGHT = 4.6  # em


class LookPage:
    """It remembers paths and a colour that are being typed, and where a file is being chosen."""

    def __init__(self) -> None:
        self._picture, self._color, self._path = TypedText(), TypedText(), TypedText()
        self._dialog: open_file | None = None

    def draw(self, statistics: Statistics, asked: Asked, backgrounds: tuple[str, ...]) -> None:
        asked.settings = self._with_avatar(asked.settings)
        asked.settings = _with_figure(asked.settings)
        asked.settings = self._with_background(asked.settings, backgrounds)
        _draw_mirror(statistics, asked)
        asked.settings = _with_window(asked.settings)

    def close(self) -> None:
        """A file that is still being chosen would keep the program from ending."""
        if self._dialog is not None:
            self._dialog.kill()
            self._dialog = None

    def _with_avatar(self, settings: ViewerSettings) -> ViewerSettings:
        controls.title("Your own avatar")
        taken = bool(settings.avatar)
        pressed = controls.buttons(("Choose a file …", "Back to our own head")[: 1 + taken])
        if pressed == 1:
            return replace(settings, avatar="")
        if pressed == 0 and self._dialog is None:
            self._dialog = open_file("An avatar", "", list(AVATAR_FILES))
        path = self._path.draw(
            "A .vrm or .glb file; or drop it onto the window", "its path", settings.avatar
        )
        if self._dialog is not None and self._dialog.ready(0):
            path, self._dialog = next(iter(self._dialog.result()), path), None
        if path == settings.avatar:
            return settings
        path = path.strip("\"'")  # as Windows copies it
        path = str(Path(path).expanduser().absolute()) if path else ""
        return replace(settings, avatar=path, figure="head")

    def _with_background(
        self, settings: ViewerSettings, backgrounds: tuple[str, ...]
    ) -> ViewerSettings:
        controls.title("Background")
        kinds = list(BACKGROUND_TITLES)
        now = kinds.index(settings.background)
        made = controls.buttons(list(BACKGROUND_TITLES.values()), now)
        if made is not None:
            settings = replace(settings, background=_kind(kinds[made]))
        if settings.background in BACKGROUND_NOTES:
            controls.note(BACKGROUND_NOTES[settings.background])
        if settings.background == "picture":
            hint = "path of a picture"
            path = self._picture.draw("Picture", hint, settings.background_picture)
            settings = replace(settings, background_picture=path.strip('"'))
            if "picture" not in backgrounds:
                controls.fault("No picture can be read there.")
        if settings.background == "key":
            settings = self._with_key_color(settings)
        return settings

    def _with_key_color(self, settings: ViewerSettings) -> ViewerSettings:
        colors = list(KEY_COLORS.values())
        now = colors.index(settings.key_color) if settings.key_color in colors else None
        made = controls.buttons(list(KEY_COLORS), now)
        color = settings.key_color if made is None else colors[made]
        color = self._color.draw("Colour", "#00b140", color)
        return replace(settings, key_color=color) if KEY_COLOR.fullmatch(color) else settings


def _with_figure(settings: ViewerSettings) -> ViewerSettings:
    controls.title("Our own head")
    names, looks = tuple(LOOKS), tuple(LOOKS.values())
    ours = not settings.avatar
    now = looks.index(settings.look) if ours and settings.look in looks else None
    made = controls.buttons([name.capitalize() for name in names], now)
    if made is not None:
        settings = replace(settings, look=looks[made], avatar="")
    controls.title("Figure")
    made = controls.buttons(FIGURE_TITLES, FIGURES.index(settings.figure))
    if made is not None:
        settings = replace(settings, figure=FIGURES[made])
    return settings


def _kind(name: str) -> BackgroundKind:
    match name:
        case "picture":
            return "picture"
        case "key":
            return "key"
        case "transparent":
            return "transparent"
        case _:
            return "gradient"


def _with_window(settings: ViewerSettings) -> ViewerSettings:
    controls.title("Window")
    settings = replace(
        settings,
        on_top=controls.switch("Always on top", settings.on_top),
        borderless=controls.switch("Without a frame", settings.borderless),
        fullscreen=controls.switch("Fullscreen", settings.fullscreen),
        bars=controls.switch("Blendshapes beside the figure", settings.bars),
    )
    imgui.text_unformatted("Size of the letters")
    now = SIZES.index(settings.ui_scale) if settings.ui_scale in SIZES else None
    made = controls.buttons([f"{100 * size:.0f} %" for size in SIZES], now)
    return settings if made is None else replace(settings, ui_scale=SIZES[made])


def _draw_mirror(statistics: Statistics, asked: Asked) -> None:
    controls.title("Mirror")
    on = controls.switch("As in a mirror", statistics.mirrored)
    if on != statistics.mirrored:
        asked.actions.append(SetMirror(on))
    em = imgui.get_font_size()
    start, width = imgui.get_cursor_screen_pos(), imgui.get_content_region_avail().x
    radius = min(0.36 * MIRROR_HEIGHT * em, 0.2 * width)
    middle = start.y + radius + 0.2 * em
    you, figure = start.x + 0.25 * width, start.x + 0.75 * width
    _draw_winking(ImVec2(you, middle), radius, right_side=True, back=True)
    _draw_winking(ImVec2(figure, middle), radius, right_side=on, back=False)
    draw = imgui.get_window_draw_list()
    tip = start.x + 0.55 * width
    color, thick = theme.packed(theme.DIM), max(1.0, 0.1 * em)
    draw.add_line(ImVec2(start.x + 0.45 * width, middle), ImVec2(tip, middle), color, thick)
    for side in (-1, 1):
        barb = ImVec2(tip - 0.4 * em, middle + side * 0.35 * em)
        draw.add_line(ImVec2(tip, middle), barb, color, thick)
    room, below = 0.5 * width - 0.5 * em, middle + radius + 0.3 * em
    high = 0.0
    for x, text in ((you, "you, from behind"), (figure, "the figure")):
        size = imgui.calc_text_size(text, False, room)
        place = ImVec2(x - size.x / 2, below)
        draw.add_text(imgui.get_font(), em, place, color, text, wrap_width=room + 1.0)
        high = max(high, size.y)
    imgui.dummy(ImVec2(width, 2 * radius + high + 0.7 * em))


def _draw_winking(center: ImVec2, radius: float, *, right_side: bool, back: bool) -> None:
    """A face that raises a hand. right_side: of the screen. back: seen from behind."""
    draw = imgui.get_window_draw_list()
    line, thick = theme.packed(theme.TEXT), max(1.0, 0.07 * radius)
    face = 0.62 * radius
    draw.add_circle(center, face, line, 0, thick)
    if back:  # hair instead of a face
        draw.add_circle_filled(center, face, theme.packed(theme.HOVERED))
    else:
        for side in (-1, 1):
            eye = ImVec2(center.x + side * 0.35 * face, center.y - 0.15 * face)
            draw.add_circle_filled(eye, 0.1 * face, line)
        draw.path_arc_to(center, 0.55 * face, 0.2 * math.pi, 0.8 * math.pi)
        draw.path_stroke(line, thick)
    side = 1 if right_side else -1
    hand = ImVec2(center.x + side * 0.95 * radius, center.y - 0.55 * radius)
    elbow = ImVec2(center.x + side * 0.95 * radius, center.y + 0.75 * radius)
    draw.add_line(elbow, hand, theme.packed(theme.ACCENT), 2 * thick)
    draw.add_circle_filled(hand, 0.17 * radius, theme.packed(theme.ACCENT))
