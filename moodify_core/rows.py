"""The rows of a picture that run along its time axis: moods, passages, loudness, times."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
from matplotlib.path import Path
from numpy.typing import NDArray

from moodify_core.drawing import (
    BACKGROUND,
    HALF_CAPITAL,
    INK,
    QUIET_TEXT,
    WAVE,
    Canvas,
    Type,
    box,
    runs,
)
from moodify_core.figures import clock
from moodify_core.moods import MOODS, Mood
from moodify_core.result import MoodAnalysis
from moodify_core.words import Words

_Floats = NDArray[np.float64]

_STEPS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 21600, 43200)
"""Seconds between the labels of the time axis: the first that leaves them room is taken."""

# Pixels along the time axis between two points of the curves, and between two averages of
# windows: finer than this is not seen, and a song of hours costs no more than a short one.
_CURVE_STEP = 2
_AVERAGE_STEP = 4


@dataclass(frozen=True, slots=True)
class Row:
    """A place in a picture, in pixels from its top left; the song starts and ends at its ends."""

    left: int
    top: int
    width: int
    height: int

    @property
    def right(self) -> int:
        """Where the song ends."""
        return self.left + self.width

    @property
    def bottom(self) -> int:
        """The lower edge."""
        return self.top + self.height


def draw_stack(canvas: Canvas, row: Row, analysis: MoodAnalysis) -> None:
    """Draw the probabilities of the moods, stacked."""
    top, left, right = row.top, row.left, row.right
    curves = _curves(analysis, row.width // _CURVE_STEP + 1)
    x = np.linspace(left, right, len(curves))
    # Boundaries from the top down, in the order of the legend.
    boundaries = top + row.height * np.cumsum(curves[:, :-1], axis=1)
    frame = box(left, top, row.width, row.height, 12)
    canvas.fill(frame, MOODS[-1].colour)
    draw_bands(canvas, x, boundaries.T, top, frame)


def draw_bands(canvas: Canvas, x: _Floats, boundaries: _Floats, top: float, frame: Path) -> None:
    """Draw all moods but the last, whose colour is the ground, as bands below one another.

    Parameters
    ----------
    canvas : Canvas
    x : ndarray, shape (points,)
        Pixels from the left.
    boundaries : ndarray, shape (4, points)
        Where each band ends, in pixels from the top.
    top : float
        Where the first begins.
    frame : Path
        Nothing is drawn outside of it.
    """
    # Each band is painted over the ones below it, so that no seam shines through between two.
    for mood, boundary in reversed(list(zip(MOODS, boundaries, strict=False))):
        band = np.column_stack([[x[0], *x, x[-1]], [top, *boundary, top]])
        canvas.fill(Path(band), mood.colour, within=frame)
    lines = [Path(np.column_stack([x, boundary])) for boundary in boundaries]
    canvas.stroke(Path.make_compound_path(*lines), BACKGROUND, within=frame)


def draw_ribbon(
    canvas: Canvas, row: Row, analysis: MoodAnalysis, words: Words, size: float
) -> None:
    """Draw the passages, named in type of a size where there is room."""
    style = Type(size, INK, align="center")
    baseline = row.top + row.height / 2 + style.size * HALF_CAPITAL
    passages: dict[Mood, list[Path]] = {mood: [] for mood in MOODS}
    widths = {label: canvas.measure(label, style) for mood in MOODS for label in words.labels(mood)}
    for start, end, mood in runs(analysis, row.width):
        # Passages stand apart, but those at the ends keep to the edges of the other rows.
        apart = 1.5 if end - start >= 12 else 0.0
        left = row.left + start + (apart if start else 0)
        right = row.left + end - (apart if end < row.width else 0)
        width = right - left
        passages[mood].append(box(left, row.top, width, row.height, min(10, width / 4)))
        for label in words.labels(mood):
            if widths[label] + style.size * 0.5 <= width:
                canvas.text((left + right) / 2, baseline, label, style)
                break
    for mood, paths in passages.items():
        if paths:
            canvas.fill(Path.make_compound_path(*paths), mood.colour)


def draw_wave(canvas: Canvas, row: Row, waveform: Iterable[float], bar: tuple[int, int]) -> None:
    """Draw the peaks of the waveform; `bar` is the width of one, and from one to the next."""
    width, pitch = bar
    bars = (row.width + pitch - width) // pitch
    peaks = np.clip([*waveform] or [0.0], 0, 1)
    # The loudest peak of each bar; where there are more bars than peaks, the nearest peak.
    loudest = np.maximum.reduceat(peaks, np.arange(bars) * len(peaks) // bars)
    heights = np.maximum(loudest * row.height, width)
    lefts = np.linspace(row.left, row.right - width, bars)
    middle = row.top + row.height / 2
    boxes = (
        box(left, middle - height / 2, width, height, width / 2)
        for left, height in zip(lefts, heights, strict=True)
    )
    canvas.fill(Path.make_compound_path(*boxes), WAVE)


def draw_axis(canvas: Canvas, row: Row, duration: float, size: float) -> None:
    """Write the times in type of a size, standing on the row's bottom."""
    centred = Type(size, QUIET_TEXT, align="center")
    left, right = row.left, row.right
    start, end = clock(0), clock(duration)
    end_width = canvas.measure(end, centred)
    gap = centred.size * 1.3
    canvas.text(left, row.bottom, start, replace(centred, align="left"))
    canvas.text(right, row.bottom, end, replace(centred, align="right"))
    free_from = left + canvas.measure(start, centred) + gap
    free_to = right - end_width - gap
    most = row.width / (end_width + 2 * gap)
    step = next((step for step in _STEPS if duration / step <= most), duration)
    for seconds in np.arange(step, duration, step):
        x = left + seconds / duration * row.width
        label = clock(seconds)
        half = canvas.measure(label, centred) / 2
        if label != end and free_from <= x - half and x + half <= free_to:
            canvas.text(x, row.bottom, label, centred)


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
