"""Who plays which notes.

A bar has 16 slots (sixteenth notes). Each part ranks the slots by how much it wants them and
plays the first few, so that a sparser version of a tune plays a subset of the fuller one's notes.
Every subject (rhythm, pitches, drums, human timing) draws from a random stream of its own: turning
one cue leaves the others' choices alone.
"""

import zlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from examples.tunes import harmony
from examples.tunes.form import Bar
from examples.tunes.style import Style

SLOTS: Final = 16
MIDDLE_C: Final = 60


@dataclass(frozen=True, slots=True)
class Note:
    """One note or drum stroke.

    Parameters
    ----------
    start, seconds
        When it begins and how long it is held, in seconds.
    pitch
        MIDI note; of no meaning for a drum.
    velocity
        How hard it is played, 0 to 1.
    """

    start: float
    seconds: float
    pitch: int
    velocity: float


@dataclass(frozen=True, slots=True)
class Part:
    """The notes of one instrument or drum, and its place in the mix.

    Parameters
    ----------
    instrument
        Name in ``synth.INSTRUMENTS``, or in ``synth.DRUMS`` where ``drum`` is set.
    notes
        What it plays.
    level
        Linear gain.
    pan
        -1 (left) to 1 (right).
    drum
        Whether it is a drum.
    amplified
        Whether it goes through the distorting amplifier.
    """

    instrument: str
    notes: tuple[Note, ...]
    level: float
    pan: float = 0.0
    drum: bool = False
    amplified: bool = False


def stream(seed: int, subject: str) -> np.random.Generator:
    """Random numbers of one subject, independent of every other's."""
    return np.random.default_rng([seed, zlib.crc32(subject.encode())])


@dataclass(frozen=True, slots=True)
class Score:
    """A tune to be arranged: its style, form, key and seed.

    Parameters
    ----------
    style
        The cues.
    bars
        The form.
    seed
        Of every random choice.
    seconds
        Length of the tune.
    """

    style: Style
    bars: tuple[Bar, ...]
    seed: int
    seconds: float

    @property
    def tonic(self) -> int:
        """MIDI note of the tonic nearest below middle C, moved by the register."""
        drawn = int(stream(self.seed, "key").integers(-5, 5))
        return MIDDLE_C - 4 + drawn + self.style.register

    @property
    def slot(self) -> float:
        """Length of a sixteenth note in seconds."""
        return 15.0 / self.style.tempo

    def at(self, bar: Bar, slot: float) -> float:
        """Time of a slot of a bar, in seconds."""
        return (bar.index * SLOTS + slot) * self.slot

    def held(self, bar: Bar) -> float:
        """Seconds for which a chord of this bar is held: the last rings to the end."""
        return self.seconds - self.at(bar, 0) if bar.section == "ending" else SLOTS * self.slot

    def strength(self, bar: Bar) -> float:
        """Velocity that the bar's energy asks for, 0 to 1."""
        return 1.0 - self.style.dynamics * (1.0 - bar.energy) * 0.9

    def pitch(self, bar: Bar, degree: int) -> int:
        """MIDI note of a scale degree over the bar's chord."""
        return harmony.pitch(self.tonic, self.style.mode, degree, bar.chord)

    def ranking(self, subject: str, *, jitter: float = 0.35) -> list[int]:
        """Slots of a bar, the most wanted first."""
        offbeat = 0.35 + 0.5 * self.style.syncopation
        wanted = np.full(SLOTS, 0.05 + 0.3 * self.style.syncopation)
        wanted[2::4] = offbeat
        wanted[4::8] = 0.75 - 0.3 * self.style.syncopation
        wanted[8] = 0.85 - 0.3 * self.style.syncopation
        wanted += jitter * stream(self.seed, subject).random(SLOTS)
        wanted[0] = 2.0
        return [int(slot) for slot in np.argsort(-wanted, kind="stable")]


def arrange(score: Score) -> tuple[Part, ...]:
    """All parts of a tune, played by humans: no note is exactly on time or equally strong."""
    parts = [
        *_melody(score),
        *_figure(score),
        *_pad(score),
        *_bass(score),
        *(_drums(score) if score.style.drums else ()),
    ]
    return tuple(
        replace(part, notes=tuple(_humanised(part, stream(score.seed, f"human {index}"))))
        for index, part in enumerate(parts)
    )


