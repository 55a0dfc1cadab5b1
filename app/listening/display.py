"""What has arrived, as lines of text."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping

from app.listening.reading import (
    HEAD_ANGLES,
    HEAD_POSITION,
    LEFT_GAZE,
    RIGHT_GAZE,
)
from app.listening.traffic import Tally, Traffic
from engine.blendshapes import BLENDSHAPES

_BAR = 10
_CELL = 20 + _BAR + 6 + 2  # name, bar, number, gap
_MOST_SHOWN = 6  # of each kind of complaint
_MOST_EXTRAS = 24
_LARGEST_SHAPES = 5  # in the short line


def page(traffic: Traffic, time: float, width: int) -> list[str]:
    """Everything, the most important first. width: of a line in characters."""
    return [
        status_line(traffic, time),
        *_angle_lines(traffic.values),
        *complaint_lines(traffic),
        *_columns(
            (
                _bar_cell(name, traffic.values[name])
                for name in BLENDSHAPES
                if name in traffic.values
            ),
            width,
            _CELL,
        ),
        *_columns(
            (
                f"{name[:26]:<26} {number:8.3f}"
                for name, number in list(traffic.extras.items())[:_MOST_EXTRAS]
            ),
            width,
            37,
        ),
    ]


def status_line(traffic: Traffic, time: float) -> str:
    """Rate, age, counts, tracked."""
    age = traffic.age(time)
    if age is None:
        return "nothing has arrived"
    tracked = {True: "face tracked", False: "NO FACE", None: "tracked: not told"}[traffic.tracked]
    sizes = f"{traffic.smallest} to {traffic.largest} bytes"
    parts = [
        f"{traffic.face_rate(time):.1f} faces/s",
        f"newest {_age(age)} old",
        f"{traffic.datagrams} datagrams ({traffic.datagram_rate(time):.0f}/s, {sizes})",
        tracked,
        f"from {' and '.join(traffic.hosts)}",
    ]
    if traffic.title:
        parts.append(f"named {traffic.title}")
    return " · ".join(parts)


def short_line(traffic: Traffic, time: float) -> str:
    """One line for files and pipes: status, head, and the largest blendshapes."""
    parts = [status_line(traffic, time)]
    head = [traffic.values[name] for name in HEAD_ANGLES if name in traffic.values]
    if len(head) == len(HEAD_ANGLES):
        pitch, yaw, roll = map(math.degrees, head)
        parts.append(f"pitch {pitch:+.1f}° yaw {yaw:+.1f}° roll {roll:+.1f}°")
    shapes = [(traffic.values[name], name) for name in BLENDSHAPES if name in traffic.values]
    largest = sorted(shapes, key=lambda shape: -shape[0])[:_LARGEST_SHAPES]
    parts += [f"{name} {number:.2f}" for number, name in largest if number >= 0.01]
    if traffic.faults:
        parts.append(f"{sum(tally.count for tally in traffic.faults.values())} faults")
    return " · ".join(parts)


def complaint_lines(traffic: Traffic) -> list[str]:
    """Names that are not understood, faults, several senders."""
    lines = []
    if len(traffic.hosts) > 1:
        lines.append(f"! {len(traffic.hosts)} computers send to this port: stop all but one.")
    lines += [f"! {line}" for line in _tallies(traffic.faults)]
    lines += [f"? not understood: {line}" for line in _tallies(traffic.unknown)]
    return lines


def _tallies(tallies: Mapping[str, Tally]) -> list[str]:
    found = sorted(tallies.items(), key=lambda item: -item[1].count)
    lines = [
        f"{name} ×{tally.count}" + (f", last {tally.example}" if tally.example else "")
        for name, tally in found[:_MOST_SHOWN]
    ]
    if len(found) > _MOST_SHOWN:
        lines.append(f"and {len(found) - _MOST_SHOWN} other kinds")
    return lines


def _angle_lines(values: Mapping[str, float]) -> list[str]:
    head = _numbers(values, HEAD_ANGLES, math.degrees, "{:+6.1f}°")
    position = _numbers(values, HEAD_POSITION, float, "{:+.3f} m")
    eyes = [
        f"{side}  {_numbers(values, gaze, math.degrees, '{:+6.1f}°')}"
        for side, gaze in (("left eye", LEFT_GAZE), ("right eye", RIGHT_GAZE))
        if any(name in values for name in gaze)
    ]
    lines = [f"head  {head}  {position}".rstrip()] if head or position else []
    if eyes:
        lines.append("   ".join(eyes))
    if lines:
        lines.append("(pitch + down, yaw + to the person's left, roll + to their right shoulder)")
    return lines


def _numbers(
    values: Mapping[str, float],
    names: tuple[str, ...],
    unit: Callable[[float], float],
    form: str,
) -> str:
    return "  ".join(
        f"{name.rpartition(' ')[2]} {form.format(unit(values[name]))}"
        for name in names
        if name in values
    )


def _bar_cell(name: str, weight: float) -> str:
    filled = round(min(1.0, max(0.0, weight)) * _BAR)
    return f"{name:<20}{'#' * filled}{'.' * (_BAR - filled)} {weight:5.2f}"


def _columns(cells: Iterable[str], width: int, cell_width: int) -> list[str]:
    """Read downwards, as many columns as fit."""
    texts = list(cells)
    count = max(1, (width + 2) // cell_width)
    rows = -(-len(texts) // count)
    return [
        "".join(text.ljust(cell_width) for text in texts[row::rows]).rstrip() for row in range(rows)
    ]


def _age(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms" if seconds < 1.0 else f"{seconds:.1f} s"
