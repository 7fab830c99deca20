"""The work of one job: hear a song, draw its timeline, compare two. Runs in a worker."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.engine.files import InputFile
from bot.engine.progress import ProgressNote, telling
from moodify_core.words import ENGLISH, Words

if TYPE_CHECKING:
    from moodify_core.result import MoodAnalysis


@dataclass(frozen=True, slots=True)
class Hearing:
    """What was heard in a song.

    Attributes
    ----------
    analysis : MoodAnalysis
    picture : bytes
        The timeline as PNG.
    description : str
        The timeline in words, for who cannot see it.
    """

    analysis: MoodAnalysis
    picture: bytes
    description: str


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two songs side by side.

    Attributes
    ----------
    picture : bytes
        PNG.
    description : str
        The same in words, for who cannot see it.
    """

    picture: bytes
    description: str


def prepare() -> None:
    """Load all that `hear` needs.

    Raises
    ------
    ModelError
        If the trained model cannot be used.
    """
    # Imported here as the bot's own process, which names these functions, never hears anything.
    import moodify_core.analysis
    import moodify_core.timeline  # noqa: F401
    from moodify_core.model import load_model

    load_model()


def model_in_use() -> str:
    """Return the version of the model that workers answer with.

    Raises
    ------
    ModelError
        If the trained model cannot be used.
    """
    from moodify_core.model import load_model

    return load_model().version


def hear(
    song: InputFile,
    title: str,
    max_duration: float,
    note: ProgressNote | None = None,
    words: Words = ENGLISH,
) -> Hearing:
    """Analyse a song and draw its timeline.

    Parameters
    ----------
    song : InputFile
        The audio file.
    title : str
        What the picture is headed with.
    max_duration : float
        Longest song that is taken, in seconds.
    note : ProgressNote, optional
        Where the share that was heard is told.
    words : Words, optional
        The language of the picture and its description.

    Returns
    -------
    Hearing

    Raises
    ------
    MoodifyError
        If the audio cannot be analysed.
    """
    from moodify_core import analyze

    with telling(note) if note else nullcontext() as tell:
        analysis = analyze(song.path, max_duration=max_duration, progress=tell)
    return draw(analysis, title, words)


def draw(analysis: MoodAnalysis, title: str, words: Words = ENGLISH) -> Hearing:
    """Draw the timeline of a song that was heard before.

    Parameters
    ----------
    analysis : MoodAnalysis
    title : str
        What the picture is headed with.
    words : Words, optional
        The language of the picture and its description.

    Returns
    -------
    Hearing
    """
    from moodify_core.timeline import describe_timeline, draw_timeline

    return Hearing(
        analysis=analysis,
        picture=draw_timeline(analysis, title, words=words),
        description=describe_timeline(analysis, title, words=words),
    )


def compare(
    first: MoodAnalysis, second: MoodAnalysis, titles: tuple[str, str], words: Words = ENGLISH
) -> Comparison:
    """Draw two songs that were heard before in one picture.

    Parameters
    ----------
    first, second : MoodAnalysis
    titles : tuple of two str
        What they are headed with.
    words : Words, optional
        The language of the picture and its description.

    Returns
    -------
    Comparison
    """
    from moodify_core.comparison import describe_comparison, draw_comparison

    songs = (first, second)
    return Comparison(
        picture=draw_comparison(songs, titles, words=words),
        description=describe_comparison(songs, titles, words=words),
    )
