"""What the bot does about what people post, and what servers have set against who asks."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from dataclasses import dataclass, replace

import discord
import pytest
import pytest_asyncio

from bot import outcomes
from bot.commands.listening._cog import OFFER
from bot.presentation import answer_texts, texts
from bot.presentation.language import speaking
from bot.presentation.more_songs import MoreSongs
from bot.requests import Song
from bot.storage import Listening
from tests.bot.process import PATIENCE, is_answer
from tests.bot.ways import (
    SONGS_PER_MESSAGE,
    Place,
    Way,
    bot_at,
    left_behind,
    place,
    song,
    stored,
    titled,
    titles,
    tune,
)
from tests.discord_double import Channel, Exchange, File, Guild, Message, Role, User

pytestmark = pytest.mark.asyncio(loop_scope="module")

COOLDOWN = 100
SEVERAL = sorted(set(Way) - {Way.SLASH, Way.OWN})
"""Ways in which several songs can be asked for at once."""


@dataclass(frozen=True)
class Club:
    """A server that speaks German, where only Ann and Bo may ask."""

    guild: Guild
    channel: Channel
    stage: Channel
    role_id: str


@dataclass(frozen=True)
class Scene:
    """The place, two servers more, and channels that not everybody sees."""

    place: Place
    club: Club
    patient: Guild
    slow: Channel
    backstage: Channel
    late: Channel
    own_role: Role


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def scene(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Scene]:
    """A scene where one bot serves all tests."""
    folder = tmp_path_factory.mktemp("bot")
    async with place() as where:
        double = where.double
        guild = double.add_guild("Club", owner=where.ann, members=(where.cy,))
        role = double.add_role(guild, "DJ")
        double.add_member(guild, where.bo, roles=(role,))
        patient = double.add_guild("Patient", owner=where.ann)
        backstage = double.add_channel(where.guild, "backstage", seen_by=(where.ann, where.bo))
        stage = Scene(
            where,
            Club(
                guild,
                double.add_channel(guild, "club"),
                double.add_channel(guild, "stage"),
                role.id,
            ),
            patient,
            double.add_channel(patient, "slow"),
            backstage,
            where.channel(Listening.OFFER),
            double.add_role(where.guild, "Moodify", of_bot=True),
        )
        async with stored(folder) as storage:
            await storage.settings.save(
                int(guild.id),
                listening=Listening.OFFER,
                role_id=int(role.id),
                language="de",
                welcomed=True,
            )
            await storage.settings.set_channel(
                int(guild.id), int(stage.club.stage.id), Listening.AUTOMATIC
            )
            await storage.settings.save(
                int(patient.id), listening=Listening.MENTION, cooldown=COOLDOWN, welcomed=True
            )
        async with bot_at(where, folder):
            yield stage


@pytest.fixture
def here(scene: Scene) -> Place:
    return scene.place


def slow(here: Place, seed: int) -> File:
    """Return a song whose download takes some seconds."""
    file = tune(seed, name=f"slow{seed}.wav")
    here.double.fail_download(file.name, bytes_per_second=10_000)
    return file


async def posted(here: Place, mode: Listening, *files: File, author: User | None = None) -> Message:
    return await here.double.post_message(
        author or here.bo, here.channels[mode], "listen", attachments=files
    )


# What is left alone


@pytest.mark.parametrize("mode", [Listening.AUTOMATIC, Listening.OFFER])
@pytest.mark.parametrize("who", ["another bot", "a webhook", "the bot itself"])
async def test_bots_are_left_alone(here: Place, mode: Listening, who: str) -> None:
    double = here.double
    author = double.world.bot if who == "the bot itself" else double.add_user(who, bot=True)
    if who != "a webhook":
        double.add_member(here.guild, author)
    for text in ("", here.mention):
        message = await double.post_message(
            author,
            here.channels[mode],
            text,
            attachments=[song()],
            webhook=who == "a webhook",
        )
        await here.silence(message)
        assert not here.is_offered(message)


@pytest.mark.parametrize("mode", [Listening.AUTOMATIC, Listening.OFFER])
async def test_voice_messages_are_left_alone(here: Place, mode: Listening) -> None:
    voice = song("voice-message.mp3")
    message = await here.double.post_message(
        here.bo, here.channels[mode], attachments=[voice], voice=True
    )
    await here.silence(message)
    assert not here.is_offered(message)


async def test_a_voice_message_is_answered_when_it_is_asked_for(here: Place) -> None:
    message = await here.double.post_message(
        here.bo, here.channels[Listening.AUTOMATIC], attachments=[tune(1)], voice=True
    )
    exchange = await here.double.message_command("Analyze mood", user=here.cy, message=message)
    assert titles(await here.last_word(exchange)) == titled("tune.wav")


@pytest.mark.parametrize("mode", [Listening.AUTOMATIC, Listening.OFFER])
async def test_films_are_left_alone(here: Place, mode: Listening) -> None:
    message = await posted(here, mode, song("holiday.mp4"))
    await here.silence(message)
    assert not here.is_offered(message)


async def test_a_short_clip_is_left_alone(here: Place) -> None:
    message = await posted(here, Listening.AUTOMATIC, tune(2))
    await here.silence(message, tried=True)


@pytest.mark.parametrize(
    "other", [tune(2), File("no.mp3", b"no song\n" * 200)], ids=["clip", "text"]
)
async def test_of_several_files_only_songs_are_spoken_of(here: Place, other: File) -> None:
    answer = await here.reply(await posted(here, Listening.AUTOMATIC, other, song()))
    assert titles(answer) == titled("song")
    assert answer.content == ""


async def test_a_reply_to_an_answer_is_left_alone(here: Place) -> None:
    channel = here.channels[Listening.AUTOMATIC]
    answer = await here.reply(await posted(here, Listening.AUTOMATIC, song()))
    # The client of who replies mentions the bot by itself.
    thanks = await here.double.post_message(here.bo, channel, "I like it", reply_to=answer)
    assert here.double.world.bot in thanks.mentions
    await here.silence(thanks)


@pytest.mark.parametrize("mode", [Listening.MENTION, Listening.OFF])
async def test_songs_are_left_alone_where_the_server_wants_it(here: Place, mode: Listening) -> None:
    message = await posted(here, mode, song())
    await here.silence(message)
    assert not here.is_offered(message)


async def test_a_mention_is_left_alone_where_the_server_wants_no_answers(here: Place) -> None:
    channel = here.channels[Listening.OFF]
    message = await here.double.post_message(here.cy, channel, here.mention, attachments=[tune(3)])
    await here.silence(message)
    assert titles(await here.asked(Way.MENU, [tune(3)], channel=channel)) == titled("tune.wav")


async def test_who_mentions_the_role_of_the_bot_means_the_bot(scene: Scene) -> None:
    here, mention = scene.place, f"<@&{scene.own_role.id}>"
    message = await here.double.post_message(
        here.cy, here.channels[Listening.MENTION], mention, attachments=[tune(3)]
    )
    assert titles(await here.reply(message)) == titled("tune.wav")


# One reply


@pytest.mark.parametrize("mode", [Listening.AUTOMATIC, Listening.OFFER])
async def test_a_mention_with_a_song_is_answered_once(here: Place, mode: Listening) -> None:
    message = await here.double.post_message(
        here.cy, here.channels[mode], f"{here.mention} and?", attachments=[song()]
    )
    assert titles(await here.reply(message)) == titled("song")
    await here.settled()
    assert len(here.replies(message)) == 1
    assert not here.is_offered(message)


async def test_songs_of_one_post_are_answered_in_one_reply(here: Place) -> None:
    message = await posted(here, Listening.AUTOMATIC, song("a.mp3"), song("b.mp3"))
    answer = await here.reply(message)
    assert titles(answer) == titled("a", "b")
    assert answer.reply_to is not None
    assert answer.reply_to.id == message.id
    await here.settled()
    assert len(here.replies(message)) == 1


@pytest.mark.parametrize("way", SEVERAL)
async def test_what_is_too_much_for_one_reply_can_be_chosen(here: Place, way: Way) -> None:
    names = [f"part {number}.mp3" for number in range(SONGS_PER_MESSAGE + 2)]
    answer = await here.asked(way, [song(name) for name in names])
    assert titles(answer) == titled(*names[:SONGS_PER_MESSAGE])
    menu = answer.component(_menu_id(answer))
    assert menu["placeholder"] == texts.more_songs()
    assert [option["label"] for option in menu["options"]] == ["part 3", "part 4"]
    exchange = await here.double.select(
        here.ann, answer, menu["custom_id"], [menu["options"][1]["value"]]
    )
    more = await here.last_word(exchange)
    assert titles(more) == titled("part 4")
    assert not more.ephemeral


async def test_more_songs_of_a_private_answer_are_private(here: Place) -> None:
    message = await posted(
        here, Listening.MENTION, *(song(f"{each}.mp3") for each in range(SONGS_PER_MESSAGE + 1))
    )
    answer = await here.last_word(await here.linked(message, private=True))
    assert answer.ephemeral
    menu = answer.component(_menu_id(answer))
    exchange = await here.double.select(
        here.cy, answer, menu["custom_id"], [menu["options"][0]["value"]]
    )
    assert (await here.last_word(exchange)).ephemeral


async def test_a_menu_of_songs_that_are_forgotten_says_what_to_do(here: Place) -> None:
    view = discord.ui.View().add_item(MoreSongs(1, [Song(1234567890, "song.mp3", "", 1)]))
    left = left_behind(here.double, here.channels[Listening.AUTOMATIC], view.to_components())
    exchange = await here.double.select(here.cy, left, "more:1", ["1234567890"])
    answer = await here.last_word(exchange)
    assert answer.content == texts.refusal(outcomes.MoreForgotten())
    assert answer.ephemeral


def _menu_id(message: Message) -> str:
    (key,) = (
        each["custom_id"]
        for row in message.components
        for each in row["components"]
        if each.get("custom_id", "").startswith("more:")
    )
    return str(key)


# Offers


async def test_an_offer_is_answered_once_however_many_click(here: Place) -> None:
    message = await posted(here, Listening.OFFER, tune(4))
    await here.offered(message)
    for user in (here.cy, here.bo):
        await here.double.react(user, message, OFFER)
    assert titles(await here.reply(message)) == titled("tune.wav")
    await here.double.react(here.ann, message, OFFER)
    await here.settled()
    assert len(here.replies(message)) == 1
    assert not here.is_offered(message)


async def test_other_reactions_and_bots_take_up_nothing(here: Place) -> None:
    message = await posted(here, Listening.OFFER, tune(5))
    await here.offered(message)
    robot = here.double.add_user("Robot", bot=True)
    here.double.add_member(here.guild, robot)
    await here.double.react(here.cy, message, "🔥")
    await here.double.react(robot, message, OFFER)
    await here.silence(message)
    assert here.is_offered(message)


async def test_a_song_that_was_not_offered_cannot_be_taken_up(here: Place) -> None:
    message = await posted(here, Listening.MENTION, tune(5))
    await here.double.react(here.cy, message, OFFER)
    await here.silence(message)


async def test_an_offer_ends_when_the_server_wants_no_answers_any_more(scene: Scene) -> None:
    here, double, channel = scene.place, scene.place.double, scene.late
    message = await double.post_message(here.bo, channel, attachments=[tune(6)])
    await here.offered(message)
    exchange = await double.slash("settings", user=here.ann, channel=channel)
    panel = await exchange.final(PATIENCE, when=is_answer)
    exchange = await double.click(here.ann, panel, "settings:show:channels")
    panel = await exchange.final(PATIENCE)
    exchange = await double.select(here.ann, panel, "settings:channel", [channel.id])
    panel = await exchange.final(PATIENCE)
    exchange = await double.select(here.ann, panel, f"settings:channel-mode:{channel.id}", ["off"])
    await exchange.final(PATIENCE)
    await double.react(here.cy, message, OFFER)
    await here.silence(message)


# What is taken back


async def test_a_song_whose_message_is_deleted_is_forgotten_unheard(here: Place) -> None:
    message = await posted(here, Listening.AUTOMATIC, slow(here, 10))
    await here.logged(message, "job accepted")
    await here.double.delete_message(message)
    await here.silence(message, tried=True)


@pytest.mark.parametrize("gone", ["the question", "the song"])
@pytest.mark.parametrize("at_once", [False, True])
async def test_an_answer_under_way_is_withdrawn_with_its_message(
    here: Place, gone: str, at_once: bool
) -> None:
    channel = here.channels[Listening.MENTION]
    file = slow(here, 11 + at_once + 2 * (gone == "the song"))
    shown = await posted(here, Listening.MENTION, file)
    question = await here.double.post_message(here.cy, channel, here.mention, reply_to=shown)
    await here.double.wait_message(channel, PATIENCE, after=question)
    victim = question if gone == "the question" else shown
    if at_once:
        await here.double.purge([victim])
    else:
        await here.double.delete_message(victim)
    await here.silence(question, tried=True)


async def test_who_asked_by_a_command_is_told_that_the_song_is_gone(here: Place) -> None:
    shown = await posted(here, Listening.MENTION, slow(here, 15))
    exchange = await here.double.message_command("Analyze mood", user=here.cy, message=shown)
    await exchange.final(PATIENCE)
    await here.double.delete_message(shown)
    assert (await here.last_word(exchange)).content == texts.refusal(outcomes.PostDeleted())


@pytest.mark.parametrize("gone", [False, True])
async def test_what_is_remembered_goes_with_the_message(here: Place, gone: bool) -> None:
    file = tune(20 + gone)
    message = await here.double.post_message(
        here.cy, here.channels[Listening.MENTION], here.mention, attachments=[file]
    )
    await here.reply(message)
    assert _records_of(here, message) == 1
    if gone:
        await here.double.delete_message(message)
        async with asyncio.timeout(PATIENCE):
            while _records_of(here, message):  # noqa: ASYNC110 - another process writes
                await asyncio.sleep(0.05)
    again = await here.asked(Way.SLASH, [file])
    notes = [each["value"] for each in again.embeds[0]["fields"]]
    assert any(answer_texts.repeated() in each for each in notes) is not gone


def _records_of(here: Place, message: Message) -> int:
    query = "SELECT count(*) FROM records WHERE post_message_id = ?"
    with closing(sqlite3.connect(here.bot.data / "moodify.db")) as database:
        (count,) = database.execute(query, (int(message.id),)).fetchone()
    return int(count)


# Cancel


@pytest.mark.parametrize("way", [Way.SLASH, Way.MENTION, Way.REPLY, Way.DIRECT])
async def test_who_asked_can_cancel(here: Place, way: Way) -> None:
    asked = await here.ask(way, [slow(here, 30 + list(Way).index(way))])
    await _press_cancel(here, asked, here.cy)
    assert await _last_word(here, asked) == texts.refusal(outcomes.Cancelled())


@pytest.mark.parametrize("way", [Way.SLASH, Way.REPLY])
async def test_moderators_can_cancel_and_others_cannot(here: Place, way: Way) -> None:
    asked = await here.ask(way, [slow(here, 40 + list(Way).index(way))])
    refused = await _press_cancel(here, asked, here.bo)
    message = await refused.final(PATIENCE, when=is_answer)
    assert message.ephemeral
    assert message.content == answer_texts.not_yours_to_cancel()
    await _press_cancel(here, asked, here.mod)
    assert await _last_word(here, asked) == texts.refusal(outcomes.Cancelled())


async def _press_cancel(here: Place, asked: Exchange | Message, user: User) -> Exchange:
    if isinstance(asked, Exchange):
        progress = await asked.final(PATIENCE)
    else:
        progress = await here.double.wait_message(asked.channel, PATIENCE, after=asked)
    return await here.double.click(user, progress, texts.cancel_button())


async def _last_word(here: Place, asked: Exchange | Message) -> str:
    if isinstance(asked, Exchange):
        return (await here.last_word(asked)).content
    return (await here.reply(asked)).content


# What servers have set against who asks


@pytest.mark.parametrize("way", [Way.SLASH, Way.LINK, Way.MENU, Way.MENTION, Way.REPLY])
async def test_who_lacks_the_role_is_told_which_one(scene: Scene, way: Way) -> None:
    club = scene.club
    message = await scene.place.asked(way, [tune(50)], channel=club.channel)
    with speaking("de"):
        assert message.content == texts.refusal(outcomes.RoleNeeded(int(club.role_id)))
    assert message.ephemeral == (way in (Way.SLASH, Way.LINK, Way.MENU))
    assert message.mentions == ()


async def test_an_offer_waits_for_somebody_who_has_the_role(scene: Scene) -> None:
    here, club = scene.place, scene.club
    message = await here.double.post_message(here.cy, club.channel, attachments=[tune(51)])
    await here.offered(message)
    await here.double.react(here.cy, message, OFFER)
    with speaking("de"):
        told = texts.refusal(outcomes.RoleNeeded(int(club.role_id)))
    assert await here.told(here.cy, message) == told
    await here.silence(message)
    assert here.is_offered(message)
    await here.double.react(here.bo, message, OFFER)
    assert titles(await here.reply(message)) == titled("tune.wav")


async def test_a_song_of_somebody_without_the_role_is_not_answered_by_itself(scene: Scene) -> None:
    here, stage = scene.place, scene.club.stage
    await here.silence(await here.double.post_message(here.cy, stage, attachments=[song()]))
    answer = await here.reply(await here.double.post_message(here.bo, stage, attachments=[song()]))
    assert titles(answer) == titled("song")


async def test_who_has_the_role_or_runs_the_server_may_ask(scene: Scene) -> None:
    here = scene.place
    for user in (here.ann, here.bo):
        exchange = await here.double.slash(
            "mood", user=user, channel=scene.club.channel, options={"file": tune(52)}
        )
        message = await here.last_word(exchange)
        assert titles(message) == titled("tune.wav")
        with speaking("de"):
            assert message.embeds[0]["fields"][0]["name"] == texts.length()


@pytest.mark.parametrize("way", [Way.SLASH, Way.LINK, Way.MENU, Way.MENTION, Way.REPLY])
async def test_who_asks_again_at_once_is_told_to_wait(scene: Scene, way: Way) -> None:
    here = newcomer(scene)
    channel = scene.slow
    assert titles(await here.asked(way, [tune(53)], channel=channel)) == titled("tune.wav")
    message = await here.asked(way, [tune(53)], channel=channel)
    waits = [texts.refusal(outcomes.CoolingDown(left)) for left in range(1, COOLDOWN + 1)]
    assert message.content in waits
    assert message.ephemeral == (way in (Way.SLASH, Way.LINK, Way.MENU))


@pytest.mark.parametrize("way", [Way.SLASH, Way.MENU, Way.MENTION, Way.REPLY])
async def test_a_mistake_costs_no_wait(scene: Scene, way: Way) -> None:
    here = newcomer(scene)
    assert (await here.asked(way, [], channel=scene.slow)).embeds == ()
    assert titles(await here.asked(way, [tune(53)], channel=scene.slow)) == titled("tune.wav")


def newcomer(scene: Scene) -> Place:
    """Return the place with somebody in Cy's place who has never asked."""
    user = scene.place.double.add_user("New")
    for guild in (scene.place.guild, scene.patient):
        scene.place.double.add_member(guild, user)
    scene.place.double.add_member(scene.patient, scene.place.bo)
    return replace(scene.place, cy=user)


