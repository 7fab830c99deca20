"""What else there is to know of an answer: its figures, in tables that phones can show."""

from __future__ import annotations

from collections.abc import Sequence

from bot.presentation import answer_texts, texts
from bot.presentation.answers import Content, sentence
from bot.presentation.buttons import pages_view
from bot.presentation.columns import table
from bot.presentation.embeds import headline, is_music
from bot.presentation.language import percent
from bot.presentation.titles import inline_code
from bot.storage import Recorded
from moodify_core.figures import clock
from moodify_core.moods import MOODS
from moodify_core.result import MoodAnalysis, Segment

FIRST_PASSAGES = 12
"""Passages on the first page, below the moods of the song as a whole."""
PASSAGES_PER_PAGE = 20
"""Passages on each further page, which a phone shows without scrolling far."""


def details(records: Sequence[Recorded], page: int) -> Content:
    """Return a page of the details of some songs.

    Parameters
    ----------
    records : sequence of Recorded
        At least one.
    page : int
        Counted from 0 over all songs; the last page for numbers beyond it.
    """
    pages = [text for record in records for text in song_pages(record.title, record.analysis)]
    shown = min(page, len(pages) - 1)
    if len(pages) == 1:
        return sentence(pages[0])
    where = answer_texts.page(shown + 1, len(pages))
    view = pages_view([record.id for record in records], shown, len(pages))
    return sentence(f"{pages[shown]}\n-# {where}", view)


def song_pages(title: str, analysis: MoodAnalysis) -> tuple[str, ...]:
    """Return the details of a song, page by page.

    Parameters
    ----------
    title : str
        The song's title, from `bot.presentation.titles.song_title`.
    analysis : MoodAnalysis

    Returns
    -------
    tuple of str
        Each fits into a message. The first begins with the moods of the song as a whole.
    """
    segments = analysis.segments
    heading = _heading(title, analysis)
    first = (
        heading,
        headline(analysis),
        _moods(analysis),
        _passages(analysis, segments[:FIRST_PASSAGES]),
        _certainty(analysis),
    )
    further = (
        (heading, _passages(analysis, segments[start : start + PASSAGES_PER_PAGE]))
        for start in range(FIRST_PASSAGES, len(segments), PASSAGES_PER_PAGE)
    )
    return tuple("\n".join(parts) for parts in (first, *further))


def _moods(analysis: MoodAnalysis) -> str:
    rows = [
        (
            texts.mood_name(mood),
            percent(analysis.breakdown[mood]),
            percent(analysis.probabilities[mood]),
        )
        for mood in MOODS
    ]
    return f"{answer_texts.mood_table()}\n{_block(table(rows, '<>>'))}"


def _passages(analysis: MoodAnalysis, segments: Sequence[Segment]) -> str:
    rows = [
        (
            clock(segment.start),
            texts.mood_name(segment.mood),
            percent(segment.duration / analysis.duration),
            percent(segment.probabilities[segment.mood]),
        )
        for segment in segments
    ]
    return f"{answer_texts.passage_table()}\n{_block(table(rows, '><>>'))}"


def _heading(title: str, analysis: MoodAnalysis) -> str:
    return f"🎵 {inline_code(title)} · {clock(analysis.duration)}"


def _block(rows: str) -> str:
    return f"```\n{rows}\n```"


def _certainty(analysis: MoodAnalysis) -> str:
    if not is_music(analysis):
        return answer_texts.likely_no_music()
    return answer_texts.likely_unsure() if analysis.unsure else answer_texts.likely()
