"""A picture of how the mood of many songs moves from week to week."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

import numpy as np
from matplotlib.path import Path
from numpy.typing import NDArray

from moodify_core.charts.data import Weeks
from moodify_core.charts.frame import (
    HEAD,
    MARGIN,
    SPAN,
    WIDTH,
    draw_heading,
    fit,
)
from moodify_core.drawing import (
    HALF_CAPITAL,
    INK,
    QUIET_TEXT,
    TRACK,
    WAVE,
    Canvas,
    Type,
    box,
)
from moodify_core.legend import Legend, draw_legend
from moodify_core.moods import MOODS, Mood
from moodify_core.rows import draw_bands
from moodify_core.words import ENGLISH, Words

_HEIGHT = 760
_LEGEND = (46, 32)
"""Sizes of signs and names."""
_STACK = (262, 556)
"""Top and bottom; the same for the bars of songs."""
_BARS = (612, 678)
_BARS_LABEL = 598
_AXIS = 728
_LABEL = Type(34, QUIET_TEXT, align="center")
_SMALL = Type(32, QUIET_TEXT)
_NAME = Type(34, INK, align="center")
_ASIDE = 0.02
"""Pixels of height that a pixel away from the middle is worth."""
_SAMPLES = 9
"""Places along a name at which the height of its area is looked at."""
_LOWEST = 40
"""Height of an area, in pixels, from which on it is named."""

_Floats = NDArray[np.float64]


def draw_weeks(weeks: Weeks, *, words: Words = ENGLISH) -> bytes:
    """Draw the shares of the moods stacked over the weeks, and how many songs each week had.

    Weeks of silence are left open.

    Parameters
    ----------
    weeks : Weeks
    words : Words
        In which language.

    Returns
    -------
    bytes
        A PNG of 1200 x 760 pixels; opaque.
    """
    canvas = Canvas(WIDTH, _HEIGHT)
    draw_heading(canvas, weeks.title, weeks.facts, None, words)
    ahead = max(MOODS, key=lambda mood: weeks.mix[mood])
    place = Legend(MARGIN, HEAD + 4, SPAN)
    draw_legend(canvas, place, _LEGEND, weeks.mix, ahead, words)
    top, bottom = _STACK
    canvas.fill(box(MARGIN, top, SPAN, bottom - top, 12), TRACK)
    seconds = np.array([[week.seconds[mood] for mood in MOODS] for week in weeks.weeks], float)
    for first, values in _stretches(seconds):
        _draw_stretch(canvas, first, values, len(weeks.weeks), words)
    _draw_songs(canvas, weeks)
    _draw_dates(canvas, weeks)
    return canvas.png()


def _stretches(seconds: _Floats) -> Iterator[tuple[int, _Floats]]:
    """Yield weeks with songs that follow each other: the first one's number, their shares."""
    totals = seconds.sum(axis=1)
    for heard, group in groupby(range(len(seconds)), key=lambda week: totals[week] > 0):
        if heard:
            numbers = list(group)
            rows = seconds[numbers]
            yield numbers[0], rows / rows.sum(axis=1, keepdims=True)


def _draw_stretch(canvas: Canvas, first: int, shares: _Floats, weeks: int, words: Words) -> None:
    top, bottom = _STACK
    pitch = SPAN / weeks
    left, right = MARGIN + first * pitch, MARGIN + (first + len(shares)) * pitch
    middles = left + (np.arange(len(shares)) + 0.5) * pitch
    x = np.array([left, *middles, right])
    levels = np.cumsum(np.vstack([shares[:1], shares, shares[-1:]])[:, :-1], axis=1)
    boundaries = top + (bottom - top) * levels.T
    frame = box(MARGIN, top, SPAN, bottom - top, 12)
    edges = [(left, top), (right, top), (right, bottom), (left, bottom), (left, top)]
    canvas.fill(Path(edges, closed=True), MOODS[-1].colour, within=frame)
    draw_bands(canvas, x, boundaries, top, frame)
    limits = np.vstack([np.full(len(x), top), boundaries, np.full(len(x), bottom)])
    for number, mood in enumerate(MOODS):
        _draw_area_name(canvas, mood, x, limits[number : number + 2], words)


def _draw_area_name(canvas: Canvas, mood: Mood, x: _Floats, limits: _Floats, words: Words) -> None:
    """Name an area at the place where a name has the most room, if it has enough."""
    for label in words.labels(mood):
        half = canvas.measure(label, _NAME) / 2 + 14
        places = np.arange(x[0] + half, x[-1] - half, 4)
        if not len(places):
            continue
        # The area has to be high enough for the whole width of the name.
        across = places + np.linspace(-half, half, _SAMPLES)[:, None]
        upper = np.interp(across, x, limits[0]).max(axis=0)
        lower = np.interp(across, x, limits[1]).min(axis=0)
        # Of places with about the same room the one nearest to the middle.
        aside = np.abs(places - (x[0] + x[-1]) / 2)
        best = int(np.argmax(lower - upper - aside * _ASIDE))
        if lower[best] - upper[best] >= _LOWEST:
            middle = (lower[best] + upper[best]) / 2
            canvas.text(places[best], middle + _NAME.size * HALF_CAPITAL, label, _NAME)
            return


def _draw_songs(canvas: Canvas, weeks: Weeks) -> None:
    top, bottom = _BARS
    canvas.text(MARGIN, _BARS_LABEL, fit(canvas, weeks.songs, SPAN, _SMALL), _SMALL)
    pitch = SPAN / len(weeks.weeks)
    width = min(max(pitch * 0.7, 3), 90)
    most = max(week.songs for week in weeks.weeks) or 1
    bars = [
        box(
            MARGIN + (number + 0.5) * pitch - width / 2,
            bottom - height,
            width,
            height,
            min(width / 4, 10),
        )
        for number, week in enumerate(weeks.weeks)
        if (height := max((bottom - top) * week.songs / most, 4 if week.songs else 0))
    ]
    if bars:
        canvas.fill(Path.make_compound_path(*bars), WAVE)


def _draw_dates(canvas: Canvas, weeks: Weeks) -> None:
    """Write as many dates as have room, at equal distances that end at the last week."""
    count = len(weeks.weeks)
    pitch = SPAN / count
    widest = max(canvas.measure(week.label, _LABEL) for week in weeks.weeks)
    step = int(-(-(widest * 1.35) // pitch))
    free_to = float(WIDTH)
    for number in range(count - 1, -1, -step):
        label = weeks.weeks[number].label
        half = canvas.measure(label, _LABEL) / 2
        x = min(max(MARGIN + (number + 0.5) * pitch, MARGIN + half), WIDTH - MARGIN - half)
        # The last one was moved to keep within the picture.
        if x + half <= free_to:
            canvas.text(x, _AXIS, label, _LABEL)
            free_to = x - half - _LABEL.size / 2
