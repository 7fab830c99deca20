"""The buttons under an answer, the whole way: pressed by users, served by the bot's own process."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
import pytest_asyncio
import soundfile
from PIL import Image

from bot.outcomes import Cancelled
from bot.presentation import answer_texts, privacy_texts, texts
from bot.presentation.buttons import cancel_request_view
from tests.bot.process import PATIENCE, ROOT, BotProcess, is_answer, running_bot
from tests.bot.ways import left_behind
from tests.discord_double import Channel, DiscordDouble, Exchange, File, Guild, Message, User
from tests.discord_double.world import (
    ATTACH_FILES,
    BOT_PERMISSIONS,
    EMBED_LINKS,
    MEMBER_PERMISSIONS,
    VIEW_CHANNEL,
)

pytestmark = pytest.mark.asyncio(loop_scope="module")

SECONDS = 8
TUNES = sorted((ROOT / "examples").glob("*.mp3"))
TITLES = ("First light", "Dawn", "Moonlit", "Regret", "Secret", "Diary")
MANAGE_MESSAGES = 1 << 13
STRANGER = 999_999


def song(title: str) -> File:
    """Return some seconds of a tune: a different one for each title."""
    with soundfile.SoundFile(TUNES[TITLES.index(title)]) as tune:
        samples = tune.read(SECONDS * tune.samplerate, always_2d=True).mean(axis=1)
        file = io.BytesIO()
        soundfile.write(file, samples, tune.samplerate, format="WAV", subtype="PCM_16")
    return File(f"{title}.wav", file.getvalue())


@dataclass(frozen=True)
class Place:
    """Two servers with the same bot.

    Of the first: the owner Ann, the member Bo, a moderator, a channel that only the owner sees,
    and channels by what the bot may not do there.
    """

    double: DiscordDouble
    guild: Guild
    channel: Channel
    hidden: Channel
    elsewhere: Channel
    limited: Mapping[int, Channel]
    ann: User
    bo: User
    mod: User

    async def answer(
        self,
        file: File,
        *,
        user: User | None = None,
        channel: Channel | None = None,
        private: bool = False,
    ) -> Message:
        """Let a user ask for a song's moods, and return the answer."""
        exchange = await self.double.slash(
            "mood",
            user=user or self.bo,
            channel=channel or self.channel,
            options={"file": file, "private": private},
        )
        return await exchange.final(PATIENCE, when=lambda message: message.embeds)

    async def press(self, message: Message, label: str, *, user: User | None = None) -> Exchange:
        return await self.double.click(user or self.bo, message, label)

    async def sentence(self, exchange: Exchange) -> str:
        """Return the sentence that only who clicked sees."""
        message = await exchange.final(PATIENCE, when=is_answer)
        assert message.ephemeral
        assert message.components == ()
        return message.content


@asynccontextmanager
async def place() -> AsyncIterator[Place]:
    async with DiscordDouble() as double:
        ann, bo, mod = (double.add_user(name) for name in ("Ann", "Bo", "Mod"))
        guild = double.add_guild("Music", owner=ann, members=[bo])
        double.add_member(guild, mod, permissions=MEMBER_PERMISSIONS | MANAGE_MESSAGES)
        other = double.add_guild("Elsewhere", owner=ann, members=[bo])
        yield Place(
            double,
            guild,
            double.add_channel(guild, "songs"),
            double.add_channel(guild, "hidden", bot_permissions=BOT_PERMISSIONS & ~VIEW_CHANNEL),
            double.add_channel(other, "songs"),
            {
                denied: double.add_channel(
                    guild, "limited", bot_permissions=BOT_PERMISSIONS & ~denied
                )
                for denied in (ATTACH_FILES, EMBED_LINKS, ATTACH_FILES | EMBED_LINKS)
            },
            *(ann, bo, mod),
        )
        assert double.violations == []
        assert double.api.own_errors == []


