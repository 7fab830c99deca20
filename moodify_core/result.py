"""What an analysis says of a song: plain frozen data, no signal processing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from moodify_core.moods import Mood, MoodShares


class WarningCode(StrEnum):
    """Why an answer may be worth less than usual."""

    TRUNCATED = "truncated"
    """The file ends too early; parameter ``at``: seconds that could be decoded."""
    SHORT = "short"
    """Less music than one window; parameter ``duration`` in seconds."""
    CLOSE_CALL = "close_call"
    """Two moods are about equally likely; parameters ``first`` and ``second`` name them."""
    NOT_LIKE_MUSIC = "not_like_music"
    """Most of it is unlike any music that was learned from, such as noise, tones or applause;
    parameter ``share`` of the time, 0..1."""
    SPEECH = "speech"
    """Most of it sounds like somebody talking; parameter ``share`` of the time, 0..1."""


class ReasonCode(StrEnum):
    """What in the sound spoke for the dominant mood; pairs of opposites.

    Every one has the parameter ``weight``, 0..1: how much less probable the mood would be if the
    song were average in this respect.
    """

    FAST_PULSE = "fast_pulse"
    SLOW_PULSE = "slow_pulse"
    STEADY_BEAT = "steady_beat"
    LOOSE_BEAT = "loose_beat"
    MANY_NOTES = "many_notes"
    FEW_NOTES = "few_notes"
    HARD_ATTACKS = "hard_attacks"
    SOFT_ATTACKS = "soft_attacks"
    BRIGHT_SOUND = "bright_sound"
    DARK_SOUND = "dark_sound"
    STRONG_BASS = "strong_bass"
    LIGHT_BASS = "light_bass"
    FULL_SOUND = "full_sound"
    THIN_SOUND = "thin_sound"
    ROUGH_SOUND = "rough_sound"
    SMOOTH_SOUND = "smooth_sound"
    WIDE_DYNAMICS = "wide_dynamics"
    EVEN_DYNAMICS = "even_dynamics"
    MAJOR_COLOUR = "major_colour"
    MINOR_COLOUR = "minor_colour"
    CLEAR_KEY = "clear_key"
    VAGUE_KEY = "vague_key"
    TENSE_HARMONY = "tense_harmony"
    CALM_HARMONY = "calm_harmony"
    MOVING_HARMONY = "moving_harmony"
    STILL_HARMONY = "still_harmony"


@dataclass(frozen=True, slots=True)
class Note:
    """A code with its parameters; the sentence for it is the business of whoever shows it.

    Attributes
    ----------
    code : str
        What is to be said: a `WarningCode` in `MoodAnalysis.warnings`, a `ReasonCode` in
        `MoodAnalysis.reasons`.
    parameters : mapping of str to float or str
        The figures and names that the sentence needs; times in seconds.
    """

    code: str
    parameters: Mapping[str, float | str] = field(default_factory=dict)

    def to_dict(self) -> dict[str, object]:
        """Return the note as plain JSON types."""
        return {"code": str(self.code), **self.parameters}


@dataclass(frozen=True, slots=True)
class Window:
    """What the model said of one window, before any smoothing.

    Attributes
    ----------
    start, end : float
        Seconds from the start of the song; the last window ends with the song.
    probabilities : mapping of Mood to float
        They sum to 1.
    """

    start: float
    end: float
    probabilities: MoodShares


@dataclass(frozen=True, slots=True)
class Segment:
    """A passage of one mood.

    Attributes
    ----------
    start, end : float
        Seconds; the passages of a song tile it without gap or overlap.
    mood : Mood
    probabilities : mapping of Mood to float
        Mean over the passage; they sum to 1.
    """

    start: float
    end: float
    mood: Mood
    probabilities: MoodShares

    @property
    def duration(self) -> float:
        """Length in seconds."""
        return self.end - self.start


@dataclass(frozen=True, slots=True)
class MoodAnalysis:
    """The moods of one song.

    Attributes
    ----------
    duration : float
        Length in seconds of what could be decoded.
    windows : tuple of Window
        What the model said, unsmoothed.
    segments : tuple of Segment
        Passages; they tile ``0..duration``.
    breakdown : mapping of Mood to float
        Share of the song's time in each mood; sums to 1.
    probabilities : mapping of Mood to float
        Calibrated probability of each mood for the song as a whole; sums to 1.
    dominant : Mood
        The mood with the largest share of time; ties go to the more probable one.
    confidence : float
        Calibrated probability of `dominant` for the song as a whole, 0..1. It was calibrated and
        measured on clips of half a minute, by their most probable mood; in a long song whose
        moods change, the mood with most time may be another one.
    unsure : bool
        Whether no mood is clearly ahead, or the audio is not like music.
    reasons : tuple of Note
        What spoke most for `dominant`, the strongest first: at most three `ReasonCode`, none
        where `unsure` is due to audio that is not like music.
    warnings : tuple of Note
        Each a `WarningCode`.
    waveform : tuple of float
        Peaks of the waveform at equal steps over the song, 0..1, the loudest being 1.
    fingerprint : str
        What was heard, tolerant of re-encoding (see `moodify_core.fingerprint`).
    model_version : str
        Name of the model that answered.
    """

    duration: float
    windows: tuple[Window, ...]
    segments: tuple[Segment, ...]
    breakdown: MoodShares
    probabilities: MoodShares
    dominant: Mood
    confidence: float
    unsure: bool
    reasons: tuple[Note, ...]
    warnings: tuple[Note, ...]
    waveform: tuple[float, ...]
    fingerprint: str
    model_version: str

    @property
    def like_music(self) -> bool:
        """Whether it sounds like music at all; if not, its moods are a guess."""
        return not any(
            note.code in (WarningCode.NOT_LIKE_MUSIC, WarningCode.SPEECH) for note in self.warnings
        )

    def to_dict(self) -> dict[str, object]:
        """Return the analysis as plain JSON types.

        Seconds and shares are rounded to a thousandth and a ten-thousandth.
        """
        return {
            "duration": round(self.duration, 3),
            "dominant": self.dominant.value,
            "confidence": round(self.confidence, 4),
            "unsure": self.unsure,
            "breakdown": _plain(self.breakdown),
            "probabilities": _plain(self.probabilities),
            "segments": [
                {
                    "start": round(segment.start, 3),
                    "end": round(segment.end, 3),
                    "mood": segment.mood.value,
                    "probabilities": _plain(segment.probabilities),
                }
                for segment in self.segments
            ],
            "windows": [
                {
                    "start": round(window.start, 3),
                    "end": round(window.end, 3),
                    "probabilities": _plain(window.probabilities),
                }
                for window in self.windows
            ],
            "reasons": [note.to_dict() for note in self.reasons],
            "warnings": [note.to_dict() for note in self.warnings],
            "fingerprint": self.fingerprint,
            "model_version": self.model_version,
        }


def _plain(values: MoodShares) -> dict[str, float]:
    return {mood.value: round(share, 4) for mood, share in values.items()}
