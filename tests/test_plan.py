"""Plans on disk: what makes one unfit, and that a disk or a kill never leaves half of one."""

from __future__ import annotations

import errno
import hashlib
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from engine.errors import ModelError
from engine.runtime import Tensor
from engine.runtime.plan import fault_of, relatives, remove_plan, why_build, write_card, write_plan
from engine.runtime.plan_card import (
    OutputCheck,
    PlanCard,
    PlanKey,
    card_path,
    read_card,
    tensor_text,
)

ROOT = Path(__file__).parent.parent
KEY = PlanKey("smirk", "a" * 64, "linear crop", "fp16", "rtx", "1.7.1.116", "8.0 and later")
CONTENT = b"plan" * 1000


def card(key: PlanKey = KEY, content: bytes = CONTENT) -> PlanCard:
    return PlanCard(
        key=key,
        plan_sha256=hashlib.sha256(content).hexdigest(),
        plan_bytes=len(content),
        gpu=None,
        driver=None,
        inputs=("frame uint8[?,?,3]",),
        outputs=("pose float32[1,3]",),
        checks=None,
    )


@pytest.fixture
def plan(tmp_path: Path) -> Path:
    path = tmp_path / KEY.file
    write_plan(path, CONTENT, card())
    return path


def test_what_is_written_is_read_back(plan: Path) -> None:
    assert plan.read_bytes() == CONTENT
    assert read_card(plan) == card()
    assert fault_of(plan, KEY) is None
    run = replace(card(), checks=(OutputCheck("pose", 1e-4, 0.1, 0.015),))
    write_card(plan, run)
    assert read_card(plan) == run
    assert (card().state, run.state) == ("not yet run", "checked against ONNX Runtime")


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"network": "deca"}, "network smirk, now deca"),
        ({"onnx_sha256": "b" * 64}, "another model file"),
        ({"recipe": "cubic crop"}, "crop and outputs: linear crop, now cubic crop"),
        ({"precision": "fp32"}, "fp16, now fp32"),
        ({"version": "1.8"}, "TensorRT-RTX 1.7.1.116, now TensorRT-RTX 1.8"),
        ({"flavour": "full"}, "TensorRT-RTX 1.7.1.116, now TensorRT 1.7.1.116"),
        ({"target": "7.5"}, "for 8.0 and later, now 7.5"),
        ({"format": 2}, "format 1, now 2"),
    ],
)
def test_a_plan_of_something_else_is_unfit(
    plan: Path, change: dict[str, str | int], told: str
) -> None:
    other = replace(KEY, **change)  # type: ignore[arg-type]
    assert other.file != KEY.file
    assert fault_of(plan, other) == f"{plan.name} was made from something else: {told}"


def test_a_damaged_plan_is_unfit(plan: Path) -> None:
    content = bytearray(CONTENT)
    content[2000] ^= 1
    plan.write_bytes(content)
    assert "is damaged: 4000 bytes" in str(fault_of(plan, KEY))
    plan.write_bytes(CONTENT[:1000])
    assert "is damaged: 1000 bytes" in str(fault_of(plan, KEY))


@pytest.mark.parametrize("text", ["", "{", "[]", '{"key": 3}', '{"key": {}}', "\xff"])
def test_a_card_that_cannot_be_read_makes_a_plan_unfit(plan: Path, text: str) -> None:
    card_path(plan).write_text(text, "latin-1")
    assert fault_of(plan, KEY) == f"{plan.name} has no readable card beside it"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"plan_bytes": 4000', '"plan_bytes": "abc"'),
        ('"flavour": "rtx"', '"flavour": "rtx2"'),
        ('"flavour": "rtx"', '"flavour": ["rtx"]'),
        ('"precision": "fp16"', '"precision": "int8"'),
        ('"target": "8.0 and later"', '"target": 7'),
        ('"format": 1', '"format": null'),
        ('"frame uint8[?,?,3]"', "1"),
        ('"checks": null', '"checks": []'),
        ('"checks": null', '"checks": [{"name": "pose", "error": "x"}]'),
        (
            '"checks": null',
            '"checks": [{"name": "pose", "error": 9, "spread": 1, "tolerance": 0.1}]',
        ),
        ('"gpu": null', '"gpu": 3'),
        (
            '"checks": null',
            f'"checks": [{{"name": "pose", "error": 1{"0" * 400}, "spread": 1, "tolerance": 1}}]',
        ),
        ('"plan_sha256": "', '"plan_sha256": 7, "was": "'),
    ],
)
def test_a_card_that_says_nonsense_makes_a_plan_unfit(plan: Path, old: str, new: str) -> None:
    text = card_path(plan).read_text()
    assert text.count(old) == 1
    card_path(plan).write_text(text.replace(old, new))
    assert fault_of(plan, KEY) == f"{plan.name} has no readable card beside it"
    assert why_build(plan.with_name("new.plan"), plan.parent, replace(KEY, version="1.8")) == (
        "there is none yet"
    )


