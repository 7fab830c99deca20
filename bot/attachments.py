"""Which attachments of a message are songs."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain
from pathlib import PurePath
from typing import Protocol, TypeVar

import discord

from bot.requests import Song

_SUFFIXES = frozenset(
    {
        ".aac", ".aif", ".aiff", ".flac", ".m4a", ".mp3", ".mp4", ".oga", ".ogg", ".opus",
        ".wav", ".wave", ".webm", ".wma",
    }
)  # fmt: skip


class File(Protocol):
    """What there is to know of an attachment before it is downloaded."""

    @property
    def filename(self) -> str:
        """Its name."""

    @property
    def content_type(self) -> str | None:
        """What Discord takes it for."""


FileT = TypeVar("FileT", bound=File)


def audio_files(files: Iterable[FileT]) -> tuple[FileT, ...]:
    """Return the files that Discord, or their names, say are audio.

    Only a guess to choose by: the content decides later.

    Parameters
    ----------
    files : iterable of File
    """
    return tuple(file for file in files if _may_be_audio(file))


def songs_of(message: discord.Message) -> tuple[Song, ...]:
    """Return the songs that a message shows, forwarded ones too."""
    forwarded = (snapshot.attachments for snapshot in message.message_snapshots)
    files = audio_files(chain(message.attachments, *forwarded))
    return tuple(song_of(file) for file in files)


def posted_songs(message: discord.Message) -> tuple[Song, ...]:
    """Return what a message shares as music: no voice messages, no films."""
    if message.flags.voice:
        return ()
    files = audio_files(message.attachments)
    return tuple(song_of(file) for file in files if not _is_film(file))


def song_of(file: discord.Attachment) -> Song:
    """Return an attachment as a song."""
    # Discord strips names of what is not ASCII; the title is what the person called it.
    return Song(file.id, file.title or file.filename, file.url, file.size)


def _may_be_audio(file: File) -> bool:
    kind = (file.content_type or "").partition("/")[0]
    return kind in ("audio", "video") or PurePath(file.filename).suffix.lower() in _SUFFIXES


def _is_film(file: File) -> bool:
    return (file.content_type or "").startswith("video/")
