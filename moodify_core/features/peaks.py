"""Spectral peaks with finer ears than the main transform has: bins of 2.7 Hz up to 2 kHz.

The audio is taken at a quarter of its rate, where 2048 samples last 0.37 s: long enough to part
the notes of a chord in the bass, which bins of 10.8 Hz cannot.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import soxr

from moodify_core.arrays import FloatArray, IntArray
from moodify_core.audio import SAMPLE_RATE
from moodify_core.features.filterbanks import HOP, N_FFT
from moodify_core.features.spectra import Group, Spectrograph

PEAKS = 24
"""Peaks that are kept of each frame."""
_RATE = SAMPLE_RATE / 4
PEAK_FRAME_RATE = _RATE / HOP
"""Frames per second, about 10.8."""
_BIN = _RATE / N_FFT
_FIRST, _END = int(55 / _BIN), int(2000 / _BIN)
_FAINTEST = 0.02
"""Share of a frame's strongest bin below which a peak does not count."""
_BIN_BITS = np.int32(1023)
"""Enough for the number of a bin; as the lowest bits of a height they are 0.01 % of it."""
_TINY = 1e-9


@dataclass(frozen=True, slots=True)
class Peaks:
    """Spectral peaks, the strongest 24 of each frame.

    Attributes
    ----------
    hertz, magnitude : float32 arrays, shape (frames, 24)
    count : float32 array, shape (frames,)
        Peaks at least 2 % as strong as the strongest.
    share : float32 array, shape (frames,)
        Of the magnitude that lies in peaks, 0..1.
    power : float32 array, shape (frames,)
    """

    hertz: FloatArray
    magnitude: FloatArray
    count: FloatArray
    share: FloatArray
    power: FloatArray

    def __len__(self) -> int:
        return len(self.power)

    def __getitem__(self, frames: slice) -> Peaks:
        return Peaks(
            self.hertz[frames],
            self.magnitude[frames],
            self.count[frames],
            self.share[frames],
            self.power[frames],
        )

    @staticmethod
    def joined(parts: Sequence[Peaks]) -> Peaks:
        """Put the frames of several blocks in a row; at least one block."""
        return Peaks(
            np.concatenate([part.hertz for part in parts]),
            np.concatenate([part.magnitude for part in parts]),
            np.concatenate([part.count for part in parts]),
            np.concatenate([part.share for part in parts]),
            np.concatenate([part.power for part in parts]),
        )


class PeakFinder:
    """Turns blocks of samples into peaks; frames are centred, as in the main transform."""

    def __init__(self) -> None:
        self._stream = soxr.ResampleStream(SAMPLE_RATE, _RATE, 1, dtype="float32", quality="MQ")
        self._spectrograph = Spectrograph(_END + 1)

    def push(self, samples: FloatArray) -> Peaks:
        """Take a block of samples at 22 050 Hz, shape (n,), and return its peaks."""
        slow = self._stream.resample_chunk(samples)
        return _peaks(self._spectrograph.push(slow))

    def finish(self) -> Peaks:
        """Pad the end of the song and return its last peaks."""
        rest = self._stream.resample_chunk(np.empty(0, np.float32), last=True)
        return Peaks.joined(
            [_peaks(self._spectrograph.push(rest)), _peaks(self._spectrograph.finish())]
        )


def _peaks(groups: Iterable[Group]) -> Peaks:
    return Peaks.joined([_NONE, *(_find_peaks(np.sqrt(group.power)) for group in groups)])


def _find_peaks(magnitude: FloatArray) -> Peaks:
    centre = magnitude[:, _FIRST:_END]
    below, above = magnitude[:, _FIRST - 1 : _END - 1], magnitude[:, _FIRST + 1 : _END + 1]
    loud = centre > _FAINTEST * centre.max(axis=1, keepdims=True)
    is_peak = (centre > below) & (centre >= above) & loud
    heights = np.where(is_peak, centre, 0)
    strongest = _strongest(heights)
    rows = np.arange(len(magnitude))[:, None]
    left, middle, right = (
        np.log(values[rows, strongest] + _TINY) for values in (below, centre, above)
    )
    curvature = left - 2 * middle + right
    flat = np.abs(curvature) < _TINY
    shift = np.clip(0.5 * (left - right) / np.where(flat, 1, curvature), -0.5, 0.5)
    return Peaks(
        hertz=((strongest + _FIRST + shift) * _BIN).astype(np.float32),
        magnitude=heights[rows, strongest],
        count=is_peak.sum(axis=1).astype(np.float32),
        share=heights.sum(axis=1) / np.maximum(centre.sum(axis=1), _TINY),
        power=(centre**2).sum(axis=1),
    )


def _strongest(heights: FloatArray) -> IntArray:
    """Return the bins of the `PEAKS` largest heights of each frame, in order.

    Floats that are not negative keep their order when their bits are read as integers; with the
    bin's number in the lowest bits one sort does, at a third of the cost of argpartition.
    """
    bins = np.arange(heights.shape[1], dtype=np.int32)
    keys = heights.astype(np.float32, copy=False).view(np.int32) & ~_BIN_BITS | bins
    keys.sort(axis=1)
    found: IntArray = np.sort(keys[:, -PEAKS:] & _BIN_BITS, axis=1)
    return found


_NONE = Peaks(
    np.empty((0, PEAKS), np.float32),
    np.empty((0, PEAKS), np.float32),
    np.empty(0, np.float32),
    np.empty(0, np.float32),
    np.empty(0, np.float32),
)
