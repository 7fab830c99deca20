"""From rows of frame features to one row of statistics per window of 5 s.

Only what survives a change of level, of sample rate and of codec is kept: of the classical
features those statistics that stay put when a song is sent as a 64 kbit/s MP3 or at 16 kHz.
"""

from __future__ import annotations

from collections.abc import Callable

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
_AT_A_TIME = 16
"""Windows that are pooled together: a few calls instead of many, in what a cache still holds."""

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


class WindowPooler:
    """Collects rows of frame features and pools the windows, some at a time, as they fill."""

    def __init__(self) -> None:
        self._rows: FloatArray = np.empty((0, _WIDTH), np.float32)
        self._first_frame = 0
        self._waiting: list[slice] = []
        self._statistics: list[FloatArray] = []
        self._power: list[FloatArray] = []
        self._windows = 0

    def push(self, rows: FloatArray) -> None:
        """Take rows of frame features, laid out as `COLUMNS`, and pool what they complete."""
        self._rows = np.concatenate((self._rows, rows))
        while self._first_frame + len(self._rows) >= _frame_at(_end(self._windows)):
            self._add(_end(self._windows))
        if len(self._waiting) >= _AT_A_TIME:
            self._pool()

    def finish(self, duration: float) -> tuple[FloatArray, FloatArray]:
        """Pool what is left at the end of the song of `duration` seconds.

        Returns
        -------
        statistics : float32 array, shape (windows, len(STATISTIC_NAMES))
            All but the pulse.
        power : float32 array, shape (windows,)
            Mean square of the samples.
        """
        windows = len(window_bounds(duration))
        for _ in range(self._windows, windows):
            self._add(duration + HOP / SAMPLE_RATE)
        self._pool()
        return np.concatenate(self._statistics)[:windows], np.concatenate(self._power)[:windows]

    def _add(self, end: float) -> None:
        start = _frame_at(self._windows * WINDOW_HOP_SECONDS)
        heard = self._first_frame + len(self._rows)
        self._waiting.append(slice(start, min(_frame_at(end), heard)))
        self._windows += 1

    def _pool(self) -> None:
        """Pool the windows that wait, those of one length together, and forget their rows."""
        statistics = np.empty((len(self._waiting), len(STATISTIC_NAMES)), np.float32)
        power = np.empty(len(self._waiting), np.float32)
        lengths = np.array([window.stop - window.start for window in self._waiting])
        for length in np.unique(lengths):
            (alike,) = np.nonzero(lengths == length)
            firsts = [self._waiting[index].start - self._first_frame for index in alike]
            stretches = np.stack([self._rows[first : first + length].T for first in firsts], axis=1)
            statistics[alike] = pool(stretches)
            power[alike] = (stretches[COLUMNS["rms"].start] ** 2).mean(axis=-1)
        self._statistics.append(statistics)
        self._power.append(power)
        self._waiting.clear()
        keep = _frame_at(self._windows * WINDOW_HOP_SECONDS) - self._first_frame
        if keep > 0:
            self._rows = self._rows[keep:]
            self._first_frame += keep


def _end(window: int) -> float:
    return window * WINDOW_HOP_SECONDS + WINDOW_SECONDS


def _frame_at(seconds: float) -> int:
    return round(seconds * FRAME_RATE)


def pool(stretches: FloatArray) -> FloatArray:
    """Summarise stretches of frames.

    Parameters
    ----------
    stretches : float32 array, shape (n, windows, frames), laid out as `COLUMNS`
        At least one frame.

    Returns
    -------
    float32 array, shape (windows, len(STATISTIC_NAMES))
    """
    if stretches.shape[-1] == 1:
        # A song of an instant: as nothing comes after it, nothing changes.
        stretches = np.repeat(stretches, 2, axis=-1)
    parts = [function(stretches) for function, _ in _GROUPS]
    return np.concatenate(parts, axis=1, dtype=np.float32)


def _contrast(stretches: FloatArray) -> FloatArray:
    contrast = stretches[COLUMNS["contrast"]]
    return np.concatenate((contrast.mean(axis=-1), contrast.std(axis=-1))).T


def _mel(stretches: FloatArray) -> FloatArray:
    return pool_mel(stretches[COLUMNS["mel"]][:MEL_BANDS])


def _chroma(stretches: FloatArray) -> FloatArray:
    chroma = stretches[COLUMNS["chroma"]]
    mean = chroma.mean(axis=-1)
    share = np.maximum(mean / np.maximum(mean.sum(axis=0), _AMIN), _AMIN)
    entropy = -(share * np.log2(share)).sum(axis=0)
    best_major, best_minor = _key_fits(mean).max(axis=0)
    steps = np.abs(np.diff(chroma))
    change = steps.mean(axis=-1).mean(axis=0) if steps.size else np.zeros(mean.shape[1])
    tonnetz = stretches[COLUMNS["tonnetz"]]
    circles = np.hypot(tonnetz[::2], tonnetz[1::2])
    clarity = np.maximum(best_major, best_minor)
    numbers: FloatArray = np.concatenate(
        (
            (entropy, clarity, best_major - best_minor, change, mean.mean(axis=0)),
            circles.mean(axis=-1),
            tonnetz.std(axis=-1).reshape(3, 2, -1).sum(axis=1),
        )
    ).T
    return numbers


def _key_fits(chroma: FloatArray) -> FloatArray:
    """Correlate chroma vectors, shape (12, windows), with all keys: (12 tonics, 2, windows)."""
    spread = chroma - chroma.mean(axis=0)
    length = np.linalg.norm(spread, axis=0)
    fits: FloatArray = _KEY_PROFILES @ (spread / np.where(length < _AMIN, np.inf, length))
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
