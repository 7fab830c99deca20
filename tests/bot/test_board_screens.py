"""What boards look like, without Discord: within its limits whatever names and titles there are."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from itertools import product
from typing import Any

import pytest

from bot.presentation import board_texts
from bot.presentation.answers import CONTENT_LIMIT, Abilities
from bot.presentation.board_buttons import board_components, find_components
from bot.presentation.board_views import Board, BoardView, FindView, Name
from bot.presentation.boards import (
    Screen,
    digest_screen,
    found_screen,
    members_screen,
    overview_screen,
    own_line,
    profile_screen,
    screen_ways,
    server_screen,
    similar_screen,
    songs_screen,
)
from bot.presentation.embeds import ALT_TEXT_LIMIT
from bot.presentation.language import SUPPORTED, Language, speaking
from bot.presentation.titles import NAME_LIMIT, TITLE_LIMIT, harmless_name
from bot.requests import Post
from bot.storage import (
    Agreement,
    MembersPage,
    Period,
    Profile,
    RankedSong,
    ServerMood,
    SimilarSong,
    SongsPage,
    Standing,
    Swing,
    Week,
)
from moodify_core.moods import MOODS, Mood, shares
from tests.bot.songs import PNG
from tests.discord_double.limits import component_problems, embed_problems

BIG = 2**63 - 1
GUILD = BIG
EVEN = shares([0.2] * 5)
LONG = Name("W" * NAME_LIMIT)
NAMES = {BIG - n: LONG for n in range(30)}
SIZES = [Abilities(embeds, files) for embeds, files in product((True, False), repeat=2)]
every_language = pytest.mark.parametrize("language", SUPPORTED, ids=lambda each: each.code)


def ranked(number: int, *, user_id: int | None = BIG) -> RankedSong:
    return RankedSong(
        rank=number,
        song_id=number,
        record_id=number,
        title="夜" * TITLE_LIMIT,
        channel_id=BIG,
        post=Post(BIG, BIG),
        answer_id=None,
        user_id=user_id,
        shares=shares([0.1, 0.1, 0.1, 0.1, 0.6]),
        confidence=0.5,
        duration=200.0,
        heard_at=0.0,
    )


def standing(number: int) -> Standing:
    return Standing(number, BIG - number, 1e7 / number, 999_999)


def screens() -> Iterator[Screen]:
    """Return every screen, as full as it can be."""
    rows = tuple(map(standing, range(1, 11)))
    page = MembersPage(rows, 99_999, 100_000, 999_999, standing(25), 5)
    songs = tuple(map(ranked, range(1, 11)))
    monday = date(2026, 12, 28)
    week = Week(monday, dict.fromkeys(MOODS, 1e6), 99_999)
    leaders: dict[Mood, Standing | None] = {mood: standing(1) for mood in MOODS}
    for mood in (None, *MOODS):
        view = BoardView(Board.MEMBERS, mood, Period.YEAR, 99_999)
        own = own_line(page, mood, hidden=False, private=True)
        yield members_screen(page, view, NAMES, BIG, own)
        yield songs_screen(SongsPage(songs, 99_999, 100_000, 10**6), view, NAMES, GUILD)
        yield overview_screen(leaders, view, NAMES, BIG)
    mood = ServerMood(
        weeks=tuple(Week(monday + timedelta(7 * n), week.seconds, 99_999) for n in range(26)),
        mix=EVEN,
        songs=10**6,
        members=10**5,
        typical=songs[0],
        swing=Swing(monday, monday + timedelta(7), Mood.AGGRESSIVE, -0.99),
    )
    yield server_screen(mood, "W" * NAME_LIMIT, Agreement(99_999, 100_000), GUILD)
    profile = Profile(
        user_id=BIG,
        songs=10**6,
        seconds=week.seconds,
        mix=EVEN,
        favourite=Mood.AGGRESSIVE,
        extremes=dict.fromkeys(MOODS, songs[0]),
        likeness=0.5,
    )
    yield profile_screen(profile, EVEN, LONG, GUILD)
    yield found_screen(songs, FindView(Mood.SAD, 50, 9), NAMES, GUILD, more=True)
    similar = [SimilarSong(song, 0.99) for song in songs]
    yield similar_screen("夜" * TITLE_LIMIT, similar, NAMES, GUILD)
    yield digest_screen(week, week, leaders, dict.fromkeys(MOODS, songs[0]), NAMES, GUILD)


@every_language
def test_every_screen_is_within_the_limits_in_every_version(language: Language) -> None:
    with speaking(language.code):
        shown = list(screens())
        for screen, abilities, drawn in product(shown, SIZES, (PNG, None)):
            picture = drawn if screen.chart else None
            for compose in screen_ways(screen, picture, abilities):
                content = compose()
                names = [file.filename for file in content["attachments"]]
                for file in content["attachments"]:
                    assert 0 < len(file.description or "") <= ALT_TEXT_LIMIT
                    file.close()
                embeds: list[dict[str, Any]] = [dict(each.to_dict()) for each in content["embeds"]]
                assert list(embed_problems(embeds, names)) == []
                assert len(content["content"] or "") <= CONTENT_LIMIT
                assert content["content"] or embeds


@every_language
def test_every_row_of_buttons_is_within_the_limits(language: Language) -> None:
    with speaking(language.code):
        for board, mood, period in product(Board, (None, *MOODS), Period):
            view = BoardView(board, mood, period, 99_999)
            components = board_components(view, 100_001, BIG).to_components()
            assert list(component_problems(components)) == []
        components = find_components(FindView(Mood.AGGRESSIVE, 100, 9), BIG, more=True)
        assert list(component_problems(components.to_components())) == []


def test_what_has_no_room_is_counted() -> None:
    screen = Screen("Songs", tuple("x" * 300 for _ in range(10)))
    (compose,) = screen_ways(screen, None, Abilities(embeds=False, files=False))
    text = compose()["content"] or ""
    lines = text.count("x" * 300)
    assert 0 < lines < 10
    assert board_texts.more_lines(10 - lines) in text


def test_who_is_not_to_be_named_is_not() -> None:
    page = SongsPage((ranked(1, user_id=None),), 0, 1, 1)
    screen = songs_screen(page, BoardView(Board.SONGS), NAMES, GUILD)
    assert LONG.text not in screen.lines[0]


def test_a_hidden_viewer_is_told_so_in_private_alone() -> None:
    page = MembersPage((standing(1),), 0, 1, 1, None, 7)
    assert own_line(page, None, hidden=True, private=False) is None
    assert own_line(page, None, hidden=True, private=True) == board_texts.own_hidden()
    none = own_line(page, Mood.SAD, hidden=False, private=False)
    assert none == board_texts.own_none(Mood.SAD)


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("cool_mp3.mp3", "cool_mp3.mp3"),
        ("`a` \u202eb\n@everyone", "'a' b @everyone"),
        ("\u200b\u2800", ""),
        ("x" * 99, "x" * (NAME_LIMIT - 1) + "…"),
    ],
)
def test_names_of_people_are_made_harmless(name: str, shown: str) -> None:
    assert harmless_name(name) == shown


@pytest.mark.parametrize(
    ("seconds", "said"), [(0, "0 min"), (1, "0.1 min"), (90, "1.5 min"), (6e5, "10,000 min")]
)
def test_minutes_are_never_nothing_where_there_is_something(seconds: float, said: str) -> None:
    assert board_texts.minutes(seconds) == said
