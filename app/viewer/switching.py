"""What a key makes of the window's settings, and what the person reads then. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace

from app.viewer import FIGURES, BackgroundKind, ViewerSettings
from app.viewer.keys import Command
from app.viewer.look import LOOKS

FIGURE_NAMES = {
    "head": "free head",
    "mesh": "the face model's mesh",
    "overlay": "its mesh over the picture",
}
BACKGROUND_NAMES = {
    "gradient": "gradient",
    "picture": "picture",
    "key": "colour key",
    "transparent": "transparent",
}

KIOSK_SCALE = 3.0  # of the words in a booth


@dataclass(frozen=True, slots=True)
class Switched:
    """remark: empty where the change is seen by itself."""

    settings: ViewerSettings
    remark: str = ""


def switched(
    settings: ViewerSettings, command: Command, backgrounds: tuple[BackgroundKind, ...]
) -> Switched:
    """The settings after this key; the same for a key that means something else.

    backgrounds: kinds that there are.
    """
    match command:
        case Command.PANEL:
            return Switched(replace(settings, panel=not settings.panel))
        case Command.INSET:
            return Switched(replace(settings, inset=not settings.inset))
        case Command.BARS:
            return Switched(replace(settings, bars=not settings.bars))
        case Command.RATES:
            return Switched(replace(settings, rates=not settings.rates))
        case Command.NEXT_FIGURE:
            kind = FIGURES[(FIGURES.index(settings.figure) + 1) % len(FIGURES)]
            return Switched(replace(settings, figure=kind), f"Figure: {FIGURE_NAMES[kind]}")
        case Command.NEXT_LOOK:
            return _with_look(settings, +1)
        case Command.PREVIOUS_LOOK:
            return _with_look(settings, -1)
        case Command.NEXT_BACKGROUND:
            kinds, now = backgrounds, settings.background
            background = kinds[(kinds.index(now) + 1) % len(kinds)] if now in kinds else kinds[0]
            remark = f"Background: {BACKGROUND_NAMES[background]}"
            return Switched(replace(settings, background=background), remark)
        case Command.FULLSCREEN:
            return Switched(replace(settings, fullscreen=not settings.fullscreen))
        case Command.BORDERLESS:
            on = not settings.borderless
            return Switched(replace(settings, borderless=on), "Borderless " + _on_off(on))
        case Command.ON_TOP:
            on = not settings.on_top
            return Switched(replace(settings, on_top=on), "Always on top " + _on_off(on))
        case _:
            return Switched(settings)


def in_kiosk(settings: ViewerSettings) -> ViewerSettings:
    """With nothing on the screen but the figure, and words that are read from two metres away."""
    return replace(
        settings,
        ui_scale=max(settings.ui_scale, KIOSK_SCALE),
        fullscreen=True,
        on_top=True,
        inset=False,
        bars=False,
        rates=False,
        panel=False,
    )


def _with_look(settings: ViewerSettings, by: int) -> Switched:
    if settings.avatar:
        return Switched(settings, "Looks are our own head's: F2, Look, goes back to it")
    names, looks = tuple(LOOKS), tuple(LOOKS.values())
    if settings.look in looks:
        index = (looks.index(settings.look) + by) % len(looks)
    else:
        index = 0  # from a look of the user's own to the first of ours
    return Switched(replace(settings, look=looks[index]), f"Look: {names[index]}")


def _on_off(on: bool) -> str:
    return "on" if on else "off"
