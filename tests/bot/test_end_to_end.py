"""The whole way: a user's command, the bot in its own process, the answer that is seen."""

from __future__ import annotations

import asyncio
import io
import json
import os
import signal
import stat
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import pytest_asyncio
import soundfile
from PIL import Image

from bot import outcomes
from bot.config import MIB
from bot.presentation import texts
from moodify_core.errors import BrokenAudio, SilentAudio, TooLong, UnsupportedFormat
from moodify_core.moods import MOODS
from tests.bot.process import PATIENCE, ROOT, is_answer, running_bot, settings_for
from tests.discord_double import Channel, DiscordDouble, Exchange, File, Guild, Message, User

pytestmark = pytest.mark.asyncio(loop_scope="module")

MAX_FILE_MIB = 2
MAX_MINUTES = 2
RATE = 8000
SONGS = sorted((ROOT / "examples").glob("*.mp3"))


@dataclass(frozen=True)
class Server:
    """A server with one channel and five people."""

    double: DiscordDouble
    guild: Guild
    channel: Channel
    people: tuple[User, ...]

    async def mood(self, file: File, *, user: int = 0, **options: bool) -> Exchange:
        return await self.double.slash(
            "mood",
            user=self.people[user],
            channel=self.channel,
            options={"file": file} | options,
        )

    async def refusal(self, file: File) -> str:
        """Return the sentence that a file is refused with."""
        message = await (await self.mood(file)).final(PATIENCE, when=is_answer)
        assert message.embeds == ()
        assert message.attachments == ()
        return message.content


@contextmanager
def _server(double: DiscordDouble) -> Iterator[Server]:
    people = tuple(double.add_user(name) for name in ("Ann", "Bo", "Cy", "Di", "Eve"))
    guild = double.add_guild("Music", owner=people[0], members=people[1:])
    yield Server(double, guild, double.add_channel(guild, "songs"), people)
    assert double.violations == []
    assert double.api.own_errors == []


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Server]:
    """A server at which one bot answers all tests that do it no harm."""
    folder = tmp_path_factory.mktemp("bot")
    async with DiscordDouble() as double:
        with _server(double) as server:
            limits = {"workers": 2, "max_file_mib": MAX_FILE_MIB, "max_minutes": MAX_MINUTES}
            async with running_bot(double, folder, **limits):
                await double.wait_command("mood", PATIENCE)
                yield server


@pytest_asyncio.fixture(loop_scope="module")
async def own_server() -> AsyncIterator[Server]:
    """A server for a bot that a test starts itself."""
    async with DiscordDouble() as double:
        with _server(double) as server:
            yield server


def song(number: int = 0, name: str = "song.mp3") -> File:
    return File(name, SONGS[number % len(SONGS)].read_bytes())


def sound(seconds: float, level: float = 0.1, name: str = "sound.wav") -> File:
    samples = np.random.default_rng(0).standard_normal(round(seconds * RATE)) * level
    file = io.BytesIO()
    soundfile.write(file, np.clip(samples, -1, 1), RATE, format="WAV", subtype="PCM_16")
    return File(name, file.getvalue())


def check_answer(message: Message, title: str) -> None:
    """Check that a message is a song's answer with all that belongs to it."""
    (embed,) = message.embeds
    assert embed["title"] == f"🎵 `{title}`"
    lines = embed["description"].split("```")[1].strip().splitlines()
    assert [line.split()[0] for line in lines] == [texts.mood_name(mood) for mood in MOODS]
    # Each is rounded by itself.
    assert abs(sum(int(line.split()[1].strip("<%")) for line in lines) - 100) <= len(MOODS)
    assert "% sure" in embed["description"]
    assert embed["fields"][0]["name"] == texts.length()
    picture = message.attachment("mood.png")
    assert picture.description
    with Image.open(io.BytesIO(picture.data)) as image:
        image.load()
        assert (image.format, image.size) == ("PNG", (1200, 600))
    assert embed["image"]["url"] in ("attachment://mood.png", picture.url)


