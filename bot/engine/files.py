"""The files of a job: named by where they lie for the bot, found by whatever runs the job.

A worker of this machine finds them at the same place; for one elsewhere the engine carries them
over, there and back. An argument of one of these types says so to every engine.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class InputFile:
    """A file that the work reads.

    Attributes
    ----------
    path : Path
    """

    path: Path


@dataclass(frozen=True, slots=True)
class OutputFile:
    """A file that the work makes, whole or not at all.

    Attributes
    ----------
    path : Path
    """

    path: Path
