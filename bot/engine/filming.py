"""The work of a film: hear a song again and make an MP4 of it. Runs in a worker."""

from __future__ import annotations

from bot.engine.files import InputFile, OutputFile
from bot.engine.progress import ProgressNote, telling
from moodify_core.words import ENGLISH, Words


def film(
    song: InputFile,
    title: str,
    max_seconds: float,
    max_bytes: int,
    target: OutputFile,
    note: ProgressNote,
    words: Words = ENGLISH,
) -> str:
    """Make a film of a song.

    Parameters
    ----------
    song : InputFile
        The audio file.
    title : str
        What the film is headed with.
    max_seconds : float
        Longest song that is taken, in seconds.
    max_bytes : int
        Largest film that is wanted.
    target : OutputFile
        Where the MP4 goes, whole or not at all.
    note : ProgressNote
        Where the share that is done is told.
    words : Words, optional
        In which language.

    Returns
    -------
    str
        The film's moods in words, for who cannot see it.

    Raises
    ------
    MoodifyError
        If the audio cannot be analysed, or no film of it fits.
    OSError
        If the film cannot be written.
    """
    # Imported here as the bot's own process, which names this function, never films anything.
    from moodify_core import analyze
    from moodify_core.film import make_film
    from moodify_core.timeline import describe_timeline

    try:
        with telling(note) as tell:
            analysis = analyze(song.path, max_duration=max_seconds)
            make_film(
                *(song.path, analysis, title, target.path),
                max_bytes=max_bytes,
                progress=tell,
                words=words,
            )
    except OSError as error:
        # An encoder's own kinds of it can only be unpickled where the encoder is loaded.
        raise OSError(error.errno, error.strerror) from None
    return describe_timeline(analysis, title, words=words)
