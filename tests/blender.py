"""Real Blenders for the tests of the add-on: they run what they are sent, in their own Python."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from types import TracebackType
from typing import Any, Self

_PROGRAM = """
import json, os, sys, traceback
requests, replies = (os.fdopen(int(n), m) for n, m in zip(os.environ["MIEN_PIPES"].split(), "rw"))
scope = {"__name__": "__main__"}
for line in requests:
    scope["result"] = None
    try:
        exec(json.loads(line), scope)
        reply = {"result": scope["result"]}
    except BaseException:
        reply = {"error": traceback.format_exc()}
    replies.write(json.dumps(reply) + "\\n")
    replies.flush()
"""

BLENDERS = ("blender", "bpy")


def command_of(kind: str) -> list[str] | None:
    """How to start the program of Blender itself, or Python with the module bpy (MIEN_BPY says
    which Python); None: it is not installed.
    """
    if kind == "bpy":
        python = os.environ.get("MIEN_BPY")
        return None if python is None else [python]
    program = shutil.which("blender")
    if program is None:
        return None
    return [program, "--background", "--factory-startup", "--python-exit-code", "1", "--python"]


class Blender:
    """A process with Blender, without window, whose settings lie in a folder."""

    def __init__(self, command: list[str], folder: Path) -> None:
        program = folder / "program.py"
        program.write_text(_PROGRAM)
        own_read, blender_write = os.pipe()
        blender_read, own_write = os.pipe()
        pipes = (blender_read, blender_write)
        self._log = folder / "log.txt"
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [*command, str(program)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                pass_fds=pipes,
                env={
                    **os.environ,
                    "MIEN_PIPES": "{} {}".format(*pipes),
                    "HOME": str(folder),
                    "BLENDER_USER_RESOURCES": str(folder),  # since 4.2
                    "BLENDER_USER_CONFIG": str(folder / "config"),
                    "BLENDER_USER_SCRIPTS": str(folder / "scripts"),
                },
            )
        for pipe in pipes:
            os.close(pipe)
        self._requests, self._replies = os.fdopen(own_write, "w"), os.fdopen(own_read)

    def run(self, code: str, **values: object) -> Any:
        """What `code` puts into `result`, as JSON carries it. values: put before it, as names."""
        given = "".join(f"{name} = {value!r}\n" for name, value in values.items())
        self._requests.write(json.dumps(given + code) + "\n")
        self._requests.flush()
        line = self._replies.readline()
        assert line, f"Blender has ended:\n{self.log()}"
        reply = json.loads(line)
        assert "error" not in reply, reply["error"] + self.log()
        return reply["result"]

    def log(self) -> str:
        """What Blender has printed."""
        return self._log.read_text("utf-8", "replace")

    def close(self) -> None:
        self._requests.close()
        self._process.wait(timeout=20)
        self._replies.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
