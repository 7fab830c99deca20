"""Discord's side of the commands about boards."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import discord
from discord import app_commands
from discord.app_commands import Choice
from discord.ext import commands

from bot.boards import Digests
from bot.presentation import board_texts as texts
from bot.presentation.board_buttons import BOARD_ITEMS
from bot.presentation.board_views import Board, BoardView, FindView
from bot.presentation.texts import MOOD_PRIVATE_DESCRIPTION
from bot.storage import Period
from moodify_core.moods import Mood

if TYPE_CHECKING:
    from bot.client import MoodifyBot

T = TypeVar("T")

_BOARDS = [
    Choice(name=texts.MEMBERS_CHOICE, value=str(Board.MEMBERS)),
    Choice(name=texts.SONGS_CHOICE, value=str(Board.SONGS)),
    Choice(name=texts.OVERVIEW_CHOICE, value=str(Board.OVERVIEW)),
]
_MOODS = [Choice(name=name, value=str(mood)) for mood, name in texts.MOOD_CHOICES.items()]
_PERIODS = [Choice(name=name, value=str(each)) for each, name in texts.PERIOD_CHOICES.items()]
_STRENGTHS = [Choice(name=name, value=each) for each, name in texts.STRENGTH_CHOICES.items()]


def _of_servers(command: T) -> T:
    """Let a command be of servers that have added the bot."""
    decorators: tuple[Callable[[Any], Any], ...] = (
        app_commands.allowed_contexts(guilds=True, dms=False, private_channels=False),
        app_commands.allowed_installs(guilds=True, users=False),
    )
    for decorate in decorators:
        command = decorate(command)
    return command


class BoardsCog(commands.Cog):
    """Takes questions about a server's songs.

    Parameters
    ----------
    bot : MoodifyBot
    """

    def __init__(self, bot: MoodifyBot) -> None:
        self._bot = bot
        self._digests = Digests(bot)

    async def cog_load(self) -> None:
        """Make the buttons work under messages of an earlier run, and send weekly messages."""
        self._bot.add_dynamic_items(*BOARD_ITEMS)
        self._digests.start()

    async def cog_unload(self) -> None:
        """Stop serving the buttons and sending messages."""
        self._bot.remove_dynamic_items(*BOARD_ITEMS)
        self._digests.stop()

    @app_commands.command(name="leaderboard", description=texts.LEADERBOARD_DESCRIPTION)
    @app_commands.describe(
        board=texts.BOARD_DESCRIPTION,
        mood=texts.BOARD_MOOD_DESCRIPTION,
        period=texts.PERIOD_DESCRIPTION,
        page=texts.PAGE_DESCRIPTION,
        private=MOOD_PRIVATE_DESCRIPTION,
    )
    @app_commands.choices(board=_BOARDS, mood=_MOODS, period=_PERIODS)
    @_of_servers
    async def leaderboard(
        self,
        interaction: discord.Interaction[MoodifyBot],
        board: str = Board.MEMBERS,
        mood: str | None = None,
        period: str = Period.MONTH,
        page: app_commands.Range[int, 1, 100_000] = 1,
        private: bool = False,
    ) -> None:
        """Show who shares most of a mood, or which songs have most of it."""
        view = BoardView(Board(board), Mood(mood) if mood else None, Period(period), page - 1)
        await self._bot.board_desk.leaderboard(interaction, view, private=private)

    @leaderboard.autocomplete("page")
    async def _pages(
        self, interaction: discord.Interaction[MoodifyBot], typed: str
    ) -> list[Choice[int]]:
        chosen = interaction.namespace
        # What is being typed may be anything.
        view = BoardView(
            _one_of(Board, chosen.board, Board.MEMBERS),
            _one_of(Mood, chosen.mood, None),
            _one_of(Period, chosen.period, Period.MONTH),
        )
        pages = await self._bot.board_desk.suggest_pages(interaction, view, str(typed))
        return [Choice(name=name, value=page) for name, page in pages]

    @app_commands.command(name="servermood", description=texts.SERVERMOOD_DESCRIPTION)
    @app_commands.describe(private=MOOD_PRIVATE_DESCRIPTION)
    @_of_servers
    async def servermood(
        self, interaction: discord.Interaction[MoodifyBot], private: bool = False
    ) -> None:
        """Show how the server sounds."""
        await self._bot.board_desk.server_mood(interaction, private=private)

    @app_commands.command(name="mymoods", description=texts.MYMOODS_DESCRIPTION)
    @app_commands.describe(user=texts.MYMOODS_USER_DESCRIPTION, private=MOOD_PRIVATE_DESCRIPTION)
    @_of_servers
    async def mymoods(
        self,
        interaction: discord.Interaction[MoodifyBot],
        user: discord.Member | discord.User | None = None,
        private: bool = False,
    ) -> None:
        """Show what somebody shares."""
        await self._bot.board_desk.profile(interaction, user or interaction.user, private=private)

    @app_commands.command(name="find", description=texts.FIND_DESCRIPTION)
    @app_commands.describe(
        mood=texts.FIND_MOOD_DESCRIPTION,
        strength=texts.FIND_STRENGTH_DESCRIPTION,
        private=MOOD_PRIVATE_DESCRIPTION,
    )
    @app_commands.choices(mood=_MOODS)
    @app_commands.choices(strength=_STRENGTHS)
    @_of_servers
    async def find(
        self,
        interaction: discord.Interaction[MoodifyBot],
        mood: str,
        strength: int = 50,
        private: bool = False,
    ) -> None:
        """Show songs that feel so."""
        view = FindView(Mood(mood), strength)
        await self._bot.board_desk.find(interaction, view, private=private)

    @app_commands.command(name="similar", description=texts.SIMILAR_DESCRIPTION)
    @app_commands.describe(song=texts.SIMILAR_SONG_DESCRIPTION, private=MOOD_PRIVATE_DESCRIPTION)
    @_of_servers
    async def similar(
        self,
        interaction: discord.Interaction[MoodifyBot],
        song: app_commands.Range[str, 1, 100],
        private: bool = False,
    ) -> None:
        """Show songs like another."""
        await self._bot.board_desk.similar(interaction, song, private=private)

    @similar.autocomplete("song")
    async def _songs(
        self, interaction: discord.Interaction[MoodifyBot], typed: str
    ) -> list[Choice[str]]:
        songs = await self._bot.board_desk.suggest_songs(interaction, typed)
        return [Choice(name=title, value=record) for title, record in songs]


def _one_of(kind: Callable[[str], T], value: object, otherwise: T) -> T:
    try:
        return kind(str(value))
    except ValueError:
        return otherwise
