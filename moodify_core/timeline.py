"""A picture of how the mood of a song moves, and the same in words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from io import BytesIO
from itertools import pairwise
from typing import Literal

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import BoxStyle, PathPatch
from matplotlib.path import Path
from matplotlib.text import Text
from matplotlib.transforms import Affine2D
from numpy.typing import NDArray

from moodify_core.fonts import Weight, clean_title, font, shorten
from moodify_core.moods import MOODS, Mood
from moodify_core.result import MoodAnalysis, Segment

_Floats = NDArray[np.float64]

_UNTITLED = "Mood over time"
_LONGEST_DESCRIPTION = 1024  # Discord's limit for alt text
_LONGEST_TITLE_IN_WORDS = 120

# A dark ground with light type: at home in Discord's dark theme (#313338) and a clear card in
# the light one. The contrasts of all of these are tested.
BACKGROUND = "#1b1d26"
TEXT = "#f4f5f9"
QUIET_TEXT = "#b8bccb"
INK = "#0c0d12"
"""Colour of type on a mood's colour."""
_TRACK = "#2b2e3b"
_WAVE = "#7f8599"

_STEPS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 21600, 43200)
"""Seconds between the labels of the time axis: the first that leaves them room is taken."""

# Pixels along the time axis between two points of the curves, and between two averages of
# windows: finer than this is not seen, and a song of hours costs no more than a short one.
_CURVE_STEP = 2
_AVERAGE_STEP = 4


_HALF_CAPITAL = 0.365
"""Half the height of DejaVu's capitals per unit of size: centres a label on a height."""


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


def draw_timeline(analysis: MoodAnalysis, title: str, *, layout: Layout = Layout.WIDE) -> bytes:
    """Draw how the mood of a song moves.

    From top to bottom: the title, the share of each mood, the moods' probabilities stacked over
    time, a ribbon of the passages named by their mood, the waveform's envelope, the time axis.

    Parameters
    ----------
    analysis : MoodAnalysis
    title : str
        Any text. What no font can draw is left out, and what is too wide is cut.
    layout : Layout

    Returns
    -------
    bytes
        A PNG of 1200 x 600 pixels, or 1080 x 1080 for `Layout.PHONE`; opaque.
    """
    measures = _MEASURES[layout]
    canvas = _Canvas(measures.width, measures.height)
    _draw_title(canvas, measures, clean_title(title) or _UNTITLED, unsure=analysis.unsure)
    if layout is Layout.WIDE:
        _draw_legend_columns(canvas, measures, analysis)
    else:
        _draw_legend_rows(canvas, measures, analysis)
    _draw_stack(canvas, measures, analysis)
    _draw_ribbon(canvas, measures, analysis)
    _draw_wave(canvas, measures, analysis.waveform)
    _draw_axis(canvas, measures, analysis.duration)
    return canvas.png()


def describe_timeline(analysis: MoodAnalysis, title: str) -> str:
    """Say in words what the timeline of a song shows.

    Parameters
    ----------
    analysis : MoodAnalysis
    title : str
        Any text; cleaned and cut as in the picture.

    Returns
    -------
    str
        At most 1024 characters, the limit of Discord's alt text. Passages that find no room
        are counted.
    """
    name = shorten(clean_title(title), _LONGEST_TITLE_IN_WORDS, len)
    ranked = sorted(MOODS, key=lambda mood: -analysis.breakdown[mood])
    others = [mood for mood in ranked if mood is not analysis.dominant]
    rest = ", ".join(
        f"{mood} {_percent(analysis.breakdown[mood])}"
        for mood in others
        if analysis.breakdown[mood] > 0
    )
    head = " ".join(
        [
            f"Mood over time of {f'“{name}”' if name else 'a song'}, {_clock(analysis.duration)}.",
            f"Mostly {analysis.dominant}: {_percent(analysis.breakdown[analysis.dominant])} "
            f"of the time{f'; {rest}' if rest else ''}.",
            *(["The answer is unsure: no mood is clearly ahead."] if analysis.unsure else []),
        ]
    )
    passages = [_passage(segment) for segment in analysis.segments]
    room = _LONGEST_DESCRIPTION - len(head) - len(" Passages:  and 99999 more.")
    shown = 0
    while shown < len(passages) and (room := room - len(passages[shown]) - 2) >= 0:
        shown += 1
    more = f" and {len(passages) - shown} more" if shown < len(passages) else ""
    return f"{head} Passages: {', '.join(passages[:shown])}{more}."


@dataclass(frozen=True, slots=True)
class _Type:
    """How a text is set; its size in pixels."""

    size: float
    colour: str = TEXT
    align: Literal["left", "center", "right"] = "left"
    weight: Weight = "normal"


