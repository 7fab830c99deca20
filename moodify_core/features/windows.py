"""From rows of frame features to one row of statistics per window of 5 s.

Nothing here depends on how loud a recording was mastered: levels are given relative to the
song's own level, and the first MFCC, which is a level, is left out.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from moodify_core.arrays import FloatArray
from moodify_core.audio import SAMPLE_RATE
from moodify_core.features.filterbanks import FRAME_RATE, HOP
from moodify_core.features.frames import COLUMNS, N_COLUMNS, N_MFCC

WINDOW_SECONDS = 5.0
WINDOW_HOP_SECONDS = 2.5

_QUIETEST_DB = 60.0
"""Frames are taken for at most this much quieter than the loudest of their window."""
_AMIN = 1e-10

# Krumhansl and Kessler, "Tracing the dynamic changes in perceived tonal organization",
# Psychological Review 89, 1982: how well each pitch class fits a major and a minor key.
_MAJOR = (6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88)
_MINOR = (6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17)


def window_bounds(duration: float) -> list[tuple[float, float]]:
    """Lay windows over a song so that they cover all of it.

    Parameters
    ----------
    duration : float
        Seconds.

    Returns
    -------
    list of (start, end)
        Seconds. Windows start every 2.5 s; the last one ends with the song and may be shorter.

    Examples
    --------
    >>> window_bounds(8.0)
    [(0.0, 5.0), (2.5, 7.5), (5.0, 8.0)]
    """
    bounds = [(0.0, min(WINDOW_SECONDS, duration))]
    while bounds[-1][1] < duration:
        start = bounds[-1][0] + WINDOW_HOP_SECONDS
        bounds.append((start, min(start + WINDOW_SECONDS, duration)))
    return bounds


@dataclass(frozen=True, slots=True)
class PooledWindow:
    """One window's statistics.

    Attributes
    ----------
    statistics : float32 array, shape (len(STATISTIC_NAMES),)
        All but the pulse; levels not yet relative to the song.
    power : float
        Mean square of the samples.
    """

    statistics: FloatArray
    power: float


class WindowPooler:
    """Collects rows of frame features and pools each window as soon as it is complete."""

    def __init__(self) -> None:
        self._rows: FloatArray = np.empty((0, N_COLUMNS), np.float32)
        self._first_frame = 0
        self._window = 0
        self.pooled: list[PooledWindow] = []

    def push(self, rows: FloatArray) -> None:
        """Take rows of shape (frames, N_COLUMNS) and pool the windows that they complete."""
        self._rows = np.concatenate((self._rows, rows))
        while self._first_frame + len(self._rows) >= _frame_at(self._end(self._window)):
            self._pool(self._end(self._window))
            self._window += 1
        keep = _frame_at(self._window * WINDOW_HOP_SECONDS) - self._first_frame
        if keep > 0:
            self._rows = self._rows[keep:]
            self._first_frame += keep

    def finish(self, duration: float) -> None:
        """Pool what is left at the end of the song of `duration` seconds."""
        for _ in range(len(self.pooled), len(window_bounds(duration))):
            self._pool(duration + HOP / SAMPLE_RATE)
            self._window += 1
        del self.pooled[len(window_bounds(duration)) :]

    @staticmethod
    def _end(window: int) -> float:
        return window * WINDOW_HOP_SECONDS + WINDOW_SECONDS

    def _pool(self, end: float) -> None:
        start = _frame_at(self._window * WINDOW_HOP_SECONDS) - self._first_frame
        rows = self._rows[max(0, start) : max(1, _frame_at(end) - self._first_frame)]
        rms = rows[:, COLUMNS["rms"].start]
        self.pooled.append(PooledWindow(pool(rows), float((rms**2).mean())))


def _frame_at(seconds: float) -> int:
    return round(seconds * FRAME_RATE)


def pool(rows: FloatArray) -> FloatArray:
    """Summarise a stretch of frames.

    Parameters
    ----------
    rows : float32 array, shape (frames, N_COLUMNS), at least one frame

    Returns
    -------
    float32 array, shape (len(STATISTIC_NAMES),)
    """
    parts = [function(rows) for function, _ in _GROUPS]
    return np.concatenate(parts).astype(np.float32)


def _mean_and_spread(values: FloatArray) -> FloatArray:
    return np.concatenate((values.mean(axis=0), values.std(axis=0)))


def _timbre(rows: FloatArray) -> FloatArray:
    mfcc = rows[:, COLUMNS["mfcc"]][:, 1:]
    change = np.abs(np.diff(mfcc, axis=0)).mean(axis=0) if len(mfcc) > 1 else 0 * mfcc[0]
    return np.concatenate((_mean_and_spread(mfcc), change))


def _contrast(rows: FloatArray) -> FloatArray:
    return _mean_and_spread(rows[:, COLUMNS["contrast"]])


def _brightness(rows: FloatArray) -> FloatArray:
    values = np.column_stack(
        (
            rows[:, COLUMNS["centroid"]],
            rows[:, COLUMNS["bandwidth"]],
            rows[:, COLUMNS["rolloff"]],
            np.log10(np.maximum(rows[:, COLUMNS["flatness"]], _AMIN)),
            rows[:, COLUMNS["zero_crossings"]],
        )
    )
    return _mean_and_spread(values)


def _level(rows: FloatArray) -> FloatArray:
    level = 20 * np.log10(np.maximum(rows[:, COLUMNS["rms"].start], _AMIN))
    level = np.maximum(level, level.max() - _QUIETEST_DB)
    low, high = np.quantile(level, (0.1, 0.95))
    below_mean = np.mean(level < level.mean())
    return np.array((level.mean(), level.std(), high - low, below_mean))


def _onsets(rows: FloatArray) -> FloatArray:
    onset = rows[:, COLUMNS["onset_strength"].start]
    return np.array((onset.mean(), onset.std(), onset.max()))


def _harmony(rows: FloatArray) -> FloatArray:
    chroma = rows[:, COLUMNS["chroma"]]
    mean = chroma.mean(axis=0)
    share = np.maximum(mean / max(float(mean.sum()), _AMIN), _AMIN)
    entropy = -(share * np.log2(share)).sum()
    fits = _key_fits(mean)
    best_major, best_minor = fits[:, 0].max(), fits[:, 1].max()
    change = np.abs(np.diff(chroma, axis=0)).mean() if len(chroma) > 1 else 0.0
    peakiness = chroma.mean()
    tonnetz = rows[:, COLUMNS["tonnetz"]]
    circles = np.hypot(tonnetz[:, ::2], tonnetz[:, 1::2])
    return np.concatenate(
        (
            (entropy, max(best_major, best_minor), best_major - best_minor, change, peakiness),
            circles.mean(axis=0),
            tonnetz.std(axis=0).reshape(3, 2).sum(axis=1),
        )
    )


def _key_fits(chroma: FloatArray) -> FloatArray:
    """Correlate a chroma vector with all keys: shape (12 tonics, major and minor)."""
    spread = chroma - chroma.mean()
    length = float(np.linalg.norm(spread))
    if length < _AMIN:
        return np.zeros((12, 2), np.float32)
    fits: FloatArray = (_KEY_PROFILES @ (spread / length)).astype(np.float32)
    return fits


def _key_profiles() -> np.ndarray:
    profiles = np.empty((12, 2, 12))
    for mode, profile in enumerate((_MAJOR, _MINOR)):
        spread = np.array(profile) - np.mean(profile)
        for tonic in range(12):
            profiles[tonic, mode] = np.roll(spread / np.linalg.norm(spread), tonic)
    return profiles


_KEY_PROFILES = _key_profiles()


def _pair(*names: str) -> tuple[str, ...]:
    return (*(f"{name}_mean" for name in names), *(f"{name}_std" for name in names))


_MFCC_NAMES = tuple(f"mfcc{number}" for number in range(1, N_MFCC))

_GROUPS: tuple[tuple[Callable[[FloatArray], FloatArray], tuple[str, ...]], ...] = (
    (_timbre, (*_pair(*_MFCC_NAMES), *(f"{name}_change" for name in _MFCC_NAMES))),
    (_contrast, _pair(*(f"contrast{band}" for band in range(7)))),
    (_brightness, _pair("centroid", "bandwidth", "rolloff", "log_flatness", "zero_crossings")),
    (_level, ("level_mean", "level_std", "level_range", "level_below_mean")),
    (_onsets, ("onset_mean", "onset_std", "onset_max")),
    (
        _harmony,
        (
            "chroma_entropy",
            "key_clarity",
            "major_over_minor",
            "chroma_change",
            "chroma_fullness",
            "fifths",
            "minor_thirds",
            "major_thirds",
            "fifths_std",
            "minor_thirds_std",
            "major_thirds_std",
        ),
    ),
)

STATISTIC_NAMES: tuple[str, ...] = tuple(name for _, names in _GROUPS for name in names)
"""Name of each number that `pool` returns, in order."""

LEVEL_INDEX = STATISTIC_NAMES.index("level_mean")
"""The one statistic that is a level, to be made relative to the song's."""
