"""Looks: presets, and what they refuse."""

from __future__ import annotations

import pytest

from app.viewer.hair_styles import STYLES
from app.viewer.look import HAIR_STYLES, IDENTITIES, LOOKS, Look, look_named
from engine.errors import SettingsError
from models.heads.free import load_free_head


def test_presets_differ_in_face_hair_and_skin() -> None:
    assert 5 <= len(LOOKS) <= 6
    assert len({look.identity for look in LOOKS.values()}) >= 5
    assert len({look.hair for look in LOOKS.values()}) >= 4
    assert len({look.skin for look in LOOKS.values()}) >= 4


def test_presets_name_people_that_the_head_knows() -> None:
    known = {identity.name for identity in load_free_head().identities}
    assert known == set(IDENTITIES)
    assert {look.identity for look in LOOKS.values()} <= known


def test_every_hair_style_but_bald_can_be_grown() -> None:
    assert set(HAIR_STYLES) == {"bald", *STYLES}


@pytest.mark.parametrize("field", ["identity", "skin", "hair", "hair_color", "eyes", "shirt"])
def test_an_unknown_name_is_refused_in_one_line_that_lists_the_known(field: str) -> None:
    with pytest.raises(SettingsError) as caught:
        Look(**{field: "plaid"})  # type: ignore[arg-type]
    message = str(caught.value)
    assert message.startswith(f"`{field}` is 'plaid'; expected one of ")
    assert "\n" not in message


@pytest.mark.parametrize("name", ["stubble", "freckles", "lipstick"])
@pytest.mark.parametrize("value", [-0.1, 1.1, float("nan")])
def test_an_amount_outside_0_to_1_is_refused(name: str, value: float) -> None:
    with pytest.raises(SettingsError, match=name):
        Look(**{name: value})  # type: ignore[arg-type]


def test_brows_and_sliders_outside_sense_are_refused() -> None:
    with pytest.raises(SettingsError, match=r"^`brows` is 9\.0; expected 0\.3 to 2\.$"):
        Look(brows=9.0)
    with pytest.raises(SettingsError, match="finite"):
        Look(identity=(float("inf"),) * 85)


def test_a_preset_is_found_by_name_and_an_unknown_one_is_refused() -> None:
    for name, look in LOOKS.items():
        assert look_named(name) is look
    with pytest.raises(SettingsError, match="expected one of"):
        look_named("nobody")
