"""File names that want to do harm are shown as they are, in every way in."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass

import pytest
import pytest_asyncio

from bot.presentation import answer_texts, texts
from bot.storage import Listening
from moodify_core.errors import UnsupportedFormat
from tests.bot.ways import Place, Way, bot_at, place, song, titles
from tests.discord_double import Channel, File, Message
from tests.discord_double.world import ATTACH_FILES, BOT_PERMISSIONS, EMBED_LINKS

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.long]

AT_ONCE = 5
NAMES = {
    "**bold** ~~no~~ ||spoiler|| _it_.mp3": "**bold** ~~no~~ ||spoiler|| it",
    "`code` ```block```.mp3": "'code' '''block'''",
    "@everyone @here.mp3": "@everyone @here",
    "<@{ann}> <@&1> <#2>.mp3": "<@{ann}> <@&1> <#2>",
    "[free](https:evil.example) discord.gg⧸x.mp3": "[free](https:evil.example) discord.gg⧸x",
    "# heading\u2028> quote.mp3": "# heading > quote",
    "two\nlines\r\n\tthree.mp3": "two lines three",
    "gnp.\u202e3pm\u2066.mp3": "gnp.3pm",
    "a\u200bb\u2060c\ufeff.mp3": "abc",
    "\u200b\u200e.mp3": "untitled",
    # 255 bytes.
    "ö." * 83 + "ö.mp3": "ö." * 39 + "ö…",
    "🎵👩\u200d🚒.mp3": "🎵👩\u200d🚒",
}
SEVERAL = [way for way in Way if way not in (Way.SLASH, Way.OWN)]


@dataclass(frozen=True)
class Hostile:
    """A place, a channel of it where the bot may only write, and names for files.

    Attributes
    ----------
    names : mapping of str to str
        To the titles that they are shown as.
    """

    place: Place
    bare: Channel
    names: Mapping[str, str]

    @property
    def batches(self) -> list[dict[str, str]]:
        """As many as the bot answers at once."""
        names = list(self.names.items())
        return [dict(names[n : n + AT_ONCE]) for n in range(0, len(names), AT_ONCE)]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def hostile(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Hostile]:
    """A place where one bot serves all tests."""
    async with place() as where:
        channel = where.channel(
            Listening.MENTION, bot_permissions=BOT_PERMISSIONS & ~(EMBED_LINKS | ATTACH_FILES)
        )
        names = {
            name.replace("{ann}", where.ann.id): title.replace("{ann}", where.ann.id)
            for name, title in NAMES.items()
        }
        async with bot_at(where, tmp_path_factory.mktemp("bot"), songs_per_message=AT_ONCE):
            yield Hostile(where, channel, names)


def check_harmless(message: Message) -> None:
    assert message.mentions == ()
    assert not message.pings_everyone
    assert all(each.filename.startswith("mood") for each in message.attachments)


@pytest.mark.parametrize("way", SEVERAL)
async def test_hostile_names_in_answers(hostile: Hostile, way: Way) -> None:
    for batch in hostile.batches:
        message = await hostile.place.asked(way, [song(name) for name in batch])
        assert titles(message) == [f"🎵 `{title}`" for title in batch.values()]
        assert message.content == ""
        check_harmless(message)


@pytest.mark.parametrize("way", [Way.SLASH, Way.OWN])
async def test_hostile_names_of_single_files(hostile: Hostile, way: Way) -> None:
    for name, title in hostile.names.items():
        message = await hostile.place.asked(way, [song(name)])
        assert titles(message) == [f"🎵 `{title}`"]
        check_harmless(message)


@pytest.mark.parametrize("way", [Way.MENTION, Way.REPLY, Way.MENU])
async def test_hostile_names_where_the_answer_is_a_text(hostile: Hostile, way: Way) -> None:
    for batch in hostile.batches:
        files = [song(name) for name in batch]
        message = await hostile.place.asked(way, files, channel=hostile.bare)
        lines = message.content.splitlines()
        assert [line for line in lines if line.startswith("`")] == [
            f"`{title}`" for title in batch.values()
        ]
        check_harmless(message)


@pytest.mark.parametrize("way", [way for way in SEVERAL if way is not Way.POST])
async def test_hostile_names_of_files_without_an_answer(hostile: Hostile, way: Way) -> None:
    reason = texts.analyser_error(UnsupportedFormat())
    for batch in hostile.batches:
        files = [File(name, b"just some text\n" * 200) for name in batch]
        message = await hostile.place.asked(way, files)
        shown = [f"`{title}`" for title in batch.values()]
        assert message.content == answer_texts.songs_refused(shown, reason)
        check_harmless(message)


async def test_hostile_names_in_the_menu_of_further_songs(hostile: Hostile) -> None:
    names = list(hostile.names.items())
    for further in (names[:5], names[5:10], names[10:]):
        files = [song() for _ in range(AT_ONCE)] + [song(name) for name, _ in further]
        message = await hostile.place.asked(Way.MENTION, files)
        menu = next(
            each
            for row in message.components
            for each in row["components"]
            if each["custom_id"].startswith("more:")
        )
        assert [option["label"] for option in menu["options"]] == [title for _, title in further]
        check_harmless(message)
