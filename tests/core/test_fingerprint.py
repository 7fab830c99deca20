"""What was heard is known again, and other songs are not taken for it."""

from __future__ import annotations

import io

import numpy as np
import pytest
import soundfile

from examples.tunes import compose
from moodify_core import analyze
from moodify_core.fingerprint import SAME_SONG, fingerprint, landmarks, similarity
from tests.audio.formats import CASES, encode

SECONDS = 30.0


def heard(samples: np.ndarray, rate: int, case: str = "flac-stereo-96000") -> str:
    return analyze(io.BytesIO(encode(samples, rate, CASES[case]))).fingerprint


@pytest.fixture(scope="module")
def tunes() -> list[np.ndarray]:
    return [compose(mood, seed=50, seconds=SECONDS)[0] for mood in ("happy", "sad", "dramatic")]


@pytest.mark.parametrize("case", ["mp3-stereo-48000", "opus-stereo-48000", "aac-mono-32000"])
def test_a_copy_is_known_again(tunes: list[np.ndarray], case: str) -> None:
    for tune in tunes:
        copy = heard(0.3 * tune, 44_100, case)
        assert similarity(heard(tune, 44_100), copy) > 0.85


def test_a_trimmed_copy_is_known_again(tunes: list[np.ndarray]) -> None:
    for tune in tunes:
        assert similarity(heard(tune, 44_100), heard(tune[88_200:], 44_100)) > 0.8


def test_other_songs_are_not_taken_for_it(tunes: list[np.ndarray]) -> None:
    prints = [heard(tune, 44_100) for tune in tunes]
    other = heard(compose("happy", seed=51, seconds=SECONDS)[0], 44_100)
    assert similarity(prints[0], prints[1]) < 0.7
    assert similarity(prints[0], prints[2]) < 0.7
    assert similarity(prints[0], other) < 0.7


def test_copies_are_told_from_other_songs_by_likeness_and_by_landmarks(
    tunes: list[np.ndarray],
) -> None:
    prints = [heard(tune, 44_100) for tune in tunes]
    copies = [heard(tune[88_200:], 44_100, "mp3-stereo-48000") for tune in tunes]
    for one, mark in enumerate(prints):
        for other, copy in enumerate(copies):
            assert (similarity(mark, copy) >= SAME_SONG) == (one == other)
        assert set(landmarks(mark)) & set(landmarks(copies[one]))
    assert landmarks("") == ()


def test_too_little_to_tell_is_no_likeness() -> None:
    short = fingerprint(np.random.default_rng(0).random((15, 12)))
    assert similarity(short, short) == 0
    assert similarity("", short) == 0
    assert fingerprint(np.zeros((3, 12))) == ""


def test_silent_bytes_are_read_back() -> None:
    buffer = io.BytesIO()
    soundfile.write(buffer, compose("romantic", seed=5, seconds=12.0)[0], 44_100, format="WAV")
    mark = analyze(buffer).fingerprint
    assert similarity(mark, mark) == 1
