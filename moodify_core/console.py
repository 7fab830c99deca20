"""What the command line says, in words: one place for its sentences."""

from __future__ import annotations

from moodify_core.figures import MOST, clock, in_percent
from moodify_core.moods import MOODS
from moodify_core.result import MoodAnalysis, Note, WarningCode

_BAR = 20
_JOINERS = "\u200c\u200d"
"""Invisible, but emoji and several scripts are written with them."""


def printable(text: str) -> str:
    r"""Make any text safe to show in a terminal: no escapes, no line breaks, no turned order.

    Examples
    --------
    >>> printable("red\x1b[31m.mp3")
    'red�[31m.mp3'
    """
    return "".join(
        character if character.isprintable() or character in _JOINERS else "�" for character in text
    )


def summary(name: str, analysis: MoodAnalysis) -> str:
    """Describe an analysis in a few lines of plain text.

    Parameters
    ----------
    name : str
        How to call the song.
    analysis : MoodAnalysis

    Returns
    -------
    str
    """
    lines = [f"{printable(name)} ({clock(analysis.duration)})", _verdict(analysis), ""]
    for mood in sorted(MOODS, key=lambda mood: -analysis.breakdown[mood]):
        share = analysis.breakdown[mood]
        bar = "█" * round(share * _BAR)
        lines.append(f"  {mood.value:<10} {in_percent(share):>4} {bar}".rstrip())
    lines += ["", "  " + passages(analysis)]
    lines += [f"  Note: {sentence(note)}" for note in analysis.warnings]
    return "\n".join(lines)


def passages(analysis: MoodAnalysis) -> str:
    """List the passages: ``0:00 sad → 1:12 dramatic``."""
    return " → ".join(
        f"{clock(segment.start)} {segment.mood.value}" for segment in analysis.segments
    )


def sentence(note: Note) -> str:
    """Say what a warning means."""
    return _SENTENCES[WarningCode(note.code)].format(**note.parameters)


def _verdict(analysis: MoodAnalysis) -> str:
    mood = analysis.dominant.value
    if analysis.unsure:
        return f"  Not sure: perhaps {mood}, with a probability of {analysis.confidence:.0%}."
    most = analysis.breakdown[analysis.dominant] >= MOST
    verdict = f"Mostly {mood}" if most else f"More {mood} than anything else"
    return f"  {verdict}, with a probability of {analysis.confidence:.0%}."


_SENTENCES = {
    WarningCode.TRUNCATED: "the file ends early; this is what the first {at} seconds say.",
    WarningCode.SHORT: "with only {duration} seconds of music this is little more than a guess.",
    WarningCode.CLOSE_CALL: "{first} and {second} are about equally likely.",
}
