"""Every way in, with everything that can be wrong with a song, at the stand-in."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest
import pytest_asyncio

from bot import outcomes
from bot.config import MIB
from bot.presentation import texts
from bot.storage import Listening
from moodify_core.errors import BrokenAudio, SilentAudio, TooLong, UnsupportedFormat
from tests.bot.ways import (
    INTERACTIONS,
    MAX_FILE_MIB,
    MAX_MINUTES,
    Place,
    Way,
    bot_at,
    large,
    noise,
    place,
    song,
    titled,
    titles,
)
from tests.discord_double import Channel, File, Message
from tests.discord_double.world import BOT_PERMISSIONS, SEND_MESSAGES

pytestmark = pytest.mark.asyncio(loop_scope="module")


@dataclass(frozen=True)
class Unfit:
    """A file without an answer, and the sentence that who asks gets for it."""

    file: File = field(repr=False)
    sentence: str


UNFIT = {
    "not audio": Unfit(
        File("notes.mp3", b"just some text\n" * 200), texts.analyser_error(UnsupportedFormat())
    ),
    "too big": Unfit(large(), texts.refusal(outcomes.TooBig(MAX_FILE_MIB * MIB))),
    "too long": Unfit(
        noise(MAX_MINUTES * 60 + 5), texts.analyser_error(TooLong(MAX_MINUTES * 60.0))
    ),
    "silent": Unfit(noise(62, level=0), texts.analyser_error(SilentAudio())),
    "broken": Unfit(File("song.mp3", b"fLaC" + bytes(4000)), texts.analyser_error(BrokenAudio())),
}

OUT_OF_SIGHT: dict[Way, outcomes.Refusal | None] = {
    Way.LINK: outcomes.MessageOutOfSight(),
    Way.REPLY: outcomes.RepliedToOutOfSight(),
    Way.POST: None,
    Way.OFFER: None,
}
"""What cannot work without the message-content intent, and what who asks is told."""

mute: dict[Listening, Channel] = {}
"""Channels in which the bot may not speak."""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def here(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Place]:
    """A place where one bot serves all tests."""
    async with place() as where:
        for mode in Listening:
            mute[mode] = where.channel(mode, bot_permissions=BOT_PERMISSIONS & ~SEND_MESSAGES)
        async with bot_at(where, tmp_path_factory.mktemp("bot")):
            yield where


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def blind(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Place]:
    """A place whose bot may not read messages that are not meant for it."""
    async with (
        place(intents=0) as where,
        bot_at(where, tmp_path_factory.mktemp("blind")),
    ):
        yield where


@pytest.mark.parametrize("way", Way)
async def test_a_song_is_answered(here: Place, way: Way) -> None:
    message = await here.asked(way, [song("Evening at the Sea.mp3")])
    assert titles(message) == titled("Evening at the Sea")
    assert message.content == ""
    assert message.attachment("mood.png").description
    assert not message.ephemeral
    assert message.mentions == ()


@pytest.mark.parametrize("way", [way for way in Way if way is not Way.POST])
@pytest.mark.parametrize("unfit", UNFIT.values(), ids=UNFIT)
async def test_who_asks_is_told_what_is_wrong_with_a_file(
    here: Place, way: Way, unfit: Unfit
) -> None:
    message = await here.asked(way, [unfit.file])
    assert message.content == unfit.sentence
    assert (message.embeds, message.attachments) == ((), ())
    assert not message.ephemeral


@pytest.mark.parametrize("unfit", UNFIT.values(), ids=UNFIT)
async def test_nobody_is_troubled_with_what_is_wrong_with_a_post(here: Place, unfit: Unfit) -> None:
    posted = await here.ask(Way.POST, [unfit.file])
    assert isinstance(posted, Message)
    await here.silence(posted, tried=True)


@pytest.mark.parametrize("way", [way for way in Way if way not in (Way.POST, Way.OFFER)])
async def test_who_asks_without_a_file_is_told_what_to_do(here: Place, way: Way) -> None:
    message = await here.asked(way, [])
    nothing_given = way in (Way.SLASH, Way.OWN)
    reason = outcomes.NothingGiven() if nothing_given else outcomes.NoAudio()
    assert message.content == texts.refusal(reason)
    # Nobody else has use for it; where a link leads is not known in time.
    assert message.ephemeral == (way in INTERACTIONS - {Way.LINK})


@pytest.mark.parametrize("way", [Way.POST, Way.OFFER])
async def test_a_post_without_a_file_is_nothing(here: Place, way: Way) -> None:
    posted = await here.ask(way, [])
    assert isinstance(posted, Message)
    await here.silence(posted)
    assert not here.is_offered(posted)


@pytest.mark.parametrize("way", [Way.SLASH, Way.LINK, Way.MENU])
async def test_commands_are_answered_where_the_bot_may_not_speak(here: Place, way: Way) -> None:
    message = await here.asked(way, [song()], channel=mute[Listening.MENTION])
    assert titles(message) == titled("song")


@pytest.mark.parametrize("way", [Way.MENTION, Way.REPLY])
async def test_who_asks_where_the_bot_may_not_speak_is_told_so(here: Place, way: Way) -> None:
    asked = await here.ask(way, [song()], channel=mute[Listening.MENTION])
    assert isinstance(asked, Message)
    assert await here.told(here.cy, asked) == texts.cannot_speak()
    await here.silence(asked)


@pytest.mark.parametrize("way", [Way.POST, Way.OFFER])
async def test_a_song_that_is_posted_where_the_bot_may_not_speak(here: Place, way: Way) -> None:
    before = [here.direct_messages(each) for each in (here.bo, here.cy)]
    mode = Listening.OFFER if way is Way.OFFER else Listening.AUTOMATIC
    posted = await here.ask(way, [song()], channel=mute[mode])
    assert isinstance(posted, Message)
    await here.silence(posted)
    assert [here.direct_messages(each) for each in (here.bo, here.cy)] == before
    # What cannot be answered is not offered.
    assert not here.is_offered(posted)


@pytest.mark.parametrize("way", sorted(set(Way) - set(OUT_OF_SIGHT)))
async def test_without_the_intent_a_song_is_answered(blind: Place, way: Way) -> None:
    assert titles(await blind.asked(way, [song()])) == titled("song")


@pytest.mark.parametrize("way", [way for way, reason in OUT_OF_SIGHT.items() if reason])
async def test_without_the_intent_who_asks_is_told_another_way(blind: Place, way: Way) -> None:
    reason = OUT_OF_SIGHT[way]
    assert reason is not None
    message = await blind.asked(way, [song()])
    assert message.content == texts.refusal(reason)
    if way is Way.REPLY:
        assert texts.menu_name() in message.content


@pytest.mark.parametrize("way", [way for way, reason in OUT_OF_SIGHT.items() if not reason])
async def test_without_the_intent_posts_are_out_of_sight(blind: Place, way: Way) -> None:
    posted = await blind.ask(way, [song()])
    assert isinstance(posted, Message)
    await blind.silence(posted)
    assert not blind.is_offered(posted)


async def test_without_the_intent_what_mentions_the_bot_is_in_sight(blind: Place) -> None:
    channel = blind.channels[Listening.MENTION]
    shown = await blind.double.post_message(
        blind.bo, channel, f"for you, {blind.mention}", attachments=[song()]
    )
    await blind.reply(shown)
    question = await blind.double.post_message(blind.cy, channel, blind.mention, reply_to=shown)
    assert titles(await blind.reply(question)) == titled("song")
    assert titles(await blind.last_word(await blind.linked(shown))) == titled("song")


async def test_without_the_intent_a_mention_alone_gets_a_sentence(blind: Place) -> None:
    message = await blind.asked(Way.MENTION, [])
    assert message.content == texts.refusal(outcomes.NoAudio())
