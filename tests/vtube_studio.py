"""A VTube Studio for tests: as much of its plugin API as we use, with its rules enforced.

https://github.com/DenchiSoft/VTubeStudio: README.md and Files/ErrorID.cs
"""

from __future__ import annotations

import json
import re
import threading
from typing import Any

from websockets.exceptions import ConnectionClosed
from websockets.sync.server import Server, ServerConnection, serve

DEFAULTS = {  # name: lowest, highest, at rest
    **dict.fromkeys(("FaceAngleX", "FaceAngleY", "FaceAngleZ"), (-30.0, 30.0, 0.0)),
    **dict.fromkeys(("FacePositionX", "FacePositionY"), (-15.0, 15.0, 0.0)),
    "FacePositionZ": (-10.0, 10.0, 0.0),
    **dict.fromkeys(("EyeOpenLeft", "EyeOpenRight"), (0.0, 1.0, 1.0)),
    **dict.fromkeys(("EyeLeftX", "EyeLeftY", "EyeRightX", "EyeRightY"), (-1.0, 1.0, 0.0)),
    **dict.fromkeys(("MouthOpen", "MouthSmile", "CheekPuff", "TongueOut"), (0.0, 1.0, 0.0)),
    **dict.fromkeys(("Brows", "BrowLeftY", "BrowRightY"), (0.0, 1.0, 0.5)),
    "MousePositionX": (-1.0, 1.0, 0.0),
}


class ApiError(Exception):
    """VTube Studio refuses."""

    def __init__(self, number: int, message: str) -> None:
        super().__init__(message)
        self.number = number


