"""Boards, the whole way: asked for by users at the stand-in, served by the bot's own process."""

from __future__ import annotations

import io
import sqlite3
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from PIL import Image

from bot.presentation import answer_texts, board_texts, texts
from bot.presentation.language import speaking
from bot.storage import Period
from moodify_core.moods import MOODS, Mood
from tests.bot.heard import Heard, hear, storage_in
from tests.bot.process import PATIENCE, BotProcess, running_bot
from tests.discord_double import Channel, DiscordDouble, Exchange, Guild, Message, User
from tests.discord_double.world import (
    ATTACH_FILES,
    BOT_PERMISSIONS,
    EMBED_LINKS,
)

pytestmark = pytest.mark.asyncio(loop_scope="module")

COMMANDS: Mapping[str, Mapping[str, Any]] = {
    "leaderboard": {},
    "servermood": {},
    "mymoods": {},
    "find": {"mood": "sad"},
    "similar": {"song": "Low tide"},
}
HOSTILE_NAME = "]( `x` @everyone **\u202eevil\n#"
HOSTILE_TITLE = "](https://evil.example) `` <@1> @here **\u202egp3.rain"

every_command = pytest.mark.parametrize(("command", "options"), COMMANDS.items(), ids=COMMANDS)


@dataclass
class Place:
    """A server with songs, an empty one, one with its boards turned off, and a quiet one.

    In the quiet one Ann has songs and hides, and somebody else has left. `first` is a board that
    an earlier run of the bot has shown.
    """

    double: DiscordDouble
    folder: Path
    guild: Guild
    songs: Channel
    hidden: Channel
    limited: dict[int, Channel]
    empty: Channel
    off: Channel
    quiet: Channel
    ann: User
    bo: User
    cy: User
    evil: User
    gone: User
    crowd: list[User]
    heard: list[Heard] = field(default_factory=list)
    first: Message | None = None

    async def ask(
        self,
        command: str,
        *,
        user: User | None = None,
        channel: Channel | None = None,
        **options: Any,
    ) -> Message:
        """Let a user use a command, and return the answer."""
        exchange = await self.double.slash(
            command, user=user or self.ann, channel=channel or self.songs, options=options
        )
        return await answer(exchange)

    async def press(self, message: Message, button: str, *, user: User | None = None) -> Message:
        return await answer(await self.double.click(user or self.ann, message, button))

    async def choose(
        self, message: Message, menu: str, value: str, *, user: User | None = None
    ) -> Message:
        (custom_id,) = (each for each in ids(message) if each.startswith(f"{menu}:"))
        exchange = await self.double.select(user or self.ann, message, custom_id, [value])
        return await answer(exchange)


async def answer(exchange: Exchange) -> Message:
    return await exchange.final(PATIENCE)


def ids(message: Message) -> list[str]:
    return [part["custom_id"] for row in message.components for part in row["components"]]


def labels(message: Message) -> list[str]:
    return [
        part["label"] for row in message.components for part in row["components"] if "label" in part
    ]


def said(message: Message) -> str:
    """Return all that is written in a message."""
    embeds = (
        "\n".join(
            [each["title"], each.get("description", ""), each.get("footer", {}).get("text", "")]
        )
        for each in message.embeds
    )
    return "\n".join([message.content, *embeds])


def seen(message: Message) -> str:
    """Return what is written in a message, and what its picture is said to show."""
    return "\n".join([said(message), *(each.description or "" for each in message.attachments)])


def title(message: Message) -> str:
    """Return the title of a message without the emoji before it."""
    return str(message.embeds[0]["title"]).partition(" ")[2]


