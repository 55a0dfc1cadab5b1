import io

from app.progress import ProgressBar, clock, progress_line


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_the_line_says_share_and_time_left() -> None:
    line = progress_line("clip.mp4", 25, 100, elapsed=10.0)
    assert line.startswith("clip.mp4 [") and " 25%" in line and "0:30 left" in line
    assert progress_line("clip", 7, None, 1.0).startswith("clip  7 done")
    assert progress_line("clip", 0, 100, 0.0)  # no division by nothing
    assert "100%" in progress_line("clip", 120, 100, 1.0)  # more frames than the file said


def test_clock_counts_hours() -> None:
    assert (clock(59.6), clock(3599.0), clock(3600.0)) == ("1:00", "59:59", "1:00:00")


def test_a_bar_is_drawn_on_a_terminal_and_wiped_at_the_end() -> None:
    terminal, file = Terminal(), io.StringIO()
    for stream in (terminal, file):
        with ProgressBar("clip", 10, stream=stream) as bar:
            for _ in range(10):
                bar.advance()
    assert "clip [" in terminal.getvalue() and terminal.getvalue().endswith("\r\x1b[K")
    assert file.getvalue() == ""
