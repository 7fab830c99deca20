"""Two songs in one picture, and the same in words."""

from __future__ import annotations

from moodify_core.drawing import HALF_CAPITAL, INK, QUIET_TEXT, TEXT, TRACK, Canvas, Type, box
from moodify_core.figures import clock
from moodify_core.fonts import clean_title, shorten
from moodify_core.moods import MOODS, Mood
from moodify_core.result import MoodAnalysis
from moodify_core.rows import Row, draw_axis, draw_ribbon, draw_stack
from moodify_core.timeline import LONGEST_DESCRIPTION, describe_timeline
from moodify_core.words import ENGLISH, Words

_WIDTH, _HEIGHT, _MARGIN = 1200, 960, 48
_SPAN = _WIDTH - 2 * _MARGIN
_SHORTEST = 16
"""Pixels that a song has at least beside a very long one."""
_TOPS = (40, 336)
"""Where the two songs begin."""
_STACK = (74, 132)
"""From there to its top, and its height; the same for the ribbon."""
_RIBBON = (216, 46)
_AXIS = 642
_TABLE = 716
"""Baseline of its head, then from each line to the next, and between two columns."""
_LINE = 92
_GUTTER = 20
_TYPE = 32
_TITLE = 42
_BADGE = 46

_Pair = tuple[MoodAnalysis, MoodAnalysis]


def draw_comparison(songs: _Pair, titles: tuple[str, str], *, words: Words = ENGLISH) -> bytes:
    """Draw two songs one above the other on one time axis, and their shares side by side.

    Parameters
    ----------
    songs : tuple of two MoodAnalysis
    titles : tuple of two str
        Any text. What no font can draw is left out, and what is too wide is cut.
    words : Words
        In which language.

    Returns
    -------
    bytes
        A PNG of 1200 x 960 pixels; opaque.
    """
    canvas = Canvas(_WIDTH, _HEIGHT)
    longest = max(song.duration for song in songs)
    for number, (top, song, title) in enumerate(zip(_TOPS, songs, titles, strict=True), 1):
        _draw_heading(canvas, top, number, _heading(song, title, words))
        width = max(round(_SPAN * song.duration / longest), _SHORTEST)
        stack, ribbon = (
            Row(_MARGIN, top + below, width, height) for below, height in (_STACK, _RIBBON)
        )
        draw_stack(canvas, stack, song)
        draw_ribbon(canvas, ribbon, song, words, _TYPE)
    draw_axis(canvas, Row(_MARGIN, _AXIS, _SPAN, 0), longest, _TYPE)
    _draw_table(canvas, songs, words)
    return canvas.png()


def describe_comparison(songs: _Pair, titles: tuple[str, str], *, words: Words = ENGLISH) -> str:
    """Say in words what the picture of two songs shows.

    Parameters
    ----------
    songs : tuple of two MoodAnalysis
    titles : tuple of two str
        Any text; cleaned and cut.
    words : Words
        In which language.

    Returns
    -------
    str
        At most 1024 characters, the limit of Discord's alt text.
    """
    each = LONGEST_DESCRIPTION // 2 - len("1. ") - len("\n")
    return "\n".join(
        f"{number}. {describe_timeline(song, title, words=words, longest=each)}"
        for number, (song, title) in enumerate(zip(songs, titles, strict=True), 1)
    )


def _heading(song: MoodAnalysis, title: str, words: Words) -> tuple[str, str]:
    """Return what a song is headed with: on the left, on the right."""
    facts = [words.unsure] if song.unsure else []
    return clean_title(title) or words.untitled_timeline, " · ".join([*facts, clock(song.duration)])


def _draw_heading(canvas: Canvas, top: int, number: int, heading: tuple[str, str]) -> None:
    title, facts = heading
    small, large = Type(_TYPE, QUIET_TEXT, align="right"), Type(_TITLE)
    baseline = top + _BADGE / 2 + _TITLE * HALF_CAPITAL
    left, right = _MARGIN + _BADGE * 1.4, _WIDTH - _MARGIN
    _draw_badge(canvas, top, number)
    canvas.text(right, baseline, facts, small)
    room = right - canvas.measure(facts, small) - _TYPE - left
    canvas.text(
        left, baseline, shorten(title, room, lambda text: canvas.measure(text, large)), large
    )


def _draw_badge(canvas: Canvas, top: float, number: int) -> None:
    style = Type(_TYPE, INK, align="center", weight="bold")
    canvas.fill(box(_MARGIN, top, _BADGE, _BADGE, _BADGE / 2), QUIET_TEXT)
    baseline = top + _BADGE / 2 + style.size * HALF_CAPITAL
    canvas.text(_MARGIN + _BADGE / 2, baseline, str(number), style)


def _draw_table(canvas: Canvas, songs: _Pair, words: Words) -> None:
    """Draw a column for each mood, with a row for each song."""
    style = Type(_TYPE)
    left = _MARGIN + _BADGE * 1.4
    pitch = (_WIDTH - _MARGIN + _GUTTER - left) / len(MOODS)
    width = pitch - _GUTTER
    for number in range(1, len(songs) + 1):
        _draw_badge(canvas, _TABLE + number * _LINE - 50, number)
    for column, mood in enumerate(MOODS):
        x = left + column * pitch
        name = shorten(words.name(mood), width, lambda text: canvas.measure(text, style))
        canvas.text(x, _TABLE, name, style)
        canvas.fill(box(x, _TABLE + 14, width, 6, 3), mood.colour)
        for number, song in enumerate(songs, 1):
            _draw_share(canvas, (x, _TABLE + number * _LINE - 14, width), song, mood, words)


def _draw_share(
    canvas: Canvas,
    place: tuple[float, float, float],
    song: MoodAnalysis,
    mood: Mood,
    words: Words,
) -> None:
    x, baseline, width = place
    share = song.breakdown[mood]
    colour = TEXT if mood is song.dominant else QUIET_TEXT
    canvas.text(x, baseline, words.share(share), Type(_TYPE * 1.25, colour, weight="bold"))
    canvas.fill(box(x, baseline + 14, width, 14, 7), TRACK)
    if share > 0:
        canvas.fill(box(x, baseline + 14, max(width * share, 14), 14, 7), mood.colour)
