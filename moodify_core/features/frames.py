"""One row of features per frame of 93 ms, every 23 ms, all from one spectrum.

The definitions are librosa's (McFee et al., "librosa: Audio and music signal analysis in
Python", SciPy 2015), computed block by block.
"""

from __future__ import annotations

import numpy as np
import scipy.fft
import scipy.signal
from numpy.lib.stride_tricks import sliding_window_view

from moodify_core.arrays import FloatArray
from moodify_core.audio import SAMPLE_RATE
from moodify_core.features.filterbanks import (
    CONTRAST_BANDS,
    FREQUENCIES,
    HOP,
    N_CHROMA,
    N_FFT,
    N_MELS,
    chroma_filters,
    contrast_bands,
    mel_filters,
)
from moodify_core.features.tuning import TuningEstimator

N_MFCC = 20
N_TONNETZ = 6
ROLLOFF = 0.85
"""Share of the spectrum's magnitude that lies below the roll-off frequency."""

_AMIN = 1e-10
"""Smallest power that is told from nothing, as in librosa."""
_BLOCK = 128
"""Frames per transform: a block of spectra (0.5 MB) stays in a core's second-level cache."""


def _columns(**widths: int) -> dict[str, slice]:
    columns, start = {}, 0
    for name, width in widths.items():
        columns[name] = slice(start, start + width)
        start += width
    return columns


COLUMNS = _columns(
    mfcc=N_MFCC,
    chroma=N_CHROMA,
    contrast=CONTRAST_BANDS,
    tonnetz=N_TONNETZ,
    centroid=1,
    bandwidth=1,
    rolloff=1,
    flatness=1,
    zero_crossings=1,
    rms=1,
    onset_strength=1,
    mel=N_MELS,
)
"""Where each feature stands in a row.

``mfcc`` of the mel spectrum in dB; ``chroma`` relative to its maximum, 0..1; ``contrast`` in
dB; ``tonnetz`` (Harte 2006); ``centroid``, ``bandwidth`` and ``rolloff`` in Hz; ``flatness``
0..1; ``zero_crossings`` per sample; ``rms`` of the samples, linear; ``onset_strength`` in dB
of rise per frame; ``mel`` power in 128 bands.
"""

N_COLUMNS = COLUMNS["mel"].stop


