"""`/privacy`, what people hear, and what goes with servers: the bot at the stand-in."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_asyncio

from bot.commands.privacy._keeping import belongs_here
from bot.presentation import answer_texts
from bot.presentation import privacy_texts as texts
from bot.presentation.language import speaking
from bot.presentation.privacy import FILE_NAME, Deed, data_file
from bot.storage import Storage
from moodify_core import Mood
from tests.bot.process import PATIENCE, BotProcess, is_answer, running_bot
from tests.bot.storage.filling import tables_naming
from tests.bot.ways import song, stored, tune
from tests.discord_double import Channel, DiscordDouble, File, Guild, Message, User

pytestmark = pytest.mark.asyncio(loop_scope="module")

DAY = 24 * 60 * 60


@dataclass(frozen=True)
class Place:
    """A server of Ann's with the member Bo, and a bot in it."""

    double: DiscordDouble
    folder: Path
    guild: Guild
    channel: Channel
    ann: User
    bots: list[BotProcess]

    def someone(self, locale: str = "en-US") -> User:
        """Let a further member be there, of whom nothing is kept yet."""
        user = self.double.add_user("Somebody", locale=locale)
        self.double.add_member(self.guild, user)
        return user

    async def privacy(
        self,
        user: User,
        action: str | None = None,
        *,
        channel: Channel | None = None,
        installed: bool = False,
    ) -> Message:
        exchange = await self.double.slash(
            "privacy",
            user=user,
            channel=channel or self.channel,
            options={} if action is None else {"action": action},
            user_installed=installed,
        )
        return await exchange.final(PATIENCE, when=is_answer)

    async def press(self, user: User, message: Message, deed: Deed) -> Message:
        exchange = await self.double.click(user, message, f"privacy:{deed}")
        return await exchange.final(PATIENCE, when=is_answer)

    async def answer(
        self, user: User, song: File | int, *, channel: Channel | None = None, private: bool = False
    ) -> Message:
        exchange = await self.double.slash(
            "mood",
            user=user,
            channel=channel or self.channel,
            options={"file": tune(song) if isinstance(song, int) else song, "private": private},
        )
        return await exchange.final(PATIENCE, when=lambda message: message.embeds)

    async def pressed(self, user: User, message: Message, label: str) -> Message:
        exchange = await self.double.click(user, message, label)
        return await exchange.final(PATIENCE, when=is_answer)

    async def said(self, user: User, asked: Message, mood: Mood) -> Message:
        """Let a user say what they hear."""
        menu = asked.components[0]["components"][0]["custom_id"]
        exchange = await self.double.select(user, asked, menu, [mood])
        return await exchange.final(PATIENCE, when=is_answer)


@asynccontextmanager
async def place(folder: Path) -> AsyncIterator[Place]:
    async with DiscordDouble() as double:
        ann = double.add_user("Ann")
        guild = double.add_guild("Music", owner=ann)
        yield Place(double, folder, guild, double.add_channel(guild, "songs"), ann, [])
        assert double.violations == []
        assert double.own_errors == []


@asynccontextmanager
async def bot_at(where: Place, **settings: object) -> AsyncIterator[BotProcess]:
    async with running_bot(where.double, where.folder, **settings) as bot:
        await where.double.wait_command("privacy", PATIENCE)
        where.bots.append(bot)
        yield bot


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def here(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Place]:
    """A place where one bot serves all tests."""
    async with place(tmp_path_factory.mktemp("bot")) as where, bot_at(where, retention_days=400):
        yield where


def _text(message: Message) -> str:
    fields = [f["value"] for embed in message.embeds for f in embed.get("fields", [])]
    return "\n".join([message.content, *fields])


def _ids(message: Message) -> list[str]:
    return [
        button.get("custom_id", "") for row in message.components for button in row["components"]
    ]


async def _naming(where: Place, user: User) -> set[str]:
    async with stored(where.folder) as storage:
        return await tables_naming(storage, int(user.id))


# --- the page ------------------------------------------------------------------------------------


