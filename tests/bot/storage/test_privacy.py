from __future__ import annotations

import asyncio
import json
import time
from dataclasses import replace

import pytest
from sqlalchemy import BigInteger, text

from bot.requests import Post
from bot.storage import Excluded, GuildSettings, Listening, Storage, Wishes
from bot.storage.people import PERSON_COLUMNS
from bot.storage.tables import Base
from moodify_core import Mood
from tests.bot.storage.filling import (
    GUILD,
    NO_PERSON,
    OTHER,
    PERSON,
    fill,
    rows,
    tables_naming,
)
from tests.bot.storage.samples import TOKEN, analysis, entry, request


async def _record(storage: Storage, number: int, **changes: object) -> int:
    apart = {"analysis": analysis(number), "digest": bytes([number]) * 32, "guild_id": GUILD}
    changes = {**apart, **changes}
    record_id = await storage.songs.record(entry(number, **changes))
    assert record_id is not None
    return record_id


def test_every_large_number_in_a_table_is_known_to_name_a_person_or_nobody() -> None:
    unknown = {
        f"{table.name}.{column.name}"
        for table in Base.metadata.sorted_tables
        for column in table.columns
        if isinstance(column.type, BigInteger) and column.name not in {*PERSON_COLUMNS, *NO_PERSON}
    }
    assert not unknown, "name it in PERSON_COLUMNS, so that forgetting finds it, or in NO_PERSON"


# --- forgetting ----------------------------------------------------------------------------------


async def test_forgetting_leaves_nothing_of_a_person_in_any_table(storage: Storage) -> None:
    await fill(storage)
    naming_somebody = {
        table.name
        for table in Base.metadata.sorted_tables
        if any(name in table.columns for name in PERSON_COLUMNS)
    }
    assert await tables_naming(storage, PERSON) == naming_somebody
    await storage.privacy.forget(PERSON)
    assert await tables_naming(storage, PERSON) == set()


async def test_everything_shows_each_row_that_forgetting_finds(storage: Storage) -> None:
    await fill(storage)
    shown = await storage.privacy.everything_of(PERSON)
    assert {name for name, found in shown.items() if found} == await tables_naming(storage, PERSON)
    assert json.loads(json.dumps(shown)) == shown
    assert str(OTHER)[:-3] not in str(shown)
    assert "token" not in shown["jobs"][0]
    assert TOKEN not in str(shown)
    count = sum(map(len, shown.values()))
    assert await storage.privacy.count_of(PERSON) == count
    assert await storage.privacy.forget(PERSON) == count
    assert await storage.privacy.count_of(PERSON) == 0
    assert not any((await storage.privacy.everything_of(PERSON)).values())


async def test_forgetting_leaves_others_as_they_are(storage: Storage) -> None:
    await _record(storage, 1, user_id=PERSON)
    theirs = await _record(storage, 2, user_id=OTHER)
    await storage.opinions.say(theirs, PERSON, Mood.HAPPY, 5.0)
    await storage.opinions.say(theirs, OTHER, Mood.SAD, 6.0)
    await storage.privacy.forget(PERSON)
    assert await storage.songs.find(theirs) is not None
    assert await storage.opinions.of(OTHER, [theirs]) == {theirs: Mood.SAD}
    assert (await storage.opinions.agreement(GUILD)).asked == 1


async def test_a_song_that_two_people_had_answered_stays_with_the_other(storage: Storage) -> None:
    await _record(storage, 1, user_id=PERSON, analysis=analysis(1))
    theirs = await _record(storage, 2, user_id=OTHER, analysis=analysis(1))
    await storage.privacy.forget(PERSON)
    assert (await storage.songs.find(theirs)).analysis == analysis(1)
    await storage.privacy.forget(OTHER)
    assert not any(await _of(storage, "songs", "results", "landmarks"))


async def _of(storage: Storage, *tables: str) -> list[object]:
    async with storage._database.read() as connection:
        return [await connection.scalar(text(f"SELECT count(*) FROM {each}")) for each in tables]


