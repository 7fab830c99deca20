"""The signs of the moods, and how much there is of each."""

from __future__ import annotations

from dataclasses import dataclass

from moodify_core.drawing import HALF_CAPITAL, INK, QUIET_TEXT, TEXT, Canvas, Type, box
from moodify_core.moods import MOODS, Mood, MoodShares
from moodify_core.words import Words


@dataclass(frozen=True, slots=True)
class Legend:
    """Where a legend stands: its top left, and its width."""

    left: float
    top: float
    span: float


def draw_chip(
    canvas: Canvas, corner: tuple[float, float], size: float, mood: Mood, words: Words
) -> None:
    """Draw the sign of a mood: its letter on its colour."""
    x, y = corner
    style = Type(size * 0.7, INK, align="center", weight="bold")
    canvas.fill(box(x, y, size, size, size * 0.24), mood.colour)
    baseline = y + size / 2 + style.size * HALF_CAPITAL
    canvas.text(x + size / 2, baseline, words.initial(mood), style)


def draw_legend(
    canvas: Canvas,
    place: Legend,
    sizes: tuple[float, float],
    mix: MoodShares,
    ahead: Mood,
    words: Words,
) -> None:
    """Draw a column for each mood: its sign, its share, its name.

    Parameters
    ----------
    canvas : Canvas
    place : Legend
    sizes : tuple of float
        Of the signs, and of the names.
    mix : mapping of Mood to float
        Shares of 0..1.
    ahead : Mood
        The one whose name stands out.
    words : Words
    """
    chip, size = sizes
    figures = Type(size * 1.25, weight="bold")
    # Room for any percentage, so that the columns stand in the same places in every picture.
    percentage = chip * 1.3 + canvas.measure(words.share(1), figures)
    widths = [max(canvas.measure(words.name(mood), Type(size)), percentage) for mood in MOODS]
    gap = (place.span - sum(widths)) / (len(MOODS) - 1)
    x = place.left
    for mood, width in zip(MOODS, widths, strict=True):
        draw_chip(canvas, (x, place.top), chip, mood, words)
        canvas.text(x + chip * 1.3, place.top + chip * 0.84, words.share(mix[mood]), figures)
        name = Type(size, TEXT if mood is ahead else QUIET_TEXT)
        canvas.text(x, place.top + chip + size * 1.2, words.name(mood), name)
        x += width + gap
