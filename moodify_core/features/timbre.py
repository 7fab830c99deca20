"""Timbre, bands and flux of a window, from its mel spectrum: deaf to level and to what codecs do.

The spectrum is cut at 7 kHz and compressed as ``log(1 + c * power / mean power of the window)``.
What lies 30 dB and more under the window's mean fades to zero, so that the floor that a codec,
a sample rate or a fade leaves in the empty bands is never magnified, as a plain decibel does.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import scipy.fft

from moodify_core.arrays import FloatArray
from moodify_core.features.filterbanks import FRAME_RATE

MEL_BANDS = 104
"""Bands of the 128-band mel spectrum that lie under 7 kHz."""
N_COEFFICIENTS = 16
_COMPRESSION = 1e3
_TINY = 1e-12
_PER_DECADE = np.float32(1 / np.log(10))
"""numpy's natural logarithm is several times faster than its log10."""
_WIDE = ((0, 12), (12, 24), (24, 40), (40, 56), (56, 76), (76, 104))
"""Six wide bands: about 0-150, 150-300, 300-500, 500-800, 0.8-2 and 2-7 kHz; in mel bands."""
_FLUX_BANDS = {"lo": slice(0, 4), "mid": slice(4, 14), "hi": slice(14, 26), "all": slice(0, 26)}
_PULSE_BANDS = ("lo", "hi", "all")
_LAG_EDGES = (8, 11, 15, 21, 29, 41, 58, 87)
"""Lags in frames between 323 and 30 beats a minute, half an octave each."""
_PADDED = 512
"""Samples of the transform for an autocorrelation: a window's frames and the longest lag."""


def _wide_bands() -> FloatArray:
    bands = np.zeros((MEL_BANDS, len(_WIDE)), np.float32)
    for index, (low, high) in enumerate(_WIDE):
        bands[low:high, index] = 1 / (high - low)
    return bands


