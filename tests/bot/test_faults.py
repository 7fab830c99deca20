"""What goes wrong around the bot: Discord, its gateway, workers, the disk, the database."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import sqlite3
import subprocess
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager, suppress
from fnmatch import fnmatchcase
from itertools import count
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from bot import outcomes
from bot.presentation import texts
from bot.storage import Listening, Storage
from tests.bot.process import PATIENCE, BotProcess, halted_in_a_song, is_answer
from tests.bot.storage import postgres
from tests.bot.ways import Place, Way, bot_at, noise, place, song, tune
from tests.discord_double import Message
from tests.discord_double.interactions import LOADING
from tests.discord_double.world import BOT_PERMISSIONS, SEND_MESSAGES

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.long]

CALLBACK = ("POST", "/interactions/*/callback")
ORIGINAL = ("PATCH", "/webhooks/*/messages/@original")
SEND = ("POST", "/channels/*/messages")
EDIT = ("PATCH", "/channels/*/messages/*")
FETCH = ("GET", "/channels/*/messages/*")
WITHDRAW = ("DELETE", "/channels/*/messages/[0-9]*[0-9]")
PUT_OFFER = ("PUT", "/channels/*/reactions/*/@me")
TAKE_OFFER_BACK = ("DELETE", "/channels/*/reactions/*/@me")
OPEN_DIRECT = ("POST", "/users/@me/channels")
AT_THE_START = (
    ("GET", "/users/@me"),
    ("GET", "/applications/@me"),
    ("GET", "/oauth2/applications/@me"),
    ("GET", "/gateway/bot"),
    ("PUT", "/applications/*/commands"),
)
STEPS = (
    (CALLBACK, Way.SLASH),
    (ORIGINAL, Way.MENU),
    (FETCH, Way.LINK),
    (SEND, Way.MENTION),
    (EDIT, Way.REPLY),
    (PUT_OFFER, Way.OFFER),
    (FETCH, Way.OFFER),
    (TAKE_OFFER_BACK, Way.OFFER),
    (SEND, Way.OFFER),
)
FAULTS: tuple[dict[str, Any], ...] = (
    {"status": 429, "retry_after": 0.3},
    {"status": 429, "retry_after": 0.3, "is_global": True},
    {"status": 500},
    {"status": 502},
    {"status": 503},
)
_SEEDS = count(1000)
SLOW = 40_000
"""Bytes per second at which a tune takes so long that its progress is shown."""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def where(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Place]:
    """A place where one bot answers all tests that do it no harm."""
    folder = tmp_path_factory.mktemp("bot")
    async with place() as town:
        town.channel(Listening.MENTION, bot_permissions=BOT_PERMISSIONS & ~SEND_MESSAGES)
        async with bot_at(town, folder):
            yield town
        check_nothing_is_left_open(town)


@pytest_asyncio.fixture(loop_scope="module")
async def own() -> AsyncIterator[Place]:
    """A place for a bot that a test starts itself."""
    async with place() as town:
        yield town
        check_nothing_is_left_open(town)


def check_nothing_is_left_open(town: Place) -> None:
    """Check that all that the bot has said is an answer."""
    said = [each for each in town.double.world.messages.values() if each.author.bot]
    assert [each.content for each in said if each.flags & LOADING or not is_answer(each)] == []


def fresh() -> Any:
    """Return a song that was not asked for before."""
    return tune(next(_SEEDS))


def has_moods(message: Message) -> bool:
    return bool(message.embeds)


# --- Discord ---------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", FAULTS, ids=str)
@pytest.mark.parametrize(("route", "way"), STEPS, ids=str)
async def test_discord_may_stumble_at_every_step(
    where: Place, route: tuple[str, str], way: Way, fault: dict[str, Any]
) -> None:
    if route == EDIT:
        where.double.fail_download("*", bytes_per_second=SLOW)
    struck = where.double.fail(*route, **fault)
    # Only songs of a minute and more are offered.
    assert has_moods(await where.asked(way, [song() if way is Way.OFFER else fresh()]))
    assert struck.times == 0


@pytest.mark.parametrize("fault", FAULTS, ids=str)
@pytest.mark.parametrize("route", [OPEN_DIRECT, SEND], ids=str)
async def test_who_cannot_be_answered_in_public_is_told_so_all_the_same(
    where: Place, route: tuple[str, str], fault: dict[str, Any]
) -> None:
    newcomer = where.double.add_user(f"Newcomer {next(_SEEDS)}")
    where.double.add_member(where.guild, newcomer)
    (channel,) = [each for each in where.modes if not each.bot_permissions & SEND_MESSAGES]
    struck = where.double.fail(*route, **fault)
    posted = await where.double.post_message(
        newcomer, channel, where.mention, attachments=[fresh()]
    )
    assert await where.told(newcomer, posted) == texts.cannot_speak()
    assert struck.times == 0


@pytest.mark.parametrize("fault", FAULTS, ids=str)
async def test_what_is_not_wanted_any_more_is_taken_back(
    where: Place, fault: dict[str, Any]
) -> None:
    where.double.fail_download("*", bytes_per_second=SLOW)
    struck = where.double.fail(*WITHDRAW, **fault)
    asked = await where.ask(Way.MENTION, [fresh()])
    assert isinstance(asked, Message)
    await where.double.wait_message(asked.channel, PATIENCE, after=asked)
    await where.double.delete_message(asked)
    await where.double.changes.wait_for(
        lambda: not where.replies(asked) or None, "nothing left", PATIENCE
    )
    assert struck.times == 0


async def test_no_other_route_of_discords_is_used(where: Place) -> None:
    known = {*AT_THE_START, OPEN_DIRECT, WITHDRAW, *(route for route, _ in STEPS)}
    used = {(method, path.partition("?")[0]) for method, path, _ in where.double.requests}
    assert [
        each
        for each in used
        if not any(each[0] == method and fnmatchcase(each[1], path) for method, path in known)
    ] == []


# --- the gateway -----------------------------------------------------------------------------


@pytest.mark.parametrize("way", [Way.SLASH, Way.MENTION])
@pytest.mark.parametrize("resumable", [True, False])
async def test_the_gateway_may_drop_while_a_song_is_fetched(
    where: Place, way: Way, resumable: bool
) -> None:
    where.double.fail_download("*", bytes_per_second=SLOW)
    asked = await where.ask(way, [fresh()])
    await where.logged(asked, "job accepted")
    await where.double.drop_gateway(resumable=resumable)
    answer = await (where.reply(asked) if isinstance(asked, Message) else where.last_word(asked))
    assert has_moods(answer)
    await where.double.wait_connected(PATIENCE)
    assert has_moods(await where.asked(way, [fresh()]))


async def test_what_is_asked_while_the_gateway_is_away_is_answered_when_it_is_back(
    where: Place,
) -> None:
    await where.double.drop_gateway()
    assert has_moods(await where.asked(Way.MENTION, [fresh()]))


async def test_the_gateway_may_ask_to_connect_anew(where: Place) -> None:
    asked = await where.ask(Way.MENTION, [fresh()])
    await where.double.gateway.request_reconnect()
    assert isinstance(asked, Message)
    assert has_moods(await where.reply(asked))


# --- the CDN ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "fault",
    [{"stall_after": 1000}, {"truncate_after": 1000}, {"status": 500}, {"status": 404}],
    ids=str,
)
@pytest.mark.parametrize("way", [Way.SLASH, Way.MENTION])
async def test_files_that_do_not_come_are_told(
    own: Place, tmp_path: Path, way: Way, fault: dict[str, int]
) -> None:
    own.double.fail_download("*", **fault, times=9)
    async with bot_at(own, tmp_path, stall_timeout=0.3):
        message = await own.asked(way, [fresh()])
    gone = fault.get("status") == 404
    reason = outcomes.FileVanished() if gone else outcomes.DownloadFailed()
    assert message.content == texts.refusal(reason)


# --- workers ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("signum", "reason"),
    [(signal.SIGKILL, outcomes.Crashed()), (signal.SIGSTOP, outcomes.TookTooLong(8))],
)
async def test_workers_that_die_or_hang_cost_their_songs_and_nothing_else(
    own: Place, tmp_path: Path, signum: int, reason: outcomes.Refusal
) -> None:
    settings = {"workers": 1, "job_timeout": 8, "max_file_mib": 60}
    async with bot_at(own, tmp_path, **settings) as bot:
        await bot.logged("workers started")
        asked = await halted_in_a_song(bot, own.ask(Way.MENTION, [noise(15 * 60)]))
        assert isinstance(asked, Message)
        for worker in bot.worker_pids():
            os.kill(worker, signum)
        assert (await own.reply(asked)).content == texts.refusal(reason)
        assert has_moods(await own.asked(Way.SLASH, [fresh()]))


# --- the disk --------------------------------------------------------------------------------


@contextmanager
def small_disk(folder: Path, mebibytes: int) -> Iterator[None]:
    """Let a folder be a file system with so much room."""
    folder.mkdir(parents=True, exist_ok=True)
    options = f"size={mebibytes}m"
    command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", folder]
    if shutil.which("mount") is None or subprocess.run(command, check=False).returncode:
        pytest.skip("no file system can be mounted here")
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)


def fill(filler: Path) -> None:
    """Write a file until the disk is full."""
    with suppress(OSError), filler.open("wb", buffering=0) as file:
        while True:
            file.write(bytes(4096))


async def test_a_disk_without_room_for_songs_is_told(own: Place, tmp_path: Path) -> None:
    with small_disk(tmp_path / "data" / "songs", 1):
        async with bot_at(own, tmp_path):
            for way in (Way.SLASH, Way.MENTION):
                message = await own.asked(way, [tune(1, seconds=80)])
                assert message.content == texts.refusal(outcomes.NoRoom())
            assert has_moods(await own.asked(Way.SLASH, [fresh()]))


async def test_a_disk_that_is_full_costs_answers_and_no_records(own: Place, tmp_path: Path) -> None:
    with small_disk(tmp_path / "data", 12):
        async with bot_at(own, tmp_path) as bot:
            assert has_moods(await own.asked(Way.SLASH, [fresh()]))
            filler = tmp_path / "data" / "filler"
            fill(filler)
            for way in (Way.SLASH, Way.MENTION):
                message = await own.asked(way, [fresh()])
                assert message.content == texts.refusal(outcomes.NoRoom())
            filler.unlink()
            for way in (Way.SLASH, Way.MENTION):
                assert has_moods(await own.asked(way, [fresh()]))
            await until(lambda: counts(bot)[0] == 3)


# --- the database ----------------------------------------------------------------------------


def counts(bot: BotProcess) -> tuple[int, int]:
    """Return how many answers are recorded, and how many jobs are open."""
    connection = sqlite3.connect(bot.data / "moodify.db")
    (records,) = connection.execute("SELECT count(*) FROM records").fetchone()
    (jobs,) = connection.execute("SELECT count(*) FROM jobs WHERE NOT done").fetchone()
    connection.close()
    return records, jobs


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not true():  # noqa: ASYNC110 - another process writes
            await asyncio.sleep(0.1)


async def test_a_database_that_others_hold_costs_nothing(own: Place, tmp_path: Path) -> None:
    async with bot_at(own, tmp_path) as bot:
        other = sqlite3.connect(bot.data / "moodify.db", isolation_level=None)
        other.execute("BEGIN EXCLUSIVE")
        for way in (Way.SLASH, Way.MENTION):
            assert has_moods(await own.asked(way, [fresh()]))
        assert counts(bot) == (0, 0)
        other.close()
        await until(lambda: counts(bot) == (2, 0))


async def test_a_database_that_cannot_be_opened_costs_nothing(own: Place, tmp_path: Path) -> None:
    address = tmp_path / "elsewhere" / "moodify.db"
    address.mkdir(parents=True)
    async with bot_at(own, tmp_path, database_url=f"sqlite:///{address}"):
        for way in (Way.SLASH, Way.MENTION):
            assert has_moods(await own.asked(way, [fresh()]))
        address.rmdir()
        await until(lambda: address.exists() and _records(address) == 2)


def _records(path: Path) -> int | None:
    connection = sqlite3.connect(path)
    try:
        return int(connection.execute("SELECT count(*) FROM records").fetchone()[0])
    except sqlite3.Error:
        return None
    finally:
        connection.close()


async def test_a_database_that_is_deleted_costs_no_answer(own: Place, tmp_path: Path) -> None:
    async with bot_at(own, tmp_path) as bot:
        for file in bot.data.glob("moodify.db*"):
            file.unlink()
        for way in (Way.SLASH, Way.MENTION):
            assert has_moods(await own.asked(way, [fresh()]))


@pytest.mark.skipif(postgres.PROGRAMS is None, reason="no PostgreSQL server here")
async def test_a_postgresql_that_is_stopped_and_started_again_costs_nothing(
    own: Place, tmp_path: Path
) -> None:
    with postgres.server() as home:
        url = await postgres.new_database(home)
        async with bot_at(own, tmp_path, database_url=url) as bot:
            await bot.logged("database open")
            assert has_moods(await own.asked(Way.SLASH, [fresh()]))
            _control(home, "stop", "-m", "immediate")
            for way in (Way.SLASH, Way.MENTION):
                assert has_moods(await own.asked(way, [fresh()]))
            options = f"-k {home} -c listen_addresses="
            _control(home, "start", "-l", str(home / "log-again"), "-o", options)
            try:
                await bot.logged("all is written")
            finally:
                assert await bot.stop() == 0
                storage = await Storage.open(url)
                assert await storage.jobs.unfinished() == ()
                await storage.close()
                _control(home, "stop", "-m", "immediate")


def _control(home: Path, *arguments: str) -> None:
    assert postgres.PROGRAMS is not None
    subprocess.run(
        [postgres.PROGRAMS / "pg_ctl", "-D", home / "data", "-w", *arguments],
        check=True,
        user="postgres" if os.geteuid() == 0 else None,
        cwd="/",
        stdout=subprocess.DEVNULL,
    )