@asynccontextmanager
async def place(folder: Path) -> AsyncIterator[Place]:
    async with DiscordDouble() as double:
        ann, bo, cy = (double.add_user(name) for name in ("Ann", "Bo", "Cy"))
        evil, gone = double.add_user(HOSTILE_NAME), double.add_user("Gone")
        crowd = [double.add_user(f"Member {number}") for number in range(1, 24)]
        guild = double.add_guild("Record club", owner=cy, members=[ann, bo, evil, *crowd])
        nothing, off, quiet = (
            double.add_guild(name, owner=ann, members=[bo]) for name in ("Empty", "Off", "Quiet")
        )
        where = Place(
            double,
            folder,
            guild,
            double.add_channel(guild, "songs"),
            double.add_channel(guild, "hidden", seen_by=[cy]),
            {
                denied: double.add_channel(
                    guild, "limited", bot_permissions=BOT_PERMISSIONS & ~denied
                )
                for denied in (ATTACH_FILES, EMBED_LINKS, ATTACH_FILES | EMBED_LINKS)
            },
            double.add_channel(nothing, "songs"),
            double.add_channel(off, "songs"),
            double.add_channel(quiet, "songs"),
            *(ann, bo, cy, evil, gone, crowd),
        )
        async with storage_in(folder) as storage:
            await storage.settings.save(int(off.id), leaderboard=False)
        yield where
        assert double.violations == []
        assert double.own_errors == []


def library(where: Place) -> list[Heard]:
    """Return songs: of Ann the most, of everybody in the crowd three, of Bo too few."""
    songs = [
        Heard(where.ann, where.songs, "Low tide", Mood.SAD, 0.9, 5),
        Heard(where.ann, where.songs, "Empty platform", Mood.SAD, 0.8, 5),
        Heard(where.ann, where.songs, "Morning run", Mood.HAPPY, 0.85, 5),
        Heard(where.bo, where.songs, "Night market", Mood.DRAMATIC, 0.7),
        Heard(where.cy, where.hidden, "Secret", Mood.SAD, 0.95),
        Heard(where.cy, where.songs, "Diary", Mood.SAD, 0.95, private=True),
        Heard(where.evil, where.songs, HOSTILE_TITLE, Mood.ROMANTIC, 0.9, 1),
        Heard(where.evil, where.songs, "Second", Mood.ROMANTIC, 0.7, 1, posted=False),
        Heard(where.evil, where.songs, "Third", Mood.ROMANTIC, 0.6, 1),
    ]
    for number, user in enumerate(where.crowd):
        songs += [
            Heard(user, where.songs, f"Tune {number}-{each}", Mood.SAD, 0.5, 3 - number / 20)
            for each in range(3)
        ]
    songs += [Heard(where.gone, where.quiet, f"Song {n}", minutes=9) for n in range(3)]
    songs += [Heard(where.ann, where.quiet, f"Wave {n}", share=0.9, minutes=9) for n in range(3)]
    return songs


@asynccontextmanager
async def bot_at(where: Place) -> AsyncIterator[BotProcess]:
    async with running_bot(where.double, where.folder) as bot:
        await where.double.wait_command("leaderboard", PATIENCE)
        yield bot


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def here(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Place]:
    """A place where one bot serves all tests that leave the songs as they are."""
    async with place(tmp_path_factory.mktemp("bot")) as where:
        where.heard = library(where)
        await hear(where.folder, where.heard)
        hide(where.folder, where.ann, where.quiet)
        async with bot_at(where):
            where.first = await where.ask("leaderboard", mood="sad", period="all")
        async with bot_at(where):
            yield where


def hide(folder: Path, user: User, channel: Channel) -> None:
    """Keep a person off the boards of a channel's server."""
    with sqlite3.connect(folder / "data" / "moodify.db") as database:
        database.execute(
            "INSERT INTO wishes (user_id, guild_id, hidden, unrecorded) VALUES (?, ?, 1, 0)",
            (int(user.id), int(channel.guild_id or 0)),
        )
    database.close()


def picture(message: Message) -> Image.Image:
    image = Image.open(io.BytesIO(message.attachment("board.png").data))
    image.load()
    return image


# --- every command -------------------------------------------------------------------------------


@every_command
async def test_an_empty_server_is_told_what_to_do(
    here: Place, command: str, options: Mapping[str, Any]
) -> None:
    message = await here.ask(command, channel=here.empty, **options)
    told = {
        "leaderboard": board_texts.nobody_ranks(),
        "servermood": board_texts.no_songs(),
        "mymoods": board_texts.no_profile(),
        "find": board_texts.nothing_found(Mood.SAD, 0.5),
        "similar": board_texts.song_unknown(),
    }
    assert told[command] in said(message)
    assert message.attachments == ()


