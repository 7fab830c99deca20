"""A song in, its moods out."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from moodify_core.arrays import FloatArray
from moodify_core.audio import AudioReader, Source
from moodify_core.errors import SilentAudio, TooLong, TooShort
from moodify_core.features import SongFeatures, extract
from moodify_core.features.windows import WINDOW_SECONDS
from moodify_core.fingerprint import fingerprint
from moodify_core.model import MoodModel, load_model
from moodify_core.moods import MOODS, Mood, MoodShares, shares
from moodify_core.passages import change_of_sound, find_passages
from moodify_core.reasons import find_reasons
from moodify_core.result import MoodAnalysis, Note, Segment, WarningCode, Window
from moodify_core.scoring import MOST_UNLIKE, stretches
from moodify_core.speech import sounds_spoken

MIN_SECONDS = 1.0
"""Shorter audio gets no answer."""

SILENCE_DB = -80.0
"""Mean level, relative to full scale, below which a file counts as silent.

A song mastered at -20 dB and turned down by 40 dB still lies 20 dB above it; the dither of an
empty 16-bit file lies at about -96 dB.
"""

_WAVEFORM_POINTS = 1000
_CLOSE_CALL = 0.08
"""Lead in probability below which the runner-up is named."""

Progress = Callable[[float], None]


def analyze(
    source: Source,
    *,
    max_duration: float | None = None,
    progress: Progress | None = None,
    model: MoodModel | None = None,
) -> MoodAnalysis:
    """Classify each stretch of a song into one of five moods.

    Parameters
    ----------
    source : path or binary file
        Any audio that `moodify_core.audio` reads; a binary file must be seekable.
    max_duration : float, optional
        Seconds; decoding stops with an error once there is more. Default: any length.
    progress : callable, optional
        Called now and then with the share of the song that was heard, 0..1.
    model : MoodModel, optional
        Default: the model that comes with Moodify.

    Returns
    -------
    MoodAnalysis

    Raises
    ------
    UnsupportedFormat, UnsupportedStream, BrokenAudio
        If the file cannot be read as audio.
    TooShort, TooLong, SilentAudio
        If the audio is outside of what can be answered.
    ModelError
        If the model cannot be used.
    OSError
        If the path cannot be read.

    Examples
    --------
    >>> from moodify_core import analyze
    >>> answer = analyze("examples/happy_morning_run.mp3")
    >>> answer.dominant, round(sum(answer.breakdown.values()), 6)
    (<Mood.HAPPY: 'happy'>, 1.0)
    """
    model = model or load_model()
    with AudioReader(source) as reader:
        features = _listen(reader, max_duration, progress)
        truncated = reader.truncated
    if progress:
        progress(1.0)
    return _judge(features, model, truncated=truncated)


def _listen(
    reader: AudioReader, max_duration: float | None, progress: Progress | None
) -> SongFeatures:
    declared = reader.declared_seconds

    def heard(seconds: float) -> None:
        if max_duration is not None and seconds > max_duration:
            raise TooLong(max_duration)
        if progress and declared:
            progress(min(seconds / declared, 0.99))

    features = extract(reader, heard)
    if features.duration < MIN_SECONDS:
        raise TooShort(features.duration, MIN_SECONDS)
    if features.level < SILENCE_DB:
        raise SilentAudio
    return features


def _judge(features: SongFeatures, model: MoodModel, *, truncated: bool) -> MoodAnalysis:
    spoken = sounds_spoken(features.peaks, features.chroma)
    audible = features.levels >= SILENCE_DB
    scores = model.score(features.windows, features.harmony, spoken=spoken, audible=audible)
    unlike = float(scores.unlike[audible].mean())
    strange = unlike >= MOST_UNLIKE
    probabilities = shares(scores.song)
    windows = tuple(
        Window(start, end, shares(row))
        for (start, end), row in zip(features.bounds, scores.windows, strict=True)
    )
    rows = stretches(features.windows, features.harmony, audible)[audible]
    change = change_of_sound(features.windows)
    segments = find_passages(windows, features.duration, change)
    breakdown = _breakdown(segments, features.duration)
    dominant = max(MOODS, key=lambda mood: (round(breakdown[mood], 9), probabilities[mood]))
    confidence = probabilities[dominant]
    return MoodAnalysis(
        duration=features.duration,
        windows=windows,
        segments=segments,
        breakdown=breakdown,
        probabilities=probabilities,
        dominant=dominant,
        confidence=confidence,
        unsure=strange or confidence < model.unsure_below,
        reasons=() if strange else find_reasons(rows, model, dominant),
        warnings=(
            *_damage(features.duration, truncated=truncated),
            *(_strangeness(unlike, spoken=spoken) if strange else _close_call(probabilities)),
        ),
        waveform=_waveform(features.peaks),
        fingerprint=fingerprint(features.chroma),
        model_version=model.version,
    )


def _breakdown(segments: tuple[Segment, ...], duration: float) -> dict[Mood, float]:
    seconds = dict.fromkeys(MOODS, 0.0)
    for segment in segments:
        seconds[segment.mood] += segment.duration
    return {mood: time / duration for mood, time in seconds.items()}


def _damage(duration: float, *, truncated: bool) -> Iterator[Note]:
    if truncated:
        yield Note(WarningCode.TRUNCATED, {"at": round(duration, 1)})
    if duration < WINDOW_SECONDS:
        yield Note(WarningCode.SHORT, {"duration": round(duration, 1)})


def _strangeness(share: float, *, spoken: bool) -> Iterator[Note]:
    code = WarningCode.SPEECH if spoken else WarningCode.NOT_LIKE_MUSIC
    yield Note(code, {"share": round(share, 2)})


def _close_call(probabilities: MoodShares) -> Iterator[Note]:
    first, second = sorted(MOODS, key=lambda mood: -probabilities[mood])[:2]
    if probabilities[first] - probabilities[second] < _CLOSE_CALL:
        yield Note(WarningCode.CLOSE_CALL, {"first": first.value, "second": second.value})


def _waveform(peaks: FloatArray) -> tuple[float, ...]:
    points = min(len(peaks), _WAVEFORM_POINTS)
    edges = np.linspace(0, len(peaks), points, endpoint=False).astype(int)
    loudest = np.maximum.reduceat(peaks, edges)
    return tuple(float(value) for value in np.round(loudest / loudest.max(), 3))
