"""What the model reads of a song: covers all of it, and survives what files go through."""

from __future__ import annotations

import io

import numpy as np
import pytest

from examples.tunes import compose
from moodify_core.audio import SAMPLE_RATE, AudioReader
from moodify_core.features import SongFeatures, extract
from moodify_core.features.extraction import FEATURE_NAMES, WINDOW_NAMES
from moodify_core.features.harmony import HARMONY_NAMES
from moodify_core.features.windows import window_bounds
from tests.audio.formats import CASES, encode


def features(samples: np.ndarray, case: str = "wavfloat-stereo-44100") -> SongFeatures:
    with AudioReader(io.BytesIO(encode(samples, 44_100, CASES[case]))) as reader:
        return extract(reader)


def tone(*hertz: float, seconds: float = 30.0) -> np.ndarray:
    """A chord of tones with a few partials each, mono at 22 050 Hz."""
    time = np.arange(int(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    partials = [np.sin(2 * np.pi * pitch * k * time) / k for pitch in hertz for k in range(1, 6)]
    return (0.1 * np.sum(partials, axis=0)).astype(np.float32)


def harmony_of(samples: np.ndarray) -> dict[str, float]:
    row = extract([samples]).harmony[0]
    return dict(zip(HARMONY_NAMES, row.tolist(), strict=True))


C, E_FLAT, E, F, G, A, B = 261.63, 311.13, 329.63, 349.23, 392.0, 440.0, 493.88


@pytest.mark.parametrize("seconds", [1.0, 4.9, 5.1, 30.0, 44.0, 61.0])
def test_every_second_is_described(seconds: float) -> None:
    song = features(compose("happy", seed=3, seconds=62.0)[0][: int(seconds * 44_100)])
    assert song.duration == pytest.approx(seconds, abs=0.01)
    assert song.bounds == window_bounds(song.duration)
    assert song.windows.shape == (len(song.bounds), len(WINDOW_NAMES))
    assert song.harmony.shape[1] == len(HARMONY_NAMES)
    assert np.isfinite(song.windows).all()
    assert np.isfinite(song.harmony).all()
    # Half minutes every quarter of a minute: none may be missing at the end.
    assert len(song.harmony) >= max(1, round((seconds - 30) / 15))


@pytest.mark.parametrize("more", range(0, 2 * 512, 100))
def test_songs_may_end_anywhere_in_a_frame(more: int) -> None:
    noise = np.random.default_rng(more).standard_normal(10 * SAMPLE_RATE + more)
    song = extract([noise.astype(np.float32)])
    assert len(song.windows) == len(song.bounds)
    # All of it is the same noise, so each window says the same, however short it is.
    fullness = song.windows[:, WINDOW_NAMES.index("chroma_fullness")]
    np.testing.assert_allclose(fullness, fullness[0], atol=0.15)


def test_names_are_unique() -> None:
    assert len(set(FEATURE_NAMES)) == len(FEATURE_NAMES)


@pytest.mark.parametrize("decibel", [-40, 6])
def test_the_level_leaves_every_number_alone(decibel: int) -> None:
    tune = 0.4 * compose("dramatic", seed=4, seconds=20.0)[0]
    song, other = features(tune), features(tune * 10 ** (decibel / 20))
    spread = song.windows.std(axis=0) + 0.02
    assert (np.abs(other.windows - song.windows).mean(axis=0) / spread).max() < 0.2
    np.testing.assert_allclose(other.harmony, song.harmony, atol=0.05, rtol=0.02)


def test_major_and_minor_are_told_apart() -> None:
    major, minor = harmony_of(tone(C, E, G)), harmony_of(tone(C, E_FLAT, G))
    for name in ("major_over_minor_temperley", "mode_of_tonic", "major_chords_long", "third"):
        assert major[name] > 0 > minor[name], name


def test_roughness_is_heard() -> None:
    assert harmony_of(tone(B, C * 2))["roughness"] > 2 * harmony_of(tone(C, G))["roughness"]


def test_chord_changes_are_heard() -> None:
    chords = [tone(F, A, C * 2, seconds=1.0), tone(G, B, E * 2, seconds=1.0)] * 15
    moving, still = harmony_of(np.concatenate(chords)), harmony_of(tone(C, E, G))
    assert moving["chord_changes_long"] > still["chord_changes_long"] + 0.2
    assert moving["change_long"] > still["change_long"]


def test_fast_and_slow_onsets_are_told_apart() -> None:
    def clicks(rate: float) -> dict[str, float]:
        samples = 0.001 * np.random.default_rng(0).standard_normal(20 * SAMPLE_RATE)
        for time in np.arange(0.1, 19.9, 1 / rate):
            at = int(time * SAMPLE_RATE)
            samples[at : at + 800] += np.exp(-np.arange(800) / 150) * np.sin(np.arange(800))
        row = extract([samples.astype(np.float32)]).windows.mean(axis=0)
        return dict(zip(WINDOW_NAMES, row.tolist(), strict=True))

    slow, fast = clicks(1.0), clicks(6.0)
    assert slow["onset_rate"] == pytest.approx(1.0, abs=0.4)
    assert fast["onset_rate"] == pytest.approx(6.0, abs=1.0)
    assert fast["percussive"] > harmony_free(tone(C, E, G))["percussive"]


def harmony_free(samples: np.ndarray) -> dict[str, float]:
    row = extract([samples]).windows.mean(axis=0)
    return dict(zip(WINDOW_NAMES, row.tolist(), strict=True))


def test_silence_is_described_without_complaint() -> None:
    song = extract([np.zeros(SAMPLE_RATE * 6, np.float32)])
    assert np.isfinite(song.windows).all()
    assert np.isfinite(song.harmony).all()
