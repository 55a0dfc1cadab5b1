import numpy as np
import pytest

from engine.data import Frame
from tests.faces import observation
from tests.states import face


def test_wrong_shapes_are_refused_where_they_are_made() -> None:
    from dataclasses import replace

    with pytest.raises(ValueError, match=r"weights must have shape \(52,\), got \(51,\)"):
        replace(observation(), weights=np.zeros(51))
    with pytest.raises(ValueError, match=r"landmarks must have shape \(478, 3\), got \(468, 3\)"):
        replace(face(), landmarks=np.zeros((468, 3)))
    assert replace(face(), landmarks=None).landmarks is None


@pytest.mark.parametrize(
    "image", [np.zeros((4, 4)), np.zeros((4, 4, 4), np.uint8), np.zeros((4, 4, 3), np.uint16)]
)
def test_a_frame_is_three_channels_of_bytes(image: np.ndarray) -> None:  # type: ignore[type-arg]
    with pytest.raises(ValueError, match="uint8"):
        Frame(image, 0.0, 0.0, 0)