# Links


@pytest.mark.parametrize(
    "link",
    [
        "https://open.spotify.com/track/4uLU6hMCjMI75M1A2tKUQC",
        "https://spotify.link/abc",
        "spotify:track:4uLU6hMCjMI75M1A2tKUQC",
        "https://www.youtube.com/watch?v=dQw4w9WgXcQ",
        "HTTPS://MUSIC.YOUTUBE.COM/watch?v=dQw4w9WgXcQ",
        "youtu.be/dQw4w9WgXcQ",
        "<https://soundcloud.com/forss/flickermood>",
        "https://music.apple.com/de/album/1",
        "https://artist.bandcamp.com/track/one",
        "https://www.deezer.com/track/1",
        "https://tidal.com/browse/track/1",
        "https://music.amazon.co.uk/albums/B0",
    ],
)
async def test_streaming_sites_get_a_sentence_why_not(here: Place, link: str) -> None:
    message = await _linked(here, link)
    assert message.content == texts.refusal(outcomes.StreamingLink())
    assert message.ephemeral


@pytest.mark.parametrize(
    "link",
    [
        "https://example.com/song.mp3",
        "https://notspotify.com/track/1",
        "https://discord.com.example.org/channels/123456789012345678/123456789012345678/1",
        "https://discord.com/channels/@me/123456789012345678/123456789012345678",
        "https://discord.gg/abcdef",
        "the one that Bo posted",
        "http://[",
        "javascript:alert(1)",
    ],
)
async def test_other_links_get_a_sentence_what_to_give(here: Place, link: str) -> None:
    message = await _linked(here, link)
    assert message.content == texts.refusal(outcomes.NotAMessageLink())
    assert message.ephemeral


