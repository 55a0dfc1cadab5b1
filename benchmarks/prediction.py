"""States at a receiver's or a display's rate: how late, how jerky, how far beyond. Markdown tables.

    python -m benchmarks.prediction [--seconds 20] [--lost 0 0.1] [--sender 60 90 120]

A camera gives 30 pictures a second, each becomes a state after 5 to 25 ms, and somebody takes
states at a steady rate: the newest as it is (held), carried on with the speed of the last two for
a frame at most (plain), or as mien predicts it. Signals have a range of 1: sines, the built-in
clip's jaw, lid and head, movements that stop dead, and zigzags that turn round at full speed.

lag:       by how many milliseconds the signal has to be delayed to be nearest to what is taken.
error:     what is left then, root mean square, in hundredths of the range: how jerky it is.
overshoot: the furthest beyond where the signal has been in the last 0.2 s, in hundredths of the
           range. Of the last zigzag, whose ways differ: of the range, not of each way.

Then the same with some of the pictures lost, and how far ahead of its picture a state was shown.
Last, the real sender: intervals between datagrams as they come in, while this machine does what
else it has to do.
"""

from __future__ import annotations

import argparse
import math
import socket
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from app.destinations import Destinations
from app.meter import Meter
from app.outputs import parse_output
from app.steady import SteadySender
from app.threads import Latest, Worker
from app.viewer import Shown
from benchmarks.demo.curves import read_curves
from engine.blendshapes import BLENDSHAPES, INDEX
from engine.data import FaceState, Frame
from engine.geometry import IDENTITY_ROTATION, Array, turned
from engine.prediction import Predictor, SteadyClock

CAMERA = 30.0  # pictures a second
CHANNEL = INDEX["jawOpen"]
LOW, SPAN = 0.25, 0.5  # of the weight that stands for the signal: limits hide no overshoot
HEAD = "the clip's head"  # how signals begin that turn the head by so many radians instead
TURN = 0.6
RATES = (60.0, 90.0, 120.0, 144.0)
SLOW = 0.05  # of the pictures take the tracker longest
WARM_UP = 1.0  # s
RECENT = 0.2  # s
FINE = 0.001  # s
DELAYS = np.arange(-0.02, 0.08, 0.001)  # s

Signal = Callable[[Array], Array]


def signals() -> dict[str, Signal]:
    """By name, each from seconds to 0..1."""
    curves = read_curves()
    times = np.arange(len(curves.weights)) / CAMERA

    def recorded(values: Array) -> Signal:
        scaled = (values - values.min()) / np.ptp(values)
        back_and_forth = np.concatenate((scaled, scaled[::-1]))
        dense = np.arange(0.0, len(back_and_forth) - 1, 0.05)
        smooth = np.convolve(
            np.interp(dense, np.arange(len(back_and_forth)), back_and_forth),
            np.ones(20) / 20,
            "same",
        )
        length = 2 * times[-1]
        return lambda t: np.interp(t % length * CAMERA, dense, smooth)

    def sine(hertz: float) -> Signal:
        return lambda t: 0.5 - 0.5 * np.cos(2 * np.pi * hertz * t)

    def zigzag(hertz: float) -> Signal:
        return lambda t: 2.0 * np.abs((hertz * t + 0.013) % 1.0 - 0.5)

    turns = np.random.default_rng(0).uniform(0.0, 1.0, 1000)

    return {
        "sine, 1 Hz": sine(1.0),
        "sine, 2 Hz": sine(2.0),
        "sine, 4 Hz": sine(4.0),
        "the clip's jaw": recorded(curves.weights[:, CHANNEL]),
        "the clip's lid": recorded(curves.weights[:, INDEX["eyeBlinkLeft"]]),
        f"{HEAD}, yaw": recorded(curves.head[:, 1]),
        f"{HEAD}, roll": recorded(curves.head[:, 2]),
        "a mouth that stops dead": lambda t: np.maximum(0.0, np.sin(2 * np.pi * 1.5 * t)),
        "trapezoid, 0.7 Hz": lambda t: (
            0.5 + 0.5 * (3.0 * np.sin(2 * np.pi * 0.7 * t)).clip(-1.0, 1.0)
        ),
        "trapezoid, 0.2 Hz": lambda t: (
            0.5 + 0.5 * (3.0 * np.sin(2 * np.pi * 0.2 * t)).clip(-1.0, 1.0)
        ),
        "zigzag, 1 Hz": zigzag(1.0),
        "zigzag, 2.3 Hz": zigzag(2.3),
        "zigzag, 3 turns/s, random": lambda t: np.interp(3.0 * t, np.arange(len(turns)), turns),
    }


@dataclass(frozen=True, slots=True)
class Arrival:
    """Of a state. Seconds: its picture's, and when the state is there."""

    pictured: float
    ready: float


def arrivals(seconds: float, lost: float = 0.0, seed: int = 0) -> list[Arrival]:
    """Pictures with a camera's jitter, and a tracker that is not always equally quick."""
    random = np.random.default_rng(seed)
    found = []
    for i in range(round(seconds * CAMERA)):
        pictured = i / CAMERA + float(random.uniform(0.0, 0.002))
        takes = 0.005 + float(random.gamma(2.0, 0.002))
        if random.random() < SLOW:
            takes = 0.025
        if random.random() >= lost:
            found.append(Arrival(pictured, pictured + takes))
    return found


@dataclass(frozen=True, slots=True, eq=False)
class Taken:
    """What somebody gets who asks steadily. (N,): seconds, values, seconds ahead of the picture."""

    times: Array
    values: Array
    ahead: Array


