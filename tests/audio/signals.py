"""Sounds that are not music, for every test that needs some.

All are mono float32 arrays with values in -1 to 1; the same arguments give the same samples.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.signal import butter, sosfilt

Audio = NDArray[np.float32]


def silence(seconds: float, rate: int) -> Audio:
    """Digital silence."""
    return np.zeros(round(seconds * rate), dtype=np.float32)


def tone(seconds: float, rate: int, *, frequency: float = 440.0, level: float = 0.5) -> Audio:
    """Sine of ``frequency`` Hz and amplitude ``level``."""
    time = np.arange(round(seconds * rate)) / rate
    return (level * np.sin(2 * np.pi * frequency * time)).astype(np.float32)


def noise(seconds: float, rate: int, *, level: float = 0.1, seed: int = 0) -> Audio:
    """White noise of RMS ``level``."""
    samples = np.random.default_rng(seed).standard_normal(round(seconds * rate))
    return np.clip(level * samples, -1, 1).astype(np.float32)


def clicks(seconds: float, rate: int, *, bpm: float = 120.0) -> Audio:
    """Click track: one 5 ms burst of 1.5 kHz per beat, the first at 0 s."""
    track = silence(seconds, rate)
    click = tone(0.005, rate, frequency=1500.0, level=0.8)
    beats = np.arange(0.0, seconds, 60.0 / bpm)
    for begin in np.round(beats * rate).astype(int):
        end = min(track.size, begin + click.size)
        track[begin:end] = click[: end - begin]
    return track


def speech_like(seconds: float, rate: int, *, seed: int = 0) -> Audio:
    """Voice-like sound: a gliding pulse train through moving formants, in syllables and pauses.

    Nobody says anything in it; it has the syllable rate (about 4 Hz), pitch glides and silences
    of speech.
    """
    rng = np.random.default_rng(seed)
    spoken: list[Audio] = []
    length = 0
    while length < seconds * rate:
        count = round(rng.uniform(0.12, 0.3) * rate)
        glide = np.linspace(rng.uniform(100, 180), rng.uniform(90, 150), count)
        pulses = (np.diff(np.floor(np.cumsum(glide / rate)), prepend=0.0) > 0).astype(np.float64)
        breath = 0.05 * rng.standard_normal(count)
        syllable = np.zeros(count)
        for centre, strength in zip(
            (rng.uniform(300, 800), rng.uniform(900, 2200), rng.uniform(2300, 3200)),
            (1.0, 0.6, 0.3),
            strict=True,
        ):
            band = butter(1, (centre * 0.9, centre * 1.1), "bandpass", fs=rate, output="sos")
            syllable += strength * sosfilt(band, pulses + breath)
        syllable *= np.sin(np.linspace(0, np.pi, count)) ** 0.5
        pause = silence(rng.choice((0.02, 0.05, 0.35), p=(0.5, 0.35, 0.15)), rate)
        spoken += [syllable.astype(np.float32), pause]
        length += count + pause.size
    voice = np.concatenate(spoken)[: round(seconds * rate)]
    return np.asarray(0.5 * voice / np.abs(voice).max(), dtype=np.float32)