async def test_everybody_reads_what_is_kept_wherever_they_are(here: Place) -> None:
    user = here.someone("de")
    foreign = here.double.add_guild("Elsewhere", owner=here.ann, members=[user], with_bot=False)
    elsewhere = here.double.add_channel(foreign, "talk")
    pages = {
        "server": await here.privacy(user),
        "direct": await here.privacy(user, channel=here.double.direct_channel(user)),
        "installed": await here.privacy(user, channel=elsewhere, installed=True),
    }
    with speaking("de"):
        for where, page in pages.items():
            assert page.ephemeral, where
            for said in (texts.kept(), texts.never(), texts.time_kept(400, 30), texts.entries(0)):
                assert said in _text(page), where
            here_too = f"privacy:{Deed.HIDE_HERE}" in _ids(page)
            assert here_too is (where == "server")


async def test_all_that_is_kept_comes_as_a_file(here: Place) -> None:
    user, other = here.someone(), here.someone()
    assert texts.nothing_to_show() in (await here.privacy(user, "show")).content
    await here.answer(user, 1)
    await here.answer(other, 2)
    page = await here.privacy(user)
    shown = await here.press(user, page, Deed.SHOW)
    data = json.loads(shown.attachment(FILE_NAME).data)
    assert data["user_id"] == user.id
    (record,) = data["tables"]["records"]
    assert (record["title"], record["user_id"]) == ("tune", int(user.id))
    assert set(data["tables"]) > {"jobs", "wishes", "standings"}
    assert other.id not in str(data)
    count = sum(map(len, data["tables"].values()))
    assert shown.content == texts.shown(count)
    assert shown.ephemeral


async def test_a_file_that_is_too_large_is_compressed_or_not_sent() -> None:
    tables = {"records": [{"title": "song" * 200}] * 100}
    name, content = data_file(1, tables, limit=10**6, at=0.0) or ("", b"")
    assert (name, json.loads(content)["tables"]) == (FILE_NAME, tables)
    name, smaller = data_file(1, tables, limit=len(content) - 1, at=0.0) or ("", b"")
    assert name == f"{FILE_NAME}.gz"
    assert len(smaller) < len(content)
    assert data_file(1, tables, limit=10, at=0.0) is None


async def test_a_person_is_forgotten_only_after_they_have_confirmed_it(here: Place) -> None:
    user = here.someone()
    answer = await here.answer(user, 3)
    page = await here.press(user, await here.privacy(user), Deed.HIDE)
    question = await here.privacy(user, "forget")
    assert texts.what_stays() in question.content
    assert await _naming(here, user) > {"records", "wishes"}
    kept = await here.press(user, question, Deed.KEEP)
    assert texts.kept() in _text(kept)
    assert await _naming(here, user) > {"records", "wishes"}
    async with stored(here.folder) as storage:
        count = await storage.privacy.count_of(int(user.id))
    question = await here.press(user, page, Deed.FORGET)
    assert question.content.startswith(texts.forget_question(count))
    done = await here.press(user, question, Deed.FORGET_NOW)
    assert done.content == texts.forgotten(count)
    assert await _naming(here, user) == set()
    details = await here.pressed(user, answer, answer_texts.details_button())
    assert details.content == answer_texts.record_gone()


async def test_who_is_forgotten_for_good_is_not_recorded_any_more(here: Place) -> None:
    user = here.someone()
    await here.answer(user, 4)
    question = await here.privacy(user, "forget")
    done = await here.press(user, question, Deed.FORGET_AND_STOP)
    assert done.content.startswith("✅")
    assert texts.unrecorded() in _text(done)
    assert await _naming(here, user) == {"wishes"}
    answer = await here.answer(user, 5)
    assert "details" not in str(_ids(answer))
    # For a day, the job alone tells a request that comes twice.
    assert await _naming(here, user) == {"wishes", "jobs"}


async def test_who_wants_no_records_is_answered_without_the_buttons_that_need_them(
    here: Place,
) -> None:
    user = here.someone()
    page = await here.privacy(user, "stop")
    assert texts.unrecorded() in _text(page)
    answer = await here.answer(user, 6)
    assert [each.partition(":")[0] for each in _ids(answer)] == ["film", "delete"]
    page = await here.press(user, page, Deed.RESUME)
    assert texts.unrecorded() not in _text(page)
    assert "details" in str(_ids(await here.answer(user, 7)))


