"""The control panel's first page: where pictures come from, the face, receivers, recording."""

from __future__ import annotations

from pathlib import Path

from imgui_bundle import ImVec2, imgui

from app.actions import Calibrate, Lead, SetOutput, SetQuickness, SetRecording, SetSource
from app.statistics import OutputStatistics, Situation, Statistics
from app.viewer import Shown, controls, theme
from app.viewer.asked import Asked
from app.viewer.inset import Inset
from app.viewer.layout import Rect

PREVIEW = 0.27  # of the panel's height at most
DEMO, FILE = "Built-in clip", "Video file or address …"
PROTOCOL_TITLES = (
    ("vmc", "VMC: VSeeFace, Warudo, VNyan"),
    ("osc", "OSC"),
    ("ifacialmocap", "iFacialMocap"),
    ("livelink", "Live Link Face: Unreal"),
    ("vrchat", "VRChat"),
    ("vts", "VTube Studio"),
    ("vtsphone", "VTube Studio as a phone"),
)


class SessionPage:
    """It remembers a path, a receiver that is being typed, and whether they are wanted."""

    def __init__(self) -> None:
        self._path = ""
        self._wants_path = False
        self._adding = self._moved = False
        self._protocol = 0
        self._target = ""

    def draw(
        self,
        shown: Shown | None,
        statistics: Statistics,
        inset: Inset,
        asked: Asked,
        pixels_per_point: float,
    ) -> None:
        _draw_preview(shown, statistics, inset, pixels_per_point)
        situation = statistics.situation
        if situation is not None:
            self._draw_source(situation, asked)
            _draw_face(statistics, situation, asked)
        _draw_recording(statistics, asked)
        if situation is not None:
            self._draw_outputs(statistics, situation, asked)

    def _draw_source(self, situation: Situation, asked: Asked) -> None:
        controls.title("Camera or video")
        cameras = [f"{camera.name} ({camera.number})" for camera in situation.cameras]
        specs = [str(camera.number) for camera in situation.cameras]
        source = situation.opening or situation.source
        if source in specs:
            chosen = cameras[specs.index(source)]
        elif source == "demo":
            chosen = DEMO
        else:
            name = source if "://" in source else Path(source).name
            chosen = f"Camera {source}" if source.isdecimal() else name
        made = controls.chooser("source", (*cameras, DEMO, FILE), chosen)
        if made is not None:
            self._wants_path = made == len(cameras) + 1
            if not self._wants_path:
                asked.actions.append(SetSource((*specs, "demo")[made]))
        if self._wants_path:
            entered, self._path = controls.text_field(
                "path", "path of a video, or rtsp://…", self._path
            )
            if (controls.button("Open") or entered) and self._path.strip():
                asked.actions.append(SetSource(self._path.strip().strip('"')))
        if situation.opening:
            controls.note("Opening …")
        elif situation.source_fault:
            controls.note(situation.source_fault, theme.WARNING)

    def _draw_outputs(self, statistics: Statistics, situation: Situation, asked: Asked) -> None:
        controls.title("Send to")
        for output in statistics.outputs:
            _draw_output(output, asked)
        if situation.output_fault:
            controls.note(situation.output_fault, theme.WARNING)
        if self._moved:  # what had the keyboard's focus is gone
            imgui.set_keyboard_focus_here()
        self._moved = False
        if not self._adding:
            self._adding = self._moved = controls.button("Add a receiver …")
            return
        names = [title for _, title in PROTOCOL_TITLES]
        made = controls.chooser("protocol", names, names[self._protocol])
        self._protocol = self._protocol if made is None else made
        entered, self._target = controls.text_field(
            "target", "this computer, or 192.168.1.5:39539", self._target
        )
        pressed = controls.buttons(("Add", "Cancel"))
        if entered or pressed == 0:
            spec = f"{PROTOCOL_TITLES[self._protocol][0]}:{self._target.strip()}".rstrip(":")
            asked.actions.append(SetOutput(spec, True))
        if entered or pressed is not None:
            self._adding, self._moved, self._target = False, True, ""


def _draw_preview(
    shown: Shown | None, statistics: Statistics, inset: Inset, pixels_per_point: float
) -> None:
    em = imgui.get_font_size()
    if shown is not None:
        width, height = shown.state.image_size
        room = imgui.get_content_region_avail()
        high = min(room.x * height / width, max(PREVIEW * imgui.get_window_height(), 4.0 * em))
        wide = high * width / height
        place = imgui.get_cursor_screen_pos()
        area = Rect(place.x + (room.x - wide) / 2, place.y, wide, high)
        imgui.dummy(ImVec2(room.x, high))
        inset.draw(
            area,
            shown,
            mirrored=statistics.mirrored,
            pixels_per_point=pixels_per_point,
            draw=imgui.get_window_draw_list(),
        )
        rate = statistics.capture_rate_hz
        controls.note(f"{width}×{height}, {rate:.1f} pictures a second")
    if shown is None:
        controls.lit("No picture so far", theme.WARNING)
    elif statistics.paused:
        controls.lit("Paused", theme.WARNING)
    elif shown.state.confidence > 0:
        controls.lit("Face found", theme.GOOD)
    else:
        controls.lit("No face: look into the camera, with light on it", theme.WARNING)


def _draw_face(statistics: Statistics, situation: Situation, asked: Asked) -> None:
    controls.title("Your face")
    leading = statistics.prompt is not None
    labels = ("Rest: 2 seconds", "Stop the guide" if leading else "Learn my face: ½ minute")
    pressed = controls.buttons(labels)
    if pressed == 0:
        asked.actions.append(Calibrate())
        asked.remark = "Calibrating: rest your face for two seconds"
    elif pressed == 1:
        asked.actions.append(Lead(not leading))
    quickness = controls.slider("Movement", situation.quickness, 0.0, 1.0)
    controls.ends("steady", "quick")
    if quickness != situation.quickness:
        asked.actions.append(SetQuickness(quickness))


def _draw_output(output: OutputStatistics, asked: Asked) -> None:
    on = controls.switch(output.name, output.on)
    if on != output.on:
        asked.actions.append(SetOutput(output.spec, on))
    if output.fault:
        controls.note(output.fault, theme.WARNING)
    elif output.on:
        rate = f"{output.datagrams_per_second:.0f} /s"
        imgui.push_font(None, theme.FONT_SIZE * 0.92)
        width = imgui.calc_text_size(rate).x
        right = imgui.get_cursor_pos_x() + imgui.get_content_region_avail().x
        label_end = imgui.get_item_rect_max().x - imgui.get_window_pos().x
        if label_end + width + 0.5 * imgui.get_font_size() <= right:
            imgui.same_line()
        imgui.set_cursor_pos_x(right - width)
        imgui.text_colored(theme.DIM, rate)
        imgui.pop_font()


def _draw_recording(statistics: Statistics, asked: Asked) -> None:
    controls.title("Recording")
    minutes, seconds = divmod(int(statistics.recording_seconds), 60)
    on = statistics.recording
    label = f"Stop  {minutes}:{seconds:02d}##record" if on else "Record a take##record"
    if controls.button(label, chosen=on):
        asked.actions.append(SetRecording(not on))
    for recording in statistics.recordings[-2:]:
        controls.note(f"{recording.name}: {recording.rows} rows")
