"""Moodify: the moods of a piece of music.

>>> from moodify_core import analyze
>>> answer = analyze("song.mp3")
>>> answer.dominant, answer.breakdown
"""

from typing import TYPE_CHECKING

from moodify_core.errors import AudioError, ModelError, MoodifyError
from moodify_core.moods import MOODS, Mood
from moodify_core.result import MoodAnalysis, Note, ReasonCode, Segment, WarningCode, Window

if TYPE_CHECKING:
    from moodify_core.analysis import analyze

__all__ = [
    "MOODS",
    "AudioError",
    "ModelError",
    "Mood",
    "MoodAnalysis",
    "MoodifyError",
    "Note",
    "ReasonCode",
    "Segment",
    "WarningCode",
    "Window",
    "analyze",
]


def __getattr__(name: str) -> object:
    # The bot's own process shows answers but hears nothing: without this it would hold the
    # decoders and the model's runtime in memory, some 150 MB, for their names alone.
    if name == "analyze":
        from moodify_core.analysis import analyze

        return analyze
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
