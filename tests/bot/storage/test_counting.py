"""What counts for whom: the first of each song, up to the day's limit; and the sums of it."""

from __future__ import annotations

import asyncio
import itertools
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import insert, text

from bot.requests import Post
from bot.storage import Entry, Storage, counting, songs
from bot.storage.counting import DAILY_SECONDS
from bot.storage.songs import remove_records
from bot.storage.tables import Record, Wish
from moodify_core import MOODS
from tests.bot.storage.samples import DAY, NOON, heard

GUILD = 31
HOUR = 3600.0
ZONES = ("UTC", "America/New_York", "Pacific/Auckland", "Asia/Kolkata")
SUM_TABLES = ("standings", "guild_weeks", "guild_songs")


async def rows(storage: Storage, query: str, **values: object) -> list[tuple[object, ...]]:
    async with storage._database.read() as connection:
        return [tuple(row) for row in await connection.execute(text(query), values)]


async def counted(storage: Storage, guild_id: int = GUILD) -> dict[int, float]:
    """Return the seconds that count of each request."""
    query = "SELECT request_id, counted_seconds FROM records WHERE guild_id = :guild"
    return dict(await rows(storage, query, guild=guild_id))


async def sums(storage: Storage, guild_id: int = GUILD) -> list[list[tuple[object, ...]]]:
    """Return all sums of a server."""
    query = "SELECT * FROM {} WHERE guild_id = :guild"
    return [
        sorted(await rows(storage, query.format(table), guild=guild_id)) for table in SUM_TABLES
    ]


async def check_sums(storage: Storage, guild_id: int = GUILD) -> None:
    """Check that the sums are those that are made of the records."""
    kept = await sums(storage, guild_id), await counted(storage, guild_id)
    await storage.boards.recount(guild_id)
    assert (await sums(storage, guild_id), await counted(storage, guild_id)) == kept


async def record_all(storage: Storage, *entries: Entry) -> None:
    for each in entries:
        await storage.songs.record(each)


async def test_a_song_counts_once_for_each_person_and_server(storage: Storage) -> None:
    await record_all(
        storage,
        heard(1),
        heard(2, at=NOON + 1),
        heard(3, user_id=22),
        heard(4, guild_id=32),
        heard(5, song=2),
    )
    assert await counted(storage) == {1: 180, 2: 0, 3: 180, 5: 180}
    assert await counted(storage, 32) == {4: 180}
    assert await rows(
        storage, "SELECT songs, ms_total, ms_sad, ms_happy FROM guild_weeks WHERE guild_id = 31"
    ) == [(3, 540_000, 540_000, 0)]


@pytest.mark.parametrize(
    "changes", [{"private": True}, {"unsure": True}, {"guild_id": None, "home_channel_id": None}]
)
async def test_what_is_private_unsure_or_elsewhere_is_recorded_but_counts_for_nobody(
    storage: Storage, changes: dict[str, object]
) -> None:
    record_id = await storage.songs.record(heard(1, **changes))
    assert await storage.songs.find(record_id) is not None
    assert await rows(storage, "SELECT counted_seconds FROM records") == [(0,)]
    assert await sums(storage) == [[], [], []]
    # Nor does it use up the song.
    await storage.songs.record(heard(2))
    assert (await counted(storage))[2] == 180


async def test_a_song_without_a_home_counts_but_is_not_listed(storage: Storage) -> None:
    await storage.songs.record(heard(1, home_channel_id=None))
    assert await counted(storage) == {1: 180}
    assert await rows(storage, "SELECT * FROM guild_songs") == []


async def test_no_more_counts_than_the_day_has_and_the_next_day_begins_anew(
    storage: Storage,
) -> None:
    hours = [heard(each, each, minutes=70, at=NOON + each) for each in (1, 2, 3, 4)]
    await record_all(storage, *hours, heard(5, 5, minutes=70, at=NOON + DAY))
    assert await counted(storage) == {1: 4200, 2: 4200, 3: DAILY_SECONDS - 8400, 4: 0, 5: 4200}
    # Elsewhere there is another limit, and for others.
    await record_all(storage, heard(6, 6, guild_id=32), heard(7, 7, user_id=22))
    assert await counted(storage, 32) == {6: 180}
    assert (await counted(storage))[7] == 180
    assert await rows(
        storage, "SELECT songs FROM standings WHERE guild_id = 31 AND period = 'all'"
    ) == [(4,), (1,)]


