from __future__ import annotations

import io

import discord
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.presentation import answer_texts, texts
from bot.presentation.columns import PHONE_WIDTH, width
from bot.presentation.embeds import (
    EMBEDS_LIMIT,
    PASSAGES_SHOWN,
    bars,
    line,
    mood_embed,
    passages,
    picture,
    plain_text,
    whole_text,
)
from bot.presentation.language import SUPPORTED, Language, speaking
from bot.presentation.titles import song_title
from moodify_core.moods import MOODS, Mood, shares
from moodify_core.result import MoodAnalysis, Note, ReasonCode, WarningCode
from tests.bot.songs import PNG, analysis, hearing

NOTES = (
    Note(WarningCode.TRUNCATED, {"at": 61.2}),
    Note(WarningCode.SHORT, {"duration": 3.0}),
    Note(WarningCode.CLOSE_CALL, {"first": "happy", "second": "romantic"}),
)
NO_MUSIC = (
    Note(WarningCode.NOT_LIKE_MUSIC, {"share": 0.8}),
    Note(WarningCode.SPEECH, {"share": 0.9}),
)

distributions = st.lists(st.floats(0, 1), min_size=5, max_size=5).filter(lambda v: sum(v) > 0.1)
languages = st.sampled_from(SUPPORTED)
parts = st.lists(st.tuples(st.floats(1, 900), st.sampled_from(MOODS)), min_size=1, max_size=60).map(
    lambda chosen: chosen
)


def fields(embed: discord.Embed) -> dict[str | None, str | None]:
    return {field.name: field.value for field in embed.fields}


def _text(embed: discord.Embed) -> str:
    told = "".join(f"{name}\n{value}\n" for name, value in fields(embed).items())
    return f"{embed.title}\n{embed.description}\n{told}"


def test_the_answer_names_song_mood_shares_and_length() -> None:
    embed = mood_embed("Moonlit", analysis())
    assert embed.title == "🎵 `Moonlit`"
    assert embed.description is not None
    assert "🌹 This song feels **romantic** (71% sure)." in embed.description
    for row in ("aggressive  5%", "dramatic   12%", "romantic   61% ██████", "sad        14%"):
        assert row in embed.description
    assert fields(embed) == {"Length": "3:42"}
    assert str(embed.colour) == Mood.ROMANTIC.colour


def test_an_unsure_answer_does_not_boast() -> None:
    embed = mood_embed(
        "Moonlit", analysis((0.2, 0.2, 0.2, 0.25, 0.15), confidence=0.3, unsure=True)
    )
    assert embed.description is not None
    assert "No mood is clearly ahead" in embed.description
    assert "feels" not in embed.description
    assert str(embed.colour) not in {mood.colour for mood in MOODS}


@pytest.mark.parametrize("warning", NO_MUSIC, ids=lambda warning: str(warning.code))
def test_what_is_no_music_is_said_to_be_none_and_gets_no_mood(warning: Note) -> None:
    heard = analysis(
        unsure=True, warnings=(warning,), passages=[(60, Mood.SAD), (60, Mood.ROMANTIC)]
    )
    for told in (_text(mood_embed("Talk", heard)), whole_text("Talk", heard)):
        assert "so I name no mood" in told
        assert "%" not in told
        assert "**" not in told
        assert "→" not in told
    assert "romantic" not in line("Talk", heard)


def test_every_warning_has_its_sentence() -> None:
    assert {note.code for note in (*NOTES, *NO_MUSIC)} == set(WarningCode)
    notes = fields(mood_embed("Moonlit", analysis(warnings=NOTES)))[texts.notes()]
    assert notes is not None
    assert "only its first 1:01 were heard" in notes
    assert "very short" in notes
    assert "between happy and romantic" in notes
    assert len(notes.splitlines()) == len(NOTES)


def test_every_reason_has_a_sentence_of_its_own() -> None:
    assert len({answer_texts.reason(code) for code in ReasonCode} - {None}) == len(ReasonCode)
    assert answer_texts.reason("made_up") is None


def test_the_reasons_stand_in_their_order() -> None:
    heard = analysis(reasons=(ReasonCode.SLOW_PULSE, ReasonCode.MINOR_COLOUR))
    assert fields(mood_embed("Moonlit", heard))[answer_texts.why()] == (
        "The pulse is slow. The harmony leans towards minor."
    )


def test_an_answer_from_the_record_says_so() -> None:
    embed = mood_embed("Moonlit", analysis(), repeated=True)
    assert fields(embed)[texts.notes()] == answer_texts.repeated()


def test_the_passages_stand_in_one_line() -> None:
    heard = analysis(passages=[(72, Mood.SAD), (88, Mood.DRAMATIC), (30, Mood.HAPPY)])
    embed = mood_embed("Moonlit", heard)
    told = "0:00 sad → 1:12 dramatic → 2:40 happy"
    assert fields(embed)[answer_texts.passages_heading()] == told
    assert told in whole_text("Moonlit", heard)


def test_a_song_of_one_passage_has_none_to_tell() -> None:
    assert passages(analysis()) == ""


