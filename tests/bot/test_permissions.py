"""What the bot does where it may not do everything: the fullest answer that it may give."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio

from bot import outcomes
from bot.commands.listening._cog import OFFER
from bot.presentation import answer_texts, texts
from bot.storage import Listening
from moodify_core.moods import MOODS
from tests.bot.ways import Place, Way, bot_at, place, song, titled, titles
from tests.discord_double import Channel, Message
from tests.discord_double.world import (
    ADD_REACTIONS,
    ATTACH_FILES,
    BOT_PERMISSIONS,
    EMBED_LINKS,
    READ_MESSAGE_HISTORY,
    SEND_MESSAGES,
    USE_APPLICATION_COMMANDS,
    VIEW_CHANNEL,
)

pytestmark = pytest.mark.asyncio(loop_scope="module")

LEAST = VIEW_CHANNEL | SEND_MESSAGES
MISSING = {
    "nothing": 0,
    "View Channel": VIEW_CHANNEL,
    "Send Messages": SEND_MESSAGES,
    "Embed Links": EMBED_LINKS,
    "Attach Files": ATTACH_FILES,
    "Embed Links and Attach Files": EMBED_LINKS | ATTACH_FILES,
    "Add Reactions": ADD_REACTIONS,
    "Read Message History": READ_MESSAGE_HISTORY,
    "Use Application Commands": USE_APPLICATION_COMMANDS,
    "all but seeing and sending": BOT_PERMISSIONS & ~LEAST,
    "all": BOT_PERMISSIONS,
}
CANNOT_SPEAK = {name: missing for name, missing in MISSING.items() if missing & LEAST}
CAN_SPEAK = {name: missing for name, missing in MISSING.items() if not missing & LEAST}
CANNOT_OFFER = LEAST | ADD_REACTIONS | READ_MESSAGE_HISTORY

every_set = pytest.mark.parametrize("missing", MISSING.values(), ids=MISSING)
where_it_speaks = pytest.mark.parametrize("missing", CAN_SPEAK.values(), ids=CAN_SPEAK)
where_it_is_mute = pytest.mark.parametrize("missing", CANNOT_SPEAK.values(), ids=CANNOT_SPEAK)

_channels: dict[tuple[Listening, int], Channel] = {}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def open_place(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Place]:
    """A place with a channel of each mode for each set of permissions that are missing."""
    async with place() as where:
        for missing in MISSING.values():
            for mode in Listening:
                _channels[mode, missing] = where.channel(
                    mode, bot_permissions=BOT_PERMISSIONS & ~missing
                )
        async with bot_at(where, tmp_path_factory.mktemp("bot")):
            yield where


@pytest.fixture
def here(open_place: Place) -> Iterator[Place]:
    """The place; the bot must not even try what it may not do."""
    before = len(open_place.double.requests)
    yield open_place
    requests = open_place.double.requests[before:]
    assert [request for request in requests if request[2] in (401, 403)] == []


def check_answer(message: Message, missing: int) -> None:
    """Check that an answer holds all that it may, and names what it may not."""
    embeds, files = not missing & EMBED_LINKS, not missing & ATTACH_FILES
    assert titles(message) == (titled("song") if embeds else [])
    assert [each.filename for each in message.attachments] == (["mood.png"] if files else [])
    match embeds, files:
        case True, True:
            assert message.content == ""
        case True, False:
            assert message.content == answer_texts.no_files()
            assert "Attach Files" in message.content
        case False, True:
            assert message.content.endswith(answer_texts.no_embeds())
            assert "Embed Links" in message.content
        case _:
            assert message.content.endswith(answer_texts.no_embeds_no_files())
            assert "Embed Links" in message.content
            assert "Attach Files" in message.content
    if not embeds:
        assert message.content.startswith("`song`\n")
        for mood in MOODS:
            assert f"{texts.mood_name(mood)} " in message.content


@every_set
@pytest.mark.parametrize("way", [Way.SLASH, Way.MENU])
async def test_a_command_is_answered(here: Place, way: Way, missing: int) -> None:
    channel = _channels[Listening.MENTION, missing]
    check_answer(await here.asked(way, [song()], channel=channel), missing)


@every_set
async def test_a_link_is_answered_where_the_message_can_be_read(here: Place, missing: int) -> None:
    channel = _channels[Listening.MENTION, missing]
    message = await here.asked(Way.LINK, [song()], channel=channel)
    if missing & (VIEW_CHANNEL | READ_MESSAGE_HISTORY):
        assert message.content == texts.refusal(outcomes.MessageOutOfSight())
    else:
        check_answer(message, missing)


@where_it_speaks
@pytest.mark.parametrize("way", [Way.MENTION, Way.REPLY, Way.POST])
async def test_a_message_is_answered(here: Place, way: Way, missing: int) -> None:
    mode = Listening.AUTOMATIC if way is Way.POST else Listening.MENTION
    asked = await here.ask(way, [song()], channel=_channels[mode, missing])
    assert isinstance(asked, Message)
    message = await here.reply(asked)
    check_answer(message, missing)
    # Discord takes no replies from who may not read what they reply to.
    shown_as_reply = message.reply_to is not None and message.reply_to.id == asked.id
    assert shown_as_reply is not bool(missing & READ_MESSAGE_HISTORY)


@where_it_is_mute
@pytest.mark.parametrize("way", [Way.MENTION, Way.REPLY])
async def test_who_asks_where_the_bot_may_not_speak_hears_so_in_private(
    here: Place, way: Way, missing: int
) -> None:
    before = len(here.direct_messages(here.cy))
    asked = await here.ask(way, [song()], channel=_channels[Listening.MENTION, missing])
    assert isinstance(asked, Message)
    # What it cannot see it knows nothing of.
    if not missing & VIEW_CHANNEL:
        assert await here.told(here.cy, asked) == texts.cannot_speak()
        assert "Send Messages" in texts.cannot_speak()
    await here.silence(asked)
    told = here.direct_messages(here.cy)[before:]
    assert len(told) == (not missing & VIEW_CHANNEL)


@where_it_is_mute
async def test_a_post_where_the_bot_may_not_speak_troubles_nobody(
    here: Place, missing: int
) -> None:
    before = here.direct_messages(here.bo)
    posted = await here.ask(Way.POST, [song()], channel=_channels[Listening.AUTOMATIC, missing])
    assert isinstance(posted, Message)
    await here.silence(posted)
    assert here.direct_messages(here.bo) == before


@every_set
async def test_a_song_is_offered_where_the_offer_can_be_kept(here: Place, missing: int) -> None:
    posted = await here.ask(Way.OFFER, [song()], channel=_channels[Listening.OFFER, missing])
    assert isinstance(posted, Message)
    if missing & CANNOT_OFFER:
        await here.silence(posted)
        assert not here.is_offered(posted)
        return
    await here.offered(posted)
    await here.double.react(here.cy, posted, OFFER)
    check_answer(await here.reply(posted), missing)


async def test_who_has_closed_their_direct_messages_is_left_alone(open_place: Place) -> None:
    here = open_place
    shy = here.double.add_user("Shy", accepts_dms=False)
    here.double.add_member(here.guild, shy)
    channel = _channels[Listening.MENTION, SEND_MESSAGES]
    asked = await here.double.post_message(shy, channel, here.mention, attachments=[song()])
    await here.bot.logged("not told that the bot may not speak")
    await here.silence(asked)
    assert here.direct_messages(shy) == []
