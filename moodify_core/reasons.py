"""Why this mood: what the model itself would say if the song were average in one respect.

For each musical cue, its features are set to their mean over the training music and the model
is run again; what the dominant mood loses is the cue's weight (group occlusion, after Zeiler and
Fergus, ECCV 2014). So the reasons are those of the model's own decision, whatever learner it is.
"""

from __future__ import annotations

import numpy as np

from moodify_core.arrays import FloatArray
from moodify_core.cues import GROUPS, Group
from moodify_core.model import MoodModel
from moodify_core.moods import MOODS, Mood
from moodify_core.result import Note
from moodify_core.scoring import softmax, votes

MOST_REASONS = 3
_SAMPLE = 6
"""Stretches of a song that are asked, evenly spread: more tell nothing new."""
_LEAST_WEIGHT = 0.01
_LEAST_DEVIATION = 0.15
"""Mean standard deviations from the usual under which nobody would call a song fast or slow."""


def find_reasons(rows: FloatArray, model: MoodModel, mood: Mood) -> tuple[Note, ...]:
    """Name what spoke most for a mood.

    Parameters
    ----------
    rows : float32 array, shape (rows, features)
        Stretches of one song (`moodify_core.scoring.stretches`).
    model : MoodModel
    mood : Mood

    Returns
    -------
    tuple of Note
        At most `MOST_REASONS`, each a `ReasonCode` with its ``weight``, the strongest first.
    """
    rows = rows[np.unique(np.linspace(0, len(rows) - 1, _SAMPLE).round().astype(int))]
    found = []
    for group, weight in zip(GROUPS, weights(rows, model, mood), strict=True):
        much = deviation(rows, model, group)
        if weight >= _LEAST_WEIGHT and abs(much) >= _LEAST_DEVIATION:
            code = group.cue.more if much > 0 else group.cue.less
            found.append(Note(code, {"weight": round(float(weight), 4)}))
    found.sort(key=lambda note: -float(note.parameters["weight"]))
    return tuple(found[:MOST_REASONS])


def weights(rows: FloatArray, model: MoodModel, mood: Mood) -> FloatArray:
    """Tell how much less probable a mood would be without each cue.

    Parameters
    ----------
    rows : float32 array, shape (rows, features)
        Stretches of one song.
    model : MoodModel
    mood : Mood

    Returns
    -------
    float array, shape (len(GROUPS),)
        -1..1, in the order of `moodify_core.cues.GROUPS`; negative for cues that spoke against.
    """
    versions = np.repeat(rows[None], len(GROUPS) + 1, axis=0)
    for version, group in zip(versions[1:], GROUPS, strict=True):
        version[:, group.columns] = model.familiarity.mean[group.columns]
    said = model.classifier.predict_proba(versions.reshape(-1, rows.shape[1]))
    log_votes = np.stack([votes(part) for part in np.split(said, len(versions))])
    probability = softmax(model.calibration.sharpness * log_votes)[:, MOODS.index(mood)]
    without: FloatArray = probability[0] - probability[1:]
    return without


def deviation(rows: FloatArray, model: MoodModel, group: Group) -> float:
    """Tell how much more of a cue there is than usual.

    Parameters
    ----------
    rows : float32 array, shape (rows, features)
        Stretches of one song.
    model : MoodModel
    group : Group

    Returns
    -------
    float
        In mean standard deviations of the training music, -3..3.
    """
    standard = model.familiarity.standard(rows)[:, group.columns].mean(axis=0)
    telling = group.direction != 0
    return float((np.clip(standard, -3, 3) * group.direction)[telling].mean())
