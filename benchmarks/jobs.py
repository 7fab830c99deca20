"""What `benchmarks.scaling` has workers do: in a module of its own, for them to import."""

from __future__ import annotations

import time

from bot.engine import InputFile, OutputFile, hear


def nothing() -> None:
    """Do nothing."""


def copy(source: InputFile, target: OutputFile) -> None:
    """Make a file like another."""
    target.path.write_bytes(source.path.read_bytes())


def hear_often(heard: InputFile, songs: int) -> float:
    """Return the CPU time of hearing a song so many times, so that a busy machine matters less."""
    started = time.process_time()
    for _ in range(songs):
        hear(heard, "A song", 1e9)
    return time.process_time() - started
