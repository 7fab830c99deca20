"""A picture of how the mood of a song moves, and the same in words."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from moodify_core.drawing import (
    HALF_CAPITAL,
    QUIET_TEXT,
    TEXT,
    TRACK,
    Canvas,
    Type,
    box,
)
from moodify_core.figures import MOST, clock
from moodify_core.fonts import clean_title, shorten
from moodify_core.legend import Legend, draw_chip, draw_legend
from moodify_core.moods import MOODS, Mood
from moodify_core.result import MoodAnalysis
from moodify_core.rows import Row, draw_axis, draw_ribbon, draw_stack, draw_wave
from moodify_core.words import ENGLISH, Words

LONGEST_DESCRIPTION = 1024
"""Characters of Discord's alt text."""

_LONGEST_TITLE_IN_WORDS = 120
_MANY = 99_999
"""Passages that are counted at most: so much room is kept for their number."""


class Layout(StrEnum):
    """Where a timeline is to be read."""

    WIDE = "wide"
    """1200 x 600 pixels, for the width of a chat."""
    PHONE = "phone"
    """1080 x 1080 pixels with larger type."""


@dataclass(frozen=True, slots=True)
class _Measures:
    """Where things stand, in pixels from the top left; text stands on its baseline."""

    width: int
    height: int
    margin: int
    title: tuple[int, int]
    """Baseline, size."""
    legend: int
    chip: int
    legend_type: int
    stack: tuple[int, int]
    """Top, bottom; the same for the next two."""
    ribbon: tuple[int, int]
    wave: tuple[int, int]
    bar: tuple[int, int]
    """Width of a bar of the waveform, and from one to the next."""
    axis: int
    label_type: int

    @property
    def span(self) -> int:
        """Width of the time axis."""
        return self.width - 2 * self.margin

    def row(self, edges: tuple[int, int]) -> Row:
        """Return what lies between a top and a bottom along the time axis."""
        top, bottom = edges
        return Row(self.margin, top, self.span, bottom - top)


_MEASURES = {
    Layout.WIDE: _Measures(
        width=1200,
        height=600,
        margin=48,
        title=(76, 46),
        legend=110,
        chip=44,
        legend_type=32,
        stack=(222, 406),
        ribbon=(416, 466),
        wave=(478, 522),
        bar=(5, 9),
        axis=566,
        label_type=32,
    ),
    Layout.PHONE: _Measures(
        width=1080,
        height=1080,
        margin=56,
        title=(112, 60),
        legend=164,
        chip=54,
        legend_type=44,
        stack=(566, 784),
        ribbon=(796, 864),
        wave=(880, 944),
        bar=(6, 11),
        axis=1012,
        label_type=44,
    ),
}


def draw_timeline(
    analysis: MoodAnalysis, title: str, *, layout: Layout = Layout.WIDE, words: Words = ENGLISH
) -> bytes:
    """Draw how the mood of a song moves.

    From top to bottom: the title, the share of each mood, the moods' probabilities stacked over
    time, a ribbon of the passages named by their mood, the waveform's envelope, the time axis.

    Parameters
    ----------
    analysis : MoodAnalysis
    title : str
        Any text. What no font can draw is left out, and what is too wide is cut.
    layout : Layout
    words : Words
        In which language.

    Returns
    -------
    bytes
        A PNG of 1200 x 600 pixels, or 1080 x 1080 for `Layout.PHONE`; opaque.
    """
    measures = _MEASURES[layout]
    canvas = Canvas(measures.width, measures.height)
    heading = clean_title(title) or words.untitled_timeline
    _draw_title(canvas, measures, heading, words.unsure if analysis.unsure else None)
    if layout is Layout.WIDE:
        draw_legend(
            canvas,
            Legend(measures.margin, measures.legend, measures.span),
            (measures.chip, measures.legend_type),
            analysis.breakdown,
            analysis.dominant,
            words,
        )
    else:
        _draw_legend_rows(canvas, measures, analysis, words)
    draw_stack(canvas, measures.row(measures.stack), analysis)
    draw_ribbon(canvas, measures.row(measures.ribbon), analysis, words, measures.label_type)
    draw_wave(canvas, measures.row(measures.wave), analysis.waveform, measures.bar)
    axis = measures.row((measures.axis, measures.axis))
    draw_axis(canvas, axis, analysis.duration, measures.label_type)
    return canvas.png()


