"""Play every screen of the bot at the stand-in of Discord, with the bot in its own process."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import soundfile

from bot.commands.listening._cog import OFFER
from bot.commands.settings._panel import Action, Page, component_id
from bot.presentation import answer_texts, texts
from bot.storage import Listening
from docs.guide.look import Form, Look, Part, Said, Scene, Sheet, Typed
from tests.bot.process import PATIENCE, ROOT, is_answer, running_bot
from tests.discord_double import (
    MESSAGE_CONTENT,
    Channel,
    DiscordDouble,
    Exchange,
    File,
    Guild,
    Message,
    User,
)
from tests.discord_double.world import ATTACH_FILES, BOT_PERMISSIONS, EMBED_LINKS

SOURCE = "https://github.com/you/moodify"
MENU = str(texts.MENU_NAME)
_CUT = 560
"""Where answers are cut off that other pictures show whole, in CSS pixels."""


# --- songs ---------------------------------------------------------------------------------------


def _song(name: str, *tunes: str, times: int = 1) -> File:
    """Return an MP3 of some of the example tunes, one after the other."""
    parts = []
    for tune in tunes:
        (path,) = (ROOT / "examples").glob(f"*{tune}.mp3")
        part, rate = soundfile.read(path, always_2d=True, dtype="float32")
        parts.append(part)
    file = io.BytesIO()
    soundfile.write(file, np.tile(np.concatenate(parts), (times, 1)), rate, format="MP3")
    return File(f"{name}.mp3", file.getvalue())


def _noise() -> File:
    samples = np.random.default_rng(1).normal(0, 0.1, 20 * 22_050)
    file = io.BytesIO()
    soundfile.write(file, samples, 22_050, format="MP3")
    return File("Waterfall.mp3", file.getvalue())


LONG_WAY_HOME = _song(
    "Long way home", "siege_at_dawn", "broken_gears", "siege_at_dawn", "last_dance"
)
LOW_TIDE = _song("Low tide", "siege_at_dawn", "siege_at_dawn", "broken_gears")
NIGHT_MARKET = _song("Night market", "broken_gears", "siege_at_dawn", "morning_run")
LAST_DANCE = _song("Last dance", "last_dance")
EMPTY_PLATFORM = _song("Empty platform", "empty_platform")
BROKEN_GEARS = _song("Broken gears", "broken_gears")
MORNING_RUN = _song("Morning run", "morning_run")


# --- who and where -------------------------------------------------------------------------------


@dataclass
class Stage:
    """A server with a running bot, and the scenes that were played there.

    Attributes
    ----------
    double : DiscordDouble
    guild : Guild
    songs, offers, strict : Channel
        A channel where all works, one where songs are offered, and one where the bot may neither
        embed nor attach anything.
    ann, bo, cy : User
        The owner and two members.
    """

    double: DiscordDouble
    guild: Guild
    songs: Channel
    offers: Channel
    strict: Channel
    ann: User
    bo: User
    cy: User
    scenes: list[Scene] = field(default_factory=list)

    def add(
        self,
        name: str,
        *parts: Part,
        channel: Channel | None = None,
        height: int | None = None,
        wide: bool = False,
    ) -> None:
        """Keep a scene."""
        self.scenes.append(Scene(name, channel or self.songs, parts, height, wide))

    async def mood(
        self, user: User, *, channel: Channel | None = None, **options: File | str | bool
    ) -> Exchange:
        """Let somebody use ``/mood``."""
        channel = channel or self.songs
        return await self.double.slash("mood", user=user, channel=channel, options=options)

    async def answer(self, channel: Channel, after: Message) -> Message:
        """Wait for the answer to a message."""
        return await self.double.wait_message(channel, PATIENCE, after=after, when=is_answer)

    async def pressed(self, user: User, message: Message, label: str) -> Message:
        """Let somebody press a button, and return what it brings."""
        return await final(await self.double.click(user, message, label))

    async def chosen(self, user: User, message: Message, menu: str, value: str) -> Message:
        """Let somebody choose in a menu, and return what it brings."""
        return await final(await self.double.select(user, message, menu, [value]))


async def final(exchange: Exchange) -> Message:
    """Return the bot's last word."""
    return await exchange.final(PATIENCE, when=is_answer)


