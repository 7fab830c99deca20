"""What Moodify is taught besides the collections: musical cues, and music that is made of tones.

A thousand clips hardly tell what one cue does by itself: in recordings what is fast is also loud,
rough and dense. Research that turned one cue at a time does: Juslin and Laukka, "Expression,
perception, and induction of musical emotions", Journal of New Music Research 33, 2004; Gabrielsson
and Lindström, "The role of structure in the musical expression of emotions", in Handbook of Music
and Emotion, 2010. Two weak sources carry it into a model: a slope that it starts from, and pairs of
tunes by ``examples`` that differ in one cue only, of which nothing but the difference is learned.

Nor do the collections hold much clean synthetic music, which a model of theirs takes for romantic
whatever it plays, as gentle recordings are the cleanest. So it also learns that tunes by
``examples``, in full and as a telephone would send them, have the moods that they were composed for
on average, at a weight that recordings do not notice. Each by itself is not learned: then it is
likeness to them that decides, not the cues.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import numpy as np

from moodify_core.arrays import FloatArray
from moodify_core.cues import GROUPS, Group
from moodify_core.errors import MoodifyError
from moodify_core.features.extraction import FEATURE_NAMES
from moodify_core.moods import MOODS
from moodify_core.result import ReasonCode

TUNES = "lessons.npz"
"""Made by ``python -m examples.make_lessons``."""

_SLOPES: Mapping[ReasonCode, tuple[float, tuple[float, ...]]] = {
    ReasonCode.FAST_PULSE: (0.05, (0.5, 0, 0.5, -0.5, -0.5)),
    ReasonCode.MANY_NOTES: (0.05, (0.5, 0, 0.5, -0.5, -0.5)),
    ReasonCode.BRIGHT_SOUND: (0.1, (0.5, 0, 0.5, -0.5, -0.5)),
    ReasonCode.MAJOR_COLOUR: (0.2, (-0.3, -0.4, 0.7, 0.3, -0.3)),
}
"""How strongly, and what more of a cue does to each mood, in the order of `MOODS`."""
_CHANGES: Mapping[str, tuple[ReasonCode, tuple[float, ...]]] = {
    "faster": (ReasonCode.FAST_PULSE, (0.5, 0, 0.5, -0.5, -0.5)),
    "sparser": (ReasonCode.MANY_NOTES, (-0.5, 0, -0.5, 0.5, 0.5)),
    "brighter": (ReasonCode.BRIGHT_SOUND, (0.5, 0, 0.5, -0.5, -0.5)),
    "minor": (ReasonCode.MAJOR_COLOUR, (0.1, 0.5, -0.7, -0.3, 0.4)),
}
"""The cue that each way of turning a tune turns, and what that does to each mood."""
_CHANGE = 0.3
"""How far the scores of two tunes shall differ; the rows' targets lie between 0 and 1."""


class StaleLessons(MoodifyError):
    """The tunes were heard with other features than Moodify has now."""


@dataclass(frozen=True, slots=True)
class Lessons:
    """Pairs of tunes that differ in a cue, and tunes with their moods.

    Attributes
    ----------
    before, after : float array, shape (pairs, features)
    change : float array, shape (pairs, 5)
        By how much the score of each mood shall be larger after than before.
    tunes : float array, shape (tunes, features)
    moods : float array, shape (tunes, 5)
        1 for the mood that a tune was composed for.
    """

    before: FloatArray
    after: FloatArray
    change: FloatArray
    tunes: FloatArray
    moods: FloatArray


def cue_slope() -> FloatArray:
    """Return what is known of the cues as a linear score.

    Returns
    -------
    float array, shape (features, 5)
        By standardised feature: those of a cue share its slope alike.
    """
    slope = np.zeros((len(FEATURE_NAMES), len(MOODS)))
    for code, (strength, moods) in _SLOPES.items():
        group = _group(code)
        share = group.direction / np.abs(group.direction).sum()
        slope[group.columns] += strength * np.outer(share, moods)
    return slope


@cache
def lessons() -> Lessons:
    """Return what the tunes teach.

    Each pair of tunes is three lessons: one of the whole tunes, and two in which nothing but the
    features of the turned cue changes, so that they carry what the cue does.

    Returns
    -------
    Lessons

    Raises
    ------
    StaleLessons
        If the tunes were heard with other features.
    """
    with np.load(str(files(__package__).joinpath(TUNES))) as stored:
        if tuple(stored["features"]) != FEATURE_NAMES:
            raise StaleLessons(
                f"{TUNES} was made for other features; run python -m examples.make_lessons."
            )
        turns = stored["turns"].tolist()
        moods = stored["moods"].tolist()
        before, after, tunes = (
            stored[name].astype(np.float64) for name in ("before", "after", "tunes")
        )
    only_cue, all_but_cue = before.copy(), after.copy()
    for row, turn in enumerate(turns):
        columns = _group(_CHANGES[turn][0]).columns
        only_cue[row, columns] = after[row, columns]
        all_but_cue[row, columns] = before[row, columns]
    change = _CHANGE * np.array([_CHANGES[turn][1] for turn in turns])
    return Lessons(
        before=np.vstack((before, before, all_but_cue)),
        after=np.vstack((after, only_cue, after)),
        change=np.vstack((change, change, change)),
        tunes=tunes,
        moods=np.array([[float(mood == each) for each in MOODS] for mood in moods]),
    )


def _group(code: ReasonCode) -> Group:
    (group,) = (group for group in GROUPS if group.cue.more is code)
    return group