async def test_who_hides_is_off_the_boards_here_or_everywhere_until_they_want_it_back(
    here: Place,
) -> None:
    user = here.someone()
    guild_id, user_id = int(here.guild.id), int(user.id)

    async def hidden(storage: Storage) -> tuple[bool, bool]:
        boards = storage.boards
        return await boards.is_hidden(guild_id, user_id), await boards.is_hidden(1, user_id)

    async with stored(here.folder) as storage:
        page = await here.privacy(user, "hide")
        assert texts.hidden_here() in _text(page)
        assert await hidden(storage) == (True, False)
        page = await here.press(user, page, Deed.HIDE)
        assert texts.hidden_everywhere() in _text(page)
        assert await hidden(storage) == (True, True)
        page = await here.press(user, page, Deed.UNHIDE_HERE)
        assert await hidden(storage) == (True, True)
        await here.press(user, page, Deed.UNHIDE)
        assert await hidden(storage) == (False, False)
        page = await here.privacy(user, "hide", channel=here.double.direct_channel(user))
        assert await hidden(storage) == (True, True)


async def test_while_the_memory_is_away_nothing_is_promised(here: Place) -> None:
    user = here.someone()
    page = await here.privacy(user)
    database = sqlite3.connect(here.bots[-1].data / "moodify.db", isolation_level=None)
    database.execute("BEGIN EXCLUSIVE")
    lost = await here.press(user, page, Deed.STOP)
    database.execute("ROLLBACK")
    database.close()
    assert lost.content == texts.away()
    assert await _naming(here, user) == set()


async def test_a_song_that_is_under_way_is_answered_and_not_recorded_after_its_person_is_forgotten(
    here: Place,
) -> None:
    user, bot = here.someone(), here.bots[-1]
    # Once there are workers.
    await here.answer(here.ann, 8)
    workers = bot.halt()
    exchange = await here.double.slash(
        "mood", user=user, channel=here.channel, options={"file": tune(9)}
    )
    await bot.logged(f"job={exchange.id} remembered=True")
    question = await here.privacy(user, "forget")
    await here.press(user, question, Deed.FORGET_NOW)
    for worker in workers:
        os.kill(worker, signal.SIGCONT)
    answer = await exchange.final(PATIENCE, when=lambda message: message.embeds)
    assert "details" not in str(_ids(answer))
    async with stored(here.folder) as storage:
        waiting = await storage.jobs.unfinished()
        assert [each for each in waiting if each.id == int(exchange.id)] == []
    assert await _naming(here, user) == set()


# --- what people hear ----------------------------------------------------------------------------


async def test_people_say_what_they_hear_and_the_last_word_of_each_counts(here: Place) -> None:
    asker, other = here.someone(), here.someone("fr")
    answer = await here.answer(asker, song())
    async with stored(here.folder) as storage:
        (record,) = (await storage.privacy.everything_of(int(asker.id)))["records"]
        before = await storage.opinions.agreement(int(here.guild.id))
    named = Mood(record["moods"]["dominant"])
    another = next(mood for mood in Mood if mood is not named)

    asked = await here.pressed(asker, answer, texts.opinion_button())
    assert asked.ephemeral
    assert texts.opinion_prompt() in asked.content
    said = await here.said(asker, asked, another)
    assert texts.opinion_noted("`song`", another, named) in said.content
    said = await here.said(asker, said, named)
    assert texts.opinion_noted("`song`", named, named) in said.content
    asked = await here.pressed(other, answer, texts.opinion_button())
    said = await here.said(other, asked, another)
    with speaking("fr"):
        assert texts.opinion_noted("`song`", another, named) in said.content
    chosen = said.components[0]["components"][0]["options"]
    assert [each["value"] for each in chosen if each.get("default")] == [another]

    exchange = await here.double.slash("about", user=asker, channel=here.channel)
    about = await exchange.final(PATIENCE, when=is_answer)
    assert texts.agreement(before.agreed + 1, before.asked + 2) in _text(about)