@every_command
async def test_a_server_that_wants_no_boards_has_none(
    here: Place, command: str, options: Mapping[str, Any]
) -> None:
    message = await here.ask(command, channel=here.off, **options)
    assert message.content == board_texts.boards_off()
    assert message.ephemeral


@every_command
@pytest.mark.parametrize("denied", [ATTACH_FILES, EMBED_LINKS, ATTACH_FILES | EMBED_LINKS])
async def test_where_the_bot_may_not_show_all_it_shows_what_it_may(
    here: Place, command: str, options: Mapping[str, Any], denied: int
) -> None:
    message = await here.ask(command, channel=here.limited[denied], **options)
    drawn = command not in ("find", "similar")
    assert len(message.embeds) == (0 if denied & EMBED_LINKS else 1)
    assert len(message.attachments) == (1 if drawn and not denied & ATTACH_FILES else 0)
    if not drawn:
        notice = board_texts.only_text() if denied & EMBED_LINKS else ""
    else:
        notice = {
            ATTACH_FILES: answer_texts.no_files(),
            EMBED_LINKS: answer_texts.no_embeds(),
            ATTACH_FILES | EMBED_LINKS: answer_texts.no_embeds_no_files(),
        }[denied]
    assert notice in message.content
    named = {
        "leaderboard": "Ann",
        "servermood": "Record club",
        "mymoods": "Morning run",
        "find": "Low tide",
        "similar": "Empty platform",
    }
    assert named[command] in seen(message)


@every_command
async def test_private_answers_are_seen_by_who_asks_alone(
    here: Place, command: str, options: Mapping[str, Any]
) -> None:
    assert (await here.ask(command, private=True, **options)).ephemeral
    assert not (await here.ask(command, **options)).ephemeral


async def test_a_database_that_is_away_is_said_so(tmp_path: Path) -> None:
    async with place(tmp_path) as where, bot_at(where) as bot:
        await bot.logged("database open")
        # A bot that is stopped while its workers start may be loud.
        await bot.logged("workers started")
        with sqlite3.connect(bot.data / "moodify.db") as other:
            other.execute("DROP TABLE standings")
            other.execute("DROP TABLE guild_songs")
            other.execute("DROP TABLE records")
        other.close()
        for command, options in COMMANDS.items():
            message = await where.ask(command, **options)
            assert message.content == board_texts.boards_away(), command


# --- members -------------------------------------------------------------------------------------


async def test_members_are_ranked_by_their_minutes_with_the_own_rank(here: Place) -> None:
    message = await here.ask("leaderboard", mood="sad", period="all")
    assert title(message) == board_texts.minutes_title(Mood.SAD)
    spoken = message.attachment("board.png").description or ""
    # Ann: 5 × 0.9 + 5 × 0.8 + 5 × 0.0375 minutes.
    assert "1. Ann: 8.7 min\n2. Member 1: 4.5 min" in spoken
    assert "**1** of 25" in said(message)
    assert picture(message).width == 1200
    theirs = await here.ask("leaderboard", mood="sad", period="all", user=here.crowd[20])
    assert "**22** of 25" in said(theirs)


async def test_who_has_too_few_songs_is_told_how_many_more(here: Place) -> None:
    message = await here.ask("leaderboard", user=here.bo)
    assert board_texts.songs_until_ranked(2) in said(message)
    assert "Bo" not in seen(message)


async def test_pages_are_turned_by_buttons_after_a_restart_too(here: Place) -> None:
    assert here.first is not None
    assert "◀" not in labels(here.first)
    second = await here.press(here.first, "▶")
    assert second.id == here.first.id
    assert board_texts.board_facts(Period.ALL, 2, 3) in seen(second)
    third = await here.press(second, "▶")
    assert "▶" not in labels(third)
    assert "**1** of 25" in said(third)
    assert "\n1. Ann" not in seen(third)
    back = await here.press(third, "◀")
    assert board_texts.board_facts(Period.ALL, 2, 3) in seen(back)


async def test_a_page_that_is_not_there_is_the_last_one(here: Place) -> None:
    message = await here.ask("leaderboard", mood="sad", period="all", page=999)
    assert board_texts.board_facts(Period.ALL, 3, 3) in seen(message)


