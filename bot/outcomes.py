"""How a job can end: moods, a film, or one of the reasons why there are none."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

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
    film_key : str or None
        What a film of it can be asked for by.
    record_id : int or None
        Of the record of this answer; None where there is none.
    repeated : bool
        Whether the song had been heard in this server before, and was not heard again.
    """

    title: str
    hearing: Hearing
    film_key: str | None = None
    record_id: int | None = None
    repeated: bool = False


@dataclass(frozen=True, slots=True)
class Filmed:
    """The song was filmed.

    Attributes
    ----------
    title : str
        What the song is called, harmless.
    path : Path
        The MP4; it is there until it is sent.
    description : str
        The film's moods in words, for who cannot see it.
    """

    title: str
    path: Path
    description: str


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
class NoWorker:
    """No worker could be had for the work."""


@dataclass(frozen=True, slots=True)
class WaitedTooLong:
    """Discord's time for an answer was about to run out."""


@dataclass(frozen=True, slots=True)
class Stopping:
    """The bot is being stopped."""


@dataclass(frozen=True, slots=True)
class ServerQueueFull:
    """The server holds as many places in the queue as one may while others want some."""


@dataclass(frozen=True, slots=True)
class CoolingDown:
    """Whoever asks did so a moment ago.

    Attributes
    ----------
    seconds : float
        Until they may ask again.
    """

    seconds: float


@dataclass(frozen=True, slots=True)
class RoleNeeded:
    """Only those with a certain role may ask in this server.

    Attributes
    ----------
    role_id : int
    """

    role_id: int


@dataclass(frozen=True, slots=True)
class Cancelled:
    """Somebody pressed "Cancel"."""


@dataclass(frozen=True, slots=True)
class PostDeleted:
    """The message that held the song was deleted meanwhile."""


@dataclass(frozen=True, slots=True)
class StreamingLink:
    """The link leads to a streaming site, not to a file."""


@dataclass(frozen=True, slots=True)
class NotAMessageLink:
    """The link does not lead to a message of this server."""


@dataclass(frozen=True, slots=True)
class MessageOutOfSight:
    """The linked message is gone, or the bot or who asks cannot see it."""


@dataclass(frozen=True, slots=True)
class RepliedToOutOfSight:
    """Discord does not show the bot the files of the message that was replied to."""


@dataclass(frozen=True, slots=True)
class NothingGiven:
    """The command came with neither a file nor a link."""


@dataclass(frozen=True, slots=True)
class NoRoom:
    """The disk is full."""


@dataclass(frozen=True, slots=True)
class NotWorthAMessage:
    """Nobody asked, and the song is shorter than those that are answered unasked."""


@dataclass(frozen=True, slots=True)
class Kept:
    """The bot is being stopped, and goes on with the song when it is back."""


@dataclass(frozen=True, slots=True)
class SongForgotten:
    """It is not known any more where the song of an answer is, so that there is no film."""


@dataclass(frozen=True, slots=True)
class MoreForgotten:
    """It is not known any more where a song is that an answer had no room for."""


@dataclass(frozen=True, slots=True)
class NotYourSong:
    """Whoever wants the film cannot see the song."""


@dataclass(frozen=True, slots=True)
class NotYourFilm:
    """Whoever wants to stop the film did not ask for it."""


@dataclass(frozen=True, slots=True)
class FilmUnderWay:
    """Another film of this person is in the making."""


@dataclass(frozen=True, slots=True)
class FilmQueueFull:
    """Too many films are in the making and waiting.

    Attributes
    ----------
    limit : int
        Films that are accepted at the same time.
    """

    limit: int


@dataclass(frozen=True, slots=True)
class ServerFilmsFull:
    """Too many films of this server are in the making and waiting.

    Attributes
    ----------
    limit : int
        Films of one server that are accepted at the same time.
    """

    limit: int


@dataclass(frozen=True, slots=True)
class SongTooLongToFilm:
    """The song is longer than those that are filmed.

    Attributes
    ----------
    limit : float
        Seconds.
    """

    limit: float


@dataclass(frozen=True, slots=True)
class FilmTookTooLong:
    """The film ran into its time limit.

    Attributes
    ----------
    limit : float
        Seconds.
    """

    limit: float


@dataclass(frozen=True, slots=True)
class FilmStopped:
    """Somebody pressed "Cancel"."""


@dataclass(frozen=True, slots=True)
class FilmCrashed:
    """The process that made the film died."""


@dataclass(frozen=True, slots=True)
class NoRoomForFilm:
    """The disk is full."""


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
    | NoWorker
    | WaitedTooLong
    | Stopping
    | ServerQueueFull
    | CoolingDown
    | RoleNeeded
    | Cancelled
    | PostDeleted
    | StreamingLink
    | NotAMessageLink
    | MessageOutOfSight
    | RepliedToOutOfSight
    | NothingGiven
    | NoRoom
    | NotWorthAMessage
    | Kept
    | SongForgotten
    | MoreForgotten
    | NotYourSong
    | NotYourFilm
    | FilmUnderWay
    | FilmQueueFull
    | ServerFilmsFull
    | SongTooLongToFilm
    | FilmTookTooLong
    | FilmStopped
    | FilmCrashed
    | NoRoomForFilm
    | Failed
)
"""Every way to end without moods or a film."""

Outcome = Answered | Filmed | Refusal
