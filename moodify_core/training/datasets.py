"""Labelled music, whatever its layout on disk, as one list of clips.

Two layouts are read:

- a folder with a ``clips.csv`` (columns ``clip``, ``corpus``, ``artist_id``, ``genre`` and
  ``mood``, the clip's path being relative to the folder; clips with an empty mood are left out);
- a folder for each mood (``aggressive/``, ``dramatic/``, …). A folder inside of a mood's folder
  is an artist; of the files beside them, each counts as an artist of its own, unless its name
  starts with ``Artist - ``.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from moodify_core.errors import MoodifyError
from moodify_core.moods import MOODS, Mood

_TABLE = "clips.csv"


class DatasetError(MoodifyError):
    """A folder does not hold labelled music in a layout that is understood."""


@dataclass(frozen=True, slots=True, order=True)
class Clip:
    """One labelled recording.

    Attributes
    ----------
    path : Path
    mood : Mood
    artist : str
        Clips of one artist never stand on both sides of a split.
    corpus : str
        Collection that the clip comes from; scores are given for each.
    genre : str
        Empty where unknown.
    """

    path: Path
    mood: Mood
    artist: str
    corpus: str
    genre: str = ""


def load_dataset(folder: Path) -> list[Clip]:
    """List the labelled clips of a folder.

    Parameters
    ----------
    folder : Path

    Returns
    -------
    list of Clip
        In a stable order.

    Raises
    ------
    DatasetError
        If the layout is not understood, or holds no labelled clip.
    """
    if (folder / _TABLE).is_file():
        clips = list(_from_table(folder))
    else:
        clips = list(_from_mood_folders(folder))
    if not clips:
        raise DatasetError(
            f"{folder} holds no labelled music; it needs a clips.csv, or folders that are named "
            f"after the moods ({', '.join(MOODS)}) with audio files in them."
        )
    return sorted(clips)


def _from_table(folder: Path) -> Iterator[Clip]:
    with (folder / _TABLE).open(encoding="utf-8", newline="") as table:
        for number, row in enumerate(csv.DictReader(table), start=2):
            if row.get("mood") == "":
                continue
            try:
                yield Clip(
                    path=folder / row["clip"],
                    mood=Mood(row["mood"]),
                    artist=row["artist_id"],
                    corpus=row.get("corpus") or folder.name,
                    genre=row.get("genre") or "",
                )
            except (KeyError, ValueError) as error:
                message = f"Line {number} of {folder / _TABLE} is not understood: {error}."
                raise DatasetError(message) from error


def _from_mood_folders(folder: Path) -> Iterator[Clip]:
    for mood in MOODS:
        root = folder / mood.value
        for path in sorted(root.rglob("*")):
            if not path.is_file() or path.name.startswith("."):
                continue
            artist = path.parent.relative_to(root).as_posix()
            if artist == ".":
                artist = path.stem.split(" - ")[0]
            yield Clip(path, mood, artist, corpus=folder.name)
