"""What the control panel is made of. Everything takes the width there is and wraps its own text:
labels of any language fit.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from imgui_bundle import ImVec2, ImVec4, imgui

from app.viewer import theme
from app.viewer.rates import shortened

BUTTON_PAD = 0.6, 0.34  # em, beside and above the text
SLIDER_FLAGS = imgui.SliderFlags_.always_clamp | imgui.SliderFlags_.no_input  # or Tab would type


def gap(height: float = 0.35) -> None:
    """height: em."""
    imgui.dummy(ImVec2(0.0, height * imgui.get_font_size()))


@contextmanager
def outlined(color: ImVec4 = theme.OUTLINE) -> Iterator[None]:
    """Fields drawn meanwhile have an edge that can be seen."""
    imgui.push_style_var(imgui.StyleVar_.frame_border_size, max(1.0, 0.06 * imgui.get_font_size()))
    imgui.push_style_color(imgui.Col_.border, color)
    yield
    imgui.pop_style_color()
    imgui.pop_style_var()


def title(text: str) -> None:
    """Begins a group of controls."""
    gap()
    imgui.push_text_wrap_pos(0.0)
    imgui.text_colored(theme.ACCENT, text)
    imgui.pop_text_wrap_pos()


def note(text: str, color: ImVec4 = theme.DIM) -> None:
    """A remark in small letters, wrapped."""
    imgui.push_font(None, theme.FONT_SIZE * 0.92)
    imgui.push_text_wrap_pos(0.0)
    imgui.push_style_color(imgui.Col_.text, color)
    imgui.text_unformatted(text)
    imgui.pop_style_color()
    imgui.pop_text_wrap_pos()
    imgui.pop_font()


def fault(text: str) -> None:
    """What is wrong, as a sentence."""
    note(text[:1].upper() + text[1:], theme.WARNING)


@contextmanager
def under_label() -> Iterator[None]:
    """What is drawn meanwhile belongs to the switch above."""
    indent = imgui.get_frame_height() + imgui.get_style().item_spacing.x
    imgui.indent(indent)
    yield
    imgui.unindent(indent)


def lit(text: str, color: ImVec4) -> None:
    """A remark after a dot of this colour."""
    em = imgui.get_font_size()
    place = imgui.get_cursor_screen_pos()
    center = ImVec2(place.x + 0.3 * em, place.y + 0.52 * em)
    imgui.get_window_draw_list().add_circle_filled(center, 0.25 * em, theme.packed(color))
    imgui.set_cursor_pos_x(imgui.get_cursor_pos_x() + 0.9 * em)
    imgui.push_text_wrap_pos(0.0)
    imgui.text_unformatted(text)
    imgui.pop_text_wrap_pos()


def button(label: str, *, width: float = 0.0, chosen: bool = False) -> bool:
    """As wide as its text, or this wide; a text that is longer than the panel wraps."""
    em = imgui.get_font_size()
    pad_x, pad_y = (share * em for share in BUTTON_PAD)
    room = (width or imgui.get_content_region_avail().x) - 2 * pad_x
    text = imgui.calc_text_size(label, True, max(room, em))
    size = ImVec2(width or text.x + 2 * pad_x + 1.0, text.y + 2 * pad_y)
    place = imgui.get_cursor_screen_pos()
    if chosen:
        imgui.push_style_color(imgui.Col_.button, theme.CHOSEN)
        with outlined(theme.ACCENT):
            pressed: bool = imgui.button(f"##{label}", size)
        imgui.pop_style_color()
    else:
        pressed = imgui.button(f"##{label}", size)
    left = place.x + (size.x - text.x) / 2
    imgui.get_window_draw_list().add_text(
        imgui.get_font(),
        imgui.get_font_size(),
        ImVec2(left, place.y + pad_y),
        imgui.get_color_u32(imgui.Col_.text),
        label.partition("##")[0],
        wrap_width=max(room, em) + 1.0,
    )
    return pressed


def buttons(labels: Sequence[str], chosen: int | None = None) -> int | None:
    """In lines, as many in each as fit; the number of the one that was pressed."""
    return toggled(labels, [number == chosen for number in range(len(labels))])


def toggled(labels: Sequence[str], on: Sequence[bool]) -> int | None:
    """Buttons of which any may be on; the number of the one that was pressed."""
    em, pressed = imgui.get_font_size(), None
    spacing = imgui.get_style().item_spacing.x
    right = imgui.get_cursor_screen_pos().x + imgui.get_content_region_avail().x
    for number, label in enumerate(labels):
        width = imgui.calc_text_size(label, True).x + 2 * BUTTON_PAD[0] * em + 1.0
        if number and imgui.get_item_rect_max().x + spacing + width <= right:
            imgui.same_line()
        if button(label, chosen=on[number]):
            pressed = number
    return pressed


def switch(label: str, on: bool) -> bool:
    """A box to tick, with a label that wraps; whether it is on now."""
    with outlined():
        _, on = imgui.checkbox(f"##{label}", on)
    imgui.same_line()
    imgui.push_text_wrap_pos(0.0)
    imgui.align_text_to_frame_padding()
    imgui.text_unformatted(label)
    imgui.pop_text_wrap_pos()
    if imgui.is_item_clicked():
        on = not on
    return on


def toggles(choices: Sequence[tuple[str, str]], on: Sequence[str]) -> tuple[str, ...]:
    """Names with their labels, of which any may be on; those that are on now, in that order."""
    pressed = toggled([label for _, label in choices], [name in on for name, _ in choices])
    return tuple(
        name for number, (name, _) in enumerate(choices) if (name in on) != (number == pressed)
    )


def more(label: str) -> bool:
    """A line that shows or hides what follows it; whether it is shown."""
    room = imgui.get_content_region_avail().x - imgui.get_tree_node_to_label_spacing()
    imgui.push_style_color(imgui.Col_.header, theme.CONTROL)
    shown: bool = imgui.collapsing_header(f"{shortened(label, room)}###{label}")
    imgui.pop_style_color()
    return shown


def chooser(name: str, choices: Sequence[str], chosen: str) -> int | None:
    """A list that opens; the number of the choice that was made."""
    made = None
    imgui.set_next_item_width(-1.0)
    arrow = imgui.get_frame_height() + 2 * imgui.get_style().frame_padding.x
    with outlined():
        shown = imgui.begin_combo(
            f"##{name}", shortened(chosen, imgui.get_content_region_avail().x - arrow)
        )
    if shown:
        for number, choice in enumerate(choices):
            pressed, _ = imgui.selectable(f"{choice}##{number}", choice == chosen)
            if choice == chosen:
                imgui.set_item_default_focus()
            if pressed:
                made = number
        imgui.end_combo()
    return made


def slider(label: str, value: float, low: float, high: float, shown: str = "%.2f") -> float:
    """The label stands above, and the value, that the grab does not hide it; the value now."""
    width = imgui.get_content_region_avail().x
    start = imgui.get_cursor_pos_x()
    imgui.push_text_wrap_pos(0.0)
    imgui.text_unformatted(label)
    imgui.pop_text_wrap_pos()
    number = shown % value
    number_width = imgui.calc_text_size(number).x
    if imgui.get_item_rect_size().x + number_width + imgui.get_font_size() <= width:
        imgui.same_line()
    imgui.set_cursor_pos_x(start + width - number_width)
    imgui.text_colored(theme.DIM, number)
    imgui.set_next_item_width(-1.0)
    changed, new = imgui.slider_float(f"##{label}", value, low, high, "", SLIDER_FLAGS)
    return round(float(new), 3) if changed else value


def ends(left: str, right: str) -> None:
    """What the two ends of the slider above mean."""
    width = imgui.get_content_region_avail().x
    imgui.push_font(None, theme.FONT_SIZE * 0.92)
    start = imgui.get_cursor_pos_x()
    size = imgui.calc_text_size(right)
    imgui.text_colored(theme.DIM, left)
    if imgui.get_item_rect_size().x + size.x + imgui.get_font_size() <= width:
        imgui.same_line()
    imgui.set_cursor_pos_x(start + max(0.0, width - size.x))
    imgui.text_colored(theme.DIM, right)
    imgui.pop_font()


def text_field(name: str, hint: str, text: str, *, width: float = -1.0) -> tuple[bool, str]:
    """Whether Enter was pressed in it, and what it holds now."""
    imgui.set_next_item_width(width)
    with outlined():
        entered, text = imgui.input_text_with_hint(
            f"##{name}", hint, text, imgui.InputTextFlags_.enter_returns_true
        )
    return entered, text
