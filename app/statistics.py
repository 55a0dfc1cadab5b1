"""How the run is going, in numbers that a person reads: frozen values for overlay and summary."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from app.options import Options
from engine.calibration import CalibrationSettings
from engine.calibration.guide import Prompt
from engine.chain import Answer

LONGEST = 10.0  # s; how much longer a latency is than that, nobody measures

SLOW_WINDOW = 10.0  # pictures a second below which lips and voice agree with no delay at all
KEEPING_UP = 0.7  # share of the states that a window draws which is not to be blamed


@dataclass(frozen=True, slots=True)
class LatencyStatistics:
    """Seconds from a picture's arrival to the moment its state was sent, or was on the screen.

    `LONGEST` stands for all that is longer.
    """

    p50: float
    p95: float
    p99: float

    def __str__(self) -> str:
        p50, p95, p99 = map(milliseconds, (self.p50, self.p95, self.p99))
        return f"{p50} median, {p95} p95, {p99} p99"


def milliseconds(seconds: float, digits: int = 1) -> str:
    """A latency for people, with so many digits after the point."""
    if seconds >= LONGEST:
        return f"over {LONGEST * 1000.0:.0f} ms"
    return f"{seconds * 1000.0:.{digits}f} ms"


def audio_delays(
    to_send: LatencyStatistics | None, to_screen: LatencyStatistics | None
) -> tuple[tuple[str, int], ...]:
    """By how many milliseconds to delay the microphone, so that lips and voice agree.

    For each that OBS may capture: an avatar that another program draws from what was sent, and
    mien's own window. What is not known is left out, as a median too long to be measured.
    """
    ways = (("an avatar elsewhere", to_send), ("mien's own window", to_screen))
    return tuple(
        (captured, round(latency.p50 * 1000.0))
        for captured, latency in ways
        if latency is not None and latency.p50 < LONGEST
    )


def audio_advice(delays: tuple[tuple[str, int], ...]) -> str:
    """`audio_delays` as a sentence. Empty if nothing is known."""
    told = ", ".join(f"{delay} ms for {captured}" for captured, delay in delays)
    return f"set this audio delay in OBS, and what the camera takes by itself: {told}" * bool(told)


def slow_window(window_hz: float, state_hz: float) -> str:
    """That the window is too slow for any delay to help, and what to do. Empty: it keeps up.

    window_hz: new pictures that it draws; 0: none, or not known. state_hz: that there are to draw.
    """
    if not 0.0 < window_hz < min(SLOW_WINDOW, KEEPING_UP * state_hz):
        return ""
    return (
        f"the window draws {window_hz:.2g} pictures a second: make it smaller, or let a graphics "
        "card draw it (mien doctor)"
    )


@dataclass(frozen=True, slots=True)
class OutputStatistics:
    """One live destination."""

    name: str  # "vmc 127.0.0.1:39539"
    datagrams_per_second: float
    spec: str = ""  # as `--output` takes it
    on: bool = True
    fault: str = ""  # why it cannot be opened, or nothing arrives


@dataclass(frozen=True, slots=True)
class VirtualCameraStatistics:
    """The webcam that others see.

    device: its name; empty while none is open. fault: why not. pictures: that were sent.
    transparent: whether it takes alpha.
    """

    on: bool = False
    device: str = ""
    transparent: bool = False
    fault: str = ""
    pictures: int = 0
    rate_hz: float = 0.0


@dataclass(frozen=True, slots=True)
class CameraChoice:
    """A camera that is plugged in."""

    number: int
    name: str


@dataclass(frozen=True, slots=True)
class RegressorState:
    """What may look at the face. missing: what to do to have it; empty: it is there."""

    name: str
    missing: str


@dataclass(frozen=True, slots=True)
class RecordingStatistics:
    """One file that is being written."""

    name: str  # its file name
    rows: int


@dataclass(frozen=True, slots=True)
class Situation:
    """What is set at this moment, for the control panel.

    source:        as `--source` takes it. source_fault: why the one last asked for is not taken.
    opening:       what is being opened now, as `--source` takes it; empty: nothing.
    output_fault:  why the receiver last asked for is not taken.
    quickness:     0 steady … 1 quick.
    profile_fault: why the profile last asked for is not taken, or the one in use is not written.
    option_fault:  why the options last asked for are not in force.
    changing:      whether what looks at the face is being exchanged.
    takes_folder:  where takes go.
    """

    source: str
    source_fault: str
    opening: str
    cameras: tuple[CameraChoice, ...]
    output_fault: str
    quickness: float
    calibration: CalibrationSettings
    profile: str
    profiles: tuple[str, ...]
    profile_fault: str
    options: Options
    option_fault: str = ""
    changing: bool = False
    regressors: tuple[RegressorState, ...] = ()
    takes_folder: str = ""


@dataclass(frozen=True, slots=True)
class Statistics:
    """One look at the whole chain.

    window_rate_hz:    new pictures a second in the window; 0: none.
    capture_rate_wanted: pictures a second that the source should give; None: not known.
    recording_seconds: since the take began.
    recording_fault:   why it is not what was asked for.
    """

    source: str
    capture_rate_hz: float
    state_rate_hz: float
    latency: LatencyStatistics | None  # None until something was sent
    dropped: int  # pictures that came and were never tracked
    mirrored: bool = False  # whether states have left and right exchanged
    paused: bool = False
    recording: bool = False  # whether a take is being written
    latency_to_screen: LatencyStatistics | None = None  # None without a window
    prompt: Prompt | None = None  # what a calibration asks the person to do
    answer: Answer | None = None  # to what was asked for last
    outputs: tuple[OutputStatistics, ...] = ()
    recordings: tuple[RecordingStatistics, ...] = ()
    recording_seconds: float = 0.0
    recording_fault: str = ""
    window_rate_hz: float = 0.0
    capture_rate_wanted: float | None = None
    situation: Situation | None = None  # None: there is nothing to set
    trouble: str = ""  # what is wrong with the pictures that come
    virtual_camera: VirtualCameraStatistics = VirtualCameraStatistics()


@dataclass(frozen=True, slots=True)
class Summary:
    """A whole run, after its end.

    seconds:          from the first state to the last.
    mirrored:         whether left and right were exchanged at the end.
    window_rate_hz:   new pictures a second in the window; 0: none.
    outputs:          name and datagrams sent, of each.
    recording_failed: whether a file had to be ended early.
    interrupted:      whether Ctrl-C or the system ended the run.
    timed_out:        whether it had lasted as long as it was to.
    """

    source: str
    frames: int
    faces: int
    dropped: int
    seconds: float
    mirrored: bool
    latency: LatencyStatistics | None
    latency_to_screen: LatencyStatistics | None
    outputs: tuple[tuple[str, int], ...]
    recordings: tuple[RecordingStatistics, ...]
    snapshot: Path | None
    recording_failed: bool
    interrupted: bool
    timed_out: bool = False
    window_rate_hz: float = 0.0
    virtual_camera: VirtualCameraStatistics = VirtualCameraStatistics()

    def audio_advice(self) -> list[str]:
        """By how much to delay the voice, a sentence; and why that may not help."""
        delays = audio_delays(self.latency if self.outputs else None, self.latency_to_screen)
        state_hz = (self.frames - 1) / self.seconds if self.seconds > 0.0 else 0.0
        told = (audio_advice(delays), slow_window(self.window_rate_hz, state_hz))
        return [line for line in told if line]

    def lines(self) -> list[str]:
        """For people, a line for each subject."""
        counts = f"{self.frames} frames, {self.faces} with a face, {self.dropped} dropped"
        if self.seconds > 0.0:
            counts += f", {(self.frames - 1) / self.seconds:.1f} a second"
        if self.mirrored:
            counts += ", mirrored"
        lines = [f"{self.source}: {counts}"]
        if self.latency is not None and self.outputs:
            lines.append(f"picture to send: {self.latency}")
        if self.latency_to_screen is not None:
            lines.append(f"picture to screen: {self.latency_to_screen}")
        lines += self.audio_advice()
        lines += [f"{name}: {count} datagrams" for name, count in self.outputs]
        if self.virtual_camera.pictures:
            lines.append(f"virtual camera: {self.virtual_camera.pictures} pictures")
        lines += [f"{take.name}: {take.rows} rows" for take in self.recordings]
        if self.snapshot is not None and self.frames:
            lines.append(f"{self.snapshot}: snapshot")
        return lines
