"""From prepared pictures to frames: only what moves is computed."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from matplotlib.colors import to_rgb

from moodify_core.arrays import FloatArray
from moodify_core.figures import clock
from moodify_core.film.pictures import DISC, Bytes, Pictures, to_planes
from moodify_core.film.shapes import Measures, Ring
from moodify_core.film.spectrum import BANDS, Motion
from moodify_core.moods import Mood
from moodify_core.result import MoodAnalysis

_FADE_SECONDS = 1.6
"""Time in which one mood's colours turn into the next one's."""
_STEPS = 128
"""Steps of every blend: differences of 255 times this still fit 16 bits."""
_SHORTEST_BAR = 0.04
_TEXT_LUMA = 228
_WHITE_LUMA = 235
_NEUTRAL = 128


class Frames:
    """Puts frames together.

    Parameters
    ----------
    analysis : MoodAnalysis
    pictures : Pictures
    measures : Measures
    """

    def __init__(self, analysis: MoodAnalysis, pictures: Pictures, measures: Measures) -> None:
        self._analysis, self._pictures, self._measures = analysis, pictures, measures
        self._moods = _Moods(analysis)
        pixels = measures.width * measures.height
        self._frame = np.empty(pixels * 3 // 2, np.uint8)
        self._ground = _Blend()
        self._ground_played = _Blend()
        self._ring = _RingPainter(measures)
        self._planes = _split(self._frame, measures.width)
        self._disc = to_planes(np.full((2, 2, 3), to_rgb(DISC)))[[0, 4, 5]].tolist()
        ring, half = measures.ring, round(measures.ring.inner * 0.8)
        self._name = (
            slice(ring.y - ring.inner // 3, ring.y + ring.inner * 2 // 5),
            slice(ring.x - half, ring.x + half),
        )

    def draw(self, time: float, motion: Motion) -> Bytes:
        """Draw the frame of a moment.

        Parameters
        ----------
        time : float
            Seconds.
        motion : Motion
            What is heard then.

        Returns
        -------
        ndarray of uint8, shape (height * 3 / 2, width)
            Planes of luma and colour, one below the other; overwritten by the next frame.
        """
        first, second, weight = self._moods.at(time)
        step = round(weight * _STEPS)
        breath = round(motion.breath * _STEPS / 4) * 4
        scenes = self._pictures.scenes
        one, other = scenes[first], scenes[second]
        grounds = self._ground.mix(
            (one.calm, one.glowing), (other.calm, other.glowing), breath, step
        )
        played = self._ground_played.mix(
            (one.calm_played, one.glowing_played),
            (other.calm_played, other.glowing_played),
            breath,
            step,
        )
        np.copyto(self._frame, grounds)
        colour = [a + (b - a) * weight for a, b in zip(one.colour, other.colour, strict=True)]
        if step:
            self._dip(one.calm if weight < 0.5 else other.calm, abs(2 * weight - 1))
        self._ring.paint(self._planes, motion.bars, colour)
        self._play(played, time)
        self._tell_time(time)
        return self._frame.reshape(-1, self._measures.width)

    def _dip(self, scene: Bytes, contrast: float) -> None:
        """Fade the name out before the next one fades in: two over each other cannot be read."""
        for scale, plane, source, ground in zip(
            (1, 2, 2), self._planes, _split(scene, self._measures.width), self._disc, strict=True
        ):
            rows, columns = self._name
            cell = (
                slice(rows.start // scale, rows.stop // scale),
                slice(columns.start // scale, columns.stop // scale),
            )
            plane[cell] = np.round(ground + (source[cell] - float(ground)) * contrast)

    def _play(self, played: Bytes, time: float) -> None:
        measures = self._measures
        share = min(time / self._analysis.duration, 1.0)
        # Even, because two pixels share a colour.
        head = round((measures.margin + share * measures.span) / 2) * 2
        top, bottom = measures.strip
        for scale, plane, done in zip(
            (1, 2, 2), self._planes, _split(played, measures.width), strict=True
        ):
            rows = slice(top // scale, bottom // scale)
            plane[rows, : head // scale] = done[:, : head // scale]
        luma, blue, red = self._planes
        luma[top + 2 : bottom - 2, head - 1 : head + 1] = _TEXT_LUMA
        luma[top : top + 6, head - 3 : head + 3] = _TEXT_LUMA
        for colour in (blue, red):
            colour[top // 2 : top // 2 + 3, head // 2 - 1 : head // 2 + 1] = _NEUTRAL

    def _tell_time(self, time: float) -> None:
        luma = self._planes[0]
        measures = self._measures
        x = measures.margin
        for char in clock(time):
            sprite = self._pictures.digits[char]
            height, width = sprite.shape
            top = measures.axis - measures.label_type
            cell = luma[top : top + height, x : x + width]
            cell[:] = cell + sprite * (_TEXT_LUMA - cell.astype(np.float32))
            x += width


class _Moods:
    """Which mood there is at a moment, and how far it has turned into the next."""

    def __init__(self, analysis: MoodAnalysis) -> None:
        segments = analysis.segments
        self._moods = [segment.mood for segment in segments]
        self._borders = np.array([segment.start for segment in segments[1:]])
        # No fade reaches over the middle of a passage, so there is never more than one.
        self._half = np.array(
            [min(_FADE_SECONDS, a.duration, b.duration) / 2 for a, b in pairwise(segments)]
        )

    def at(self, time: float) -> tuple[Mood, Mood, float]:
        """Return two moods and the weight of the second, 0..1."""
        near = np.flatnonzero(np.abs(self._borders - time) < self._half)
        if len(near):
            border = int(near[0])
            position = (time - self._borders[border]) / self._half[border] / 2 + 0.5
            weight = position * position * (3 - 2 * position)
            return self._moods[border], self._moods[border + 1], float(weight)
        mood = self._moods[int(np.searchsorted(self._borders, time, side="right"))]
        return mood, mood, 0.0


class _Blend:
    """Blends pictures; does nothing where the blend asked for is the one there is."""

    def __init__(self) -> None:
        self._key: tuple[int, int, int, int] | None = None
        self._result: Bytes = np.empty(0, np.uint8)

    def mix(
        self, one: tuple[Bytes, Bytes], other: tuple[Bytes, Bytes], breath: int, step: int
    ) -> Bytes:
        key = (id(one[0]), id(other[0]), breath, step)
        if key != self._key:
            self._key = key
            self._result = _blend(*one, breath)
            if step:
                self._result = _blend(self._result, _blend(*other, breath), step)
        return self._result


def _blend(one: Bytes, other: Bytes, step: int) -> Bytes:
    """Return a picture on the way from one to the other; step 0.._STEPS."""
    difference = np.subtract(other, one, dtype=np.int16)
    difference *= np.int16(step)
    difference >>= 7
    difference += one
    return difference.astype(np.uint8)


class _RingPainter:
    """Paints the bars of the spectrum around the disc: low notes below, high ones above."""

    def __init__(self, measures: Measures) -> None:
        self._reach = measures.ring.outer - measures.ring.inner
        self._inner = measures.ring.inner
        self._luma = _Bars(measures.ring, measures.width, 1)
        self._colour = _Bars(measures.ring, measures.width // 2, 2)

    def paint(self, planes: list[Bytes], bars: FloatArray, colour: list[float]) -> None:
        heights = np.maximum(bars, _SHORTEST_BAR) * self._reach + self._inner
        ring = np.concatenate([heights, heights[::-1]]).astype(np.float32)
        opacity = self._luma.opacity(ring)
        self._luma.lay(planes[0], opacity, self._luma.lit(colour[0]))
        opacity = self._colour.opacity(ring)
        self._colour.lay(planes[1], opacity, colour[1])
        self._colour.lay(planes[2], opacity, colour[2])


class _Bars:
    """The pixels that bars can reach, with the bar that each belongs to."""

    def __init__(self, ring: Ring, width: int, scale: int) -> None:
        margin = 6
        left, right = ((ring.x + side * (ring.outer + margin)) // scale for side in (-1, 1))
        top, bottom = ((ring.y + side * (ring.outer + margin)) // scale for side in (-1, 1))
        rows, columns = np.mgrid[top:bottom, left:right]
        x = (columns + 0.5) * scale - ring.x
        y = (rows + 0.5) * scale - ring.y
        # From straight down around to straight down again, in bars.
        turn = (np.arctan2(-x, y) / (2 * np.pi)) % 1 * 2 * BANDS
        bar = np.minimum(turn.astype(np.intp), 2 * BANDS - 1)
        radius = np.hypot(x, y)
        angle = (turn - bar - 0.5) * np.pi / BANDS
        half_width = 0.29 * 2 * np.pi * ring.inner / (2 * BANDS)
        self._soft = np.float32(1 / scale)
        self._edge = np.float32(half_width + scale / 2)
        beside, along = np.sin(angle) * radius, np.cos(angle) * radius
        near = np.abs(beside) < half_width + scale
        near &= (along > ring.inner - 4) & (along < ring.outer + half_width + scale)
        self._pixels = (rows * width + columns)[near]
        self._bar = bar[near]
        self._along = along[near].astype(np.float32)
        self._outwards = 0.5 * (self._along - ring.inner) / (ring.outer - ring.inner)
        below = np.minimum(self._along - ring.inner, 0)
        self._aside = (beside[near] ** 2 + below**2).astype(np.float32)

    def opacity(self, heights: FloatArray) -> FloatArray:
        # In place: this is where most of a frame's time goes.
        work: FloatArray = np.subtract(self._along, heights[self._bar])
        np.maximum(work, 0, out=work)
        work *= work
        work += self._aside
        np.sqrt(work, out=work)
        np.subtract(self._edge, work, out=work)
        work *= self._soft
        np.clip(work, 0, 1, out=work)
        return work

    def lit(self, luma: float) -> FloatArray:
        """Return a colour that grows brighter outwards."""
        brighter: FloatArray = luma + (_WHITE_LUMA - luma) * self._outwards
        return brighter

    def lay(self, plane: Bytes, opacity: FloatArray, value: float | FloatArray) -> None:
        flat = plane.reshape(-1)
        under = flat[self._pixels].astype(np.float32)
        difference = np.subtract(value, under, dtype=np.float32)
        difference *= opacity
        difference += under
        flat[self._pixels] = np.rint(difference, out=difference).astype(np.uint8)


def _split(picture: Bytes, width: int) -> list[Bytes]:
    """Return views of the planes of a flat picture."""
    height = len(picture) * 2 // (3 * width)
    luma, blue, red = np.split(picture, [width * height, width * height * 5 // 4])
    half = (height // 2, width // 2)
    return [luma.reshape(height, width), blue.reshape(half), red.reshape(half)]
