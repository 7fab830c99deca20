"""How songs are worked on: one after the other here, or several at a time in other processes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

from moodify_core.analysis import Progress as Heard
from moodify_core.analysis import analyze
from moodify_core.cli._outputs import Output
from moodify_core.cli._songs import Song
from moodify_core.errors import MoodifyError
from moodify_core.parallel import WorkerDied, in_processes
from moodify_core.result import MoodAnalysis

FAILURES = (MoodifyError, OSError, MemoryError, WorkerDied)
"""What one song may fail with while the others are done."""


class Here:
    """Does the work in this process, one song after the other."""

    def hear(self, song: Song, heard: Heard | None) -> MoodAnalysis:
        """Analyse a song."""
        return analyze(song.path, progress=heard)

    def make(self, output: Output, song: Song, analysis: MoodAnalysis, heard: Heard | None) -> None:
        """Make something of it."""
        output.write(analysis, song, heard)


class Elsewhere:
    """Waits, song after song, for what other processes do of all of them."""

    def __init__(self, results: Iterator[Callable[[], Done]], songs: int) -> None:
        self._results = results
        self._songs = songs
        self._heard = 0
        self._failures: Mapping[str, Exception] = {}

    def hear(self, song: Song, heard: Heard | None) -> MoodAnalysis:
        """Return what the next song was found to be."""
        del song
        if heard:
            heard(self._heard / self._songs)
        self._heard += 1
        done = next(self._results)()
        self._failures = done.failures
        return done.analysis

    def make(self, output: Output, song: Song, analysis: MoodAnalysis, heard: Heard | None) -> None:
        """Raise what kept something from being made of it."""
        del song, analysis, heard
        if output.option in self._failures:
            raise self._failures[output.option]


@dataclass(frozen=True, slots=True)
class Done:
    """What a process did of a song; failures by the option whose output they concern."""

    analysis: MoodAnalysis
    failures: Mapping[str, Exception]


@contextmanager
def working(songs: list[Song], outputs: list[Output], jobs: int) -> Iterator[Here | Elsewhere]:
    """Decide where songs are worked on: here, or in processes that end with this block."""
    processes = min(jobs, len(songs))
    if processes < 2:
        yield Here()
        return
    with in_processes(partial(_do, outputs=outputs), songs, processes) as results:
        yield Elsewhere(results, len(songs))


def _do(song: Song, outputs: list[Output]) -> Done:
    """Do all that is asked for of one song. Runs in a process of its own."""
    analysis = analyze(song.path)
    failures: dict[str, Exception] = {}
    for output in outputs:
        try:
            output.write(analysis, song, None)
        except FAILURES as error:
            failures[output.option] = error
    return Done(analysis, failures)
