"""Buttons under messages. Their ids say all that they need, so they work after a restart too."""

from __future__ import annotations

import re
from typing import Any, Self

import discord

from bot.presentation import texts


class FilmButton(
    discord.ui.DynamicItem[discord.ui.Button[discord.ui.View]], template=r"film:(?P<key>\d+)"
):
    """Asks for a film of the song that was answered.

    Parameters
    ----------
    key : str
        Id of the answer's job.
    """

    def __init__(self, key: str) -> None:
        super().__init__(
            discord.ui.Button(
                label=texts.FILM_BUTTON,
                emoji="🎬",
                style=discord.ButtonStyle.secondary,
                custom_id=f"film:{key}",
            )
        )
        self._key = key

    @classmethod
    async def from_custom_id(
        cls,
        interaction: discord.Interaction[Any],
        item: discord.ui.Item[Any],
        match: re.Match[str],
        /,
    ) -> Self:
        """Make the button that was pressed; discord.py calls this."""
        return cls(match["key"])

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Make the film; discord.py calls this."""
        await interaction.client.film_desk.film(interaction, self._key)


class CancelButton(
    discord.ui.DynamicItem[discord.ui.Button[discord.ui.View]], template=r"film-cancel:(?P<key>\d+)"
):
    """Stops a film that is in the making.

    Parameters
    ----------
    key : str
        Id of the film.
    """

    def __init__(self, key: str) -> None:
        super().__init__(
            discord.ui.Button(
                label=texts.CANCEL_BUTTON,
                style=discord.ButtonStyle.danger,
                custom_id=f"film-cancel:{key}",
            )
        )
        self._key = key

    @classmethod
    async def from_custom_id(
        cls,
        interaction: discord.Interaction[Any],
        item: discord.ui.Item[Any],
        match: re.Match[str],
        /,
    ) -> Self:
        """Make the button that was pressed; discord.py calls this."""
        return cls(match["key"])

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Stop the film; discord.py calls this."""
        await interaction.client.film_desk.cancel(interaction, self._key)


BUTTONS = (FilmButton, CancelButton)
"""To be made known to discord.py, so that they work under messages of an earlier run."""


def film_view(key: str) -> discord.ui.View:
    """Return the button that asks for a film of the song of a job."""
    return discord.ui.View(timeout=None).add_item(FilmButton(key))


def cancel_view(film_id: str) -> discord.ui.View:
    """Return the button that stops a film."""
    return discord.ui.View(timeout=None).add_item(CancelButton(film_id))