async def test_mood_answers_with_the_moods_of_a_song(server: Server) -> None:
    exchange = await server.mood(song(name="Evening at the Sea.mp3"))
    message = await exchange.final(PATIENCE, when=is_answer)
    check_answer(message, "Evening at the Sea")
    assert exchange.deferred_after is not None
    assert exchange.deferred_after < 3
    assert not message.ephemeral
    assert exchange.followups == ()


async def test_a_private_answer_is_seen_only_by_who_asked(server: Server) -> None:
    message = await (await server.mood(song(), private=True)).final(PATIENCE, when=is_answer)
    check_answer(message, "song")
    assert message.ephemeral


async def test_the_message_command_answers_all_songs_in_one_reply(server: Server) -> None:
    files = (File("cover.png", b"\x89PNG\r\n\x1a\n"), song(1, "first.mp3"), song(2, "second.mp3"))
    posted = await server.double.post_message(
        server.people[1], server.channel, "listen", attachments=files
    )
    exchange = await server.double.message_command(
        "Analyze mood", user=server.people[2], message=posted
    )
    message = await exchange.final(PATIENCE, when=is_answer)
    assert [embed["title"] for embed in message.embeds] == ["🎵 `first`", "🎵 `second`"]
    assert len(message.attachments) == 2
    assert exchange.followups == ()


async def test_the_message_command_finds_a_song_that_was_forwarded(server: Server) -> None:
    posted = await server.double.post_message(
        server.people[1], server.channel, "listen", attachments=[song(1, "passed on.mp3")]
    )
    forwarded = await server.double.forward_message(server.people[3], server.channel, posted)
    exchange = await server.double.message_command(
        "Analyze mood", user=server.people[2], message=forwarded
    )
    check_answer(await exchange.final(PATIENCE, when=is_answer), "passed on")


async def test_a_message_without_a_song_gets_a_private_sentence(server: Server) -> None:
    posted = await server.double.post_message(server.people[1], server.channel, "no song")
    exchange = await server.double.message_command(
        "Analyze mood", user=server.people[2], message=posted
    )
    message = await exchange.final(PATIENCE, when=is_answer)
    assert message.content == texts.refusal(outcomes.NoAudio())
    assert message.ephemeral


async def test_it_works_in_direct_messages(server: Server) -> None:
    channel = server.double.direct_channel(server.people[0])
    exchange = await server.double.slash(
        "mood", user=server.people[0], channel=channel, options={"file": song()}
    )
    check_answer(await exchange.final(PATIENCE, when=is_answer), "song")


async def test_it_works_as_an_app_of_the_users_own(server: Server) -> None:
    elsewhere = server.double.add_guild("Elsewhere", owner=server.people[0], with_bot=False)
    channel = server.double.add_channel(elsewhere, "talk")
    exchange = await server.double.slash(
        "mood",
        user=server.people[0],
        channel=channel,
        options={"file": song()},
        user_installed=True,
    )
    check_answer(await exchange.final(PATIENCE, when=is_answer), "song")


async def test_what_is_not_audio_is_refused_in_words(server: Server) -> None:
    sentence = texts.analyser_error(UnsupportedFormat())
    assert await server.refusal(File("notes.mp3", b"just some text\n" * 200)) == sentence


async def test_silence_is_refused_in_words(server: Server) -> None:
    assert await server.refusal(sound(3, level=0)) == texts.analyser_error(SilentAudio())


async def test_a_short_sound_is_refused_in_words(server: Server) -> None:
    sentence = await server.refusal(sound(0.5))
    assert sentence.startswith("This audio is 0.5 seconds long")


async def test_a_long_song_is_refused_with_the_limit(server: Server) -> None:
    limit = texts.analyser_error(TooLong(MAX_MINUTES * 60.0))
    assert await server.refusal(sound(MAX_MINUTES * 60 + 5)) == limit


async def test_a_broken_file_is_refused_in_words(server: Server) -> None:
    broken = File("song.mp3", b"fLaC" + bytes(4000))
    assert await server.refusal(broken) == texts.analyser_error(BrokenAudio())


