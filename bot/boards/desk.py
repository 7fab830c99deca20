"""Discord's side of the boards: what is looked up and shown, and to whom."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Collection
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar
from weakref import WeakValueDictionary

import discord
import structlog

from bot.answers.access import may_open, sees
from bot.answers.showing import NotShown, Ways, attending, found_or_why
from bot.boards.audience import audience
from bot.boards.people import names_of
from bot.engine import Engine, EngineError, draw_chart
from bot.home_channels import home_channel_of
from bot.memory import Memory
from bot.outcomes import Stopping
from bot.presentation import board_texts as texts
from bot.presentation import texts as common
from bot.presentation.board_buttons import board_components, find_components
from bot.presentation.board_views import Board, BoardView, FindView, Name
from bot.presentation.boards import (
    Screen,
    found_screen,
    members_screen,
    overview_screen,
    own_line,
    profile_screen,
    screen_ways,
    server_screen,
    similar_screen,
    songs_screen,
)
from bot.presentation.language import speaking
from bot.presentation.titles import harmless_name
from bot.replies import InteractionReply, present
from bot.storage import (
    PAGE,
    MembersPage,
    RankedSong,
    Recorded,
    SongsPage,
    Storage,
    Titled,
)

if TYPE_CHECKING:
    from bot.client import MoodifyBot
    from bot.jobs import Jobs
    from moodify_core.charts import Chart

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)

T = TypeVar("T")

CHART_LIMIT = 20.0
"""Seconds that drawing a picture may take."""
CHART_PATIENCE = 30.0
"""Seconds that a board waits for its picture, the songs before it included; else it has none."""
SOON = 1.0
"""Seconds for what has to be known before Discord is told that an answer will come."""
WEEKS = 26
"""Weeks that a server's mood shows: half a year."""
SUGGESTIONS = 25
"""Entries of a list under what somebody types, says Discord."""
SIMILAR = 10
MOST_FOUND = 10 * PAGE
_LISTED = 200
"""Songs that are looked through for those that a person can see."""

View = Callable[[], discord.ui.View | None]


