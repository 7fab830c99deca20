"""Days, weeks, months and years as a server's clocks show them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from functools import cache
from zoneinfo import ZoneInfo


class Period(StrEnum):
    """What a board is about: the current one, in the server's time zone."""

    WEEK = "week"
    """Begins on Monday."""
    MONTH = "month"
    YEAR = "year"
    ALL = "all"

    def first_day(self, day: date) -> date:
        """Return the first day of the period that a day is in; 0001-01-01 for all time."""
        match self:
            case Period.WEEK:
                return monday_of(day)
            case Period.MONTH:
                return day.replace(day=1)
            case Period.YEAR:
                return day.replace(month=1, day=1)
            case Period.ALL:
                return date.min

    def day_after(self, first_day: date) -> date:
        """Return the first day after the period that begins on a day; the last of all for ever."""
        match self:
            case Period.WEEK:
                return first_day + timedelta(days=7)
            case Period.MONTH:
                return (first_day + timedelta(days=31)).replace(day=1)
            case Period.YEAR:
                return first_day.replace(year=first_day.year + 1)
            case Period.ALL:
                return date.max


@dataclass(frozen=True, slots=True)
class Span:
    """A time, from a moment on until before another.

    Attributes
    ----------
    start, end : float
        Seconds of Unix time.
    """

    start: float
    end: float


class Calendar:
    """The days of a time zone.

    Parameters
    ----------
    time_zone : str
        IANA name.

    Raises
    ------
    ValueError
        If there is no such zone.
    """

    def __init__(self, time_zone: str) -> None:
        try:
            self._zone = ZoneInfo(time_zone)
        except (KeyError, OSError, ValueError) as error:  # for a folder, or what is no name
            raise ValueError(f"There is no time zone {time_zone!r}.") from error

    def day(self, moment: float) -> date:
        """Return the day that it is at a moment of Unix time."""
        return datetime.fromtimestamp(moment, self._zone).date()

    def span(self, first: date, after: date) -> Span:
        """Return the time from the beginning of a day until another begins."""
        return Span(self._beginning(first), self._beginning(after))

    def span_of_day(self, moment: float) -> Span:
        """Return the day, of 23 to 25 hours, that a moment of Unix time is in."""
        day = self.day(moment)
        return self.span(day, day + timedelta(days=1))

    def _beginning(self, day: date) -> float:
        if day == date.min:
            return float("-inf")
        if day == date.max:
            return float("inf")
        return datetime(day.year, day.month, day.day, tzinfo=self._zone).timestamp()


def monday_of(day: date) -> date:
    """Return the Monday of a day's week."""
    return day - timedelta(days=day.weekday())


@cache
def calendar(time_zone: str) -> Calendar:
    """Return the calendar of a zone; that of UTC if this machine does not know the zone."""
    try:
        return Calendar(time_zone)
    except ValueError:
        return Calendar("UTC")
