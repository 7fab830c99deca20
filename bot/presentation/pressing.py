"""What buttons and menus have in common: their ids say all that they need."""

from __future__ import annotations

import re
from typing import Any, Generic, Self, TypeVar

import discord

ItemT = TypeVar("ItemT", bound=discord.ui.Item[Any])


class Pressed(
    discord.ui.DynamicItem[ItemT],
    Generic[ItemT],
    template=r"(?!)",  # nothing is of this class itself
):
    """A button or a menu whose id holds, by their names, what its class is made with."""

    @classmethod
    async def from_custom_id(
        cls,
        interaction: discord.Interaction[Any],
        item: discord.ui.Item[Any],
        match: re.Match[str],
        /,
    ) -> Self:
        """Make the one that was used; discord.py calls this."""
        held: dict[str, Any] = match.groupdict()
        return cls(**held)

    async def interaction_check(self, interaction: discord.Interaction[Any], /) -> bool:
        """Begin nothing once the last answers are out; discord.py calls this."""
        return not interaction.client.jobs.closed


class PressedButton(Pressed[discord.ui.Button[discord.ui.View]], template=r"(?!)"):
    """A button.

    Parameters
    ----------
    custom_id, label : str
    emoji : str or None
    style : discord.ButtonStyle
    """

    def __init__(
        self,
        custom_id: str,
        label: str,
        *,
        emoji: str | None = None,
        style: discord.ButtonStyle = discord.ButtonStyle.secondary,
    ) -> None:
        super().__init__(
            discord.ui.Button(label=label, emoji=emoji, style=style, custom_id=custom_id)
        )
