"""The colours of the moods, for all eyes and under type."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from moodify_core.drawing import BACKGROUND, INK, QUIET_TEXT, TEXT
from moodify_core.moods import MOODS, Mood, shares

# Severity 1.0, for linear RGB: Machado, Oliveira and Fernandes (2009), "A Physiologically-based
# Model for Simulation of Color Vision Deficiency", doi:10.1109/TVCG.2009.113, its table.
VISION = {
    "normal": np.eye(3),
    "protanopia": np.array(
        [
            [0.152286, 1.052583, -0.204868],
            [0.114503, 0.786281, 0.099216],
            [-0.003882, -0.048116, 1.051998],
        ]
    ),
    "deuteranopia": np.array(
        [
            [0.367322, 0.860646, -0.227968],
            [0.280085, 0.672501, 0.047413],
            [-0.011820, 0.042940, 0.968881],
        ]
    ),
    "tritanopia": np.array(
        [
            [1.255528, -0.076749, -0.178779],
            [-0.078411, 0.930809, 0.147602],
            [0.004733, 0.691367, 0.303900],
        ]
    ),
}

# sRGB to CIE XYZ, D65 (IEC 61966-2-1).
XYZ = np.array(
    [
        [0.4124564, 0.3575761, 0.1804375],
        [0.2126729, 0.7151522, 0.0721750],
        [0.0193339, 0.1191920, 0.9503041],
    ]
)
WHITE = XYZ.sum(axis=1)


def linear(colour: str) -> np.ndarray:
    """Linear RGB, 0..1, of ``#rrggbb``."""
    rgb = np.array([int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)])
    return np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)


def lab(rgb: np.ndarray) -> np.ndarray:
    """CIELAB of linear RGB."""
    ratio = XYZ @ rgb / WHITE
    x, y, z = np.where(ratio > 216 / 24389, np.cbrt(ratio), (24389 / 27 * ratio + 16) / 116)
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


def contrast(first: str, second: str) -> float:
    """Contrast ratio of two colours after WCAG 2."""
    low, high = sorted(float(XYZ[1] @ linear(colour)) for colour in (first, second))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("vision", VISION)
def test_all_colours_are_told_apart_by_all_eyes(vision: str) -> None:
    seen = {mood: lab(np.clip(VISION[vision] @ linear(mood.colour), 0, 1)) for mood in MOODS}
    distances = {
        (first, second): float(np.linalg.norm(seen[first] - seen[second]))
        for first, second in combinations(MOODS, 2)
    }
    assert min(distances.values()) >= 30, distances


def test_the_measure_of_distance_tells_red_from_green_only_in_normal_vision() -> None:
    red, green = linear("#b05a3c"), linear("#7a7a32")
    normal = np.linalg.norm(lab(red) - lab(green))
    matrix = VISION["deuteranopia"]
    blind = np.linalg.norm(lab(np.clip(matrix @ red, 0, 1)) - lab(np.clip(matrix @ green, 0, 1)))
    assert blind < normal / 2


def test_contrast_is_that_of_wcag() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("mood", MOODS)
def test_colours_carry_type_and_stand_out_from_the_ground(mood: Mood) -> None:
    assert contrast(INK, mood.colour) >= 4.5
    assert contrast(mood.colour, BACKGROUND) >= 3


@pytest.mark.parametrize("colour", [TEXT, QUIET_TEXT])
def test_type_stands_out_from_the_ground(colour: str) -> None:
    assert contrast(colour, BACKGROUND) >= 4.5


def test_shares_pair_moods_in_order_and_refuse_other_lengths() -> None:
    assert shares([0.1, 0.2, 0.3, 0.4, 0.0])[Mood.HAPPY] == 0.3
    with pytest.raises(ValueError, match="zip"):
        shares([0.5, 0.5])


def test_initials_are_distinct() -> None:
    assert len({mood.value[0] for mood in MOODS}) == len(MOODS)
