"""What VTube Studio answers to a plugin, as its API's JSON messages say it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from app.outputs.vts import API, Input


class Refusal(Exception):  # noqa: N818  # an answer, too
    """VTube Studio's APIError."""

    def __init__(self, number: int, message: str) -> None:
        super().__init__(message)
        self.number = number


@dataclass(frozen=True, slots=True)
class Reply:
    """What VTube Studio answers. request: the number of ours."""

    request: str
    kind: str
    data: dict[str, Any]

    def check(self) -> dict[str, Any]:
        """The data; raises Refusal if it is one."""
        if self.kind != "APIError":
            return self.data
        number = self.data.get("errorID")
        raise Refusal(
            number if isinstance(number, int) else -1, str(self.data.get("message", "no reason"))
        )


def reply_from(text: str) -> Reply:
    """Raises ConnectionError if it is none of VTube Studio's."""
    try:
        message = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ConnectionError(f"no answer in JSON: {error}") from error
    if not isinstance(message, dict) or message.get("apiName") != API["apiName"]:
        raise ConnectionError("that is not VTube Studio")
    data = message.get("data")
    return Reply(
        str(message.get("requestID", "")),
        str(message.get("messageType", "")),
        data if isinstance(data, dict) else {},
    )


def inputs_from(data: dict[str, Any]) -> Iterator[Input]:
    """The inputs that VTube Studio lists, its own and those of plugins."""
    for group in ("defaultParameters", "customParameters"):
        entries = data.get(group)
        for entry in entries if isinstance(entries, list) else []:
            match entry:
                case {"name": str(name), "min": int() | float() as low, "max": high} if isinstance(
                    high, int | float
                ):
                    yield Input(name, min(low, high), max(low, high))