def taken(
    signal: Signal, how: str, rate: float, seconds: float, lost: float, *, head: bool
) -> Taken:
    """Asking `rate` times a second. head: it turns; otherwise the jaw moves."""
    predictor, clock = Predictor(), SteadyClock()
    waiting = arrivals(seconds, lost)
    times = np.arange(0.1, seconds, 1.0 / rate)
    values, aheads = [], []
    held, speed, pictured, noticed = 0.0, 0.0, 0.0, 0.0
    for now in times.tolist():
        newest = None
        while waiting and waiting[0].ready <= now:
            newest = waiting.pop(0)
        if newest is not None:
            before, held = held, float(signal(np.array(newest.pictured)))
            speed = (held - before) / (newest.pictured - pictured) if pictured else 0.0
            pictured, noticed = newest.pictured, now
            state = state_of(pictured, 0.0 if head else held, held if head else 0.0)
            predictor.observe(state, clock.moment(pictured, now))
        match how:
            case "held":
                value, ahead = held, 0.0
            case "plain":
                ahead = min(now - noticed, 1.0 / CAMERA)
                value = held + speed * ahead
            case _:
                state = predictor.at(now)
                value = (
                    2.0 * math.asin(float(state.head_rotation[1])) / TURN
                    if head
                    else (float(state.weights[CHANNEL]) - LOW) / SPAN
                )
                ahead = state.timestamp - pictured
        values.append(value)
        aheads.append(ahead)
    return Taken(times, np.array(values), np.array(aheads))


def judged(signal: Signal, result: Taken) -> tuple[float, float, float]:
    """Lag in s, error and overshoot in shares of the range."""
    later = result.times > WARM_UP
    times, values = result.times[later], result.values[later]
    errors = [float(np.sqrt(np.mean((values - signal(times - d)) ** 2))) for d in DELAYS]
    best = int(np.argmin(errors))
    recent = signal(times[:, None] - np.arange(0.0, RECENT, FINE))
    beyond = np.maximum(values - recent.max(axis=1), recent.min(axis=1) - values)
    return float(DELAYS[best]), errors[best], max(float(beyond.max()), 0.0)


def state_of(timestamp: float, jaw: float, head: float = 0.0) -> FaceState:
    """A face whose jaw and head move, 0..1."""
    weights = np.zeros(len(BLENDSHAPES))
    weights[CHANNEL] = LOW + SPAN * jaw
    return FaceState(
        timestamp=timestamp,
        tracked=True,
        confidence=1.0,
        weights=weights,
        head_rotation=turned(IDENTITY_ROTATION, np.array([0.0, TURN * head, 0.0])),
        head_position=np.array([0.0, 0.0, -0.5]),
        gaze=np.zeros((2, 2)),
        landmarks=None,
        image_size=(640, 480),
    )


class Nobody:
    """The meter's source and takes, of which there are none."""

    name = "simulated"
    trouble = ""
    recordings = ()
    failed = False


def send_times(rate: float, seconds: float) -> Array:
    """Seconds between datagrams that the real sender sends, as they come in."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver:
        receiver.bind(("127.0.0.1", 0))
        receiver.settimeout(2.0)
        output = parse_output(f"osc:127.0.0.1:{receiver.getsockname()[1]}")
        states: Latest[Shown] = Latest()
        picture = np.zeros((1, 1, 3), np.uint8)

        def track() -> bool:
            time.sleep(1.0 / CAMERA)
            now = time.perf_counter()
            state = state_of(now, 0.5 + 0.5 * float(np.sin(6.0 * now)))
            states.put(Shown(Frame(picture, now, now, 0), state))
            return True

        with Destinations((output,)) as outputs:
            meter = Meter(Nobody(), outputs, Nobody())  # type: ignore[arg-type]
            sender = SteadySender(rate, states, outputs, meter)
            with Worker(track), Worker(sender.step):
                came, end = [], time.perf_counter() + seconds
                while time.perf_counter() < end:
                    if b"/jawOpen" in receiver.recv(65536):  # a state is several datagrams
                        came.append(time.perf_counter())
    return np.diff(np.array(came))


def print_table(seconds: float, lost: float) -> None:
    """Lost: of the pictures."""
    title = f"{100 * lost:g} % lost: lag ms / error / overshoot"
    print(f"| {title} | taken | " + " | ".join(f"{r:g} Hz" for r in RATES) + " |")
    print("|---|---|" + "---|" * len(RATES))
    furthest = 0.0
    for name, signal in signals().items():
        for how in ("held", "plain", "mien"):
            cells = []
            for rate in RATES:
                result = taken(signal, how, rate, seconds, lost, head=name.startswith(HEAD))
                lag, error, beyond = judged(signal, result)
                cells.append(f"{1e3 * lag:.0f} / {1e2 * error:.1f} / {1e2 * beyond:.1f}")
                furthest = max(furthest, float(result.ahead.max()))
            print(f"| {name} | {how} | {' | '.join(cells)} |", flush=True)
    print(f"\nAt most {1e3 * furthest:.1f} ms ahead of the picture.\n")


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--sender", type=float, nargs="*", default=[60.0, 90.0, 120.0])
    parser.add_argument("--lost", type=float, nargs="*", default=[0.0, 0.1])
    arguments = parser.parse_args(argv)
    for lost in arguments.lost:
        print_table(arguments.seconds, lost)
    print("| sent a second | interval wanted | median | p1 | p99 | longest |")
    print("|---|---|---|---|---|---|")
    for rate in arguments.sender:
        gaps = 1e3 * send_times(rate, arguments.seconds)
        p1, p50, p99 = np.percentile(gaps, (1, 50, 99))
        print(
            f"| {rate:g} | {1e3 / rate:.2f} ms | {p50:.2f} | {p1:.2f} | {p99:.2f} | "
            f"{gaps.max():.2f} |",
            flush=True,
        )
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
