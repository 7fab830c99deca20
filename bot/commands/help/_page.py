"""What `/help` shows: pure functions from where somebody asks to Discord's embed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import discord

from bot.presentation import about_texts as texts
from bot.storage import Listening


@dataclass(frozen=True, slots=True)
class Server:
    """A channel of a server that the bot is a member of.

    Attributes
    ----------
    mode : Listening
        What holds in the channel.
    min_seconds : float
        Shortest song that is answered unasked.
    role_id : int or None
        The role that may ask; None for everybody.
    sees_posts : bool
        Whether the bot sees what is posted.
    may_speak, may_embed, may_attach : bool
        What it may do there.
    boards : bool
        Whether the server has boards.
    """

    mode: Listening
    min_seconds: float
    role_id: int | None
    sees_posts: bool
    may_speak: bool
    may_embed: bool
    may_attach: bool
    boards: bool = True


def help_embed(server: Server | None, *, direct: bool) -> discord.Embed:
    """Return all ways to show the bot a song.

    Parameters
    ----------
    server : Server or None
        Where it is asked; None where the bot is no member.
    direct : bool
        Whether it is asked in a direct conversation with the bot.
    """
    embed = discord.Embed(
        title=texts.help_title(),
        description="\n\n".join(_ways(server, direct=direct)),
        colour=discord.Colour.blurple(),
    )
    return embed.set_footer(text=texts.help_formats())


def _ways(server: Server | None, *, direct: bool) -> Iterator[str]:
    yield texts.help_command()
    yield texts.help_menu()
    if server is not None:
        yield from _ways_in(server)
    yield texts.help_direct(here=direct)
    yield texts.help_account()
    yield texts.help_privacy()
    if server is not None:
        yield texts.help_boards() if server.boards else texts.help_boards_off()
        yield from _restrictions(server)


def _ways_in(server: Server) -> Iterator[str]:
    if not server.may_speak:
        yield texts.help_mute()
        return
    if server.mode is Listening.OFF:
        yield texts.help_mention_off()
    else:
        yield texts.help_mention() if server.sees_posts else texts.help_mention_blind()
    if server.sees_posts:
        yield texts.help_posted(server.mode, server.min_seconds)
    else:
        yield texts.help_posted_blind()


def _restrictions(server: Server) -> Iterator[str]:
    lacking = [
        name()
        for name, has in (
            (texts.embed_links, server.may_embed),
            (texts.attach_files, server.may_attach),
        )
        if not has
    ]
    if lacking:
        yield texts.help_lacks(lacking)
    if server.role_id is not None:
        yield texts.help_role(server.role_id)