@asynccontextmanager
async def bot_at(where: Place, folder: Path) -> AsyncIterator[BotProcess]:
    async with running_bot(where.double, folder) as bot:
        await where.double.wait_command("mood", PATIENCE)
        yield bot


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def here(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Place]:
    """A place where one bot, started anew after its first answers, serves all tests."""
    folder = tmp_path_factory.mktemp("bot")
    async with place() as where:
        async with bot_at(where, folder):
            await where.answer(song("First light"))
        async with bot_at(where, folder):
            yield where


def labels(message: Message) -> list[str]:
    return [button["label"] for row in message.components for button in row["components"]]


def menu_of(message: Message) -> dict[str, str]:
    """Return the songs of a menu: what they are called, and their values."""
    (menu,) = (
        part for row in message.components for part in row["components"] if part["type"] == 3
    )
    return {option["label"]: option["value"] for option in menu["options"]}


def menu_id(message: Message) -> str:
    return str(message.components[0]["components"][0]["custom_id"])


async def test_the_buttons_of_an_answer(here: Place) -> None:
    answer = await here.answer(song("Moonlit"))
    assert labels(answer) == [
        texts.film_button(),
        answer_texts.details_button(),
        answer_texts.compare_button(),
        privacy_texts.opinion_button(),
        answer_texts.delete_button(),
    ]


async def test_details_are_shown_to_who_asks_for_them(here: Place) -> None:
    answer = await here.answer(song("Moonlit"))
    exchange = await here.press(answer, answer_texts.details_button(), user=here.ann)
    message = await exchange.final(PATIENCE, when=is_answer)
    assert message.ephemeral
    assert message.content.startswith("🎵 `Moonlit` · 0:08")
    assert "0:00 " in message.content
    assert exchange.deferred_after is not None
    assert exchange.deferred_after < 3


async def test_details_after_a_restart(tmp_path: Path) -> None:
    async with place() as where:
        async with bot_at(where, tmp_path):
            answer = await where.answer(song("Moonlit"))
        async with bot_at(where, tmp_path):
            exchange = await where.press(answer, answer_texts.details_button())
            assert "`Moonlit`" in (await exchange.final(PATIENCE, when=is_answer)).content
            await where.press(answer, answer_texts.delete_button())
            await where.double.changes.wait_for(
                lambda: answer.id not in where.double.world.messages or None, "deletion", PATIENCE
            )


async def test_two_songs_are_compared_in_one_picture(here: Place) -> None:
    await here.answer(song("Dawn"), user=here.ann)
    answer = await here.answer(song("Moonlit"))
    exchange = await here.press(answer, answer_texts.compare_button())
    choice = await exchange.final(PATIENCE, when=is_answer)
    assert choice.ephemeral
    offered = menu_of(choice)
    assert "Dawn" in offered
    assert "First light" in offered
    assert "Moonlit" not in offered
    compared = await here.double.select(here.bo, choice, menu_id(choice), [offered["Dawn"]])
    message = await compared.final(PATIENCE, when=lambda message: message.attachments)
    assert message.ephemeral
    assert "`Moonlit`" in message.content
    assert "`Dawn`" in message.content
    picture = message.attachment("comparison.png")
    assert "Dawn" in (picture.description or "")
    with Image.open(io.BytesIO(picture.data)) as image:
        image.load()
        assert image.format == "PNG"
    # Another can be chosen at once.
    again = await here.double.select(
        here.bo, message, menu_id(message), [menu_of(message)["First light"]]
    )
    assert (
        "`First light`"
        in (
            await again.final(PATIENCE, when=lambda message: "First light" in message.content)
        ).content
    )


async def test_a_song_to_compare_with_is_found_by_its_name(here: Place) -> None:
    await here.answer(song("Dawn"), user=here.ann)
    answer = await here.answer(song("Moonlit"))
    choice = await (await here.press(answer, answer_texts.compare_button())).final(
        PATIENCE, when=is_answer
    )

    async def search(part: str) -> Message:
        opened = await here.press(choice, answer_texts.search_button())
        await opened.responded()
        return await (await here.double.submit_modal(opened, {"part": part})).final(
            PATIENCE, when=is_answer
        )

    assert list(menu_of(await search("DAW"))) == ["Dawn"]
    nothing = await search("no such song")
    assert nothing.content == answer_texts.nothing_found()
    assert "Dawn" in menu_of(nothing)


