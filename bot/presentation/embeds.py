"""What an answer looks like: pure functions from an analysis to Discord's embed."""

from __future__ import annotations

import io
from collections.abc import Iterator

import discord

from bot.engine import Hearing
from bot.presentation import texts
from bot.presentation.titles import inline_code
from moodify_core.figures import clock, in_percent
from moodify_core.moods import MOODS, Mood, MoodShares
from moodify_core.result import MoodAnalysis

PICTURE_NAME = "mood.png"

BAR_WIDTH = 10
"""Blocks for 100 %. With name and figure a line has 26 characters: phones show about 30."""

ALT_TEXT_LIMIT = 1024
"""Characters that Discord takes to describe a file."""

_NAME_WIDTH = max(map(len, texts.MOOD_NAMES.values()))
_FIELD_LIMIT = 1024
_GREY = discord.Colour(0x8A8F98)


def mood_embed(title: str, analysis: MoodAnalysis) -> discord.Embed:
    """Show how a song feels.

    Parameters
    ----------
    title : str
        The song's title, from `bot.presentation.titles.song_title`.
    analysis : MoodAnalysis

    Returns
    -------
    discord.Embed
        Without the picture; see `with_picture`.
    """
    embed = discord.Embed(
        title=f"🎵 {inline_code(title)}",
        description=f"{_headline(analysis)}\n{bars(analysis.breakdown)}",
        # A colour of its own would claim more than is known.
        colour=_GREY if analysis.unsure else discord.Colour.from_str(analysis.dominant.colour),
    )
    embed.add_field(name=texts.LENGTH, value=clock(analysis.duration))
    if notes := "\n".join(_notes(analysis)):
        embed.add_field(name=texts.NOTES, value=notes[:_FIELD_LIMIT], inline=False)
    return embed


def with_picture(embed: discord.Embed, hearing: Hearing) -> tuple[discord.Embed, discord.File]:
    """Return the embed with the timeline, and the file that must go with it.

    The description for who cannot see the picture is on the file, as Discord ignores the one
    on an embed's image.
    """
    file = discord.File(
        io.BytesIO(hearing.picture),
        filename=PICTURE_NAME,
        description=hearing.description[:ALT_TEXT_LIMIT],
    )
    return embed.copy().set_image(url=f"attachment://{PICTURE_NAME}"), file


def plain_text(title: str, analysis: MoodAnalysis) -> str:
    """Return the answer as a text, for where embeds may not be shown."""
    shares = [(mood, in_percent(analysis.breakdown[mood])) for mood in MOODS]
    return texts.plain_answer(inline_code(title), _headline(analysis), shares)


def bars(breakdown: MoodShares) -> str:
    """Return the five shares as a code block.

    The figures stand before the bars, so that they line up whatever width a phone's font
    gives to a block.

    Parameters
    ----------
    breakdown : mapping of Mood to float
        Shares that sum to 1.
    """
    rows = "\n".join(_bar(mood, breakdown[mood]) for mood in MOODS)
    return f"```\n{rows}\n```"


def _bar(mood: Mood, share: float) -> str:
    # A mood that is there at all is seen.
    blocks = max(round(share * BAR_WIDTH), 1) if share else 0
    name = texts.MOOD_NAMES[mood]
    return f"{name:<{_NAME_WIDTH}} {in_percent(share):>4} {'█' * blocks}".rstrip()


def _headline(analysis: MoodAnalysis) -> str:
    return texts.headline(analysis.dominant, analysis.confidence, unsure=analysis.unsure)


def _notes(analysis: MoodAnalysis) -> Iterator[str]:
    for note in analysis.warnings:
        if sentence := texts.note(note):
            yield sentence
