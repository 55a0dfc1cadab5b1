"""The log file and what reaches the console."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest

from app import folders
from app.log import FILE_SIZE, LogFile, log_files, one_line, set_up_log


@pytest.fixture(autouse=True)
def untouched_root() -> Iterator[None]:
    """Gives the root logger its handlers, level and the warnings hook back."""
    root = logging.getLogger()
    handlers, level, show = list(root.handlers), root.level, warnings.showwarning
    yield
    for handler in list(root.handlers):
        if handler not in handlers:
            root.removeHandler(handler)
            handler.close()
    root.setLevel(level)
    logging.captureWarnings(False)
    warnings.showwarning = show


def test_a_warning_is_one_plain_line_on_the_console(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    set_up_log(tmp_path)
    logging.getLogger("app.sources.live").warning("camera %s is\nback", "Cam")
    assert capsys.readouterr().err == "camera Cam is back\n"


def test_information_and_foreign_warnings_go_to_the_file_only(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = set_up_log(tmp_path)
    logging.getLogger("app.pipeline").info("started")
    logging.getLogger("absl").warning("a library speaks")
    assert capsys.readouterr().err == ""
    assert path is not None
    text = path.read_text()
    assert "INFO app.pipeline: started" in text
    assert "WARNING absl: a library speaks" in text


def test_the_file_is_rotated_and_three_remain(tmp_path: Path) -> None:
    set_up_log(tmp_path)
    log = logging.getLogger("app.test")
    for _ in range(45):
        log.info("x" * 100_000)
    files = log_files(tmp_path)
    assert [path.name for path in files] == ["mien.log", "mien.log.1", "mien.log.2"]
    assert len(list(tmp_path.iterdir())) == 3
    assert all(path.stat().st_size <= FILE_SIZE for path in files)


def test_setting_up_twice_does_not_double_the_lines(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    set_up_log(tmp_path / "a")
    path = set_up_log(tmp_path / "b")
    logging.getLogger("app.test").warning("once")
    assert capsys.readouterr().err == "once\n"
    assert path is not None and path.read_text().count("once") == 1
    assert "once" not in (tmp_path / "a" / "mien.log").read_text()


def test_a_folder_that_cannot_be_written_is_said_and_survived(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    obstacle = tmp_path / "file"
    obstacle.write_text("")
    assert set_up_log(obstacle / "log") is None
    assert capsys.readouterr().err.count("\n") == 1
    logging.getLogger("app.test").warning("still heard")
    assert capsys.readouterr().err == "still heard\n"


def test_a_disk_that_is_full_is_said_once_and_survived(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("this system has no /dev/full")
    (tmp_path / "mien.log").symlink_to("/dev/full")
    set_up_log(tmp_path)
    log = logging.getLogger("app.test")
    log.info("nobody hears this")
    full = f"no log is written: {tmp_path}: No space left on device\n"
    assert capsys.readouterr().err == full
    log.warning("heard")
    log.info("nor this")
    assert capsys.readouterr().err == "heard\n"
    set_up_log(tmp_path / "elsewhere")  # what could not be written is no error later either
    assert capsys.readouterr().err == ""


def test_a_fault_of_our_own_in_a_log_line_keeps_its_traceback(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = LogFile(tmp_path / "mien.log")
    for text, value in (("%d faces", "two"), ("%s faces", "three")):
        file.handle(logging.LogRecord("app.test", logging.INFO, "", 0, text, (value,), None))
    file.close()
    assert "TypeError" in capsys.readouterr().err
    assert (tmp_path / "mien.log").read_text() == "three faces\n"


def test_passwords_in_addresses_reach_neither_file_nor_console(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = set_up_log(tmp_path)
    log = logging.getLogger("app.cli")
    log.info("run --source rtsp://jane:secret@cam/x?token=secret")
    log.warning("cannot open http://jane:secret@[/")
    error = capsys.readouterr().err
    assert path is not None
    text = path.read_text()
    assert "run --source rtsp://***@cam/x?***" in text
    assert "secret" not in text + error and "jane" not in text + error


def test_mien_home_gathers_all_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MIEN_HOME", str(tmp_path))
    assert folders.data_folder() == tmp_path
    assert folders.config_folder() == tmp_path / "config"
    assert folders.log_folder() == tmp_path / "log"


def test_without_mien_home_the_system_decides(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MIEN_HOME", raising=False)
    for folder in (folders.data_folder(), folders.config_folder(), folders.log_folder()):
        assert folder.is_absolute() and "mien" in folder.parts


@pytest.mark.parametrize(
    ("text", "shown"),
    [("größe.pt", "größe.pt"), ("a\nb", "a\\nb"), ("\x1b[31mred\x07", "\\x1b[31mred\\x07")],
)
def test_names_from_outside_neither_steer_the_terminal_nor_break_a_line(
    text: str, shown: str
) -> None:
    assert one_line(text) == shown
