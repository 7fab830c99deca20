"""Days, weeks, months and years as a server's clocks show them."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.storage import Calendar, Period

ZONES = ("UTC", "America/New_York", "Asia/Kolkata", "Pacific/Auckland")
HOUR = 3600.0
YEAR = 365 * 24 * HOUR
BIRTH = datetime(2015, 5, 13, tzinfo=UTC).timestamp()
"""Of Discord."""


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        ("America/New_York", (2026, 3, 8), 23),
        ("America/New_York", (2026, 11, 1), 25),
        ("Pacific/Auckland", (2026, 4, 5), 25),
        ("Pacific/Auckland", (2026, 9, 27), 23),
        ("Asia/Kolkata", (2026, 3, 8), 24),
        # There, the clocks go forward at midnight, so that the day begins at one.
        ("Africa/Cairo", (2026, 4, 24), 23),
    ],
)
def test_a_day_on_which_clocks_change_has_an_hour_more_or_less(
    zone: str, day: tuple[int, int, int], hours: int
) -> None:
    noon = datetime(*day, 12, tzinfo=ZoneInfo(zone)).timestamp()
    calendar = Calendar(zone)
    span = calendar.span_of_day(noon)
    assert span.end - span.start == hours * HOUR
    assert calendar.day(span.start) == calendar.day(span.end - 0.001) == date(*day)
    assert calendar.day(span.start - 0.001) < date(*day) < calendar.day(span.end)


@pytest.mark.parametrize(
    ("period", "first", "after"),
    [
        (Period.WEEK, date(2025, 12, 29), date(2026, 1, 5)),
        (Period.MONTH, date(2026, 1, 1), date(2026, 2, 1)),
        (Period.YEAR, date(2026, 1, 1), date(2027, 1, 1)),
        (Period.ALL, date.min, date.max),
    ],
)
def test_periods_begin_and_end(period: Period, first: date, after: date) -> None:
    assert period.first_day(date(2026, 1, 2)) == first
    assert period.day_after(first) == after


@given(st.floats(BIRTH, BIRTH + 20 * YEAR), st.sampled_from(ZONES))
def test_a_moment_is_in_its_periods_and_in_no_others(now: float, zone: str) -> None:
    calendar = Calendar(zone)
    day = calendar.day(now)
    for period in Period:
        first = period.first_day(day)
        span = calendar.span(first, period.day_after(first))
        assert span.start <= now < span.end
        assert first <= day < period.day_after(first)
    assert Period.WEEK.first_day(day).weekday() == 0
