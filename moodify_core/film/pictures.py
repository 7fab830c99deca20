"""The layers of a film, each drawn once; a frame is put together from them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from matplotlib.colors import to_rgb
from matplotlib.path import Path
from numpy.typing import NDArray

from moodify_core.arrays import FloatArray
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
    runs,
)
from moodify_core.figures import clock
from moodify_core.film.shapes import Measures
from moodify_core.fonts import clean_title, shorten
from moodify_core.moods import MOODS, Mood
from moodify_core.result import MoodAnalysis
from moodify_core.words import ENGLISH, Words

Bytes = NDArray[np.uint8]

_CLOCK = "0123456789:"
_UPCOMING = 0.38
"""Opacity of what the playhead has not reached."""
_BAR, _PITCH = 3, 5
"""Width of a bar of the waveform, and pixels from one to the next."""

# How strongly the mood colours the ground around the ring, at rest and at the loudest.
_CALM, _GLOWING = 0.30, 0.50
_DEPTH, _BRIGHTNESS, _BRIGHTEST = 1.8, 0.42, 0.8
_VIGNETTE = 0.55
_LUMA = (0.2126, 0.7152, 0.0722)
"""Of red, green and blue (ITU-R BT.709)."""
DISC = "#101116"
"""Colour of the disc that the mood's name stands on; nearly black, so that the name reads."""


@dataclass(frozen=True, slots=True)
class Scene:
    """One mood's pictures. All are flat: luma, then the two colour planes at half the size.

    Attributes
    ----------
    calm, glowing : ndarray of uint8
        The whole picture at the softest and the loudest, with nothing played yet.
    calm_played, glowing_played : ndarray of uint8
        The rows of the strip (`Measures.strip`) alone, with everything played.
    colour : tuple of int
        Luma and colour of the mood itself.
    """

    calm: Bytes
    glowing: Bytes
    calm_played: Bytes
    glowing_played: Bytes
    colour: tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Pictures:
    """Everything that frames are put together from.

    Attributes
    ----------
    scenes : mapping of Mood to Scene
        The moods that the song has passages of.
    digits : mapping of str to ndarray of float32
        Opacity of the figures of the clock, all of one height.
    """

    scenes: Mapping[Mood, Scene]
    digits: Mapping[str, FloatArray]


def draw_pictures(
    analysis: MoodAnalysis, title: str, measures: Measures, words: Words = ENGLISH
) -> Pictures:
    """Draw all layers of a film.

    Parameters
    ----------
    analysis : MoodAnalysis
    title : str
        Any text. What no font can draw is left out, and what is too wide is cut.
    measures : Measures
    words : Words
        In which language.

    Returns
    -------
    Pictures
    """
    still = _still(analysis, title, measures, words)
    rows = slice(*measures.strip)
    strip = _strip(analysis, measures, words)
    upcoming, played = ([layer[rows] for layer in layers] for layers in strip)
    scenes = {}
    for mood in dict.fromkeys(segment.mood for segment in analysis.segments):
        naming = _naming(mood, analysis, measures, words)
        planes = []
        for strength in (_CALM, _GLOWING):
            picture = _over(_ground(mood, strength, measures), still, naming)
            done = _over(picture[rows], *played)
            picture[rows] = _over(picture[rows], *upcoming)
            planes.append((to_planes(picture), to_planes(done)))
        (calm, calm_played), (glowing, glowing_played) = planes
        luma, blue, red = to_planes(np.full((2, 2, 3), to_rgb(mood.colour)))[[0, 4, 5]]
        scenes[mood] = Scene(
            calm, glowing, calm_played, glowing_played, (int(luma), int(blue), int(red))
        )
    return Pictures(scenes, _digits(measures.label_type))


