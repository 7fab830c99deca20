"""One row of features per frame of 93 ms, every 23 ms, all from one spectrum.

The definitions are librosa's (McFee et al., "librosa: Audio and music signal analysis in
Python", SciPy 2015), computed block by block.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property

import numpy as np
import scipy.fft

from moodify_core.arrays import FloatArray
from moodify_core.audio import SAMPLE_RATE
from moodify_core.features.filterbanks import (
    CONTRAST_BANDS,
    FREQUENCIES,
    HOP,
    N_BINS,
    N_CHROMA,
    N_FFT,
    N_MELS,
    Bands,
    chroma_filters,
    contrast_bands_of_octaves,
    mel_filters,
)
from moodify_core.features.spectra import Group, Spectrograph
from moodify_core.features.tuning import TuningEstimator

N_MFCC = 20
N_TONNETZ = 6
ROLLOFF = 0.85
"""Share of the spectrum's magnitude that lies below the roll-off frequency."""

_AMIN = 1e-10
"""Smallest power that is told from nothing, as in librosa."""
_DECIBEL = np.float32(10 / np.log(10))


FEATURES: Mapping[str, int] = {
    "mfcc": N_MFCC,
    "chroma": N_CHROMA,
    "contrast": CONTRAST_BANDS,
    "tonnetz": N_TONNETZ,
    "centroid": 1,
    "bandwidth": 1,
    "rolloff": 1,
    "flatness": 1,
    "zero_crossings": 1,
    "rms": 1,
    "onset_strength": 1,
    "mel": N_MELS,
}
"""Width of each feature.

``mfcc`` of the mel spectrum in dB; ``chroma`` relative to its maximum, 0..1; ``contrast`` in
dB; ``tonnetz`` (Harte 2006); ``centroid``, ``bandwidth`` and ``rolloff`` in Hz; ``flatness``
0..1; ``zero_crossings`` per sample; ``rms`` of the samples, linear; ``onset_strength`` in dB
of rise per frame; ``mel`` power in 128 bands.
"""


def layout(
    features: Sequence[str] = tuple(FEATURES), contrast_bands: int = CONTRAST_BANDS
) -> dict[str, slice]:
    """Tell where each feature stands in a row of a `FrameAnalyser` with the same arguments."""
    columns, start = {}, 0
    for name in features:
        width = contrast_bands if name == "contrast" else FEATURES[name]
        columns[name] = slice(start, start + width)
        start += width
    return columns


class _Block:
    """One group of frames, and what several features share of it."""

    def __init__(self, group: Group, mel: Bands) -> None:
        self.samples, self.power = group.samples, group.power
        self.mel = mel(group.power)
        self.chroma: FloatArray | None = None

    @cached_property
    def magnitude(self) -> FloatArray:
        return np.sqrt(self.power)

    @cached_property
    def mel_db(self) -> FloatArray:
        return _decibel(self.mel)


