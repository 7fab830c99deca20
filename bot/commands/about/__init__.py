"""What the bot is, how far it can be trusted, and what it keeps: ``/about``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.commands.about._cog import AboutCog

if TYPE_CHECKING:
    from bot.client import MoodifyBot


async def setup(bot: MoodifyBot) -> None:
    """Add the command to the bot; discord.py calls this."""
    await bot.add_cog(AboutCog(bot))