class FrameAnalyser:
    """Turns blocks of samples into rows of frame features.

    Frames are centred: frame ``i`` covers 2048 samples around sample ``512 * i``, the song
    being padded with zeros at both ends, so a song of n samples has ``1 + n // 512`` frames.

    Examples
    --------
    >>> analyser = FrameAnalyser()
    >>> rows = [*map(analyser.push, blocks), analyser.finish()]
    """

    def __init__(self) -> None:
        self._pending: FloatArray = np.zeros(N_FFT // 2, np.float32)
        self._last_mel_db: FloatArray | None = None
        # A spectral flux belongs to where the rise is heard: librosa delays it by half a frame.
        self._onset_delay: FloatArray = np.zeros(N_FFT // (2 * HOP), np.float32)
        self._tuning = TuningEstimator()
        self._window = scipy.signal.get_window("hann", N_FFT).astype(np.float32)
        self._mel = mel_filters()
        self._bands = contrast_bands()
        self._dct = _dct_matrix()

    def push(self, samples: FloatArray) -> FloatArray:
        """Take a block of samples, shape (n,), and return the rows that it completes.

        Returns
        -------
        float32 array, shape (frames, N_COLUMNS)
        """
        self._pending = np.concatenate((self._pending, samples))
        ready = 1 + (len(self._pending) - N_FFT) // HOP if len(self._pending) >= N_FFT else 0
        rows = np.empty((ready, N_COLUMNS), np.float32)
        for start in range(0, ready, _BLOCK):
            stop = min(start + _BLOCK, ready)
            stretch = self._pending[start * HOP : (stop - 1) * HOP + N_FFT]
            self._analyse(stretch, rows[start:stop])
        self._pending = self._pending[ready * HOP :]
        return rows

    def finish(self) -> FloatArray:
        """Pad the end of the song and return its last rows."""
        return self.push(np.zeros(N_FFT // 2, np.float32))

    def _analyse(self, samples: FloatArray, rows: FloatArray) -> None:
        frames = sliding_window_view(samples, N_FFT)[::HOP]
        power = _power_spectra(frames * self._window)
        magnitude = np.sqrt(power)
        mel = power @ self._mel
        mel_db = _decibel(mel)
        chroma = _relative(power @ chroma_filters(self._tuning.update(magnitude)))

        rows[:, COLUMNS["mel"]] = mel
        rows[:, COLUMNS["mfcc"]] = mel_db @ self._dct
        rows[:, COLUMNS["chroma"]] = chroma
        rows[:, COLUMNS["contrast"]] = self._contrast(magnitude)
        rows[:, COLUMNS["tonnetz"]] = _tonnetz(chroma)
        rows[:, COLUMNS["flatness"]] = _flatness(power)
        rows[:, COLUMNS["onset_strength"]] = self._onset_strength(mel_db)
        _shape(magnitude, rows)
        _loudness_and_crossings(samples, rows)

    def _contrast(self, magnitude: FloatArray) -> FloatArray:
        contrast = np.empty((len(magnitude), CONTRAST_BANDS), np.float32)
        for band, (first, end, quantile) in enumerate(self._bands):
            ordered = np.sort(magnitude[:, first:end], axis=1)
            peak = ordered[:, -quantile:].mean(axis=1)
            valley = ordered[:, :quantile].mean(axis=1)
            contrast[:, band] = _decibel(peak) - _decibel(valley)
        return contrast

    def _onset_strength(self, mel_db: FloatArray) -> FloatArray:
        before = mel_db[:1] if self._last_mel_db is None else self._last_mel_db
        self._last_mel_db = mel_db[-1:]
        rise = np.maximum(np.diff(mel_db, axis=0, prepend=before), 0).mean(axis=1)
        delayed = np.concatenate((self._onset_delay, rise))
        self._onset_delay = delayed[len(rise) :]
        return delayed[: len(rise), None]


def _power_spectra(frames: FloatArray) -> FloatArray:
    spectra = scipy.fft.rfft(frames, axis=1)
    power: FloatArray = spectra.real**2 + spectra.imag**2
    return power


def _decibel(power: FloatArray) -> FloatArray:
    return 10 * np.log10(np.maximum(power, _AMIN))


def _relative(chroma: FloatArray) -> FloatArray:
    loudest = chroma.max(axis=1, keepdims=True)
    return chroma / np.where(loudest > _AMIN, loudest, 1)


def _shape(magnitude: FloatArray, rows: FloatArray) -> None:
    """Fill in centroid, bandwidth and roll-off, the spectrum's first moments and a quantile."""
    moments = magnitude @ _MOMENTS
    total = np.maximum(moments[:, 0], _AMIN)
    mean, mean_square = moments[:, 1] / total, moments[:, 2] / total
    nyquist = SAMPLE_RATE / 2
    rows[:, COLUMNS["centroid"].start] = mean * nyquist
    spread = np.sqrt(np.maximum(mean_square - mean**2, 0))
    rows[:, COLUMNS["bandwidth"].start] = spread * nyquist
    below = np.cumsum(magnitude, axis=1)
    reached = (below >= ROLLOFF * below[:, -1:]).argmax(axis=1)
    rows[:, COLUMNS["rolloff"].start] = FREQUENCIES[reached]


def _flatness(power: FloatArray) -> FloatArray:
    power = np.maximum(power, _AMIN)
    geometric = np.exp(np.log(power).mean(axis=1, keepdims=True))
    flatness: FloatArray = geometric / power.mean(axis=1, keepdims=True)
    return flatness


def _loudness_and_crossings(samples: FloatArray, rows: FloatArray) -> None:
    """Fill in RMS and zero crossings, from sums over hops, four of which make a frame."""
    hops_per_frame = N_FFT // HOP
    power = (samples**2).reshape(-1, HOP).sum(axis=1)
    energy = sliding_window_view(power, hops_per_frame).sum(axis=1)
    rows[:, COLUMNS["rms"].start] = np.sqrt(energy / N_FFT)

    negative = np.signbit(samples)
    crossed = np.diff(negative, prepend=negative[:1]).reshape(-1, HOP)
    crossings = sliding_window_view(crossed.sum(axis=1), hops_per_frame).sum(axis=1)
    # The sample before the frame is not part of it.
    crossings = crossings - crossed[: len(crossings), 0]
    rows[:, COLUMNS["zero_crossings"].start] = crossings / N_FFT


def _tonnetz(chroma: FloatArray) -> FloatArray:
    total = chroma.sum(axis=1, keepdims=True)
    return (chroma / np.where(total > _AMIN, total, 1)) @ _TONNETZ


def _tonnetz_matrix() -> FloatArray:
    """Circles of fifths, minor and major thirds: Harte, Sandler, Gasser, AMCMM 2006."""
    angles = np.outer(np.arange(N_CHROMA), (7 / 6, 7 / 6, 3 / 2, 3 / 2, 2 / 3, 2 / 3))
    angles[:, ::2] -= 0.5
    radii = np.array((1, 1, 1, 1, 0.5, 0.5))
    return (radii * np.cos(np.pi * angles)).astype(np.float32)


def _dct_matrix() -> FloatArray:
    matrix: FloatArray = scipy.fft.dct(np.eye(N_MELS), norm="ortho", axis=1)
    return matrix[:, :N_MFCC].astype(np.float32)


_TONNETZ = _tonnetz_matrix()
_RELATIVE_FREQUENCIES = FREQUENCIES / FREQUENCIES[-1]
_MOMENTS = np.stack([_RELATIVE_FREQUENCIES**power for power in range(3)], axis=1)
