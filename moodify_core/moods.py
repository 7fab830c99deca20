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

_COLOURS: Mapping[Mood, str] = {
    Mood.AGGRESSIVE: "#d5491d",
    Mood.DRAMATIC: "#6b4fb0",
    Mood.HAPPY: "#f2c230",
    Mood.ROMANTIC: "#e79ac6",
    Mood.SAD: "#2f86c8",
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
