"""The same music as another studio would have sent it.

What a studio does to a recording (its speed, colour, room, compression and band) says little of
the mood, yet moves some features by more than music differs. A feature that does not survive it
is no ground to stand on. Data of that kind is usually added to what is learned from (McFee,
Humphrey and Bello, "A software framework for musical data augmentation", ISMIR 2015); here it
tells how far each feature can be relied on.
"""

from __future__ import annotations

import numpy as np
import scipy.signal
import soxr

from moodify_core.arrays import FloatArray
from moodify_core.audio import SAMPLE_RATE

_SPEED = 0.12
"""Octaves; a twelfth is a semitone."""
_BANDS_HZ = (0, 100, 200, 400, 800, 1600, 3200, 6400, SAMPLE_RATE / 2)
_COLOUR_DB, _TILT_DB = 2.5, 1.2
"""Standard deviation of the gain in each band, and from one to the next."""
_TAPS = 511
_ROOM_SHARE, _ROOM_SECONDS, _ROOM_LEVEL = 0.6, (0.3, 1.5), (0.1, 0.35)
_ROOM_BAND_HZ = (150, 5000)
_COMPRESSED_SHARE, _COMPRESSION = 0.5, (-0.2, 0.4)
"""Exponents of the level; negative ones widen the dynamics."""
_LEVEL_SECONDS, _LEAST_LEVEL = 0.2, 0.05
_NARROW_SHARE, _NARROW_HZ = 0.3, (4000, 9000)
_PEAK = 0.8
_TINY = 1e-9


def remastered(samples: FloatArray, rng: np.random.Generator) -> FloatArray:
    """Send a recording through a studio that is made up by chance.

    Parameters
    ----------
    samples : float32 array, shape (n,)
        Mono at 22 050 Hz.
    rng : numpy.random.Generator

    Returns
    -------
    float32 array, shape (m,)
        Up to 9 % longer or shorter; the highest peak is at 0.8.
    """
    speed = 2 ** rng.uniform(-_SPEED, _SPEED)
    music = soxr.resample(samples, SAMPLE_RATE * speed, SAMPLE_RATE, quality="MQ")
    music = scipy.signal.oaconvolve(music, _colour(rng), mode="same")
    if rng.random() < _ROOM_SHARE:
        echo = scipy.signal.oaconvolve(music, _room(rng))[: len(music)]
        music = music + rng.uniform(*_ROOM_LEVEL) * echo
    if rng.random() < _COMPRESSED_SHARE:
        level = _level(music)
        music = music * (level / np.median(level) + _LEAST_LEVEL) ** -rng.uniform(*_COMPRESSION)
    if rng.random() < _NARROW_SHARE:
        edge = rng.uniform(*_NARROW_HZ)
        low_pass = scipy.signal.butter(4, edge, fs=SAMPLE_RATE, output="sos")
        music = scipy.signal.sosfilt(low_pass, music)
    scaled: FloatArray = (music * (_PEAK / max(float(np.abs(music).max()), _TINY))).astype(
        np.float32
    )
    return scaled


def _colour(rng: np.random.Generator) -> FloatArray:
    """Draw an equaliser: a gain for each octave, and a slope over all of them."""
    tilt = np.linspace(-3, 3, len(_BANDS_HZ))
    gains = rng.normal(0, _COLOUR_DB, len(_BANDS_HZ)) + rng.normal(0, _TILT_DB) * tilt
    equaliser: FloatArray = scipy.signal.firwin2(
        _TAPS, _BANDS_HZ, 10 ** (gains / 20), fs=SAMPLE_RATE
    )
    return equaliser


def _room(rng: np.random.Generator) -> FloatArray:
    """Draw a room: noise that falls by 60 dB, without the highs that air and walls swallow."""
    seconds = rng.uniform(*_ROOM_SECONDS)
    times = np.arange(int(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    echo = rng.standard_normal(len(times)) * np.exp(np.log(1e-3) / seconds * times)
    band = scipy.signal.butter(1, _ROOM_BAND_HZ, "bandpass", fs=SAMPLE_RATE, output="sos")
    room: FloatArray = scipy.signal.sosfilt(band, echo / np.linalg.norm(echo))
    return room


def _level(music: FloatArray) -> FloatArray:
    window = np.hanning(int(_LEVEL_SECONDS * SAMPLE_RATE))
    power = scipy.signal.oaconvolve(music**2, window / window.sum(), mode="same")
    level: FloatArray = np.sqrt(np.maximum(power, _TINY))
    return level