_WIDE_BANDS = _wide_bands()
_DCT = scipy.fft.dct(np.eye(MEL_BANDS // 2), norm="ortho", axis=1)[:, :N_COEFFICIENTS].astype(
    np.float32
)


def pool_mel(mel: FloatArray) -> FloatArray:
    """Describe a stretch of mel spectra.

    Parameters
    ----------
    mel : float32 array, shape (frames, 104), at least two frames
        Power, not decibels.

    Returns
    -------
    float32 array, shape (len(MEL_NAMES),)
    """
    reference = float(mel.mean()) + _TINY
    compressed = _PER_DECADE * np.log(1 + np.float32(_COMPRESSION / reference) * mel)
    pairs = 0.5 * (compressed[:, ::2] + compressed[:, 1::2])
    fours = 0.5 * (pairs[:, ::2] + pairs[:, 1::2])
    parts = (
        _timbre(pairs @ _DCT),
        _bands(mel, reference),
        _flux(fours),
        _texture(pairs, fours),
    )
    numbers: FloatArray = np.nan_to_num(np.concatenate(parts)).astype(np.float32)
    return numbers


def _timbre(cepstrum: FloatArray) -> FloatArray:
    change = np.abs(np.diff(cepstrum, axis=0)).mean(axis=0)
    return np.concatenate((cepstrum[:, 1:].mean(axis=0), cepstrum.std(axis=0), change))


def _bands(mel: FloatArray, reference: float) -> FloatArray:
    power = mel @ _WIDE_BANDS
    level = np.log10(power.mean(axis=0) / reference + 1e-6)
    envelope = np.log10(1e-4 * reference + power)
    centred = envelope - envelope.mean(axis=0)
    spread = envelope.std(axis=0)
    skewness = (centred * centred * centred).mean(axis=0) / np.maximum(spread, 1e-3) ** 3
    together = (centred.T @ centred) / len(centred) / (np.outer(spread, spread) + 1e-9)
    upper = np.triu_indices(len(_WIDE), 1)
    return np.concatenate(
        (level - level.mean(), spread, skewness, (together[upper].mean(), together[0, -1]))
    )


def _flux(fours: FloatArray) -> FloatArray:
    """Statistics of the rises by register, and how regular they are (autocorrelation)."""
    rise = np.maximum(np.diff(fours, axis=0), 0)
    onsets = np.stack([rise[:, band].mean(axis=1) for band in _FLUX_BANDS.values()], axis=1)
    frames = len(onsets)
    ordered = np.sort(onsets, axis=0)
    median, high = ordered[frames // 2], ordered[min(frames - 1, round(0.95 * frames))]
    mean = onsets.mean(axis=0)
    crest = np.log10((ordered[-1] + 1e-3) / (mean + 1e-3))
    unevenness = np.abs(onsets - median).mean(axis=0) / (mean + 1e-3)
    statistics = np.stack((mean, onsets.std(axis=0), high, median, crest, unevenness))

    columns = [list(_FLUX_BANDS).index(name) for name in _PULSE_BANDS]
    spectrum = scipy.fft.rfft(onsets[:, columns] - mean[columns], _PADDED, axis=0)
    power = spectrum.real**2 + spectrum.imag**2
    correlation = scipy.fft.irfft(power, axis=0)[: _LAG_EDGES[-1]]
    correlation = correlation / (correlation[0] + 1e-3)
    correlation *= (frames / np.maximum(frames - np.arange(len(correlation)), 1))[:, None]
    beats = correlation[_LAG_EDGES[0] :]
    tempo = np.log2(60 * FRAME_RATE / (_LAG_EDGES[0] + beats.argmax(axis=0)))
    by_lag = np.stack([correlation[a:b].max(axis=0) for a, b in pairwise(_LAG_EDGES)])
    pulse = np.concatenate((beats.max(axis=0), tempo, by_lag.ravel()))
    return np.concatenate((statistics.ravel(), pulse, _onsets(onsets[:, -1])))


def _onsets(onset: FloatArray) -> FloatArray:
    """Rate, height and evenness of the onsets that stand out."""
    threshold = max(0.7 * float(onset.mean() + onset.std()), 0.02)
    middle = onset[1:-1]
    peaks = np.flatnonzero((middle > onset[:-2]) & (middle >= onset[2:]) & (middle > threshold))
    if not peaks.size:
        return np.zeros(3, np.float32)
    gaps = np.diff(peaks)
    evenness = gaps.std() / gaps.mean() if gaps.size > 1 else 0.0
    return np.array((peaks.size * FRAME_RATE / len(onset), middle[peaks].mean(), evenness))


def _texture(pairs: FloatArray, fours: FloatArray) -> FloatArray:
    """Change along time over change along frequency: percussive against sustained sound."""
    along_time = np.abs(np.diff(fours, axis=0))
    along_pitch = np.abs(np.diff(pairs, axis=1))
    ratios = [np.log10((along_time.mean() + 1e-4) / (np.abs(np.diff(fours, axis=1)).mean() + 1e-4))]
    for low, high in ((0, 5), (5, 14), (14, 26)):
        time, pitch = along_time[:, low:high].mean(), along_pitch[:, 2 * low : 2 * high - 1].mean()
        ratios.append(np.log10((time + 1e-4) / (pitch + 1e-4)))
    change = np.diff(fours, axis=0)
    rising, falling = (np.maximum(sign * change, 0) ** 2 for sign in (1, -1))
    ratios.append(np.log10((rising.mean() + 1e-6) / (falling.mean() + 1e-6)))
    return np.array(ratios)


def _names() -> tuple[str, ...]:
    coefficients = range(N_COEFFICIENTS)
    wide = range(len(_WIDE))
    statistics = ("mean", "std", "high", "median", "crest", "unevenness")
    lags = range(len(_LAG_EDGES) - 1)
    return (
        *(f"timbre{i}_mean" for i in coefficients if i),
        *(f"timbre{i}_std" for i in coefficients),
        *(f"timbre{i}_change" for i in coefficients),
        *(f"band{i}_{kind}" for kind in ("level", "std", "skewness") for i in wide),
        "bands_together",
        "bass_with_treble",
        *(f"flux_{band}_{kind}" for kind in statistics for band in _FLUX_BANDS),
        *(f"beat_{kind}_{band}" for kind in ("clarity", "tempo") for band in _PULSE_BANDS),
        *(f"beat_lag{lag}_{band}" for lag in lags for band in _PULSE_BANDS),
        "onset_rate",
        "onset_height",
        "onset_unevenness",
        "percussive",
        "percussive_low",
        "percussive_mid",
        "percussive_high",
        "attack_over_decay",
    )


MEL_NAMES: tuple[str, ...] = _names()
"""Name of each number that `pool_mel` returns, in order."""
