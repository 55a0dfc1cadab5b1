"""What the results of a check mean, and what to switch."""

from __future__ import annotations

from collections.abc import Sequence

from app.listening.check import Outcome, Result

_NAMES = ("blink", "smile")
_HEAD = ("yaw", "roll")


def verdict_lines(results: Sequence[Result], protocol: str) -> list[str]:
    """Plainly: is left left, and if not, which settings make it so."""
    lines = [_summary(results)]
    settings = axis_settings(results)
    if settings:
        lines.append(
            f"From mien, set in the profile [{protocol}.axes]: {', '.join(settings)}. From another "
            "program, use its own switches. In either case in one place only."
        )
    if len({r.outcome for r in results if r.step.name in _NAMES and _clear(r.outcome)}) == 2:
        lines.append(
            "Eyes and mouth disagree about left and right: did the right one move? Check again; if "
            "it stays, the sender mixes up names."
        )
    for result in results:
        told = f'"{result.step.instruction}"'
        if result.outcome is Outcome.OTHER:
            lines.append(f"{told} arrived as {result.seen}: axes are mixed up.")
        elif result.outcome in (Outcome.NOTHING, Outcome.UNCLEAR):
            lines.append(
                f"{told}: {result.outcome.value}. Check again and move further, one thing at a "
                "time."
            )
        elif result.outcome is Outcome.MISSING:
            lines.append(f"{told}: the sender does not send it.")
    if all(result.outcome in (Outcome.RIGHT, Outcome.MISSING) for result in results):
        lines.append(
            "If the avatar still moves the wrong way, the switch is in the avatar's program."
        )
    return lines


def axis_settings(results: Sequence[Result]) -> list[str]:
    """Lines of mien's `[PROTOCOL.axes]` that put right what was the other way round.

    Mirroring exchanges names and turns yaw, roll, x and gaze round; what was as it should be is
    turned back.
    """
    outcomes = {result.step.name: result.outcome for result in results}
    names = [outcomes[name] for name in _NAMES if _clear(outcomes.get(name))]
    mirror = bool(names) and all(outcome is Outcome.OPPOSITE for outcome in names)
    settings = ["mirror = true"] if mirror else []
    for step, key in (("yaw", "yaw"), ("roll", "roll"), ("gaze", "gaze_yaw")):
        outcome = outcomes.get(step)
        if _clear(outcome) and (outcome is Outcome.OPPOSITE) != mirror:
            settings.append(f"{key} = -1.0")
    if mirror and outcomes.get("yaw") is Outcome.RIGHT:
        settings.append("x = -1.0")
    if outcomes.get("pitch") is Outcome.OPPOSITE:
        settings.append("pitch = -1.0")
    return settings


def _summary(results: Sequence[Result]) -> str:
    sided = (*_HEAD, "gaze", *_NAMES)
    right, opposite = (_sides(results, o, sided) for o in (Outcome.RIGHT, Outcome.OPPOSITE))
    inverted = [
        result.step.name
        for result in results
        if result.outcome is Outcome.OPPOSITE and result.step.name not in _NAMES
    ]
    if opposite and not right:
        also = " Besides, pitch is inverted." if "pitch" in inverted else ""
        return f"Left is right: everything arrives mirrored.{also}"
    if not right and not opposite and not inverted:
        return "Nothing could be told about left and right."
    parts = [f"{name} is inverted" for name in inverted]
    exchanged = [
        f"{'eye' if name == 'blink' else 'mouth'} names have left and right exchanged"
        for name in _NAMES
        if _sides(results, Outcome.OPPOSITE, (name,))
    ]
    if parts or exchanged:
        return f"Not all is as it should be: {'; '.join([*parts, *exchanged])}."
    if all(result.outcome is Outcome.RIGHT for result in results):
        return "Left is left, and every axis goes the right way."
    return "Left is left, and every axis that could be seen goes the right way."


def _sides(
    results: Sequence[Result],
    outcome: Outcome,
    names: tuple[str, ...] = (*_HEAD, "gaze", *_NAMES),
) -> list[str]:
    return [r.step.name for r in results if r.step.name in names and r.outcome is outcome]


def _clear(outcome: Outcome | None) -> bool:
    return outcome in (Outcome.RIGHT, Outcome.OPPOSITE)