class FrameAnalyser:
    """Turns blocks of samples into rows of frame features.

    Frames are those of `Spectrograph`: 2048 samples, every 512.

    Parameters
    ----------
    features : sequence of str
        Names in `FEATURES`; what is not asked for is not computed.
    contrast_bands : int
        How many bands of the contrast are wanted, from the lowest; 0..7.

    Attributes
    ----------
    columns : dict of str to slice
        Where each feature stands in a row.
    width : int
        Numbers in a row.

    Examples
    --------
    >>> analyser = FrameAnalyser(("chroma", "rms"))
    >>> rows = [*map(analyser.push, blocks), analyser.finish()]
    >>> chroma = rows[0][:, analyser.columns["chroma"]]
    """

    def __init__(
        self, features: Sequence[str] = tuple(FEATURES), contrast_bands: int = CONTRAST_BANDS
    ) -> None:
        self.columns = layout(features, contrast_bands)
        self.width = max(columns.stop for columns in self.columns.values())
        self._spectrograph = Spectrograph(N_BINS)
        self._last_mel_db: FloatArray | None = None
        # A spectral flux belongs to where the rise is heard: librosa delays it by half a frame.
        self._onset_delay: FloatArray = np.zeros(N_FFT // (2 * HOP), np.float32)
        self._tuning = TuningEstimator()
        self._mel = Bands(mel_filters())
        self._bands = contrast_bands_of_octaves()[:contrast_bands]
        self._dct = _dct_matrix()
        self._compute: Mapping[str, Callable[[_Block], FloatArray]] = {
            **_PLAIN,
            "mel": lambda block: block.mel,
            "mfcc": lambda block: block.mel_db @ self._dct,
            "chroma": self._chroma,
            "tonnetz": lambda block: _tonnetz(self._chroma(block)),
            "contrast": self._contrast,
            "onset_strength": lambda block: self._onset_strength(block.mel_db),
        }

    def push(self, samples: FloatArray) -> FloatArray:
        """Take a block of samples, shape (n,), and return the rows that it completes.

        Returns
        -------
        float32 array, shape (frames, width)
            Perhaps none. Each column lies in one piece, for whoever follows a feature in time.
        """
        return self._rows(self._spectrograph.push(samples))

    def finish(self) -> FloatArray:
        """Pad the end of the song and return its last rows."""
        return self._rows(self._spectrograph.finish())

    def _rows(self, groups: Iterable[Group]) -> FloatArray:
        parts = [np.empty((self.width, 0), np.float32), *map(self._columns, groups)]
        return np.concatenate(parts, axis=1).T

    def _columns(self, group: Group) -> FloatArray:
        block = _Block(group, self._mel)
        columns = np.empty((self.width, len(group.power)), np.float32)
        for name, place in self.columns.items():
            columns[place] = self._compute[name](block).T
        return columns

    def _chroma(self, block: _Block) -> FloatArray:
        if block.chroma is None:
            filters = chroma_filters(self._tuning.update(block.power))
            block.chroma = _relative(block.power @ filters)
        return block.chroma

    def _contrast(self, block: _Block) -> FloatArray:
        magnitude = np.sqrt(block.power[:, : self._bands[-1][1]])
        extremes = np.empty((2, len(magnitude), len(self._bands)), np.float32)
        for band, (first, end, quantile) in enumerate(self._bands):
            inside = magnitude[:, first:end]
            if quantile == 1:  # a narrow band: nothing to sort for
                inside.max(axis=1, out=extremes[0, :, band])
                inside.min(axis=1, out=extremes[1, :, band])
            else:
                ordered = np.sort(inside, axis=1)
                extremes[0, :, band] = ordered[:, -quantile:].mean(axis=1)
                extremes[1, :, band] = ordered[:, :quantile].mean(axis=1)
        peak, valley = _decibel(extremes)
        contrast: FloatArray = peak - valley
        return contrast

    def _onset_strength(self, mel_db: FloatArray) -> FloatArray:
        before = mel_db[:1] if self._last_mel_db is None else self._last_mel_db
        self._last_mel_db = mel_db[-1:]
        rise = np.maximum(np.diff(mel_db, axis=0, prepend=before), 0).mean(axis=1)
        delayed = np.concatenate((self._onset_delay, rise))
        self._onset_delay = delayed[len(rise) :]
        return delayed[: len(rise), None]


def _decibel(power: FloatArray) -> FloatArray:
    # numpy's natural logarithm is several times faster than its log10.
    decibel: FloatArray = _DECIBEL * np.log(np.maximum(power, _AMIN))
    return decibel


def _relative(chroma: FloatArray) -> FloatArray:
    loudest = chroma.max(axis=1, keepdims=True)
    return chroma / np.where(loudest > _AMIN, loudest, 1)


def _centroid(block: _Block) -> FloatArray:
    return _moments(block)[0][:, None] * (SAMPLE_RATE / 2)


def _bandwidth(block: _Block) -> FloatArray:
    mean, mean_square = _moments(block)
    spread: FloatArray = np.sqrt(np.maximum(mean_square - mean**2, 0))
    return spread[:, None] * (SAMPLE_RATE / 2)


def _moments(block: _Block) -> tuple[FloatArray, FloatArray]:
    """Mean frequency and mean square, as shares of the highest; shape (frames,) each."""
    moments = block.magnitude @ _MOMENTS
    total = np.maximum(moments[:, 0], _AMIN)
    return moments[:, 1] / total, moments[:, 2] / total


def _rolloff(block: _Block) -> FloatArray:
    below = np.cumsum(block.magnitude, axis=1)
    reached = (below >= ROLLOFF * below[:, -1:]).argmax(axis=1)
    rolloff: FloatArray = FREQUENCIES[reached]
    return rolloff[:, None]


def _flatness(block: _Block) -> FloatArray:
    power = np.maximum(block.power, _AMIN)
    geometric = np.exp(np.log(power).mean(axis=1, keepdims=True))
    flatness: FloatArray = geometric / power.mean(axis=1, keepdims=True)
    return flatness


def _rms(block: _Block) -> FloatArray:
    """From sums over hops, four of which make a frame."""
    power = (block.samples**2).reshape(-1, HOP).sum(axis=1)
    energy = _over_frames(power)
    rms: FloatArray = np.sqrt(energy / N_FFT)
    return rms[:, None]


def _over_frames(of_hops: FloatArray) -> FloatArray:
    """Sum over the four hops of each frame."""
    first, second, third, fourth = (of_hops[hop : hop + len(of_hops) - 3] for hop in range(4))
    total: FloatArray = first + second + third + fourth
    return total


def _zero_crossings(block: _Block) -> FloatArray:
    negative = np.signbit(block.samples)
    crossed = np.diff(negative, prepend=negative[:1]).reshape(-1, HOP)
    crossings = _over_frames(crossed.sum(axis=1))
    # The sample before the frame is not part of it.
    crossings = crossings - crossed[: len(crossings), 0]
    rate: FloatArray = crossings / N_FFT
    return rate[:, None]


_PLAIN: Mapping[str, Callable[[_Block], FloatArray]] = {
    "centroid": _centroid,
    "bandwidth": _bandwidth,
    "rolloff": _rolloff,
    "flatness": _flatness,
    "rms": _rms,
    "zero_crossings": _zero_crossings,
}
"""Features that need nothing but the block itself."""


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