async def test_there_is_no_say_in_what_is_private_gone_or_not_to_be_recorded(here: Place) -> None:
    user, silent = here.someone(), here.someone()
    private = await here.answer(user, song(), private=True)
    assert texts.opinion_button() not in str(private.components)
    answer = await here.answer(user, song())
    await here.privacy(silent, "stop")
    refused = await here.pressed(silent, answer, texts.opinion_button())
    assert refused.content == texts.opinion_unrecorded()
    asked = await here.pressed(user, answer, texts.opinion_button())
    await here.press(user, await here.privacy(user, "forget"), Deed.FORGET_NOW)
    assert (await here.said(user, asked, Mood.SAD)).content == answer_texts.record_gone()
    gone = await here.pressed(user, answer, texts.opinion_button())
    assert gone.content == answer_texts.record_gone()
    assert await _naming(here, user) == set()


# --- channels and servers ------------------------------------------------------------------------


async def _titles(where: Place, guild: Guild) -> int:
    async with stored(where.folder) as storage:
        return len(await storage.songs.titles(int(guild.id)))


async def test_a_channel_takes_its_songs_along(here: Place) -> None:
    user = here.someone()
    doomed = here.double.add_channel(here.guild, "doomed")
    await here.double.drop_gateway(resumable=False)
    await here.double.wait_connected(PATIENCE)
    await here.answer(user, 13, channel=doomed)
    await here.answer(user, 14)
    before = await _titles(here, here.guild)
    await here.double.delete_channel(doomed)
    # What comes after it was served shows that it was, too.
    await here.privacy(user)
    assert await _titles(here, here.guild) == before - 1


async def test_a_server_that_the_bot_leaves_goes_when_its_time_is_over(tmp_path: Path) -> None:
    async with place(tmp_path) as where:
        double, ann = where.double, where.ann
        guilds = [
            double.add_guild(name, owner=ann) for name in ("left", "kicked off", "out", "returned")
        ]
        left, unseen, out, returned = guilds
        async with bot_at(where) as bot:
            await bot.logged("servers=5")
            for seed, guild in enumerate((where.guild, *guilds), start=20):
                await where.answer(ann, seed, channel=double.add_channel(guild, "songs"))
            await double.kick_bot(left)
            await bot.logged("server left")
            await double.kick_bot(returned)
            await bot.logged("server left", 2)
            await double.lose_sight(out)
            await double.invite(returned)
            await where.privacy(ann)
        del double.world.members[unseen.id][double.world.bot.id]
        async with stored(tmp_path) as storage:
            assert set(await storage.privacy.departures()) == {int(left.id)}
        # Nothing goes before its time, and what happened while the bot was off is noted.
        async with bot_at(where) as bot:
            await bot.logged("server was left")
            await where.privacy(ann)
            for guild in guilds:
                assert await _titles(where, guild) == 1
        async with stored(tmp_path) as storage:
            assert set(await storage.privacy.departures()) == {int(left.id), int(unseen.id)}
        async with bot_at(where, keep_after_leaving_days=0) as bot:
            await bot.logged("servers forgotten")
        kept = [await _titles(where, guild) for guild in (where.guild, *guilds)]
        assert kept == [1, 0, 0, 1, 1]


async def test_a_process_looks_after_the_servers_of_its_shards_only() -> None:
    guilds = [number << 22 for number in range(8)]
    ours = [belongs_here(each, 4, {0, 2}) for each in guilds]
    assert ours == [True, False] * 4
    assert all(belongs_here(each, 1, {0: None}) for each in guilds)


async def test_songs_go_when_they_are_older_than_the_operator_wants(tmp_path: Path) -> None:
    async with place(tmp_path) as where:
        async with bot_at(where):
            await where.answer(where.ann, 30)
        database = sqlite3.connect(tmp_path / "data" / "moodify.db")
        with database:
            database.execute("UPDATE records SET heard_at = heard_at - ?", [2 * DAY])
        database.close()
        async with bot_at(where, retention_days=3) as bot:
            await bot.logged("old records deleted")
            assert await _titles(where, where.guild) == 1
        async with bot_at(where, retention_days=1.5) as bot:
            await bot.logged("old records deleted", 2)
            assert await _titles(where, where.guild) == 0