class VTubeStudio:
    """Listens on a free port of this machine until it is closed.

    allows:   what the person at the popup does; None: has not decided yet.
    injected: data of the requests that were accepted.
    taken:    inputs that another plugin sends.
    log:      message types of all requests, in order.
    """

    def __init__(self, *, allows: bool | None = True, port: int = 0) -> None:
        self.allows = allows
        self.taken: set[str] = set()
        self.token: str | None = None
        self.plugin: tuple[str, str] | None = None
        self.custom: dict[str, tuple[float, float, float]] = {}
        self.injected: list[dict[str, Any]] = []
        self.log: list[str] = []
        self.arrived = threading.Condition()
        self._connections: set[ServerConnection] = set()
        self._server: Server = serve(self._serve, "127.0.0.1", port)
        self.port: int = self._server.socket.getsockname()[1]
        self._thread = threading.Thread(target=self._server.serve_forever)
        self._thread.start()

    def wait_for(self, count: int) -> list[dict[str, Any]]:
        """The injections, once there are so many more."""
        with self.arrived:
            wanted = len(self.injected) + count
            assert self.arrived.wait_for(lambda: len(self.injected) >= wanted, 5.0)
            return list(self.injected)

    def wait_for_request(self, kind: str) -> None:
        with self.arrived:
            assert self.arrived.wait_for(lambda: kind in self.log, 5.0)

    def close(self) -> None:
        self._server.shutdown()
        for connection in list(self._connections):
            connection.close()
        self._thread.join()

    def _serve(self, connection: ServerConnection) -> None:
        self._connections.add(connection)
        session = {"allowed": False}
        try:
            for text in connection:
                connection.send(self._answer(text, session))
        except ConnectionClosed:
            pass
        self._connections.discard(connection)

    def _answer(self, text: str | bytes, session: dict[str, bool]) -> str:
        message = json.loads(text)
        kind, data = str(message["messageType"]), message.get("data") or {}
        try:
            answer = self._checked(message, kind, data, session)
            kind = kind.replace("Request", "Response")
        except ApiError as error:
            kind = "APIError"
            answer = {"errorID": error.number, "message": str(error)}
        with self.arrived:
            self.log.append(message["messageType"])
            self.arrived.notify_all()
        return json.dumps(
            {
                "apiName": "VTubeStudioPublicAPI",
                "apiVersion": "1.0",
                "timestamp": 1625405710728,
                "requestID": message.get("requestID", "none"),
                "messageType": kind,
                "data": answer,
            }
        )

    def _checked(
        self, message: dict[str, Any], kind: str, data: dict[str, Any], session: dict[str, bool]
    ) -> dict[str, Any]:
        if message.get("apiName") != "VTubeStudioPublicAPI":
            raise ApiError(100, "API name is wrong")
        if message.get("apiVersion") != "1.0":
            raise ApiError(101, "API version is wrong")
        if not re.fullmatch(r"[\x21-\x7e]{1,64}", str(message.get("requestID", "x"))):
            raise ApiError(102, "request ID is wrong")
        match kind:
            case "AuthenticationTokenRequest":
                return self._give_token(data)
            case "AuthenticationRequest":
                given = data["pluginName"], data["pluginDeveloper"], data["authenticationToken"]
                right = self.plugin is not None and given == (*self.plugin, self.token)
                session["allowed"] = right
                return {"authenticated": right, "reason": "" if right else "wrong token"}
        if not session["allowed"]:
            raise ApiError(8, "This request requires authentication.")
        match kind:
            case "InputParameterListRequest":
                return {
                    "modelLoaded": True,
                    "defaultParameters": [_entry(n, r) for n, r in DEFAULTS.items()],
                    "customParameters": [_entry(n, r) for n, r in self.custom.items()],
                }
            case "ParameterCreationRequest":
                return self._create(data)
            case "InjectParameterDataRequest":
                return self._inject(data)
        raise ApiError(103, f"unknown request {kind}")

    def _give_token(self, data: dict[str, Any]) -> dict[str, Any]:
        for name in ("pluginName", "pluginDeveloper"):
            if not 3 <= len(data[name]) <= 32:
                raise ApiError(52, f"{name} is wrong")
        if self.allows is None:
            raise ApiError(51, "another request is open")
        if not self.allows:
            raise ApiError(50, "User has denied API access for your plugin.")
        self.token = f"token-of-{data['pluginName']}"
        self.plugin = data["pluginName"], data["pluginDeveloper"]
        return {"authenticationToken": self.token}

    def _create(self, data: dict[str, Any]) -> dict[str, Any]:
        name = data["parameterName"]
        if not re.fullmatch(r"[A-Za-z0-9]{4,32}", name):
            raise ApiError(350, "parameter name is wrong")
        if len(data["explanation"]) >= 256:
            raise ApiError(351, "explanation is too long")
        if name in DEFAULTS:
            raise ApiError(354, "that is a default parameter")
        if len(self.custom) >= 100:
            raise ApiError(355, "too many parameters")
        self.custom[name] = data["min"], data["max"], data["defaultValue"]
        return {"parameterName": name}

    def _inject(self, data: dict[str, Any]) -> dict[str, Any]:
        if data["mode"] not in ("set", "add") or not isinstance(data["faceFound"], bool):
            raise ApiError(450, "mode or faceFound is wrong")
        values = data["parameterValues"]
        if not values:
            raise ApiError(450, "no values")
        for value in values:
            if value["id"] not in {**DEFAULTS, **self.custom}:
                raise ApiError(453, f"Parameter {value['id']} not found.")
            if value["id"] in self.taken:
                raise ApiError(454, f'Parameter "{value["id"]}" is set by another plugin.')
            if not abs(value["value"]) <= 1e6:
                raise ApiError(452, "value is out of range")
        with self.arrived:
            self.injected.append(data)
            self.arrived.notify_all()
        return {}


def _entry(name: str, numbers: tuple[float, float, float]) -> dict[str, Any]:
    lowest, highest, value = numbers
    return {
        "name": name,
        "addedBy": "VTube Studio",
        "value": value,
        "min": lowest,
        "max": highest,
        "defaultValue": value,
    }
