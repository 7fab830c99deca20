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
_WIDTHS = np.diff(_WIDE).ravel().astype(np.float32)
_UPPER = np.triu_indices(len(_WIDE), 1)
_DCT = scipy.fft.dct(np.eye(MEL_BANDS // 2), norm="ortho", axis=1)[:, :N_COEFFICIENTS].astype(
    np.float32
)


def pool_mel(mel: FloatArray) -> FloatArray:
    """Describe stretches of mel spectra, several at a time.

    Parameters
    ----------
    mel : float32 array, shape (104, windows, frames), at least two frames
        Power, not decibels. Time runs along the last axis, where every statistic is fastest.

    Returns
    -------
    float32 array, shape (windows, len(MEL_NAMES))
    """
    wide = _combined(_WIDE_BANDS, mel)
    reference: FloatArray = _WIDTHS @ wide.mean(axis=-1) / MEL_BANDS + np.float32(_TINY)
    compressed = mel * (np.float32(_COMPRESSION) / reference)[:, None]
    compressed += 1
    np.log(compressed, out=compressed)
    pairs = compressed[::2] + compressed[1::2]
    pairs *= 0.5 * _PER_DECADE
    fours = 0.5 * (pairs[::2] + pairs[1::2])
    change = np.diff(fours)
    rise = np.maximum(change, 0)
    parts = (
        _timbre(_combined(_DCT, pairs)),
        _bands(wide, reference),
        _flux(rise),
        _texture(pairs, fours, change, rise),
    )
    numbers: FloatArray = np.nan_to_num(np.concatenate(parts)).astype(np.float32).T
    return numbers


def _combined(weights: FloatArray, bands: FloatArray) -> FloatArray:
    """Combine bands, shape (bands, windows, frames), by weights, shape (bands, n)."""
    combined: FloatArray = weights.T @ bands.reshape(len(bands), -1)
    return combined.reshape(-1, *bands.shape[1:])


# All that follows returns a row for each number, and in it a column for each window.


def _timbre(cepstrum: FloatArray) -> FloatArray:
    change = np.abs(np.diff(cepstrum)).mean(axis=-1)
    return np.concatenate((cepstrum[1:].mean(axis=-1), cepstrum.std(axis=-1), change))


def _bands(power: FloatArray, reference: FloatArray) -> FloatArray:
    level = np.log10(power.mean(axis=-1) / reference + 1e-6)
    envelope = np.log10(np.float32(1e-4) * reference[:, None] + power)
    centred = envelope - envelope.mean(axis=-1, keepdims=True)
    by_window = centred.transpose(1, 0, 2)
    products = by_window @ by_window.transpose(0, 2, 1) / centred.shape[-1]
    spread = np.sqrt(np.diagonal(products, axis1=1, axis2=2))
    skewness = (centred * centred * centred).mean(axis=-1) / np.maximum(spread.T, 1e-3) ** 3
    together = products / (spread[:, :, None] * spread[:, None, :] + 1e-9)
    rows, columns = _UPPER
    return np.concatenate(
        (
            level - level.mean(axis=0),
            spread.T,
            skewness,
            (together[:, rows, columns].mean(axis=1), together[:, 0, -1]),
        )
    )


def _flux(rise: FloatArray) -> FloatArray:
    """Statistics of the rises by register, and how regular they are (autocorrelation)."""
    onsets = np.stack([rise[band].mean(axis=0) for band in _FLUX_BANDS.values()])
    frames = onsets.shape[-1]
    ordered = np.sort(onsets)
    median, high = ordered[..., frames // 2], ordered[..., min(frames - 1, round(0.95 * frames))]
    mean = onsets.mean(axis=-1)
    crest = np.log10((ordered[..., -1] + 1e-3) / (mean + 1e-3))
    unevenness = np.abs(onsets - median[..., None]).mean(axis=-1) / (mean + 1e-3)
    statistics = (mean, onsets.std(axis=-1), high, median, crest, unevenness)

    columns = [list(_FLUX_BANDS).index(name) for name in _PULSE_BANDS]
    spectrum = scipy.fft.rfft(onsets[columns] - mean[columns][..., None], _PADDED)
    power = spectrum.real**2 + spectrum.imag**2
    correlation = scipy.fft.irfft(power)[..., : _LAG_EDGES[-1]]
    correlation = correlation / (correlation[..., :1] + 1e-3)
    correlation *= frames / np.maximum(frames - np.arange(_LAG_EDGES[-1]), 1)
    beats = correlation[..., _LAG_EDGES[0] :]
    tempo = np.log2(60 * FRAME_RATE / (_LAG_EDGES[0] + beats.argmax(axis=-1)))
    by_lag = (correlation[..., a:b].max(axis=-1) for a, b in pairwise(_LAG_EDGES))
    return np.concatenate(
        (*statistics, beats.max(axis=-1), tempo, *by_lag, _onsets(onsets[-1])), dtype=np.float32
    )


def _onsets(onset: FloatArray) -> FloatArray:
    """Rate, height and evenness of the onsets that stand out."""
    threshold = np.maximum(0.7 * (onset.mean(axis=-1) + onset.std(axis=-1)), 0.02)
    middle = onset[:, 1:-1]
    peaks = (middle > onset[:, :-2]) & (middle >= onset[:, 2:]) & (middle > threshold[:, None])
    numbers = np.zeros((3, len(onset)), np.float32)
    for window, of_window in enumerate(peaks):
        (found,) = of_window.nonzero()
        if found.size:
            gaps = np.diff(found)
            evenness = gaps.std() / gaps.mean() if gaps.size > 1 else 0.0
            rate = found.size * FRAME_RATE / onset.shape[-1]
            numbers[:, window] = rate, middle[window, found].mean(), evenness
    return numbers


def _texture(
    pairs: FloatArray, fours: FloatArray, change: FloatArray, rise: FloatArray
) -> FloatArray:
    """Change along time over change along frequency: percussive against sustained sound."""
    # Means over time first: what they are taken of are the largest arrays here.
    along_time = np.abs(change).mean(axis=-1)
    along_pitch = np.abs(np.diff(pairs, axis=0)).mean(axis=-1)
    all_pitches = np.abs(np.diff(fours, axis=0)).mean(axis=-1).mean(axis=0)
    ratios = [np.log10((along_time.mean(axis=0) + 1e-4) / (all_pitches + 1e-4))]
    for low, high in ((0, 5), (5, 14), (14, 26)):
        time = along_time[low:high].mean(axis=0)
        pitch = along_pitch[2 * low : 2 * high - 1].mean(axis=0)
        ratios.append(np.log10((time + 1e-4) / (pitch + 1e-4)))
    rising, falling = (np.square(part).mean(axis=-1).mean(axis=0) for part in (rise, rise - change))
    ratios.append(np.log10((rising + 1e-6) / (falling + 1e-6)))
    return np.stack(ratios)


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
