"""Time zones: the common ones to choose from, and any other by its name."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from babel.dates import get_timezone_gmt, get_timezone_location

from bot.presentation.language import spoken
from bot.storage import Calendar

ZONES = (
    "UTC", "America/Los_Angeles", "America/Denver", "America/Chicago", "America/New_York",
    "America/Mexico_City", "America/Bogota", "America/Sao_Paulo", "America/Argentina/Buenos_Aires",
    "Europe/London", "Europe/Madrid", "Europe/Paris", "Europe/Berlin", "Europe/Athens",
    "Europe/Istanbul", "Europe/Moscow", "Africa/Lagos", "Africa/Johannesburg", "Asia/Dubai",
    "Asia/Kolkata", "Asia/Jakarta", "Asia/Shanghai", "Asia/Tokyo", "Australia/Sydney",
    "Pacific/Auckland",
)  # fmt: skip
"""Common time zones, from west to east."""


def zone_named(text: str) -> str | None:
    """Return the IANA name of a time zone that somebody has typed; None if there is none.

    In capitals or not, with blanks or underscores; the city alone will do.

    Examples
    --------
    >>> zone_named("europe/berlin"), zone_named("new york"), zone_named("Atlantis")
    ('Europe/Berlin', 'America/New_York', None)
    """
    wanted = "_".join(text.split()).casefold()
    known = _names()
    name = known.get(wanted) or known.get(f"/{wanted}")
    if name is None:
        return None
    try:
        Calendar(name)
    except ValueError:
        return None
    return name


def zone_city(name: str) -> str:
    """Return the city that a time zone is named after, in the language that is spoken."""
    found: str = get_timezone_location(ZoneInfo(name), locale=spoken().locale, return_city=True)
    return found.rpartition("/")[2]


def zone_offset(name: str) -> str:
    """Return how far a time zone is from Greenwich right now, as people of a language write it."""
    now = datetime.fromtimestamp(time.time(), UTC).astimezone(ZoneInfo(name))
    offset: str = get_timezone_gmt(now, width="long", locale=spoken().locale)
    return offset


def _is_odd(name: str) -> bool:
    return name.startswith("Etc/") and name[-1].isdigit()


@cache
def _names() -> dict[str, str]:
    """Return all zones by their names and, behind a slash, by the cities of theirs."""
    names = sorted(available_timezones())
    # Those of "Etc" count the other way round than people do: its "GMT+2" is two hours behind.
    cities = {
        f"/{name.rpartition('/')[2].casefold()}": name
        for name in reversed(names)
        if not _is_odd(name)
    }
    return cities | {name.casefold(): name for name in names}