@asynccontextmanager
async def _stage(
    folder: Path, *, sees_posts: bool = True, **settings: object
) -> AsyncIterator[Stage]:
    """Run a bot; what it sends must be right in every respect."""
    async with DiscordDouble(privileged_intents=MESSAGE_CONTENT if sees_posts else 0) as double:
        ann, bo, cy = (double.add_user(name) for name in ("Ann", "Bo", "Cy"))
        guild = double.add_guild("Record club", owner=ann, members=[bo, cy])
        plain = BOT_PERMISSIONS & ~EMBED_LINKS & ~ATTACH_FILES
        stage = Stage(
            double,
            guild,
            double.add_channel(guild, "songs"),
            double.add_channel(guild, "new-finds"),
            double.add_channel(guild, "strict", bot_permissions=plain),
            ann,
            bo,
            cy,
        )
        own = folder / guild.id
        own.mkdir()
        async with running_bot(double, own, source_url=SOURCE, **settings):
            await double.wait_command("mood", PATIENCE)
            yield stage
        assert double.violations == []
        assert double.own_errors == []


async def play(folder: Path) -> AsyncIterator[tuple[Look, Scene]]:
    """Play all scenes.

    Parameters
    ----------
    folder : Path
        For what the bots keep.

    Yields
    ------
    (Look, Scene)
        Each scene with what draws it.
    """
    async with _stage(folder) as stage:
        for act in (_answers, _several, _listening, _progress, _buttons, _film, _plain):
            await act(stage)
    for scene in stage.scenes:
        yield Look(stage.double.world), scene
    # With the limits that a bot has whose operator has changed none.
    async with _stage(folder, cooldown=5) as stage:
        for act in (_settings, _pages, _welcome):
            await act(stage)
    for scene in stage.scenes:
        yield Look(stage.double.world), scene
    async with _stage(folder, sees_posts=False) as stage:
        await _blind(stage)
    for scene in stage.scenes:
        yield Look(stage.double.world), scene


# --- answers -------------------------------------------------------------------------------------


async def _answers(stage: Stage) -> None:
    file = {"file": "Long way home.mp3"}
    answer = await final(await stage.mood(stage.ann, file=LONG_WAY_HOME))
    stage.add("command", Typed("mood", file))
    stage.add("answer", Said(answer, (stage.ann, "/mood")), wide=True)

    answer = await final(await stage.mood(stage.bo, file=LAST_DANCE, private=True))
    stage.add("private", Said(answer, (stage.bo, "/mood")))

    answer = await final(await stage.mood(stage.cy, file=NIGHT_MARKET))
    stage.add("unsure", Said(answer, (stage.cy, "/mood")))

    answer = await final(await stage.mood(stage.bo, file=_noise()))
    stage.add("not-music", Said(answer, (stage.bo, "/mood")))

    text = File("Holiday_photos.mp3", b"\xff\xd8\xff\xe0 holiday" * 999)
    refused = await final(await stage.mood(stage.cy, file=text))
    link = "https://open.spotify.com/track/4cOdK2wGLETKBW3PvgPWqT"
    streamed = await final(await stage.mood(stage.bo, link=link))
    stage.add("refusals", Said(refused, (stage.cy, "/mood")), Said(streamed, (stage.bo, "/mood")))


async def _several(stage: Stage) -> None:
    double = stage.double
    posted = await double.post_message(
        stage.bo,
        stage.offers,
        "My five for tonight:",
        attachments=[LAST_DANCE, EMPTY_PLATFORM, BROKEN_GEARS, LOW_TIDE, LONG_WAY_HOME],
    )
    entries = ("Add Reaction", "Reply", "Copy Message Link")
    stage.add("menu", Said(posted), Sheet(entries, MENU), channel=stage.offers)
    exchange = await double.message_command(MENU, user=stage.ann, message=posted)
    answer = await final(exchange)
    stage.add("several", Said(answer, (stage.ann, MENU), opened="more:"), channel=stage.offers)