def test_of_many_passages_the_longest_are_told_in_their_order() -> None:
    long = [(60.0, MOODS[number % 2]) for number in range(PASSAGES_SHOWN)]
    short = [(5.0, Mood.SAD)] * PASSAGES_SHOWN
    both = [part for pair in zip(long, short, strict=True) for part in pair]
    told = passages(analysis(passages=both))
    assert told == (
        "0:00 aggressive → 1:05 dramatic → 2:10 aggressive → 3:15 dramatic → 4:20 aggressive → "
        "5:25 dramatic → 6:30 aggressive → 7:35 dramatic (and 8 shorter passages)"
    )


def test_passages_that_become_neighbours_are_told_as_one() -> None:
    long = [(60.0, Mood.HAPPY)] * PASSAGES_SHOWN
    assert passages(analysis(passages=[*long, (5.0, Mood.SAD)])) == (
        "0:00 happy (and 1 shorter passage)"
    )


@pytest.mark.parametrize(
    ("seconds", "clock"),
    [(1, "0:01"), (59.6, "0:59"), (61.2, "1:01"), (3599.4, "59:59"), (3600, "1:00:00")],
)
def test_the_length_is_written_as_a_clock_shows_it(seconds: float, clock: str) -> None:
    assert fields(mood_embed("Moonlit", analysis(duration=seconds)))["Length"] == clock


def test_a_share_that_is_there_is_never_none() -> None:
    lines = bars(shares((0.004, 0, 0.125, 0.125, 0.746))).splitlines()[1:-1]
    assert [line.split()[1] for line in lines] == ["<1%", "0%", "12%", "12%", "75%"]


@given(distributions, languages)
def test_bars_line_up_on_a_phone(values: list[float], language: Language) -> None:
    breakdown = shares(value / sum(values) for value in values)
    with speaking(language.code):
        fence, *lines, end = bars(breakdown).splitlines()
    assert (fence, end) == ("```", "```")
    assert len(lines) == len(MOODS)
    assert len({width(line.partition("%")[0]) for line in lines}) == 1
    assert all(width(line) <= PHONE_WIDTH for line in lines)


def test_a_larger_share_never_has_a_shorter_bar() -> None:
    lines = bars(shares((0.01, 0.09, 0.15, 0.25, 0.5))).splitlines()[1:-1]
    lengths = [line.count("█") for line in lines]
    assert lengths == sorted(lengths)
    assert lengths[0] == 1
    assert "█" not in bars(shares((0, 0, 0, 0, 1))).splitlines()[1]


def test_the_picture_is_told_in_words() -> None:
    file = picture(hearing("d" * 2000))
    assert file.filename == "mood.png"
    assert file.description is not None
    assert len(file.description) == 1024
    assert isinstance(file.fp, io.BytesIO)
    assert file.fp.read() == PNG


@given(st.text(max_size=400), distributions, parts, languages, st.integers(450, EMBEDS_LIMIT))
def test_no_song_makes_an_embed_that_discord_refuses(
    filename: str,
    values: list[float],
    of_passages: list[tuple[float, Mood]],
    language: Language,
    room: int,
) -> None:
    heard = busy([value / sum(values) for value in values], of_passages)
    with speaking(language.code):
        embed = mood_embed(song_title(filename), heard, repeated=True, room=room)
        text = whole_text(song_title(filename), heard)
    assert len(embed) <= room
    assert len(embed.title or "") <= 256
    assert all(0 < len(field.value or "") <= 1024 for field in embed.fields)
    assert len(text) <= 2000


def busy(values: list[float], of_passages: list[tuple[float, Mood]]) -> MoodAnalysis:
    """Return an analysis that has something to say of everything."""
    reasons = (ReasonCode.EVEN_DYNAMICS, ReasonCode.MINOR_COLOUR, ReasonCode.MOVING_HARMONY)
    return analysis(values, warnings=NOTES, reasons=reasons, passages=of_passages)


def test_where_there_is_little_room_what_tempers_the_answer_is_kept() -> None:
    heard = busy([0.2] * 5, [(60, mood) for mood in MOODS])
    whole = mood_embed("Moonlit", heard)
    assert list(fields(whole)) == ["Length", "Passages", "Why this mood", "Good to know"]
    tight = mood_embed("Moonlit", heard, room=len(whole) - 1)
    assert list(fields(tight)) == ["Passages", "Why this mood", "Good to know"]
    less = sum(len(f"{field.name}{field.value}") for field in whole.fields[1:3])
    tightest = mood_embed("Moonlit", heard, room=len(whole) - less)
    assert list(fields(tightest)) == ["Length", "Good to know"]


def test_the_answer_as_a_text_says_the_same() -> None:
    text = plain_text("Moonlit", analysis())
    assert "`Moonlit`" in text
    assert "**romantic**" in text
    assert "aggressive 5%, dramatic 12%, happy 8%, romantic 61%, and sad 14%" in text
    assert line("Moonlit", analysis()) == "`Moonlit`: 🌹 romantic, 71% sure."


def test_the_whole_text_has_nothing_that_pings() -> None:
    embed = mood_embed(song_title("@everyone <@1> [x](http://y).mp3"), analysis())
    assert "`@everyone <@1> [x](http://y)`" in _text(embed)
