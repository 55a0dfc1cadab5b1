"""A setting that is typed: it counts when Enter is pressed, or the field is left."""

from __future__ import annotations

from imgui_bundle import imgui

from app.viewer import controls


class TypedText:
    """What is being typed; None: nobody types."""

    def __init__(self) -> None:
        self._typed: str | None = None

    def draw(self, label: str, hint: str, value: str) -> str:
        """The label stands above the field. The value now."""
        imgui.push_text_wrap_pos(0.0)
        imgui.text_unformatted(label)
        imgui.pop_text_wrap_pos()
        shown = value if self._typed is None else self._typed
        entered, text = controls.text_field(label, hint, shown)
        if entered or imgui.is_item_deactivated_after_edit():
            self._typed = None
            return text.strip()
        if imgui.is_item_active():
            self._typed = text
        elif not imgui.is_item_deactivated():
            self._typed = None
        return value