async def _progress(stage: Stage) -> None:
    record = _song("Side A of the tape", "after_the_storm", times=15)
    first = await stage.mood(stage.cy, file=record)
    second = await stage.mood(stage.cy, file=EMPTY_PLATFORM)
    waits = await second.final(PATIENCE, when=lambda message: message.content)
    await stage.double.click(stage.cy, waits, texts.cancel_button())
    cancelled = await final(second)
    await final(first)
    heard = _half_way(first, texts.progress_listening)
    stage.add("progress", Said(heard, (stage.cy, "/mood")), Said(waits, (stage.cy, "/mood")))
    stage.add("cancelled", Said(cancelled, (stage.cy, "/mood")))


def _half_way(exchange: Exchange, sentence: Callable[[float], str]) -> Message:
    """Return what an answer was before it was done, near the middle."""
    beginning = sentence(0).split("…")[0]
    told = [each for each in exchange.edits if each.content.startswith(beginning)]
    return told[len(told) // 2]


async def _buttons(stage: Stage) -> None:
    double = stage.double
    answer = await final(await stage.mood(stage.ann, file=LONG_WAY_HOME))
    details = await stage.pressed(stage.bo, answer, answer_texts.details_button())
    stage.add("details", Said(details))

    choice = await stage.pressed(stage.bo, answer, answer_texts.compare_button())
    stage.add("compare", Said(choice, opened="compare-with:"))
    opened = await double.click(stage.bo, choice, answer_texts.search_button())
    await opened.responded()
    assert opened.modal is not None
    stage.add("search", Form(opened.modal, "tide"))
    menu = choice.components[0]["components"][0]
    (value,) = (each["value"] for each in menu["options"] if each["label"] == "Low tide")
    exchange = await double.select(stage.bo, choice, menu["custom_id"], [value])
    both = await exchange.final(PATIENCE, when=lambda message: message.attachments)
    stage.add("compared", Said(both), wide=True)

    refused = await stage.pressed(stage.cy, answer, answer_texts.delete_button())
    stage.add("delete", Said(refused))


async def _film(stage: Stage) -> None:
    answer = await final(await stage.mood(stage.bo, file=LONG_WAY_HOME))
    exchange = await stage.double.click(stage.bo, answer, texts.film_button())
    film = await exchange.final(PATIENCE, when=lambda message: message.attachments)
    making = _half_way(exchange, lambda share: texts.film_progress("FILMING", share))
    stage.add("filming", Said(making))
    stage.add("film", Said(film))


# --- other ways in -------------------------------------------------------------------------------


async def _listening(stage: Stage) -> None:
    double = stage.double
    posted = await double.post_message(
        stage.cy, stage.songs, "Finally finished this one!", attachments=[LOW_TIDE]
    )
    answer = await stage.answer(stage.songs, posted)
    stage.add("listening", Said(posted), Said(answer), height=_CUT + 240)

    short = await double.post_message(stage.cy, stage.songs, "Old demo", attachments=[MORNING_RUN])
    asked = await double.post_message(
        stage.bo, stage.songs, f"<@{double.world.bot.id}> and this?", reply_to=short
    )
    answer = await stage.answer(stage.songs, asked)
    stage.add("mention", Said(short), Said(asked), Said(answer), height=_CUT + 240)

    link = f"https://discord.com/channels/{stage.guild.id}/{stage.songs.id}/{posted.id}"
    answer = await final(await stage.mood(stage.ann, channel=stage.offers, link=link))
    stage.add(
        "link",
        Said(answer, (stage.ann, "/mood")),
        channel=stage.offers,
        height=_CUT,
    )
    stage.add("link-command", Typed("mood", {"link": link}), channel=stage.offers)

    panel = await final(await double.slash("settings", user=stage.ann, channel=stage.songs))
    menu = component_id(Action.SHOW, Page.CHANNELS)
    panel = await stage.pressed(stage.ann, panel, menu)
    menu = component_id(Action.CHANNEL)
    panel = await stage.chosen(stage.ann, panel, menu, stage.offers.id)
    menu = component_id(Action.CHANNEL_MODE, stage.offers.id)
    await stage.chosen(stage.ann, panel, menu, Listening.OFFER)
    posted = await double.post_message(
        stage.ann, stage.offers, "Found this at the flea market", attachments=[LOW_TIDE]
    )
    offered = await double.changes.wait_for(
        lambda: m if OFFER in (m := double.world.messages[posted.id]).reactions else None,
        "an offer",
        PATIENCE,
    )
    await double.react(stage.bo, offered, OFFER)
    answer = await stage.answer(stage.offers, posted)
    stage.add("offer", Said(offered), channel=stage.offers)

    direct = double.direct_channel(stage.bo)
    posted = await double.post_message(stage.bo, direct, attachments=[EMPTY_PLATFORM])
    answer = await stage.answer(direct, posted)
    stage.add("direct", Said(posted), Said(answer), channel=direct, height=_CUT + 200)


async def _plain(stage: Stage) -> None:
    answer = await final(await stage.mood(stage.bo, channel=stage.strict, file=LOW_TIDE))
    stage.add("plain", Said(answer, (stage.bo, "/mood")), channel=stage.strict)


# --- for admins ----------------------------------------------------------------------------------


async def _settings(stage: Stage) -> None:
    double = stage.double

    async def use(panel: Message, *used: object, value: object | None = None) -> Message:
        menu = component_id(*used)  # type: ignore[arg-type]  # an action, perhaps an argument
        if value is None:
            return await stage.pressed(stage.ann, panel, menu)
        return await stage.chosen(stage.ann, panel, menu, str(value))

    used = (stage.ann, "/settings")
    panel = await final(await double.slash("settings", user=stage.ann, channel=stage.songs))
    opened = component_id(Action.MODE)
    stage.add("settings-listening", Said(panel, used, opened=opened), wide=True)
    panel = await use(panel, Action.SHOW, Page.CHANNELS)
    panel = await use(panel, Action.CHANNEL, value=stage.songs.id)
    panel = await use(panel, Action.CHANNEL_MODE, stage.songs.id, value=Listening.AUTOMATIC)
    panel = await use(panel, Action.CHANNEL, value=stage.offers.id)
    panel = await use(panel, Action.CHANNEL_MODE, stage.offers.id, value=Listening.OFFER)
    stage.add("settings-channels", Said(panel, used))
    panel = await use(panel, Action.SHOW, Page.ANSWERS)
    stage.add("settings-answers", Said(panel, used))
    panel = await use(panel, Action.SHOW, Page.LIMITS)
    stage.add("settings-limits", Said(panel, used))


async def _pages(stage: Stage) -> None:
    for name in ("about", "help"):
        said = await final(await stage.double.slash(name, user=stage.bo, channel=stage.songs))
        stage.add(name, Said(said, (stage.bo, f"/{name}")))
    first = await stage.mood(stage.cy, file=LAST_DANCE)
    soon = await final(await stage.mood(stage.cy, file=EMPTY_PLATFORM))
    await final(first)
    stage.add("pause", Said(soon, (stage.cy, "/mood")))


async def _welcome(stage: Stage) -> None:
    double = stage.double
    guild = double.add_guild("Choir", owner=stage.ann, with_bot=False)
    channel = double.add_channel(guild, "general")
    double.set_system_channel(guild, channel)
    await double.invite(guild)
    greeting = await double.wait_message(channel, PATIENCE)
    stage.add("welcome", Said(greeting), channel=channel)
    exchange = await double.click(stage.ann, greeting, "welcome:offer")
    chosen = await final(exchange)
    stage.add("welcome-chosen", Said(chosen), channel=channel)


async def _blind(stage: Stage) -> None:
    double = stage.double
    short = await double.post_message(stage.cy, stage.songs, "Old demo", attachments=[MORNING_RUN])
    asked = await double.post_message(
        stage.bo, stage.songs, f"<@{double.world.bot.id}> and this?", reply_to=short
    )
    answer = await stage.answer(stage.songs, asked)
    stage.add("mention-blind", Said(asked), Said(answer))
