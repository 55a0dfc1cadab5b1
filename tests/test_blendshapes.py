from engine.blendshapes import BLENDSHAPES, INDEX, MIRRORED, other_side, pascal_case


def test_there_are_52_different_names() -> None:
    assert len(BLENDSHAPES) == len(set(BLENDSHAPES)) == 52


def test_order_is_the_live_link_packet() -> None:
    # protocol table of PyLiveLinkFace's FaceBlendShape enum, at the places where orders differ
    assert [BLENDSHAPES[i] for i in (0, 13, 15, 16, 21, 22, 51)] == [
        "eyeBlinkLeft",
        "eyeWideRight",
        "jawLeft",
        "jawRight",
        "mouthLeft",
        "mouthRight",
        "tongueOut",
    ]


def test_every_paired_name_has_its_other_side() -> None:
    assert all(other_side(name) in INDEX for name in BLENDSHAPES)
    assert other_side("jawOpen") == "jawOpen"
    assert other_side("eyeLookInLeft") == "eyeLookInRight"


def test_mirror_order_is_its_own_inverse() -> None:
    assert [MIRRORED[i] for i in MIRRORED] == list(range(52))


def test_pascal_case_changes_the_first_letter_only() -> None:
    assert pascal_case("mouthSmileLeft") == "MouthSmileLeft"
