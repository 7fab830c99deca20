"""What people are called in a server, without the intent that would tell it unasked."""

from __future__ import annotations

import asyncio
from collections.abc import Collection

import discord
import structlog

from bot.presentation import board_texts as texts
from bot.presentation.board_views import Name, nameless
from bot.presentation.titles import harmless_name

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)

LOOKUP_PATIENCE = 3.0
"""Seconds that Discord has to tell names; boards come without them else."""
_MOST_AT_ONCE = 100
"""People that Discord tells of in one answer."""


async def names_of(guild: discord.Guild, user_ids: Collection[int]) -> dict[int, Name]:
    """Return what some people are called in a server.

    Parameters
    ----------
    guild : discord.Guild
    user_ids : collection of int
        At most 100; they may have left.

    Returns
    -------
    dict of int to Name
        For each of them. Who is in the server no more is called so, and who cannot be looked up
        right now is called a member.
    """
    names = {
        user_id: _name(member)
        for user_id in user_ids
        if (member := guild.get_member(user_id)) is not None
    }
    unknown = [user_id for user_id in dict.fromkeys(user_ids) if user_id not in names]
    if not unknown:
        return names
    try:
        async with asyncio.timeout(LOOKUP_PATIENCE):
            # Names change: nothing of this is kept.
            found = await guild.query_members(
                user_ids=unknown[:_MOST_AT_ONCE], limit=_MOST_AT_ONCE, cache=False
            )
    except (TimeoutError, RuntimeError, OSError, discord.DiscordException) as error:
        log.warning("names not looked up", guild=guild.id, error=repr(error))
        return names | dict.fromkeys(unknown, nameless())
    left = Name(texts.someone_who_left(), known=False)
    return names | dict.fromkeys(unknown, left) | {each.id: _name(each) for each in found}


def _name(member: discord.Member) -> Name:
    shown = harmless_name(member.display_name) or harmless_name(member.name)
    return Name(shown) if shown else nameless()