async def test_everything_tells_the_moods_of_each_song(storage: Storage) -> None:
    await _record(storage, 1, user_id=PERSON, title="Ünsinn", analysis=analysis(1, mood=Mood.SAD))
    (record,) = (await storage.privacy.everything_of(PERSON))["records"]
    assert record["title"] == "Ünsinn"
    assert record["moods"]["dominant"] == "sad"
    assert record["moods"]["shares"]["sad"] == pytest.approx(0.6)


async def test_what_a_moderator_did_stays_without_their_name(storage: Storage) -> None:
    await storage.privacy.exclude(GUILD, OTHER, PERSON)
    await storage.privacy.forget(PERSON)
    (excluded,) = await storage.privacy.excluded(GUILD)
    assert (excluded.user_id, excluded.moderator_id) == (OTHER, None)
    (line,) = await storage.audit.lines(GUILD)
    assert (line.moderator_id, line.action, line.subject_id) == (None, "exclude", OTHER)


async def test_the_wish_not_to_be_recorded_goes_too_unless_it_is_to_stay(storage: Storage) -> None:
    await storage.privacy.set_wish(PERSON, None, unrecorded=True)
    await storage.privacy.set_wish(PERSON, GUILD, hidden=True)
    assert await storage.privacy.forget(PERSON) == 2
    assert await storage.privacy.wishes(PERSON, GUILD) == Wishes()
    await storage.privacy.forget(PERSON, never_again=True)
    assert await storage.privacy.wishes(PERSON, GUILD) == Wishes(unrecorded=True)
    assert await tables_naming(storage, PERSON) == {"wishes"}


# --- nothing comes back --------------------------------------------------------------------------


@pytest.mark.parametrize("remembered", [True, False])
async def test_what_was_asked_for_before_is_not_recorded_after(
    storage: Storage, remembered: bool
) -> None:
    asked = replace(request(1), user_id=PERSON, received=time.time())
    if remembered:
        await storage.jobs.accept(asked)
    late = entry(1, user_id=PERSON, heard_at=asked.received)
    await storage.privacy.forget(PERSON)
    assert await storage.songs.record(late) is None
    await storage.jobs.finish(1)
    assert await tables_naming(storage, PERSON) == set()
    assert await _of(storage, "records", "songs", "jobs") == [0, 0, 0]


async def test_what_was_asked_for_before_is_not_recorded_by_another_process(
    storage: Storage, url: str
) -> None:
    asked = replace(request(1), user_id=PERSON, received=time.time())
    await storage.jobs.accept(asked)
    elsewhere = await Storage.open(url)
    await elsewhere.privacy.forget(PERSON)
    assert await storage.songs.record(entry(1, user_id=PERSON, heard_at=asked.received)) is None
    await elsewhere.close()


async def test_a_song_that_waits_is_still_answered_but_for_nobody(
    storage: Storage, url: str
) -> None:
    asked = replace(request(1, songs=2), user_id=PERSON)
    await storage.jobs.accept(asked)
    await storage.jobs.finish(1, asked.songs[0].attachment_id)
    await storage.privacy.forget(PERSON)
    # As after a crash.
    again = await Storage.open(url)
    (waiting,) = await again.jobs.unfinished()
    assert waiting == replace(asked, songs=asked.songs[1:], user_id=0)
    late = entry(1, user_id=waiting.user_id, attachment_id=waiting.songs[0].attachment_id)
    assert await again.songs.record(late) is None
    await again.jobs.finish(1)
    assert await _of(storage, "jobs", "records") == [0, 0]
    await again.close()


async def test_what_is_asked_for_afterwards_is_recorded_again(storage: Storage) -> None:
    await storage.privacy.forget(PERSON)
    await _record(storage, 1, user_id=PERSON, heard_at=time.time() + 1)
    assert await storage.privacy.count_of(PERSON) > 0


async def test_records_and_forgetting_at_the_same_moment_leave_nothing(storage: Storage) -> None:
    songs = [
        replace(request(number), user_id=PERSON, received=time.time()) for number in range(1, 9)
    ]
    for asked in songs:
        await storage.jobs.accept(asked)
    recording = [
        storage.songs.record(
            entry(
                asked.id,
                user_id=PERSON,
                heard_at=asked.received,
                digest=bytes([asked.id]) * 32,
            )
        )
        for asked in songs
    ]
    await asyncio.gather(*recording[:4], storage.privacy.forget(PERSON), *recording[4:])
    assert await tables_naming(storage, PERSON) == set()