def _humanised(part: Part, rng: np.random.Generator) -> Iterator[Note]:
    for note in part.notes:
        late, force = rng.normal(0.0, (0.006, 0.06))
        yield replace(
            note,
            start=max(0.0, note.start + float(late)),
            velocity=float(np.clip(note.velocity * (1 + force), 0.05, 1.0)),
        )


def _motif(score: Score, section: str) -> list[list[tuple[int, int]]]:
    """Two bars of melody as (slot, scale degree above the tonic)."""
    style = score.style
    count = round(1.6 + 7.5 * style.density)
    rng = stream(score.seed, f"melody {section}")
    line = 0.0
    bars = []
    for bar in range(2):
        chosen = sorted(score.ranking(f"rhythm {section} {bar}")[:count])
        # A leaning random walk, drawn for every slot whether played or not.
        walk = []
        for _ in range(SLOTS):
            line = 0.9 * line + rng.normal(0.0, 0.95)
            walk.append(line)
        lean = style.contour * 4.0
        bars.append(
            [(slot, round(walk[slot] + lean * ((bar + slot / SLOTS) - 1.0))) for slot in chosen]
        )
    return bars


def _melody(score: Score) -> Iterator[Part]:
    style = score.style
    motifs = {section: _motif(score, section) for section in ("verse", "chorus")}
    notes: list[Note] = []
    for bar in score.bars:
        if bar.section in ("intro", "break") and style.lead != "guitar":
            # One held note announces the tune that is to come.
            if bar.last:
                degree = _nearest(4, harmony.chord_degrees(bar.chord, sevenths=False))
                start = score.at(bar, SLOTS // 2)
                notes.append(
                    Note(start, score.slot * 8, score.pitch(bar, degree) + 12, score.strength(bar))
                )
            continue
        notes.extend(_melody_bar(score, bar, motifs))
    if style.lead == "guitar":
        # A solo through the whole song would tire: the guitar sings in choruses only.
        first = next((bar for bar in score.bars if bar.section == "chorus"), score.bars[-1])
        notes = [note for note in notes if note.start >= score.at(first, 0)]
    level = {"guitar": 0.3, "strings": 0.8, "brass": 0.75, "bell": 0.55}.get(style.lead, 0.8)
    yield Part(style.lead, tuple(notes), level, pan=0.12, amplified=style.lead == "guitar")
    if style.density >= 0.3:
        begin = [score.at(bar, 0) for bar in score.bars if bar.section == "chorus"]
        doubled = tuple(
            replace(note, pitch=note.pitch - 12, velocity=note.velocity * 0.8)
            for note in notes
            if any(start - 0.05 <= note.start < start + SLOTS * score.slot for start in begin)
        )
        yield Part(style.chords, doubled, level * 0.6, pan=-0.25, amplified=style.distortion > 0)


def _melody_bar(
    score: Score, bar: Bar, motifs: dict[str, list[list[tuple[int, int]]]]
) -> Iterator[Note]:
    chord = harmony.chord_degrees(bar.chord, sevenths=score.style.sevenths)
    section = "chorus" if bar.section in ("chorus", "ending") else "verse"
    lift = 3 if section == "chorus" else 0
    sequence = round(score.style.contour * 1.5) if bar.place >= 2 else 0
    motif = motifs[section][bar.place % 2]
    if bar.section == "ending":
        motif = [(0, 0)]
    elif bar.last:
        # Phrases breathe: the last bar stops half way, on a note of the chord.
        motif = [(slot, degree) for slot, degree in motif if slot <= SLOTS // 2]
    previous: int | None = None
    for place, (slot, step) in enumerate(motif):
        final = place == len(motif) - 1
        until = motif[place + 1][0] if not final else SLOTS - 2 * bar.last
        degree = step + lift + sequence
        if bar.section == "ending":
            degree = 7 if score.style.contour > 0 else 0
        elif slot % 4 == 0 or final:
            degree = _nearest(degree, chord)
        if degree == previous and slot % 4:
            degree += 1 if score.style.contour >= 0 else -1
        previous = degree
        seconds = score.held(bar) if bar.section == "ending" else (until - slot) * score.slot * 0.95
        accent = 1.0 if slot % 8 == 0 else 0.88 if slot % 4 == 0 else 0.78
        yield Note(
            score.at(bar, slot),
            seconds,
            score.pitch(bar, degree) + 12,
            accent * score.strength(bar),
        )


def _nearest(degree: int, chord: tuple[int, ...]) -> int:
    """Chord tone nearest to a degree, in any octave."""
    tones = [tone + 7 * octave for tone in chord for octave in range(-3, 4)]
    return min(tones, key=lambda tone: abs(tone - degree))


def _voicings(score: Score) -> dict[int, tuple[int, ...]]:
    """Chord of every bar by the bar's index, with the voices led from bar to bar."""
    voicings: dict[int, tuple[int, ...]] = {}
    spread = (0, 4, 7, 11) if score.style.sevenths else (0, 4, 7)
    previous = tuple(score.tonic - 2 + interval for interval in spread)
    for bar in score.bars:
        degrees = harmony.chord_degrees(bar.chord, sevenths=score.style.sevenths)
        notes = tuple(score.pitch(bar, degree) for degree in degrees)
        previous = harmony.lead_voices(notes, previous)
        voicings[bar.index] = previous
    return voicings


def _figure(score: Score) -> Iterator[Part]:
    style = score.style
    figures = {
        "strum": _strum,
        "arpeggio": _arpeggio,
        "ostinato": _ostinato,
        "riff": _riff,
    }
    notes = tuple(figures[style.figure](score))
    level = {"strum": 0.38, "arpeggio": 0.5, "ostinato": 0.5, "riff": 0.5}[style.figure]
    driven = style.distortion > 0
    if style.figure == "riff":
        # Recorded twice, once on each side, as guitarists do.
        yield Part(style.chords, notes, level, pan=-0.7, amplified=driven)
        yield Part(style.chords, notes, level, pan=0.7, amplified=driven)
    else:
        yield Part(style.chords, notes, level, pan=-0.2, amplified=driven)


def _final_chord(score: Score, bar: Bar, voicing: tuple[int, ...]) -> Iterator[Note]:
    for place, note in enumerate(voicing):
        start = score.at(bar, 0) + 0.03 * place
        yield Note(start, score.seconds - start, note, 0.8 * score.strength(bar))


def _strum(score: Score) -> Iterator[Note]:
    count = round(2 + 8 * score.style.density)
    slots = sorted(score.ranking("strum", jitter=0.2)[:count])
    voicings = _voicings(score)
    for bar in score.bars:
        voicing = voicings[bar.index]
        if bar.section == "ending":
            yield from _final_chord(score, bar, voicing)
            continue
        for place, slot in enumerate(slots):
            upward = place % 2 == 1
            until = (*slots[1:], SLOTS)[place]
            for string, note in enumerate(reversed(voicing) if upward else voicing):
                yield Note(
                    score.at(bar, slot) + 0.011 * string,
                    (until - slot) * score.slot * 0.9,
                    note,
                    score.strength(bar) * (0.65 if upward else 0.85),
                )


def _arpeggio(score: Score) -> Iterator[Note]:
    step = 2 if score.style.density >= 0.3 else 4
    voicings = _voicings(score)
    for bar in score.bars:
        low, *upper = voicings[bar.index]
        rising = [low, *upper, low + 12]
        wave = [*rising, *rising[-2:0:-1]]
        if bar.section == "ending":
            yield from _final_chord(score, bar, (low - 12, *rising))
            continue
        for place, slot in enumerate(range(0, SLOTS, step)):
            yield Note(
                score.at(bar, slot),
                # The pedal holds every note to the end of its chord.
                (SLOTS - slot) * score.slot,
                wave[place % len(wave)],
                score.strength(bar) * (0.75 if slot % 8 == 0 else 0.55),
            )


def _ostinato(score: Score) -> Iterator[Note]:
    shape = (0, 0, 4, 0, 2, 0, 4, 0)
    for bar in score.bars:
        if bar.section == "ending":
            yield from _final_chord(score, bar, tuple(score.pitch(bar, d) - 12 for d in (0, 2, 4)))
            continue
        count = round(2 + 14 * score.style.density * (1.4 if bar.section == "chorus" else 1.0))
        for slot in sorted(score.ranking("ostinato", jitter=0.0)[: min(count, SLOTS)]):
            degree = bar.chord + shape[(slot // 2) % len(shape)] - 7
            accent = 1.0 if slot % 4 == 0 else 0.7
            yield Note(
                score.at(bar, slot),
                score.slot * 1.4,
                score.pitch(bar, degree),
                accent * score.strength(bar),
            )


def _riff(score: Score) -> Iterator[Note]:
    count = round(3 + 11 * score.style.density)
    rng = stream(score.seed, "riff")
    turns = [int(degree) for degree in rng.choice((0, 1, 1, 2, 4), SLOTS)]
    slots = sorted(score.ranking("riff")[:count])
    for bar in score.bars:
        if bar.section == "ending":
            yield from _power_chord(score, bar, 0, Note(score.at(bar, 0), score.held(bar), 0, 1.0))
            continue
        open_chords = bar.section == "chorus"
        for place, slot in enumerate(slots):
            until = (*slots[1:], SLOTS)[place]
            chugging = not open_chords and (slot < 10 or bar.place % 2 == 0)
            degree = bar.chord + (0 if chugging or open_chords else turns[slot])
            length = min(until - slot, 0.75) if chugging else (until - slot) * 0.96
            struck = Note(
                score.at(bar, slot), length * score.slot, 0, 1.0 if slot % 4 == 0 else 0.8
            )
            yield from _power_chord(score, bar, degree, struck)


def _power_chord(score: Score, bar: Bar, degree: int, struck: Note) -> Iterator[Note]:
    """Root, fifth and octave, timed and accented as ``struck``."""
    # Within reach of a guitar's low strings whatever the key: E2 to D#3.
    root = 40 + (score.pitch(bar, degree) - 40) % 12
    for interval in (0, 7, 12):
        yield replace(struck, pitch=root + interval, velocity=struck.velocity * score.strength(bar))


def _pad(score: Score) -> Iterator[Part]:
    if not score.style.pad:
        return
    voicings = _voicings(score)
    notes = tuple(
        Note(score.at(bar, 0), score.held(bar), note, score.strength(bar))
        for bar in score.bars
        for note in voicings[bar.index]
        if bar.section != "intro" or bar.place > 0
    )
    yield Part(score.style.pad, notes, 0.22, pan=0.3)


def _bass(score: Score) -> Iterator[Part]:
    patterns = {
        "strum": ((0, 6, 0), (6, 4, 0), (10, 4, 4), (14, 2, 0)),
        "arpeggio": ((0, 10, 0), (10, 6, 4)),
        "ostinato": ((0, 16, 0),),
        "riff": tuple((slot, 2, 0) for slot in range(0, SLOTS, 2)),
    }
    pattern = patterns[score.style.figure]
    if score.style.density < 0.3:
        pattern = ((0, SLOTS, 0),)
    notes: list[Note] = []
    for bar in score.bars:
        if bar.section == "intro" and score.style.figure != "ostinato":
            continue
        steps = ((0, SLOTS, 0),) if bar.section == "ending" else pattern
        for slot, length, above in steps:
            # From E1 on, where a bass begins.
            note = 28 + (score.pitch(bar, bar.chord + above) - 28) % 12
            lasting = score.held(bar) if bar.section == "ending" else length * score.slot * 0.95
            notes.append(Note(score.at(bar, slot), lasting, note, 0.9 * score.strength(bar)))
    low = 0 if score.style.bass == "bass" else 12
    yield Part(
        score.style.bass,
        tuple(replace(note, pitch=note.pitch + low) for note in notes),
        0.5,
    )


Strokes = dict[str, tuple[tuple[int, float], ...]]


def _every(step: int, strength: float, first: int = 0) -> tuple[tuple[int, float], ...]:
    return tuple((slot, strength) for slot in range(first, SLOTS, step))


GROOVES: Final[dict[str, dict[str, Strokes]]] = {
    "pop": {
        "intro": {"hat": _every(4, 0.5, 2)},
        "verse": {
            "kick": ((0, 0.9), (8, 0.8), (11, 0.5)),
            "clap": ((4, 0.7), (12, 0.7)),
            "hat": _every(2, 0.5),
        },
        "chorus": {
            "kick": ((0, 1.0), (6, 0.6), (8, 0.9), (14, 0.5)),
            "clap": ((4, 0.8), (12, 0.8)),
            "snare": ((4, 0.4), (12, 0.4)),
            "hat": _every(2, 0.6),
            "open hat": _every(4, 0.35, 2),
        },
        "fill": {"snare": ((12, 0.5), (13, 0.5), (14, 0.6), (15, 0.7)), "kick": ((0, 0.9),)},
    },
    "rock": {
        "intro": {"kick": ((0, 1.0), (8, 1.0)), "open hat": _every(4, 0.6)},
        "verse": {
            "kick": ((0, 1.0), (3, 0.8), (6, 0.9), (8, 0.9), (10, 0.8), (14, 0.8)),
            "snare": ((4, 1.0), (12, 1.0)),
            "hat": _every(2, 0.8),
        },
        "chorus": {
            "kick": _every(2, 0.95),
            "snare": ((4, 1.0), (12, 1.0)),
            "open hat": _every(4, 0.9),
        },
        "fill": {
            "snare": tuple((slot, 0.9) for slot in range(0, 8)),
            "high tom": tuple((slot, 0.9) for slot in range(8, 12)),
            "low tom": tuple((slot, 1.0) for slot in range(12, 16)),
            "kick": _every(4, 1.0),
        },
    },
    "orchestral": {
        "intro": {"timpani": ((0, 0.6),)},
        "verse": {"timpani": ((0, 0.8), (14, 0.4))},
        "chorus": {
            "timpani": ((0, 1.0), (6, 0.7), (8, 0.9), (14, 0.8)),
            "low tom": ((0, 0.8), (4, 0.6), (8, 0.8), (12, 0.7)),
            "kick": ((0, 0.9), (8, 0.7)),
        },
        "fill": {"timpani": tuple((slot, 0.25 + 0.05 * slot) for slot in range(SLOTS))},
    },
    "brushes": {
        "intro": {},
        "verse": {"brush": _every(4, 0.5), "kick": ((0, 0.4),)},
        "chorus": {"brush": _every(4, 0.6), "kick": ((0, 0.5), (8, 0.4)), "hat": _every(4, 0.3, 2)},
        "fill": {"brush": _every(2, 0.5), "kick": ((0, 0.4),)},
    },
}
LEVELS: Final = {"pop": 0.5, "rock": 0.85, "orchestral": 0.75, "brushes": 0.3}
BALANCE: Final = {"hat": 0.25, "open hat": 0.3, "crash": 0.45, "clap": 0.5, "brush": 0.6}
PANS: Final = {"hat": 0.3, "open hat": 0.3, "crash": -0.35, "high tom": -0.25, "low tom": 0.3}


def _drums(score: Score) -> Iterator[Part]:
    strokes: dict[str, list[Note]] = {}
    beat = score.style.beat
    for bar in score.bars:
        for drum, slots in _groove(score, bar).items():
            for slot, strength in slots:
                note = Note(score.at(bar, slot), 0.0, 0, strength * score.strength(bar))
                strokes.setdefault(drum, []).append(note)
    for drum, notes in strokes.items():
        level = LEVELS[beat] * BALANCE.get(drum, 1.0)
        yield Part(drum, tuple(notes), level, pan=PANS.get(drum, 0.0), drum=True)


def _groove(score: Score, bar: Bar) -> Strokes:
    grooves = GROOVES[score.style.beat]
    loud = score.style.beat in ("rock", "orchestral")
    if bar.section == "ending":
        return {"crash": ((0, 0.9),), "kick": ((0, 1.0),)} if loud else {}
    following = score.bars[bar.index + 1].section
    if bar.last and following not in (bar.section, "break"):
        return grooves["fill"]
    section = "verse" if bar.section == "break" else bar.section
    groove = grooves[section]
    if loud and bar.section == "chorus" and bar.place == 0:
        return groove | {"crash": ((0, 1.0),)}
    return groove
