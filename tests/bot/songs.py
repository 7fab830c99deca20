"""Analyses made by hand, for tests of how they are shown."""

from __future__ import annotations

from collections.abc import Sequence

from bot.engine import Hearing
from moodify_core.moods import MOODS, shares
from moodify_core.result import MoodAnalysis, Note, Segment, Window

PNG = b"\x89PNG\r\n\x1a\n"


def analysis(
    values: Sequence[float] = (0.05, 0.12, 0.08, 0.61, 0.14),
    *,
    duration: float = 222.4,
    confidence: float = 0.71,
    unsure: bool = False,
    warnings: tuple[Note, ...] = (),
) -> MoodAnalysis:
    breakdown = shares(values)
    dominant = max(MOODS, key=breakdown.__getitem__)
    return MoodAnalysis(
        duration=duration,
        windows=(Window(0, duration, breakdown),),
        segments=(Segment(0, duration, dominant, breakdown),),
        breakdown=breakdown,
        probabilities=breakdown,
        dominant=dominant,
        confidence=confidence,
        unsure=unsure,
        reasons=(),
        warnings=warnings,
        waveform=(1.0,),
        fingerprint="",
        model_version="test",
    )


def hearing(description: str = "Mostly romantic.") -> Hearing:
    return Hearing(analysis=analysis(), picture=PNG, description=description)