async def test_who_presses_under_anothers_board_gets_one_of_their_own(here: Place) -> None:
    message = await here.ask("leaderboard", mood="sad", period="all")
    own = await here.press(message, "▶", user=here.crowd[20])
    assert own.id != message.id
    assert own.ephemeral
    assert "**22** of 25" in said(own)
    assert here.double.world.messages[message.id] == message
    further = await here.press(own, "▶", user=here.crowd[20])
    assert further.id == own.id


async def test_menus_lead_to_other_moods_times_and_boards(here: Place) -> None:
    message = await here.ask("leaderboard")
    assert title(message) == board_texts.minutes_title(None)
    happy = await here.choose(message, "board-mood", "happy")
    assert title(happy) == board_texts.minutes_title(Mood.HAPPY)
    week = await here.choose(happy, "board-period", "week")
    assert board_texts.period_name(Period.WEEK) in seen(week)
    songs = await here.press(week, board_texts.songs_button())
    assert title(songs) == board_texts.songs_title(Mood.HAPPY)
    glance = await here.press(songs, board_texts.overview_button())
    assert title(glance) == board_texts.overview_title()
    assert not [each for each in ids(glance) if each.startswith("board-mood")]
    members = await here.press(glance, board_texts.members_button())
    assert title(members) == board_texts.minutes_title(Mood.HAPPY)


async def test_pages_are_suggested_the_own_one_first(here: Place) -> None:
    exchange = await here.double.autocomplete(
        "leaderboard",
        "page",
        user=here.crowd[20],
        channel=here.songs,
        options={"mood": "sad", "period": "all", "page": ""},
    )
    await exchange.responded(PATIENCE)
    assert [(each["name"], each["value"]) for each in exchange.choices or ()] == [
        (board_texts.page_with_you(3, 22), 3),
        (board_texts.page_with_ranks(1, 1, 10), 1),
        (board_texts.page_with_ranks(2, 11, 20), 2),
        (board_texts.page_with_ranks(3, 21, 30), 3),
    ]


async def test_nothing_is_suggested_where_there_are_no_boards(here: Place) -> None:
    for command, option in (("leaderboard", "page"), ("similar", "song")):
        exchange = await here.double.autocomplete(
            command, option, user=here.ann, channel=here.off, options={option: ""}
        )
        await exchange.responded(PATIENCE)
        assert exchange.choices == []


async def test_leaders_of_all_moods_at_a_glance(here: Place) -> None:
    message = await here.ask("leaderboard", board="overview", period="all")
    spoken = message.attachment("board.png").description or ""
    for mood, name in ((Mood.SAD, "Ann"), (Mood.HAPPY, "Ann")):
        assert f"{mood.emoji} {texts.mood_name(mood)}: {name}" in spoken
    assert all(mood.emoji in spoken for mood in MOODS)


async def test_boards_speak_the_language_of_who_asks(here: Place) -> None:
    user = here.double.add_user("Dé", locale="de")
    here.double.add_member(here.guild, user)
    message = await here.ask("leaderboard", mood="sad", user=user)
    with speaking("de"):
        assert title(message) == board_texts.minutes_title(Mood.SAD)
        assert board_texts.songs_until_ranked(3) in said(message)


# --- names ---------------------------------------------------------------------------------------


async def test_hostile_names_do_no_harm(here: Place) -> None:
    denied = ATTACH_FILES
    message = await here.ask(
        "leaderboard", mood="romantic", period="all", channel=here.limited[denied]
    )
    (line,) = (each for each in said(message).splitlines() if "evil" in each)
    assert "`]( 'x' @everyone **evil #`" in line
    profile = await here.ask("mymoods", user=here.evil)
    assert profile.embeds[0]["title"] == board_texts.profile_title("`]( 'x' @everyone **evil #`")


async def test_who_has_left_is_still_on_the_board(here: Place) -> None:
    message = await here.ask("leaderboard", channel=here.quiet)
    assert f"1. {board_texts.someone_who_left()}: 27 min" in seen(message)


