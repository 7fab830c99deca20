"""How high the bars stand at each frame, and how loud it is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.fft

from moodify_core.arrays import FloatArray

BANDS = 32

_WINDOW_FRAMES = 1.2
"""Sound that one frame shows, in frames around its moment; more than one, or a click between
two windows would be missed."""

_LOWEST_HZ, _HIGHEST_HZ = 40.0, 12_000.0
_RANGE_DB = 42.0
"""From the lowest bar that is seen to the highest."""
_TILT_DB = 3.0
"""Added per octave: music has less of the high notes, and eyes want to see them all the same."""
_FALL_SECONDS = 0.28
"""Time in which a bar falls by half; it rises at once."""
_BREATH_SECONDS = 1.2
"""Time over which the light follows the loudness: far slower than three times a second."""
_FORGET_SECONDS = 20.0
"""Time over which the loudest level is forgotten, so that soft passages move too."""
_FORGET_DB = 12.0
_QUIETEST_DB = -70.0
"""Bars never rise for levels below this, whatever went before; relative to full scale."""


@dataclass(frozen=True, slots=True)
class Motion:
    """What a frame shows of the sound.

    Attributes
    ----------
    bars : ndarray, shape (BANDS,)
        From low to high notes, 0..1.
    breath : float
        Slow loudness, 0..1.
    """

    bars: FloatArray
    breath: float


class Spectrum:
    """Follows a song from frame to frame.

    Parameters
    ----------
    sample_rate : int
        Hz.
    frame_rate : float
        Frames per second.
    """

    def __init__(self, sample_rate: int, frame_rate: float) -> None:
        self.window = round(_WINDOW_FRAMES * sample_rate / frame_rate)
        self._hann = np.hanning(self.window).astype(np.float32)
        self._size = scipy.fft.next_fast_len(max(self.window, 2048), real=True)
        self._filters, centres = _bands(self._size, sample_rate)
        self._tilt = (_TILT_DB * np.log2(centres / centres[0])).astype(np.float32)
        # So that a full-scale sine has 0 dB.
        self._scale = 2.0 / float(self._hann.sum())
        self._fall = 0.5 ** (1 / (_FALL_SECONDS * frame_rate))
        self._follow = 1 - np.exp(-1 / (_BREATH_SECONDS * frame_rate))
        self._forget = _FORGET_DB / (_FORGET_SECONDS * frame_rate)
        self._ceiling = _QUIETEST_DB + _RANGE_DB
        self._bars = np.zeros(BANDS, np.float32)
        self._breath = 0.0

    def push(self, samples: FloatArray) -> Motion:
        """Take the next frame's sound.

        Parameters
        ----------
        samples : ndarray of float32, shape (window,)
            Around the moment of the frame.

        Returns
        -------
        Motion
        """
        magnitude = np.abs(scipy.fft.rfft(samples * self._hann, self._size)) * self._scale
        levels = 20 * np.log10(self._filters @ magnitude + 1e-6) + self._tilt
        loudest = float(levels.max())
        floor = _QUIETEST_DB + _RANGE_DB
        self._ceiling = max(self._ceiling - self._forget, loudest, floor)
        bars = np.clip(1 + (levels - self._ceiling) / _RANGE_DB, 0, 1)
        self._bars = np.maximum(bars, self._bars * self._fall)
        self._breath += self._follow * (float(bars.mean()) - self._breath)
        return Motion(self._bars, min(1.6 * self._breath, 1.0))


def _bands(size: int, sample_rate: int) -> tuple[FloatArray, FloatArray]:
    """Return triangular filters on the mel scale, shape (BANDS, bins), and their centres in Hz."""
    highest = min(_HIGHEST_HZ, sample_rate / 2)
    mel = np.linspace(_mel(_LOWEST_HZ), _mel(highest), BANDS + 2)
    edges = 700 * (10 ** (mel / 2595) - 1)
    bins = np.arange(size // 2 + 1) * sample_rate / size
    low, centre, high = (edges[start : start + BANDS, np.newaxis] for start in range(3))
    slopes = np.minimum((bins - low) / (centre - low), (high - bins) / (high - centre))
    filters = np.clip(slopes, 0, 1)
    filters /= np.maximum(filters.sum(axis=1, keepdims=True), 1)
    return filters.astype(np.float32), edges[1:-1]


def _mel(hertz: float) -> float:
    """Mels of O'Shaughnessy (1987): as the ear spaces notes."""
    return float(2595 * np.log10(1 + hertz / 700))
