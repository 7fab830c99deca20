"""What the pictures of many songs show. All words in them are finished and of any script."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from moodify_core.moods import Mood


@dataclass(frozen=True, slots=True)
class Bar:
    """One row of a ranking.

    Attributes
    ----------
    badge : int or Mood
        What it begins with: a rank from 1 on, or the mood that it is about.
    name : str
        Any text; cleaned and cut.
    value : str
        What the length of the bar means, as it is written at its end.
    parts : tuple of (Mood or None, float)
        The lengths of the pieces of the bar, from left to right, and their moods; None for a
        length that is of no mood.
    note : str
        A second, quieter line; empty for none.
    own : bool
        Whether it is about whoever looks, and so to be marked.
    """

    badge: int | Mood
    name: str
    value: str
    parts: tuple[tuple[Mood | None, float], ...]
    note: str = ""
    own: bool = False

    @property
    def length(self) -> float:
        """The length of the whole bar."""
        return sum(amount for _, amount in self.parts)


@dataclass(frozen=True, slots=True)
class Ranking:
    """Bars below one another.

    Attributes
    ----------
    title, facts : str
        What stands above: large on the left, small on the right.
    mood : Mood or None
        The mood that it is about.
    bars : tuple of Bar
        At least one.
    apart : Bar or None
        One more that stands apart from the others, as ranks between are left out.
    full : float or None
        The length of a bar that takes all the room; by default the longest.
    nameless : str
        What stands for a name in which there is nothing that can be drawn.
    """

    title: str
    facts: str
    mood: Mood | None
    bars: tuple[Bar, ...]
    apart: Bar | None = None
    full: float | None = None
    nameless: str = "…"


@dataclass(frozen=True, slots=True)
class WeekBar:
    """One week.

    Attributes
    ----------
    label : str
        Its date, short.
    seconds : mapping of Mood to float
        What was heard of each mood; all zero for a week of silence.
    songs : int
    """

    label: str
    seconds: Mapping[Mood, float]
    songs: int


@dataclass(frozen=True, slots=True)
class Weeks:
    """Weeks after one another.

    Attributes
    ----------
    title, facts : str
        What stands above: large on the left, small on the right.
    mix : mapping of Mood to float
        The shares of all weeks together, which sum to 1.
    weeks : tuple of WeekBar
        At least one, the oldest first, none left out.
    songs : str
        What the bars below mean.
    """

    title: str
    facts: str
    mix: Mapping[Mood, float]
    weeks: tuple[WeekBar, ...]
    songs: str


@dataclass(frozen=True, slots=True)
class Mix:
    """Five shares, each beside what it is held against.

    Attributes
    ----------
    title, facts : str
        What stands above: large on the left, small on the right.
    mix : mapping of Mood to float
        Shares that sum to 1.
    beside : mapping of Mood to float or None
        Shares that are marked on the bars.
    mark : str
        What the marks mean.
    """

    title: str
    facts: str
    mix: Mapping[Mood, float]
    beside: Mapping[Mood, float] | None = None
    mark: str = ""


Chart = Ranking | Weeks | Mix
