"""`mien listen` as a person runs it, and what it draws."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.listening import ifacialmocap, vmc
from app.listening.display import page, short_line
from app.listening.screen import page_text
from app.listening.traffic import Traffic
from app.outputs import Output, open_output, parse_output
from tests.receivers import Receiver
from tests.states import T0, face
from tests.test_listen import sent


@pytest.fixture
def home(tmp_path: Path) -> dict[str, str]:
    return {**os.environ, "MIEN_HOME": str(tmp_path)}


@pytest.fixture
def port() -> int:
    receiver = Receiver()
    receiver.close()
    return receiver.port


def listen(*arguments: str, home: dict[str, str]) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "app", "listen", *arguments],
        env=home,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def send_until_end(process: subprocess.Popen[str], output: Output, limit: float = 40.0) -> None:
    end = time.monotonic() + limit
    while process.poll() is None:
        assert time.monotonic() < end, "it does not end"
        output.send(face(timestamp=time.monotonic(), rotation=T0, jawOpen=0.42))
        time.sleep(0.02)  # another process listens: there is nothing to wait on


@pytest.fixture
def output(port: int) -> Iterator[Output]:
    with open_output(parse_output(f"vmc::{port}")) as output:
        yield output


def test_it_shows_what_arrives_and_ends_with_0(
    port: int, output: Output, home: dict[str, str]
) -> None:
    process = listen(f"vmc:{port}", "--seconds", "2.5", home=home)
    send_until_end(process, output)
    out, err = process.communicate(timeout=10)
    assert (process.returncode, err) == (0, "")
    assert "face tracked" in out and "pitch +10.0° yaw +20.0° roll +5.0°" in out
    assert "jawOpen 0.42" in out and out.endswith("nothing to complain about\n")


def test_another_protocol_is_one_line_that_names_it_and_exit_code_1(
    port: int, output: Output, home: dict[str, str]
) -> None:
    process = listen(f"osc:{port}", "--seconds", "1.5", home=home)
    send_until_end(process, output)
    _, err = process.communicate(timeout=10)
    assert process.returncode == 1 and err.count("\n") == 1
    assert (
        f"none was understood; expected osc. It looks like vmc: try `mien listen vmc:{port}`" in err
    )


def test_silence_is_one_line_with_what_to_do_and_exit_code_1(
    port: int, home: dict[str, str]
) -> None:
    process = listen(f"livelink:{port}", "--seconds", "0.2", home=home)
    _, err = process.communicate(timeout=40)
    assert process.returncode == 1 and err.count("\n") == 1
    assert f"nothing arrived at port {port}" in err and "firewall" in err and "sender" in err


def test_a_taken_port_is_one_line_with_what_to_do_and_exit_code_1(home: dict[str, str]) -> None:
    receiver = Receiver()
    process = listen(f"vmc:{receiver.port}", home=home)
    _, err = process.communicate(timeout=40)
    receiver.close()
    assert process.returncode == 1 and err.count("\n") == 1
    assert f"cannot listen at 0.0.0.0:{receiver.port}" in err
    assert f"mien run --output vmc::{receiver.port + 20}" in err or receiver.port > 65000


def test_the_phone_app_is_asked_for_its_data(port: int, home: dict[str, str]) -> None:
    with open_output(parse_output(f"vtsphone:127.0.0.1:{port}")) as phone:
        process = listen(f"vtsphone:{port}", "--seconds", "2.5", home=home)
        send_until_end(process, phone)
        out, err = process.communicate(timeout=10)
    assert (process.returncode, err) == (0, "")
    assert "jawOpen 0.42" in out


def test_an_unfinished_check_is_told_and_is_exit_code_1(
    port: int, output: Output, home: dict[str, str]
) -> None:
    process = listen(f"vmc:{port}", "--check", "--seconds", "4", home=home)
    send_until_end(process, output)
    out, _ = process.communicate(timeout=10)
    assert process.returncode == 1
    assert "> Look straight ahead" in out and "> 1 of 7: turn your head to your left" in out
    assert "The check was not finished: 0 of 7 steps." in out


def test_ctrl_c_ends_with_what_has_arrived(port: int, output: Output, home: dict[str, str]) -> None:
    process = listen(f"vmc:{port}", home=home)
    assert process.stdout is not None
    while "jawOpen" not in process.stdout.readline():
        output.send(face(jawOpen=0.42))
        assert process.poll() is None
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=10)
    assert (process.returncode, err) == (130, "") and "nothing to complain about" in out


def test_asking_whom_nobody_asks_is_refused(home: dict[str, str], port: int) -> None:
    process = listen(f"vmc:{port}", "--ask", "127.0.0.1", home=home)
    _, err = process.communicate(timeout=40)
    assert process.returncode == 1 and "not asked" in err and err.count("\n") == 1


def traffic_of(protocol: str = "vmc") -> Traffic:
    traffic = Traffic()
    state = face(rotation=T0, gaze=((0.1, 0.2), (0.1, 0.2)), jawOpen=0.5, tongueOut=1.0)
    for datagram in sent(protocol, state):
        traffic.add(vmc.decode(datagram), len(datagram), "127.0.0.1", 1.0)
    return traffic


def test_the_page_has_every_blendshape_as_bar_and_number_and_the_angles() -> None:
    lines = page(traffic_of(), 1.125, 120)
    text = "\n".join(lines)
    assert "newest 125 ms old" in lines[0] and "face tracked" in lines[0]
    assert re.search(r"jawOpen +#####\.\.\.\.\.  0\.50", text)
    assert re.search(r"tongueOut +##########  1\.00", text)
    assert len(re.findall(r"[#.]{10}  [01]\.\d\d", text)) == 52
    assert "head  pitch  +10.0°  yaw  +20.0°  roll   +5.0°" in text
    assert "left eye  yaw   +5.7°  pitch  +11.5°" in text
    assert all(len(line) <= 120 for line in lines)


def test_complaints_stand_above_the_bars() -> None:
    traffic = traffic_of()
    broken = ifacialmocap.decode(b"jawOpen-170|sparkle-5|=|")
    traffic.add(broken, 20, "10.0.0.7", 1.0)
    lines = page(traffic, 1.0, 80)
    above = lines[: next(n for n, line in enumerate(lines) if "eyeBlinkLeft" in line)]
    assert "! 2 computers send to this port: stop all but one." in above
    assert "! jawOpen outside 0 to 1 ×1, last 1.7" in above
    assert "? not understood: sparkle ×1" in above
    assert "2 faults" not in short_line(traffic, 1.0) and "1 faults" in short_line(traffic, 1.0)


def test_a_page_never_outgrows_its_terminal() -> None:
    text = page_text([f"line {n} " + "x" * 200 for n in range(60)], 80, 24)
    rows = re.sub(r"\x1b\[[KJ]", "", text).split("\n")
    assert len(rows) == 24 and max(map(len, rows)) <= 80
    assert rows[-1] == "... 37 lines more: make the window larger"


@pytest.mark.skipif(not hasattr(os, "openpty"), reason="no pseudo-terminals on this system")
def test_on_a_terminal_the_page_is_drawn_over_itself_and_the_terminal_given_back(
    port: int, home: dict[str, str]
) -> None:
    terminal, end = os.openpty()
    sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    process = subprocess.Popen(
        [sys.executable, "-m", "app", "listen", f"vmc:{port}", "--seconds", "1.5"],
        env={**home, "COLUMNS": "120", "LINES": "50"},
        stdout=end,
        stderr=subprocess.PIPE,
    )
    os.close(end)
    shown = b""
    os.set_blocking(terminal, False)
    while process.poll() is None:
        for datagram in sent("vmc", face(jawOpen=0.5)):
            sender.sendto(datagram, ("127.0.0.1", port))
        shown += available(terminal)
        time.sleep(0.02)  # another process listens: there is nothing to wait on
    shown += available(terminal)
    os.close(terminal)
    sender.close()
    _, err = process.communicate(timeout=10)
    text = shown.decode()
    assert process.returncode == 0 and err == b""
    assert text.startswith("\x1b[?1049h\x1b[?25l") and "\x1b[?25h\x1b[?1049l" in text
    assert text.count("\x1b[H") >= 5 and "#####....." in text


def available(terminal: int) -> bytes:
    try:
        return os.read(terminal, 1 << 16)
    except OSError:  # nothing there, or the other end is closed
        return b""
