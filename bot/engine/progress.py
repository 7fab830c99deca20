"""How a worker tells how far it is: by a small file that the bot looks into now and then.

Where the worker is elsewhere, so is its file: whoever runs the worker looks into it, and the engine
writes what it reads there into the bot's own.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum, auto
from pathlib import Path

_FORMAT = "{:5.3f}"
"""Always the same number of characters, so that each share replaces the one before."""
_PAUSE = 0.2
"""Seconds between two shares that are written; nobody looks more often."""


class HearingStage(Enum):
    """What a worker is doing with a song."""

    LISTENING = auto()
    DRAWING = auto()


@dataclass(frozen=True, slots=True)
class ProgressNote:
    """A file that always holds the share that is done; `progress_note` makes it.

    Attributes
    ----------
    path : Path
    """

    path: Path

    @property
    def share(self) -> float:
        """The share that is done, 0..1; 1 when the file is gone, as the work is done then."""
        try:
            return float(self.path.read_text(encoding="ascii"))
        except (OSError, ValueError):
            return 1.0

    def write(self, share: float) -> None:
        """Note what is done, as some other note tells; see `telling` for the work itself.

        Raises
        ------
        OSError
            If the file cannot be written; `FileNotFoundError` once the note is done with.
        """
        # In place and at once, so that whoever reads finds one share, and a whole one.
        with self.path.open("r+b", buffering=0) as file:
            file.write(_FORMAT.format(share).encode())

    @property
    def stage(self) -> HearingStage:
        """What is being done in `hear`, whose share is that of the song that was heard."""
        return HearingStage.LISTENING if self.share < 1 else HearingStage.DRAWING


@contextmanager
def progress_note(folder: Path) -> Iterator[ProgressNote]:
    """Have a note, on which nothing is done yet, within the block.

    Parameters
    ----------
    folder : Path
        Where its file is made.

    Yields
    ------
    ProgressNote

    Raises
    ------
    OSError
        If the file cannot be made.
    """
    with tempfile.NamedTemporaryFile(dir=folder, prefix="share-", buffering=0) as file:
        file.write(_FORMAT.format(0).encode())
        yield ProgressNote(Path(file.name))


@contextmanager
def telling(note: ProgressNote) -> Iterator[Callable[[float], None]]:
    """Keep the share on a note up to date; for workers.

    Parameters
    ----------
    note : ProgressNote

    Yields
    ------
    callable
        Takes the share that is done, 0..1, as often as it is known.

    Raises
    ------
    OSError
        If the file cannot be written.
    """
    written = -_PAUSE
    # Written in place and at once, so that whoever reads finds one share, and a whole one.
    with note.path.open("r+b", buffering=0) as file:

        def tell(share: float) -> None:
            nonlocal written
            now = time.monotonic()
            if now - written >= _PAUSE or share >= 1:
                file.seek(0)
                file.write(_FORMAT.format(share).encode())
                written = now

        yield tell
