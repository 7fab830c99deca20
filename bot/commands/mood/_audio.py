"""Which attachment of a message is the song."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import PurePath
from typing import Protocol, TypeVar

_SUFFIXES = frozenset(
    {
        ".aac", ".aif", ".aiff", ".flac", ".m4a", ".mp3", ".mp4", ".oga", ".ogg", ".opus",
        ".wav", ".wave", ".webm", ".wma",
    }
)  # fmt: skip


class File(Protocol):
    """What there is to know of an attachment before it is downloaded."""

    @property
    def filename(self) -> str: ...

    @property
    def content_type(self) -> str | None: ...


FileT = TypeVar("FileT", bound=File)


def first_audio(files: Iterable[FileT]) -> FileT | None:
    """Return the first file that Discord, or its name, says is audio; None without one.

    Only a guess to choose by: the content decides later.

    Parameters
    ----------
    files : iterable of File
    """
    return next((file for file in files if _may_be_audio(file)), None)


def _may_be_audio(file: File) -> bool:
    kind = (file.content_type or "").partition("/")[0]
    return kind in ("audio", "video") or PurePath(file.filename).suffix.lower() in _SUFFIXES
