"""What the command line says, in words: one place for its sentences."""

from __future__ import annotations

from moodify_core.figures import MOST, clock, in_percent
from moodify_core.moods import MOODS
from moodify_core.result import MoodAnalysis, Note, ReasonCode, WarningCode

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
    if analysis.reasons:
        lines += ["", f"  Why: {why(analysis)}"]
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


def why(analysis: MoodAnalysis) -> str:
    """Name the reasons in plain words, the strongest first; empty where there are none.

    Examples
    --------
    >>> why(analysis)
    'slow pulse, minor colour, soft attacks'
    """
    return ", ".join(_REASONS[ReasonCode(note.code)] for note in analysis.reasons)


def _verdict(analysis: MoodAnalysis) -> str:
    mood = analysis.dominant.value
    if not analysis.like_music:
        return "  This does not sound like music; the moods below are a guess."
    if analysis.unsure:
        return f"  Not sure: perhaps {mood}, with a probability of {analysis.confidence:.0%}."
    most = analysis.breakdown[analysis.dominant] >= MOST
    verdict = f"Mostly {mood}" if most else f"More {mood} than anything else"
    return f"  {verdict}, with a probability of {analysis.confidence:.0%}."


_SENTENCES = {
    WarningCode.TRUNCATED: "the file ends early; this is what the first {at} seconds say.",
    WarningCode.SHORT: "with only {duration} seconds of music this is little more than a guess.",
    WarningCode.CLOSE_CALL: "{first} and {second} are about equally likely.",
    WarningCode.NOT_LIKE_MUSIC: "most of this is unlike any music that Moodify has learned from.",
    WarningCode.SPEECH: "most of this sounds like somebody talking.",
}

_REASONS = {
    ReasonCode.FAST_PULSE: "fast pulse",
    ReasonCode.SLOW_PULSE: "slow pulse",
    ReasonCode.STEADY_BEAT: "steady beat",
    ReasonCode.LOOSE_BEAT: "loose beat",
    ReasonCode.MANY_NOTES: "many notes",
    ReasonCode.FEW_NOTES: "few notes",
    ReasonCode.HARD_ATTACKS: "hard attacks",
    ReasonCode.SOFT_ATTACKS: "soft attacks",
    ReasonCode.BRIGHT_SOUND: "bright sound",
    ReasonCode.DARK_SOUND: "dark sound",
    ReasonCode.STRONG_BASS: "strong bass",
    ReasonCode.LIGHT_BASS: "light bass",
    ReasonCode.FULL_SOUND: "full sound",
    ReasonCode.THIN_SOUND: "thin sound",
    ReasonCode.ROUGH_SOUND: "rough sound",
    ReasonCode.SMOOTH_SOUND: "smooth sound",
    ReasonCode.WIDE_DYNAMICS: "wide dynamics",
    ReasonCode.EVEN_DYNAMICS: "even dynamics",
    ReasonCode.MAJOR_COLOUR: "major colour",
    ReasonCode.MINOR_COLOUR: "minor colour",
    ReasonCode.CLEAR_KEY: "clear key",
    ReasonCode.VAGUE_KEY: "vague key",
    ReasonCode.TENSE_HARMONY: "tense harmony",
    ReasonCode.CALM_HARMONY: "calm harmony",
    ReasonCode.MOVING_HARMONY: "moving harmony",
    ReasonCode.STILL_HARMONY: "still harmony",
}