# --- wishes --------------------------------------------------------------------------------------


async def test_who_wants_no_records_gets_none(storage: Storage) -> None:
    await storage.privacy.set_wish(PERSON, None, unrecorded=True)
    assert await storage.privacy.is_unrecorded(PERSON, GUILD)
    assert await storage.songs.record(entry(1, user_id=PERSON)) is None
    assert await storage.songs.record(entry(2, user_id=PERSON, guild_id=None)) is None
    await storage.privacy.set_wish(PERSON, None, unrecorded=False)
    assert await storage.songs.record(entry(1, user_id=PERSON)) is not None


async def test_wishes_for_a_server_and_for_all_are_apart(storage: Storage) -> None:
    await storage.privacy.set_wish(PERSON, GUILD, hidden=True)
    assert await storage.privacy.wishes(PERSON, GUILD) == Wishes(hidden_here=True)
    assert await storage.privacy.wishes(PERSON, 99) == Wishes()
    assert await storage.privacy.wishes(PERSON, None) == Wishes()
    await storage.privacy.set_wish(PERSON, None, hidden=True)
    await storage.privacy.set_wish(PERSON, None, unrecorded=True)
    assert await storage.privacy.wishes(PERSON, 99) == Wishes(hidden=True, unrecorded=True)
    await storage.privacy.set_wish(PERSON, None, hidden=False)
    assert await storage.privacy.wishes(PERSON, GUILD) == Wishes(hidden_here=True, unrecorded=True)


async def test_of_who_wants_nothing_no_wish_is_kept(storage: Storage) -> None:
    for change in ({"hidden": True}, {"unrecorded": True}, {"hidden": False}):
        await storage.privacy.set_wish(PERSON, None, **change)
    await storage.privacy.set_wish(PERSON, None, unrecorded=False)
    assert await storage.privacy.count_of(PERSON) == 0


# --- moderators ----------------------------------------------------------------------------------


async def test_a_member_is_excluded_once_and_readmitted(storage: Storage) -> None:
    for _ in range(2):
        await storage.privacy.exclude(GUILD, PERSON, OTHER)
    (excluded,) = await storage.privacy.excluded(GUILD)
    assert excluded == Excluded(PERSON, OTHER, excluded.since)
    assert await storage.privacy.excluded(GUILD + 1) == ()
    for _ in range(2):
        await storage.privacy.readmit(GUILD, PERSON, OTHER)
    assert await storage.privacy.excluded(GUILD) == ()
    lines = [(line.action, line.subject_id) for line in await storage.audit.lines(GUILD)]
    assert lines == [("readmit", PERSON), ("exclude", PERSON)]
    assert await storage.audit.lines(GUILD + 1) == ()


@pytest.mark.parametrize("message_id", [51, 77])
async def test_a_moderator_removes_the_records_of_a_message(
    storage: Storage, message_id: int
) -> None:
    gone = await _record(storage, 1, user_id=PERSON, title="One")
    stays = await _record(storage, 2, post=Post(41, 52))
    elsewhere = await _record(storage, 3, guild_id=GUILD + 1)
    await storage.songs.answered([gone], 77)
    assert await storage.privacy.remove_message(GUILD, message_id, OTHER) == 1
    assert await storage.songs.find(gone) is None
    assert await storage.songs.find(stays) is not None
    assert await storage.songs.find(elsewhere) is not None
    (line,) = await storage.audit.lines(GUILD)
    assert (line.action, line.moderator_id, line.subject_id, line.title) == (
        "remove",
        OTHER,
        PERSON,
        "One",
    )
    assert await storage.privacy.remove_message(GUILD, message_id, OTHER) == 0


# --- opinions ------------------------------------------------------------------------------------


async def test_the_last_opinion_of_a_person_counts_once(storage: Storage) -> None:
    record_id = await _record(storage, 1, analysis=analysis(1, mood=Mood.SAD))
    for mood in (Mood.HAPPY, Mood.SAD):
        assert await storage.opinions.say(record_id, PERSON, mood, 1.0)
    assert await storage.opinions.say(record_id, OTHER, Mood.DRAMATIC, 2.0)
    for guild_id in (GUILD, None):
        agreement = await storage.opinions.agreement(guild_id)
        assert (agreement.agreed, agreement.asked) == (1, 2)
    agreement = await storage.opinions.agreement(GUILD + 1)
    assert (agreement.agreed, agreement.asked) == (0, 0)
    assert await storage.opinions.of(PERSON, [record_id]) == {record_id: Mood.SAD}


