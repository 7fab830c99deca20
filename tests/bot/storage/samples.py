"""Requests and analyses to store."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from functools import cache

import numpy as np

from bot.requests import AtInteraction, AtMessage, Place, Post, Request, Song
from bot.storage import Entry
from moodify_core import MOODS, Mood, MoodAnalysis, Note, Segment, WarningCode, Window
from moodify_core.fingerprint import fingerprint
from moodify_core.moods import shares

ROWS_A_SECOND = 7
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
