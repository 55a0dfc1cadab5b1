import hashlib
from dataclasses import replace
from pathlib import Path

import pytest

from engine.errors import ModelError
from models.store import find_model, model_file, sha256_of

MODEL = model_file("face_landmarker")
HASH = "64184e229b263107bc2b804c6625db1341ff2bb731874b0bcc2fe6544e0bc9ff"
CONTENT = b"a model"
FAKE = replace(MODEL, sha256=hashlib.sha256(CONTENT).hexdigest(), bytes=len(CONTENT))


def test_the_face_model_is_found_without_network_and_is_the_right_one(tmp_path: Path) -> None:
    path = find_model(MODEL, given=None, cache=tmp_path)
    assert path is not None
    assert sha256_of(path) == MODEL.sha256 == HASH and path.stat().st_size == MODEL.bytes


def test_the_users_own_file_comes_first_and_must_be_right(tmp_path: Path) -> None:
    path = tmp_path / "mine.task"
    path.write_bytes(CONTENT)
    assert find_model(FAKE, given=path, cache=tmp_path) == path
    with pytest.raises(
        ModelError, match=r"wrong model file .*mine.task: 7 bytes, .*expected 3758596"
    ):
        find_model(MODEL, given=path, cache=tmp_path)
    with pytest.raises(ModelError, match=r"cannot read the model file .*No such file"):
        find_model(MODEL, given=tmp_path / "none.task", cache=tmp_path)


def test_the_cache_comes_before_the_distribution_unless_it_is_damaged(tmp_path: Path) -> None:
    cached = tmp_path / FAKE.file
    cached.write_bytes(CONTENT)
    assert find_model(FAKE, given=None, cache=tmp_path) == cached
    cached.write_bytes(b"damaged")
    assert find_model(FAKE, given=None, cache=tmp_path) is None
    carried = find_model(MODEL, given=None, cache=tmp_path)
    assert carried is not None and carried != cached


def test_a_file_that_is_nowhere_is_none(tmp_path: Path) -> None:
    nowhere = replace(FAKE, distribution="no-such-distribution")
    assert find_model(nowhere, given=None, cache=tmp_path / "none") is None
