"""The table of many songs' moods, as CSV: whole at any time, and continued by the next run."""

from __future__ import annotations

import csv
import io
import os
import tempfile
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from moodify_core.moods import MOODS
from moodify_core.result import MoodAnalysis

COLUMNS = (
    "file",
    "seconds",
    "dominant",
    "confidence",
    "unsure",
    *(f"share_{mood.value}" for mood in MOODS),
    *(f"probability_{mood.value}" for mood in MOODS),
    "model",
    "bytes",
    "modified",
)
_IDENTITY = tuple(COLUMNS.index(name) for name in ("file", "model", "bytes", "modified"))

Row = tuple[str, ...]


class OtherTable(Exception):
    """There is a file already, and it is no table of moods."""


class Table:
    """A CSV file with a row for each song.

    A file is taken for the same song as long as its path, its size, the time of its last change
    and the model that hears it are the same. Rows of songs that have changed, and what a run that
    was killed left half written, are dropped.

    Parameters
    ----------
    path : Path
    model : str
        Version of the model that songs are heard with.

    Attributes
    ----------
    path : Path

    Raises
    ------
    OtherTable
        If there is a file that is something else.
    OSError
        If it cannot be read or written.
    """

    def __init__(self, path: Path, model: str) -> None:
        self.path = path
        self._model = model
        rows = self._read() if path.is_file() else []
        self._done = {_identity(row) for row in rows}
        if not rows:
            self._append([COLUMNS], mode="w")

    def holds(self, song: Path) -> bool:
        """Tell whether a song is in the table as it is now."""
        return (_as_text(song), self._model, *_state(song)) in self._done

    def add(self, song: Path, analysis: MoodAnalysis) -> None:
        """Write the row of a song and close the file: it is whole, whatever comes next.

        A song that was done again for the sake of its picture has its row already.
        """
        if not self.holds(song):
            row = _row(song, analysis)
            self._append([row])
            self._done.add(_identity(row))

    def _append(self, rows: Iterable[Row], mode: str = "a") -> None:
        with self.path.open(mode, encoding="utf-8", errors="surrogateescape", newline="") as file:
            csv.writer(file).writerows(rows)

    def _read(self) -> list[Row]:
        """Return the rows that hold, and leave no others in the file."""
        text = self.path.read_text(encoding="utf-8", errors="surrogateescape")
        if not text:
            return []
        try:
            rows = [tuple(row) for row in csv.reader(io.StringIO(text, newline=""))]
        except csv.Error:
            raise OtherTable from None
        if rows[0] != COLUMNS:
            raise OtherTable
        latest = {row[0]: row for row in rows[1:] if len(row) == len(COLUMNS)}
        kept = [row for row in latest.values() if self._holds_still(row)]
        if [COLUMNS, *kept] != rows or not text.endswith("\n"):
            self._replace([COLUMNS, *kept])
        return kept

    def _holds_still(self, row: Row) -> bool:
        path, model, size, modified = _identity(row)
        try:
            return model == self._model and (size, modified) == _state(_from_text(path))
        except OSError:
            # The song lies elsewhere now; what was heard of it is as true as before.
            return model == self._model

    def _replace(self, rows: Iterable[Row]) -> None:
        target = self.path.resolve()
        with tempfile.NamedTemporaryFile(
            "w",
            encoding="utf-8",
            errors="surrogateescape",
            newline="",
            dir=target.parent,
            prefix=f"{target.name}.",
            delete=False,
        ) as file:
            csv.writer(file).writerows(rows)
        Path(file.name).chmod(target.stat().st_mode & 0o777)
        os.replace(file.name, target)


def _identity(row: Row) -> Row:
    return tuple(row[column] for column in _IDENTITY)


def _state(song: Path) -> tuple[str, str]:
    status = song.stat()
    modified = datetime.fromtimestamp(status.st_mtime, UTC).isoformat(timespec="microseconds")
    return str(status.st_size), modified


def _as_text(song: Path) -> str:
    # Spreadsheets run what begins like this as a formula; the apostrophe makes it text.
    path = str(song)
    return f"'{path}" if path.startswith(("=", "+", "-", "@", "\t", "\r")) else path


def _from_text(text: str) -> Path:
    return Path(text[1:] if text.startswith(("'=", "'+", "'-", "'@", "'\t", "'\r")) else text)


def _row(song: Path, analysis: MoodAnalysis) -> Row:
    return (
        _as_text(song),
        f"{analysis.duration:.1f}",
        analysis.dominant.value,
        f"{analysis.confidence:.3f}",
        "yes" if analysis.unsure else "no",
        *(f"{analysis.breakdown[mood]:.3f}" for mood in MOODS),
        *(f"{analysis.probabilities[mood]:.3f}" for mood in MOODS),
        analysis.model_version,
        *_state(song),
    )
