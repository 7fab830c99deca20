"""What a tune should be like: one :class:`Style` per mood, every cue of which can be turned."""

from dataclasses import dataclass
from typing import Final, Literal

Mode = Literal["major", "minor", "phrygian"]
Figure = Literal["strum", "arpeggio", "ostinato", "riff"]
Beat = Literal["pop", "rock", "orchestral", "brushes"]
Progression = tuple[int, int, int, int]

RATE: Final = 44_100
"""Sample rate of all tunes, in Hz."""


@dataclass(frozen=True, slots=True)
class Style:
    """The musical cues of a tune.

    Turning one cue leaves everything else of the tune as it is: a sparser tune plays some of the
    same notes, a minor one the same degrees of another scale.

    Parameters
    ----------
    tempo
        Beats per minute; bars have four beats.
    mode
        The scale.
    verse, chorus
        One chord per bar, as degrees of the scale counted from 0.
    density
        How many notes are played, 0 (hardly any) to 1 (as many as fit).
    syncopation
        How much of the rhythm falls between the beats, 0 to 1.
    contour
        Where melodies go, -1 (falling) to 1 (rising).
    sevenths
        Whether chords carry their seventh.
    register
        Semitones by which melody and chords are moved up.
    brightness
        How strong the upper partials are, 0 to 1.
    softness
        How gently notes begin, 0 (struck) to 1 (swelling).
    dynamics
        How far quiet sections fall below loud ones, 0 (not at all) to 1.
    loudness
        Level of the finished tune, in dB RMS below full scale; at most about -9.
    distortion
        How hard the figure's instrument is driven, 0 (clean) to 1.
    reverb
        Size and level of the room, 0 (none) to 1 (a church).
    drums
        Whether there is percussion at all.
    beat
        What the percussion plays.
    figure
        How the accompaniment moves.
    lead, chords, pad, bass
        Names of instruments in :data:`examples.tunes.synth.INSTRUMENTS`: melody, figure, held
        chords and bass. An empty pad leaves the held chords out.
    """

    tempo: float
    mode: Mode
    verse: Progression
    chorus: Progression
    density: float
    syncopation: float
    contour: float
    sevenths: bool
    register: int
    brightness: float
    softness: float
    dynamics: float
    loudness: float
    distortion: float
    reverb: float
    drums: bool
    beat: Beat
    figure: Figure
    lead: str
    chords: str
    pad: str
    bass: str


PRESETS: Final[dict[str, Style]] = {
    "aggressive": Style(
        tempo=168.0,
        mode="phrygian",
        verse=(0, 0, 0, 1),
        chorus=(0, 1, 5, 1),
        density=0.75,
        syncopation=0.35,
        contour=0.0,
        sevenths=False,
        register=0,
        brightness=0.8,
        softness=0.0,
        dynamics=0.15,
        loudness=-11.0,
        distortion=0.9,
        reverb=0.1,
        drums=True,
        beat="rock",
        figure="riff",
        lead="guitar",
        chords="guitar",
        pad="",
        bass="bass",
    ),
    "dramatic": Style(
        tempo=104.0,
        mode="minor",
        verse=(0, 5, 3, 4),
        chorus=(0, 2, 5, 4),
        density=0.4,
        syncopation=0.1,
        contour=0.7,
        sevenths=False,
        register=-2,
        brightness=0.55,
        softness=0.35,
        dynamics=0.9,
        loudness=-16.0,
        distortion=0.0,
        reverb=0.65,
        drums=True,
        beat="orchestral",
        figure="ostinato",
        lead="brass",
        chords="strings",
        pad="strings",
        bass="strings",
    ),
    "happy": Style(
        tempo=128.0,
        mode="major",
        verse=(0, 4, 5, 3),
        chorus=(3, 4, 0, 5),
        density=0.5,
        syncopation=0.6,
        contour=0.4,
        sevenths=False,
        register=4,
        brightness=0.75,
        softness=0.05,
        dynamics=0.3,
        loudness=-15.0,
        distortion=0.0,
        reverb=0.2,
        drums=True,
        beat="pop",
        figure="strum",
        lead="bell",
        chords="pluck",
        pad="",
        bass="bass",
    ),
    "romantic": Style(
        tempo=72.0,
        mode="major",
        verse=(0, 5, 1, 4),
        chorus=(3, 2, 1, 4),
        density=0.38,
        syncopation=0.15,
        contour=0.15,
        sevenths=True,
        register=0,
        brightness=0.4,
        softness=0.6,
        dynamics=0.45,
        loudness=-19.0,
        distortion=0.0,
        reverb=0.45,
        drums=False,
        beat="brushes",
        figure="arpeggio",
        lead="strings",
        chords="piano",
        pad="pad",
        bass="bass",
    ),
    "sad": Style(
        tempo=62.0,
        mode="minor",
        verse=(0, 5, 3, 0),
        chorus=(5, 2, 3, 4),
        density=0.22,
        syncopation=0.05,
        contour=-0.9,
        sevenths=False,
        register=-3,
        brightness=0.22,
        softness=0.5,
        dynamics=0.4,
        loudness=-22.0,
        distortion=0.0,
        reverb=0.7,
        drums=False,
        beat="brushes",
        figure="arpeggio",
        lead="piano",
        chords="piano",
        pad="pad",
        bass="cello",
    ),
}
"""The style of each mood, by the mood's name."""
