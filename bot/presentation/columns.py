"""Columns that line up in a code block, in scripts of any width."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

PHONE_WIDTH = 28
"""Columns of a code block that a phone shows on one line."""

_WIDE_BLANK = "\u3000"


def width(text: str) -> int:
    """Return how many columns a text takes where all letters are equally wide.

    East Asian letters take two each (Unicode Standard Annex #11).
    """
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)


def left(text: str, columns: int) -> str:
    """Return a text filled up with blanks to its right.

    After East Asian letters with blanks as wide as those: a phone's font need not make them
    exactly twice as wide as others, so that narrow blanks would not line up.
    """
    wide, narrow = divmod(columns - width(text), 2)
    if not text or width(text) < 2 * len(text):
        wide, narrow = 0, columns - width(text)
    return text + _WIDE_BLANK * wide + " " * narrow


def right(text: str, columns: int) -> str:
    """Return a text filled up with blanks to its left."""
    return " " * (columns - width(text)) + text


def table(rows: Sequence[tuple[str, ...]], align: str) -> str:
    """Return rows as lines, with a blank between their columns.

    Parameters
    ----------
    rows : sequence of tuple of str
        All of the same length.
    align : str
        ``"<"`` or ``">"`` for each column: to its left or to its right.
    """
    widths = [max(map(width, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        " ".join(
            (left if side == "<" else right)(cell, columns)
            for cell, side, columns in zip(row, align, widths, strict=True)
        ).rstrip()
        for row in rows
    )