async def test_a_board_does_not_wait_for_names_for_ever(here: Place) -> None:
    here.double.gateway.tells_members = False
    message = await here.ask("leaderboard", mood="sad", period="all")
    here.double.gateway.tells_members = True
    assert f"1. {board_texts.somebody()}: 8.7 min" in seen(message)


# --- songs ---------------------------------------------------------------------------------------


async def test_songs_are_ranked_with_links_to_their_messages(here: Place) -> None:
    message = await here.ask("leaderboard", board="songs", mood="sad", period="all")
    first, second = said(message).splitlines()[2:4]
    low, empty = here.heard[:2]
    assert first == f"**1.** `Low tide` · 90% · `Ann` · {board_texts.jump(low.url)}"
    assert "`Empty platform`" in second
    assert empty.url in second
    assert "1. Low tide: 90%" in seen(message)
    more = await here.press(message, "▶")
    assert "`Tune" in said(more)
    assert "`Low tide`" not in said(more)


async def test_songs_without_a_mood_named_are_the_saddest(here: Place) -> None:
    message = await here.ask("leaderboard", board="songs")
    assert title(message) == board_texts.songs_title(Mood.SAD)


async def test_hostile_titles_do_no_harm(here: Place) -> None:
    message = await here.ask("leaderboard", board="songs", mood="romantic", period="all")
    line = said(message).splitlines()[2]
    assert line.startswith("**1.** `](https://evil.example) '' <@1> @here **")
    assert line.count("`") == 4
    assert line.endswith(f"]({here.heard[6].url})")


@every_command
async def test_songs_of_hidden_channels_are_named_only_to_who_sees_them(
    here: Place, command: str, options: Mapping[str, Any]
) -> None:
    options = {**options, **({"board": "songs"} if command == "leaderboard" else {})}
    for user, private, shown in (
        (here.cy, True, command != "servermood"),
        (here.cy, False, False),
        (here.ann, True, False),
        (here.ann, False, False),
    ):
        message = await here.ask(command, user=user, private=private, **options)
        if command != "mymoods" or user == here.cy:
            assert ("Secret" in seen(message)) == shown, (user.name, private)
        assert "Diary" not in seen(message)


async def test_in_a_hidden_channel_its_own_songs_are_shown(here: Place) -> None:
    message = await here.ask("find", user=here.cy, channel=here.hidden, mood="sad", strength=90)
    assert "Secret" in said(message)


# --- a server's mood, and a member's -------------------------------------------------------------


async def test_the_mood_of_a_server(here: Place) -> None:
    message = await here.ask("servermood")
    assert message.embeds[0]["title"] == board_texts.server_title("`Record club`")
    assert f"**{texts.mood_name(Mood.SAD)}**" in said(message)
    assert picture(message).size == (1200, 760)
    assert texts.mood_name(Mood.ROMANTIC) in (message.attachment("board.png").description or "")


async def test_the_moods_of_a_member(here: Place) -> None:
    own = await here.ask("mymoods")
    assert own.embeds[0]["title"] == board_texts.profile_title("`Ann`")
    assert board_texts.favourite(Mood.SAD, 60 * (4.5 + 4 + 5 * 0.0375)) in said(own)
    assert here.heard[0].url in said(own)
    assert here.heard[2].url in said(own)
    assert board_texts.this_server() in (own.attachment("board.png").description or "")
    theirs = await here.double.slash(
        "mymoods", user=here.bo, channel=here.songs, options={"user": here.ann}
    )
    assert said(await answer(theirs)) == said(own)


async def test_a_member_without_songs_has_no_moods_yet(here: Place) -> None:
    user = here.double.add_user("Di")
    here.double.add_member(here.guild, user)
    exchange = await here.double.slash(
        "mymoods", user=here.ann, channel=here.songs, options={"user": user}
    )
    assert (await answer(exchange)).content == board_texts.no_profile_of("`Di`")


async def test_who_is_kept_off_the_boards_sees_their_own_moods_alone(here: Place) -> None:
    own = await here.ask("mymoods", channel=here.quiet)
    assert own.ephemeral
    assert "`Wave 0`" in said(own)
    exchange = await here.double.slash(
        "mymoods", user=here.bo, channel=here.quiet, options={"user": here.ann}
    )
    refused = await answer(exchange)
    assert refused.ephemeral
    assert refused.content == board_texts.hidden_profile("`Ann`")


