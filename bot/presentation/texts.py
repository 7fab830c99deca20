"""Every sentence that a user reads, in one place: whole sentences, never glued fragments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import assert_never

from bot.config import MIB
from bot.outcomes import (
    Crashed,
    DownloadFailed,
    Failed,
    FileVanished,
    FilmCrashed,
    FilmQueueFull,
    FilmStopped,
    FilmTookTooLong,
    FilmUnderWay,
    ForeignFile,
    NeedsTooMuchMemory,
    NoAudio,
    NoRoomForFilm,
    NotYourFilm,
    NotYourSong,
    QueueFull,
    Refusal,
    ServerFilmsFull,
    SongForgotten,
    SongTooLongToFilm,
    Stopping,
    TooBig,
    TookTooLong,
    TooManyAtOnce,
    Unanalysable,
    WaitedTooLong,
)
from moodify_core.errors import (
    BrokenAudio,
    FilmTooLong,
    ModelError,
    MoodifyError,
    NoAudioTrack,
    SilentAudio,
    TooLong,
    TooShort,
    UnsupportedFormat,
    UnsupportedStream,
)
from moodify_core.figures import clock
from moodify_core.moods import Mood
from moodify_core.result import Note, WarningCode

MOOD_DESCRIPTION = "Hear how a song feels."
MOOD_FILE_DESCRIPTION = "The song: MP3, WAV, FLAC, AIFF, Ogg, Opus, M4A, WebM, MP4 or WMA."
MOOD_PRIVATE_DESCRIPTION = "Show the answer only to you."
MENU_NAME = "Analyze mood"

LENGTH = "Length"
NOTES = "Good to know"
NO_PICTURE = "The picture could not be added here."
NO_EMBED = "The full answer with its picture could not be shown here."

FILM_BUTTON = "Film"
CANCEL_BUTTON = "Cancel"
FILM_NOT_IN_THE_MAKING = "This film is not in the making any more; press Film again for a new one."
FILM_NOT_TAKEN = (
    "Your film is done, but Discord did not let me post it here; ask for it in a direct message, "
    "or where I may attach files."
)
_FILM_STAGES = {
    "WAITING": "🎬 Your film is waiting for its turn…",
    "FETCHING": "🎬 Getting the song for your film…",
}

MOOD_NAMES: Mapping[Mood, str] = {
    Mood.AGGRESSIVE: "aggressive",
    Mood.DRAMATIC: "dramatic",
    Mood.HAPPY: "happy",
    Mood.ROMANTIC: "romantic",
    Mood.SAD: "sad",
}


def headline(mood: Mood, confidence: float, *, unsure: bool) -> str:
    """Return the sentence that names the mood.

    Parameters
    ----------
    mood : Mood
    confidence : float
        0..1.
    unsure : bool
        Whether no mood is clearly ahead.
    """
    name = MOOD_NAMES[mood]
    if unsure:
        return (
            f"{mood.emoji} No mood is clearly ahead here. "
            f"The closest is **{name}** ({confidence:.0%} sure)."
        )
    return f"{mood.emoji} This song feels **{name}** ({confidence:.0%} sure)."


def plain_answer(title: str, headline: str, shares: Sequence[tuple[Mood, str]]) -> str:
    """Return the whole answer as a text, for where embeds may not be shown.

    Parameters
    ----------
    title : str
        The song's title, made harmless.
    headline : str
        What `headline` returned.
    shares : sequence of (Mood, str)
        With their percentages.
    """
    listed = ", ".join(f"{MOOD_NAMES[mood]} {percent}" for mood, percent in shares)
    return f"{title}\n{headline}\n{listed}"


def note(note: Note) -> str | None:
    """Return the sentence for a warning, or None for one that has no meaning to users."""
    values = note.parameters
    match note.code:
        case WarningCode.TRUNCATED:
            return (
                f"The file breaks off, so only its first {clock(float(values['at']))} were heard."
            )
        case WarningCode.SHORT:
            return "This is very short, so take the answer with a pinch of salt."
        case WarningCode.CLOSE_CALL:
            first = MOOD_NAMES[Mood(str(values["first"]))]
            second = MOOD_NAMES[Mood(str(values["second"]))]
            return f"It was a close call between {first} and {second}."
    return None


def refusal(reason: Refusal) -> str:  # noqa: PLR0911, PLR0912 - a sentence for each reason
    """Return the sentence that tells why there is no answer, and what to do."""
    match reason:
        case Unanalysable(error):
            return analyser_error(error)
        case TooBig(limit):
            return (
                f"This file is larger than the {size(limit)} that are allowed here; "
                "send a smaller version, as MP3 for instance."
            )
        case QueueFull(limit):
            return (
                f"All {limit} places in the queue are taken right now; "
                "please try again in a minute."
            )
        case TooManyAtOnce(limit):
            return (
                f"You already have {limit} songs in the queue, which is as many as one person "
                "may have; please wait until one of them is answered."
            )
        case TookTooLong(limit):
            return (
                f"Listening to this file took longer than the {limit:g} seconds that are allowed, "
                "so I stopped; a shorter cut, or another format, may work."
            )
        case NoAudio():
            return "There is no audio file in this message; choose a message that has a song."
        case ForeignFile():
            return "I only take files that were uploaded to Discord; please attach the song itself."
        case FileVanished():
            return "Discord no longer has this file; please upload it again."
        case DownloadFailed():
            return "I could not get the file from Discord; please try again in a minute."
        case NeedsTooMuchMemory():
            return (
                "This file needs more memory than I may use; "
                "a shorter cut, or another format, may work."
            )
        case Crashed():
            return (
                "Listening to this file went wrong and had to be stopped; "
                "try again, or export the song in another format."
            )
        case WaitedTooLong():
            return (
                "I did not get this song done in the time that Discord gives for an answer; "
                "please try again later, or with a shorter cut."
            )
        case Stopping():
            return "I am being restarted right now; please try again in a minute."
        case SongForgotten():
            return (
                "I do not know any more where this song is, as I keep no songs; "
                "send it again, then press Film under the new answer."
            )
        case NotYourSong():
            return (
                "This song was shown to me, but not to you, so the film is not mine to give; "
                "send me the song yourself to get one."
            )
        case NotYourFilm():
            return (
                "Only who asked for this film, or a moderator, can stop it; please let it finish."
            )
        case FilmUnderWay():
            return (
                "I am already making a film for you, and I make one at a time for each person; "
                "please wait until it is done, or cancel it."
            )
        case FilmQueueFull(limit):
            return (
                f"All {limit} places for films are taken right now; "
                "please try again in a few minutes."
            )
        case ServerFilmsFull(limit):
            return (
                f"I am already making {_films(limit)} for this server, which is as many as one may "
                "have at a time; please try again in a few minutes."
            )
        case SongTooLongToFilm(limit):
            return (
                f"I make films of songs of up to {limit / 60:g} minutes, and this one is longer; "
                "send a shorter cut of it."
            )
        case FilmTookTooLong(limit):
            return (
                f"Making this film took longer than the {limit:g} seconds that are allowed, "
                "so I stopped; a shorter cut may work."
            )
        case FilmStopped():
            return "This film was cancelled; press Film again if you want it after all."
        case FilmCrashed():
            return (
                "Making this film went wrong and had to be stopped; "
                "try again, or export the song in another format."
            )
        case NoRoomForFilm():
            return (
                "There is no room for films on my disk right now; "
                "please try again later, and tell whoever runs this bot."
            )
        case Failed(job):
            return (
                "Something went wrong on my side; please try again, and tell whoever runs this "
                f"bot if it happens again (number {job})."
            )
        case _:
            assert_never(reason)


def analyser_error(error: MoodifyError) -> str:  # noqa: PLR0911 - a sentence for each
    """Return the sentence for an error of the analyser."""
    match error:
        case UnsupportedFormat():
            return (
                "This is not an audio file that I can read; "
                "send MP3, WAV, FLAC, AIFF, Ogg, Opus, M4A, WebM, MP4 or WMA."
            )
        case NoAudioTrack():
            return "There is no sound in this file; send one that has music in it."
        case BrokenAudio():
            return (
                "This audio file is damaged and nothing in it could be decoded; "
                "try to export or download it again."
            )
        case UnsupportedStream():
            return (
                f"This file claims {error.channels} channels at {error.sample_rate} Hz, which I "
                "cannot take; export it again with ordinary settings."
            )
        case TooShort():
            return (
                f"This audio is {error.length} seconds long, and I need at least "
                f"{error.minimum:g} to hear a mood; send a longer piece."
            )
        case TooLong():
            return (
                f"This song is longer than the {error.limit / 60:g} minutes that are allowed "
                "here; send a shorter cut of it."
            )
        case SilentAudio():
            return (
                "This audio is silent from start to end, so there is no mood to hear; "
                "try another file."
            )
        case FilmTooLong():
            return (
                f"This song is too long for a film of {size(error.max_bytes)}, which holds "
                f"{clock(error.longest)}; send a shorter cut of it."
            )
        case ModelError():
            return (
                "I cannot analyse songs right now, as my trained model is missing or damaged; "
                "please tell whoever runs this bot."
            )
    return "This audio cannot be analysed; try to export the song in another format."


def film_progress(stage: str, share: float) -> str:
    """Return the sentence that tells how far a film is.

    Parameters
    ----------
    stage : str
        Name of a `bot.film.making.FilmStage`.
    share : float
        What is done of the filming, 0..1.
    """
    return _FILM_STAGES.get(stage, f"🎬 Filming… {int(share * 100)}%")


def film_caption(title: str) -> str:
    """Return what stands above a film; `title` has been made harmless."""
    return f"🎬 {title}"


def size(count: int) -> str:
    """Return a number of bytes as people read it."""
    return f"{count / MIB:g} MiB" if count >= MIB else f"{count / 1024:.3g} KiB"


def _films(count: int) -> str:
    return "1 film" if count == 1 else f"{count} films"
