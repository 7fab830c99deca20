"""Every sentence that a user reads, in one place: whole sentences, never glued fragments.

All of it is said in the language that `bot.presentation.language.speaking` has set, except for
the constants: those are told Discord once, in all languages.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import assert_never

from discord.app_commands import locale_str

from bot.outcomes import (
    Cancelled,
    CoolingDown,
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
    Kept,
    MessageOutOfSight,
    MoreForgotten,
    NeedsTooMuchMemory,
    NoAudio,
    NoRoom,
    NoRoomForFilm,
    NotAMessageLink,
    NothingGiven,
    NotWorthAMessage,
    NotYourFilm,
    NotYourSong,
    NoWorker,
    PostDeleted,
    QueueFull,
    Refusal,
    RepliedToOutOfSight,
    RoleNeeded,
    ServerFilmsFull,
    ServerQueueFull,
    SongForgotten,
    SongTooLongToFilm,
    Stopping,
    StreamingLink,
    TooBig,
    TookTooLong,
    TooManyAtOnce,
    Unanalysable,
    WaitedTooLong,
)
from bot.presentation.language import (
    _,
    listing,
    minutes,
    ngettext,
    number,
    percent,
    percent_pattern,
    seconds,
    separator,
    size,
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
from moodify_core.words import Words

MENU_NAME = locale_str("Analyze mood")
MOOD_DESCRIPTION = locale_str("Hear how a song feels.")
MOOD_FILE_DESCRIPTION = locale_str(
    "The song: MP3, WAV, FLAC, AIFF, Ogg, Opus, M4A, WebM, MP4 or WMA."
)
MOOD_LINK_DESCRIPTION = locale_str("Link to a message of this server that has a song.")
MOOD_PRIVATE_DESCRIPTION = locale_str("Show the answer only to you.")


def menu_name() -> str:
    """Return what the message command is called in people's menus."""
    return _(MENU_NAME.message)


# Moods and answers


def mood_name(mood: Mood) -> str:
    """Return what a mood is called."""
    match mood:
        case Mood.AGGRESSIVE:
            return _("aggressive")
        case Mood.DRAMATIC:
            return _("dramatic")
        case Mood.HAPPY:
            return _("happy")
        case Mood.ROMANTIC:
            return _("romantic")
        case Mood.SAD:
            return _("sad")


def untitled() -> str:
    """Return what a song is called whose file has no name that can be shown."""
    return _("untitled")


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
    if unsure:
        text = _("{emoji} No mood is clearly ahead here. The closest is **{mood}** ({share} sure).")
    else:
        text = _("{emoji} This song feels **{mood}** ({share} sure).")
    return text.format(emoji=mood.emoji, mood=mood_name(mood), share=percent(confidence))


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
    listed = listing([f"{mood_name(mood)} {share}" for mood, share in shares])
    return f"{title}\n{headline}\n{listed}"


def length() -> str:
    """Return the heading of the song's length."""
    return _("Length")


def notes() -> str:
    """Return the heading of what else is to be said of an answer."""
    return _("Good to know")


def note(note: Note) -> str | None:
    """Return the sentence for a warning, or None for one that has no meaning to users."""
    values = note.parameters
    match note.code:
        case WarningCode.TRUNCATED:
            return _("The file breaks off, so only its first {length} were heard.").format(
                length=clock(float(values["at"]))
            )
        case WarningCode.SHORT:
            return _("This is very short, so take the answer with a pinch of salt.")
        case WarningCode.CLOSE_CALL:
            return _("It was a close call between {first} and {second}.").format(
                first=mood_name(Mood(str(values["first"]))),
                second=mood_name(Mood(str(values["second"]))),
            )
    return None


def no_picture() -> str:
    """Return the sentence for an answer without its picture."""
    return _("The picture could not be added here.")


def no_embed() -> str:
    """Return the sentence for an answer in words alone."""
    return _("The full answer with its picture could not be shown here.")


