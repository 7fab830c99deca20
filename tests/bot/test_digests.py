"""The message about each week: when it is due, what it says, and that it comes once."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import discord
import pytest
from discord.http import Route
from hypothesis import given
from hypothesis import strategies as st

from bot.boards.audience import channels_of_all
from bot.boards.digests import due
from bot.presentation import board_texts
from bot.presentation.language import speaking
from bot.storage import Storage, Subscription
from moodify_core.moods import Mood
from tests.bot.heard import Heard, hear, storage_in
from tests.bot.process import PATIENCE, BotProcess, running_bot
from tests.discord_double import Channel, DiscordDouble, Guild, Message, User
from tests.discord_double.world import ATTACH_FILES, BOT_PERMISSIONS, EMBED_LINKS, SEND_MESSAGES

WEEK = timedelta(days=7)
SUBSCRIPTION = Subscription(1, 2, "Europe/Berlin", None, None)


# --- when ----------------------------------------------------------------------------------------


def moment(zone: str, *when: int) -> float:
    return datetime(*when, tzinfo=ZoneInfo(zone)).timestamp()  # type: ignore[arg-type,misc]


@pytest.mark.parametrize("zone", ["Europe/Berlin", "Pacific/Auckland", "America/St_Johns"])
@pytest.mark.parametrize(
    "monday",
    [date(2026, 3, 30), date(2026, 10, 26), date(2026, 4, 6), date(2026, 9, 28), date(2026, 6, 1)],
    ids=str,
)
def test_a_week_is_due_from_monday_at_nine_until_it_ends(zone: str, monday: date) -> None:
    wanted = replace(SUBSCRIPTION, time_zone=zone)
    day = (monday.year, monday.month, monday.day)
    nine = moment(zone, *day, 9)
    assert due(wanted, nine - 1) is None
    assert due(wanted, nine) == monday
    end = monday + WEEK
    assert due(wanted, moment(zone, end.year, end.month, end.day) - 1) == monday
    assert due(wanted, moment(zone, end.year, end.month, end.day)) is None


def test_a_week_is_due_once() -> None:
    now = moment("Europe/Berlin", 2026, 6, 3, 12)
    assert due(replace(SUBSCRIPTION, digested=date(2026, 6, 1)), now) is None
    assert due(replace(SUBSCRIPTION, digested=date(2026, 5, 25)), now) == date(2026, 6, 1)


@given(st.floats(0, 4e9), st.sampled_from(["UTC", "Asia/Kathmandu", "no such zone"]))
def test_what_is_due_is_a_monday_that_has_begun(now: float, zone: str) -> None:
    monday = due(replace(SUBSCRIPTION, time_zone=zone), now)
    if monday is not None:
        assert monday.weekday() == 0
        assert datetime.fromtimestamp(now, UTC).date() - monday < WEEK + timedelta(days=1)


# --- what is sent --------------------------------------------------------------------------------


@dataclass(frozen=True)
class Club:
    """A server that wants a message about each week."""

    guild: Guild
    songs: Channel
    news: Channel
    secret: Channel


@dataclass
class Place:
    double: DiscordDouble
    folder: Path
    ann: User
    bo: User
    zone: str

    def club(self, *, denied: int = 0, gone: bool = False) -> Club:
        guild = self.double.add_guild("Club", owner=self.ann, members=[self.bo])
        songs, news, secret = (
            self.double.add_channel(guild, "songs"),
            self.double.add_channel(guild, "news", bot_permissions=BOT_PERMISSIONS & ~denied),
            self.double.add_channel(guild, "secret", seen_by=[self.ann]),
        )
        if gone:
            news = Channel("gone", guild.id)
        return Club(guild, songs, news, secret)

    async def subscribe(self, storage: Storage, club: Club, language: str | None = None) -> None:
        await storage.settings.save(
            int(club.guild.id),
            time_zone=self.zone,
            digest_channel_id=int(club.news.id),
            language=language,
        )

    def week(self, club: Club) -> list[Heard]:
        """Return songs of last week, and some of other times."""
        start = self.last_monday().timestamp()
        ago = time.time() - (start + 3 * 86_400)
        return [
            *(
                Heard(self.ann, club.songs, f"Tide {n}", Mood.SAD, 0.9 - n / 20, 5, ago)
                for n in range(3)
            ),
            *(Heard(self.bo, club.songs, f"Run {n}", Mood.HAPPY, 0.8, 4, ago) for n in range(3)),
            Heard(self.ann, club.secret, "Secret", Mood.SAD, 0.95, 5, ago),
            Heard(self.ann, club.songs, "Before", Mood.SAD, 0.95, 5, ago + 7 * 86_400),
            Heard(self.bo, club.songs, "Since", Mood.SAD, 0.95, 5, 0),
        ]

    def last_monday(self) -> datetime:
        """Return when last week began."""
        now = datetime.now(ZoneInfo(self.zone))
        midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
        return midnight - timedelta(days=midnight.weekday() + 7)

    def messages(self, club: Club) -> list[Message]:
        return self.double.world.messages_in(club.news)


def zone_past_nine() -> str:
    """Return a zone in which it is not Monday before nine right now."""
    zones = ("UTC", "Pacific/Kiritimati")
    return next(
        zone for zone in zones if (now := datetime.now(ZoneInfo(zone))).weekday() or now.hour >= 9
    )


@asynccontextmanager
async def place(folder: Path) -> AsyncIterator[Place]:
    async with DiscordDouble() as double:
        ann, bo = double.add_user("Ann"), double.add_user("Bo")
        yield Place(double, folder, ann, bo, zone_past_nine())
        assert double.violations == []
        assert double.own_errors == []


@asynccontextmanager
async def bot_at(where: Place, name: str = "") -> AsyncIterator[BotProcess]:
    folder = where.folder / name
    folder.mkdir(exist_ok=True)
    database = where.folder / "data" / "moodify.db"
    async with running_bot(where.double, folder, database_url=f"sqlite:///{database}") as bot:
        yield bot
        # A bot that is stopped while its workers start may be loud.
        await bot.logged("workers started")


async def test_each_server_gets_its_week_once_whatever_is_restarted(tmp_path: Path) -> None:
    async with place(tmp_path) as where:
        plain, german, empty = where.club(), where.club(), where.club()
        mute, gone = where.club(denied=SEND_MESSAGES), where.club(gone=True)
        strict = where.club(denied=ATTACH_FILES | EMBED_LINKS)
        clubs = (plain, german, empty, mute, gone, strict)
        unsubscribed = where.club()
        async with storage_in(tmp_path) as storage:
            for club in clubs:
                await where.subscribe(storage, club, "de" if club is german else None)
        for club in (plain, german, mute, gone, strict, unsubscribed):
            await hear(tmp_path, where.week(club))

        # Two bots with one database, then another run.
        async with bot_at(where, "first") as first, bot_at(where, "second") as second:
            for club in (plain, german, strict):
                await where.double.wait_message(club.news, PATIENCE)
            for bot in (first, second):
                await bot.logged("no digest: channel gone, or not to be written in", times=2)
        async with bot_at(where, "third") as third:
            await third.logged("no digest: channel gone, or not to be written in", times=2)
        outputs = [bot.output() for bot in (first, second, third)]
        assert sum(each.count("no digest: no songs in the week") for each in outputs) == 1
        for club in (plain, german, strict):
            assert len(where.messages(club)) == 1
        for club in (empty, mute, gone, unsubscribed):
            assert where.messages(club) == []

        (message,) = where.messages(plain)
        (embed,) = message.embeds
        told = embed["description"]
        assert board_texts.digest_title() in embed["title"]
        assert "`Tide 0`" in told
        assert "`Run " in told
        assert "🌧️ sad: `Ann`" in told
        assert "☀️ happy: `Bo`" in told
        for never in ("Secret", "Before", "Since"):
            assert never not in told
        monday = where.last_monday().date()
        days = board_texts.span(monday, monday + timedelta(days=6))
        spoken = message.attachment("board.png").description or ""
        assert days in spoken
        assert board_texts.week_before() in spoken
        with speaking("de"):
            assert board_texts.digest_title() in where.messages(german)[0].embeds[0]["title"]
        (plainest,) = where.messages(strict)
        assert plainest.embeds == plainest.attachments == ()
        assert "`Tide 0`" in plainest.content


@asynccontextmanager
async def client_at(double: DiscordDouble) -> AsyncIterator[discord.Client]:
    """Connect with what the bot itself is made of."""
    ready = asyncio.Event()

    class Client(discord.AutoShardedClient):
        async def on_ready(self) -> None:
            ready.set()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Route, "BASE", double.api_url)
        async with Client(intents=discord.Intents.default()) as client:
            running = asyncio.create_task(client.start(double.token))
            async with asyncio.timeout(PATIENCE):
                await ready.wait()
            yield client
        await running


async def test_whose_eyes_an_answer_is_for(tmp_path: Path) -> None:
    async with place(tmp_path) as where:
        club = where.club()
        songs, news, secret = (int(each.id) for each in (club.songs, club.news, club.secret))
        async with client_at(where.double) as client:
            guild = client.get_guild(int(club.guild.id))
            assert guild is not None
            assert channels_of_all(guild, guild.get_channel(songs)) == {songs, news}
            assert channels_of_all(guild, guild.get_channel(secret)) == {songs, news, secret}
