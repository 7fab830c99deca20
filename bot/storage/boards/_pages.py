"""Boards are read page by page."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

PAGE = 10
"""Rows of a page."""


def clamped(page: int, rows: int) -> tuple[int, int]:
    """Return the number of the nearest page that there is, and how many there are, at least 1."""
    pages = max(1, -(-rows // PAGE))
    return min(max(page, 0), pages - 1), pages


def ranks(values: Sequence[object], first: int, before: int) -> Iterator[int]:
    """Return the ranks of values in their order: equals share one, and the next are left out.

    Parameters
    ----------
    values : sequence
        Of a page.
    first : int
        Rank of the first of them.
    before : int
        How many rows there are on the pages before.
    """
    rank = first
    for position, value in enumerate(values):
        if position and value != values[position - 1]:
            rank = before + position + 1
        yield rank
