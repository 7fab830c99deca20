"""How a job can end: the song's moods, or one of the reasons why there are none."""

from __future__ import annotations

from dataclasses import dataclass

from bot.engine import Hearing
from moodify_core.errors import MoodifyError


@dataclass(frozen=True, slots=True)
class Answered:
    """The song was heard.

    Attributes
    ----------
    title : str
        What the song is called, harmless.
    hearing : Hearing
    """

    title: str
    hearing: Hearing


@dataclass(frozen=True, slots=True)
class Unanalysable:
    """The analyser says why it cannot.

    Attributes
    ----------
    error : MoodifyError
    """

    error: MoodifyError


@dataclass(frozen=True, slots=True)
class TooBig:
    """The file is larger than allowed.

    Attributes
    ----------
    limit : int
        Bytes that are allowed.
    """

    limit: int


@dataclass(frozen=True, slots=True)
class QueueFull:
    """Too many jobs are running and waiting.

    Attributes
    ----------
    limit : int
        Jobs that are accepted at the same time.
    """

    limit: int


@dataclass(frozen=True, slots=True)
class TooManyAtOnce:
    """Too many jobs of this person are running and waiting.

    Attributes
    ----------
    limit : int
        Jobs of one person that are accepted at the same time.
    """

    limit: int


@dataclass(frozen=True, slots=True)
class TookTooLong:
    """The analysis ran into its time limit.

    Attributes
    ----------
    limit : float
        Seconds.
    """

    limit: float


@dataclass(frozen=True, slots=True)
class NoAudio:
    """The message has no audio file."""


@dataclass(frozen=True, slots=True)
class ForeignFile:
    """The file is not on Discord's servers."""


@dataclass(frozen=True, slots=True)
class FileVanished:
    """Discord no longer has the file."""


@dataclass(frozen=True, slots=True)
class DownloadFailed:
    """Discord did not hand the file over, several times."""


@dataclass(frozen=True, slots=True)
class NeedsTooMuchMemory:
    """The analysis ran into its memory limit."""


@dataclass(frozen=True, slots=True)
class Crashed:
    """The process that analysed the song died."""


@dataclass(frozen=True, slots=True)
class WaitedTooLong:
    """Discord's time for an answer was about to run out."""


@dataclass(frozen=True, slots=True)
class Stopping:
    """The bot is being stopped."""


@dataclass(frozen=True, slots=True)
class Failed:
    """Something went wrong that nobody thought of.

    Attributes
    ----------
    job : str
        Id under which the log tells more.
    """

    job: str


Refusal = (
    Unanalysable
    | TooBig
    | QueueFull
    | TooManyAtOnce
    | TookTooLong
    | NoAudio
    | ForeignFile
    | FileVanished
    | DownloadFailed
    | NeedsTooMuchMemory
    | Crashed
    | WaitedTooLong
    | Stopping
    | Failed
)
"""Every way to end without moods."""

Outcome = Answered | Refusal
