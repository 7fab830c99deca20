"""Moodify: the moods of a piece of music.

>>> from moodify_core import analyze
>>> answer = analyze("song.mp3")
>>> answer.dominant, answer.breakdown
"""

from moodify_core.analysis import analyze
from moodify_core.errors import AudioError, ModelError, MoodifyError
from moodify_core.moods import MOODS, Mood
from moodify_core.result import MoodAnalysis, Note, Segment, WarningCode, Window

__all__ = [
    "MOODS",
    "AudioError",
    "ModelError",
    "Mood",
    "MoodAnalysis",
    "MoodifyError",
    "Note",
    "Segment",
    "WarningCode",
    "Window",
    "analyze",
]
