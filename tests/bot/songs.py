"""Analyses made by hand, for tests of how they are shown."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate

from bot.engine import Hearing
from moodify_core.moods import MOODS, Mood, shares
from moodify_core.result import MoodAnalysis, Note, ReasonCode, Segment, Window

PNG = b"\x89PNG\r\n\x1a\n"


def analysis(
    values: Sequence[float] = (0.05, 0.12, 0.08, 0.61, 0.14),
    *,
    duration: float = 222.4,
    confidence: float = 0.71,
    unsure: bool = False,
    warnings: tuple[Note, ...] = (),
    reasons: tuple[ReasonCode, ...] = (),
    passages: Sequence[tuple[float, Mood]] = (),
) -> MoodAnalysis:
    """Make an analysis.

    Parameters
    ----------
    passages : sequence of (float, Mood)
        How long each lasts, in seconds, and its mood; by default the song has one passage.
    """
    breakdown = shares(values)
    dominant = max(MOODS, key=breakdown.__getitem__)
    parts = list(passages) or [(duration, dominant)]
    ends = list(accumulate(length for length, _ in parts))
    duration = ends[-1]
    return MoodAnalysis(
        duration=duration,
        windows=(Window(0, duration, breakdown),),
        segments=tuple(
            Segment(end - length, end, mood, breakdown)
            for end, (length, mood) in zip(ends, parts, strict=True)
        ),
        breakdown=breakdown,
        probabilities=breakdown,
        dominant=dominant,
        confidence=confidence,
        unsure=unsure,
        reasons=tuple(Note(code, {"weight": 0.2}) for code in reasons),
        warnings=warnings,
        waveform=(1.0,),
        fingerprint="",
        model_version="test",
    )


def hearing(description: str = "Mostly romantic.", heard: MoodAnalysis | None = None) -> Hearing:
    return Hearing(analysis=heard or analysis(), picture=PNG, description=description)
