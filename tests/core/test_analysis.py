"""A song in, its moods out: the promises of `analyze`, with the model that is shipped."""

from __future__ import annotations

import io
import json
import math
import pickle
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import soundfile

from examples.tunes import compose, join
from moodify_core import MOODS, Mood, MoodAnalysis, WarningCode, analyze
from moodify_core.errors import BrokenAudio, SilentAudio, TooLong, TooShort, UnsupportedFormat
from tests.audio.formats import CASES, encode, truncate
from tests.audio.signals import noise, silence

pytestmark = pytest.mark.long

RATE = 44_100


def wav(samples: np.ndarray, rate: int = RATE, subtype: str = "FLOAT") -> io.BytesIO:
    buffer = io.BytesIO()
    soundfile.write(buffer, samples, rate, format="WAV", subtype=subtype)
    buffer.seek(0)
    return buffer


@pytest.fixture(scope="module")
def tune() -> np.ndarray:
    return compose("happy", seed=20, seconds=40.0)[0]


@pytest.fixture(scope="module")
def answer(tune: np.ndarray) -> MoodAnalysis:
    return analyze(wav(tune))


def check_consistency(analysis: MoodAnalysis) -> None:
    """Hold an answer to everything that DESIGN promises of every answer."""
    for numbers in (
        analysis.breakdown,
        analysis.probabilities,
        *(window.probabilities for window in analysis.windows),
        *(segment.probabilities for segment in analysis.segments),
    ):
        assert tuple(numbers) == MOODS
        assert sum(numbers.values()) == pytest.approx(1, abs=1e-6)
        assert min(numbers.values()) >= 0
    assert analysis.segments[0].start == 0
    assert analysis.segments[-1].end == analysis.duration
    assert all(a.end == b.start for a, b in pairwise(analysis.segments))
    assert analysis.windows[0].start == 0
    assert analysis.windows[-1].end == analysis.duration
    assert analysis.breakdown[analysis.dominant] == max(analysis.breakdown.values())
    assert analysis.confidence == analysis.probabilities[analysis.dominant]
    time = dict.fromkeys(MOODS, 0.0)
    for segment in analysis.segments:
        time[segment.mood] += segment.duration
    for mood in MOODS:
        assert analysis.breakdown[mood] == pytest.approx(time[mood] / analysis.duration)
    assert max(analysis.waveform) == 1
    assert min(analysis.waveform) >= 0


def test_an_answer_is_consistent(answer: MoodAnalysis) -> None:
    check_consistency(answer)
    assert answer.duration == pytest.approx(40, abs=0.01)
    assert all(note.code != WarningCode.TRUNCATED for note in answer.warnings)


def test_an_answer_travels_as_pickle_and_as_json(answer: MoodAnalysis) -> None:
    assert pickle.loads(pickle.dumps(answer)) == answer
    plain = json.loads(json.dumps(answer.to_dict()))
    assert plain["dominant"] == answer.dominant.value
    assert math.isclose(sum(plain["breakdown"].values()), 1, abs_tol=1e-3)
    assert plain["segments"][-1]["end"] == pytest.approx(answer.duration, abs=1e-3)


@pytest.mark.parametrize("seconds", [1.0, 1.5, 5.0, 6.0, 7.6, 12 * 60])
def test_all_of_a_song_is_covered(tune: np.ndarray, seconds: float) -> None:
    song = np.resize(tune, (int(seconds * RATE), 2))
    analysis = analyze(wav(song, subtype="PCM_16"))
    check_consistency(analysis)
    assert analysis.duration == pytest.approx(seconds, abs=0.01)
    assert any(note.code == WarningCode.SHORT for note in analysis.warnings) == (seconds < 5)


def test_every_format_gives_the_same_answer() -> None:
    medley = join([compose(mood, seed=42, seconds=30.0)[0] for mood in ("romantic", "happy")])
    reference = analyze(wav(medley))
    assert len(reference.segments) > 1
    for segment in reference.segments:
        # Which of two moods is a hair ahead, every format may tell in its own way.
        first, second, *_ = sorted(segment.probabilities.values(), reverse=True)
        assert first - second > 0.3
    assert len(CASES) == 24
    for case in CASES.values():
        analysis = analyze(io.BytesIO(encode(medley, RATE, case)))
        check_consistency(analysis)
        worst = max(abs(analysis.breakdown[m] - reference.breakdown[m]) for m in MOODS)
        assert worst <= 0.05, case.name