async def test_who_asked_can_delete_the_answer_and_its_record(here: Place) -> None:
    answer = await here.answer(song("Regret"))
    details = await here.press(answer, answer_texts.details_button())
    assert "`Regret`" in (await details.final(PATIENCE, when=is_answer)).content
    await here.press(answer, answer_texts.delete_button())
    await gone(here, answer)
    # As if somebody still saw it. The record goes after the message.
    here.double.world.save(answer)
    async with asyncio.timeout(PATIENCE):
        while True:
            details = await here.press(answer, answer_texts.details_button())
            if (await details.final(PATIENCE)).content == answer_texts.record_gone():
                break


async def gone(where: Place, message: Message) -> None:
    world = where.double.world
    await where.double.changes.wait_for(
        lambda: message.id not in world.messages or None, "a deletion", PATIENCE
    )


async def test_a_moderator_can_delete_an_answer_and_others_cannot(here: Place) -> None:
    answer = await here.answer(song("Moonlit"), user=here.ann)
    refused = await here.press(answer, answer_texts.delete_button(), user=here.bo)
    assert await here.sentence(refused) == answer_texts.not_yours_to_delete()
    assert answer.id in here.double.world.messages
    await here.press(answer, answer_texts.delete_button(), user=here.mod)
    await gone(here, answer)


async def test_a_private_answer_can_be_deleted(here: Place) -> None:
    answer = await here.answer(song("Moonlit"), private=True)
    await here.press(answer, answer_texts.delete_button())
    await gone(here, answer)


async def test_an_answer_that_discord_does_not_delete_stays_with_its_record(here: Place) -> None:
    answer = await here.answer(song("Moonlit"))
    here.double.fail("DELETE", "/webhooks/*/messages/@original", status=403)
    exchange = await here.press(answer, answer_texts.delete_button())
    told = await exchange.followup(within=PATIENCE)
    assert told.ephemeral
    assert told.content == answer_texts.not_deleted()
    details = await here.press(answer, answer_texts.details_button())
    assert "`Moonlit`" in (await details.final(PATIENCE, when=is_answer)).content


def forged(where: Place, answer: Message, channel: Channel | None = None) -> Message:
    """Put the buttons of an answer under another message of the bot."""
    return left_behind(where.double, channel or answer.channel, answer.components)


async def test_records_of_another_server_are_not_opened(here: Place) -> None:
    answer = await here.answer(song("Secret"))
    copy = forged(here, answer, here.elsewhere)
    for label in (answer_texts.details_button(), answer_texts.compare_button()):
        exchange = await here.press(copy, label)
        assert await here.sentence(exchange) == answer_texts.record_gone()


async def test_songs_of_another_server_are_not_offered(here: Place) -> None:
    await here.answer(song("Secret"))
    answer = await here.answer(song("Regret"), channel=here.elsewhere)
    exchange = await here.press(answer, answer_texts.compare_button())
    assert await here.sentence(exchange) == answer_texts.nothing_to_compare_with()


async def test_a_private_answer_is_opened_by_nobody_else(here: Place) -> None:
    answer = await here.answer(song("Diary"), private=True)
    details = await here.press(answer, answer_texts.details_button())
    assert "`Diary`" in (await details.final(PATIENCE, when=is_answer)).content
    copy = forged(here, answer)
    exchange = await here.press(copy, answer_texts.details_button(), user=here.ann)
    assert await here.sentence(exchange) == answer_texts.record_gone()
    public = await here.answer(song("Moonlit"))
    choice = await (await here.press(public, answer_texts.compare_button())).final(
        PATIENCE, when=is_answer
    )
    assert "Diary" not in menu_of(choice)