def describe_timeline(
    analysis: MoodAnalysis,
    title: str,
    *,
    words: Words = ENGLISH,
    longest: int = LONGEST_DESCRIPTION,
) -> str:
    """Say in words what the timeline of a song shows.

    Parameters
    ----------
    analysis : MoodAnalysis
    title : str
        Any text; cleaned and cut as in the picture.
    words : Words
        In which language.
    longest : int
        Characters that it may have, at least 500. Default: the limit of Discord's alt text.

    Returns
    -------
    str
        Passages that find no room are counted.
    """
    name = shorten(clean_title(title), _LONGEST_TITLE_IN_WORDS, len)
    heading = words.heading if name else words.heading_untitled
    head = " ".join(
        [
            heading.format(title=name, length=clock(analysis.duration)),
            _in_the_lead(analysis, words),
            *([words.no_mood_ahead] if analysis.unsure else []),
        ]
    )
    passages = [
        words.passage.format(
            mood=words.moods[segment.mood], start=clock(segment.start), end=clock(segment.end)
        )
        for segment in analysis.segments
    ]
    frame = words.passages_cut.format(passages="", count=_MANY)
    room = longest - len(head) - 1 - len(frame)
    shown = 0
    while (
        shown < len(passages) and (room := room - len(passages[shown]) - len(words.separator)) >= 0
    ):
        shown += 1
    pattern = words.passages_cut if shown < len(passages) else words.passages
    listed = words.separator.join(passages[:shown])
    return f"{head} {pattern.format(passages=listed, count=len(passages) - shown)}"


def _in_the_lead(analysis: MoodAnalysis, words: Words) -> str:
    """Return the sentence that tells how much of the time has which mood."""
    others = words.separator.join(
        f"{words.moods[mood]} {words.share(analysis.breakdown[mood])}"
        for mood in sorted(MOODS, key=lambda mood: -analysis.breakdown[mood])
        if mood is not analysis.dominant and analysis.breakdown[mood] > 0
    )
    share = analysis.breakdown[analysis.dominant]
    if share < MOST:
        pattern = words.more_than_others
    else:
        pattern = words.mostly if others else words.mostly_alone
    return pattern.format(
        mood=words.moods[analysis.dominant], share=words.share(share), others=others
    )


def _draw_title(canvas: Canvas, measures: _Measures, title: str, unsure: str | None) -> None:
    baseline, size = measures.title
    room = float(measures.span)
    if unsure is not None:
        style = Type(measures.label_type, QUIET_TEXT, align="center")
        width = canvas.measure(unsure, style) + style.size * 1.3
        left = measures.width - measures.margin - width
        middle = baseline - size * 0.36
        pill = box(left, middle - style.size * 0.75, width, style.size * 1.5, style.size)
        canvas.stroke(pill, QUIET_TEXT)
        canvas.text(left + width / 2, middle + style.size * 0.31, unsure, style)
        room -= width + size * 0.75
    style = Type(size)
    shown = shorten(title, room, lambda text: canvas.measure(text, style))
    canvas.text(measures.margin, baseline, shown, style)


def _draw_legend_rows(
    canvas: Canvas, measures: _Measures, analysis: MoodAnalysis, words: Words
) -> None:
    chip, size = measures.chip, measures.legend_type
    figures = Type(size, align="right", weight="bold")
    right = measures.width - measures.margin
    names = measures.margin + chip * 1.45
    bars = names + max(canvas.measure(words.name(mood), Type(size)) for mood in MOODS) + size
    bars_width = right - canvas.measure(words.share(1), figures) - size * 0.6 - bars
    thick = chip * 0.36
    for row, mood in enumerate(MOODS):
        top = measures.legend + row * chip * 1.42
        baseline = top + chip / 2 + size * HALF_CAPITAL
        share = analysis.breakdown[mood]
        draw_chip(canvas, (measures.margin, top), chip, mood, words)
        canvas.text(names, baseline, words.name(mood), _name_type(size, mood, analysis))
        bar_top = top + (chip - thick) / 2
        canvas.fill(box(bars, bar_top, bars_width, thick, thick / 2), TRACK)
        if share > 0:
            length = max(bars_width * share, thick)
            canvas.fill(box(bars, bar_top, length, thick, thick / 2), mood.colour)
        canvas.text(right, baseline, words.share(share), figures)


def _name_type(size: float, mood: Mood, analysis: MoodAnalysis) -> Type:
    return Type(size, TEXT if mood is analysis.dominant else QUIET_TEXT)