def picture_words() -> Words:
    """Return what is written in pictures and said of them, to be handed to a worker."""
    return Words(
        moods={mood: mood_name(mood) for mood in Mood},
        percent=percent_pattern(),
        separator=separator(),
        unsure=_("unsure"),
        of_the_song=_("{share} of the song"),
        untitled_timeline=_("Mood over time"),
        untitled_film=_("Mood of a song"),
        heading=_("Mood over time of “{title}”, {length}."),
        heading_untitled=_("Mood over time of a song, {length}."),
        mostly=_("Mostly {mood}: {share} of the time; {others}."),
        mostly_alone=_("Mostly {mood}: {share} of the time."),
        more_than_others=_("More {mood} than anything else: {share} of the time; {others}."),
        no_mood_ahead=_("The answer is unsure: no mood is clearly ahead."),
        passage=_("{mood} {start}–{end}"),
        passages=_("Passages: {passages}."),
        passages_cut=_("Passages: {passages} and {count} more."),
    )


# While it works


def progress_waiting(ahead: int | None) -> str:
    """Return the sentence for a song that waits.

    Parameters
    ----------
    ahead : int or None
        Songs that go before it, None where that is not known.
    """
    if not ahead:
        return _("⏳ Your song is next…")
    return ngettext(
        "⏳ {count} song is heard before yours…", "⏳ {count} songs are heard before yours…", ahead
    ).format(count=number(ahead))


def progress_downloading() -> str:
    """Return the sentence for a song that is being downloaded."""
    return _("📥 Getting the song…")


def progress_listening(share: float) -> str:
    """Return the sentence for a song that is being heard.

    Parameters
    ----------
    share : float
        What was heard of it, 0..1.
    """
    return _("🎧 Listening… {share}").format(share=_done(share))


def progress_drawing() -> str:
    """Return the sentence for a song whose picture is being drawn."""
    return _("🎨 Drawing the picture…")


def film_progress(stage: str, share: float) -> str:
    """Return the sentence that tells how far a film is.

    Parameters
    ----------
    stage : str
        Name of a `bot.film.making.FilmStage`.
    share : float
        What is done of the filming, 0..1.
    """
    match stage:
        case "WAITING":
            return _("🎬 Your film is waiting for its turn…")
        case "FETCHING":
            return _("🎬 Getting the song for your film…")
        case _unknown:
            return _("🎬 Filming… {share}").format(share=_done(share))


def _done(share: float) -> str:
    # Rounded down: nothing is done before it is.
    return percent_pattern().format(int(share * 100))


def film_caption(title: str) -> str:
    """Return what stands above a film; `title` has been made harmless."""
    return f"🎬 {title}"


# Buttons and menus


def film_button() -> str:
    """Return the label of the button that asks for a film."""
    return _("Film")


def cancel_button() -> str:
    """Return the label of the button that stops something."""
    return _("Cancel")


def film_not_in_the_making() -> str:
    """Return the sentence for who cancels a film too late."""
    return _("This film is not in the making any more; press Film again for a new one.")


def film_not_taken() -> str:
    """Return the sentence for a film that Discord refuses."""
    return _(
        "Your film is done, but Discord did not let me post it here; ask for it in a direct "
        "message, or where I may attach files."
    )


# Reasons why there is no answer


