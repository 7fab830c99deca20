"""Songs that are posted: answered, offered, or left alone, as each channel wants it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.commands.listening._cog import ListeningCog

if TYPE_CHECKING:
    from bot.client import MoodifyBot


async def setup(bot: MoodifyBot) -> None:
    """Let the bot listen; discord.py calls this."""
    await bot.add_cog(ListeningCog(bot))