async def test_what_a_removed_record_leaves_goes_to_the_next_of_its_song_and_of_its_day(
    storage: Storage,
) -> None:
    ids = [
        await storage.songs.record(each)
        for each in (
            heard(1, 1, minutes=120),
            heard(2, 2, minutes=100, at=NOON + 1),
            heard(3, 1, minutes=120, at=NOON + 9 * DAY),
        )
    ]
    assert await counted(storage) == {1: 7200, 2: 3600, 3: 0}
    await storage.songs.remove(ids[0])
    assert await counted(storage) == {2: 6000, 3: 7200}
    await check_sums(storage)
    assert len(await rows(storage, "SELECT * FROM guild_weeks")) == 2


async def test_a_record_that_comes_late_counts_as_if_it_had_come_in_time(
    storage: Storage,
) -> None:
    await record_all(
        storage,
        heard(2, 1, at=NOON + DAY),
        heard(3, 2, minutes=179, at=NOON + DAY),
        heard(1, 1, at=NOON),
    )
    assert await counted(storage) == {1: 180, 2: 0, 3: 179 * 60}
    await check_sums(storage)


async def test_who_wants_no_record_has_none_from_then_on(storage: Storage) -> None:
    first = await storage.songs.record(heard(1))
    async with storage._database.write() as connection:
        for user_id, guild_id in ((21, GUILD), (22, 0)):
            wish = {"user_id": user_id, "guild_id": guild_id, "hidden": False, "unrecorded": True}
            await connection.execute(insert(Wish), wish)
    assert await storage.songs.record(heard(1)) == first
    assert await storage.songs.record(heard(2, 2)) is None
    assert await storage.songs.record(heard(3, 2, user_id=22)) is None
    assert await storage.songs.record(heard(4, 2, user_id=22, guild_id=None)) is None
    assert await storage.songs.record(heard(5, 2, guild_id=32)) is not None
    assert await counted(storage) == {1: 180}
    assert await rows(storage, "SELECT count(*) FROM records") == [(2,)]


async def test_a_message_that_goes_takes_what_counted_with_it(storage: Storage) -> None:
    post = Post(41, 60)
    await record_all(
        storage, heard(1, 1, post=post), heard(2, 2, post=post), heard(3, 3, user_id=22)
    )
    assert await storage.songs.remove_posts({60}) == 2
    assert await counted(storage) == {3: 180}
    await check_sums(storage)
    await storage.songs.remove_posts({10**6 + 3})
    assert await sums(storage) == [[], [], []]


async def test_another_time_zone_counts_all_again(storage: Storage) -> None:
    # 23:00 and 01:00 in London are one day in Auckland.
    late = datetime(2026, 1, 4, 23, tzinfo=ZoneInfo("UTC")).timestamp()
    await record_all(
        storage,
        heard(1, 1, minutes=100, at=late),
        heard(2, 2, minutes=100, at=late + 2 * HOUR),
    )
    assert await counted(storage) == {1: 6000, 2: 6000}
    assert len(await rows(storage, "SELECT * FROM guild_weeks")) == 2
    await storage.settings.save(GUILD, time_zone="Pacific/Auckland")
    assert await counted(storage) == {1: 6000, 2: 4800}
    assert len(await rows(storage, "SELECT * FROM guild_weeks")) == 1
    await storage.songs.record(heard(3, 3, at=late + 3 * HOUR))
    assert (await counted(storage))[3] == 0
    await check_sums(storage)
    await storage.settings.forget(GUILD)
    assert await counted(storage) == {1: 6000, 2: 6000, 3: 180}
    await check_sums(storage)


async def test_a_zone_that_does_not_exist_is_refused(storage: Storage) -> None:
    for name in ("Mars/Olympus", "", "../etc/passwd", "America"):
        with pytest.raises(ValueError, match="no time zone"):
            await storage.settings.save(GUILD, time_zone=name)
    assert (await storage.settings.of(GUILD)).time_zone == "UTC"


async def test_what_is_recorded_at_once_is_counted_once(storage: Storage) -> None:
    entries = [heard(each, each % 3) for each in range(6)]
    await asyncio.gather(*(storage.songs.record(each) for each in entries * 2))
    assert sum(bool(each) for each in (await counted(storage)).values()) == 3
    await check_sums(storage)