def to_planes(picture: FloatArray) -> Bytes:
    """Turn a picture to luma and colour as video holds them (ITU-R BT.709, limited range).

    Parameters
    ----------
    picture : ndarray, shape (height, width, 3)
        Red, green and blue, 0..1; both sides even.

    Returns
    -------
    ndarray of uint8, shape (height * width * 3 / 2,)
    """
    height, width, _ = picture.shape
    luma = picture @ np.array(_LUMA, picture.dtype)
    planes = [16 + 219 * luma]
    for colour, scale in ((picture[:, :, 2], 1.8556), (picture[:, :, 0], 1.5748)):
        quarters = ((colour - luma) / scale).reshape(height // 2, 2, width // 2, 2)
        planes.append(128 + 224 * quarters.mean(axis=(1, 3)))
    return np.concatenate([np.round(plane).astype(np.uint8).ravel() for plane in planes])


def _over(ground: FloatArray, *layers: Bytes) -> FloatArray:
    """Lay pictures with opacity, of shape (height, width, 4), over a copy of one without."""
    ground = ground.copy()
    for layer in layers:
        # Most of a layer is empty.
        drawn = layer[:, :, 3].nonzero()
        colour = layer[drawn].astype(np.float32) / 255
        ground[drawn] += (colour[:, :3] - ground[drawn]) * colour[:, 3:]
    return ground


def _ground(mood: Mood, strength: float, measures: Measures) -> FloatArray:
    """Return a dark ground, shape (height, width, 3), with a light in the mood's colour."""
    width, height, ring = measures.width, measures.height, measures.ring
    reach = 0.42 * np.hypot(width, height)
    across = np.exp(-(((np.arange(width) + 0.5 - ring.x) / reach) ** 2))
    down = np.exp(-(((np.arange(height) + 0.5 - ring.y) / reach) ** 2))
    light = np.multiply.outer(down, across).astype(np.float32)
    # Less than a step of 8 bits: keeps the light from falling off in rings.
    noise = np.random.default_rng(0).uniform(-0.5, 0.5, light.shape).astype(np.float32) / 255
    # All moods light the ground about equally brightly: a change of mood is one of colour.
    # The power makes colours deep, where mere darkening would make yellow a brown.
    colour = np.array(to_rgb(mood.colour)) ** _DEPTH
    colour *= min(_BRIGHTNESS / (colour @ _LUMA), _BRIGHTEST / colour.max())
    picture = np.empty((height, width, 3), np.float32)
    for channel, (base, lit) in enumerate(zip(to_rgb(BACKGROUND), colour, strict=True)):
        dark = base * (1 - _VIGNETTE * (1 - light))
        picture[:, :, channel] = dark + (lit - dark) * strength * light + noise
    return np.clip(picture, 0, 1, out=picture)


def _still(analysis: MoodAnalysis, title: str, measures: Measures, words: Words) -> Bytes:
    """Draw what stays the same: title, legend, length."""
    canvas = Canvas(measures.width, measures.height, "none")
    right = measures.width - measures.margin
    baseline, size = measures.title
    style = Type(size, weight="bold")
    room = float(measures.span)
    if analysis.unsure:
        quiet = Type(measures.label_type, QUIET_TEXT, align="right")
        canvas.text(right, baseline, words.unsure, quiet)
        room -= canvas.measure(words.unsure, quiet) + size
    name = clean_title(title) or words.untitled_film
    shown = shorten(name, room, lambda text: canvas.measure(text, style))
    canvas.text(measures.margin, baseline, shown, style)
    quiet = Type(measures.label_type, QUIET_TEXT, align="right")
    canvas.text(right, measures.axis, clock(analysis.duration), quiet)
    return canvas.pixels()


def _naming(mood: Mood, analysis: MoodAnalysis, measures: Measures, words: Words) -> Bytes:
    """Draw what names the mood: the disc in the ring, and the legend with its line lit."""
    canvas = Canvas(measures.width, measures.height, "none")
    ring = measures.ring
    disc = Path.circle((ring.x, ring.y), ring.inner - 7)
    canvas.fill(disc, DISC)
    canvas.stroke(disc, mood.colour)
    longest = max(canvas.measure(words.name(mood), Type(100, weight="bold")) for mood in MOODS)
    name = Type(152 * ring.inner / longest, mood.colour, align="center", weight="bold")
    canvas.text(ring.x, ring.y + ring.inner * 0.04, words.name(mood), name)
    share = words.of_the_song.format(share=words.share(analysis.breakdown[mood]))
    quiet = Type(ring.inner * 0.18, TEXT, align="center")
    widest = canvas.measure(words.of_the_song.format(share=words.share(1)), quiet)
    quiet = replace(quiet, size=quiet.size * min(1, 1.6 * ring.inner / widest))
    canvas.text(ring.x, ring.y + ring.inner * 0.31, share, quiet)
    if measures.legend.pitch:
        _draw_rows(canvas, measures, analysis, mood, words)
    else:
        _draw_columns(canvas, measures, analysis, mood, words)
    return canvas.pixels()


def _draw_rows(
    canvas: Canvas, measures: Measures, analysis: MoodAnalysis, lit: Mood, words: Words
) -> None:
    legend = measures.legend
    chip, size = legend.chip, legend.size
    figures = Type(size, align="right", weight="bold")
    names = legend.left + chip * 1.4
    bars = names + max(canvas.measure(words.name(mood), Type(size)) for mood in MOODS) + size * 0.8
    right = legend.left + legend.width
    room = right - canvas.measure(words.share(1), figures) - size * 0.5 - bars
    thick = chip * 0.25
    for row, mood in enumerate(MOODS):
        top = legend.top + row * legend.pitch
        share = analysis.breakdown[mood]
        colour = TEXT if mood is lit else QUIET_TEXT
        if mood is lit:
            pad = chip * 0.22
            panel = box(
                legend.left - pad, top - pad, legend.width + 2 * pad, chip + 2 * pad, chip * 0.4
            )
            canvas.fill(panel, TRACK)
        _draw_chip(canvas, (legend.left, top), chip, mood, words)
        baseline = top + chip / 2 + size * HALF_CAPITAL
        canvas.text(names, baseline, words.name(mood), Type(size, colour))
        middle = top + (chip - thick) / 2
        canvas.fill(box(bars, middle, room, thick, thick / 2), BACKGROUND)
        if share > 0:
            length = max(room * share, thick)
            canvas.fill(box(bars, middle, length, thick, thick / 2), mood.colour)
        canvas.text(right, baseline, words.share(share), replace(figures, colour=colour))


def _draw_columns(
    canvas: Canvas, measures: Measures, analysis: MoodAnalysis, lit: Mood, words: Words
) -> None:
    legend = measures.legend
    chip, size = legend.chip, legend.size
    figures = Type(size * 1.1, weight="bold")
    percentage = chip * 1.3 + canvas.measure(words.share(1), figures)
    widths = [max(canvas.measure(words.name(mood), Type(size)), percentage) for mood in MOODS]
    gap = (legend.width - sum(widths)) / (len(MOODS) - 1)
    x = float(legend.left)
    for mood, width in zip(MOODS, widths, strict=True):
        colour = TEXT if mood is lit else QUIET_TEXT
        if mood is lit:
            pad = min(gap * 0.4, size * 0.6)
            panel = box(
                x - pad, legend.top - pad, width + 2 * pad, chip + size * 1.6 + 2 * pad, chip * 0.4
            )
            canvas.fill(panel, TRACK)
        _draw_chip(canvas, (x, legend.top), chip, mood, words)
        share = words.share(analysis.breakdown[mood])
        canvas.text(
            x + chip * 1.3, legend.top + chip * 0.78, share, replace(figures, colour=colour)
        )
        canvas.text(x, legend.top + chip + size * 1.25, words.name(mood), Type(size, colour))
        x += width + gap


def _draw_chip(
    canvas: Canvas, corner: tuple[float, float], size: float, mood: Mood, words: Words
) -> None:
    x, y = corner
    style = Type(size * 0.68, INK, align="center", weight="bold")
    canvas.fill(box(x, y, size, size, size * 0.24), mood.colour)
    canvas.text(x + size / 2, y + size / 2 + style.size * HALF_CAPITAL, words.initial(mood), style)


def _strip(
    analysis: MoodAnalysis, measures: Measures, words: Words
) -> tuple[tuple[Bytes, Bytes], tuple[Bytes, Bytes]]:
    """Draw the waveform over the ribbon of passages: what is to come, and what was played."""
    stretches = [*runs(analysis, measures.span)]
    shapes, upcoming, played = (Canvas(measures.width, measures.height, "none") for _ in range(3))
    for start, end, mood in stretches:
        left, right = _passage(shapes, measures, (start, end), mood)
        for canvas, colour in ((upcoming, TEXT), (played, INK)):
            _name_passage(canvas, measures, (left, right), words.labels(mood), colour)
    _draw_wave(shapes, measures, analysis, stretches)
    lit = shapes.pixels()
    dim = lit.copy()
    dim[:, :, 3] = np.round(lit[:, :, 3] * _UPCOMING)
    return (dim, upcoming.pixels()), (lit, played.pixels())


def _passage(
    canvas: Canvas, measures: Measures, columns: tuple[int, int], mood: Mood
) -> tuple[float, float]:
    """Draw a passage of the ribbon and return where it starts and ends."""
    start, end = columns
    top, bottom = measures.ribbon
    # Passages stand apart, but the first and the last keep to the edges.
    apart = 1.0 if end - start >= 8 else 0.0
    left = measures.margin + start + (apart if start else 0)
    right = measures.margin + end - (apart if end < measures.span else 0)
    canvas.fill(box(left, top, right - left, bottom - top, min(5, (right - left) / 4)), mood.colour)
    return left, right


def _name_passage(
    canvas: Canvas,
    measures: Measures,
    ends: tuple[float, float],
    labels: tuple[str, str],
    colour: str,
) -> None:
    left, right = ends
    top, bottom = measures.ribbon
    style = Type((bottom - top) * 0.72, colour, align="center")
    baseline = (top + bottom) / 2 + style.size * HALF_CAPITAL
    for label in labels:
        if canvas.measure(label, style) + style.size * 0.5 <= right - left:
            canvas.text((left + right) / 2, baseline, label, style)
            return


def _draw_wave(
    canvas: Canvas,
    measures: Measures,
    analysis: MoodAnalysis,
    stretches: list[tuple[int, int, Mood]],
) -> None:
    top, bottom = measures.wave
    bars = (measures.span + _PITCH - _BAR) // _PITCH
    peaks = np.clip([*analysis.waveform] or [0.0], 0, 1)
    loudest = np.maximum.reduceat(peaks, np.arange(bars) * len(peaks) // bars)
    heights = np.maximum(loudest * (bottom - top), _BAR)
    lefts = np.linspace(0, measures.span - _BAR, bars)
    ends = [end for _, end, _ in stretches]
    owners = np.searchsorted(ends, lefts + _BAR / 2, side="right")
    shapes: dict[Mood, list[Path]] = {mood: [] for mood in MOODS}
    for left, height, owner in zip(lefts, heights, owners, strict=True):
        bar = box(measures.margin + left, bottom - height, _BAR, height, _BAR / 2)
        shapes[stretches[owner][2]].append(bar)
    for mood, paths in shapes.items():
        if paths:
            canvas.fill(Path.make_compound_path(*paths), mood.colour)


def _digits(size: int) -> dict[str, FloatArray]:
    """Draw the figures of the clock; the baseline is at the size."""
    measure = Canvas(1, 1, "none").measure
    style = Type(size, TEXT, align="center")
    sprites = {}
    for char in _CLOCK:
        width = round(measure(char, style))
        canvas = Canvas(width, size + size // 4, "none")
        canvas.text(width / 2, size, char, style)
        sprites[char] = (canvas.pixels()[:, :, 3] / 255).astype(np.float32)
    return sprites
