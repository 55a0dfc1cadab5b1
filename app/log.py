"""The log: everything into a rotating file, warnings also to the console in one plain line each."""

from __future__ import annotations

import contextlib
import logging
import sys
from logging.handlers import RotatingFileHandler
from pathlib import Path

from app.privacy import without_passwords

FILE_NAME = "mien.log"
FILE_SIZE = 1_000_000  # bytes; with its two predecessors 3 MB at most
FILE_COUNT = 3
FILE_FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"

OURS = ("app", "engine", "models")  # loggers are named after their modules


class ConsoleHandler(logging.StreamHandler):  # type: ignore[type-arg]  # generic in the stubs only
    """Writes the bare message to whatever `sys.stderr` is at that moment."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write one line. A traceback is for the file."""
        self.stream = sys.stderr
        super().emit(record)

    def format(self, record: logging.LogRecord) -> str:
        """The message alone, in one line."""
        return one_line(without_passwords(" ".join(record.getMessage().split())))


class LogFile(RotatingFileHandler):
    """Writes until the system refuses, as a full disk does: says so once, then writes no more."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, maxBytes=FILE_SIZE, backupCount=FILE_COUNT - 1, encoding="utf-8")
        self._refused = False

    def emit(self, record: logging.LogRecord) -> None:
        """Write one record."""
        if not self._refused:
            super().emit(record)

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802  # logging's name
        """Called where a record could not be written. Any other fault keeps its traceback."""
        error = sys.exc_info()[1]
        if not isinstance(error, OSError):
            super().handleError(record)
            return
        self._refused = True
        stream, self.stream = self.stream, None
        with contextlib.suppress(OSError):  # it still holds what could not be written
            if stream is not None:
                stream.close()
        _tell_of_no_log(Path(self.baseFilename).parent, error)


class FileFormatter(logging.Formatter):
    """Time, level and module before the message; addresses without their passwords."""

    def format(self, record: logging.LogRecord) -> str:
        """One record, with its traceback."""
        return without_passwords(super().format(record))


class OursOnly(logging.Filter):
    """Lets our own records pass: what libraries say is for the file."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether one of our modules wrote this."""
        return record.name.partition(".")[0] in OURS


def one_line(text: str) -> str:
    """What comes out of files and names must not steer a terminal, nor break a line in two."""
    return "".join(sign if sign.isprintable() else ascii(sign)[1:-1] for sign in text)


def set_up_log(folder: Path) -> Path | None:
    """Start logging into `folder`; returns the file, or None if none can be written there.

    May be called again: earlier handlers of ours are replaced.
    """
    root = logging.getLogger()
    root.setLevel(logging.INFO)
    for handler in list(root.handlers):
        if isinstance(handler, ConsoleHandler | LogFile):
            root.removeHandler(handler)
            handler.close()
    console = ConsoleHandler()
    console.setLevel(logging.WARNING)
    console.addFilter(OursOnly())
    root.addHandler(console)
    path = folder / FILE_NAME
    try:
        folder.mkdir(parents=True, exist_ok=True)
        file = LogFile(path)
    except OSError as error:
        _tell_of_no_log(folder, error)
        return None
    file.setFormatter(FileFormatter(FILE_FORMAT))
    root.addHandler(file)
    logging.captureWarnings(True)
    return path


def _tell_of_no_log(folder: Path, error: OSError) -> None:
    logging.getLogger(__name__).warning("no log is written: %s: %s", folder, error.strerror)


def log_files(folder: Path) -> tuple[Path, ...]:
    """The log and its predecessors, newest first."""
    names = [FILE_NAME, *(f"{FILE_NAME}.{number}" for number in range(1, FILE_COUNT))]
    return tuple(path for path in (folder / name for name in names) if path.is_file())
