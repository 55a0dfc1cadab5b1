"""The keyboard: which key asks for what. The help panel is drawn from the same table."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto


class Command(Enum):
    """What a key can ask of the viewer."""

    HELP = auto()
    PANEL = auto()
    INSET = auto()
    BARS = auto()
    RATES = auto()
    NEXT_FIGURE = auto()
    NEXT_LOOK = auto()
    PREVIOUS_LOOK = auto()
    NEXT_BACKGROUND = auto()
    MIRROR = auto()
    CALIBRATE = auto()
    RECENTRE = auto()
    PAUSE = auto()
    RECORD = auto()
    TURN_LEFT = auto()
    TURN_RIGHT = auto()
    TURN_UP = auto()
    TURN_DOWN = auto()
    NEARER = auto()
    FARTHER = auto()
    RESET_VIEW = auto()
    FULLSCREEN = auto()
    BORDERLESS = auto()
    ON_TOP = auto()
    LEAVE_FULLSCREEN = auto()
    QUIT = auto()


@dataclass(frozen=True, slots=True)
class KeyPress:
    """A key by what is printed on it ("h", "+") or by its name ("f11", "escape", "left")."""

    key: str
    shift: bool = False


@dataclass(frozen=True, slots=True)
class HelpLine:
    """One line of the help panel: what to press, what happens."""

    caps: tuple[str, ...]
    meaning: str
    command: Command | None = None  # the switch whose state the line shows


@dataclass(frozen=True, slots=True)
class HelpGroup:
    title: str
    lines: tuple[HelpLine, ...]


_COMMANDS: dict[str, Command] = {
    "h": Command.HELP,
    "f1": Command.HELP,
    "f2": Command.PANEL,
    "c": Command.INSET,
    "b": Command.BARS,
    "o": Command.RATES,
    "v": Command.NEXT_FIGURE,
    "l": Command.NEXT_LOOK,
    "g": Command.NEXT_BACKGROUND,
    "m": Command.MIRROR,
    "k": Command.CALIBRATE,
    "n": Command.RECENTRE,
    "p": Command.PAUSE,
    "f9": Command.RECORD,
    "left": Command.TURN_LEFT,
    "right": Command.TURN_RIGHT,
    "up": Command.TURN_UP,
    "down": Command.TURN_DOWN,
    "+": Command.NEARER,
    "=": Command.NEARER,
    "-": Command.FARTHER,
    "r": Command.RESET_VIEW,
    "f11": Command.FULLSCREEN,
    "w": Command.BORDERLESS,
    "t": Command.ON_TOP,
    "escape": Command.LEAVE_FULLSCREEN,
    "q": Command.QUIT,
}

HELP: tuple[HelpGroup, ...] = (
    HelpGroup(
        "Show",
        (
            HelpLine(("F2",), "Control panel", Command.PANEL),
            HelpLine(("1 – 4",), "Its pages"),
            HelpLine(("C",), "Camera picture", Command.INSET),
            HelpLine(("B",), "Blendshapes", Command.BARS),
            HelpLine(("O",), "Rates and latency", Command.RATES),
            HelpLine(("F1",), "These keys  (or H)"),
        ),
    ),
    HelpGroup(
        "Figure",
        (
            HelpLine(("V",), "Head, mesh, overlay"),
            HelpLine(("L",), "Next look"),
            HelpLine(("Shift", "L"), "Previous look"),
            HelpLine(("G",), "Next background"),
            HelpLine(("M",), "Mirror", Command.MIRROR),
        ),
    ),
    HelpGroup(
        "Face",
        (
            HelpLine(("K",), "Calibrate: rest your face"),
            HelpLine(("N",), "Centre the head"),
            HelpLine(("P",), "Pause", Command.PAUSE),
            HelpLine(("F9",), "Record a take", Command.RECORD),
        ),
    ),
    HelpGroup(
        "View",
        (
            HelpLine(("Drag",), "Turn  (or arrow keys)"),
            HelpLine(("Wheel",), "Zoom  (or + and −)"),
            HelpLine(("R",), "Reset the view"),
        ),
    ),
    HelpGroup(
        "Window",
        (
            HelpLine(("F11",), "Fullscreen", Command.FULLSCREEN),
            HelpLine(("W",), "Borderless", Command.BORDERLESS),
            HelpLine(("T",), "Always on top", Command.ON_TOP),
            HelpLine(("Q",), "Quit"),
        ),
    ),
)


def kiosk_command_for(press: KeyPress) -> Command | None:
    """Of a demo booth, where visitors press all keys: only Shift and Q end it."""
    return Command.QUIT if press == KeyPress("q", shift=True) else None


def command_for(press: KeyPress, *, typing: bool = False) -> Command | None:
    """What this key asks for, or None. typing: keys that write something ask for nothing."""
    if typing and len(press.key) == 1:
        return None
    command = _COMMANDS.get(press.key)
    if command is Command.NEXT_LOOK and press.shift:
        return Command.PREVIOUS_LOOK
    return command
