"""How far a recording is tuned from a4 = 440 Hz, estimated while it plays."""

from __future__ import annotations

import numpy as np

from moodify_core.arrays import FloatArray
from moodify_core.features.filterbanks import FREQUENCIES

_LOWEST_HZ, _HIGHEST_HZ = 150.0, 4000.0
_THRESHOLD = 0.1
"""Peaks below this share of the loudest bin of their frame are not notes."""
_FRAME_STEP = 8
"""One frame in eight tells the tuning as well as all of them, at an eighth of the cost."""
_BINS = 100
_A0 = 27.5


class TuningEstimator:
    """A running histogram of how far spectral peaks lie from the nearest semitone.

    The method is librosa's ``estimate_tuning`` (interpolated peaks of at least median
    strength), with a histogram that grows as the song plays.
    """

    def __init__(self) -> None:
        self._histogram = np.zeros(_BINS, np.int64)
        first, last = np.searchsorted(FREQUENCIES, (_LOWEST_HZ, _HIGHEST_HZ))
        self._range = slice(int(first), int(last))

    def update(self, power: FloatArray) -> float:
        """Take a block of spectra and return the estimate so far.

        Parameters
        ----------
        power : float32 array, shape (frames, 1025)

        Returns
        -------
        float
            Fraction of a semitone, -0.5..0.5; 0 until a peak was heard.
        """
        pitches = self._pitches(power[::_FRAME_STEP])
        semitones = 12 * np.log2(pitches / _A0)
        deviation = semitones - np.floor(semitones + 0.5)
        bins = np.minimum(((deviation + 0.5) * _BINS).astype(int), _BINS - 1)
        self._histogram += np.bincount(bins, minlength=_BINS)
        if not self._histogram.any():
            return 0.0
        return float(self._histogram.argmax()) / _BINS - 0.5

    def _pitches(self, power: FloatArray) -> FloatArray:
        centre = power[:, self._range]
        below = power[:, self._range.start - 1 : self._range.stop - 1]
        above = power[:, self._range.start + 1 : self._range.stop + 1]
        loud = centre > _THRESHOLD**2 * power.max(axis=1, keepdims=True)
        peaks = np.nonzero(loud & (centre > below) & (centre >= above))
        left, middle, right = (np.sqrt(values[peaks]) for values in (below, centre, above))
        strong = middle >= np.median(middle) if middle.size else np.zeros(0, bool)
        left, middle, right = left[strong], middle[strong], right[strong]
        # Of a flat top rounding leaves nothing, or too little to divide by.
        curvature = np.minimum(left - 2 * middle + right, -np.finfo(np.float32).tiny)
        shift = np.clip((left - right) / (2 * curvature), -0.5, 0.5)
        bins = peaks[1][strong] + self._range.start + shift
        pitches: FloatArray = bins * FREQUENCIES[1]
        return pitches
