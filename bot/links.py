"""What a link leads to that somebody has typed."""

from __future__ import annotations

import re
from dataclasses import dataclass

import yarl

from bot.outcomes import NotAMessageLink, StreamingLink

_MESSAGE = re.compile(
    r"/channels/(?P<guild>\d{15,20})/(?P<channel>\d{15,20})/(?P<message>\d{15,20})/?"
)
_DISCORD = frozenset({"discord.com", "canary.discord.com", "ptb.discord.com", "discordapp.com"})
_STREAMING = (
    "spotify.com", "spotify.link", "youtube.com", "youtu.be", "soundcloud.com", "apple.com",
    "deezer.com", "tidal.com", "bandcamp.com", "audiomack.com", "twitch.tv", "tiktok.com",
    "vimeo.com", "mixcloud.com",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class MessageAddress:
    """A message of a server.

    Attributes
    ----------
    guild_id, channel_id, message_id : int
    """

    guild_id: int
    channel_id: int
    message_id: int


def parse_link(text: str) -> MessageAddress | NotAMessageLink | StreamingLink:
    """Read a link that somebody has typed.

    Parameters
    ----------
    text : str

    Returns
    -------
    MessageAddress, or the reason why it leads nowhere
    """
    text = text.strip().strip("<>")
    # What Spotify copies as a URI.
    if text.startswith("spotify:"):
        return StreamingLink()
    try:
        url = yarl.URL(text if "://" in text else f"https://{text}")
    except ValueError:
        return NotAMessageLink()
    host = (url.host or "").removeprefix("www.")
    if _is_streaming(host):
        return StreamingLink()
    found = _MESSAGE.fullmatch(url.path)
    if host not in _DISCORD or found is None:
        return NotAMessageLink()
    return MessageAddress(int(found["guild"]), int(found["channel"]), int(found["message"]))


def _is_streaming(host: str) -> bool:
    # Amazon has a name of its own in each country.
    return host.startswith("music.amazon.") or any(
        host == site or host.endswith(f".{site}") for site in _STREAMING
    )
