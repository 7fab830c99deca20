"""Our one-pass frame features against librosa's, definition by definition."""

from __future__ import annotations

import librosa
import numpy as np
import pytest

from moodify_core.audio import SAMPLE_RATE
from moodify_core.features.filterbanks import HOP, N_FFT, chroma_filters, mel_filters
from moodify_core.features.frames import FEATURES, FrameAnalyser, layout
from moodify_core.features.rhythm import pulse

SECONDS = 12


@pytest.fixture(scope="module")
def music() -> np.ndarray:
    """Chords, a beat and some noise: tonal, percussive and never below librosa's floors."""
    rng = np.random.default_rng(7)
    time = np.arange(SECONDS * SAMPLE_RATE) / SAMPLE_RATE
    music = 0.01 * rng.standard_normal(time.size)
    for start, chord in enumerate(((220, 277.2, 329.6), (196, 246.9, 293.7)) * (SECONDS // 4)):
        inside = (time >= 2 * start) & (time < 2 * start + 2)
        for pitch in chord:
            for partial in range(1, 8):
                phase = 2 * np.pi * pitch * partial * time[inside]
                music[inside] += 0.1 / partial * np.sin(phase)
    for beat in np.arange(0, SECONDS, 0.5):
        at = int(beat * SAMPLE_RATE)
        burst = rng.standard_normal(2000) * np.exp(-np.arange(2000) / 400)
        music[at : at + 2000] += 0.3 * burst[: music[at : at + 2000].size]
    return music.astype(np.float32)


@pytest.fixture(scope="module")
def rows(music: np.ndarray) -> np.ndarray:
    analyser = FrameAnalyser()
    blocks = np.split(music, [1000, 50_000, 50_001, 140_000])
    return np.concatenate([*map(analyser.push, blocks), analyser.finish()])


@pytest.fixture(scope="module")
def magnitude(music: np.ndarray) -> np.ndarray:
    return np.abs(librosa.stft(music, n_fft=N_FFT, hop_length=HOP))


def column(rows: np.ndarray, name: str) -> np.ndarray:
    return rows[:, layout()[name]].T


def test_frames_are_as_many_as_librosas(rows: np.ndarray, magnitude: np.ndarray) -> None:
    assert len(rows) == magnitude.shape[1]


def test_mel_filters() -> None:
    expected = librosa.filters.mel(sr=SAMPLE_RATE, n_fft=N_FFT, n_mels=128)
    np.testing.assert_allclose(mel_filters().T, expected, atol=1e-7)


@pytest.mark.parametrize("tuning", [-0.5, -0.13, 0.0, 0.31])
def test_chroma_filters(tuning: float) -> None:
    expected = librosa.filters.chroma(sr=SAMPLE_RATE, n_fft=N_FFT, tuning=tuning)
    np.testing.assert_allclose(chroma_filters(tuning).T, expected, atol=1e-6)


def test_mfcc_and_mel(rows: np.ndarray, music: np.ndarray) -> None:
    mel = librosa.feature.melspectrogram(y=music, sr=SAMPLE_RATE, n_fft=N_FFT, hop_length=HOP)
    expected = librosa.feature.mfcc(S=librosa.power_to_db(mel, top_db=None), n_mfcc=20)
    np.testing.assert_allclose(column(rows, "mfcc"), expected, atol=0.02)


def test_contrast(rows: np.ndarray, magnitude: np.ndarray) -> None:
    expected = librosa.feature.spectral_contrast(S=magnitude, sr=SAMPLE_RATE)
    np.testing.assert_allclose(column(rows, "contrast"), expected, atol=0.01)


@pytest.mark.parametrize(
    ("name", "function", "tolerance"),
    [
        ("centroid", librosa.feature.spectral_centroid, 0.5),
        ("bandwidth", librosa.feature.spectral_bandwidth, 0.5),
        ("rolloff", librosa.feature.spectral_rolloff, 11.0),
    ],
)
def test_spectral_shape(
    rows: np.ndarray, magnitude: np.ndarray, name: str, function: object, tolerance: float
) -> None:
    expected = function(S=magnitude, sr=SAMPLE_RATE)
    np.testing.assert_allclose(column(rows, name), expected, atol=tolerance)


def test_flatness(rows: np.ndarray, magnitude: np.ndarray) -> None:
    expected = librosa.feature.spectral_flatness(S=magnitude)
    np.testing.assert_allclose(column(rows, "flatness"), expected, rtol=1e-3)


def test_rms(rows: np.ndarray, music: np.ndarray) -> None:
    expected = librosa.feature.rms(y=music, frame_length=N_FFT, hop_length=HOP)
    np.testing.assert_allclose(column(rows, "rms"), expected, atol=1e-6)


def test_zero_crossings(rows: np.ndarray, music: np.ndarray) -> None:
    expected = librosa.feature.zero_crossing_rate(music, frame_length=N_FFT, hop_length=HOP)
    inner = slice(2, -2)  # librosa repeats the edge sample where we pad with zeros
    actual = column(rows, "zero_crossings")
    np.testing.assert_allclose(actual[:, inner], expected[:, inner], atol=1.5 / N_FFT)


def test_chroma_and_tonnetz(rows: np.ndarray, magnitude: np.ndarray) -> None:
    expected = librosa.feature.chroma_stft(S=magnitude**2, sr=SAMPLE_RATE)
    np.testing.assert_allclose(column(rows, "chroma"), expected, atol=0.06)
    tonnetz = librosa.feature.tonnetz(chroma=column(rows, "chroma"))
    np.testing.assert_allclose(column(rows, "tonnetz"), tonnetz, atol=1e-5)


@pytest.mark.parametrize("cents", [-30, 0, 20])
def test_chroma_follows_the_tuning(cents: int) -> None:
    pitch = 440 * 2 ** (cents / 1200)
    time = np.arange(6 * SAMPLE_RATE) / SAMPLE_RATE
    tone = sum(np.sin(2 * np.pi * pitch * k * time) / k for k in (1, 2, 3, 4)).astype(np.float32)
    analyser = FrameAnalyser()
    rows = np.concatenate([analyser.push(tone), analyser.finish()])
    expected = librosa.feature.chroma_stft(y=tone, sr=SAMPLE_RATE)
    inner = slice(4, -4)
    np.testing.assert_allclose(
        column(rows, "chroma")[:, inner].mean(axis=1), expected[:, inner].mean(axis=1), atol=0.06
    )


def test_onset_strength(rows: np.ndarray, music: np.ndarray) -> None:
    mel = librosa.feature.melspectrogram(y=music, sr=SAMPLE_RATE, n_fft=N_FFT, hop_length=HOP)
    decibel = librosa.power_to_db(mel, top_db=None)
    expected = librosa.onset.onset_strength(S=decibel, sr=SAMPLE_RATE)
    np.testing.assert_allclose(column(rows, "onset_strength")[0], expected, atol=0.02)


@pytest.mark.parametrize("bpm", [60, 90, 120, 150, 180])
def test_tempo(bpm: int) -> None:
    clicks = librosa.clicks(
        times=np.arange(0, 20, 60 / bpm), sr=SAMPLE_RATE, length=20 * SAMPLE_RATE
    ) + 1e-3 * np.random.default_rng(bpm).standard_normal(20 * SAMPLE_RATE)
    analyser = FrameAnalyser()
    rows = np.concatenate([analyser.push(clicks.astype(np.float32)), analyser.finish()])
    onset = column(rows, "onset_strength")[0]
    expected = librosa.feature.tempo(onset_envelope=onset, sr=SAMPLE_RATE, hop_length=HOP)[0]
    found = 120 * 2 ** pulse(onset, np.array([len(onset) // 2]))[0, 0]
    assert found == pytest.approx(expected, rel=0.02)


def test_blocks_do_not_matter(music: np.ndarray) -> None:
    def analyse(size: int) -> np.ndarray:
        analyser = FrameAnalyser()
        blocks = [music[at : at + size] for at in range(0, len(music), size)]
        return np.concatenate([*map(analyser.push, blocks), analyser.finish()])

    whole = analyse(len(music))
    pieces = analyse(70_000)
    untuned = [name for name in FEATURES if name not in ("chroma", "tonnetz")]
    for name in untuned:
        np.testing.assert_allclose(column(pieces, name), column(whole, name), rtol=1e-4, atol=2e-3)


def test_only_what_is_asked_for_is_in_a_row(music: np.ndarray, rows: np.ndarray) -> None:
    analyser = FrameAnalyser(("rms", "contrast", "tonnetz"), contrast_bands=3)
    some = np.concatenate([analyser.push(music), analyser.finish()])
    assert some.shape[1] == analyser.width == 1 + 3 + 6
    np.testing.assert_allclose(some[:, analyser.columns["rms"]].T, column(rows, "rms"), rtol=1e-5)
    lowest = column(rows, "contrast")[:3]
    np.testing.assert_allclose(some[:, analyser.columns["contrast"]].T, lowest, atol=1e-3)
