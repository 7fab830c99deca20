from __future__ import annotations

import io
import pickle
from typing import get_args

import pytest
from PIL import Image

from bot import outcomes
from bot.outcomes import Unanalysable
from bot.presentation import texts
from bot.presentation.language import ENGLISH, SUPPORTED, Language, percent, speaking
from bot.presentation.titles import TITLE_LIMIT
from moodify_core import errors, words
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
from moodify_core.timeline import Layout, draw_timeline
from tests.bot.songs import analysis

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
    outcomes.NoWorker(),
    outcomes.WaitedTooLong(),
    outcomes.Stopping(),
    outcomes.ServerQueueFull(),
    outcomes.CoolingDown(0.4),
    outcomes.RoleNeeded(42),
    outcomes.Cancelled(),
    outcomes.PostDeleted(),
    outcomes.StreamingLink(),
    outcomes.NotAMessageLink(),
    outcomes.MessageOutOfSight(),
    outcomes.RepliedToOutOfSight(),
    outcomes.NothingGiven(),
    outcomes.NoRoom(),
    outcomes.NotWorthAMessage(),
    outcomes.Kept(),
    outcomes.SongForgotten(),
    outcomes.MoreForgotten(),
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


LANGUAGES = pytest.mark.parametrize("language", SUPPORTED, ids=lambda language: language.code)


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
        (outcomes.CoolingDown(4.6), "in 5 seconds"),
        (outcomes.CoolingDown(0.1), "in 1 second."),
        (outcomes.RoleNeeded(42), "<@&42>"),
        (outcomes.TooManyAtOnce(1), "1 song in"),
        (outcomes.TooManyAtOnce(5), "5 songs"),
        (outcomes.TookTooLong(60), "60 seconds"),
        (outcomes.FilmQueueFull(20), "20 places"),
        (outcomes.ServerFilmsFull(1), "1 film for"),
        (outcomes.ServerFilmsFull(2), "2 films for"),
        (outcomes.SongTooLongToFilm(90.0), "1.5 minutes"),
        (outcomes.FilmTookTooLong(300.0), "300 seconds"),
        (Unanalysable(TooLong(1200.0)), "20 minutes"),
        (Unanalysable(TooShort(0.999, 1.0)), "0.99 seconds long, and I need at least 1 second to"),
    ],
)
def test_a_refusal_says_the_limit(refusal: outcomes.Refusal, limit: str) -> None:
    assert limit in texts.refusal(refusal)


@LANGUAGES
def test_every_refusal_is_said_in_every_language(language: Language) -> None:
    with speaking(language.code):
        said = [texts.refusal(refusal) for refusal in REFUSALS]
        said += [texts.analyser_error(error) for error in (*SPECIFIC, MoodifyError())]
    for sentence in said:
        assert sentence.endswith((".", "。", "）"))
        assert not set("{}") & set(sentence)
        assert len(sentence) <= 400
    if language is not ENGLISH:
        english = {texts.refusal(refusal) for refusal in REFUSALS}
        assert not english & set(said)


@LANGUAGES
def test_what_is_pressed_is_named_as_the_button_is(language: Language) -> None:
    with speaking(language.code):
        for refusal in (outcomes.SongForgotten(), outcomes.FilmStopped()):
            assert texts.film_button() in texts.refusal(refusal)
        assert texts.film_button() in texts.film_not_in_the_making()
        assert texts.menu_name() in texts.refusal(outcomes.RepliedToOutOfSight())


@LANGUAGES
def test_moods_are_told_apart_in_every_language(language: Language) -> None:
    with speaking(language.code):
        assert len({texts.mood_name(mood) for mood in MOODS}) == len(MOODS)
        words = texts.picture_words()
    # By their letters too, where a passage has no room for more.
    assert len({words.initial(mood) for mood in MOODS}) == len(MOODS)


@LANGUAGES
def test_the_words_of_pictures_reach_a_worker(language: Language) -> None:
    with speaking(language.code):
        words = texts.picture_words()
        assert words.share(0.61) == percent(0.61)
    assert pickle.loads(pickle.dumps(words)) == words


def test_pictures_without_words_speak_english() -> None:
    assert texts.picture_words() == words.ENGLISH


@LANGUAGES
@pytest.mark.parametrize("layout", Layout)
def test_the_words_of_pictures_fit(language: Language, layout: Layout) -> None:
    with speaking(language.code):
        words = texts.picture_words()
    song = analysis((0.2, 0.2, 0.2, 0.2, 0.2), unsure=True)
    picture = Image.open(io.BytesIO(draw_timeline(song, "x" * 200, layout=layout, words=words)))
    width, height = picture.size
    for strip in ((0, 0, 40, height), (width - 40, 0, width, height)):
        assert picture.convert("RGB").crop(strip).getcolors() == [(40 * height, (27, 29, 38))]


@LANGUAGES
def test_what_discord_limits_is_short_enough(language: Language) -> None:
    with speaking(language.code):
        for label in (texts.film_button(), texts.cancel_button()):
            assert 0 < len(label) <= 38  # what a button shows without cutting it
        assert len(texts.untitled()) <= TITLE_LIMIT


def test_progress_is_said_as_it_goes() -> None:
    assert texts.progress_waiting(1) == "⏳ 1 song is heard before yours…"
    assert texts.progress_waiting(3) == "⏳ 3 songs are heard before yours…"
    assert texts.progress_waiting(0) == texts.progress_waiting(None) == "⏳ Your song is next…"
    # Nothing is done before it is.
    assert texts.progress_listening(0.429) == "🎧 Listening… 42%"
    assert texts.progress_listening(0.999) == "🎧 Listening… 99%"
    with speaking("de"):
        assert texts.progress_listening(0.42) == "🎧 Ich höre zu … 42\u00a0%"