class _Canvas:
    """A figure on which a unit is a pixel, counted from the top left."""

    def __init__(self, width: int, height: int) -> None:
        # At 72 dots per inch a point of type is a pixel too.
        self._figure = Figure((width / 72, height / 72), dpi=72, facecolor=BACKGROUND)
        self._agg = FigureCanvasAgg(self._figure)
        self._from_top = Affine2D().scale(1, -1).translate(0, height)

    def fill(self, path: Path, colour: str, *, within: Path | None = None) -> None:
        self._add(PathPatch(path, facecolor=colour, linewidth=0), within)

    def stroke(
        self, path: Path, colour: str, *, width: float = 2, within: Path | None = None
    ) -> None:
        self._add(PathPatch(path, fill=False, edgecolor=colour, linewidth=width), within)

    def text(self, x: float, baseline: float, text: str, style: _Type) -> None:
        label = Text(
            x,
            baseline,
            text,
            color=style.colour,
            fontproperties=font(style.size, style.weight),
            horizontalalignment=style.align,
            verticalalignment="baseline",
            parse_math=False,
            usetex=False,
        )
        label.set_transform(self._from_top)
        self._figure.add_artist(label)

    def measure(self, text: str, style: _Type) -> float:
        """Return the width of a text in pixels."""
        renderer = self._agg.get_renderer()  # type: ignore[no-untyped-call]
        properties = font(style.size, style.weight)
        width, _, _ = renderer.get_text_width_height_descent(text, properties, False)
        return float(width)

    def png(self) -> bytes:
        picture = BytesIO()
        # Not savefig: a matplotlibrc could crop what that writes.
        self._agg.print_png(picture, metadata={"Software": None})  # type: ignore[no-untyped-call]
        return picture.getvalue()

    def _add(self, patch: PathPatch, within: Path | None) -> None:
        patch.set_transform(self._from_top)
        self._figure.add_artist(patch)
        if within is not None:
            patch.set_clip_path(within, self._from_top)


def _draw_title(canvas: _Canvas, measures: _Measures, title: str, *, unsure: bool) -> None:
    baseline, size = measures.title
    room = float(measures.span)
    if unsure:
        style = _Type(measures.label_type, QUIET_TEXT, align="center")
        width = canvas.measure("unsure", style) + style.size * 1.3
        left = measures.width - measures.margin - width
        middle = baseline - size * 0.36
        pill = _box(left, middle - style.size * 0.75, width, style.size * 1.5, style.size)
        canvas.stroke(pill, QUIET_TEXT)
        canvas.text(left + width / 2, middle + style.size * 0.31, "unsure", style)
        room -= width + size * 0.75
    style = _Type(size)
    shown = shorten(title, room, lambda text: canvas.measure(text, style))
    canvas.text(measures.margin, baseline, shown, style)


def _draw_legend_columns(canvas: _Canvas, measures: _Measures, analysis: MoodAnalysis) -> None:
    chip, size = measures.chip, measures.legend_type
    figures = _Type(size * 1.25, weight="bold")
    # Room for any percentage, so that the columns stand in the same places in every picture.
    percentage = chip * 1.3 + canvas.measure("100%", figures)
    widths = [max(canvas.measure(_name(mood), _Type(size)), percentage) for mood in MOODS]
    gap = (measures.span - sum(widths)) / (len(MOODS) - 1)
    x = float(measures.margin)
    for mood, width in zip(MOODS, widths, strict=True):
        percent = _percent(analysis.breakdown[mood])
        _draw_chip(canvas, x, measures.legend, chip, mood)
        canvas.text(x + chip * 1.3, measures.legend + chip * 0.84, percent, figures)
        name = _name_type(size, mood, analysis)
        canvas.text(x, measures.legend + chip + size * 1.2, _name(mood), name)
        x += width + gap


def _draw_legend_rows(canvas: _Canvas, measures: _Measures, analysis: MoodAnalysis) -> None:
    chip, size = measures.chip, measures.legend_type
    figures = _Type(size, align="right", weight="bold")
    right = measures.width - measures.margin
    names = measures.margin + chip * 1.45
    bars = names + max(canvas.measure(_name(mood), _Type(size)) for mood in MOODS) + size
    bars_width = right - canvas.measure("100%", figures) - size * 0.6 - bars
    thick = chip * 0.36
    for row, mood in enumerate(MOODS):
        top = measures.legend + row * chip * 1.42
        baseline = top + chip / 2 + size * _HALF_CAPITAL
        share = analysis.breakdown[mood]
        _draw_chip(canvas, measures.margin, top, chip, mood)
        canvas.text(names, baseline, _name(mood), _name_type(size, mood, analysis))
        bar_top = top + (chip - thick) / 2
        canvas.fill(_box(bars, bar_top, bars_width, thick, thick / 2), _TRACK)
        if share > 0:
            length = max(bars_width * share, thick)
            canvas.fill(_box(bars, bar_top, length, thick, thick / 2), mood.colour)
        canvas.text(right, baseline, _percent(share), figures)


def _name_type(size: float, mood: Mood, analysis: MoodAnalysis) -> _Type:
    return _Type(size, TEXT if mood is analysis.dominant else QUIET_TEXT)


def _draw_chip(canvas: _Canvas, x: float, y: float, size: float, mood: Mood) -> None:
    style = _Type(size * 0.7, INK, align="center", weight="bold")
    canvas.fill(_box(x, y, size, size, size * 0.24), mood.colour)
    baseline = y + size / 2 + style.size * _HALF_CAPITAL
    canvas.text(x + size / 2, baseline, _initial(mood), style)


