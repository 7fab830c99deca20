"""Buttons and menus under boards. Their ids say all that they need, so they outlive a restart."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from typing import Any, Self

import discord

from bot.presentation import board_texts as texts
from bot.presentation.board_views import Board, BoardView, FindView
from bot.presentation.pressing import Pressed
from bot.presentation.texts import mood_name
from bot.storage import Period
from moodify_core.moods import MOODS, Mood

_ALL = "all"
_ARROWS = {"<": "◀", ">": "▶"}
_MOOD = "|".join(MOODS)
_BOARD = (
    rf"(?P<board>{'|'.join(Board)}):(?P<mood>{_MOOD}|{_ALL}):(?P<period>{'|'.join(Period)})"
    r":(?P<page>\d{1,6}):(?P<asker>\d{1,20})"
)


class _Item(Pressed[discord.ui.Item[discord.ui.View]], template=r"(?!)"):
    """Something that is made anew from itself, as it may be a button or a menu."""

    def __init__(self, item: discord.ui.Item[discord.ui.View]) -> None:
        super().__init__(item)
        match = self.template.fullmatch(self.custom_id)
        assert match is not None  # the base class has looked
        self._held = match.groupdict()
        self._asker_id = int(match["asker"])

    @classmethod
    async def from_custom_id(
        cls,
        interaction: discord.Interaction[Any],
        item: discord.ui.Item[Any],
        match: re.Match[str],
        /,
    ) -> Self:
        """Make the item that was used; discord.py calls this."""
        return cls(item)


class _BoardItem(_Item, template=r"(?!)"):
    def view_then(self, chosen: str | None) -> BoardView:
        """Return what is to be shown after a choice, None for a button."""
        view = _board_view(self._held)
        return view if chosen is None else self.changed(view, chosen)

    def changed(self, view: BoardView, chosen: str) -> BoardView:
        """Return a board with what was chosen in a menu; a button has nothing to choose."""
        return view

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Show the board that was chosen; discord.py calls this."""
        values = getattr(self.item, "values", None)
        view = self.view_then(values[0] if values else None)
        await interaction.client.board_desk.turn_board(interaction, view, self._asker_id)


class BoardButton(_BoardItem, template=rf"board:{_BOARD}:[<>=]"):
    """Shows another page, or another board."""


class BoardMoodMenu(_BoardItem, template=rf"board-mood:{_BOARD}"):
    """Shows the same board of another mood."""

    def changed(self, view: BoardView, chosen: str) -> BoardView:
        """Return the board of a mood."""
        return replace(view, mood=None if chosen == _ALL else Mood(chosen), page=0)


class BoardPeriodMenu(_BoardItem, template=rf"board-period:{_BOARD}"):
    """Shows the same board of another time."""

    def changed(self, view: BoardView, chosen: str) -> BoardView:
        """Return the board of a time."""
        return replace(view, period=Period(chosen), page=0)


class FindButton(
    _Item,
    template=rf"find:(?P<mood>{_MOOD}):(?P<strength>\d{{1,3}}):(?P<page>\d{{1,6}})"
    r":(?P<asker>\d{1,20}):[<>]",
):
    """Shows another page of songs that feel like a mood."""

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Show the page; discord.py calls this."""
        held = self._held
        view = FindView(Mood(held["mood"]), int(held["strength"]), int(held["page"]))
        await interaction.client.board_desk.turn_find(interaction, view, self._asker_id)


BOARD_ITEMS = (BoardButton, BoardMoodMenu, BoardPeriodMenu, FindButton)
"""To be made known to discord.py, so that they work under messages of an earlier run."""


def board_components(view: BoardView, pages: int, asker_id: int) -> discord.ui.View:
    """Return what leads from a board to others.

    Parameters
    ----------
    view : BoardView
        What is shown.
    pages : int
        How many pages it has.
    asker_id : int
        Whose message it is: others get one of their own.
    """
    shown = discord.ui.View(timeout=None)
    for board in Board:
        tab = replace(view, board=board, page=0)
        style = discord.ButtonStyle.primary if board is view.board else None
        shown.add_item(_button(tab, "=", texts.board_name(board), asker_id, style=style))
    if view.board is not Board.OVERVIEW:
        shown.add_item(_mood_menu(view, asker_id))
    shown.add_item(_period_menu(view, asker_id))
    for page, sign in _neighbours(view.page, pages):
        shown.add_item(_button(replace(view, page=page), sign, _ARROWS[sign], asker_id, row=3))
    return shown


def find_components(view: FindView, asker_id: int, *, more: bool) -> discord.ui.View:
    """Return what turns the pages of songs that feel like a mood."""
    shown = discord.ui.View(timeout=None)
    for page, sign in _neighbours(view.page, view.page + 1 + more):
        custom_id = f"find:{view.mood}:{view.strength}:{page}:{asker_id}:{sign}"
        shown.add_item(FindButton(discord.ui.Button(label=_ARROWS[sign], custom_id=custom_id)))
    return shown


def _neighbours(page: int, pages: int) -> Iterable[tuple[int, str]]:
    if page > 0:
        yield page - 1, "<"
    if page < pages - 1:
        yield page + 1, ">"


def _board_id(view: BoardView, asker_id: int) -> str:
    return f"{view.board}:{view.mood or _ALL}:{view.period}:{view.page}:{asker_id}"


def _board_view(held: dict[str, str]) -> BoardView:
    mood = None if held["mood"] == _ALL else Mood(held["mood"])
    return BoardView(Board(held["board"]), mood, Period(held["period"]), int(held["page"]))


def _button(
    view: BoardView,
    sign: str,
    label: str,
    asker_id: int,
    *,
    style: discord.ButtonStyle | None = None,
    row: int = 0,
) -> BoardButton:
    return BoardButton(
        discord.ui.Button(
            label=label,
            style=style or discord.ButtonStyle.secondary,
            custom_id=f"board:{_board_id(view, asker_id)}:{sign}",
            row=row,
        )
    )


def _mood_menu(view: BoardView, asker_id: int) -> BoardMoodMenu:
    of_songs = view.board is Board.SONGS
    chosen = view.songs_mood if of_songs else view.mood
    options = [
        discord.SelectOption(
            label=mood_name(mood), value=mood, emoji=mood.emoji, default=mood is chosen
        )
        for mood in MOODS
    ]
    if not of_songs:
        everything = discord.SelectOption(
            label=texts.all_moods(), value=_ALL, emoji="🎵", default=chosen is None
        )
        options.insert(0, everything)
    return BoardMoodMenu(
        discord.ui.Select(
            custom_id=f"board-mood:{_board_id(view, asker_id)}",
            placeholder=texts.mood_menu(),
            options=options,
            row=1,
        )
    )


def _period_menu(view: BoardView, asker_id: int) -> BoardPeriodMenu:
    options = [
        discord.SelectOption(
            label=texts.period_name(period), value=period, default=period is view.period
        )
        for period in Period
    ]
    return BoardPeriodMenu(
        discord.ui.Select(
            custom_id=f"board-period:{_board_id(view, asker_id)}",
            placeholder=texts.period_menu(),
            options=options,
            row=2,
        )
    )
