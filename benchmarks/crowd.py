"""People who ask for songs, for the benchmarks that have many of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tests.bot.process import ROOT
from tests.discord_double import Channel, DiscordDouble, User

BYTES_PER_SECOND = 96_000 / 8
"""Of the examples."""


@dataclass(frozen=True)
class Town:
    """A server with one channel.

    Attributes
    ----------
    people : sequence of User
    channel : Channel
    """

    people: Sequence[User]
    channel: Channel


def towns(double: DiscordDouble, sizes: Sequence[int]) -> list[Town]:
    """Let servers exist, each with so many people.

    Parameters
    ----------
    double : DiscordDouble
    sizes : sequence of int

    Returns
    -------
    list of Town
    """
    made = []
    for number, size in enumerate(sizes):
        people = [double.add_user(f"Person {number}.{each}") for each in range(size)]
        guild = double.add_guild(f"Server {number}", owner=people[0], members=people[1:])
        made.append(Town(people, double.add_channel(guild, "songs")))
    return made


def cut(number: int, of: int, seconds: float) -> bytes:
    """Cut a song out of the examples, at another place for each number.

    Parameters
    ----------
    number, of : int
        Which of how many.
    seconds : float
        Its length.

    Returns
    -------
    bytes
        MP3.
    """
    # An MP3 is a row of frames that stand for themselves.
    whole = b"".join(path.read_bytes() for path in sorted((ROOT / "examples").glob("*.mp3")))
    length = int(seconds * BYTES_PER_SECOND)
    start = number * (len(whole) - length) // of
    return whole[start : start + length]
