"""The control panel's first page: where pictures come from, the face, the voice's delay."""

from __future__ import annotations

from pathlib import Path

from imgui_bundle import imgui

from app.actions import Calibrate, Lead, Recentre, SetPaused, SetQuickness, SetSource
from app.statistics import Situation, Statistics, audio_advice, audio_delays, slow_window
from app.viewer import Shown, controls, theme
from app.viewer.asked import Asked
from app.viewer.inset import Inset
from app.viewer.panel_preview import draw_preview
from app.viewer.panel_receivers import ReceiverGroup
from app.viewer.panel_takes import TakeGroup
from app.viewer.panel_virtual_camera import draw_virtual_camera

DEMO, FILE = "Built-in clip", "Video file or address …"


class SessionPage:
    """It remembers a path that is being typed, and whether it is wanted."""

    def __init__(self) -> None:
        self._path = ""
        self._wants_path = self._moved = False
        self._takes = TakeGroup()
        self._receivers = ReceiverGroup()

    def draw(
        self,
        shown: Shown | None,
        statistics: Statistics,
        inset: Inset,
        asked: Asked,
        pixels_per_point: float,
    ) -> None:
        draw_preview(shown, statistics, inset, pixels_per_point)
        situation = statistics.situation
        _draw_state(shown, statistics)
        if situation is not None:
            if situation.profile_fault:
                controls.fault(situation.profile_fault)
            elif situation.option_fault:
                controls.fault("A setting cannot be used: the page More says which.")
            self._draw_source(statistics, situation, asked)
            _draw_face(statistics, situation, asked)
            self._takes.draw(statistics, situation, asked)
            self._receivers.draw(statistics, situation, asked)
        draw_virtual_camera(statistics.virtual_camera, asked)
        _draw_delay(statistics)

    @property
    def asking(self) -> bool:
        """Whether something waits for an answer."""
        return self._wants_path or self._receivers.adding

    def cancel(self) -> bool:
        """Escape: nothing is to be typed any more. Whether something was."""
        was, self._wants_path = self._wants_path, False
        return self._receivers.cancel() or was

    def _draw_source(self, statistics: Statistics, situation: Situation, asked: Asked) -> None:
        controls.title("Camera or video")
        cameras = [f"{camera.name} ({camera.number})" for camera in situation.cameras]
        specs = [str(camera.number) for camera in situation.cameras]
        made = controls.chooser("source", (*cameras, DEMO, FILE), _source_title(situation))
        if made is not None:
            self._wants_path = self._moved = made == len(cameras) + 1
            if not self._wants_path:
                asked.actions.append(SetSource((*specs, "demo")[made]))
        if self._wants_path:
            if self._moved:
                imgui.set_keyboard_focus_here()
            self._moved = False
            entered, self._path = controls.text_field(
                "path", "path of a video, or rtsp://…", self._path
            )
            pressed = controls.buttons(("Open", "Cancel"))
            if (entered or pressed == 0) and self._path.strip():
                asked.actions.append(SetSource(self._path.strip().strip('"')))
            if entered or pressed is not None:
                self._wants_path = False
        if situation.opening:
            controls.note("Opening …")
        elif situation.source_fault:
            controls.fault(_plain(situation.source_fault))
            if situation.source != "demo" and controls.button("Show the built-in clip"):
                asked.actions.append(SetSource("demo"))
        elif statistics.trouble:
            controls.fault(statistics.trouble)


def _source_title(situation: Situation) -> str:
    source = situation.opening or situation.source
    for camera in situation.cameras:
        if source == str(camera.number):
            return f"{camera.name} ({camera.number})"
    if source == "demo":
        return DEMO
    if source.isdecimal():
        return f"Camera {source}"
    return source if "://" in source else Path(source).name


def _plain(fault: str) -> str:
    """Without the advice that only a terminal can follow; the button below says it."""
    return fault.replace(", or try the built-in clip: --source demo", "")


def _draw_state(shown: Shown | None, statistics: Statistics) -> None:
    """The most important thing first: whether a face moves the figure."""
    situation = statistics.situation
    faulty = situation is not None and situation.source_fault and not statistics.capture_rate_hz
    if situation is not None and situation.opening:
        controls.lit("Opening …", theme.DIM)
    elif faulty:
        controls.lit("No camera: nothing can be seen", theme.WARNING)
    elif statistics.paused:
        controls.lit("Paused: the figure rests", theme.WARNING)
    elif shown is None:
        controls.lit("Waiting for the first picture", theme.DIM)
    elif not statistics.capture_rate_hz:
        controls.lit("No pictures come: waiting for the camera", theme.WARNING)
    elif shown.state.confidence > 0:
        controls.lit("Face found", theme.GOOD)
    else:
        controls.lit("No face: look into the camera, with light on it", theme.WARNING)


def _draw_face(statistics: Statistics, situation: Situation, asked: Asked) -> None:
    controls.title("Your face")
    leading = statistics.prompt is not None
    labels = (
        "Calibrate (2 s)",
        "Stop the guide" if leading else "Learn my face (½ min)",
        "Centre the head",
        "Go on" if statistics.paused else "Pause",
    )
    pressed = controls.buttons(labels, 3 if statistics.paused else None)
    match pressed:
        case 0:
            asked.actions.append(Calibrate())
        case 1:
            asked.actions.append(Lead(not leading))
        case 2:
            asked.actions.append(Recentre())
        case 3:
            asked.actions.append(SetPaused(not statistics.paused))
    controls.note("Calibrate with a resting face, looking straight ahead.")
    controls.gap()
    quickness = controls.slider("Movement", situation.quickness, 0.0, 1.0)
    controls.ends("steady", "quick")
    if quickness != situation.quickness:
        asked.actions.append(SetQuickness(quickness))


def _draw_delay(statistics: Statistics) -> None:
    sending = any(output.on for output in statistics.outputs)
    delays = audio_delays(statistics.latency if sending else None, statistics.latency_to_screen)
    if not delays:
        return
    controls.title("Voice in OBS")
    imgui.push_text_wrap_pos(0.0)
    imgui.text_unformatted(f"{_sentence(audio_advice(delays))}.")
    imgui.pop_text_wrap_pos()
    if slow := slow_window(statistics.window_rate_hz, statistics.state_rate_hz):
        controls.note(f"{_sentence(slow)}.")


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]