async def test_who_is_kept_off_the_boards_is_named_by_none(here: Place) -> None:
    board = await here.ask("leaderboard", period="all", channel=here.quiet)
    assert "Ann" not in seen(board)
    assert board_texts.own_hidden() not in said(board)
    private = await here.ask("leaderboard", period="all", channel=here.quiet, private=True)
    assert board_texts.own_hidden() in said(private)
    songs = await here.ask(
        "leaderboard", board="songs", mood="sad", period="all", channel=here.quiet
    )
    assert "`Wave 0`" in said(songs)
    assert "Ann" not in seen(songs)


# --- finding songs -------------------------------------------------------------------------------


async def test_songs_are_found_by_mood_and_strength(here: Place) -> None:
    strong = await here.ask("find", mood="sad", strength=75)
    assert "`Low tide`" in said(strong)
    assert "`Empty platform`" in said(strong)
    assert "Tune" not in said(strong)
    assert board_texts.found_rule(0.75) in said(strong)
    assert strong.components == ()
    wide = await here.ask("find", mood="sad")
    assert board_texts.page_of(1) in said(wide)
    second = await here.press(wide, "▶")
    assert second.id == wide.id
    assert "**11.**" in said(second)
    own = await here.press(second, "◀", user=here.bo)
    assert own.ephemeral
    assert "`Low tide`" in said(own)


async def test_songs_like_another_are_suggested_and_found(here: Place) -> None:
    exchange = await here.double.autocomplete(
        "similar", "song", user=here.ann, channel=here.songs, options={"song": "tid"}
    )
    await exchange.responded(PATIENCE)
    ((name, value),) = ((each["name"], each["value"]) for each in exchange.choices or ())
    assert name == "Low tide"
    message = await here.ask("similar", song=value)
    assert "`Low tide`" in message.embeds[0]["title"]
    assert "`Empty platform`" in said(message).splitlines()[2]
    assert " · 90% · " in said(message).splitlines()[2]
    assert board_texts.similar_rule() in said(message)


async def test_a_song_of_a_hidden_channel_is_suggested_only_to_who_sees_it(here: Place) -> None:
    for user, suggested in ((here.cy, ["Secret"]), (here.ann, [])):
        exchange = await here.double.autocomplete(
            "similar", "song", user=user, channel=here.songs, options={"song": "secr"}
        )
        await exchange.responded(PATIENCE)
        assert [each["name"] for each in exchange.choices or ()] == suggested
    told = await here.ask("similar", user=here.ann, song="Secret")
    assert told.content == board_texts.song_unknown()
    shown = await here.ask("similar", user=here.cy, song="Secret")
    assert shown.ephemeral
    assert "`Secret`" in said(shown)


# --- outside of servers --------------------------------------------------------------------------


async def test_where_the_bot_is_no_member_it_says_so(here: Place) -> None:
    guild = here.double.add_guild("Elsewhere", owner=here.ann, with_bot=False)
    channel = here.double.add_channel(guild, "songs")
    message = await here.ask("leaderboard", channel=channel)
    assert message.ephemeral
    assert message.content == board_texts.boards_need_me()


async def test_there_are_no_boards_outside_of_servers(here: Place) -> None:
    for command in here.double.commands:
        if command["name"] in COMMANDS:
            assert command["contexts"] == [0]
            assert command["integration_types"] == [0]


async def test_what_can_be_chosen_is_named_in_the_language_of_who_asks(here: Place) -> None:
    (board,) = (each for each in here.double.commands if each["name"] == "leaderboard")
    options = {option["name"]: option for option in board["options"]}
    with speaking("de"):
        for option, names in (
            ("mood", {mood.value: texts.mood_name(mood) for mood in MOODS}),
            ("period", {each.value: board_texts.period_name(each) for each in Period}),
            ("board", {each: board_texts.board_name(each) for each in ("members", "songs")}),
        ):
            choices = options[option]["choices"]
            shown = {each["value"]: each["name_localizations"]["de"] for each in choices}
            assert names.items() <= shown.items()
