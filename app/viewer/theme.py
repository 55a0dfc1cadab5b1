"""How panels look: colours, font, spacing, and how large a thing is on this screen."""

from __future__ import annotations

from importlib import resources

from imgui_bundle import ImVec2, ImVec4, imgui

FONT_SIZE = 16.0  # points at 100 %
NARROWEST, LOWEST = 30.0, 20.0  # text heights that the panels need at least, across and down

PANEL = ImVec4(0.055, 0.063, 0.078, 0.86)
NOTICE = ImVec4(0.075, 0.085, 0.105, 0.97)  # may lie over another panel in a small window
EDGE = ImVec4(1.0, 1.0, 1.0, 0.09)
TRACK = ImVec4(1.0, 1.0, 1.0, 0.11)
GRAB = ImVec4(1.0, 1.0, 1.0, 0.30)
TEXT = ImVec4(0.94, 0.95, 0.97, 1.0)
DIM = ImVec4(0.70, 0.73, 0.78, 1.0)
ACCENT = ImVec4(0.36, 0.78, 0.90, 1.0)
WARNING = ImVec4(0.98, 0.76, 0.35, 1.0)

CONTROL = ImVec4(1.0, 1.0, 1.0, 0.10)  # what can be pressed
OUTLINE = ImVec4(1.0, 1.0, 1.0, 0.40)  # of what has no words in it
HOVERED = ImVec4(1.0, 1.0, 1.0, 0.18)
PRESSED = ImVec4(0.36, 0.78, 0.90, 0.45)
CHOSEN = ImVec4(0.36, 0.78, 0.90, 0.28)
RECORDING = ImVec4(1.0, 0.33, 0.30, 1.0)
GOOD = ImVec4(0.45, 0.85, 0.55, 1.0)
POPUP = ImVec4(0.10, 0.115, 0.14, 1.0)

PANEL_FLAGS = (
    imgui.WindowFlags_.no_decoration
    | imgui.WindowFlags_.no_move
    | imgui.WindowFlags_.no_saved_settings
    | imgui.WindowFlags_.no_focus_on_appearing
    | imgui.WindowFlags_.no_nav
)
PASSIVE_FLAGS = PANEL_FLAGS | imgui.WindowFlags_.no_inputs  # the mouse reaches the figure beneath


def interface_scale(
    size: tuple[int, int],
    framebuffer_size: tuple[int, int],
    content_scale: float,
    wanted: float,
) -> float:
    """How large panels are drawn, in points of the window; 1 is 100 %.

    size: points; framebuffer_size: pixels; content_scale: pixels per 96-dpi pixel that the desktop
    asks for; wanted: the user's own factor. Where a point is already several pixels (macOS,
    Wayland) only the rest of content_scale is left to do. A window too small for the panels makes
    them smaller.
    """
    width, height = size
    pixels_per_point = max(1.0, framebuffer_size[0] / max(1, width))
    scale = wanted * max(1.0, content_scale / pixels_per_point)
    room = min(width / (NARROWEST * FONT_SIZE), height / (LOWEST * FONT_SIZE))
    return max(0.5, min(scale, room))


def load_font() -> None:
    """Roboto, which imgui-bundle brings; imgui's own font where a repackager left it out."""
    fonts = imgui.get_io().fonts
    font = resources.files("imgui_bundle") / "assets" / "fonts" / "Roboto" / "Roboto-Regular.ttf"
    if font.is_file():
        with resources.as_file(font) as path:
            fonts.add_font_from_file_ttf(str(path), FONT_SIZE)
    else:
        fonts.add_font_default()


def apply_theme(scale: float) -> None:
    """Set every colour and size that the panels use."""
    style = imgui.get_style()
    style.font_size_base = FONT_SIZE
    style.font_scale_main = scale
    style.window_rounding = 8 * scale
    style.window_border_size = 1.0
    style.window_padding = ImVec2(12 * scale, 10 * scale)
    style.item_spacing = ImVec2(8 * scale, 5 * scale)
    style.cell_padding = ImVec2(0, 2 * scale)
    style.scrollbar_size = 10 * scale
    style.scrollbar_rounding = 4 * scale
    style.window_min_size = ImVec2(1, 1)
    style.frame_padding = ImVec2(8 * scale, 5 * scale)
    style.frame_rounding = style.popup_rounding = style.grab_rounding = 4 * scale
    style.tab_rounding = 4 * scale
    style.grab_min_size = 12 * scale
    style.item_inner_spacing = ImVec2(7 * scale, 4 * scale)
    colors = (
        (imgui.Col_.window_bg, PANEL),
        (imgui.Col_.border, EDGE),
        (imgui.Col_.text, TEXT),
        (imgui.Col_.text_disabled, DIM),
        (imgui.Col_.scrollbar_bg, ImVec4(0, 0, 0, 0)),
        (imgui.Col_.scrollbar_grab, GRAB),
        (imgui.Col_.child_bg, ImVec4(0, 0, 0, 0)),
        (imgui.Col_.popup_bg, POPUP),
        (imgui.Col_.frame_bg, CONTROL),
        (imgui.Col_.frame_bg_hovered, HOVERED),
        (imgui.Col_.frame_bg_active, HOVERED),
        (imgui.Col_.button, CONTROL),
        (imgui.Col_.button_hovered, HOVERED),
        (imgui.Col_.button_active, PRESSED),
        (imgui.Col_.header, CHOSEN),
        (imgui.Col_.header_hovered, HOVERED),
        (imgui.Col_.header_active, PRESSED),
        (imgui.Col_.tab, ImVec4(0, 0, 0, 0)),
        (imgui.Col_.tab_hovered, HOVERED),
        (imgui.Col_.tab_selected, CHOSEN),
        (imgui.Col_.tab_selected_overline, ACCENT),
        (imgui.Col_.check_mark, ACCENT),
        (imgui.Col_.slider_grab, ACCENT),
        (imgui.Col_.slider_grab_active, TEXT),
        (imgui.Col_.nav_cursor, TEXT),
        (imgui.Col_.text_selected_bg, PRESSED),
        (imgui.Col_.separator, EDGE),
    )
    for where, color in colors:
        style.set_color_(where, color)


def packed(color: ImVec4) -> int:
    """The colour as imgui's draw lists want it."""
    return int(imgui.get_color_u32(color))
