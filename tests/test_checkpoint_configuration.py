from __future__ import annotations

import pytest

from engine.errors import ModelError
from models.checkpoints.configuration import read_configuration
from tests.official_files import CONFIGURATION

SECTIONS = ("detail.model", "model")


def test_values_are_found_in_their_sections() -> None:
    text = CONFIGURATION.format(section="coarse", jaw="false", head="false")
    text += CONFIGURATION.format(section="detail", jaw="true", head="null")
    found = read_configuration(text.encode())
    assert found.flag("exp_deca_jaw_pose", SECTIONS) is True
    assert found.flag("exp_deca_jaw_pose", ("coarse.model",)) is False
    assert found.flag("exp_deca_global_pose", SECTIONS) is None
    assert found.text("expression_backbone", SECTIONS) == "deca_clone"
    assert found.text("deca_class", SECTIONS) == "ExpDECA"
    assert found.number("n_exp", SECTIONS) == 50
    assert found.text("n_exp", ("model",)) is None
    assert found.text("checkpoint_dir", ("inout",)) == "/not/this/machine"


def test_the_first_section_that_has_it_counts() -> None:
    found = read_configuration(b"data:\n  n_expression: 9\nmodel:\n  n_expression: 8\n")
    assert found.number("n_expression", ("model", "data")) == 8
    assert found.number("n_expression", ("none", "data")) == 9


def test_sections_end_where_the_indentation_does() -> None:
    found = read_configuration(b"model:\n  deca_cfg:\n    n: 1\n  m: 2\n\n# note\nother:\n  n: 3\n")
    assert found.values == (("model.deca_cfg.n", "1"), ("model.m", "2"), ("other.n", "3"))


@pytest.mark.parametrize("text", ["", "- a\n- b", "{a: 1}", "\t:\n::", "a" * 1000, ": :\n a"])
def test_what_is_no_such_text_has_no_values(text: str) -> None:
    assert read_configuration(text.encode()).text("model.a", SECTIONS) is None


def test_values_of_another_kind_are_refused() -> None:
    found = read_configuration(b"model:\n  a: maybe\n  b: 2.5\n")
    with pytest.raises(ModelError, match="a: 'maybe'; expected true or false"):
        found.flag("a", SECTIONS)
    with pytest.raises(ModelError, match=r"b: '2\.5'; expected a whole number"):
        found.number("b", SECTIONS)
    with pytest.raises(ModelError, match="no text"):
        read_configuration(b"\xff\xfe\x00")
    with pytest.raises(ModelError, match="bytes"):
        read_configuration(b"x" * 2_000_000)