async def test_a_record_that_never_was_is_not_found(here: Place) -> None:
    answer = await here.answer(song("Moonlit"))
    row = answer.components[0]
    parts = [
        part | {"custom_id": f"details:{STRANGER}"}
        if part["label"] == answer_texts.details_button()
        else part
        for part in row["components"]
    ]
    copy = here.double.world.save(replace(answer, components=(row | {"components": parts},)))
    exchange = await here.press(copy, answer_texts.details_button())
    assert await here.sentence(exchange) == answer_texts.record_gone()


@pytest.mark.parametrize("status", [500, 502, 503])
async def test_a_fault_of_discord_at_a_click_leaves_nothing_hanging(
    here: Place, status: int
) -> None:
    answer = await here.answer(song("Moonlit"))
    here.double.fail("POST", "/interactions/*/*/callback", status=status)
    here.double.fail("PATCH", "/webhooks/*/messages/@original", status=status)
    exchange = await here.press(answer, answer_texts.details_button())
    assert "`Moonlit`" in (await exchange.final(PATIENCE, when=is_answer)).content


async def test_what_is_not_under_way_cannot_be_cancelled(here: Place) -> None:
    view = cancel_request_view(1234567890, int(here.bo.id))
    downloading = texts.progress_downloading()
    left = left_behind(here.double, here.channel, view.to_components(), downloading)
    refused = await here.press(left, texts.cancel_button(), user=here.mod)
    assert await here.sentence(refused) == answer_texts.not_under_way()
    exchange = await here.press(left, texts.cancel_button())
    assert await here.sentence(exchange) == answer_texts.not_under_way()
    stranger = here.double.add_user("Cy")
    here.double.add_member(here.guild, stranger)
    exchange = await here.press(left, texts.cancel_button(), user=stranger)
    assert await here.sentence(exchange) == answer_texts.not_yours_to_cancel()


async def test_songs_of_a_channel_are_offered_to_who_sees_it(here: Place) -> None:
    await here.answer(song("Secret"), user=here.ann, channel=here.hidden)
    answer = await here.answer(song("Moonlit"))
    for user, offered in ((here.ann, True), (here.bo, False)):
        exchange = await here.press(answer, answer_texts.compare_button(), user=user)
        assert ("Secret" in menu_of(await exchange.final(PATIENCE))) == offered


@pytest.mark.parametrize(
    ("denied", "notice", "embeds", "files"),
    [
        (ATTACH_FILES, answer_texts.no_files(), 1, 0),
        (EMBED_LINKS, answer_texts.no_embeds(), 0, 1),
        (ATTACH_FILES | EMBED_LINKS, answer_texts.no_embeds_no_files(), 0, 0),
    ],
    ids=["files", "embeds", "both"],
)
async def test_where_the_bot_may_not_show_all_it_shows_what_it_may(
    here: Place, denied: int, notice: str, embeds: int, files: int
) -> None:
    exchange = await here.double.slash(
        "mood",
        user=here.bo,
        channel=here.limited[denied],
        options={"file": song("Moonlit")},
    )
    message = await exchange.final(PATIENCE, when=lambda message: notice in message.content)
    assert (len(message.embeds), len(message.attachments)) == (embeds, files)
    details = await here.press(message, answer_texts.details_button())
    assert "`Moonlit`" in (await details.final(PATIENCE)).content


async def test_who_asked_can_cancel_what_is_under_way(here: Place) -> None:
    here.double.fail_download("Dawn.wav", stall_after=1000)
    exchange = await here.double.slash(
        "mood", user=here.bo, channel=here.channel, options={"file": song("Dawn")}
    )
    under_way = await exchange.final(PATIENCE, when=lambda message: message.components)
    stranger = here.double.add_user("Di")
    here.double.add_member(here.guild, stranger)
    refused = await here.press(under_way, texts.cancel_button(), user=stranger)
    assert await here.sentence(refused) == answer_texts.not_yours_to_cancel()
    await here.press(under_way, texts.cancel_button())
    message = await exchange.final(PATIENCE, when=lambda message: not message.components)
    assert message.content == texts.refusal(Cancelled())