async def test_a_large_file_is_refused_without_being_asked_for(server: Server) -> None:
    downloads = len(server.double.cdn.downloads)
    large = File("large.wav", bytes(MAX_FILE_MIB * MIB + 1))
    assert await server.refusal(large) == texts.refusal(outcomes.TooBig(MAX_FILE_MIB * MIB))
    assert len(server.double.cdn.downloads) == downloads


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("**bold** @everyone.mp3", "**bold** @everyone"),
        ("Песня о море.mp3", "Песня о море"),
        ("gnp.\u202e3pm.mp3", "gnp.3pm"),
        ("``` code ```.mp3", "''' code '''"),
    ],
)
async def test_hostile_names_are_shown_as_they_are_and_do_nothing(
    server: Server, name: str, title: str
) -> None:
    message = await (await server.mood(song(name=name))).final(PATIENCE, when=is_answer)
    check_answer(message, title)
    assert message.mentions == ()


@pytest.mark.parametrize(
    "fault", [{"status": 503}, {"truncate_after": 1000}, {"status": 429}], ids=str
)
async def test_a_download_that_fails_once_is_tried_again(
    server: Server, fault: dict[str, int]
) -> None:
    server.double.fail_download("again.mp3", **fault)
    message = await (await server.mood(song(name="again.mp3"))).final(PATIENCE, when=is_answer)
    check_answer(message, "again")


async def test_a_download_that_keeps_failing_is_told(server: Server) -> None:
    server.double.fail_download("never.mp3", status=500, times=9)
    sentence = texts.refusal(outcomes.DownloadFailed())
    assert await server.refusal(song(name="never.mp3")) == sentence


async def test_a_file_that_vanished_is_told(server: Server) -> None:
    server.double.fail_download("gone.mp3", status=404)
    assert await server.refusal(song(name="gone.mp3")) == texts.refusal(outcomes.FileVanished())


async def test_an_answer_whose_picture_is_refused_comes_without_it(server: Server) -> None:
    server.double.fail("PATCH", "/webhooks/*/messages/@original", status=413)
    message = await (await server.mood(song())).final(PATIENCE, when=is_answer)
    assert message.content == texts.no_picture()
    assert message.attachments == ()
    assert message.embeds[0]["title"] == "🎵 `song`"


@pytest.mark.parametrize(
    ("method", "pattern"),
    [("POST", "/interactions/*/callback"), ("PATCH", "/webhooks/*/messages/@original")],
)
@pytest.mark.parametrize(
    "fault",
    [
        {"status": 429, "retry_after": 0.1},
        {"status": 500},
        {"status": 503},
        {"status": 502, "after": True},
        {"reset": True},
        {"reset": True, "after": True},
        {"reset": True, "after": True, "times": 3},
    ],
    ids=str,
)
async def test_discord_may_stumble_at_either_step(
    server: Server, method: str, pattern: str, fault: dict[str, Any]
) -> None:
    struck = server.double.fail(method, pattern, **fault)
    check_answer(await (await server.mood(song())).final(PATIENCE, when=is_answer), "song")
    # What did not need to be asked so often must not strike the next one.
    struck.times = 0


async def test_the_gateway_may_drop_while_a_song_is_heard(server: Server) -> None:
    exchange = await server.mood(song())
    await exchange.responded(PATIENCE)
    await server.double.drop_gateway(resumable=False)
    check_answer(await exchange.final(PATIENCE, when=is_answer), "song")
    await server.double.wait_connected(PATIENCE)
    check_answer(await (await server.mood(song())).final(PATIENCE, when=is_answer), "song")


async def test_twenty_songs_of_five_people_at_once_are_all_answered(server: Server) -> None:
    exchanges = await asyncio.gather(
        *(server.mood(song(n, f"song {n}.mp3"), user=n % 5) for n in range(20))
    )
    messages = await asyncio.gather(
        *(exchange.final(PATIENCE, when=is_answer) for exchange in exchanges)
    )
    for number, message in enumerate(messages):
        check_answer(message, f"song {number}")
    assert all((exchange.deferred_after or 99) < 3 for exchange in exchanges)


