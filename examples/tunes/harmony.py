"""Scales, chords and voice leading, in MIDI note numbers (60 is middle C)."""

from typing import Final

from examples.tunes.style import Mode

SCALES: Final[dict[Mode, tuple[int, ...]]] = {
    "major": (0, 2, 4, 5, 7, 9, 11),
    "minor": (0, 2, 3, 5, 7, 8, 10),
    "phrygian": (0, 1, 3, 5, 7, 8, 10),
}
DOMINANT: Final = 4
LEADING_TONE: Final = 6


def pitch(tonic: int, mode: Mode, degree: int, chord: int) -> int:
    """MIDI note of a scale degree while a chord sounds.

    Parameters
    ----------
    tonic
        MIDI note of degree 0.
    mode
        The scale.
    degree
        Degree counted from 0; 7 is the octave, negative ones lie below the tonic.
    chord
        Degree of the chord's root. Over the dominant of a minor key the seventh degree is
        raised: without its leading tone a minor cadence does not close.

    Returns
    -------
    int
        The note.
    """
    octave, step = divmod(degree, 7)
    raised = mode == "minor" and chord % 7 == DOMINANT and step == LEADING_TONE
    return tonic + 12 * octave + SCALES[mode][step] + raised


def sounding_chord(mode: Mode, degree: int) -> int:
    """Degree of the chord to play where a progression asks for ``degree``.

    A diminished triad gives way to the chord a third below it, which shares two of its notes, so
    that one progression serves in every mode.
    """
    root, fifth = (pitch(0, mode, degree + step, degree) for step in (0, 4))
    return degree if fifth - root == 7 else degree - 2


def chord_degrees(chord: int, *, sevenths: bool) -> tuple[int, ...]:
    """Scale degrees of the triad or seventh chord on ``chord``."""
    return tuple(chord + step for step in ((0, 2, 4, 6) if sevenths else (0, 2, 4)))


def lead_voices(notes: tuple[int, ...], previous: tuple[int, ...]) -> tuple[int, ...]:
    """Inversion of a chord that moves the voices least.

    Parameters
    ----------
    notes
        The chord in root position, ascending.
    previous
        The voicing before it, with as many notes.

    Returns
    -------
    tuple of int
        The chord's notes, each in the octave chosen, ascending.
    """
    candidates = [
        tuple(
            sorted(note + 12 * (octave + (voice < inversion)) for voice, note in enumerate(notes))
        )
        for inversion in range(len(notes))
        for octave in (-2, -1, 0, 1)
    ]

    def movement(voicing: tuple[int, ...]) -> int:
        return sum(abs(a - b) for a, b in zip(voicing, previous, strict=True))

    return min(candidates, key=movement)
