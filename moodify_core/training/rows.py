"""From clips to the rows that a classifier learns from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from moodify_core.arrays import FloatArray
from moodify_core.scoring import STRETCH_RADIUS, stretches
from moodify_core.training.extraction import TrainingSet, whole
from moodify_core.training.labels import steadied

_WHOLE_WEIGHT, _STRETCH_WEIGHT = 0.6, 0.3
_STRETCHES = 3
_FARTHEST = 3.0
"""Standard deviations at which the change of a feature is cut."""


@dataclass(frozen=True, slots=True)
class Rows:
    """Stretches of music with what is known of them; all arrays run over the rows.

    Attributes
    ----------
    features : float32 array, shape (rows, features)
    targets : float array, shape (rows, 5)
        How much of each mood there is, steadied by all that was said; rows sum to 1.
    weights : float array, shape (rows,)
    artists, corpora : array of str, shape (rows,)
    wavering : float array, shape (features,)
        How far each feature moves where only the studio is another: mean square, in standard
        deviations of the rows.
    """

    features: FloatArray
    targets: FloatArray
    weights: FloatArray
    artists: np.ndarray
    corpora: np.ndarray
    wavering: FloatArray


def training_rows(examples: TrainingSet) -> Rows:
    """Take from each clip the whole of it and three stretches of 15 s.

    Parameters
    ----------
    examples : TrainingSet

    Returns
    -------
    Rows
        Every mood weighs the same inside each collection, and every clip of a mood likewise.
    """
    rows = [_rows(w, h) for w, h in zip(examples.windows, examples.harmony, strict=True)]
    lengths = np.array([len(clip) for clip in rows])
    owner = np.repeat(np.arange(len(rows)), lengths)
    is_whole = np.concatenate([np.arange(length) == 0 for length in lengths])
    weights = np.where(is_whole, _WHOLE_WEIGHT, _STRETCH_WEIGHT) * _balance(examples)[owner]
    features = np.vstack(rows)
    moves = (examples.remastered - features[is_whole]) / (features.std(axis=0) + 1e-6)
    return Rows(
        features=features,
        targets=steadied(examples)[owner],
        weights=weights,
        artists=examples.artists[owner],
        corpora=examples.corpora[owner],
        wavering=np.square(np.clip(moves, -_FARTHEST, _FARTHEST)).mean(axis=0),
    )


def _rows(windows: FloatArray, harmony: FloatArray) -> FloatArray:
    """Return the whole clip first, then stretches that lie evenly over it."""
    last = max(STRETCH_RADIUS, len(windows) - 1 - STRETCH_RADIUS)
    centres = np.unique(np.linspace(STRETCH_RADIUS, last, _STRETCHES).round().astype(int))
    inside = centres[centres < len(windows)]
    return np.vstack((whole(windows, harmony), stretches(windows, harmony)[inside])).astype(
        np.float32
    )


def _balance(examples: TrainingSet) -> FloatArray:
    """Weigh clips so that every mood counts alike inside each collection; mean 1."""
    weights = np.ones(len(examples))
    for corpus in np.unique(examples.corpora):
        inside = examples.corpora == corpus
        amount = examples.targets[inside].sum(axis=0)
        weights[inside] = examples.targets[inside] @ (amount.mean() / np.maximum(amount, 1e-9))
    balanced: FloatArray = weights / weights.mean()
    return balanced
