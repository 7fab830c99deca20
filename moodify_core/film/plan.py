"""How many bits a film may spend on what, settled before the first frame."""

from __future__ import annotations

from dataclasses import dataclass

from moodify_core.errors import FilmTooLong

DEFAULT_MAX_BYTES = 10 * 1024 * 1024
"""What Discord takes from everybody."""

SOUND_RATES = (128_000, 96_000, 80_000, 64_000, 48_000)
"""Bit rates of the sound in bit/s, the best that the size allows being taken."""

_PICTURE_SHARE = 0.6
"""Bits of the picture for one bit of the sound below which the sound has to give way."""
_SMOOTH, _COARSE = 24, 12
_SMOOTH_FROM = 90_000
"""Bit rate of the picture below which fewer, better frames look better than more."""
_MOST_FOR_PICTURE = 600_000
"""More than this is not seen."""
_LEAST_FOR_PICTURE = 16_000
BUFFER_SECONDS = 2.0
"""Time over which the picture's bit rate is kept; a whole picture takes more than its share."""
_SPARE_SECONDS = 4.0
"""Bits kept back: those of one buffer, and those of the pictures that an encoder holds."""

# What the container adds, measured: a table of samples, and of the chunks that pictures and
# sound take turns in.
_BYTES_PER_PICTURE = 24
_BYTES_PER_SOUND_SECOND = 220
_BYTES_PER_FILE = 6_000
_SAFETY = 0.985


@dataclass(frozen=True, slots=True)
class Plan:
    """What a film may spend.

    Attributes
    ----------
    frame_rate : int
        Frames per second.
    picture_rate : int
        Most bits per second for the picture.
    sound_rate : int
        Bits per second for the sound; 0 for a silent film.
    payload : int or None
        Bytes for picture and sound together; None for any number.
    """

    frame_rate: int
    picture_rate: int
    sound_rate: int
    payload: int | None


def plan(seconds: float, max_bytes: int | None, *, sound: bool) -> Plan:
    """Divide the bytes that a film may have.

    Parameters
    ----------
    seconds : float
        Length of the film.
    max_bytes : int or None
        Largest file that is wanted; None for any size.
    sound : bool

    Returns
    -------
    Plan

    Raises
    ------
    FilmTooLong
        If not even the plainest film of this length fits.
    """
    steps = SOUND_RATES if sound else (0,)
    if max_bytes is None:
        return Plan(_SMOOTH, _MOST_FOR_PICTURE, steps[0], None)
    for frame_rate in (_SMOOTH, _COARSE):
        payload = max_bytes * _SAFETY - _BYTES_PER_FILE - seconds * _overhead(frame_rate, sound)
        bits = payload * 8 / (seconds + _SPARE_SECONDS)
        for sound_rate in steps:
            picture_rate = bits - sound_rate
            enough: float = _SMOOTH_FROM if frame_rate == _SMOOTH else _LEAST_FOR_PICTURE
            if sound_rate != steps[-1]:
                enough = max(enough, _PICTURE_SHARE * sound_rate)
            if picture_rate >= enough:
                picture_rate = min(picture_rate, _MOST_FOR_PICTURE)
                return Plan(frame_rate, round(picture_rate), sound_rate, round(payload))
    least = (steps[-1] + _LEAST_FOR_PICTURE) / 8
    room = max_bytes * _SAFETY - _BYTES_PER_FILE - least * _SPARE_SECONDS
    raise FilmTooLong(max_bytes, max(room / (least + _overhead(_COARSE, sound)), 0.0))


def _overhead(frame_rate: int, sound: bool) -> int:
    return frame_rate * _BYTES_PER_PICTURE + (_BYTES_PER_SOUND_SECOND if sound else 0)
