"""From rows of frame features to one row of statistics per window of 5 s.

Only what survives a change of level, of sample rate and of codec is kept: of the classical
features those statistics that stay put when a song is sent as a 64 kbit/s MP3 or at 16 kHz.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from moodify_core.arrays import FloatArray
from moodify_core.audio import SAMPLE_RATE
from moodify_core.features.filterbanks import FRAME_RATE, HOP
from moodify_core.features.frames import layout
from moodify_core.features.timbre import MEL_BANDS, MEL_NAMES, pool_mel

WINDOW_SECONDS = 5.0
WINDOW_HOP_SECONDS = 2.5

CONTRAST_BANDS = 3
"""Up to 800 Hz; above, codecs empty the valleys between the partials."""
READ = ("chroma", "tonnetz", "contrast", "rms", "onset_strength", "mel")
"""Features of frames that are pooled, or read by `extract` itself."""
COLUMNS = layout(READ, CONTRAST_BANDS)
_WIDTH = max(columns.stop for columns in COLUMNS.values())

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
        All but the pulse.
    power : float
        Mean square of the samples.
    """

    statistics: FloatArray
    power: float


class WindowPooler:
    """Collects rows of frame features and pools each window as soon as it is complete."""

    def __init__(self) -> None:
        self._rows: FloatArray = np.empty((0, _WIDTH), np.float32)
        self._first_frame = 0
        self._window = 0
        self.pooled: list[PooledWindow] = []

    def push(self, rows: FloatArray) -> None:
        """Take rows of frame features, laid out as `COLUMNS`, and pool what they complete."""
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
    rows : float32 array, shape (frames, n), laid out as `COLUMNS`, at least one frame

    Returns
    -------
    float32 array, shape (len(STATISTIC_NAMES),)
    """
    parts = [function(rows) for function, _ in _GROUPS]
    return np.concatenate(parts).astype(np.float32)


def _contrast(rows: FloatArray) -> FloatArray:
    contrast = rows[:, COLUMNS["contrast"]]
    return np.concatenate((contrast.mean(axis=0), contrast.std(axis=0)))


def _mel(rows: FloatArray) -> FloatArray:
    return pool_mel(rows[:, COLUMNS["mel"]][:, :MEL_BANDS])


def _chroma(rows: FloatArray) -> FloatArray:
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


_GROUPS: tuple[tuple[Callable[[FloatArray], FloatArray], tuple[str, ...]], ...] = (
    (
        _contrast,
        tuple(
            f"contrast{band}_{kind}" for kind in ("mean", "std") for band in range(CONTRAST_BANDS)
        ),
    ),
    (
        _chroma,
        (
            "chroma_entropy",
            "chroma_key_clarity",
            "chroma_major_over_minor",
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
    (_mel, MEL_NAMES),
)

STATISTIC_NAMES: tuple[str, ...] = tuple(name for _, names in _GROUPS for name in names)
"""Name of each number that `pool` returns, in order."""
