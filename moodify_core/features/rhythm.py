"""Tempo and pulse, from the autocorrelation of the onset strength."""

from __future__ import annotations

import numpy as np
import scipy.fft
from numpy.lib.stride_tricks import sliding_window_view

from moodify_core.arrays import FloatArray, IntArray
from moodify_core.features.filterbanks import FRAME_RATE, hann

TEMPOGRAM_FRAMES = 384
"""Frames per autocorrelation, 8.9 s, as in librosa."""
PULSE_NAMES = ("tempo", "pulse_clarity", "fast_pulse", "slow_pulse")
"""Name of each column that `pulse` returns."""

_FASTEST_BPM = 320.0
_START_BPM = 120.0
"""Centre of the prior over tempi, one octave wide, as in librosa (after Ellis 2007)."""
_BATCH = 256


def tempogram(onset_strength: FloatArray, centres: IntArray) -> FloatArray:
    """Autocorrelate the onset strength around some frames.

    Parameters
    ----------
    onset_strength : float32 array, shape (frames,)
    centres : int array, shape (n,)

    Returns
    -------
    float32 array, shape (n, 384)
        By lag in frames, relative to the maximum, 0..1.
    """
    half = TEMPOGRAM_FRAMES // 2
    padded = np.pad(onset_strength, half, mode="linear_ramp")
    frames = sliding_window_view(padded, TEMPOGRAM_FRAMES)[centres] * _HANN
    spectrum = scipy.fft.rfft(frames, 2 * TEMPOGRAM_FRAMES, axis=1)
    power = spectrum.real**2 + spectrum.imag**2
    correlation = scipy.fft.irfft(power, axis=1)[:, :TEMPOGRAM_FRAMES]
    largest = np.abs(correlation).max(axis=1, keepdims=True)
    result: FloatArray = correlation / np.where(largest > np.finfo(np.float32).tiny, largest, 1)
    return result


def pulse(onset_strength: FloatArray, centres: IntArray) -> FloatArray:
    """Describe the pulse around some frames.

    Parameters
    ----------
    onset_strength : float32 array, shape (frames,)
    centres : int array, shape (n,)

    Returns
    -------
    float32 array, shape (n, len(PULSE_NAMES))
        Octaves of tempo above 120 beats a minute, found as ``librosa.feature.tempo`` finds it;
        clarity of that pulse, 0..1 (after Lartillot
        et al., "Multi-feature modeling of pulse clarity", ISMIR 2008: the height of the
        autocorrelation at the beat); strength of periods below 0.3 s and of those above 0.6 s.
    """
    result = np.empty((len(centres), 4), np.float32)
    for start in range(0, len(centres), _BATCH):
        correlation = tempogram(onset_strength, centres[start : start + _BATCH])
        best = _best_lag(correlation)
        rows = result[start : start + _BATCH]
        rows[:, 0] = np.log2(_TEMPI[best] / _START_BPM)
        rows[:, 1] = np.take_along_axis(correlation, best[:, None], axis=1)[:, 0]
        rows[:, 2] = correlation[:, _FAST_LAGS].mean(axis=1)
        rows[:, 3] = correlation[:, _SLOW_LAGS].mean(axis=1)
    return result


def _best_lag(correlation: FloatArray) -> IntArray:
    best: IntArray = (np.log1p(1e6 * np.maximum(correlation, 0)) + _LOG_PRIOR).argmax(axis=1)
    return best


def _tempi() -> FloatArray:
    lags = np.arange(TEMPOGRAM_FRAMES)
    return 60 * FRAME_RATE / np.maximum(lags, 1e-9)


_TEMPI = _tempi()
_LOG_PRIOR = -0.5 * np.log2(_TEMPI / _START_BPM) ** 2
_LOG_PRIOR[_TEMPI >= _FASTEST_BPM] = -np.inf
_HANN = hann(TEMPOGRAM_FRAMES)
_FAST_LAGS = slice(round(0.1 * FRAME_RATE), round(0.3 * FRAME_RATE))
_SLOW_LAGS = slice(round(0.6 * FRAME_RATE), round(1.5 * FRAME_RATE))
