"""Play every screen of the bot at the stand-in of Discord, with the bot in its own process."""

from __future__ import annotations

import io
import math
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import soundfile

from bot.commands.listening._cog import OFFER
from bot.commands.settings._panel import Action, Page, component_id
from bot.presentation import answer_texts, board_texts, privacy_texts, texts
from bot.storage import Listening
from docs.guide.look import Form, Look, Part, Said, Scene, Sheet, Typed
from moodify_core.moods import Mood
from tests.bot.heard import Heard, hear, storage_in
from tests.bot.process import PATIENCE, is_answer, running_bot
from tests.bot.ways import example
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


_TUNES = {
    "Long way home": (
        "dramatic_siege_at_dawn",
        "aggressive_broken_gears",
        "dramatic_siege_at_dawn",
        "romantic_last_dance",
    ),
    "Low tide": ("dramatic_siege_at_dawn", "dramatic_siege_at_dawn", "aggressive_broken_gears"),
    "Night market": ("aggressive_broken_gears", "dramatic_siege_at_dawn", "happy_morning_run"),
    "Last dance": ("romantic_last_dance",),
    "Empty platform": ("sad_empty_platform",),
    "Broken gears": ("aggressive_broken_gears",),
    "Morning run": ("happy_morning_run",),
    "Side A of the tape": ("medley_after_the_storm",) * 15,
}
"""Songs, each made of some of the example tunes, one after the other."""


def _song(name: str) -> File:
    """Return one of the songs as an MP3."""
    return example(f"{name}.mp3", *_TUNES[name])


def _noise() -> File:
    samples = np.random.default_rng(1).normal(0, 0.1, 20 * 22_050)
    file = io.BytesIO()
    soundfile.write(file, samples, 22_050, format="MP3")
    return File("Waterfall.mp3", file.getvalue())


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
    folder: Path,
    *,
    sees_posts: bool = True,
    before: Callable[[Stage, Path], Awaitable[None]] | None = None,
    **settings: object,
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
        if before is not None:
            await before(stage, own)
        async with running_bot(double, own, source_url=SOURCE, **settings):
            await double.wait_command("mood", PATIENCE)
            yield stage
        assert double.violations == []
        assert double.own_errors == []


@dataclass(frozen=True, slots=True)
class Play:
    """What is played with one bot.

    Attributes
    ----------
    acts : tuple of callable
        Each adds its scenes.
    sees_posts : bool
        Whether the Message Content intent is on.
    cooldown : float
        Seconds from one request of a person to the next.
    before : callable or None
        What happens before the bot starts in a folder.
    """

    acts: tuple[Callable[[Stage], Awaitable[None]], ...]
    sees_posts: bool = True
    cooldown: float = 0
    before: Callable[[Stage, Path], Awaitable[None]] | None = None


async def play(folder: Path, plays: Iterable[Play]) -> AsyncIterator[tuple[Look, Scene]]:
    """Play scenes.

    Parameters
    ----------
    folder : Path
        For what the bots keep.
    plays : iterable of Play
        `PLAYS`, or some of them.

    Yields
    ------
    (Look, Scene)
        Each scene with what draws it.
    """
    for each in plays:
        async with _stage(
            folder, sees_posts=each.sees_posts, before=each.before, cooldown=each.cooldown
        ) as stage:
            for act in each.acts:
                await act(stage)
        for scene in stage.scenes:
            yield Look(stage.double.world), scene


# --- answers -------------------------------------------------------------------------------------


async def _answers(stage: Stage) -> None:
    file = {"file": "Long way home.mp3"}
    answer = await final(await stage.mood(stage.ann, file=_song("Long way home")))
    stage.add("command", Typed("mood", file))
    stage.add("answer", Said(answer, (stage.ann, "/mood")), wide=True)

    answer = await final(await stage.mood(stage.bo, file=_song("Last dance"), private=True))
    stage.add("private", Said(answer, (stage.bo, "/mood")))

    answer = await final(await stage.mood(stage.cy, file=_song("Night market")))
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
        attachments=[
            _song("Last dance"),
            _song("Empty platform"),
            _song("Broken gears"),
            _song("Low tide"),
            _song("Long way home"),
        ],
    )
    entries = ("Add Reaction", "Reply", "Copy Message Link")
    stage.add("menu", Said(posted), Sheet(entries, MENU), channel=stage.offers)
    exchange = await double.message_command(MENU, user=stage.ann, message=posted)
    answer = await final(exchange)
    stage.add("several", Said(answer, (stage.ann, MENU), opened="more:"), channel=stage.offers)


async def _progress(stage: Stage) -> None:
    record = _song("Side A of the tape")
    first = await stage.mood(stage.cy, file=record)
    second = await stage.mood(stage.cy, file=_song("Empty platform"))
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
    answer = await final(await stage.mood(stage.ann, file=_song("Long way home")))
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
    stage.add("compared", Said(both))

    refused = await stage.pressed(stage.cy, answer, answer_texts.delete_button())
    stage.add("delete", Said(refused))


