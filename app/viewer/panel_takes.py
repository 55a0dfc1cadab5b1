"""Of the control panel: the button that records, where the files go and what they are."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from app.actions import SetOptions, SetRecording
from app.statistics import Situation, Statistics
from app.viewer import controls
from app.viewer.asked import Asked
from app.viewer.recording_mark import running_time
from app.viewer.typed_text import TypedText

FORMAT_TITLES = (
    ("csv", "CSV: Live Link Face"),
    ("jsonl", "JSON lines"),
    ("glb", "GLB: animated head"),
    ("usd", "USD"),
    ("usda", "USD text"),
    ("usdc", "USD, small"),
    ("bvh", "BVH: head"),
    ("npz", "NPZ: numbers"),
    ("mkv", "MKV: camera picture"),
    ("wav", "WAV: voice"),
)
SHOWN = 3  # newest files


class TakeGroup:
    """It remembers a name and a folder that are being typed."""

    def __init__(self) -> None:
        self._slate, self._folder = TypedText(), TypedText()

    def draw(self, statistics: Statistics, situation: Situation, asked: Asked) -> None:
        controls.title("Recording")
        on = statistics.recording
        label = (
            f"Stop  {running_time(statistics.recording_seconds)}##record"
            if on
            else "Record a take##record"
        )
        if controls.button(label, chosen=on):
            asked.actions.append(SetRecording(not on))
        if statistics.recording_fault:
            controls.fault(statistics.recording_fault)
        newest = statistics.recordings[-SHOWN:]
        for recording in newest:
            controls.note(f"{Path(recording.name).name}: {recording.rows} rows")
        if newest:
            controls.note(f"in {Path(newest[-1].name).parent}")
        if controls.more("Files of a take"):
            self._draw_files(situation, asked)

    def _draw_files(self, situation: Situation, asked: Asked) -> None:
        options = situation.options
        made = replace(
            options, takes_formats=controls.toggles(FORMAT_TITLES, options.takes_formats)
        )
        slate = self._slate.draw("Name", "take", made.takes_slate)
        folder = self._folder.draw("Folder", situation.takes_folder, made.takes_folder)
        made = replace(made, takes_slate=slate, takes_folder=folder)
        if not made.takes_formats:
            controls.fault("A take needs one kind of file.")
        elif made != options:
            asked.actions.append(SetOptions(made))
