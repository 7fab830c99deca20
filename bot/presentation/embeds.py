"""How one song's answer looks: pure functions from an analysis to Discord's embed, or to text."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from itertools import groupby

import discord

from bot.engine import Hearing
from bot.presentation import answer_texts, texts
from bot.presentation.columns import table
from bot.presentation.language import percent
from bot.presentation.titles import inline_code
from moodify_core.figures import clock
from moodify_core.moods import MOODS, MoodShares
from moodify_core.result import MoodAnalysis, Segment, WarningCode

BAR_WIDTH = 10
"""Blocks for 100 %. With name and figure a line has 26 columns: phones show about 30."""

ALT_TEXT_LIMIT = 1024
"""Characters that Discord takes to describe a file."""

EMBEDS_LIMIT = 6000
"""Characters that Discord takes in all embeds of a message."""

PASSAGES_SHOWN = 8
"""Passages that are named in an answer: more are a table, which the details have."""

_FIELD_LIMIT = 1024
_GREY = discord.Colour(0x8A8F98)


def mood_embed(
    title: str, analysis: MoodAnalysis, *, repeated: bool = False, room: int = EMBEDS_LIMIT
) -> discord.Embed:
    """Show how a song feels.

    Parameters
    ----------
    title : str
        The song's title, from `bot.presentation.titles.song_title`.
    analysis : MoodAnalysis
    repeated : bool
        Whether the song was not heard anew.
    room : int
        Characters that the embed may have. Where they are few, what matters least is left out.

    Returns
    -------
    discord.Embed
        Without the picture; see `picture`.
    """
    told = [headline(analysis)]
    # Shares of moods would contradict that there is none to name.
    if is_music(analysis):
        told.append(bars(analysis.breakdown))
    embed = discord.Embed(
        title=f"🎵 {inline_code(title)}",
        description="\n".join(told),
        # A colour of its own would claim more than is known.
        colour=_GREY if analysis.unsure else discord.Colour.from_str(analysis.dominant.colour),
    )
    fields = [
        (texts.length(), clock(analysis.duration)),
        (answer_texts.passages_heading(), passages(analysis)),
        (answer_texts.why(), reasons(analysis)),
        (texts.notes(), "\n".join(_notes(analysis, repeated=repeated))),
    ]
    room -= len(embed)
    kept = set()
    # What tempers the answer matters most.
    for name, value in reversed(fields):
        if value and len(name) + len(value) <= room:
            room -= len(name) + len(value)
            kept.add(name)
    for name, value in fields:
        if name in kept:
            embed.add_field(name=name, value=value[:_FIELD_LIMIT], inline=False)
    return embed


def picture(hearing: Hearing, number: int | None = None) -> discord.File:
    """Return the timeline as a file for one message.

    The description for who cannot see the picture is on the file, as Discord ignores the one
    on an embed's image.

    Parameters
    ----------
    hearing : Hearing
    number : int, optional
        Which of several pictures of the message it is.
    """
    return discord.File(
        io.BytesIO(hearing.picture),
        filename="mood.png" if number is None else f"mood-{number}.png",
        description=hearing.description[:ALT_TEXT_LIMIT],
    )


def whole_text(title: str, analysis: MoodAnalysis) -> str:
    """Return all that an embed shows as a text, for where embeds may not be shown."""
    more = (passages(analysis), reasons(analysis), *_notes(analysis))
    return "\n".join((plain_text(title, analysis), *filter(None, more)))


def plain_text(title: str, analysis: MoodAnalysis) -> str:
    """Return the answer as a shorter text: the mood and the five shares."""
    if not is_music(analysis):
        return f"{inline_code(title)}\n{headline(analysis)}"
    shares = [(mood, percent(analysis.breakdown[mood])) for mood in MOODS]
    return texts.plain_answer(inline_code(title), headline(analysis), shares)


def line(title: str, analysis: MoodAnalysis) -> str:
    """Return the answer in one line."""
    return answer_texts.in_one_line(
        inline_code(title), analysis.dominant, analysis.confidence, unsure=analysis.unsure
    )


def headline(analysis: MoodAnalysis) -> str:
    """Return the sentence that names the mood, or says why none is named."""
    codes = {note.code for note in analysis.warnings}
    if WarningCode.SPEECH in codes:
        return answer_texts.speech()
    if WarningCode.NOT_LIKE_MUSIC in codes:
        return answer_texts.not_like_music()
    return texts.headline(analysis.dominant, analysis.confidence, unsure=analysis.unsure)


def is_music(analysis: MoodAnalysis) -> bool:
    """Whether the answer is about music at all."""
    return not {note.code for note in analysis.warnings} & {
        WarningCode.SPEECH,
        WarningCode.NOT_LIKE_MUSIC,
    }


def bars(breakdown: MoodShares) -> str:
    """Return the five shares as a code block.

    The figures stand before the bars, so that they line up whatever width a phone's font
    gives to a block.

    Parameters
    ----------
    breakdown : mapping of Mood to float
        Shares that sum to 1.
    """
    rows = [
        (texts.mood_name(mood), percent(breakdown[mood]), _bar(breakdown[mood])) for mood in MOODS
    ]
    return f"```\n{table(rows, '<><')}\n```"


def passages(analysis: MoodAnalysis) -> str:
    """Return the passages in one line, the longest ones where there are many.

    Empty where there is but one, or where the moods of passages mean nothing.
    """
    if len(analysis.segments) == 1 or not is_music(analysis):
        return ""
    longest = sorted(analysis.segments, key=lambda segment: -segment.duration)[:PASSAGES_SHOWN]
    shown = _told(sorted(longest, key=lambda segment: segment.start))
    return answer_texts.passages(shown, len(analysis.segments) - len(longest))


def reasons(analysis: MoodAnalysis) -> str:
    """Return what spoke for the mood, a sentence for each reason; empty where nothing did."""
    sentences = (answer_texts.reason(note.code) for note in analysis.reasons)
    return " ".join(filter(None, sentences))


def _bar(share: float) -> str:
    # A mood that is there at all is seen.
    return "█" * max(round(share * BAR_WIDTH), 1 if share else 0)


def _told(segments: Sequence[Segment]) -> list[str]:
    # Two passages of one mood can become neighbours when a short one between them is left out.
    neighbours = (list(same) for _, same in groupby(segments, key=lambda segment: segment.mood))
    return [answer_texts.passage(same[0].start, same[0].mood) for same in neighbours]


def _notes(analysis: MoodAnalysis, *, repeated: bool = False) -> Iterator[str]:
    for note in analysis.warnings:
        if sentence := texts.note(note):
            yield sentence
    if repeated:
        yield answer_texts.repeated()