async def test_a_person_with_too_many_songs_at_once_is_told_the_limit(
    own_server: Server, tmp_path: Path
) -> None:
    async with running_bot(own_server.double, tmp_path, user_queue_limit=1):
        await own_server.double.wait_command("mood", PATIENCE)
        own_server.double.fail_download("slow.mp3", bytes_per_second=100_000)
        first = await own_server.mood(song(name="slow.mp3"))
        await first.responded(PATIENCE)
        sentence = texts.refusal(outcomes.TooManyAtOnce(1))
        assert await own_server.refusal(song()) == sentence
        check_answer(await first.final(PATIENCE, when=is_answer), "slow")


async def test_killed_workers_cost_their_song_and_nothing_else(
    own_server: Server, tmp_path: Path
) -> None:
    async with running_bot(own_server.double, tmp_path, workers=1, max_minutes=100) as bot:
        await own_server.double.wait_command("mood", PATIENCE)
        check_answer(await (await own_server.mood(song())).final(PATIENCE, when=is_answer), "song")
        (worker,) = bot.worker_pids()
        exchange, _ = await asyncio.gather(
            own_server.mood(sound(50 * 60)), asyncio.to_thread(_kill_once_busy, worker)
        )
        message = await exchange.final(PATIENCE, when=is_answer)
        assert message.content == texts.refusal(outcomes.Crashed())
        check_answer(await (await own_server.mood(song())).final(PATIENCE, when=is_answer), "song")


async def test_a_song_that_takes_too_long_is_stopped_with_the_limit(
    own_server: Server, tmp_path: Path
) -> None:
    settings = {"workers": 1, "max_minutes": 100, "job_timeout": 0.4}
    async with running_bot(own_server.double, tmp_path, **settings):
        await own_server.double.wait_command("mood", PATIENCE)
        sentence = texts.refusal(outcomes.TookTooLong(0.4))
        assert await own_server.refusal(sound(50 * 60)) == sentence


async def test_workers_know_no_secret(own_server: Server, tmp_path: Path) -> None:
    async with running_bot(own_server.double, tmp_path, workers=2) as bot:
        await own_server.double.wait_command("mood", PATIENCE)
        check_answer(await (await own_server.mood(song())).final(PATIENCE, when=is_answer), "song")
        workers = bot.worker_pids()
        assert len(workers) == 2
        for worker in workers:
            environment = _environment(worker)
            assert own_server.double.token.encode() not in environment
            assert b"MOODIFY" not in environment


@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGINT])
async def test_a_bot_that_is_stopped_finishes_what_it_hears(
    own_server: Server, tmp_path: Path, signum: int
) -> None:
    async with running_bot(own_server.double, tmp_path, shutdown_grace=PATIENCE) as bot:
        await own_server.double.wait_command("mood", PATIENCE)
        running = await own_server.mood(song(name="running.mp3"))
        waiting = await own_server.mood(song(name="waiting.mp3"))
        await bot.logged("job accepted", 2)
        assert await bot.stop(signum) == 0
        answers = [await exchange.final(1) for exchange in (running, waiting)]
    # Whichever was in the queue first was heard; the other is for the next run.
    (kept,) = (message for message in answers if not message.embeds)
    assert kept.content == texts.refusal(outcomes.Kept())


async def test_what_was_kept_is_answered_by_the_next_run(
    own_server: Server, tmp_path: Path
) -> None:
    async with running_bot(own_server.double, tmp_path, shutdown_grace=0) as bot:
        await own_server.double.wait_command("mood", PATIENCE)
        exchanges = [await own_server.mood(song(n), user=n) for n in range(5)]
        await bot.logged("job accepted", 5)
        assert await bot.stop() == 0
    async with running_bot(own_server.double, tmp_path):
        for exchange in exchanges:
            check_answer(await exchange.final(PATIENCE, when=lambda m: m.embeds), "song")
            assert exchange.followups == ()


async def test_a_bot_that_may_not_wait_says_that_it_stops(
    own_server: Server, tmp_path: Path
) -> None:
    async with running_bot(own_server.double, tmp_path, shutdown_grace=0, max_minutes=100) as bot:
        await own_server.double.wait_command("mood", PATIENCE)
        exchange = await own_server.mood(sound(50 * 60))
        await bot.logged("job accepted")
        assert await bot.stop() == 0
        assert (await exchange.final(1)).content == texts.refusal(outcomes.Kept())


