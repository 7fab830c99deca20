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

PASSAGES_PER_PAGE = 20
"""Passages that a phone shows without scrolling far."""


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
        Each fits into a message. The first has the moods of the song as a whole, the others
        its passages.
    """
    segments = analysis.segments
    starts = range(0, len(segments), PASSAGES_PER_PAGE)
    return (
        _whole(title, analysis),
        *(
            _passages(title, analysis, segments[start : start + PASSAGES_PER_PAGE])
            for start in starts
        ),
    )


def _whole(title: str, analysis: MoodAnalysis) -> str:
    rows = [
        (
            texts.mood_name(mood),
            percent(analysis.breakdown[mood]),
            percent(analysis.probabilities[mood]),
        )
        for mood in MOODS
    ]
    return "\n".join(
        (
            _heading(title, analysis),
            headline(analysis),
            answer_texts.mood_table(),
            _block(table(rows, "<>>")),
            _certainty(analysis),
        )
    )


def _passages(title: str, analysis: MoodAnalysis, segments: tuple[Segment, ...]) -> str:
    rows = [
        (
            clock(segment.start),
            texts.mood_name(segment.mood),
            percent(segment.duration / analysis.duration),
            percent(segment.probabilities[segment.mood]),
        )
        for segment in segments
    ]
    return "\n".join(
        (_heading(title, analysis), answer_texts.passage_table(), _block(table(rows, "><>>")))
    )


def _heading(title: str, analysis: MoodAnalysis) -> str:
    return f"🎵 {inline_code(title)} · {clock(analysis.duration)}"


def _block(rows: str) -> str:
    return f"```\n{rows}\n```"


def _certainty(analysis: MoodAnalysis) -> str:
    if not is_music(analysis):
        return answer_texts.likely_no_music()
    return answer_texts.likely_unsure() if analysis.unsure else answer_texts.likely()
