"""The work of one job: hear a song and draw its timeline. Runs in a worker."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

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


def hear(path: Path, title: str, max_duration: float) -> Hearing:
    """Analyse a song and draw its timeline.

    Parameters
    ----------
    path : Path
        The audio file.
    title : str
        What the picture is headed with.
    max_duration : float
        Longest song that is taken, in seconds.

    Returns
    -------
    Hearing

    Raises
    ------
    MoodifyError
        If the audio cannot be analysed.
    """
    from moodify_core import analyze
    from moodify_core.timeline import describe_timeline, draw_timeline

    analysis = analyze(path, max_duration=max_duration)
    return Hearing(
        analysis=analysis,
        picture=draw_timeline(analysis, title),
        description=describe_timeline(analysis, title),
    )
