"""What all pictures of many songs share: their width, their heading, how names are cut."""

from __future__ import annotations

from moodify_core.drawing import HALF_CAPITAL, QUIET_TEXT, Canvas, Type
from moodify_core.fonts import clean_title, shorten
from moodify_core.legend import draw_chip
from moodify_core.moods import Mood
from moodify_core.words import Words

WIDTH, MARGIN = 1200, 48
SPAN = WIDTH - 2 * MARGIN
HEAD = 128
"""Height of the heading."""
TYPE = 40
"""Size of all type but the title: read on a phone, where the picture is 330 points wide."""

_TITLE = 48
_FACTS = 34
_CHIP = 60
_TOP = 36
_MOST_FACTS = 0.6


def draw_heading(canvas: Canvas, title: str, facts: str, mood: Mood | None, words: Words) -> None:
    """Write what a picture is about, and the sign of its mood before it."""
    middle = _TOP + _CHIP / 2
    left = float(MARGIN)
    if mood is not None:
        draw_chip(canvas, (left, _TOP), _CHIP, mood, words)
        left += _CHIP * 1.4
    quiet = Type(_FACTS, QUIET_TEXT, align="right")
    right = WIDTH - MARGIN
    facts = fit(canvas, facts, SPAN * _MOST_FACTS, quiet)
    canvas.text(right, middle + _FACTS * HALF_CAPITAL, facts, quiet)
    room = right - canvas.measure(facts, quiet) - _FACTS - left
    style = Type(_TITLE)
    canvas.text(left, middle + _TITLE * HALF_CAPITAL, fit(canvas, title, room, style), style)


def fit(canvas: Canvas, text: str, room: float, style: Type) -> str:
    """Return a text of strangers as it can be drawn in some room."""
    return shorten(clean_title(text), room, lambda part: canvas.measure(part, style))