@pytest.mark.parametrize("decibel", [-40, -20, 6])
def test_the_level_does_not_matter(tune: np.ndarray, answer: MoodAnalysis, decibel: int) -> None:
    analysis = analyze(wav(tune * 10 ** (decibel / 20)))
    for mood in MOODS:
        assert analysis.probabilities[mood] == pytest.approx(answer.probabilities[mood], abs=0.01)
    assert analysis.dominant is answer.dominant


@pytest.mark.parametrize(("first", "second"), [("happy", "romantic"), ("romantic", "happy")])
def test_the_border_between_two_tunes_is_found(first: str, second: str) -> None:
    tunes = [compose(mood, seed=42, seconds=40.0)[0] for mood in (first, second)]
    analysis = analyze(wav(join(tunes)))
    alone = [analyze(wav(samples)).dominant for samples in tunes]
    assert alone[0] is not alone[1]
    (border,) = [
        before.end
        for before, after in pairwise(analysis.segments)
        if (before.mood, after.mood) == tuple(alone)
    ]
    assert border == pytest.approx(40, abs=5)
    assert len(analysis.segments) <= 4


def test_progress_is_told(tune: np.ndarray) -> None:
    told: list[float] = []
    analyze(wav(tune), progress=told.append)
    assert told == sorted(told)
    assert told[-1] == 1
    assert len(told) > 4


def test_a_cut_file_is_answered_with_a_warning(tune: np.ndarray) -> None:
    data = encode(tune, RATE, CASES["flac-stereo-96000"])
    analysis = analyze(io.BytesIO(truncate(data, 0.5)))
    (note,) = [note for note in analysis.warnings if note.code == WarningCode.TRUNCATED]
    assert note.parameters["at"] == pytest.approx(analysis.duration, abs=0.1)
    check_consistency(analysis)


def test_too_short_silent_and_too_long_are_said() -> None:
    with pytest.raises(TooShort) as short:
        analyze(wav(noise(0.9, RATE)))
    assert short.value.duration == pytest.approx(0.9, abs=0.01)
    for quiet in (silence(3, RATE), noise(3, RATE, level=1e-5)):
        with pytest.raises(SilentAudio):
            analyze(wav(quiet))
    with pytest.raises(TooLong) as long:
        analyze(wav(noise(20, RATE)), max_duration=10)
    assert long.value.limit == 10


@pytest.mark.parametrize("silent", [(30, 0, 0), (0, 0, 200), (20, 60, 20)])
def test_silence_has_no_mood(silent: tuple[int, int, int]) -> None:
    tune, _ = soundfile.read("examples/romantic_last_dance.mp3", dtype="float32")
    alone = analyze(wav(np.concatenate((tune, tune))))
    gaps = [np.zeros((seconds * RATE, tune.shape[1]), np.float32) for seconds in silent]
    answer = analyze(wav(np.concatenate((gaps[0], tune, gaps[1], tune, gaps[2]))))
    check_consistency(answer)
    assert answer.dominant is alone.dominant is Mood.ROMANTIC
    assert answer.breakdown[Mood.ROMANTIC] == pytest.approx(alone.breakdown[Mood.ROMANTIC], abs=0.1)
    assert answer.confidence > 0.55
    assert not answer.unsure
    assert answer.reasons[0].code == alone.reasons[0].code


@pytest.mark.parametrize(
    ("data", "error"), [(b"", UnsupportedFormat), (b"fLaC" + b"\0" * 99, BrokenAudio)]
)
def test_bad_files_raise_their_error(tmp_path: Path, data: bytes, error: type[Exception]) -> None:
    path = tmp_path / "song.mp3"
    path.write_bytes(data)
    with pytest.raises(error) as caught:
        analyze(path)
    assert str(caught.value).endswith(".")
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)