def refusal(reason: Refusal) -> str:  # noqa: PLR0911, PLR0912 - a sentence for each reason
    """Return the sentence that tells why there is no answer, and what to do."""
    match reason:
        case Unanalysable(error):
            return analyser_error(error)
        case TooBig(limit):
            return _(
                "This file is larger than the {size} that are allowed here; "
                "send a smaller version, as MP3 for instance."
            ).format(size=size(limit))
        case QueueFull(limit):
            return _(
                "All {limit} places in the queue are taken right now; please try again in a minute."
            ).format(limit=number(limit))
        case ServerQueueFull():
            return _(
                "This server already has as many songs in the queue as it may while others wait "
                "too; please try again in a minute."
            )
        case TooManyAtOnce(limit):
            return ngettext(
                "You already have {limit} song in the queue, which is as many as one person may "
                "have; please wait until it is answered.",
                "You already have {limit} songs in the queue, which is as many as one person may "
                "have; please wait until one of them is answered.",
                limit,
            ).format(limit=number(limit))
        case CoolingDown(left):
            return _("You asked a moment ago; please try again in {seconds}.").format(
                seconds=seconds(max(round(left), 1))
            )
        case RoleNeeded(role_id):
            return _(
                "In this server only members with the role {role} may ask me; "
                "ask an admin for it, or send me the song in a direct message."
            ).format(role=f"<@&{role_id}>")
        case TookTooLong(limit):
            return _(
                "Listening to this file took longer than the {seconds} that are allowed, "
                "so I stopped; a shorter cut, or another format, may work."
            ).format(seconds=seconds(limit))
        case NoAudio():
            return _("There is no audio file in this message; choose a message that has a song.")
        case NothingGiven():
            return _("Give me a song: attach a file, or name a link to a message that has one.")
        case StreamingLink():
            return _(
                "I cannot hear songs on streaming sites such as Spotify, YouTube, SoundCloud or "
                "Apple Music; please attach the song as a file."
            )
        case NotAMessageLink():
            return _(
                "This link does not lead to a message of this server; "
                "copy the link from the message's menu, or attach the song as a file."
            )
        case MessageOutOfSight():
            return _(
                "The message of this link is gone, or out of my sight or yours; "
                "please attach the song as a file."
            )
        case RepliedToOutOfSight():
            return _(
                "I cannot see the files of the message that you replied to; "
                "open the menu of that message and choose Apps, then “{command}”."
            ).format(command=menu_name())
        case ForeignFile():
            return _(
                "I only take files that were uploaded to Discord; please attach the song itself."
            )
        case FileVanished():
            return _("Discord no longer has this file; please upload it again.")
        case DownloadFailed():
            return _("I could not get the file from Discord; please try again in a minute.")
        case NeedsTooMuchMemory():
            return _(
                "This file needs more memory than I may use; "
                "a shorter cut, or another format, may work."
            )
        case NoRoom():
            return _(
                "There is no room for songs on my disk right now; "
                "please try again later, and tell whoever runs this bot."
            )
        case Crashed():
            return _(
                "Listening to this file went wrong and had to be stopped; "
                "try again, or export the song in another format."
            )
        case NoWorker():
            return _(
                "I cannot work on songs right now, as none of my workers can be reached; "
                "please try again in a few minutes."
            )
        case WaitedTooLong():
            return _(
                "I did not get this song done in the time that Discord gives for an answer; "
                "please try again later, or with a shorter cut."
            )
        case Stopping():
            return _("I am being restarted right now; please try again in a minute.")
        case Kept():
            return _(
                "I am being restarted right now; your song is kept, and I go on with it when "
                "I am back."
            )
        case Cancelled():
            return _("This song was cancelled; ask again if you want its moods after all.")
        case PostDeleted():
            return _("The message that held this song was deleted, so I stopped listening.")
        case NotWorthAMessage():
            return _(
                "This song is shorter than those that I answer unasked; "
                "reply to it and mention me to get its moods."
            )
        case SongForgotten():
            return _(
                "I do not know any more where this song is, as I keep no songs; "
                "send it again, then press Film under the new answer."
            )
        case MoreForgotten():
            return _(
                "I do not know any more where this song is, as I keep no songs; "
                "send it again to get its moods."
            )
        case NotYourSong():
            return _(
                "This song was shown to me, but not to you, so the film is not mine to give; "
                "send me the song yourself to get one."
            )
        case NotYourFilm():
            return _(
                "Only the person who asked for this film, or a moderator, can stop it; "
                "please let it finish."
            )
        case FilmUnderWay():
            return _(
                "I am already making a film for you, and I make one at a time for each person; "
                "please wait until it is done, or cancel it."
            )
        case FilmQueueFull(limit):
            return _(
                "All {limit} places for films are taken right now; "
                "please try again in a few minutes."
            ).format(limit=number(limit))
        case ServerFilmsFull(limit):
            return ngettext(
                "I am already making {limit} film for this server, which is as many as one may "
                "have at a time; please try again in a few minutes.",
                "I am already making {limit} films for this server, which is as many as one may "
                "have at a time; please try again in a few minutes.",
                limit,
            ).format(limit=number(limit))
        case SongTooLongToFilm(limit):
            return _(
                "I make films of songs of up to {minutes}, and this one is longer; "
                "send a shorter cut of it."
            ).format(minutes=minutes(limit / 60))
        case FilmTookTooLong(limit):
            return _(
                "Making this film took longer than the {seconds} that are allowed, "
                "so I stopped; a shorter cut may work."
            ).format(seconds=seconds(limit))
        case FilmStopped():
            return _("This film was cancelled; press Film again if you want it after all.")
        case FilmCrashed():
            return _(
                "Making this film went wrong and had to be stopped; "
                "try again, or export the song in another format."
            )
        case NoRoomForFilm():
            return _(
                "There is no room for films on my disk right now; "
                "please try again later, and tell whoever runs this bot."
            )
        case Failed(job):
            return _(
                "Something went wrong on my side; please try again, and tell whoever runs this "
                "bot if it happens again (number {job})."
            ).format(job=job)
        case unforeseen:
            assert_never(unforeseen)


