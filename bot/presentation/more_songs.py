"""The menu of songs that a message has beyond those that were answered."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Self

import discord

from bot.presentation import texts
from bot.presentation.titles import song_title
from bot.requests import Song

MOST_OPTIONS = 25
"""Options that Discord takes."""
_LABEL_LIMIT = 100


class MoreSongs(
    discord.ui.DynamicItem[discord.ui.Select[discord.ui.View]], template=r"more:(?P<key>\d+)"
):
    """Asks for one more song of a message.

    Parameters
    ----------
    key : int
        Id of the request.
    songs : sequence of Song
        What there is to choose from.
    """

    def __init__(self, key: int, songs: Sequence[Song] = ()) -> None:
        options = [
            discord.SelectOption(
                label=song_title(song.filename)[:_LABEL_LIMIT], value=str(song.attachment_id)
            )
            for song in songs[:MOST_OPTIONS]
        ]
        super().__init__(
            discord.ui.Select(
                custom_id=f"more:{key}", placeholder=texts.more_songs(), options=options
            )
        )

    @classmethod
    async def from_custom_id(
        cls,
        interaction: discord.Interaction[Any],
        item: discord.ui.Item[Any],
        match: re.Match[str],
        /,
    ) -> Self:
        """Make the menu that was used; discord.py calls this."""
        return cls(int(match["key"]))

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Answer the song that was chosen; discord.py calls this."""
        await interaction.client.more_desk.take(interaction, self.item.values[0])
