"""Power spectra of a stream of audio, some frames at a time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import scipy.fft
from numpy.lib.stride_tricks import sliding_window_view

from moodify_core.arrays import FloatArray
from moodify_core.features.filterbanks import HOP, N_FFT, hann

MOST_FRAMES = 128
"""Frames of a group: few calls, and spectra (0.5 MB) that stay in a core's second-level cache."""
_TRANSFORMED = 32
"""Frames that are transformed at a time; what lies between samples and power is larger still."""


@dataclass(frozen=True, slots=True)
class Group:
    """Some frames in a row.

    Attributes
    ----------
    samples : float32 array, shape (2048 + 512 * (frames - 1),)
        What the frames lie in.
    power : float32 array, shape (frames, bins)
        Good until the next group is asked for.
    """

    samples: FloatArray
    power: FloatArray


class Spectrograph:
    """Takes blocks of samples and gives spectra, at most `MOST_FRAMES` at a time.

    Frames are centred: frame ``i`` covers 2048 samples around sample ``512 * i``, the song
    being padded with zeros at both ends, so a song of n samples has ``1 + n // 512`` frames.

    Parameters
    ----------
    bins : int
        How many bins are wanted, from 0 Hz up.
    """

    def __init__(self, bins: int) -> None:
        self._bins = bins
        self._window = hann(N_FFT)
        self._pending: FloatArray = np.zeros(N_FFT // 2, np.float32)
        self._frames = np.empty((_TRANSFORMED, N_FFT), np.float32)
        self._power = np.empty((MOST_FRAMES, bins), np.float32)

    def push(self, samples: FloatArray) -> Iterator[Group]:
        """Take a block of samples, shape (n,), and yield the spectra that it completes."""
        self._pending = np.concatenate((self._pending, samples))
        ready = max(0, 1 + (len(self._pending) - N_FFT) // HOP)
        for start in range(0, ready, MOST_FRAMES):
            stop = min(start + MOST_FRAMES, ready)
            yield self._group(self._pending[start * HOP : (stop - 1) * HOP + N_FFT])
        self._pending = self._pending[ready * HOP :]

    def finish(self) -> Iterator[Group]:
        """Pad the end of the song and yield its last spectra."""
        return self.push(np.zeros(N_FFT // 2, np.float32))

    def _group(self, samples: FloatArray) -> Group:
        frames = sliding_window_view(samples, N_FFT)[::HOP]
        power = self._power[: len(frames)]
        for start in range(0, len(frames), _TRANSFORMED):
            some = frames[start : start + _TRANSFORMED]
            windowed = np.multiply(some, self._window, out=self._frames[: len(some)])
            spectra = scipy.fft.rfft(windowed, axis=1)[:, : self._bins]
            parts = spectra.view(np.float32)
            np.square(parts, out=parts)
            np.add(parts[:, ::2], parts[:, 1::2], out=power[start : start + len(some)])
        return Group(samples, power)
