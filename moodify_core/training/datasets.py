"""Labelled music, whatever its layout on disk, as one list of clips.

Two layouts are read:

- a folder with a ``clips.csv``: columns ``clip`` (a path, relative to the folder), ``corpus``,
  ``artist_id``, ``genre``, ``mood`` (may be empty), and perhaps ``w_aggressive`` … ``w_sad``, the
  weights of the evidence for each mood (tags, listeners' ratings), and what else people said of
  the clip: ``tags`` (with semicolons between them), ``quadrant``, and a column of 0 to 1 for each
  of `RATINGS`;
- a folder for each mood (``aggressive/``, ``dramatic/``, …). A folder inside of a mood's folder
  is an artist, whatever folders are in it; of the files beside them, each counts as an artist of
  its own, unless its name starts with ``Artist - ``. What is no audio file is passed over.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from moodify_core.containers import sniff
from moodify_core.errors import MoodifyError
from moodify_core.moods import MOODS, Mood

_TABLE = "clips.csv"

CLEAR_SHARE = 0.25
"""What a clear winner gets ahead of the evidence; docs/accuracy.md tells why so little."""


class DatasetError(MoodifyError):
    """A folder does not hold labelled music in a layout that is understood."""


RATINGS = (
    *("amazement", "solemnity", "tenderness", "nostalgia", "calmness", "power"),
    *("joyful_activation", "tension", "sadness"),
)
"""What listeners may have felt: the Geneva Emotional Music Scale (Zentner et al., Emotion 2008)."""
_QUADRANT_WEIGHT = 2.0
"""A quadrant sums up all tags of a clip."""
_RATING_WEIGHT = 6.0
"""Ratings of clips differ by about a sixth, tags by one."""


@dataclass(frozen=True, slots=True)
class Clip:
    """One labelled recording.

    Attributes
    ----------
    path : Path
    mood : Mood or None
        None where no mood is a clear winner.
    targets : tuple of float, length 5
        How much of each mood there is, summing to 1: a clear winner gets `CLEAR_SHARE` and the
        evidence shares the rest.
    artist : str
        Clips of one artist never stand on both sides of a split.
    corpus : str
        Collection that the clip comes from; scores are given for each.
    genre : str
        Empty where unknown.
    described : dict of str to float
        What people said of the clip, and how strongly: its tags, its quadrant, its ratings.
    """

    path: Path
    mood: Mood | None
    targets: tuple[float, ...]
    artist: str
    corpus: str
    genre: str = ""
    described: Mapping[str, float] = field(default_factory=dict)


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
    return sorted(clips, key=lambda clip: clip.path)


def require_moods(clips: Sequence[Clip], moods: Collection[Mood]) -> None:
    """See to it that some clip is clearly of each mood.

    Parameters
    ----------
    clips : sequence of Clip
    moods : collection of Mood

    Raises
    ------
    DatasetError
        If a mood is missing.
    """
    there = {clip.mood for clip in clips}
    if missing := [mood.value for mood in moods if mood not in there]:
        raise DatasetError(
            f"No clip is clearly {' or '.join(missing)}; it takes clips of every mood, by several "
            "artists each."
        )


def _from_table(folder: Path) -> Iterator[Clip]:
    try:
        # Spreadsheets begin what they save as UTF-8 with a mark.
        text = (folder / _TABLE).read_text(encoding="utf-8-sig")
        rows = list(csv.DictReader(io.StringIO(text, newline=""), restval="missing"))
    except (UnicodeDecodeError, csv.Error) as error:
        raise DatasetError(
            f"{folder / _TABLE} is not understood ({error}); save it as CSV in UTF-8."
        ) from error
    for number, row in enumerate(rows, start=2):
        try:
            mood = Mood(row["mood"]) if row["mood"] else None
            targets = _soft_targets(mood, [float(row.get(f"w_{m}") or 0) for m in MOODS])
            if targets is not None:
                yield Clip(
                    path=folder / row["clip"],
                    mood=mood,
                    targets=targets,
                    artist=row["artist_id"],
                    corpus=row.get("corpus") or folder.name,
                    genre=row.get("genre") or "",
                    described=_described(row),
                )
        except (KeyError, TypeError, ValueError) as error:
            message = f"Line {number} of {folder / _TABLE} is not understood: {error}."
            raise DatasetError(message) from error


def _soft_targets(mood: Mood | None, evidence: Sequence[float]) -> tuple[float, ...] | None:
    """Share a clip between the moods; None if nothing is known of it."""
    total = sum(evidence)
    winner = [float(mood is other) for other in MOODS]
    if not total:
        return tuple(winner) if mood else None
    shares = [weight / total for weight in evidence]
    if mood is None:
        return tuple(shares)
    return tuple(
        CLEAR_SHARE * won + (1 - CLEAR_SHARE) * share
        for won, share in zip(winner, shares, strict=True)
    )


def _described(row: Mapping[str, str]) -> dict[str, float]:
    tags = (tag.strip() for tag in (row.get("tags") or "").split(";"))
    said = {f"tag {tag}": 1.0 for tag in tags if tag}
    if quadrant := row.get("quadrant"):
        said[f"quadrant {quadrant}"] = _QUADRANT_WEIGHT
    ratings = {name: row.get(name) for name in RATINGS}
    return said | {n: _RATING_WEIGHT * float(value) for n, value in ratings.items() if value}


def _from_mood_folders(folder: Path) -> Iterator[Clip]:
    for mood in MOODS:
        root = folder / mood.value
        for path in sorted(root.rglob("*")):
            if not path.is_file() or not _is_audio(path):
                continue
            inside = path.relative_to(root).parts
            artist = inside[0] if len(inside) > 1 else path.stem.split(" - ")[0]
            targets = tuple(float(mood is other) for other in MOODS)
            yield Clip(path, mood, targets, artist, corpus=folder.name)


def _is_audio(path: Path) -> bool:
    with path.open("rb") as file:
        return sniff(file) is not None
