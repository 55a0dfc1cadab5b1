"""The control panel's last page: profiles, who is followed, what it costs, the camera, the keys."""

from __future__ import annotations

from dataclasses import replace

from app.actions import SetOptions
from app.options import Options
from app.statistics import Situation, Statistics
from app.viewer import Shown, controls
from app.viewer.asked import Asked
from app.viewer.inset import Inset
from app.viewer.panel_preview import draw_preview
from app.viewer.panel_profiles import ProfileGroup
from app.viewer.typed_text import TypedText
from engine.landmarker.person import Person

REGRESSOR_TITLES = {
    "mediapipe": "MediaPipe (built in)",
    "smirk": "SMIRK",
    "deca": "DECA",
    "emoca": "EMOCA",
    "expnet": "ExpNet",
}
PERSONS: tuple[tuple[Person, str], ...] = (
    ("largest", "The largest face"),
    ("nearest", "Whoever is nearest to the last one"),
    ("region", "Whoever is in a part of the picture"),
)
OUTPUT_RATES = ((0.0, "As pictures come"), (30.0, "30"), (60.0, "60"), (90.0, "90"), (120.0, "120"))
PICTURES = ((640, 480), (1280, 720), (1920, 1080))
CAMERA_RATES = (30.0, 60.0)
TURNS = (0, 90, 180, 270)
EXPOSURES = ((0.0, "By itself"), (5.0, "5 ms"), (10.0, "10 ms"), (20.0, "20 ms"))
SLIVER = 0.05  # of the picture: a region is no narrower
HOTKEYS = ("calibrate", "recentre", "pause", "mirror", "record")
HOTKEY_TITLES = ("Calibrate", "Centre the head", "Pause", "Mirror", "Record")


class OptionPage:
    """It remembers what is being typed."""

    def __init__(self) -> None:
        self._profiles = ProfileGroup()
        self._port = TypedText()
        self._hotkeys = tuple(TypedText() for _ in HOTKEYS)

    @property
    def asking(self) -> bool:
        """Whether something waits for an answer."""
        return self._profiles.asking

    def cancel(self) -> bool:
        """Escape: nothing is to be typed any more. Whether something was."""
        return self._profiles.cancel()

    def draw(
        self,
        shown: Shown | None,
        statistics: Statistics,
        situation: Situation,
        inset: Inset,
        asked: Asked,
        pixels_per_point: float,
    ) -> None:
        self._profiles.draw(situation, asked)
        options = situation.options
        if situation.option_fault:
            controls.fault(situation.option_fault)
        made = _with_cost(options)
        made = _with_person(made)
        if made.person == "region":
            draw_preview(shown, statistics, inset, pixels_per_point, made.region)
            made = _with_region(made)
        made = _with_regressor(made, situation)
        made = _with_camera(made)
        made = self._with_remote(made)
        if made != options:
            asked.actions.append(SetOptions(made))

    def _with_remote(self, options: Options) -> Options:
        controls.title("From other programs")
        controls.note("Keys that also count while a game has the focus, such as ctrl+alt+k:")
        typed = [
            field.draw(title, "none", getattr(options, f"hotkey_{name}"))
            for field, name, title in zip(self._hotkeys, HOTKEYS, HOTKEY_TITLES, strict=True)
        ]
        calibrate, recentre, pause, mirror, record = typed
        remote = self._port.draw("Port for OSC: Stream Deck, TouchOSC", "none", options.remote)
        return replace(
            options,
            remote=remote,
            hotkey_calibrate=calibrate,
            hotkey_recentre=recentre,
            hotkey_pause=pause,
            hotkey_mirror=mirror,
            hotkey_record=record,
        )


def _with_cost(options: Options) -> Options:
    controls.title("While a game runs")
    budget = controls.switch("Leave the processor to the game", options.budget)
    with controls.under_label():
        controls.note(
            "A still face is seen five times a second, one that moves in every picture; what lies "
            "between is predicted."
        )
    controls.title("While nobody is there")
    idle = controls.switch("The head lives by itself", options.idle)
    controls.title("States sent a second")
    rates = [rate for rate, _ in OUTPUT_RATES]
    now = rates.index(options.output_rate) if options.output_rate in rates else None
    made = controls.buttons([title for _, title in OUTPUT_RATES], now)
    rate = options.output_rate if made is None else rates[made]
    if budget and not rate:
        controls.note("30 a second, as long as the game has the processor.")
    return replace(options, budget=budget, idle=idle, output_rate=rate)


def _with_person(options: Options) -> Options:
    controls.title("Whose face")
    names = [name for name, _ in PERSONS]
    made = controls.buttons([title for _, title in PERSONS], names.index(options.person))
    controls.note("Whoever is followed stays so while they are in the picture.")
    return options if made is None else replace(options, person=names[made])


def _with_region(options: Options) -> Options:
    left, top, right, bottom = options.region
    left = controls.slider("Left edge", left, 0.0, 1.0 - SLIVER)
    right = max(controls.slider("Right edge", right, SLIVER, 1.0), left + SLIVER)
    top = controls.slider("Upper edge", top, 0.0, 1.0 - SLIVER)
    bottom = max(controls.slider("Lower edge", bottom, SLIVER, 1.0), top + SLIVER)
    return replace(options, region=(left, top, min(right, 1.0), min(bottom, 1.0)))


def _with_regressor(options: Options, situation: Situation) -> Options:
    controls.title("What looks at the face")
    states = situation.regressors
    titles = [
        REGRESSOR_TITLES[state.name] + (", not installed" if state.missing else "")
        for state in states
    ]
    made = controls.chooser("regressor", titles, REGRESSOR_TITLES[options.regressor])
    if situation.changing:
        controls.note("Getting ready …")
    missing = [state for state in states if state.missing]
    if missing and controls.more("How to add the others"):
        for state in missing:
            controls.note(f"{REGRESSOR_TITLES[state.name]}: {state.missing}")
    if made is None or states[made].missing:
        return options
    return replace(options, regressor=states[made].name)


def _with_camera(options: Options) -> Options:
    controls.title("What the camera is asked for")
    size = (options.camera_width, options.camera_height)
    now = PICTURES.index(size) if size in PICTURES else None
    made = controls.buttons([f"{width}×{height}" for width, height in PICTURES], now)
    width, height = size if made is None else PICTURES[made]
    rate = options.camera_rate
    now = CAMERA_RATES.index(rate) if rate in CAMERA_RATES else None
    made = controls.buttons([f"{rate:.0f} pictures a second" for rate in CAMERA_RATES], now)
    rate = rate if made is None else CAMERA_RATES[made]
    controls.title("Exposure")
    times = [time for time, _ in EXPOSURES]
    now = times.index(options.exposure) if options.exposure in times else None
    made = controls.buttons([title for _, title in EXPOSURES], now)
    exposure = options.exposure if made is None else times[made]
    controls.title("Turn the picture")
    made = controls.buttons([f"{turn}°" for turn in TURNS], TURNS.index(options.rotate))
    rotate = options.rotate if made is None else TURNS[made]
    return replace(
        options,
        camera_width=width,
        camera_height=height,
        camera_rate=rate,
        exposure=exposure,
        rotate=rotate,
    )
