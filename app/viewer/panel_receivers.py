"""Of the control panel: who is sent to, how much arrives there, and who else might be."""

from __future__ import annotations

from imgui_bundle import imgui

from app.actions import RemoveOutput, SetOutput
from app.statistics import OutputStatistics, Situation, Statistics
from app.viewer import controls
from app.viewer.asked import Asked

PROTOCOL_TITLES = (
    ("vmc", "VMC: VSeeFace, Warudo, VNyan"),
    ("osc", "OSC"),
    ("ifacialmocap", "iFacialMocap"),
    ("livelink", "Live Link Face: Unreal"),
    ("vrchat", "VRChat"),
    ("vts", "VTube Studio"),
    ("vtsphone", "VTube Studio as a phone"),
)
OWN = "127.0.0.1"


class ReceiverGroup:
    """It remembers a receiver that is being typed.

    adding: whether one is.
    """

    def __init__(self) -> None:
        self.adding = self._moved = False
        self._protocol = 0
        self._target = ""

    def draw(self, statistics: Statistics, situation: Situation, asked: Asked) -> None:
        controls.title("Send to")
        if not statistics.outputs:
            controls.note("Nobody is sent to.")
        for output in statistics.outputs:
            _draw_output(output, asked)
        if situation.output_fault:
            controls.fault(situation.output_fault)
        if self._moved:  # what had the keyboard's focus is gone
            imgui.set_keyboard_focus_here()
        self._moved = False
        if not self.adding:
            self.adding = self._moved = controls.button("Add a receiver …")
            return
        names = [title for _, title in PROTOCOL_TITLES]
        made = controls.chooser("protocol", names, names[self._protocol])
        self._protocol = self._protocol if made is None else made
        entered, self._target = controls.text_field(
            "target", "this computer, or 192.168.1.5:39539", self._target
        )
        pressed = controls.buttons(("Add", "Cancel##receiver"))
        if entered or pressed == 0:
            spec = f"{PROTOCOL_TITLES[self._protocol][0]}:{self._target.strip()}".rstrip(":")
            asked.actions.append(SetOutput(spec, True))
        if entered or pressed is not None:
            self.adding, self._moved, self._target = False, True, ""

    def cancel(self) -> bool:
        """Nobody is to be added. Whether somebody was."""
        was = self.adding
        if was:
            self.adding, self._moved, self._target = False, True, ""
        return was


def receiver_title(spec: str) -> str:
    """For people: "VMC to this computer, port 39539" of vmc:127.0.0.1:39539."""
    protocol, _, address = spec.partition(":")
    host, _, port = address.rpartition(":")
    title = dict(PROTOCOL_TITLES).get(protocol, protocol).partition(":")[0]
    return f"{title} to {'this computer' if host == OWN else host}, port {port}"


def _draw_output(output: OutputStatistics, asked: Asked) -> None:
    imgui.push_id(output.spec)
    on = controls.switch(receiver_title(output.spec), output.on)
    if on != output.on:
        asked.actions.append(SetOutput(output.spec, on))
    with controls.under_label():
        if output.on:
            controls.note(f"{output.datagrams_per_second:.0f} packets a second")
        if output.fault:
            controls.fault(output.fault)
        if not output.on and controls.button("Remove"):
            asked.actions.append(RemoveOutput(output.spec))
    imgui.pop_id()