def analyser_error(error: MoodifyError) -> str:  # noqa: PLR0911 - a sentence for each
    """Return the sentence for an error of the analyser."""
    match error:
        case UnsupportedFormat():
            return _(
                "This is not an audio file that I can read; "
                "send MP3, WAV, FLAC, AIFF, Ogg, Opus, M4A, WebM, MP4 or WMA."
            )
        case NoAudioTrack():
            return _("There is no sound in this file; send one that has music in it.")
        case BrokenAudio():
            return _(
                "This audio file is damaged and nothing in it could be decoded; "
                "try to export or download it again."
            )
        case UnsupportedStream():
            return _(
                "This file claims {channels} channels at {sample_rate} Hz, which I cannot take; "
                "export it again with ordinary settings."
            ).format(channels=number(error.channels), sample_rate=number(error.sample_rate))
        case TooShort():
            return _(
                "This audio is {length} long, and I need at least {minimum} to hear a mood; "
                "send a longer piece."
            ).format(length=seconds(float(error.length)), minimum=seconds(error.minimum))
        case TooLong():
            return _(
                "This song is longer than the {minutes} that are allowed here; "
                "send a shorter cut of it."
            ).format(minutes=minutes(error.limit / 60))
        case SilentAudio():
            return _(
                "This audio is silent from start to end, so there is no mood to hear; "
                "try another file."
            )
        case FilmTooLong():
            return _(
                "This song is too long for a film of {size}, which holds {length}; "
                "send a shorter cut of it."
            ).format(size=size(error.max_bytes), length=clock(error.longest))
        case ModelError():
            return _(
                "I cannot analyse songs right now, as my trained model is missing or damaged; "
                "please tell whoever runs this bot."
            )
    return _("This audio cannot be analysed; try to export the song in another format.")


def cannot_speak() -> str:
    """Return the sentence for who asks where the bot may not send messages."""
    return _(
        "I may not send messages in this channel; ask an admin of this server for the permission "
        "“Send Messages”, or ask me somewhere else."
    )


def more_songs() -> str:
    """Return what the menu of a message's further songs says."""
    return _("Another song of this message…")
