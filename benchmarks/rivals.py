"""What people would write instead, and the least that any such program must do.

Each rival takes a path and does the work of one song; what it returns is not used.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Iterator
from pathlib import Path

import librosa
import numpy as np
import scipy.fft
import scipy.signal
from numpy.lib.stride_tricks import sliding_window_view

from moodify_core.audio import SAMPLE_RATE, AudioReader
from moodify_core.features.filterbanks import HOP, N_FFT, mel_filters

WINDOW_SECONDS, HOP_SECONDS = 5.0, 2.5


PER_WINDOW = "librosa, for each window"
FRUGAL = "librosa, for each window, sharing what it lets one share"
ONCE = "librosa, once for the song"
ESSENTIA = "Essentia's MusicExtractor"
GOALS = {PER_WINDOW: "at least 12", FRUGAL: "", ONCE: "", ESSENTIA: "at least 12"}
"""How many times longer than Moodify each rival is to take."""


def decode(path: Path) -> None:
    """Decode, mix and resample: the part of the floor that nothing of ours can shrink."""
    with AudioReader(path) as reader:
        for _ in reader:
            pass


def floor(path: Path) -> None:
    """Decode, one transform, one mel product: what nobody can do without."""
    window = scipy.signal.get_window("hann", N_FFT).astype(np.float32)
    mel = mel_filters()
    rest = np.zeros(N_FFT // 2, np.float32)
    with AudioReader(path) as reader:
        for block in reader:
            rest = np.concatenate((rest, block))
            frames = sliding_window_view(rest, N_FFT)[::HOP]
            for start in range(0, len(frames), 64):
                spectra = scipy.fft.rfft(frames[start : start + 64] * window, axis=1)
                (spectra.real**2 + spectra.imag**2) @ mel
            rest = rest[len(frames) * HOP :]


def librosa_per_window(path: Path) -> None:
    """Load the song, cut it into windows, call librosa for each feature of each window.

    Each feature is asked for as librosa's documentation does, with ``y=``: chroma with its
    tuning, tonnetz with its constant-Q transform. The separation of harmony and percussion that
    the documentation puts before tonnetz would take five times as long as all else; it is left
    out, and so is whatever stands for our half minutes of chords and keys.
    """
    for window in _windows(path):
        _librosa_features(window, librosa.feature.tonnetz(y=window, sr=SAMPLE_RATE))


def librosa_frugal(path: Path) -> None:
    """Do the same with tonnetz from the chroma that is there already."""
    for window in _windows(path):
        _librosa_features(window, None)


def _windows(path: Path) -> Iterator[np.ndarray]:
    song, _ = librosa.load(path, sr=SAMPLE_RATE)
    length, hop = int(WINDOW_SECONDS * SAMPLE_RATE), int(HOP_SECONDS * SAMPLE_RATE)
    for start in range(0, max(1, len(song) - length + hop), hop):
        yield song[start : start + length]


def librosa_one_pass(path: Path) -> None:
    """Load the song and call librosa once for each feature of all of it."""
    song, _ = librosa.load(path, sr=SAMPLE_RATE)
    magnitude = np.abs(librosa.stft(song, n_fft=N_FFT, hop_length=HOP))
    power = magnitude**2
    mel = librosa.power_to_db(librosa.feature.melspectrogram(S=power, sr=SAMPLE_RATE))
    tuning = librosa.estimate_tuning(S=magnitude[:, ::8], sr=SAMPLE_RATE)
    chroma = librosa.feature.chroma_stft(S=power, sr=SAMPLE_RATE, tuning=tuning)
    onset = librosa.onset.onset_strength(S=mel, sr=SAMPLE_RATE)
    librosa.feature.mfcc(S=mel, n_mfcc=20)
    librosa.feature.spectral_contrast(S=magnitude, sr=SAMPLE_RATE)
    librosa.feature.spectral_centroid(S=magnitude, sr=SAMPLE_RATE)
    librosa.feature.spectral_bandwidth(S=magnitude, sr=SAMPLE_RATE)
    librosa.feature.spectral_rolloff(S=magnitude, sr=SAMPLE_RATE)
    librosa.feature.spectral_flatness(S=magnitude)
    librosa.feature.zero_crossing_rate(song)
    librosa.feature.rms(S=magnitude)
    librosa.feature.tonnetz(chroma=chroma)
    librosa.feature.tempo(onset_envelope=onset, sr=SAMPLE_RATE)


def essentia(path: Path) -> None:
    """Run Essentia's MusicExtractor."""
    import essentia.standard  # type: ignore[import-not-found]

    essentia.log.infoActive = False
    essentia.standard.MusicExtractor(lowlevelStats=["mean", "stdev"])(str(path))


def available() -> dict[str, Callable[[Path], None]]:
    """Name the rivals that can run here."""
    rivals = {
        PER_WINDOW: librosa_per_window,
        FRUGAL: librosa_frugal,
        ONCE: librosa_one_pass,
    }
    if importlib.util.find_spec("essentia"):
        rivals[ESSENTIA] = essentia
    return rivals


def _librosa_features(window: np.ndarray, tonnetz: np.ndarray | None) -> np.ndarray:
    chroma = librosa.feature.chroma_stft(y=window, sr=SAMPLE_RATE)
    rows = [
        librosa.feature.mfcc(y=window, sr=SAMPLE_RATE, n_mfcc=20),
        chroma,
        librosa.feature.spectral_contrast(y=window, sr=SAMPLE_RATE),
        librosa.feature.spectral_centroid(y=window, sr=SAMPLE_RATE),
        librosa.feature.spectral_bandwidth(y=window, sr=SAMPLE_RATE),
        librosa.feature.spectral_rolloff(y=window, sr=SAMPLE_RATE),
        librosa.feature.spectral_flatness(y=window),
        librosa.feature.zero_crossing_rate(window),
        librosa.feature.rms(y=window),
        librosa.onset.onset_strength(y=window, sr=SAMPLE_RATE)[None],
        librosa.feature.tonnetz(chroma=chroma) if tonnetz is None else tonnetz,
    ]
    pooled = [np.concatenate((row.mean(axis=1), row.std(axis=1))) for row in rows]
    return np.concatenate((*pooled, librosa.feature.tempo(y=window, sr=SAMPLE_RATE)))
