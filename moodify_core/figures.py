"""How times and shares are written, in every picture, page and sentence alike."""

from __future__ import annotations

MOST = 0.5
"""Share of the time from which on a song is called mostly of a mood."""

PERCENT = "{}%"
"""How English writes a percentage."""

_SMALLEST_SHOWN = 0.005


def clock(seconds: float) -> str:
    """Write a time as ``m:ss``, or ``h:mm:ss`` from an hour on; rounded down, as players do.

    Examples
    --------
    >>> clock(61.2), clock(3725)
    ('1:01', '1:02:05')
    """
    # To the millisecond first: 59.9999999 is a minute that was computed.
    minutes, second = divmod(int(round(seconds, 3)), 60)
    hours, minute = divmod(minutes, 60)
    return f"{hours}:{minute:02}:{second:02}" if hours else f"{minute}:{second:02}"


def in_percent(share: float, pattern: str = PERCENT) -> str:
    """Write a share as a whole percentage; what is there is never called 0 %.

    Parameters
    ----------
    share : float
        0..1.
    pattern : str
        How the language writes a percentage, with ``{}`` for its figure.
    """
    return pattern.format("<1" if 0 < share < _SMALLEST_SHOWN else f"{100 * share:.0f}")