@dataclass
class Model:
    """What should count, told from the answers alone, the plain way."""

    zone: str = "UTC"
    answers: list[Entry] = field(default_factory=list)

    def counted(self) -> dict[int, float]:
        counts = {each.request_id: 0.0 for each in self.answers}
        seen: set[tuple[int, bytes]] = set()
        left: dict[tuple[int, object], float] = defaultdict(lambda: DAILY_SECONDS)
        # Sorting keeps the order of those of the same time.
        for each in sorted(self.answers, key=lambda answer: answer.heard_at):
            song = (each.user_id, each.digest)
            if each.private or each.analysis.unsure or song in seen:
                continue
            seen.add(song)
            day = (each.user_id, self._clock(each).date())
            counts[each.request_id] = min(each.analysis.duration, left[day])
            left[day] -= counts[each.request_id]
        return counts

    def weeks(self) -> dict[int, int]:
        """Return how many songs count in each week, by its Monday."""
        weeks: dict[int, int] = defaultdict(int)
        counts = self.counted()
        for each in self.answers:
            day = self._clock(each).date()
            monday = (day - timedelta(days=day.weekday())).toordinal()
            weeks[monday] += counts[each.request_id] > 0
        return {monday: songs for monday, songs in weeks.items() if songs}

    def _clock(self, answer: Entry) -> datetime:
        return datetime.fromtimestamp(answer.heard_at, ZoneInfo(self.zone))


def _answer(song: int, model: int, **changes: object) -> Entry:
    # A model says the same of a song each time.
    felt = {MOODS[(song + model) % 5]: 0.7, MOODS[(song + model + 1) % 5]: 0.3}
    return heard(0, song, felt=felt, model_version=str(model), **changes)


ANSWERS = st.builds(
    _answer,
    song=st.integers(1, 4),
    model=st.integers(0, 1),
    user_id=st.integers(1, 2),
    minutes=st.sampled_from((3.0, 100.0, 179.99)),
    at=st.integers(0, 40).map(lambda hours: NOON + hours * HOUR),
    private=st.sampled_from((False, False, False, True)),
    unsure=st.sampled_from((False, False, False, True)),
    home_channel_id=st.sampled_from((41, 42, None)),
)
"""Answers that meet each other: few songs, people and days."""
DEEDS = st.lists(
    st.one_of(
        ANSWERS,
        ANSWERS,
        st.integers(0, 20).map(lambda number: ("remove", number)),
        st.integers(0, 20).map(lambda number: ("again", number)),
        st.sampled_from(ZONES).map(lambda zone: ("zone", zone)),
        st.just(("forget", None)),
    ),
    max_size=14,
)
_guilds = itertools.count(1000)


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(DEEDS)
async def test_the_sums_are_those_of_the_records_whatever_happened(
    storage: Storage, deeds: Sequence[Entry | tuple[str, object]]
) -> None:
    guild_id, model = next(_guilds), Model()
    ids: dict[int, int] = {}
    for number, deed in enumerate(deeds):
        if isinstance(deed, Entry):
            made = replace(
                deed, request_id=guild_id * 1000 + number, attachment_id=number, guild_id=guild_id
            )
            ids[made.request_id] = await storage.songs.record(made)
            model.answers.append(made)
            continue
        match deed:
            case ("zone", zone):
                model.zone = zone
                await storage.settings.save(guild_id, time_zone=zone)
            case ("forget", _):
                model.zone = "UTC"
                await storage.settings.forget(guild_id)
            case ("again", which) if model.answers:
                again = model.answers[which % len(model.answers)]
                assert await storage.songs.record(again) == ids[again.request_id]
            case ("remove", which) if model.answers:
                gone = model.answers.pop(which % len(model.answers))
                assert await storage.songs.remove(ids[gone.request_id])
    assert await counted(storage, guild_id) == model.counted()
    weeks = await rows(
        storage, "SELECT monday, songs FROM guild_weeks WHERE guild_id = :guild", guild=guild_id
    )
    assert dict(weeks) == model.weeks()
    await check_sums(storage, guild_id)


async def test_very_many_records_can_go_at_once(
    storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    # As if a few were many, so that they go in parts, and all is counted anew.
    monkeypatch.setattr(counting, "_BATCH", 3)
    monkeypatch.setattr(songs, "_MOST_VALUES", 2)
    for number in range(12):
        await storage.songs.record(heard(number, number, user_id=1 + number % 3))
    async with storage._database.write() as connection:
        assert await remove_records(connection, Record.request_id < 9) == 9
    assert await counted(storage) == dict.fromkeys((9, 10, 11), 180)
    assert await rows(storage, "SELECT count(*) FROM songs") == [(3,)]
    await check_sums(storage)