class BoardDesk:
    """Takes commands and presses about boards.

    Parameters
    ----------
    jobs : Jobs
        Waits for these, too, when the bot stops.
    memory : Memory
        Has what is shown.
    engine : Engine
        Draws pictures.
    clock : callable
        Tells the time, in seconds of Unix time.
    """

    def __init__(
        self,
        *,
        jobs: Jobs,
        memory: Memory,
        engine: Engine,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._jobs = jobs
        self._memory = memory
        self._engine = engine
        self._clock = clock
        # One picture of a person at a time: presses in a row come in their order, and a flood of
        # them keeps no worker from songs.
        self._turns: WeakValueDictionary[int, asyncio.Lock] = WeakValueDictionary()

    # --- commands ---------------------------------------------------------------------------------

    async def leaderboard(
        self, interaction: discord.Interaction[MoodifyBot], view: BoardView, *, private: bool
    ) -> None:
        """Show a board.

        Parameters
        ----------
        interaction : discord.Interaction
        view : BoardView
            What to begin with.
        private : bool
            Whether only who asks sees it; the same for the others.
        """
        await self._answer(interaction, lambda ask: ask.board(view), private=private)

    async def server_mood(
        self, interaction: discord.Interaction[MoodifyBot], *, private: bool
    ) -> None:
        """Show how a server sounds."""
        await self._answer(interaction, lambda ask: ask.server(), private=private)

    async def profile(
        self,
        interaction: discord.Interaction[MoodifyBot],
        user: discord.Member | discord.User,
        *,
        private: bool,
    ) -> None:
        """Show what a person shares; of one who is kept off the boards, only to themselves.

        Parameters
        ----------
        interaction : discord.Interaction
        user : discord.Member or discord.User
            Whose moods; who has left is no member.
        private : bool
        """
        guild_id = interaction.guild_id or 0
        hidden = await self._soon(
            lambda storage: storage.boards.is_hidden(guild_id, user.id), otherwise=True
        )
        private = private or hidden
        await self._answer(
            interaction, lambda ask: ask.profile(user, hidden=hidden), private=private
        )

    async def find(
        self, interaction: discord.Interaction[MoodifyBot], view: FindView, *, private: bool
    ) -> None:
        """Show songs that feel like a mood."""
        await self._answer(interaction, lambda ask: ask.found(view), private=private)

    async def similar(
        self, interaction: discord.Interaction[MoodifyBot], song: str, *, private: bool
    ) -> None:
        """Show songs like another.

        Parameters
        ----------
        interaction : discord.Interaction
        song : str
            The number of a record, as `suggest_songs` gives it, or a part of a title.
        private : bool
        """
        # The title of a song from where not everybody can read is for who asks alone.
        record = await self._soon(
            lambda storage: _named(interaction, storage, song), otherwise=None
        )
        private = private or record is None or not _for_all(interaction, record)
        await self._answer(interaction, lambda ask: ask.similar(song), private=private)

    # --- presses ----------------------------------------------------------------------------------

    async def turn_board(
        self, interaction: discord.Interaction[MoodifyBot], view: BoardView, asker_id: int
    ) -> None:
        """Show another board in place of one, or beside it to who has not asked for it.

        Parameters
        ----------
        interaction : discord.Interaction
        view : BoardView
            What to show.
        asker_id : int
            Who had asked for what is shown.
        """
        await self._turn(interaction, asker_id, lambda ask: ask.board(view))

    async def turn_find(
        self, interaction: discord.Interaction[MoodifyBot], view: FindView, asker_id: int
    ) -> None:
        """Show another page of songs in place of one, or beside it to who has not asked for it."""
        await self._turn(interaction, asker_id, lambda ask: ask.found(view))

    # --- suggestions ------------------------------------------------------------------------------

    async def suggest_pages(
        self, interaction: discord.Interaction[MoodifyBot], view: BoardView, typed: str
    ) -> list[tuple[str, int]]:
        """Return pages of a board, with what they hold: the own one first.

        Parameters
        ----------
        interaction : discord.Interaction
        view : BoardView
            As far as it was chosen.
        typed : str
            The beginning of a number, perhaps; anything.

        Returns
        -------
        list of (str, int)
            What each is called, and its number from 1 on.
        """
        guild = interaction.guild
        if guild is None or view.board is Board.OVERVIEW or await self._refusal(interaction):
            return []
        channels = audience(interaction, private=False)
        viewer_id, now = interaction.user.id, self._clock()
        shown = await self._soon(
            lambda storage: _page(storage, guild.id, view, channels, viewer_id, now), otherwise=None
        )
        if shown is None:
            return []
        own = shown.own if isinstance(shown, MembersPage) else None
        with speaking(interaction.locale):
            pages = [
                (texts.page_with_ranks(page + 1, page * PAGE + 1, (page + 1) * PAGE), page + 1)
                for page in range(min(shown.pages, SUGGESTIONS * 4))
                if str(page + 1).startswith(typed.strip())
            ]
            if own is not None and not typed.strip():
                page = (own.rank - 1) // PAGE + 1
                pages.insert(0, (texts.page_with_you(page, own.rank), page))
        return pages[:SUGGESTIONS]

    async def suggest_songs(
        self, interaction: discord.Interaction[MoodifyBot], typed: str
    ) -> list[tuple[str, str]]:
        """Return songs whose titles hold what somebody has typed, of those that they can see.

        Returns
        -------
        list of (str, str)
            The title of each, and the number of its newest record.
        """
        none: list[Titled] = []
        if await self._refusal(interaction):
            return []
        songs = await self._soon(
            lambda storage: _seen(interaction, storage, typed.strip()), otherwise=none
        )
        return [(song.title, str(song.record_id)) for song in songs[:SUGGESTIONS]]

    # --- how all are answered ---------------------------------------------------------------------

    async def _answer(
        self,
        interaction: discord.Interaction[MoodifyBot],
        finding: Callable[[_Asking], Awaitable[tuple[Screen, View]]],
        *,
        private: bool,
    ) -> None:
        refusal = await self._refusal(interaction)
        private = private or refusal is not None
        with attending(self._jobs, interaction) as reply:
            if await reply.defer(private=private):
                await self._show(reply, finding, refusal, private=private)

    async def _turn(
        self,
        interaction: discord.Interaction[MoodifyBot],
        asker_id: int,
        finding: Callable[[_Asking], Awaitable[tuple[Screen, View]]],
    ) -> None:
        refusal = await self._refusal(interaction)
        message = interaction.message
        own = interaction.user.id == asker_id and refusal is None
        private = not own or (message is not None and message.flags.ephemeral)
        with attending(self._jobs, interaction) as reply:
            if await reply.defer(private=private, thinking=not own):
                await self._show(reply, finding, refusal, private=private)

    async def _show(
        self,
        reply: InteractionReply,
        finding: Callable[[_Asking], Awaitable[tuple[Screen, View]]],
        refusal: Callable[[], str] | None,
        *,
        private: bool,
    ) -> None:
        interaction = reply.interaction
        settings = await self._memory.settings(interaction.guild_id)
        language = None if private else settings.language
        with speaking(language or interaction.locale):
            async with self._turns.setdefault(interaction.user.id, asyncio.Lock()):
                ways = await found_or_why(
                    reply, self._ways(reply, finding, refusal, private=private)
                )
            await present(reply, ways)

    async def _ways(
        self,
        reply: InteractionReply,
        finding: Callable[[_Asking], Awaitable[tuple[Screen, View]]],
        refusal: Callable[[], str] | None,
        *,
        private: bool,
    ) -> Ways:
        if refusal is not None:
            raise NotShown(refusal())
        ask = _Asking(self._memory, reply.interaction, self._clock(), private=private)
        screen, view = await finding(ask)
        picture = await self.draw(screen.chart) if screen.chart and reply.abilities.files else None
        return screen_ways(screen, picture, reply.abilities, view)

    async def draw(self, chart: Chart) -> bytes | None:
        """Return the picture of a chart as PNG; None if it cannot be drawn now."""
        try:
            async with asyncio.timeout(CHART_PATIENCE):
                return await self._engine.run(
                    draw_chart, chart, common.picture_words(), time_limit=CHART_LIMIT
                )
        except (EngineError, TimeoutError) as error:
            log.warning("board not drawn", error=repr(error))
            return None

    async def _refusal(
        self, interaction: discord.Interaction[MoodifyBot]
    ) -> Callable[[], str] | None:
        """Return the sentence that tells why a server has no boards; None if it has."""
        if self._jobs.closing:
            return lambda: common.refusal(Stopping())
        if interaction.guild is None or interaction.client.get_guild(interaction.guild.id) is None:
            return texts.boards_need_me
        settings = await self._memory.settings(interaction.guild_id)
        return None if settings.leaderboard else texts.boards_off

    async def _soon(self, action: Callable[[Storage], Awaitable[T]], *, otherwise: T) -> T:
        try:
            async with asyncio.timeout(SOON):
                return await self._memory.attempt(action, otherwise=otherwise)
        except TimeoutError:
            log.warning("database too slow")
            return otherwise


class _Asking:
    """What somebody asks for, looked up for the eyes that will see the answer."""

    def __init__(
        self,
        memory: Memory,
        interaction: discord.Interaction[MoodifyBot],
        now: float,
        *,
        private: bool,
    ) -> None:
        assert interaction.guild is not None  # who asks elsewhere was refused
        self._memory = memory
        self._interaction = interaction
        self._guild = interaction.guild
        self._viewer_id = interaction.user.id
        self._now = now
        self._private = private
        self._channels = audience(interaction, private=private)

    async def board(self, view: BoardView) -> tuple[Screen, View]:
        """Look up a board."""
        guild_id, viewer_id, now = self._guild.id, self._viewer_id, self._now
        if view.board is Board.OVERVIEW:
            leaders = await self._know(
                lambda storage: storage.boards.leaders(guild_id, view.period, now=now)
            )
            names = await self._names(
                [leader.user_id for leader in leaders.values() if leader is not None]
            )
            screen = overview_screen(leaders, view, names, viewer_id)
            return screen, lambda: board_components(view, 1, viewer_id)
        page = await self._know(
            lambda storage: _page(storage, guild_id, view, self._channels, viewer_id, now)
        )
        # The page may be gone meanwhile.
        view = replace(view, page=page.page)
        if isinstance(page, MembersPage):
            screen = await self._members(page, view)
        else:
            screen = songs_screen(page, view, await self._names_under(page.rows), guild_id)
        return screen, lambda: board_components(view, page.pages, viewer_id)

    async def server(self) -> tuple[Screen, View]:
        """Look up how the server sounds."""
        guild_id, now = self._guild.id, self._now
        mood = await self._know(
            lambda storage: storage.boards.server_mood(
                guild_id, weeks=WEEKS, channels=self._channels, now=now
            )
        )
        agreement = await self._memory.attempt(
            lambda storage: storage.opinions.agreement(guild_id), otherwise=None
        )
        name = harmless_name(self._guild.name) or texts.this_server()
        return server_screen(mood, name, agreement, guild_id), lambda: None

    async def profile(
        self, user: discord.Member | discord.User, *, hidden: bool
    ) -> tuple[Screen, View]:
        """Look up what somebody shares."""
        guild_id, now = self._guild.id, self._now
        shown = harmless_name(user.display_name) or harmless_name(user.name)
        name = Name(shown or texts.somebody(), known=bool(shown))
        own = user.id == self._viewer_id
        # To be asked again: it may only have been the database.
        if (
            hidden
            and not own
            and await self._know(lambda storage: storage.boards.is_hidden(guild_id, user.id))
        ):
            raise NotShown(texts.hidden_profile(name.said))
        profile = await self._know(
            lambda storage: storage.boards.profile(guild_id, user.id, channels=self._channels)
        )
        if profile is None:
            raise NotShown(texts.no_profile() if own else texts.no_profile_of(name.said))
        server = await self._know(
            lambda storage: storage.boards.server_mood(
                guild_id, weeks=1, channels=self._channels, now=now
            )
        )
        return profile_screen(profile, server.mix, name, guild_id), lambda: None

    async def found(self, view: FindView) -> tuple[Screen, View]:
        """Look up songs that feel like a mood."""
        guild_id = self._guild.id
        limit = min((view.page + 1) * PAGE + 1, MOST_FOUND)
        songs = await self._know(
            lambda storage: storage.boards.find(
                guild_id,
                view.mood,
                strength=view.strength / 100,
                channels=self._channels,
                limit=limit,
            )
        )
        # The page may be gone meanwhile.
        view = replace(view, page=min(view.page, max(len(songs) - 1, 0) // PAGE))
        here = songs[view.page * PAGE : (view.page + 1) * PAGE]
        names = await self._names_under(here)
        more = len(songs) > (view.page + 1) * PAGE
        screen = found_screen(here, view, names, guild_id, more=more)
        return screen, lambda: find_components(view, self._viewer_id, more=more)

    async def similar(self, song: str) -> tuple[Screen, View]:
        """Look up songs like another."""
        record = await self._know(lambda storage: _named(self._interaction, storage, song))
        if record is None:
            raise NotShown(texts.song_unknown())
        record_id = record.id
        songs = await self._know(
            lambda storage: storage.boards.similar(
                record_id, channels=self._channels, limit=SIMILAR
            )
        )
        names = await self._names_under([each.song for each in songs])
        return similar_screen(record.title, songs, names, self._guild.id), lambda: None

    async def _members(self, page: MembersPage, view: BoardView) -> Screen:
        viewer_id = self._viewer_id
        hidden = page.own is None and await self._know(
            lambda storage: storage.boards.is_hidden(self._guild.id, viewer_id)
        )
        shown = [*page.rows, *([page.own] if page.own else [])]
        names = await self._names([each.user_id for each in shown])
        own = own_line(page, view.mood, hidden=hidden, private=self._private)
        return members_screen(page, view, names, viewer_id, own)

    async def _know(self, action: Callable[[Storage], Awaitable[T]]) -> T:
        """Return what the database knows.

        Raises
        ------
        NotShown
            If it is away.
        """
        nothing = object()
        found = await self._memory.attempt(action, otherwise=nothing)
        if found is nothing:
            raise NotShown(texts.boards_away())
        return found  # type: ignore[return-value]  # not the one thing that it could be else

    async def _names_under(self, songs: Collection[RankedSong]) -> dict[int, Name]:
        return await self._names([song.user_id for song in songs if song.user_id is not None])

    async def _names(self, user_ids: Collection[int]) -> dict[int, Name]:
        return await names_of(self._guild, user_ids) if user_ids else {}


async def _page(
    storage: Storage,
    guild_id: int,
    view: BoardView,
    channels: Collection[int],
    viewer_id: int,
    now: float,
) -> MembersPage | SongsPage:
    if view.board is Board.MEMBERS:
        return await storage.boards.members(
            guild_id, view.mood, view.period, page=view.page, viewer_id=viewer_id, now=now
        )
    return await storage.boards.songs(
        guild_id, view.songs_mood, view.period, page=view.page, channels=channels, now=now
    )


async def _seen(
    interaction: discord.Interaction[MoodifyBot], storage: Storage, part: str
) -> list[Titled]:
    """Return the songs of the server that who asks can see, the newest first."""
    guild_id = interaction.guild_id
    if guild_id is None:
        return []
    listed = await storage.songs.titles(guild_id, part, _LISTED)
    return [song for song in listed if sees(interaction, song.channel_id)]


async def _named(
    interaction: discord.Interaction[MoodifyBot], storage: Storage, song: str
) -> Recorded | None:
    """Find a song by the number of a record, or by a part of its title, if who asks may see it."""
    named = song.strip()
    if named.isascii() and named.isdecimal() and len(named) < 19:
        record = await storage.songs.find(int(named))
        if record is not None and record.guild_id is not None and may_open(interaction, record):
            return record
    seen = await _seen(interaction, storage, named)
    return await storage.songs.find(seen[0].record_id) if seen else None


def _for_all(interaction: discord.Interaction[MoodifyBot], record: Recorded) -> bool:
    """Whether everybody who will see an answer can see where a song was answered."""
    guild = interaction.guild
    if guild is None or record.private:
        return False
    home = home_channel_of(guild.get_channel_or_thread(record.channel_id))
    return home is not None and home in audience(interaction, private=False)
