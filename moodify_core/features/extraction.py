"""The one pass over a song: audio in, features of its windows out."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np

from moodify_core.arrays import FloatArray
from moodify_core.audio import SAMPLE_RATE
from moodify_core.features.filterbanks import FRAME_RATE
from moodify_core.features.frames import FrameAnalyser
from moodify_core.features.harmony import HARMONY_NAMES, HarmonyAnalyser
from moodify_core.features.rhythm import PULSE_NAMES, pulse
from moodify_core.features.windows import (
    COLUMNS,
    CONTRAST_BANDS,
    READ,
    STATISTIC_NAMES,
    WindowPooler,
    window_bounds,
)

WINDOW_NAMES: tuple[str, ...] = (*STATISTIC_NAMES, *PULSE_NAMES)
"""Name of each column of `SongFeatures.windows`."""

FEATURE_NAMES: tuple[str, ...] = (*WINDOW_NAMES, *HARMONY_NAMES)
"""Name of each number that the model reads: of a window, then of the half minute around it."""

CHROMA_RATE = FRAME_RATE / 6
"""Rows per second of `SongFeatures.chroma`, about 7."""
_CHROMA_FRAMES = 6
_PEAK_FRAMES = 4
_AMIN = 1e-10


@dataclass(frozen=True, slots=True)
class SongFeatures:
    """All that the later stages need to know of a song's sound.

    Attributes
    ----------
    duration : float
        Seconds.
    bounds : list of (start, end)
        The windows in seconds.
    windows : float32 array, shape (windows, len(WINDOW_NAMES))
    harmony : float32 array, shape (stretches, len(HARMONY_NAMES))
        Of stretches of 30 s, every 15 s.
    level : float
        Mean power of the song in dB relative to full scale, -200 and more.
    levels : float array, shape (windows,)
        That of each window.
    peaks : float32 array, shape (n,)
        Level of the loudest frame in each 93 ms, linear, 0..1.
    chroma : float32 array, shape (m, 12)
        Pitch classes at `CHROMA_RATE`, 0..1.
    """

    duration: float
    bounds: list[tuple[float, float]]
    windows: FloatArray
    harmony: FloatArray
    level: float
    levels: FloatArray
    peaks: FloatArray
    chroma: FloatArray


def extract(
    blocks: Iterable[FloatArray], on_seconds: Callable[[float], None] = lambda _: None
) -> SongFeatures:
    """Run the feature pass over a song.

    Parameters
    ----------
    blocks : iterable of float32 arrays, shape (n,)
        Mono at 22 050 Hz; at least one sample in all.
    on_seconds : callable
        Told after each block how many seconds were heard so far.

    Returns
    -------
    SongFeatures
    """
    analyser = FrameAnalyser(READ, CONTRAST_BANDS)
    pooler, harmony = WindowPooler(), HarmonyAnalyser()
    onsets: list[FloatArray] = []
    peaks, chroma = _Decimator(_PEAK_FRAMES, np.max), _Decimator(_CHROMA_FRAMES, np.mean)
    samples = 0

    def take(rows: FloatArray) -> None:
        pooler.push(rows)
        onsets.append(rows[:, COLUMNS["onset_strength"].start].copy())
        peaks.push(rows[:, COLUMNS["rms"]])
        chroma.push(rows[:, COLUMNS["chroma"]])

    for block in blocks:
        samples += len(block)
        if len(rows := analyser.push(block)):
            take(rows)
        harmony.push(block)
        on_seconds(samples / SAMPLE_RATE)
    take(analyser.finish())
    duration = samples / SAMPLE_RATE
    statistics, power = pooler.finish(duration)

    bounds = window_bounds(duration)
    centres = np.array([round((start + end) / 2 * FRAME_RATE) for start, end in bounds])
    return SongFeatures(
        duration=duration,
        bounds=bounds,
        windows=np.hstack((statistics, pulse(np.concatenate(onsets), centres))),
        harmony=harmony.finish(),
        level=float(_decibel(power.mean())),
        levels=_decibel(power),
        peaks=peaks.finish()[:, 0],
        chroma=chroma.finish(),
    )


def _decibel(power: FloatArray) -> FloatArray:
    decibel: FloatArray = 10 * np.log10(np.maximum(power, _AMIN**2))
    return decibel


class _Decimator:
    """Reduces every few rows to one, over any number of blocks."""

    def __init__(self, factor: int, reduce: Callable[..., FloatArray]) -> None:
        self._factor, self._reduce = factor, reduce
        self._pending: list[FloatArray] = []
        self._done: list[FloatArray] = []

    def push(self, rows: FloatArray) -> None:
        rows = np.concatenate((*self._pending, rows))
        whole = len(rows) - len(rows) % self._factor
        groups = rows[:whole].reshape(-1, self._factor, rows.shape[1])
        self._done.append(self._reduce(groups, axis=1))
        self._pending = [rows[whole:].copy()]

    def finish(self) -> FloatArray:
        rest = [self._reduce(rows, axis=0)[None] for rows in self._pending if len(rows)]
        return np.concatenate((*self._done, *rest))
