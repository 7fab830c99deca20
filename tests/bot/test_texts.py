from __future__ import annotations

from typing import get_args

import pytest

from bot import outcomes
from bot.outcomes import Unanalysable
from bot.presentation import texts
from moodify_core import errors
from moodify_core.errors import (
    AudioError,
    BrokenAudio,
    FilmTooLong,
    ModelCorrupt,
    ModelError,
    ModelMissing,
    MoodifyError,
    NoAudioTrack,
    SilentAudio,
    TooLong,
    TooShort,
    UnsupportedFormat,
    UnsupportedStream,
)
from moodify_core.moods import MOODS

SPECIFIC: tuple[MoodifyError, ...] = (
    UnsupportedFormat(),
    NoAudioTrack(),
    BrokenAudio(),
    UnsupportedStream(4_000_000, 1024),
    TooShort(0.5, 1.0),
    TooLong(1200.0),
    SilentAudio(),
    FilmTooLong(10 * 1024 * 1024, 61.5),
    ModelMissing("/secret/place"),
    ModelCorrupt("hash"),
)
GENERAL = (MoodifyError, AudioError, ModelError)

REFUSALS: tuple[outcomes.Refusal, ...] = (
    Unanalysable(SilentAudio()),
    outcomes.TooBig(10 * 1024 * 1024),
    outcomes.QueueFull(100),
    outcomes.TooManyAtOnce(5),
    outcomes.TookTooLong(60),
    outcomes.NoAudio(),
    outcomes.ForeignFile(),
    outcomes.FileVanished(),
    outcomes.DownloadFailed(),
    outcomes.NeedsTooMuchMemory(),
    outcomes.Crashed(),
    outcomes.WaitedTooLong(),
    outcomes.Stopping(),
    outcomes.SongForgotten(),
    outcomes.NotYourSong(),
    outcomes.NotYourFilm(),
    outcomes.FilmUnderWay(),
    outcomes.FilmQueueFull(20),
    outcomes.ServerFilmsFull(1),
    outcomes.SongTooLongToFilm(720.0),
    outcomes.FilmTookTooLong(300.0),
    outcomes.FilmStopped(),
    outcomes.FilmCrashed(),
    outcomes.NoRoomForFilm(),
    outcomes.Failed("123"),
)


def _all_errors(kind: type[MoodifyError] = MoodifyError) -> set[type[MoodifyError]]:
    return {kind}.union(*(_all_errors(child) for child in kind.__subclasses__()))


def _is_one_sentence(text: str) -> bool:
    return text[0].isupper() and text.endswith((".", ").")) and ". " not in text


def test_every_error_of_the_analyser_is_tried_here() -> None:
    named = {value for value in vars(errors).values() if isinstance(value, type)}
    ours = {kind for kind in _all_errors() if kind in named}
    assert ours == {type(error) for error in SPECIFIC} | set(GENERAL)


@pytest.mark.parametrize("error", SPECIFIC, ids=lambda error: type(error).__name__)
def test_every_error_has_a_sentence_of_its_own_that_says_what_to_do(error: MoodifyError) -> None:
    sentence = texts.analyser_error(error)
    assert _is_one_sentence(sentence)
    assert ";" in sentence
    assert "/secret" not in sentence
    if not isinstance(error, ModelError):
        others = {texts.analyser_error(o) for o in SPECIFIC if type(o) is not type(error)}
        assert sentence not in others
        assert sentence != texts.analyser_error(MoodifyError())


def test_an_error_of_a_later_version_has_a_sentence_too() -> None:
    class Unheard(AudioError):
        pass

    assert _is_one_sentence(texts.analyser_error(Unheard()))


def test_every_refusal_is_tried_here() -> None:
    assert {type(refusal) for refusal in REFUSALS} == set(get_args(outcomes.Refusal))


@pytest.mark.parametrize("refusal", REFUSALS, ids=lambda refusal: type(refusal).__name__)
def test_every_refusal_is_one_sentence(refusal: outcomes.Refusal) -> None:
    assert _is_one_sentence(texts.refusal(refusal))
    assert len(texts.refusal(refusal)) <= 2000


@pytest.mark.parametrize(
    ("refusal", "limit"),
    [
        (outcomes.TooBig(10 * 1024 * 1024), "10 MiB"),
        (outcomes.TooBig(512 * 1024), "512 KiB"),
        (outcomes.QueueFull(100), "100"),
        (outcomes.TooManyAtOnce(5), "5 songs"),
        (outcomes.TookTooLong(60), "60 seconds"),
        (outcomes.FilmQueueFull(20), "20 places"),
        (outcomes.ServerFilmsFull(1), "1 film for"),
        (outcomes.ServerFilmsFull(2), "2 films for"),
        (outcomes.SongTooLongToFilm(90.0), "1.5 minutes"),
        (outcomes.FilmTookTooLong(300.0), "300 seconds"),
        (Unanalysable(TooLong(1200.0)), "20 minutes"),
        (Unanalysable(TooShort(0.5, 1.0)), "at least 1"),
    ],
)
def test_a_refusal_says_the_limit(refusal: outcomes.Refusal, limit: str) -> None:
    assert limit in texts.refusal(refusal)


def test_every_mood_has_a_name() -> None:
    assert set(texts.MOOD_NAMES) == set(MOODS)