async def test_with_json_every_line_of_the_log_is_json(own_server: Server, tmp_path: Path) -> None:
    async with running_bot(own_server.double, tmp_path, log_format="json") as bot:
        await own_server.double.wait_command("mood", PATIENCE)
        whole = song().data
        # Damage is what makes decoders talk.
        torn = File("torn.mp3", whole[: len(whole) // 2] + bytes(5000) + whole[len(whole) // 2 :])
        check_answer(await (await own_server.mood(torn)).final(PATIENCE, when=is_answer), "torn")
    for line in bot.output().splitlines():
        assert "event" in json.loads(line)


async def test_commands_are_registered_once_and_not_at_every_start(
    own_server: Server, tmp_path: Path
) -> None:
    async with running_bot(own_server.double, tmp_path):
        await own_server.double.wait_command("mood", PATIENCE)
    again = own_server.double.fail("PUT", "/applications/*/commands", status=500)
    async with running_bot(own_server.double, tmp_path):
        check_answer(await (await own_server.mood(song())).final(PATIENCE, when=is_answer), "song")
    assert again.times == 1


async def test_a_token_that_discord_does_not_know_is_one_sentence(
    own_server: Server, tmp_path: Path
) -> None:
    environment = settings_for(own_server.double, tmp_path) | {"DISCORD_TOKEN": "wrong"}
    code, errors = await _start(tmp_path, environment)
    assert code == 2
    assert "Discord does not accept the token" in errors.splitlines()[-1]
    assert "Traceback" not in errors


@pytest.mark.parametrize("status", [403, 429])
async def test_a_discord_that_turns_the_bot_away_is_one_sentence(
    own_server: Server, tmp_path: Path, status: int
) -> None:
    own_server.double.fail("GET", "/users/@me", status=status, times=9, retry_after=0.01)
    code, errors = await _start(tmp_path, settings_for(own_server.double, tmp_path))
    assert code == 1
    assert f"Discord does not let the bot in ({status})" in errors.splitlines()[-1]
    assert "Traceback" not in errors


async def test_a_data_folder_that_cannot_be_made_is_one_sentence(
    own_server: Server, tmp_path: Path
) -> None:
    (tmp_path / "file").write_bytes(b"")
    place = tmp_path / "file" / "data"
    code, errors = await _start(tmp_path, settings_for(own_server.double, place))
    assert code == 2
    assert f"The bot cannot have {place}" in errors.splitlines()[-1]
    assert "Traceback" not in errors


async def test_folders_that_are_there_already_are_closed_to_others(
    own_server: Server, tmp_path: Path
) -> None:
    folders = [tmp_path / "data" / name for name in ("", "songs", "caches")]
    for folder in folders:
        folder.mkdir()
        folder.chmod(0o755)
    async with running_bot(own_server.double, tmp_path):
        await own_server.double.wait_command("mood", PATIENCE)
        assert [stat.S_IMODE(folder.stat().st_mode) for folder in folders] == [0o700] * 3


async def test_a_discord_that_cannot_be_reached_is_one_sentence(
    own_server: Server, tmp_path: Path
) -> None:
    nowhere = {"MOODIFY_DISCORD_API": "http://127.0.0.1:1/api/v10"}
    code, errors = await _start(tmp_path, settings_for(own_server.double, tmp_path) | nowhere)
    assert code == 1
    assert "Discord cannot be reached" in errors.splitlines()[-1]
    assert "Traceback" not in errors


async def _start(folder: Path, environment: dict[str, str]) -> tuple[int | None, str]:
    """Start a bot that is to stop by itself; return its exit code and what it says."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot"),
        cwd=folder,
        env=environment,
        stderr=asyncio.subprocess.PIPE,
    )
    _, errors = await asyncio.wait_for(process.communicate(), PATIENCE)
    return process.returncode, errors.decode()


def _cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _kill_once_busy(pid: int) -> None:
    before = _cpu_seconds(pid)
    end = time.monotonic() + PATIENCE
    while _cpu_seconds(pid) < before + 0.2 and time.monotonic() < end:
        time.sleep(0.01)
    os.kill(pid, signal.SIGKILL)


def _environment(pid: int) -> bytes:
    return Path(f"/proc/{pid}/environ").read_bytes()