async def _opinion(stage: Stage) -> None:
    answer = await final(await stage.mood(stage.ann, file=_song("Long way home")))
    asked = await stage.pressed(stage.bo, answer, privacy_texts.opinion_button())
    menu = asked.components[0]["components"][0]["custom_id"]
    stage.add("opinion", Said(asked, opened=menu))
    said = await stage.chosen(stage.bo, asked, menu, Mood.SAD)
    stage.add("opinion-noted", Said(said))


async def _privacy(stage: Stage) -> None:
    await final(await stage.mood(stage.cy, file=_song("Low tide")))
    used = (stage.cy, "/privacy")
    page = await final(await stage.double.slash("privacy", user=stage.cy, channel=stage.songs))
    stage.add("privacy", Said(page, used))
    shown = await stage.pressed(stage.cy, page, privacy_texts.show_button())
    stage.add("privacy-file", Said(shown, used))
    question = await stage.pressed(stage.cy, shown, privacy_texts.forget_button())
    stage.add("privacy-forget", Said(question, used))


async def _film(stage: Stage) -> None:
    answer = await final(await stage.mood(stage.bo, file=_song("Long way home")))
    exchange = await stage.double.click(stage.bo, answer, texts.film_button())
    film = await exchange.final(PATIENCE, when=lambda message: message.attachments)
    making = _half_way(exchange, lambda share: texts.film_progress("FILMING", share))
    stage.add("filming", Said(making))
    stage.add("film", Said(film))


# --- other ways in -------------------------------------------------------------------------------


