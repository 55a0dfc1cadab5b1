"""Errors that a person can mend. Everything else is a bug and keeps its traceback.

MienError
├── SettingsError   command line, profile
├── SourceError     camera, video, pictures, address
├── ModelError      model files and runtimes
├── OutputError     a live destination
├── RecordingError  a file that is written
└── ViewerError     display and OpenGL

Form of a message: what failed: actual; expected. What to do.
"""

from __future__ import annotations


class MienError(Exception):
    """Base of every error whose one-line message tells the user what to do."""


class SettingsError(MienError):
    """A profile or a command line that cannot be followed."""


class SourceError(MienError):
    """Pictures that cannot be opened or read."""


class ModelError(MienError):
    """A model file or runtime that is missing or wrong."""


class OutputError(MienError):
    """A live destination that cannot be opened."""


class RecordingError(MienError):
    """A recording that cannot be opened or written."""


class ViewerError(MienError):
    """A display or OpenGL context that cannot be had."""
