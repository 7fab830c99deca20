"""What a server sounds like: `/leaderboard`, `/servermood`, `/mymoods`, `/find`, `/similar`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.commands.boards._cog import BoardsCog

if TYPE_CHECKING:
    from bot.client import MoodifyBot


async def setup(bot: MoodifyBot) -> None:
    """Add the commands to the bot; discord.py calls this."""
    await bot.add_cog(BoardsCog(bot))
