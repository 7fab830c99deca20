"""A picture of how the mood of a song moves, and the same in words."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np
from matplotlib.path import Path
from numpy.typing import NDArray

from moodify_core.drawing import (
    BACKGROUND,
    HALF_CAPITAL,
    INK,
    QUIET_TEXT,
    TEXT,
    TRACK,
    WAVE,
    Canvas,
    Type,
    box,
    runs,
)
from moodify_core.figures import MOST, clock
from moodify_core.fonts import clean_title, shorten
from moodify_core.moods import MOODS, Mood
from moodify_core.result import MoodAnalysis
from moodify_core.words import ENGLISH, Words

_Floats = NDArray[np.float64]

_LONGEST_DESCRIPTION = 1024  # Discord's limit for alt text
_LONGEST_TITLE_IN_WORDS = 120
_MANY = 99_999
"""Passages that are counted at most: so much room is kept for their number."""

_STEPS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 21600, 43200)
"""Seconds between the labels of the time axis: the first that leaves them room is taken."""

# Pixels along the time axis between two points of the curves, and between two averages of
# windows: finer than this is not seen, and a song of hours costs no more than a short one.
_CURVE_STEP = 2
_AVERAGE_STEP = 4


class Layout(StrEnum):
    """Where a timeline is to be read."""

    WIDE = "wide"
    """1200 x 600 pixels, for the width of a chat."""
    PHONE = "phone"
    """1080 x 1080 pixels with larger type."""


@dataclass(frozen=True, slots=True)
class _Measures:
    """Where things stand, in pixels from the top left; text stands on its baseline."""

    width: int
    height: int
    margin: int
    title: tuple[int, int]
    """Baseline, size."""
    legend: int
    chip: int
    legend_type: int
    stack: tuple[int, int]
    """Top, bottom; the same for the next two."""
    ribbon: tuple[int, int]
    wave: tuple[int, int]
    bar: tuple[int, int]
    """Width of a bar of the waveform, and from one to the next."""
    axis: int
    label_type: int

    @property
    def span(self) -> int:
        """Width of the time axis."""
        return self.width - 2 * self.margin


_MEASURES = {
    Layout.WIDE: _Measures(
        width=1200,
        height=600,
        margin=48,
        title=(76, 46),
        legend=110,
        chip=44,
        legend_type=32,
        stack=(222, 406),
        ribbon=(416, 466),
        wave=(478, 522),
        bar=(5, 9),
        axis=566,
        label_type=32,
    ),
    Layout.PHONE: _Measures(
        width=1080,
        height=1080,
        margin=56,
        title=(112, 60),
        legend=164,
        chip=54,
        legend_type=44,
        stack=(566, 784),
        ribbon=(796, 864),
        wave=(880, 944),
        bar=(6, 11),
        axis=1012,
        label_type=44,
    ),
}


def draw_timeline(
    analysis: MoodAnalysis, title: str, *, layout: Layout = Layout.WIDE, words: Words = ENGLISH
) -> bytes:
    """Draw how the mood of a song moves.

    From top to bottom: the title, the share of each mood, the moods' probabilities stacked over
    time, a ribbon of the passages named by their mood, the waveform's envelope, the time axis.

    Parameters
    ----------
    analysis : MoodAnalysis
    title : str
        Any text. What no font can draw is left out, and what is too wide is cut.
    layout : Layout
    words : Words
        In which language.

    Returns
    -------
    bytes
        A PNG of 1200 x 600 pixels, or 1080 x 1080 for `Layout.PHONE`; opaque.
    """
    measures = _MEASURES[layout]
    canvas = Canvas(measures.width, measures.height)
    heading = clean_title(title) or words.untitled_timeline
    _draw_title(canvas, measures, heading, words.unsure if analysis.unsure else None)
    if layout is Layout.WIDE:
        _draw_legend_columns(canvas, measures, analysis, words)
    else:
        _draw_legend_rows(canvas, measures, analysis, words)
    _draw_stack(canvas, measures, analysis)
    _draw_ribbon(canvas, measures, analysis, words)
    _draw_wave(canvas, measures, analysis.waveform)
    _draw_axis(canvas, measures, analysis.duration)
    return canvas.png()


def describe_timeline(analysis: MoodAnalysis, title: str, *, words: Words = ENGLISH) -> str:
    """Say in words what the timeline of a song shows.

    Parameters
    ----------
    analysis : MoodAnalysis
    title : str
        Any text; cleaned and cut as in the picture.
    words : Words
        In which language.

    Returns
    -------
    str
        At most 1024 characters, the limit of Discord's alt text. Passages that find no room
        are counted.
    """
    name = shorten(clean_title(title), _LONGEST_TITLE_IN_WORDS, len)
    heading = words.heading if name else words.heading_untitled
    head = " ".join(
        [
            heading.format(title=name, length=clock(analysis.duration)),
            _in_the_lead(analysis, words),
            *([words.no_mood_ahead] if analysis.unsure else []),
        ]
    )
    passages = [
        words.passage.format(
            mood=words.moods[segment.mood], start=clock(segment.start), end=clock(segment.end)
        )
        for segment in analysis.segments
    ]
    frame = words.passages_cut.format(passages="", count=_MANY)
    room = _LONGEST_DESCRIPTION - len(head) - 1 - len(frame)
    shown = 0
    while (
        shown < len(passages) and (room := room - len(passages[shown]) - len(words.separator)) >= 0
    ):
        shown += 1
    pattern = words.passages_cut if shown < len(passages) else words.passages
    listed = words.separator.join(passages[:shown])
    return f"{head} {pattern.format(passages=listed, count=len(passages) - shown)}"


def _in_the_lead(analysis: MoodAnalysis, words: Words) -> str:
    """Return the sentence that tells how much of the time has which mood."""
    others = words.separator.join(
        f"{words.moods[mood]} {words.share(analysis.breakdown[mood])}"
        for mood in sorted(MOODS, key=lambda mood: -analysis.breakdown[mood])
        if mood is not analysis.dominant and analysis.breakdown[mood] > 0
    )
    share = analysis.breakdown[analysis.dominant]
    if share < MOST:
        pattern = words.more_than_others
    else:
        pattern = words.mostly if others else words.mostly_alone
    return pattern.format(
        mood=words.moods[analysis.dominant], share=words.share(share), others=others
    )


def _draw_title(canvas: Canvas, measures: _Measures, title: str, unsure: str | None) -> None:
    baseline, size = measures.title
    room = float(measures.span)
    if unsure is not None:
        style = Type(measures.label_type, QUIET_TEXT, align="center")
        width = canvas.measure(unsure, style) + style.size * 1.3
        left = measures.width - measures.margin - width
        middle = baseline - size * 0.36
        pill = box(left, middle - style.size * 0.75, width, style.size * 1.5, style.size)
        canvas.stroke(pill, QUIET_TEXT)
        canvas.text(left + width / 2, middle + style.size * 0.31, unsure, style)
        room -= width + size * 0.75
    style = Type(size)
    shown = shorten(title, room, lambda text: canvas.measure(text, style))
    canvas.text(measures.margin, baseline, shown, style)


def _draw_legend_columns(
    canvas: Canvas, measures: _Measures, analysis: MoodAnalysis, words: Words
) -> None:
    chip, size = measures.chip, measures.legend_type
    figures = Type(size * 1.25, weight="bold")
    # Room for any percentage, so that the columns stand in the same places in every picture.
    percentage = chip * 1.3 + canvas.measure(words.share(1), figures)
    widths = [max(canvas.measure(words.name(mood), Type(size)), percentage) for mood in MOODS]
    gap = (measures.span - sum(widths)) / (len(MOODS) - 1)
    x = float(measures.margin)
    for mood, width in zip(MOODS, widths, strict=True):
        percent = words.share(analysis.breakdown[mood])
        _draw_chip(canvas, (x, measures.legend), chip, mood, words)
        canvas.text(x + chip * 1.3, measures.legend + chip * 0.84, percent, figures)
        name = _name_type(size, mood, analysis)
        canvas.text(x, measures.legend + chip + size * 1.2, words.name(mood), name)
        x += width + gap


def _draw_legend_rows(
    canvas: Canvas, measures: _Measures, analysis: MoodAnalysis, words: Words
) -> None:
    chip, size = measures.chip, measures.legend_type
    figures = Type(size, align="right", weight="bold")
    right = measures.width - measures.margin
    names = measures.margin + chip * 1.45
    bars = names + max(canvas.measure(words.name(mood), Type(size)) for mood in MOODS) + size
    bars_width = right - canvas.measure(words.share(1), figures) - size * 0.6 - bars
    thick = chip * 0.36
    for row, mood in enumerate(MOODS):
        top = measures.legend + row * chip * 1.42
        baseline = top + chip / 2 + size * HALF_CAPITAL
        share = analysis.breakdown[mood]
        _draw_chip(canvas, (measures.margin, top), chip, mood, words)
        canvas.text(names, baseline, words.name(mood), _name_type(size, mood, analysis))
        bar_top = top + (chip - thick) / 2
        canvas.fill(box(bars, bar_top, bars_width, thick, thick / 2), TRACK)
        if share > 0:
            length = max(bars_width * share, thick)
            canvas.fill(box(bars, bar_top, length, thick, thick / 2), mood.colour)
        canvas.text(right, baseline, words.share(share), figures)


def _name_type(size: float, mood: Mood, analysis: MoodAnalysis) -> Type:
    return Type(size, TEXT if mood is analysis.dominant else QUIET_TEXT)


def _draw_chip(
    canvas: Canvas, corner: tuple[float, float], size: float, mood: Mood, words: Words
) -> None:
    x, y = corner
    style = Type(size * 0.7, INK, align="center", weight="bold")
    canvas.fill(box(x, y, size, size, size * 0.24), mood.colour)
    baseline = y + size / 2 + style.size * HALF_CAPITAL
    canvas.text(x + size / 2, baseline, words.initial(mood), style)


def _draw_stack(canvas: Canvas, measures: _Measures, analysis: MoodAnalysis) -> None:
    top, bottom = measures.stack
    left, right = measures.margin, measures.width - measures.margin
    curves = _curves(analysis, measures.span // _CURVE_STEP + 1)
    x = np.linspace(left, right, len(curves))
    # Boundaries from the top down, in the order of the legend.
    boundaries = top + (bottom - top) * np.cumsum(curves[:, :-1], axis=1)
    frame = box(left, top, measures.span, bottom - top, 12)
    canvas.fill(frame, MOODS[-1].colour)
    # Each band is painted over the ones below it, so that no seam shines through between two.
    for mood, boundary in reversed(list(zip(MOODS, boundaries.T, strict=False))):
        band = np.column_stack([[left, *x, right], [top, *boundary, top]])
        canvas.fill(Path(band), mood.colour, within=frame)
    lines = [Path(np.column_stack([x, boundary])) for boundary in boundaries.T]
    canvas.stroke(Path.make_compound_path(*lines), BACKGROUND, within=frame)


def _draw_ribbon(canvas: Canvas, measures: _Measures, analysis: MoodAnalysis, words: Words) -> None:
    top, bottom = measures.ribbon
    style = Type(measures.label_type, INK, align="center")
    baseline = (top + bottom) / 2 + style.size * HALF_CAPITAL
    passages: dict[Mood, list[Path]] = {mood: [] for mood in MOODS}
    widths = {label: canvas.measure(label, style) for mood in MOODS for label in words.labels(mood)}
    for start, end, mood in runs(analysis, measures.span):
        # Passages stand apart, but those at the ends keep to the edges of the other rows.
        apart = 1.5 if end - start >= 12 else 0.0
        left = measures.margin + start + (apart if start else 0)
        right = measures.margin + end - (apart if end < measures.span else 0)
        width = right - left
        passages[mood].append(box(left, top, width, bottom - top, min(10, width / 4)))
        for label in words.labels(mood):
            if widths[label] + style.size * 0.5 <= width:
                canvas.text((left + right) / 2, baseline, label, style)
                break
    for mood, paths in passages.items():
        if paths:
            canvas.fill(Path.make_compound_path(*paths), mood.colour)


def _draw_wave(canvas: Canvas, measures: _Measures, waveform: Iterable[float]) -> None:
    top, bottom = measures.wave
    width, pitch = measures.bar
    bars = (measures.span + pitch - width) // pitch
    peaks = np.clip([*waveform] or [0.0], 0, 1)
    # The loudest peak of each bar; where there are more bars than peaks, the nearest peak.
    loudest = np.maximum.reduceat(peaks, np.arange(bars) * len(peaks) // bars)
    heights = np.maximum(loudest * (bottom - top), width)
    lefts = np.linspace(measures.margin, measures.width - measures.margin - width, bars)
    middle = (top + bottom) / 2
    boxes = (
        box(left, middle - height / 2, width, height, width / 2)
        for left, height in zip(lefts, heights, strict=True)
    )
    canvas.fill(Path.make_compound_path(*boxes), WAVE)


def _draw_axis(canvas: Canvas, measures: _Measures, duration: float) -> None:
    centred = Type(measures.label_type, QUIET_TEXT, align="center")
    left, right = measures.margin, measures.width - measures.margin
    start, end = clock(0), clock(duration)
    end_width = canvas.measure(end, centred)
    gap = centred.size * 1.3
    canvas.text(left, measures.axis, start, replace(centred, align="left"))
    canvas.text(right, measures.axis, end, replace(centred, align="right"))
    free_from = left + canvas.measure(start, centred) + gap
    free_to = right - end_width - gap
    most = measures.span / (end_width + 2 * gap)
    step = next((step for step in _STEPS if duration / step <= most), duration)
    for seconds in np.arange(step, duration, step):
        x = left + seconds / duration * measures.span
        label = clock(seconds)
        half = canvas.measure(label, centred) / 2
        if label != end and free_from <= x - half and x + half <= free_to:
            canvas.text(x, measures.axis, label, centred)


def _curves(analysis: MoodAnalysis, points: int) -> _Floats:
    """Return the probabilities at equally spaced times from start to end.

    Straight lines between the middles of the windows, rounded by a running weighted mean: a
    mean never goes beyond what it is taken from, and keeps the sum of the moods.

    Returns
    -------
    ndarray, shape (points, 5)
    """
    middles = np.array([(window.start + window.end) / 2 for window in analysis.windows])
    values = np.array([[window.probabilities[m] for m in MOODS] for window in analysis.windows])
    cells = np.floor(middles / analysis.duration * points * _CURVE_STEP / _AVERAGE_STEP)
    _, cell = np.unique(cells, return_inverse=True)
    counts = np.bincount(cell)
    middles = np.bincount(cell, middles) / counts
    averages = [np.bincount(cell, column) / counts for column in values.T]
    times = np.linspace(0, analysis.duration, points)
    reach = min(points // len(middles), points // 8) // 2
    kernel = np.hanning(2 * reach + 3)
    kernel /= kernel.sum()
    lines = [np.pad(np.interp(times, middles, line), reach + 1, "edge") for line in averages]
    return np.column_stack([np.convolve(line, kernel, "valid") for line in lines])
