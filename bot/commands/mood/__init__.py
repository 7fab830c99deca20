"""How does this song feel? ``/mood`` and the message command "Analyze mood"."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.commands.mood._cog import MoodCog
from bot.commands.mood._more import MoreDesk
from bot.presentation.more_songs import MoreSongs

if TYPE_CHECKING:
    from bot.client import MoodifyBot


async def setup(bot: MoodifyBot) -> None:
    """Add the commands to the bot; discord.py calls this."""
    bot.more_desk = MoreDesk(bot)
    bot.add_dynamic_items(MoreSongs)
    await bot.add_cog(MoodCog(bot))
