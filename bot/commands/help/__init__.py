"""All ways to show the bot a song, and which of them work here: ``/help``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.commands.help._cog import HelpCog

if TYPE_CHECKING:
    from bot.client import MoodifyBot


async def setup(bot: MoodifyBot) -> None:
    """Add the command to the bot; discord.py calls this."""
    await bot.add_cog(HelpCog(bot))
