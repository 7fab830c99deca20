"""The form of a tune: the section, the chord and the strength of every bar."""

from dataclasses import dataclass
from typing import Final, Literal

from examples.tunes.harmony import DOMINANT, sounding_chord
from examples.tunes.style import Progression, Style

Section = Literal["intro", "verse", "chorus", "break", "ending"]

PHRASE: Final = 4
LAST_CHORD_SECONDS: Final = 1.5

# How strongly each section begins and ends, as shares of full strength.
ENERGY: Final[dict[Section, tuple[float, float]]] = {
    "intro": (0.2, 0.45),
    "verse": (0.45, 0.75),
    "chorus": (0.9, 1.0),
    "break": (0.25, 0.7),
    "ending": (0.8, 0.8),
}


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar of four beats.

    Parameters
    ----------
    index
        Place in the tune, from 0.
    section
        The section it belongs to.
    place
        Place in its phrase, from 0.
    last
        Whether its phrase ends with it.
    chord
        Degree of the chord's root in the scale, from 0.
    energy
        How strongly it is played, 0 to 1.
    """

    index: int
    section: Section
    place: int
    last: bool
    chord: int
    energy: float


def plan(style: Style, seconds: float) -> tuple[Bar, ...]:
    """Divide a length of time into bars.

    Parameters
    ----------
    style
        Tempo, mode and progressions.
    seconds
        Length of the tune.

    Returns
    -------
    tuple of Bar
        At least one bar; the last is the held final chord, and begins early enough to ring.
    """
    bar_seconds = 240.0 / style.tempo
    count = max(1, 1 + int((seconds - LAST_CHORD_SECONDS) / bar_seconds))
    body = [bar for phrase in _phrases(style, count - 1) for bar in phrase][: count - 1]
    bars = [
        Bar(
            index,
            section,
            place,
            last or index == count - 2,
            _chord(style, section, place, closing=index == count - 2),
            _energy(section, place, length),
        )
        for index, (section, place, length, last) in enumerate(body)
    ]
    return (*bars, Bar(count - 1, "ending", 0, True, 0, ENERGY["ending"][0]))


def _phrases(style: Style, bars: int) -> list[list[tuple[Section, int, int, bool]]]:
    sections: list[tuple[Section, int]] = []
    if bars >= 2 * PHRASE:
        # A slow tune would spend a third of a short file on four bars of introduction.
        sections.append(("intro", PHRASE if style.tempo >= 100 else PHRASE // 2))
    cycle: tuple[Section, ...] = ("verse", "chorus", "verse", "chorus", "break", "chorus")
    position = 0
    while sum(length for _, length in sections) < bars:
        sections.append((cycle[position % len(cycle)], PHRASE))
        position += 1
    return [
        [(section, place, length, place == length - 1) for place in range(length)]
        for section, length in sections
    ]


def _chord(style: Style, section: Section, place: int, *, closing: bool) -> int:
    if closing:
        # The flat second closes in phrygian what the dominant closes elsewhere.
        return 1 if style.mode == "phrygian" else DOMINANT
    progression: Progression = style.chorus if section == "chorus" else style.verse
    return sounding_chord(style.mode, progression[place % len(progression)])


def _energy(section: Section, place: int, length: int) -> float:
    begin, end = ENERGY[section]
    return begin + (end - begin) * place / max(1, length - 1)
