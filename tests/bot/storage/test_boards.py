"""What the boards tell, of answers that are known."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import insert

from bot.requests import Post
from bot.storage import Entry, Period, RankedSong, Standing, Storage
from bot.storage.tables import Exclusion, Wish
from moodify_core import MOODS, Mood
from tests.bot.storage.samples import DAY, NOON, heard

GUILD = 31
CHANNELS = (41, 42)
WEEK = 7 * DAY


async def record_all(storage: Storage, *entries: Entry) -> list[int]:
    return [await storage.songs.record(each) for each in entries]


def shared(user_id: int, *lengths: float, first: int = 1, **changes: object) -> list[Entry]:
    """Return answers about songs of some minutes, each another one, for one person."""
    return [
        heard(user_id * 100 + number, number, user_id=user_id, minutes=minutes, **changes)
        for number, minutes in enumerate(lengths, first)
    ]


async def hide(storage: Storage, user_id: int, guild_id: int, *, stop: bool = False) -> None:
    async with storage._database.write() as connection:
        wish = {"user_id": user_id, "guild_id": guild_id, "hidden": not stop, "unrecorded": stop}
        await connection.execute(insert(Wish), wish)


async def exclude(storage: Storage, user_id: int, guild_id: int) -> None:
    async with storage._database.write() as connection:
        row = {"guild_id": guild_id, "user_id": user_id, "moderator_id": 1, "since": NOON}
        await connection.execute(insert(Exclusion), row)


async def board(
    storage: Storage, mood: Mood | None = None, period: Period = Period.ALL, **changes: object
) -> list[tuple[int, int, float]]:
    """Return rank, person and minutes of the first page."""
    asked = {"page": 0, "viewer_id": 0, "now": NOON, **changes}
    page = await storage.boards.members(GUILD, mood, period, **asked)
    return [(row.rank, row.user_id, row.seconds / 60) for row in page.rows]


async def names(storage: Storage, mood: Mood = Mood.SAD, **changes: object) -> list[str]:
    asked = {"page": 0, "channels": CHANNELS, "now": NOON, **changes}
    page = await storage.boards.songs(GUILD, mood, asked.pop("period", Period.ALL), **asked)
    return [row.title for row in page.rows]


async def test_people_are_ranked_by_their_minutes_of_a_mood(storage: Storage) -> None:
    mixed = {Mood.SAD: 0.25, Mood.HAPPY: 0.75}
    await record_all(
        storage,
        *shared(1, 4, 4, 4, felt=mixed),
        *shared(2, 2, 2, 2, 2, felt=Mood.SAD, first=10),
        *shared(3, 30, 30),
    )
    assert await board(storage, Mood.SAD) == [(1, 2, 8), (2, 1, 3)]
    assert await board(storage, Mood.HAPPY) == [(1, 1, 9)]
    assert await board(storage) == [(1, 1, 12), (2, 2, 8)]
    assert await board(storage, Mood.ROMANTIC) == []


async def test_equals_share_a_rank_and_stand_in_the_order_of_their_ids(storage: Storage) -> None:
    for user_id, minutes in ((9, 5), (7, 4), (3, 4), (8, 3)):
        await record_all(storage, *shared(user_id, *[minutes] * 3))
    assert await board(storage) == [(1, 9, 15), (2, 3, 12), (2, 7, 12), (4, 8, 9)]


async def test_pages_go_on_where_the_last_one_ended_and_equals_share_a_rank_across_them(
    storage: Storage,
) -> None:
    for user_id in range(1, 24):
        # Nine before, eight equals, six after.
        minutes = 9 if user_id < 10 else 5 if user_id < 18 else 2
        await record_all(storage, *shared(user_id, minutes, minutes, minutes))
    pages = [
        await storage.boards.members(GUILD, None, Period.ALL, page=page, viewer_id=20, now=NOON)
        for page in range(3)
    ]
    seen = [(row.rank, row.user_id) for page in pages for row in page.rows]
    ranks = [1] * 9 + [10] * 8 + [18] * 6
    assert seen == list(zip(ranks, range(1, 24), strict=True))
    for page in pages:
        assert (page.pages, page.ranked) == (3, 23)
        assert page.own == Standing(18, 20, 360.0, 3)
    for asked, got in ((-1, 0), (3, 2), (10**9, 2)):
        page = await storage.boards.members(
            GUILD, None, Period.ALL, page=asked, viewer_id=20, now=NOON
        )
        assert page == pages[got]


async def test_a_board_of_nobody_has_one_empty_page(storage: Storage) -> None:
    page = await storage.boards.members(GUILD, None, Period.WEEK, page=5, viewer_id=1, now=NOON)
    assert (page.rows, page.page, page.pages, page.ranked) == ((), 0, 1, 0)
    assert (page.own, page.own_songs) == (None, 0)
    songs = await storage.boards.songs(
        GUILD, Mood.SAD, Period.WEEK, page=5, channels=CHANNELS, now=NOON
    )
    assert (songs.rows, songs.page, songs.pages, songs.songs) == ((), 0, 1, 0)
    assert await storage.boards.leaders(GUILD, Period.ALL, now=NOON) == dict.fromkeys(MOODS)
    empty = await storage.boards.server_mood(GUILD, channels=CHANNELS, now=NOON)
    assert (empty.weeks, empty.songs, empty.members) == ((), 0, 0)
    assert (empty.typical, empty.swing, set(empty.mix.values())) == (None, None, {0.0})
    assert await storage.boards.profile(GUILD, 1, channels=CHANNELS) is None
    assert await storage.boards.find(GUILD, Mood.SAD, strength=0, channels=CHANNELS) == ()
    assert await storage.boards.similar(1, channels=CHANNELS) == ()


async def test_who_has_too_few_songs_is_not_ranked_but_learns_how_many_there_are(
    storage: Storage,
) -> None:
    await record_all(storage, *shared(1, 30, 30), heard(1, 1, user_id=1, minutes=30))
    page = await storage.boards.members(GUILD, None, Period.ALL, page=0, viewer_id=1, now=NOON)
    assert (page.rows, page.own, page.own_songs) == ((), None, 2)
    await record_all(storage, heard(2, 3, user_id=1))
    page = await storage.boards.members(GUILD, None, Period.ALL, page=0, viewer_id=1, now=NOON)
    assert page.own == page.rows[0] == Standing(1, 1, 63 * 60, 3)


@pytest.mark.parametrize("how", ["here", "everywhere", "stop", "excluded"])
async def test_who_is_to_be_left_out_is_nowhere_but_the_songs_stay(
    storage: Storage, how: str
) -> None:
    (first, *_) = await record_all(storage, *shared(1, 9, 9, 9), *shared(2, 5, 5, 5, first=10))
    if how == "excluded":
        await exclude(storage, 1, GUILD)
    else:
        await hide(storage, 1, 0 if how == "everywhere" else GUILD, stop=how == "stop")
    assert await board(storage) == [(1, 2, 15)]
    leaders = await storage.boards.leaders(GUILD, Period.ALL, now=NOON)
    assert leaders[Mood.SAD] == Standing(1, 2, 900.0, 3)
    page = await storage.boards.members(GUILD, None, Period.ALL, page=0, viewer_id=1, now=NOON)
    assert (page.own, page.own_songs, page.ranked) == (None, 3, 1)
    songs = await storage.boards.songs(
        GUILD, Mood.SAD, Period.ALL, page=0, channels=CHANNELS, now=NOON
    )
    assert {row.title: row.user_id for row in songs.rows} == {
        **{f"Song {number}": None for number in (1, 2, 3)},
        **{f"Song {number}": 2 for number in (10, 11, 12)},
    }
    assert [row.record_id for row in songs.rows if row.title == "Song 1"] == [first]
    mood = await storage.boards.server_mood(GUILD, channels=CHANNELS, now=NOON)
    assert mood.weeks[-1].seconds[Mood.SAD] == 42 * 60
    assert await storage.boards.is_hidden(GUILD, 1)
    assert not await storage.boards.is_hidden(GUILD, 2)
    assert await storage.boards.is_hidden(32, 1) == (how == "everywhere")


async def test_each_mood_has_its_leader(storage: Storage) -> None:
    await record_all(
        storage,
        *shared(5, 4, 4, 4, felt=Mood.SAD),
        *shared(4, 4, 4, 4, felt=Mood.SAD, first=10),
        *shared(6, 1, 1, 1, felt={Mood.SAD: 0.5, Mood.HAPPY: 0.5}, first=20),
        *shared(7, 60, 60, felt=Mood.DRAMATIC, first=30),
    )
    leaders = await storage.boards.leaders(GUILD, Period.ALL, now=NOON)
    assert leaders == {
        **dict.fromkeys(MOODS),
        Mood.SAD: Standing(1, 4, 720.0, 3),
        Mood.HAPPY: Standing(1, 6, 90.0, 3),
    }


async def test_a_period_tells_of_its_own_time_only(storage: Storage) -> None:
    # Wednesday, 4 March 2026: Monday, Sunday before, 1 March, February, and the year before.
    moments = {
        "week": NOON - 2 * DAY,
        "month": NOON - 3 * DAY,
        "year": NOON - 8 * DAY,
        "all": NOON - 100 * DAY,
    }
    for number, (name, at) in enumerate(moments.items(), 1):
        await record_all(storage, *shared(number, 3, 3, 3, at=at, first=number * 10, felt=Mood.SAD))
        await record_all(storage, heard(number, 100 + number, user_id=50, at=at, title=name))
    for number, period in enumerate(Period, 1):
        ranked = [user_id for _, user_id, _ in await board(storage, period=period)]
        # Who shared one song each time has enough of them in a year.
        assert sorted(ranked) == [*range(1, number + 1), *([50] if number >= 3 else [])]
        told = await names(storage, period=period)
        assert {each for each in told if each in moments} <= set(list(moments)[:number])
        page = await storage.boards.songs(
            GUILD, Mood.SAD, period, page=0, channels=CHANNELS, now=NOON
        )
        assert page.songs == 4 * number


async def test_the_boards_of_a_week_that_is_over_are_still_to_be_had(storage: Storage) -> None:
    last, now = NOON - WEEK, NOON
    await record_all(
        storage,
        *shared(1, 3, 3, 3, at=last),
        *shared(2, 3, 3, 3, at=now, first=3),
        heard(1, 50, user_id=3, at=last, title="Only then"),
        heard(2, 50, user_id=4, at=now + DAY),
    )
    assert await board(storage, period=Period.WEEK, now=last) == [(1, 1, 9)]
    assert sorted(await names(storage, period=Period.WEEK, now=last)) == [
        *("Only then", "Song 1", "Song 2", "Song 3")
    ]
    assert sorted(await names(storage, period=Period.WEEK, now=now)) == [
        *("Song 3", "Song 4", "Song 5", "Song 50")
    ]


async def test_songs_are_ranked_by_their_share_and_equals_by_confidence(storage: Storage) -> None:
    felt = {Mood.SAD: 0.6, Mood.HAPPY: 0.4}
    await record_all(
        storage,
        heard(1, 1, felt=Mood.SAD, confidence=0.5),
        heard(2, 2, felt=Mood.SAD, confidence=0.9),
        heard(3, 3, felt=felt, confidence=0.99),
        heard(4, 4, felt=Mood.HAPPY),
        heard(5, 5, felt=Mood.SAD, confidence=0.5),
        heard(6, 6, felt=Mood.SAD, unsure=True),
        heard(7, 7, felt=Mood.SAD, private=True),
    )
    page = await storage.boards.songs(
        GUILD, Mood.SAD, Period.ALL, page=0, channels=CHANNELS, now=NOON
    )
    assert [(row.rank, row.title) for row in page.rows] == [
        *((1, "Song 2"), (2, "Song 5"), (2, "Song 1"), (4, "Song 3"))
    ]
    assert page.rows[3].shares == {**dict.fromkeys(MOODS, 0.0), **felt}
    assert page.songs == 4


async def test_a_song_is_listed_once_as_it_was_first_heard_where_the_viewer_looks(
    storage: Storage,
) -> None:
    first, second, third = await record_all(
        storage,
        heard(1, user_id=1, home_channel_id=43, channel_id=43, title="Secret name"),
        heard(2, user_id=2, home_channel_id=42, channel_id=99, at=NOON + 2, post=Post(99, 5)),
        heard(3, user_id=3, home_channel_id=41, at=NOON + 1, title="Third", post=None),
    )
    await storage.songs.answered([second], 77)

    async def seen(*channels: int) -> RankedSong | None:
        page = await storage.boards.songs(
            GUILD, Mood.SAD, Period.ALL, page=0, channels=channels, now=NOON
        )
        assert page.songs == len(page.rows) <= 1
        return page.rows[0] if page.rows else None

    assert await seen() is None
    assert await seen(44) is None
    for channels, record_id in (((41, 42), third), ((42,), second), ((41, 42, 43), first)):
        found = await seen(*channels)
        assert found is not None
        assert found.record_id == record_id
    threaded = await seen(42)
    assert threaded is not None
    assert (threaded.channel_id, threaded.post, threaded.answer_id) == (99, Post(99, 5), 77)
    assert (threaded.user_id, threaded.heard_at, threaded.duration) == (2, NOON + 2, 180)


async def test_pages_of_songs_go_on_where_the_last_one_ended(storage: Storage) -> None:
    for number in range(1, 24):
        sure = 0.9 if number < 10 else 0.5 if number < 18 else 0.4
        await record_all(
            storage,
            heard(number, number, confidence=sure),
            # What was heard in two channels is no more than one song.
            heard(100 + number, number, confidence=sure, home_channel_id=42),
        )
    pages = [
        await storage.boards.songs(
            GUILD, Mood.SAD, Period.ALL, page=page, channels=CHANNELS, now=NOON
        )
        for page in (0, 1, 2, 3)
    ]
    assert [row.rank for page in pages[:3] for row in page.rows] == [1] * 9 + [10] * 8 + [18] * 6
    assert len({row.song_id for page in pages for row in page.rows}) == 23
    assert {(page.pages, page.songs) for page in pages} == {(3, 23)}
    assert pages[3] == pages[2]


async def test_the_newest_model_has_the_say_about_a_song_of_the_server(storage: Storage) -> None:
    old, new = await record_all(
        storage,
        heard(1, felt=Mood.SAD, model_version="one"),
        heard(2, felt=Mood.HAPPY, model_version="two", at=NOON + 1, home_channel_id=42),
    )
    assert await names(storage, Mood.SAD) == []
    assert await names(storage, Mood.HAPPY) == ["Song 1"]
    await storage.songs.remove(new)
    assert await names(storage, Mood.SAD) == ["Song 1"]
    await storage.songs.remove(old)
    assert await names(storage, Mood.SAD) == []


async def test_songs_of_other_servers_are_not_shown(storage: Storage) -> None:
    here, there = await record_all(storage, heard(1), heard(2, 2, guild_id=32))
    assert await names(storage) == ["Song 1"]
    for found in (
        await storage.boards.find(GUILD, Mood.SAD, strength=0, channels=CHANNELS),
        tuple(each.song for each in await storage.boards.similar(here, channels=CHANNELS)),
    ):
        assert there not in {each.record_id for each in found}


async def test_find_lists_what_is_at_least_so_strong(storage: Storage) -> None:
    for number in range(1, 10):
        felt = {Mood.SAD: number / 10, Mood.HAPPY: 1 - number / 10}
        await record_all(storage, heard(number, number, felt=felt))
    found = await storage.boards.find(GUILD, Mood.SAD, strength=0.7, channels=CHANNELS)
    assert [(row.rank, row.title) for row in found] == [
        *((1, "Song 9"), (2, "Song 8"), (3, "Song 7"))
    ]
    assert len(await storage.boards.find(GUILD, Mood.SAD, strength=0, channels=CHANNELS)) == 9
    few = await storage.boards.find(GUILD, Mood.SAD, strength=0, channels=CHANNELS, limit=2)
    assert few == found[:2]
    assert await storage.boards.find(GUILD, Mood.SAD, strength=0, channels=[]) == ()


async def test_similar_songs_are_those_that_differ_least(storage: Storage) -> None:
    draw = random.Random(4)
    felt = {}
    for number in range(1, 60):
        weights = [draw.expovariate(1) ** 2 for _ in MOODS]
        felt[number] = dict(zip(MOODS, (each / sum(weights) for each in weights), strict=True))
        if number % 3 == 0:
            felt[number] = {**dict.fromkeys(MOODS, 0.0), draw.choice(MOODS): 1.0}
    ids = await record_all(
        storage,
        *(
            heard(number, number, felt=each, confidence=draw.random())
            for number, each in felt.items()
        ),
    )
    for number in (1, 3, 6, 20):
        nearest = sorted(
            round(sum(abs(felt[number][mood] - each[mood]) for mood in MOODS), 9)
            for other, each in felt.items()
            if other != number
        )
        for limit in (1, 10, 100):
            found = await storage.boards.similar(ids[number - 1], channels=CHANNELS, limit=limit)
            assert [round(2 * (1 - each.likeness), 9) + 0.0 for each in found] == pytest.approx(
                nearest[:limit]
            )
            assert ids[number - 1] not in {each.song.record_id for each in found}


async def test_of_songs_of_one_mood_those_about_as_sure_are_the_most_similar(
    storage: Storage,
) -> None:
    ids = await record_all(
        storage,
        *(heard(each, each, confidence=each / 10, felt=Mood.HAPPY) for each in range(1, 10)),
    )
    found = await storage.boards.similar(ids[4], channels=CHANNELS, limit=4)
    assert {each.likeness for each in found} == {1.0}
    assert {each.song.title for each in found[:2]} == {"Song 4", "Song 6"}
    assert {each.song.title for each in found} == {"Song 3", "Song 4", "Song 6", "Song 7"}


async def test_something_private_can_be_asked_what_is_similar_and_is_not_shown_itself(
    storage: Storage,
) -> None:
    secret, _ = await record_all(storage, heard(1, 1, private=True), heard(2, 2))
    found = await storage.boards.similar(secret, channels=CHANNELS)
    assert [each.song.title for each in found] == ["Song 2"]
    direct = await storage.songs.record(heard(3, 3, guild_id=None, home_channel_id=None))
    assert await storage.boards.similar(direct, channels=CHANNELS) == ()


async def test_the_mood_of_a_server_tells_of_its_weeks(storage: Storage) -> None:
    await storage.settings.save(GUILD, time_zone="America/New_York")
    mixed = {Mood.SAD: 0.5, Mood.HAPPY: 0.5}
    await record_all(
        storage,
        *shared(1, 4, 4, 4, felt=Mood.SAD, at=NOON - 3 * WEEK),
        *shared(2, 4, 4, 4, felt=mixed, at=NOON - WEEK, first=4),
        *shared(3, 8, felt=Mood.HAPPY, at=NOON, first=7),
    )
    mood = await storage.boards.server_mood(GUILD, channels=CHANNELS, now=NOON)
    assert [(week.monday, week.songs, week.seconds[Mood.SAD]) for week in mood.weeks] == [
        (date(2026, 2, 9), 3, 720.0),
        (date(2026, 2, 16), 0, 0.0),
        (date(2026, 2, 23), 3, 360.0),
        (date(2026, 3, 2), 1, 0.0),
    ]
    assert (mood.songs, mood.members) == (7, 3)
    assert mood.mix[Mood.SAD] == pytest.approx(18 / 32)
    assert sum(mood.mix.values()) == pytest.approx(1)
    # The song that is half of each is nearest; one song is no week to speak of.
    assert mood.typical is not None
    assert mood.typical.title in {"Song 4", "Song 5", "Song 6"}
    assert mood.swing is not None
    assert (mood.swing.before, mood.swing.after) == (date(2026, 2, 9), date(2026, 2, 23))
    assert abs(mood.swing.change) == pytest.approx(0.5)
    short = await storage.boards.server_mood(GUILD, weeks=2, channels=[], now=NOON)
    assert [week.monday for week in short.weeks] == [date(2026, 2, 23), date(2026, 3, 2)]
    assert (short.typical, short.mix) == (None, mood.mix)


async def test_a_profile_tells_what_a_person_shares(storage: Storage) -> None:
    sad = {Mood.SAD: 0.75, Mood.ROMANTIC: 0.25}
    await record_all(
        storage,
        heard(1, 1, user_id=1, felt=Mood.HAPPY, minutes=2, at=NOON - DAY),
        heard(2, 2, user_id=1, felt=sad, minutes=8),
        heard(3, 3, user_id=1, felt=Mood.SAD, minutes=2, home_channel_id=43),
        heard(4, 1, user_id=1, felt=Mood.HAPPY, minutes=2),
        heard(5, 5, user_id=2, felt=Mood.HAPPY, minutes=12),
        heard(6, 6, user_id=1, felt=Mood.DRAMATIC, private=True, at=NOON - 2 * DAY),
    )
    told = await storage.boards.profile(GUILD, 1, channels=CHANNELS)
    assert told is not None
    assert (told.user_id, told.songs) == (1, 3)
    assert told.seconds[Mood.SAD] == 480
    assert told.mix[Mood.SAD] == pytest.approx(8 / 12)
    assert told.favourite is Mood.SAD
    assert {mood: song.title for mood, song in told.extremes.items()} == {
        Mood.HAPPY: "Song 1",
        Mood.SAD: "Song 2",
        Mood.ROMANTIC: "Song 2",
    }
    server = {Mood.HAPPY: 14 / 24, Mood.SAD: 8 / 24, Mood.ROMANTIC: 2 / 24}
    difference = sum(abs(told.mix[mood] - server.get(mood, 0)) for mood in MOODS)
    assert told.likeness == pytest.approx(1 - difference / 2)
    everywhere = await storage.boards.profile(GUILD, 1, channels=(41, 43))
    assert everywhere is not None
    assert everywhere.extremes[Mood.SAD].title == "Song 3"


@pytest.mark.parametrize(
    ("zone", "monday"),
    [
        # Its clocks go forward on 8 March and back on 1 November.
        ("America/New_York", (2026, 3, 9)),
        ("America/New_York", (2026, 11, 2)),
        # Always half an hour off.
        ("Asia/Kolkata", (2026, 3, 9)),
        ("Asia/Kolkata", (2026, 11, 2)),
        # Its clocks go back on 5 April and forward on 27 September.
        ("Pacific/Auckland", (2026, 4, 6)),
        ("Pacific/Auckland", (2026, 9, 28)),
    ],
)
async def test_a_week_begins_on_monday_where_the_server_is(
    storage: Storage, zone: str, monday: tuple[int, int, int]
) -> None:
    await storage.settings.save(GUILD, time_zone=zone)
    edge = datetime(*monday, tzinfo=ZoneInfo(zone)).timestamp()
    await record_all(
        storage,
        *shared(1, 3, 3, 3, at=edge - 0.5),
        *shared(2, 3, 3, 3, at=edge, first=10),
    )
    for now, user_id, songs in (
        (edge - 1, 1, ["Song 1", "Song 2", "Song 3"]),
        (edge, 2, ["Song 10", "Song 11", "Song 12"]),
    ):
        assert await board(storage, period=Period.WEEK, now=now) == [(1, user_id, 9)]
        assert sorted(await names(storage, period=Period.WEEK, now=now)) == songs
    mood = await storage.boards.server_mood(GUILD, channels=CHANNELS, now=edge)
    assert [(week.monday, week.songs) for week in mood.weeks] == [
        (date.fromordinal(date(*monday).toordinal() - 7), 3),
        (date(*monday), 3),
    ]


async def test_what_is_replaced_is_not_what_was_asked_for(storage: Storage) -> None:
    """An answer that comes again changes nothing on any board."""
    await record_all(storage, *shared(1, 3, 3, 3))
    before = await board(storage), await names(storage)
    await record_all(storage, *(replace(each, user_id=2) for each in shared(1, 9, 9, 9)))
    assert (await board(storage), await names(storage)) == before
