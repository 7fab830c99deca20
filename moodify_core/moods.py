"""The five moods, in the one order that every array, table and legend uses."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum


class Mood(StrEnum):
    """A mood that a stretch of music can have.

    The order of the members is the order of the model's outputs and of every legend.
    """

    AGGRESSIVE = "aggressive"
    DRAMATIC = "dramatic"
    HAPPY = "happy"
    ROMANTIC = "romantic"
    SAD = "sad"

    @property
    def colour(self) -> str:
        """Colour of the mood as ``#rrggbb``, told apart by colour-blind eyes too."""
        return _COLOURS[self]

    @property
    def emoji(self) -> str:
        """One emoji that stands for the mood."""
        return _EMOJI[self]


MOODS: tuple[Mood, ...] = tuple(Mood)

MoodShares = Mapping[Mood, float]
"""A number in 0..1 for every mood; the numbers sum to 1."""

# The most distinct five within each mood's family of hues, found by search: every pair stays
# 30 or more apart in CIELAB (CIE 1976), in normal vision and with protanopia, deuteranopia and
# tritanopia simulated after Machado, Oliveira and Fernandes (2009), doi:10.1109/TVCG.2009.113.
# All are light enough for near-black type (WCAG 2 contrast of at least 4.5).
_COLOURS: Mapping[Mood, str] = {
    Mood.AGGRESSIVE: "#f0444a",
    Mood.DRAMATIC: "#7c6be0",
    Mood.HAPPY: "#ffdf74",
    Mood.ROMANTIC: "#e18fa6",
    Mood.SAD: "#76c3fb",
}

_EMOJI: Mapping[Mood, str] = {
    Mood.AGGRESSIVE: "🔥",
    Mood.DRAMATIC: "🎭",
    Mood.HAPPY: "☀️",
    Mood.ROMANTIC: "🌹",
    Mood.SAD: "🌧️",
}


def shares(values: Iterable[float]) -> dict[Mood, float]:
    """Pair five numbers, given in the order of `MOODS`, with their moods.

    Parameters
    ----------
    values : iterable of float, length 5

    Returns
    -------
    dict of Mood to float

    Raises
    ------
    ValueError
        If there are not exactly five values.
    """
    return {mood: float(value) for mood, value in zip(MOODS, values, strict=True)}