def test_a_card_of_lists_in_lists_makes_a_plan_unfit(plan: Path) -> None:
    card_path(plan).write_text("[" * 100_000)
    assert read_card(plan) is None


def test_a_card_of_a_later_mien_makes_a_plan_unfit(plan: Path) -> None:
    text = card_path(plan).read_text()
    card_path(plan).write_text(text.replace('"recipe"', '"fumes": 3, "recipe"'))
    assert read_card(plan) is None


def test_the_reason_to_build_names_what_changed(plan: Path) -> None:
    folder = plan.parent
    assert why_build(plan, folder, KEY) is None
    newer = replace(KEY, version="1.8")
    assert relatives(folder, newer) == [plan]
    told = why_build(folder / newer.file, folder, newer)
    assert told == "TensorRT-RTX 1.7.1.116, now TensorRT-RTX 1.8"
    other = replace(KEY, network="deca")
    assert why_build(folder / other.file, folder, other) == "there is none yet"
    remove_plan(plan)
    assert list(folder.iterdir()) == []


def test_a_full_disk_leaves_nothing_and_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(ModelError, match=r"cannot write the plan .*: No space left.*0\.0 MB"):
        write_plan(tmp_path / KEY.file, CONTENT, card())
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_leaves_the_former_plan(plan: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(ModelError, match="No space left"):
            write_plan(plan, b"other", card(content=b"other"))
    assert fault_of(plan, KEY) is None


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(ModelError, match="cannot write the plan"):
        write_plan(tmp_path / "file" / KEY.file, CONTENT, card())


KILLED_WRITER = """
import os, sys, time
from pathlib import Path
from tests.test_plan import KEY, CONTENT, card
from engine.runtime.plan import write_plan

if sys.argv[2] == "named":
    del os.O_TMPFILE  # as on other systems than Linux

def stuck(_):
    print("writing", flush=True)
    time.sleep(60)

os.fsync = stuck
write_plan(Path(sys.argv[1]) / KEY.file, CONTENT, card())
"""


@contextmanager
def stuck_writer(folder: Path, kind: str) -> Iterator[subprocess.Popen[bytes]]:
    """A process that is writing a plan; it is killed in the end."""
    command = [sys.executable, "-c", KILLED_WRITER, str(folder), kind]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=ROOT) as writer:
        try:
            assert writer.stdout is not None
            assert writer.stdout.readline() == b"writing\n"
            yield writer
        finally:
            writer.kill()


@pytest.mark.skipif(sys.platform != "linux", reason="Linux alone has files without names")
def test_a_killed_writer_leaves_nothing(tmp_path: Path) -> None:
    with stuck_writer(tmp_path, "unnamed"):
        assert list(tmp_path.iterdir()) == []
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(os.name != "posix", reason="asks for processes as POSIX does")
def test_what_a_killed_writer_left_goes_with_the_next_plan(tmp_path: Path) -> None:
    with stuck_writer(tmp_path, "named"):
        (part,) = tmp_path.iterdir()
        write_plan(tmp_path / "other.plan", CONTENT, card())
        assert part.exists()  # its writer lives
    assert part.exists() and not (tmp_path / KEY.file).exists()
    write_plan(tmp_path / KEY.file, CONTENT, card())
    names = {path.name for path in tmp_path.iterdir()}
    assert names == {"other.plan", "other.plan.json", KEY.file, f"{KEY.file}.json"}


@pytest.mark.parametrize("named", [False, True])
def test_plans_are_whole_however_they_were_written(
    named: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if named:
        monkeypatch.delattr(os, "O_TMPFILE", raising=False)
    for content in (CONTENT, b"another"):
        write_plan(tmp_path / KEY.file, content, card(content=content))
        assert fault_of(tmp_path / KEY.file, KEY) is None
    assert len(list(tmp_path.iterdir())) == 2


def test_tensors_are_told_with_their_types_and_sizes() -> None:
    assert tensor_text(Tensor("frame", (None, None, 3), np.dtype(np.uint8))) == "frame uint8[?,?,3]"
