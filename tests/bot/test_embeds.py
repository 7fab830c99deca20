from __future__ import annotations

import io

import discord
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.presentation.embeds import bars, mood_embed, plain_text, with_picture
from bot.presentation.titles import song_title
from moodify_core.moods import MOODS, Mood, shares
from moodify_core.result import Note, WarningCode
from tests.bot.songs import PNG, analysis, hearing

PHONE_WIDTH = 28
"""Characters of a code block that a phone shows on one line."""

WARNINGS = (
    Note(WarningCode.TRUNCATED, {"at": 61.2}),
    Note(WarningCode.SHORT, {"duration": 3.0}),
    Note(WarningCode.CLOSE_CALL, {"first": "happy", "second": "romantic"}),
)

distributions = st.lists(st.floats(0, 1), min_size=5, max_size=5).filter(lambda v: sum(v) > 0.1)


def _text(embed: discord.Embed) -> str:
    fields = "".join(f"{field.name}\n{field.value}\n" for field in embed.fields)
    return f"{embed.title}\n{embed.description}\n{fields}"


def test_the_answer_names_song_mood_shares_and_length() -> None:
    embed = mood_embed("Moonlit", analysis())
    assert embed.title == "🎵 `Moonlit`"
    assert embed.description is not None
    assert "🌹 This song feels **romantic** (71% sure)." in embed.description
    for line in ("aggressive   5%", "dramatic    12%", "romantic    61% ██████", "sad         14%"):
        assert line in embed.description
    assert [(field.name, field.value) for field in embed.fields] == [("Length", "3:42")]
    assert str(embed.colour) == Mood.ROMANTIC.colour


def test_an_unsure_answer_does_not_boast() -> None:
    embed = mood_embed(
        "Moonlit", analysis((0.2, 0.2, 0.2, 0.25, 0.15), confidence=0.3, unsure=True)
    )
    assert embed.description is not None
    assert "No mood is clearly ahead" in embed.description
    assert "feels" not in embed.description
    assert str(embed.colour) not in {mood.colour for mood in MOODS}


def test_every_warning_has_its_sentence() -> None:
    assert {note.code for note in WARNINGS} == set(WarningCode)
    embed = mood_embed("Moonlit", analysis(warnings=WARNINGS))
    notes = embed.fields[1].value
    assert notes is not None
    assert "only its first 1:01 were heard" in notes
    assert "very short" in notes
    assert "between happy and romantic" in notes
    assert len(notes.splitlines()) == len(WarningCode)


@pytest.mark.parametrize(
    ("seconds", "clock"),
    [(1, "0:01"), (59.6, "0:59"), (61.2, "1:01"), (3599.4, "59:59"), (3600, "1:00:00")],
)
def test_the_length_is_written_as_a_clock_shows_it(seconds: float, clock: str) -> None:
    assert mood_embed("Moonlit", analysis(duration=seconds)).fields[0].value == clock


def test_a_share_that_is_there_is_never_none() -> None:
    lines = bars(shares((0.004, 0, 0.125, 0.125, 0.746))).splitlines()[1:-1]
    assert [line.split()[1] for line in lines] == ["<1%", "0%", "12%", "12%", "75%"]


@given(distributions)
def test_bars_line_up_on_a_phone(values: list[float]) -> None:
    breakdown = shares(value / sum(values) for value in values)
    fence, *lines, end = bars(breakdown).splitlines()
    assert (fence, end) == ("```", "```")
    assert len(lines) == len(MOODS)
    assert len({line.index("%") for line in lines}) == 1
    assert all(len(line) <= PHONE_WIDTH for line in lines)


def test_a_larger_share_never_has_a_shorter_bar() -> None:
    lines = bars(shares((0.01, 0.09, 0.15, 0.25, 0.5))).splitlines()[1:-1]
    lengths = [line.count("█") for line in lines]
    assert lengths == sorted(lengths)
    assert lengths[0] == 1
    assert "█" not in bars(shares((0, 0, 0, 0, 1))).splitlines()[1]


def test_the_picture_goes_with_the_embed_and_is_told_in_words() -> None:
    plain = mood_embed("Moonlit", analysis())
    embed, file = with_picture(plain, hearing("d" * 2000))
    assert embed.image.url == f"attachment://{file.filename}"
    assert plain.image.url is None
    assert file.description is not None
    assert len(file.description) == 1024
    assert isinstance(file.fp, io.BytesIO)
    assert file.fp.read() == PNG


@given(st.text(max_size=400), distributions)
def test_no_file_name_makes_an_embed_that_discord_refuses(
    filename: str, values: list[float]
) -> None:
    breakdown = [value / sum(values) for value in values]
    embed = mood_embed(song_title(filename), analysis(breakdown, warnings=WARNINGS))
    assert len(embed) <= 6000
    assert len(embed.title or "") <= 256
    assert all(0 < len(field.value or "") <= 1024 for field in embed.fields)
    assert len(plain_text(song_title(filename), analysis(breakdown))) <= 2000


def test_the_answer_as_a_text_says_the_same() -> None:
    text = plain_text("Moonlit", analysis())
    assert "`Moonlit`" in text
    assert "**romantic**" in text
    assert "aggressive 5%, dramatic 12%, happy 8%, romantic 61%, sad 14%" in text


def test_the_whole_text_has_nothing_that_pings() -> None:
    embed = mood_embed(song_title("@everyone <@1> [x](http://y).mp3"), analysis())
    assert "`@everyone <@1> [x](http://y)`" in _text(embed)