async def test_there_is_no_opinion_of_a_record_that_is_gone(storage: Storage) -> None:
    record_id = await _record(storage, 1)
    assert await storage.opinions.say(record_id, PERSON, Mood.HAPPY, 1.0)
    await storage.songs.remove(record_id)
    assert not await storage.opinions.say(record_id, PERSON, Mood.HAPPY, 1.0)
    assert await _of(storage, "opinions") == [0]


# --- servers and time ----------------------------------------------------------------------------


async def test_a_server_that_was_left_long_ago_goes_from_every_table(storage: Storage) -> None:
    await fill(storage)
    with_a_server = {
        table.name for table in Base.metadata.sorted_tables if "guild_id" in table.columns
    }
    assert await tables_naming(storage, GUILD) == with_a_server
    assert GUILD in await storage.privacy.servers()
    before = await rows(storage)
    left_at = (await storage.privacy.departures())[GUILD]
    assert await storage.privacy.forget_departed(left_at) == ()
    assert await storage.privacy.forget_departed(1e12, ours=lambda _: False) == ()
    assert await rows(storage) == before
    assert await storage.privacy.forget_departed(1e12, ours=lambda each: each == GUILD) == (GUILD,)
    assert await tables_naming(storage, GUILD) == set()
    assert GUILD not in await storage.privacy.servers()


async def test_a_server_that_the_bot_returned_to_keeps_everything(storage: Storage) -> None:
    record_id = await _record(storage, 1)
    await storage.privacy.leave(GUILD, 100.0)
    await storage.privacy.leave(GUILD, 200.0)
    assert await storage.privacy.departures() == {GUILD: 100.0}
    await storage.privacy.returned(GUILD)
    assert await storage.privacy.forget_departed(1e12) == ()
    assert await storage.songs.find(record_id) is not None


async def test_a_server_that_went_and_comes_back_begins_with_the_defaults(
    storage: Storage,
) -> None:
    await storage.settings.save(GUILD, listening=Listening.OFF)
    await storage.privacy.leave(GUILD, 100.0)
    assert await storage.privacy.forget_departed(200.0) == (GUILD,)
    assert await storage.settings.of(GUILD) == GuildSettings()
    assert await storage.privacy.departures() == {}


async def test_what_is_older_than_it_may_be_goes(storage: Storage) -> None:
    old = [await _record(storage, number, heard_at=100.0 + number) for number in range(1, 4)]
    new = await _record(storage, 9, heard_at=200.0)
    await storage.opinions.say(new, PERSON, Mood.SAD, 150.0)
    assert await storage.privacy.expire(200.0) == 3
    assert [await storage.songs.find(each) for each in old] == [None] * 3
    assert await storage.songs.find(new) is not None
    assert await storage.opinions.of(PERSON, [new]) == {}


async def test_a_channel_goes_with_its_threads(storage: Storage) -> None:
    for number, place in enumerate(
        (
            {"channel_id": 41, "post": None},
            {"channel_id": 7, "post": Post(41, 60)},
            {"channel_id": 8, "post": Post(8, 61), "home_channel_id": 41},
        ),
        start=1,
    ):
        await _record(storage, number, **place)
    stays = [
        await _record(storage, 5, channel_id=7, post=Post(7, 70), home_channel_id=7),
        await _record(storage, 6, guild_id=GUILD + 1),
    ]
    assert await storage.privacy.remove_channel(GUILD, 41) == 3
    assert await _of(storage, "records") == [2]
    assert all([await storage.songs.find(each) for each in stays])


async def test_more_records_than_go_at_once_go_too(
    storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.storage.privacy._BATCH", 2)
    for number in range(1, 6):
        await _record(storage, number)
    assert await storage.privacy.expire(2e6) == 5
    assert await _of(storage, "records", "standings") == [0, 0]
