"""Requests and analyses to store."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from functools import cache
from zoneinfo import ZoneInfo

import numpy as np

from bot.requests import AtInteraction, AtMessage, Place, Post, Request, Song
from bot.storage import Entry
from moodify_core import MOODS, Mood, MoodAnalysis, Note, Segment, WarningCode, Window
from moodify_core.fingerprint import fingerprint
from moodify_core.moods import shares

ROWS_A_SECOND = 7
NOON = datetime(2026, 3, 4, 12, tzinfo=ZoneInfo("UTC")).timestamp()
"""A Wednesday."""
DAY = 86400.0
TOKEN = "aW50ZXJhY3Rpb246c2VjcmV0"


def at_interaction() -> Place:
    return AtInteraction(application_id=9, token=TOKEN, expires=1_000_900.0)


def request(
    number: int = 1, *, songs: int = 1, place: Place | None = None, received: float = 1_000_000.0
) -> Request:
    return Request(
        id=number,
        user_id=21,
        guild_id=31,
        channel_id=41,
        songs=tuple(
            Song(
                attachment_id=number * 100 + each,
                filename=f"song {each}.mp3",
                url=f"https://cdn.example/{number}/{each}?sig=1",
                size=1000 + each,
            )
            for each in range(songs)
        ),
        place=place or AtMessage(message_id=51, quiet=True),
        post=Post(channel_id=41, message_id=51),
        locale="pt-BR",
        private=False,
        received=received,
        more=(Song(attachment_id=7, filename="more.mp3", url="https://cdn.example/m", size=9),),
    )


@cache
def chroma(seed: int, seconds: int = 120) -> np.ndarray:
    """Harmony that moves as that of a song does: notes that swell and fade."""
    random = np.random.default_rng(seed)
    steps = random.normal(size=(seconds * ROWS_A_SECOND, 12)).cumsum(axis=0)
    return (1 + np.sin(steps)).astype(np.float32)


def analysis(
    seed: int = 0,
    *,
    heard: np.ndarray | None = None,
    mood: Mood = Mood.SAD,
    model_version: str = "one",
    unsure: bool = False,
) -> MoodAnalysis:
    heard = chroma(seed) if heard is None else heard
    duration = len(heard) / ROWS_A_SECOND
    figures = shares(0.6 if each is mood else 0.1 for each in MOODS)
    return MoodAnalysis(
        duration=duration,
        windows=(Window(0.0, 5.0, figures), Window(5.0, duration, figures)),
        segments=(Segment(0.0, duration, mood, figures),),
        breakdown=figures,
        probabilities=figures,
        dominant=mood,
        confidence=1 / 3,
        unsure=unsure,
        reasons=(),
        warnings=(Note(WarningCode.TRUNCATED, {"at": 61.2}),),
        waveform=(0.1, 1.0, 1 / 3),
        fingerprint=fingerprint(heard),
        model_version=model_version,
    )


def entry(number: int = 1, heard: MoodAnalysis | None = None, **changes: object) -> Entry:
    made = Entry(
        request_id=number,
        attachment_id=number * 100,
        guild_id=31,
        channel_id=41,
        user_id=21,
        post=Post(channel_id=41, message_id=51),
        title="Song",
        private=False,
        digest=hashlib.sha256(b"file").digest(),
        analysis=heard or analysis(),
        heard_at=1_000_000.0,
    )
    return replace(made, **changes)


@cache
def _plain_analysis() -> MoodAnalysis:
    return analysis()


def heard(
    number: int,
    song: int = 1,
    *,
    minutes: float = 3.0,
    at: float = NOON,
    felt: Mapping[Mood, float] | Mood = Mood.SAD,
    confidence: float = 0.5,
    unsure: bool = False,
    model_version: str = "one",
    **changes: object,
) -> Entry:
    """Return an answer about a song that is known by its number."""
    figures = {felt: 1.0} if isinstance(felt, Mood) else felt
    made = entry(
        number,
        replace(
            _plain_analysis(),
            duration=minutes * 60,
            breakdown=shares(figures.get(mood, 0.0) for mood in MOODS),
            dominant=max(figures, key=lambda mood: figures[mood]),
            confidence=confidence,
            unsure=unsure,
            model_version=model_version,
            # So that nothing but its number makes it a song of its own.
            fingerprint="",
        ),
        digest=hashlib.sha256(f"song {song}".encode()).digest(),
        title=f"Song {song}",
        heard_at=at,
        home_channel_id=41,
        post=Post(41, 10**6 + number),
    )
    return replace(made, **changes)
