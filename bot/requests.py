"""What somebody asks for and where the answer goes: plain data that outlives the process."""

from __future__ import annotations

from dataclasses import dataclass, field

REMEMBERED = 24 * 60 * 60.0
"""Seconds for which a request is remembered: no answer is worth more, and no event comes again."""


@dataclass(frozen=True, slots=True)
class Song:
    """An attachment that may hold music.

    Attributes
    ----------
    attachment_id : int
    filename : str
        As Discord hands it over: hostile text.
    url : str
        Where the file is. Its signature ends after a day.
    size : int
        Bytes that Discord says it has.
    """

    attachment_id: int
    filename: str
    url: str
    size: int


@dataclass(frozen=True, slots=True)
class Post:
    """The message that shows a song to others.

    Attributes
    ----------
    channel_id, message_id : int
    """

    channel_id: int
    message_id: int


@dataclass(frozen=True, slots=True)
class AtInteraction:
    """The answer replaces the "thinking…" of an interaction.

    Attributes
    ----------
    application_id : int
    token : str
        Whoever has it can answer in the bot's name; never logged, and erased with the job.
    expires : float
        When Discord takes no answer any more, in seconds of Unix time.
    """

    application_id: int
    token: str = field(repr=False)
    expires: float


@dataclass(frozen=True, slots=True)
class AtMessage:
    """The answer is a message that replies to another.

    Attributes
    ----------
    message_id : int
        The message that is replied to, in the request's channel.
    quiet : bool
        Whether nobody asked, so that nothing but moods is worth a message.
    answer_id : int or None
        The bot's message, once there is one.
    """

    message_id: int
    quiet: bool
    answer_id: int | None = None


Place = AtInteraction | AtMessage
"""Where an answer can go."""


@dataclass(frozen=True, slots=True)
class Request:
    """The moods of some songs, wanted by somebody.

    Attributes
    ----------
    id : int
        Of the interaction or the message that asks; name of the request in the log. Together
        with the id of its attachment it names each job.
    user_id : int
        Who asks.
    guild_id : int or None
        The server; None in direct messages and where the bot is an app of the user's own.
    channel_id : int
        Where the answer will be seen.
    songs : tuple of Song
        At least one.
    place : Place
    post : Post or None
        The message that shows the songs; None for files that came with a command.
    locale : str
        Language of who asks, as Discord writes it (``"de"``, ``"pt-BR"``).
    private : bool
        Whether only who asked sees the answer.
    received : float
        Seconds of Unix time.
    more : tuple of Song
        Further songs of the message, which can be asked for one by one.
    home_channel_id : int or None
        The channel whose members may see the songs' titles: the channel itself, or the parent of a
        public thread. None for private threads and outside of servers: such songs are on no board.
    """

    id: int
    user_id: int
    guild_id: int | None
    channel_id: int
    songs: tuple[Song, ...]
    place: Place
    post: Post | None
    locale: str
    private: bool
    received: float
    more: tuple[Song, ...] = ()
    home_channel_id: int | None = None
