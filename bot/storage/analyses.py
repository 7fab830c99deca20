"""An analysis as bytes and back, without losing a bit: the same picture is drawn from both."""

from __future__ import annotations

import json
import zlib
from typing import Any

from moodify_core import Mood, MoodAnalysis
from moodify_core.moods import MOODS, MoodShares, shares
from moodify_core.result import Note, Segment, Window

_MOODS_IN_ORDER = [mood.value for mood in MOODS]


def pack(analysis: MoodAnalysis) -> bytes:
    """Return an analysis as compressed JSON.

    Moods are named once and probabilities are listed in that order, as most of an analysis is
    probabilities.
    """
    plain = {
        "moods": _MOODS_IN_ORDER,
        "duration": analysis.duration,
        "windows": [[w.start, w.end, _listed(w.probabilities)] for w in analysis.windows],
        "segments": [[s.start, s.end, s.mood, _listed(s.probabilities)] for s in analysis.segments],
        "breakdown": _listed(analysis.breakdown),
        "probabilities": _listed(analysis.probabilities),
        "dominant": analysis.dominant,
        "confidence": analysis.confidence,
        "unsure": analysis.unsure,
        "reasons": [[note.code, dict(note.parameters)] for note in analysis.reasons],
        "warnings": [[note.code, dict(note.parameters)] for note in analysis.warnings],
        "waveform": analysis.waveform,
        "fingerprint": analysis.fingerprint,
        "model_version": analysis.model_version,
    }
    return zlib.compress(json.dumps(plain, separators=(",", ":")).encode())


def unpack(packed: bytes) -> MoodAnalysis:
    """Return the analysis that `pack` was given."""
    plain: dict[str, Any] = json.loads(zlib.decompress(packed))
    order = [Mood(name) for name in plain["moods"]]

    def named(values: list[float]) -> MoodShares:
        by_mood = dict(zip(order, values, strict=True))
        return shares(by_mood[mood] for mood in MOODS)

    return MoodAnalysis(
        duration=plain["duration"],
        windows=tuple(Window(start, end, named(p)) for start, end, p in plain["windows"]),
        segments=tuple(
            Segment(start, end, Mood(mood), named(p)) for start, end, mood, p in plain["segments"]
        ),
        breakdown=named(plain["breakdown"]),
        probabilities=named(plain["probabilities"]),
        dominant=Mood(plain["dominant"]),
        confidence=plain["confidence"],
        unsure=plain["unsure"],
        reasons=tuple(Note(*note) for note in plain["reasons"]),
        warnings=tuple(Note(*note) for note in plain["warnings"]),
        waveform=tuple(plain["waveform"]),
        fingerprint=plain["fingerprint"],
        model_version=plain["model_version"],
    )


def _listed(values: MoodShares) -> list[float]:
    return [values[mood] for mood in MOODS]