async def _listening(stage: Stage) -> None:
    double = stage.double
    posted = await double.post_message(
        stage.cy, stage.songs, "Finally finished this one!", attachments=[_song("Low tide")]
    )
    answer = await stage.answer(stage.songs, posted)
    stage.add("listening", Said(posted), Said(answer), height=_CUT + 240)

    short = await double.post_message(
        stage.cy, stage.songs, "Old demo", attachments=[_song("Morning run")]
    )
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
    shown = "https://discord.com/channels/1100…/1101…/1174…"
    stage.add("link-command", Typed("mood", {"link": shown}), channel=stage.offers)

    panel = await final(await double.slash("settings", user=stage.ann, channel=stage.songs))
    menu = component_id(Action.SHOW, Page.CHANNELS)
    panel = await stage.pressed(stage.ann, panel, menu)
    menu = component_id(Action.CHANNEL)
    panel = await stage.chosen(stage.ann, panel, menu, stage.offers.id)
    menu = component_id(Action.CHANNEL_MODE, stage.offers.id)
    await stage.chosen(stage.ann, panel, menu, Listening.OFFER)
    posted = await double.post_message(
        stage.ann, stage.offers, "Found this at the flea market", attachments=[_song("Low tide")]
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
    posted = await double.post_message(stage.bo, direct, attachments=[_song("Empty platform")])
    answer = await stage.answer(direct, posted)
    stage.add("direct", Said(posted), Said(answer), channel=direct, height=_CUT + 200)


async def _plain(stage: Stage) -> None:
    answer = await final(await stage.mood(stage.bo, channel=stage.strict, file=_song("Low tide")))
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
    stage.add("settings-listening", Said(panel, used, opened=opened))
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
    panel = await use(panel, Action.SHOW, Page.BOARDS)
    panel = await use(panel, Action.TIME_ZONE, value="Europe/Berlin")
    panel = await use(panel, Action.DIGEST, value=stage.offers.id)
    stage.add("settings-boards", Said(panel, used))
    asked = await double.click(stage.ann, panel, component_id(Action.OTHER_ZONE))
    await asked.responded()
    assert asked.modal is not None
    stage.add("settings-zone", Form(asked.modal, "Kathmandu"))
    answer = await final(await stage.mood(stage.bo, file=_song("Morning run")))
    panel = await use(panel, Action.SHOW, Page.MODERATION)
    asked = await double.click(stage.ann, panel, component_id(Action.REMOVE_SONG))
    await asked.responded()
    link = f"https://discord.com/channels/{stage.guild.id}/{stage.songs.id}/{answer.id}"
    panel = await final(await double.submit_modal(asked, {"link": link}))
    panel = await use(panel, Action.MEMBER, value=stage.bo.id)
    panel = await use(panel, Action.EXCLUDE, stage.bo.id)
    stage.add("settings-moderation", Said(panel, used))


async def _pages(stage: Stage) -> None:
    for name in ("about", "help"):
        said = await final(await stage.double.slash(name, user=stage.bo, channel=stage.songs))
        stage.add(name, Said(said, (stage.bo, f"/{name}")))
    first = await stage.mood(stage.cy, file=_song("Last dance"))
    soon = await final(await stage.mood(stage.cy, file=_song("Empty platform")))
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


# --- boards --------------------------------------------------------------------------------------


_DAY = 86_400.0
_SHARED: dict[str, tuple[Mood, float, tuple[str, ...]]] = {
    "Ann": (Mood.SAD, 0.78, ("Low tide", "Empty platform", "Last train north", "Grey harbour")),
    "Bo": (Mood.HAPPY, 0.82, ("Morning run", "Kite weather", "Lemonade", "Two left shoes")),
    "Cy": (Mood.DRAMATIC, 0.71, ("Siege at dawn", "Night market", "The long bridge")),
    "Dana": (Mood.ROMANTIC, 0.84, ("Moonlit", "Letters home", "Slow lanterns")),
    "Elif": (Mood.SAD, 0.61, ("Rain on tin", "Winter light", "Postcards")),
    "Finn": (Mood.AGGRESSIVE, 0.88, ("Broken gears", "Iron rain", "Redline")),
    "五郎": (Mood.SAD, 0.55, ("夜の散歩", "海の底", "Paper boats")),
}
"""What members share: a mood, the share of it in the first song, and their songs."""
_TAKES = ("Sketch", "Old tape", "Demo", "Late take", "Rehearsal")
"""What else they share, by the week."""


async def _months(stage: Stage, folder: Path) -> None:
    """Let members share songs for some months before the bot starts."""
    people = {user.name: user for user in (stage.ann, stage.bo, stage.cy)}
    songs = []
    for number, (name, (mood, share, titles)) in enumerate(_SHARED.items()):
        if name not in people:
            people[name] = stage.double.add_user(name)
            stage.double.add_member(stage.guild, people[name])
        for nth, title in enumerate(titles):
            heard = Heard(
                people[name],
                stage.songs,
                title,
                mood,
                share - 0.07 * nth,
                minutes=3 + (number * 7 + nth * 5) % 4,
                ago=(nth * 2 + number % 3) * _DAY / 8,
            )
            songs.append(heard)
        for week in range(1, 24):
            # Each mood has its season.
            season = (1 + math.cos((week - 4 * number) / 3)) / 2
            for nth in range(round(0.6 + 3.4 * season)):
                songs.append(
                    Heard(
                        people[name],
                        stage.songs,
                        _TAKES[(week + nth * 5 + number) % len(_TAKES)] + f" {week}",
                        mood,
                        0.3 + 0.25 * season + 0.03 * nth,
                        minutes=1 + 3 * season,
                        ago=week * 7 * _DAY + nth * 3600,
                    )
                )
    await hear(folder, songs)


async def _boards(stage: Stage) -> None:
    double = stage.double

    async def ask(command: str, user: User, **options: object) -> Message:
        return await final(
            await double.slash(command, user=user, channel=stage.songs, options=options)  # type: ignore[arg-type]
        )

    used = (stage.ann, "/leaderboard")
    stage.add("leaderboard-command", Typed("leaderboard", {"mood": "sad", "period": "All time"}))
    board = await ask("leaderboard", stage.ann, mood="sad", period="all")
    stage.add("leaderboard", Said(board, used))
    songs = await stage.pressed(stage.ann, board, board_texts.songs_button())
    stage.add("leaderboard-songs", Said(songs, used))
    leaders = await stage.pressed(stage.ann, songs, board_texts.overview_button())
    stage.add("leaderboard-overview", Said(leaders, used))
    mood = await ask("servermood", stage.bo)
    stage.add("servermood", Said(mood, (stage.bo, "/servermood")))
    mine = await ask("mymoods", stage.cy)
    stage.add("mymoods", Said(mine, (stage.cy, "/mymoods")))
    found = await ask("find", stage.bo, mood="romantic", strength=50)
    stage.add("find", Said(found, (stage.bo, "/find")))
    like = await ask("similar", stage.ann, song="Low tide")
    stage.add("similar", Said(like, (stage.ann, "/similar")))


async def _wanting_digests(stage: Stage, folder: Path) -> None:
    await _months(stage, folder)
    zone = next(
        zone
        for zone in ("UTC", "Pacific/Kiritimati")
        if (now := datetime.now(ZoneInfo(zone))).weekday() or now.hour >= 9
    )
    async with storage_in(folder) as storage:
        await storage.settings.save(
            int(stage.guild.id), digest_channel_id=int(stage.offers.id), time_zone=zone
        )


async def _digest(stage: Stage) -> None:
    message = await stage.double.wait_message(stage.offers, PATIENCE)
    stage.add("digest", Said(message), channel=stage.offers)


async def _blind(stage: Stage) -> None:
    double = stage.double
    short = await double.post_message(
        stage.cy, stage.songs, "Old demo", attachments=[_song("Morning run")]
    )
    asked = await double.post_message(
        stage.bo, stage.songs, f"<@{double.world.bot.id}> and this?", reply_to=short
    )
    answer = await stage.answer(stage.songs, asked)
    stage.add("mention-blind", Said(asked), Said(answer))


PLAYS = (
    Play((_answers, _several, _listening, _progress, _buttons, _opinion, _film, _plain, _privacy)),
    # With the pause that a bot has whose operator has changed nothing.
    Play((_settings, _pages, _welcome), cooldown=5),
    Play((_boards, _digest), before=_wanting_digests),
    Play((_blind,), sees_posts=False),
)
"""All scenes of the guide."""
