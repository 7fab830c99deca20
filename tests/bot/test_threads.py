"""Songs in threads: heard as their channel is set, shown to whom the channel is shown."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from bot.outcomes import MessageOutOfSight
from bot.presentation import texts
from bot.storage import Listening
from moodify_core import Mood
from tests.bot.process import PATIENCE
from tests.bot.ways import Place, Way, bot_at, example, place, tune
from tests.discord_double import Channel, File, Message

pytestmark = pytest.mark.asyncio(loop_scope="module")

HAPPY, ROMANTIC, SAD = "happy_morning_run", "romantic_last_dance", "sad_empty_platform"
"""Of moods that are sure, so that boards show them."""
LONG = 62.0
"""Seconds; shorter songs are not answered unasked."""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def here(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Place]:
    """A place where one bot serves all tests."""
    folder = tmp_path_factory.mktemp("bot")
    async with place() as town, bot_at(town, folder, max_minutes=5):
        await town.double.wait_connected(PATIENCE)
        yield town


async def _thread(here: Place, mode: Listening, name: str, *, private: bool = False) -> Channel:
    parent = here.channels[mode]
    return await here.double.start_thread(here.bo, parent, name, private=private)


async def _heard(here: Place, file: File, *, channel: Channel, way: Way = Way.MENTION) -> None:
    """Let a song be answered and recorded."""
    asked = await here.ask(way, [file], channel=channel)
    assert isinstance(asked, Message)
    assert (await here.reply(asked)).embeds
    await here.logged(asked, "job over")


async def _found(here: Place, channel: Channel) -> str:
    """Return what `/find` shows of all songs of all moods."""
    shown = []
    for mood in Mood:
        exchange = await here.double.slash(
            "find", user=here.ann, channel=channel, options={"mood": mood, "strength": 0}
        )
        (embed,) = (await exchange.final(PATIENCE)).embeds
        shown.append(embed["description"])
    return "\n".join(shown)


async def test_a_song_in_a_thread_is_heard_as_its_channel_is_set(here: Place) -> None:
    loud = await _thread(here, Listening.AUTOMATIC, "loud")
    calm = await _thread(here, Listening.MENTION, "calm")
    left_alone = await here.ask(Way.POST, [tune(1, LONG)], channel=calm)
    assert isinstance(left_alone, Message)
    await _heard(here, tune(2, LONG), channel=loud, way=Way.POST)
    await here.silence(left_alone)
    await _heard(here, tune(3, LONG), channel=calm)


async def test_a_song_of_a_thread_is_found_with_a_link_into_it(here: Place) -> None:
    thread = await _thread(here, Listening.AUTOMATIC, "finds")
    await _heard(here, example("Lighthouse.mp3", HAPPY, HAPPY), channel=thread, way=Way.POST)
    found = await _found(here, here.channels[Listening.OFF])
    assert "Lighthouse" in found
    assert f"/{here.guild.id}/{thread.id}/" in found


async def test_a_song_of_a_private_thread_is_answered_and_named_nowhere(here: Place) -> None:
    secret = await _thread(here, Listening.MENTION, "secret", private=True)
    await _heard(here, example("Whisper.mp3", SAD), channel=secret)
    await _heard(here, example("Shout.mp3", ROMANTIC), channel=here.channels[Listening.MENTION])
    for where in (here.channels[Listening.OFF], secret):
        found = await _found(here, where)
        assert "Whisper" not in found
        assert "Shout" in found


async def test_a_link_into_a_private_thread_opens_it_to_nobody_outside(here: Place) -> None:
    parent, secret = (
        here.channels[Listening.MENTION],
        await _thread(here, Listening.MENTION, "link", private=True),
    )
    posted = await here.ask(Way.POST, [tune(4)], channel=secret)
    assert isinstance(posted, Message)
    link = f"https://discord.com/channels/{here.guild.id}/{secret.id}/{posted.id}"
    outside, inside = [
        await here.double.slash("mood", user=here.cy, channel=channel, options={"link": link})
        for channel in (parent, secret)
    ]
    refused = await here.last_word(outside)
    assert refused.content == texts.refusal(MessageOutOfSight())
    assert (await here.last_word(inside)).embeds


async def test_in_a_public_thread_a_board_names_what_its_channel_shows(here: Place) -> None:
    thread = await _thread(here, Listening.MENTION, "boards")
    await _heard(
        here, example("Beacon.mp3", ROMANTIC, SAD), channel=here.channels[Listening.MENTION]
    )
    assert "Beacon" in await _found(here, thread)


async def test_a_thread_that_is_deleted_takes_its_songs_along(here: Place) -> None:
    thread, stays = await _thread(here, Listening.MENTION, "doomed"), here.channels[Listening.OFF]
    await _heard(here, example("Wreck.mp3", SAD, ROMANTIC), channel=thread)
    assert "Wreck" in await _found(here, stays)
    await here.double.delete_channel(thread)
    async with asyncio.timeout(PATIENCE):
        while "Wreck" in await _found(here, stays):  # noqa: ASYNC110 - of another process
            await asyncio.sleep(0.1)
