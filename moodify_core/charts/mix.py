"""A picture of five shares, beside five others."""

from __future__ import annotations

from moodify_core.charts.data import Mix
from moodify_core.charts.frame import HEAD, MARGIN, TYPE, WIDTH, draw_heading, fit
from moodify_core.drawing import (
    BACKGROUND,
    HALF_CAPITAL,
    QUIET_TEXT,
    TEXT,
    TRACK,
    Canvas,
    Type,
    box,
)
from moodify_core.legend import draw_chip
from moodify_core.moods import MOODS
from moodify_core.words import ENGLISH, Words

_PITCH = 84
_CHIP = 54
_THICK = 36
_GAP = 26
_MARK = (10, 58)
"""Width and height of a mark."""
_LEGEND = 62
_LEGEND_TYPE = Type(34, QUIET_TEXT)
_MOST_NAMES = 320
_BELOW = 34


def draw_mix(mix: Mix, *, words: Words = ENGLISH) -> bytes:
    """Draw a bar for each mood.

    Parameters
    ----------
    mix : Mix
    words : Words
        In which language.

    Returns
    -------
    bytes
        A PNG, 1200 pixels wide; opaque.
    """
    height = HEAD + len(MOODS) * _PITCH + (_LEGEND if mix.beside else 0) + _BELOW
    canvas = Canvas(WIDTH, height)
    draw_heading(canvas, mix.title, mix.facts, None, words)
    figures = Type(TYPE, TEXT, align="right", weight="bold")
    names = Type(TYPE)
    left = MARGIN + _CHIP + _GAP
    widest = max(canvas.measure(words.name(mood), names) for mood in MOODS)
    start = left + min(widest, _MOST_NAMES) + _GAP
    room = WIDTH - MARGIN - canvas.measure(words.share(1), figures) - _GAP - start
    # A bar takes all the room at the largest share of all, so that small differences are seen.
    most = max([*mix.mix.values(), *(mix.beside or {}).values(), 0.01])
    for row, mood in enumerate(MOODS):
        middle = HEAD + (row + 0.5) * _PITCH
        baseline = middle + TYPE * HALF_CAPITAL
        share = mix.mix[mood]
        draw_chip(canvas, (MARGIN, middle - _CHIP / 2), _CHIP, mood, words)
        canvas.text(left, baseline, fit(canvas, words.name(mood), _MOST_NAMES, names), names)
        canvas.text(WIDTH - MARGIN, baseline, words.share(share), figures)
        canvas.fill(box(start, middle - _THICK / 2, room, _THICK, _THICK / 2), TRACK)
        if share > 0:
            length = max(room * share / most, _THICK)
            canvas.fill(box(start, middle - _THICK / 2, length, _THICK, _THICK / 2), mood.colour)
        if mix.beside:
            _draw_mark(canvas, start + room * mix.beside[mood] / most, middle)
    if mix.beside:
        middle = HEAD + len(MOODS) * _PITCH + _LEGEND / 2
        _draw_mark(canvas, start + _MARK[0] / 2, middle, short=True)
        text = fit(canvas, mix.mark, WIDTH - MARGIN - start - 2 * _GAP, _LEGEND_TYPE)
        baseline = middle + _LEGEND_TYPE.size * HALF_CAPITAL
        canvas.text(start + _MARK[0] + _GAP, baseline, text, _LEGEND_TYPE)
    return canvas.png()


def _draw_mark(canvas: Canvas, x: float, middle: float, *, short: bool = False) -> None:
    width, height = _MARK[0], _MARK[1] * (0.6 if short else 1)
    edge = box(x - width / 2 - 3, middle - height / 2 - 3, width + 6, height + 6, 8)
    canvas.fill(edge, BACKGROUND)
    canvas.fill(box(x - width / 2, middle - height / 2, width, height, 5), TEXT)
