"""A picture of who is ahead."""

from __future__ import annotations

from dataclasses import dataclass

from moodify_core.charts.data import Bar, Ranking
from moodify_core.charts.frame import HEAD, MARGIN, TYPE, WIDTH, draw_heading, fit
from moodify_core.drawing import (
    BACKGROUND,
    HALF_CAPITAL,
    INK,
    QUIET_TEXT,
    TEXT,
    TRACK,
    Canvas,
    Type,
    box,
)
from moodify_core.legend import draw_chip
from moodify_core.moods import Mood
from moodify_core.words import ENGLISH, Words

MEDALS = ("#f2c14e", "#c9d0de", "#cf8f5f")
"""Gold, silver and bronze."""

_LINE, _TWO_LINES = 74, 106
_BELOW = 30
_APART = 44
_BADGE = 54
_NAMES = 390
"""Width of the column of names."""
_GAP = 22
_THICK = 34
_NOTE = 32
_RANK = Type(TYPE * 0.9, QUIET_TEXT, align="center", weight="bold")
_VALUE = Type(TYPE, TEXT, align="right")
_INITIAL = Type(26, INK, align="center", weight="bold")


@dataclass(frozen=True, slots=True)
class _Columns:
    """Where the columns of a ranking stand, in pixels, and what a unit of length takes."""

    badge: float
    names: float
    bars: float
    room: float
    unit: float
    nameless: str


def draw_ranking(ranking: Ranking, *, words: Words = ENGLISH) -> bytes:
    """Draw bars below one another, each with who it is about and what it means.

    Parameters
    ----------
    ranking : Ranking
    words : Words
        In which language.

    Returns
    -------
    bytes
        A PNG, 1200 pixels wide and as high as there are bars; opaque.
    """
    shown = [*ranking.bars, *([ranking.apart] if ranking.apart else [])]
    pitch = _TWO_LINES if any(bar.note for bar in shown) else _LINE
    apart = _APART if ranking.apart else 0
    canvas = Canvas(WIDTH, HEAD + len(shown) * pitch + apart + _BELOW)
    draw_heading(canvas, ranking.title, ranking.facts, ranking.mood, words)
    columns = _columns(canvas, ranking, shown)
    top = float(HEAD)
    for bar in ranking.bars:
        _draw_bar(canvas, (top, pitch), columns, bar, words)
        top += pitch
    if ranking.apart:
        _draw_dots(canvas, columns, top + apart / 2)
        _draw_bar(canvas, (top + apart, pitch), columns, ranking.apart, words)
    return canvas.png()


def _columns(canvas: Canvas, ranking: Ranking, shown: list[Bar]) -> _Columns:
    ranks = (
        canvas.measure(str(bar.badge), _RANK) for bar in shown if not isinstance(bar.badge, Mood)
    )
    badge = max(_BADGE, *ranks, 0) if shown else _BADGE
    names = MARGIN + badge + _GAP
    bars = names + _NAMES + _GAP
    values = max(canvas.measure(bar.value, _VALUE) for bar in shown)
    room = WIDTH - MARGIN - values - _GAP - bars
    full = ranking.full or max(bar.length for bar in shown) or 1
    return _Columns(badge, names, bars, room, room / full, ranking.nameless)


def _draw_bar(
    canvas: Canvas, place: tuple[float, float], columns: _Columns, bar: Bar, words: Words
) -> None:
    top, pitch = place
    middle = top + pitch / 2
    if bar.own:
        frame = box(MARGIN / 2, top + 2, WIDTH - MARGIN, pitch - 4, 18)
        canvas.fill(frame, TRACK)
        canvas.stroke(frame, QUIET_TEXT)
    _draw_badge(canvas, columns.badge, middle, bar.badge, words)
    _draw_name(canvas, columns, middle, bar)
    value = fit(canvas, bar.value, columns.room, _VALUE)
    canvas.text(WIDTH - MARGIN, middle + TYPE * HALF_CAPITAL, value, _VALUE)
    track = box(columns.bars, middle - _THICK / 2, columns.room, _THICK, _THICK / 2)
    canvas.fill(track, BACKGROUND if bar.own else TRACK)
    _draw_parts(canvas, columns, middle, bar, words)


def _draw_badge(
    canvas: Canvas, width: float, middle: float, badge: int | Mood, words: Words
) -> None:
    x = MARGIN + width / 2
    if isinstance(badge, Mood):
        draw_chip(canvas, (x - _BADGE / 2, middle - _BADGE / 2), _BADGE, badge, words)
        return
    colour = QUIET_TEXT
    if badge <= len(MEDALS):
        disc = box(x - _BADGE / 2, middle - _BADGE / 2, _BADGE, _BADGE, _BADGE / 2)
        canvas.fill(disc, MEDALS[badge - 1])
        colour = INK
    style = Type(_RANK.size, colour, align="center", weight="bold")
    canvas.text(x, middle + style.size * HALF_CAPITAL, str(badge), style)


def _draw_name(canvas: Canvas, columns: _Columns, middle: float, bar: Bar) -> None:
    left = columns.names
    style = Type(TYPE)
    shift = TYPE * 0.44 if bar.note else 0
    baseline = middle - shift + TYPE * HALF_CAPITAL
    name = fit(canvas, bar.name, _NAMES, style) or columns.nameless
    canvas.text(left, baseline, name, style)
    if bar.note:
        quiet = Type(_NOTE, QUIET_TEXT)
        below = middle + TYPE * 0.66 + _NOTE * HALF_CAPITAL
        canvas.text(left, below, fit(canvas, bar.note, _NAMES, quiet), quiet)


def _draw_parts(canvas: Canvas, columns: _Columns, middle: float, bar: Bar, words: Words) -> None:
    """Draw the pieces of a bar, from the last to the first, each over the one after it."""
    # What is there at all is seen.
    length = max(bar.length * columns.unit, _THICK)
    frame = box(columns.bars, middle - _THICK / 2, length, _THICK, _THICK / 2)
    pieces = []
    start = columns.bars
    for mood, amount in bar.parts:
        width = amount / bar.length * length if bar.length else 0
        pieces.append((mood, start, width))
        start += width
    for mood, left, width in pieces:
        if width <= 0:
            continue
        # A seam tells two pieces apart without their colours.
        seam = 3 if left > columns.bars else 0
        piece = box(left + seam, middle - _THICK / 2, max(width - seam, 0), _THICK, 0)
        canvas.fill(piece, mood.colour if mood else QUIET_TEXT, within=frame)
        if mood and len(bar.parts) > 1 and width > _INITIAL.size * 1.5:
            baseline = middle + _INITIAL.size * HALF_CAPITAL
            canvas.text(left + seam + (width - seam) / 2, baseline, words.initial(mood), _INITIAL)


def _draw_dots(canvas: Canvas, columns: _Columns, middle: float) -> None:
    for shift in (-11, 0, 11):
        dot = box(MARGIN + columns.badge / 2 - 3, middle + shift - 3, 6, 6, 3)
        canvas.fill(dot, QUIET_TEXT)
