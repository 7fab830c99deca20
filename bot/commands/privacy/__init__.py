"""What is kept of people: ``/privacy``, and that it goes when its time is over."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.commands.privacy._cog import PrivacyCog
from bot.commands.privacy._keeping import KeepingCog

if TYPE_CHECKING:
    from bot.client import MoodifyBot


async def setup(bot: MoodifyBot) -> None:
    """Add the command and the care for what is kept to the bot; discord.py calls this."""
    await bot.add_cog(PrivacyCog(bot))
    await bot.add_cog(KeepingCog(bot))
