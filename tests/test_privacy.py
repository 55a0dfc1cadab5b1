"""What is personal stays on the computer: addresses in messages, and the support file."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from app.privacy import Anonymiser, local_anonymiser, masked_url

JANE = Anonymiser(
    folders=(("/home/jane/venv", "<python>"), ("/home/jane", "~")),
    names=("jane-laptop.local", "jane-laptop", "Jane Doe", "jane"),
    kept=frozenset({"5.0.0.93", "127.0.0.1"}),
)


@pytest.mark.parametrize(
    ("url", "masked"),
    [
        ("rtsp://cam.local/live", "rtsp://cam.local/live"),
        ("rtsp://me:pass@cam:554/live", "rtsp://***@cam:554/live"),
        ("rtsp://me:p@ss:w@cam/live", "rtsp://***@cam/live"),
        ("https://cam/x?token=1#part", "https://cam/x?***"),
        ("udp://@:5000", "udp://***@:5000"),
    ],
)
def test_secrets_in_addresses_are_masked(url: str, masked: str) -> None:
    assert masked_url(url) == masked


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("run --source /home/jane/Videos/wedding.mp4 --loop", "run --source <path>.mp4 --loop"),
        ("run --source '/home/jane/My Videos/a b.mp4'", "run --source '<path>.mp4'"),
        ('spec = "wedding of Jane.mov"', 'spec = "<file>.mov"'),
        ("--record wedding.csv --seconds 5", "--record <file>.csv --seconds 5"),
        ("C:\\Users\\jane\\take.csv gone", "<path>.csv gone"),
        ('File "/home/jane/venv/lib/app/x.py", line 3', 'File "<python>/lib/app/x.py", line 3'),
        ("no permission to open /dev/video0.", "no permission to open /dev/video0."),
        ("/dev/v4l/by-id/usb-046d_C920_8A3F2B1C-video-index0", "<device>"),
        ("\\\\?\\usb#vid_046d&pid_082d#7&2a1b#{65e8773d}", "<device>"),
        ("rtsp://jane:pw@10.1.2.3/live?x=1", "rtsp://<address>"),
        ("vmc 192.168.1.20:39539: nobody listens", "vmc <address>:39539: nobody listens"),
        ('outputs = ["vmc:192.168.1.20:39540"]', 'outputs = ["vmc:<address>:39540"]'),
        (
            "--output vmc:studio-pc --output osc:den:9000",
            "--output vmc:<address> --output osc:<address>:9000",
        ),
        ("vmc studio-pc:39539: cannot send", "vmc <address>:39539: cannot send"),
        ('outputs = ["vmc", "osc"] via vmc 127.0.0.1:39539 osc:localhost', None),
        ("fe80::1c2d:3eff:fe4f:5a6b and 2001:db8::1", "<address> and <address>"),
        ("00:1b:44:11:3a:b7", "<number>"),
        ("camera 0x1410000005ac8511", "camera <number>"),
        ("GPU-5e3c0f5c-1f2e-4d1a-9b0a-0123456789ab", "GPU-<number>"),
        ("write to jane.doe@example.org", "write to <mail>"),
        ("camera Jane's Phone on Jane-Laptop", "camera <name>'s Phone on <name>"),
        (
            "cannot find host 'studio-pc': no such name",
            "cannot find host '<address>': no such name",
        ),
        ("sent to annas-mac.local and pi.fritz.box:80", "sent to <address> and <address>:80"),
        ("2026-11-21 05:38:28,123 INFO app.x: 29.9 pictures/s", None),
        ("opencv-python 5.0.0.93, numpy 2.4.6, mediapipe 0.10.31", None),
        ("janet is another word", None),
    ],
)
def test_what_is_personal_is_masked_and_the_rest_stays(text: str, cleaned: str | None) -> None:
    assert JANE.clean(text) == (text if cleaned is None else cleaned)


def test_this_computers_own_names_and_folders_are_known() -> None:
    clean = local_anonymiser(()).clean
    home = str(Path.home())
    assert home not in clean(f"{home}/secret/x.toml is missing")
    assert "<mien>/app/log.py" in clean(str(Path(__file__).parents[1] / "app" / "log.py"))
    node = os.uname().nodename
    assert node not in clean(f"host {node} here") or len(node) < 2
