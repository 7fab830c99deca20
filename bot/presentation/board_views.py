"""What somebody looks at: plain data that fits into the id of a button."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from bot.presentation import board_texts as texts
from bot.presentation.titles import inline_code
from bot.storage import Period
from moodify_core.moods import Mood


class Board(StrEnum):
    """What is ranked."""

    MEMBERS = "members"
    SONGS = "songs"
    OVERVIEW = "overview"


DEFAULT_SONGS = Mood.SAD
"""The mood that songs are ranked by where nobody has chosen one."""


@dataclass(frozen=True, slots=True)
class BoardView:
    """A page of a board.

    Attributes
    ----------
    board : Board
    mood : Mood or None
        None for all of them.
    period : Period
    page : int
        Counted from 0.
    """

    board: Board = Board.MEMBERS
    mood: Mood | None = None
    period: Period = Period.MONTH
    page: int = 0

    @property
    def songs_mood(self) -> Mood:
        """The mood that songs are ranked by."""
        return self.mood or DEFAULT_SONGS


@dataclass(frozen=True, slots=True)
class FindView:
    """A page of the songs that feel like a mood.

    Attributes
    ----------
    mood : Mood
    strength : int
        Least share of the mood in percent.
    page : int
        Counted from 0.
    """

    mood: Mood
    strength: int = 50
    page: int = 0


@dataclass(frozen=True, slots=True)
class Name:
    """What a person is called.

    Attributes
    ----------
    text : str
        Harmless, as it stands in a picture.
    known : bool
        Whether it is their own name.
    """

    text: str
    known: bool = True

    @property
    def said(self) -> str:
        """The name as it stands in a text."""
        return inline_code(self.text) if self.known else self.text


def nameless() -> Name:
    """Return what somebody is called whose name is not known."""
    return Name(texts.somebody(), known=False)