def _draw_stack(canvas: _Canvas, measures: _Measures, analysis: MoodAnalysis) -> None:
    top, bottom = measures.stack
    left, right = measures.margin, measures.width - measures.margin
    curves = _curves(analysis, measures.span // _CURVE_STEP + 1)
    x = np.linspace(left, right, len(curves))
    # Boundaries from the top down, in the order of the legend.
    boundaries = top + (bottom - top) * np.cumsum(curves[:, :-1], axis=1)
    frame = _box(left, top, measures.span, bottom - top, 12)
    canvas.fill(frame, MOODS[-1].colour)
    # Each band is painted over the ones below it, so that no seam shines through between two.
    for mood, boundary in reversed(list(zip(MOODS, boundaries.T, strict=False))):
        band = np.column_stack([[left, *x, right], [top, *boundary, top]])
        canvas.fill(Path(band), mood.colour, within=frame)
    lines = [Path(np.column_stack([x, boundary])) for boundary in boundaries.T]
    canvas.stroke(Path.make_compound_path(*lines), BACKGROUND, within=frame)


def _draw_ribbon(canvas: _Canvas, measures: _Measures, analysis: MoodAnalysis) -> None:
    top, bottom = measures.ribbon
    style = _Type(measures.label_type, INK, align="center")
    baseline = (top + bottom) / 2 + style.size * _HALF_CAPITAL
    passages: dict[Mood, list[Path]] = {mood: [] for mood in MOODS}
    widths = {label: canvas.measure(label, style) for mood in MOODS for label in _labels(mood)}
    for start, end, mood in _runs(analysis, measures.span):
        # Passages stand apart, but those at the ends keep to the edges of the other rows.
        apart = 1.5 if end - start >= 12 else 0.0
        left = measures.margin + start + (apart if start else 0)
        right = measures.margin + end - (apart if end < measures.span else 0)
        width = right - left
        passages[mood].append(_box(left, top, width, bottom - top, min(10, width / 4)))
        for label in _labels(mood):
            if widths[label] + style.size * 0.5 <= width:
                canvas.text((left + right) / 2, baseline, label, style)
                break
    for mood, paths in passages.items():
        if paths:
            canvas.fill(Path.make_compound_path(*paths), mood.colour)


def _draw_wave(canvas: _Canvas, measures: _Measures, waveform: Iterable[float]) -> None:
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
        _box(left, middle - height / 2, width, height, width / 2)
        for left, height in zip(lefts, heights, strict=True)
    )
    canvas.fill(Path.make_compound_path(*boxes), _WAVE)


def _draw_axis(canvas: _Canvas, measures: _Measures, duration: float) -> None:
    centred = _Type(measures.label_type, QUIET_TEXT, align="center")
    left, right = measures.margin, measures.width - measures.margin
    start, end = _clock(0), _clock(duration)
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
        label = _clock(seconds)
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


def _runs(analysis: MoodAnalysis, pixels: int) -> Iterator[tuple[int, int, Mood]]:
    """Yield the passages as pixel columns: start, end, mood.

    A column has the mood of its middle, so there are never more runs than columns.
    """
    ends = [segment.end for segment in analysis.segments]
    times = (np.arange(pixels) + 0.5) / pixels * analysis.duration
    owners = np.minimum(np.searchsorted(ends, times, side="right"), len(ends) - 1)
    moods = np.array([MOODS.index(segment.mood) for segment in analysis.segments])[owners]
    borders = [0, *(np.flatnonzero(np.diff(moods)) + 1).tolist(), pixels]
    for start, end in pairwise(borders):
        yield start, end, MOODS[moods[start]]


def _box(x: float, y: float, width: float, height: float, radius: float) -> Path:
    radius = min(radius, width / 2, height / 2)
    if radius < 1:
        right, bottom = x + width, y + height
        return Path([(x, y), (right, y), (right, bottom), (x, bottom), (x, y)], closed=True)
    return BoxStyle.Round(pad=0, rounding_size=radius)(x, y, width, height, 1)


def _labels(mood: Mood) -> tuple[str, str]:
    """Return what a passage is called: where there is room, and where there is little."""
    return _name(mood), _initial(mood)


def _name(mood: Mood) -> str:
    return mood.value.capitalize()


def _initial(mood: Mood) -> str:
    return _name(mood)[0]


def _percent(share: float) -> str:
    return "<1%" if 0 < share < 0.005 else f"{share:.0%}"


def _clock(seconds: float) -> str:
    """Return a time as m:ss, or h:mm:ss from an hour up."""
    # To the millisecond first: 59.9999999 is a minute that was computed.
    minutes, second = divmod(int(round(seconds, 3)), 60)
    hours, minute = divmod(minutes, 60)
    return f"{hours}:{minute:02}:{second:02}" if hours else f"{minute}:{second:02}"


def _passage(segment: Segment) -> str:
    return f"{segment.mood} {_clock(segment.start)}–{_clock(segment.end)}"
