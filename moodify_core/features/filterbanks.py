"""The filter banks that turn a power spectrum into bands: mel, chroma and octaves.

All are plain numpy, so that nothing of librosa is imported to analyse a song; tests hold them
against librosa's.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from moodify_core.arrays import FloatArray
from moodify_core.audio import SAMPLE_RATE

N_FFT = 2048
HOP = 512
N_BINS = N_FFT // 2 + 1
N_MELS = 128
N_CHROMA = 12
FRAME_RATE = SAMPLE_RATE / HOP
"""Frames per second."""

_NEIGHBOURS = 16

FREQUENCIES: FloatArray = np.linspace(0, SAMPLE_RATE / 2, N_BINS, dtype=np.float32)
"""Centre of each bin of the spectrum in Hz, shape (1025,)."""

CONTRAST_BANDS = 7
_CONTRAST_FMIN = 200.0
_A0 = 27.5
"""Lowest A of a piano in Hz, with a4 = 440 Hz."""


def hann(length: int) -> FloatArray:
    """Periodic Hann window, float32, shape (length,).

    ``scipy.signal`` has it too, and takes longer to import than a song takes to decode.
    """
    return (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(length) / length)).astype(np.float32)


@lru_cache(maxsize=1)
def mel_filters() -> FloatArray:
    """Triangular mel bands, Slaney's scale and area normalisation.

    Returns
    -------
    float32 array, shape (1025, 128)
        From Slaney, "Auditory Toolbox", technical report 1998-010, Interval Research, 1998:
        linear below 1 kHz, logarithmic above.
    """
    edges = _mel_to_hz(np.linspace(0.0, _hz_to_mel(SAMPLE_RATE / 2), N_MELS + 2))
    widths = np.diff(edges)
    bins = np.linspace(0, SAMPLE_RATE / 2, N_BINS)
    ramps = edges[None, :] - bins[:, None]
    rising = -ramps[:, :-2] / widths[None, :-1]
    falling = ramps[:, 2:] / widths[None, 1:]
    triangles = np.maximum(0.0, np.minimum(rising, falling))
    return (triangles * (2.0 / (edges[2:] - edges[:-2]))).astype(np.float32)


class Bands:
    """A bank of filters, each of which covers a small part of the spectrum.

    A product with the whole bank multiplies mostly by zero; here a few neighbouring filters at
    a time meet the bins that they cover, at a fifth of the cost.

    Parameters
    ----------
    filters : float32 array, shape (bins, bands)
        In order of frequency.
    """

    def __init__(self, filters: FloatArray) -> None:
        self._bands = filters.shape[1]
        self._parts = []
        for first in range(0, self._bands, _NEIGHBOURS):
            bands = slice(first, first + _NEIGHBOURS)
            covered = np.flatnonzero(filters[:, bands].any(axis=1))
            bins = slice(int(covered[0]), int(covered[-1]) + 1)
            self._parts.append((bands, bins, np.ascontiguousarray(filters[bins, bands].T)))

    def __call__(self, power: FloatArray) -> FloatArray:
        """Return what the filters let through of spectra, shape (frames, bins).

        Returns
        -------
        float32 array, shape (frames, bands)
            Each band lies in one piece.
        """
        through = np.empty((self._bands, len(power)), np.float32)
        for bands, bins, filters in self._parts:
            np.matmul(filters, power[:, bins].T, out=through[bands])
        return through.T


@lru_cache(maxsize=101)  # every tuning that `TuningEstimator` tells, 5 MB in all
def chroma_filters(tuning: float) -> FloatArray:
    """Weights that fold a spectrum into the twelve pitch classes, C first.

    Parameters
    ----------
    tuning : float
        Deviation from a4 = 440 Hz as a fraction of a semitone, -0.5..0.5.

    Returns
    -------
    float32 array, shape (1025, 12)
        From Ellis, "Chroma feature analysis and synthesis", 2007: a Gaussian around each
        pitch class, under a Gaussian over octaves that favours the middle of the keyboard.
    """
    bins = np.arange(1, N_BINS + 1) * (SAMPLE_RATE / N_FFT)
    pitch = N_CHROMA * np.log2(bins / _A0) - tuning
    pitch = np.concatenate(([pitch[0] - 1.5 * N_CHROMA], pitch))
    widths = np.concatenate((np.maximum(np.diff(pitch), 1.0), [1.0]))
    distance = pitch[:, None] - np.arange(N_CHROMA)[None, :]
    distance = np.remainder(distance + N_CHROMA / 2 + 10 * N_CHROMA, N_CHROMA) - N_CHROMA / 2
    weights = np.exp(-0.5 * (2 * distance / widths[:, None]) ** 2)
    weights /= np.linalg.norm(weights, axis=1, keepdims=True)
    octave_centre, octave_width = 5.0, 2.0
    weights *= np.exp(-0.5 * ((pitch / N_CHROMA - octave_centre) / octave_width) ** 2)[:, None]
    from_c = np.roll(weights, -3, axis=1)
    return np.ascontiguousarray(from_c[:N_BINS]).astype(np.float32)


def contrast_bands_of_octaves() -> tuple[tuple[int, int, int], ...]:
    """Octave bands of the spectral contrast.

    Returns
    -------
    tuple of (first bin, end bin, bins to average at either end), 7 bands
        From Jiang et al., "Music type classification by spectral contrast feature", ICME
        2002, with librosa's edges: below 200 Hz, then six octaves; 2 % of a band's bins.
    """
    edges = [0.0, *(_CONTRAST_FMIN * 2.0**octave for octave in range(CONTRAST_BANDS))]
    bins = np.linspace(0, SAMPLE_RATE / 2, N_BINS)
    bands = []
    for band, (low, high) in enumerate(pairwise(edges)):
        inside = np.flatnonzero((bins >= low) & (bins <= high))
        first, end = int(inside[0]), int(inside[-1]) + 1
        if band > 0:
            first -= 1
        if band == CONTRAST_BANDS - 1:
            end = N_BINS
        quantile = max(1, round(0.02 * (end - first)))
        # librosa counts the last bin of a band for the quantile, yet leaves it to the next band.
        bands.append((first, end if band == CONTRAST_BANDS - 1 else end - 1, quantile))
    return tuple(bands)


def _hz_to_mel(hz: float) -> float:
    if hz < 1000:
        return hz * 3 / 200
    return 15 + float(np.log(hz / 1000)) * 27 / float(np.log(6.4))


def _mel_to_hz(mel: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return np.where(mel < 15, mel * 200 / 3, 1000 * np.exp((mel - 15) * np.log(6.4) / 27))