async def test_a_link_to_another_server_leads_nowhere(scene: Scene) -> None:
    here = scene.place
    shown = await here.double.post_message(here.bo, scene.club.channel, attachments=[tune(60)])
    message = await _linked(here, _link(shown))
    assert message.content == texts.refusal(outcomes.NotAMessageLink())


async def test_a_link_to_what_somebody_cannot_see_leads_nowhere(scene: Scene) -> None:
    here = scene.place
    shown = await here.double.post_message(here.bo, scene.backstage, attachments=[tune(60)])
    message = await _linked(here, _link(shown))
    assert message.content == texts.refusal(outcomes.MessageOutOfSight())
    assert titles(await _linked(here, _link(shown), user=here.bo)) == titled("tune.wav")


async def test_a_link_to_what_is_gone_leads_nowhere(here: Place) -> None:
    shown = await posted(here, Listening.MENTION, tune(60))
    await here.double.delete_message(shown)
    message = await _linked(here, _link(shown))
    assert message.content == texts.refusal(outcomes.MessageOutOfSight())


async def test_a_link_where_only_the_person_has_the_bot_leads_nowhere(here: Place) -> None:
    shown = await here.double.post_message(here.bo, here.elsewhere, attachments=[tune(60)])
    exchange = await here.double.slash(
        "mood",
        user=here.cy,
        channel=here.elsewhere,
        options={"link": _link(shown)},
        user_installed=True,
    )
    message = await here.last_word(exchange)
    assert message.content == texts.refusal(outcomes.MessageOutOfSight())


@pytest.mark.parametrize("form", ["<{}>", " {} ", "{}/"])
async def test_links_may_be_written_in_other_ways(here: Place, form: str) -> None:
    shown = await posted(here, Listening.MENTION, tune(61))
    for host in ("discord.com", "ptb.discord.com", "canary.discord.com", "discordapp.com"):
        link = form.format(_link(shown).replace("discord.com", host))
        assert titles(await _linked(here, link)) == titled("tune.wav")


def _link(message: Message) -> str:
    channel = message.channel
    return f"https://discord.com/channels/{channel.guild_id}/{channel.id}/{message.id}"


async def _linked(here: Place, link: str, *, user: User | None = None) -> Message:
    exchange = await here.double.slash(
        "mood",
        user=user or here.cy,
        channel=here.channels[Listening.MENTION],
        options={"link": link},
    )
    return await here.last_word(exchange)
