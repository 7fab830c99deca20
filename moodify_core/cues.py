"""What the features mean to a listener: a small table from names to musical cues."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

import numpy as np

from moodify_core.arrays import FloatArray, IntArray
from moodify_core.features.extraction import FEATURE_NAMES
from moodify_core.result import ReasonCode


@dataclass(frozen=True, slots=True)
class Cue:
    """Something that a listener hears, as the features that carry it.

    The names are patterns as file names have them.

    Attributes
    ----------
    more, less : ReasonCode
        What it is called where there is more, and where there is less of it than usual.
    rising, falling : tuple of str
        Features that rise, and that fall, where there is more of it.
    along : tuple of str
        Features that belong to it and have no such direction.
    """

    more: ReasonCode
    less: ReasonCode
    rising: tuple[str, ...] = ()
    falling: tuple[str, ...] = ()
    along: tuple[str, ...] = ()


# Each feature that rises or falls was seen to do so, in every mood, when the tunes of ``examples``
# were made faster, sparser, brighter or minor, or has its meaning by definition.
CUES: tuple[Cue, ...] = (
    Cue(
        ReasonCode.FAST_PULSE,
        ReasonCode.SLOW_PULSE,
        rising=("onset_rate", "beat_tempo_*"),
        falling=("flux_lo_crest",),
        # Where a beat is felt jumps by octaves: it has a say, and no direction.
        along=("tempo",),
    ),
    Cue(
        ReasonCode.STEADY_BEAT,
        ReasonCode.LOOSE_BEAT,
        rising=("pulse_clarity", "beat_clarity_*"),
        falling=("onset_unevenness",),
        # How strongly a pulse of some period is felt tells of the beat more than of its pace.
        along=("fast_pulse", "slow_pulse", "beat_lag?_*"),
    ),
    Cue(
        ReasonCode.MANY_NOTES,
        ReasonCode.FEW_NOTES,
        # Between few notes there are gaps: the level of each register swings.
        falling=(
            *("flux_all_crest", "flux_mid_crest", "flux_hi_crest", "flux_*_unevenness"),
            *("band?_std", "contrast?_std", "peak_share_std"),
        ),
    ),
    Cue(
        ReasonCode.HARD_ATTACKS,
        ReasonCode.SOFT_ATTACKS,
        rising=(
            *("onset_height", "flux_*_mean", "flux_*_high", "flux_*_std"),
            *("percussive", "percussive_*", "attack_over_decay"),
        ),
    ),
    Cue(
        ReasonCode.BRIGHT_SOUND,
        ReasonCode.DARK_SOUND,
        rising=("band4_level", "band5_level"),
        falling=("band1_level", "band2_level", "timbre1_mean", "timbre2_mean"),
        along=("band3_level", *(f"timbre{place}_mean" for place in range(3, 16))),
    ),
    Cue(
        ReasonCode.STRONG_BASS,
        ReasonCode.LIGHT_BASS,
        rising=("band0_level", "bass_over_treble"),
        along=("bass_with_treble",),
    ),
    Cue(
        ReasonCode.FULL_SOUND,
        ReasonCode.THIN_SOUND,
        rising=("chroma_fullness", "frame_entropy", "peaks", "chord_interval2", "chord_interval5"),
        along=("peaks_std", "entropy_of_change", "chord_interval3", "chord_interval4"),
    ),
    Cue(
        ReasonCode.ROUGH_SOUND,
        ReasonCode.SMOOTH_SOUND,
        rising=("roughness", "roughness_of_loud", "detuned", "timbre*_change", "flux_*_median"),
        falling=("tuning_strength", "contrast?_mean"),
        along=("roughness_std", "detuned_std", "peak_share"),
    ),
    Cue(
        ReasonCode.WIDE_DYNAMICS,
        ReasonCode.EVEN_DYNAMICS,
        rising=("timbre0_std",),
        along=(
            *("band?_skewness", "bands_together"),
            *(f"timbre{place}_std" for place in range(1, 16)),
        ),
    ),
    Cue(
        ReasonCode.MAJOR_COLOUR,
        ReasonCode.MINOR_COLOUR,
        rising=(
            *("chroma_major_over_minor", "major_over_minor_*", "mode_of_tonic", "local_major"),
            *("major_short", "major_long", "major_chords_*", "share_major_*", "root_vi_*"),
            *("third", "sixth", "seventh", "degree4", "degree9", "degree11"),
        ),
        falling=(
            *("minor_short", "minor_long", "share_minor_*", "root_VI_*"),
            *("degree3", "degree8", "degree10"),
        ),
        along=(
            *("degree0", "degree1", "degree2", "degree5", "degree6", "degree7"),
            *("root_I_*", "root_IV_*", "root_V_*", "root_VII_*", "interval3", "interval4"),
        ),
    ),
    Cue(
        ReasonCode.CLEAR_KEY,
        ReasonCode.VAGUE_KEY,
        rising=("chroma_key_clarity", "key_clarity_*", "key_margin_*", "local_key_clarity"),
        falling=("entropy", "chroma_entropy", "outside_key", "away_from_key"),
    ),
    Cue(
        ReasonCode.TENSE_HARMONY,
        ReasonCode.CALM_HARMONY,
        rising=(
            *("interval1", "interval6", "chord_interval1", "chord_interval6"),
            *("diminished_*", "augmented_*", "share_diminished_*"),
        ),
        falling=("chord_clarity_*", "interval5"),
    ),
    Cue(
        ReasonCode.MOVING_HARMONY,
        ReasonCode.STILL_HARMONY,
        rising=(
            *("chord_changes_*", "chord_entropy_*", "chroma_change", "bass_change"),
            *("change_short", "change_long", "change_slow"),
        ),
        along=("change_std_*", "fifths_std", "minor_thirds_std", "major_thirds_std"),
    ),
)

UNNAMED: tuple[str, ...] = (
    *("fifths", "minor_thirds", "major_thirds", "interval2", "suspended_*"),
    *("bass_entropy", "bass_tonic", "bass_fourth", "bass_fifth"),
)
"""Features that the model reads and that have no plain word: no reason is made of them."""


@dataclass(frozen=True, slots=True)
class Group:
    """The columns of a cue.

    Attributes
    ----------
    cue : Cue
    columns : int array, shape (n,)
        Places among the features that the model reads.
    direction : float array, shape (n,)
        1 for features that rise with the cue, -1 for those that fall, 0 for the others.
    """

    cue: Cue
    columns: IntArray
    direction: FloatArray


def _group(cue: Cue) -> Group:
    signs = {
        column: sign
        for sign, patterns in ((1.0, cue.rising), (-1.0, cue.falling), (0.0, cue.along))
        for column in matching(patterns)
    }
    return Group(cue, np.array(list(signs)), np.array(list(signs.values())))


def matching(patterns: Sequence[str]) -> list[int]:
    """Return the places of the features whose names match any of the patterns."""
    return [
        column
        for column, name in enumerate(FEATURE_NAMES)
        if any(fnmatchcase(name, pattern) for pattern in patterns)
    ]


GROUPS: tuple[Group, ...] = tuple(_group(cue) for cue in CUES)
"""The cues in the order of the table."""
