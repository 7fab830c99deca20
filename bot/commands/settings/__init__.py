"""How the bot behaves in a server: ``/settings``, and the first message in a server."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.commands.settings._choices import OperatorLimits
from bot.commands.settings._cog import SettingsCog
from bot.commands.settings._welcome import WelcomeCog

if TYPE_CHECKING:
    from bot.client import MoodifyBot

__all__ = ["OperatorLimits", "setup"]


async def setup(bot: MoodifyBot) -> None:
    """Add the command and the first message to the bot; discord.py calls this."""
    await bot.add_cog(SettingsCog(bot))
    await bot.add_cog(WelcomeCog(bot))
