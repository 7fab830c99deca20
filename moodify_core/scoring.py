"""From what the classifier says of a song's stretches to probabilities that can be shown.

The classifier hears the 15 s around each window. A song's verdict is what its stretches say on
average, made as sure as such verdicts have earned to be. The windows keep what they say
themselves, so the song agrees with its windows on average, and its passages can be told apart.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from moodify_core.arrays import BoolArray, FloatArray, IntArray
from moodify_core.features.harmony import STRETCH_HOP_SECONDS, STRETCH_SECONDS
from moodify_core.features.windows import WINDOW_HOP_SECONDS, WINDOW_SECONDS

STRETCH_RADIUS = 2
"""Windows on either side that belong to a stretch: 5 windows, 15 s."""

MOST_UNLIKE = 0.5
"""Share of a song's windows from which on it is called unlike music."""
_SAY_OF_UNLIKE = 0.2
"""What a stretch unlike all music says is close to a guess, and is to look like one."""

_SMALLEST = 1e-4
"""A classifier may give a mood no vote at all; that is not proof that it is impossible."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """What turns votes into probabilities; fitted on artists that the classifier never heard.

    Attributes
    ----------
    sharpness : float
        Factor on the logarithm of the votes (temperature scaling: Guo et al., "On calibration
        of modern neural networks", ICML 2017); above 1 the votes were too timid.
    """

    sharpness: float


@dataclass(frozen=True, slots=True)
class Scores:
    """Probabilities of the moods.

    Attributes
    ----------
    windows : float array, shape (windows, 5)
    song : float array, shape (5,)
    unlike : bool array, shape (windows,)
        Which windows lie in stretches that are unlike music.
    """

    windows: FloatArray
    song: FloatArray
    unlike: BoolArray


def stretches(
    windows: FloatArray, harmony: FloatArray, audible: BoolArray | None = None
) -> FloatArray:
    """Describe the stretch around each window, as the classifier reads it.

    Parameters
    ----------
    windows : float32 array, shape (windows, window features)
    harmony : float32 array, shape (stretches of 30 s, harmony features)
    audible : bool array, shape (windows,), optional
        Which windows are not silent; at least one. Default: all.

    Returns
    -------
    float32 array, shape (windows, window features + harmony features)
        Mean over the neighbouring windows, and the harmony of the half minute whose middle is
        nearest to the window's. Silence has no say in that, and gets what is heard nearest to it.
    """
    if audible is None:
        audible = np.ones(len(windows), bool)
    centres = np.flatnonzero(audible)
    rows = []
    for centre in centres:
        around = slice(max(0, centre - STRETCH_RADIUS), centre + STRETCH_RADIUS + 1)
        rows.append(windows[around][audible[around]].mean(axis=0))
    half_minutes = _nearest(len(windows), len(harmony))[centres]
    heard = np.hstack((np.stack(rows), harmony[half_minutes]))
    return heard if audible.all() else heard[_nearest_of(centres, len(windows))]


def votes(probabilities: FloatArray) -> FloatArray:
    """Average what the classifier says of a song's stretches.

    Parameters
    ----------
    probabilities : float array, shape (windows, 5)

    Returns
    -------
    float array, shape (5,)
        Log-votes.
    """
    average: FloatArray = _log(probabilities).mean(axis=0)
    return average


def calibrated(
    probabilities: FloatArray,
    calibration: Calibration,
    unlike: BoolArray,
    audible: BoolArray | None = None,
) -> Scores:
    """Turn what the classifier says of a song's stretches into calibrated probabilities.

    Parameters
    ----------
    probabilities : float array, shape (windows, 5)
    calibration : Calibration
    unlike : bool array, shape (windows,)
        Which stretches are unlike music: they have a fifth of a say.
    audible : bool array, shape (windows,), optional
        Which windows have a say at all; at least one. Default: all.

    Returns
    -------
    Scores
    """
    say = np.where(unlike, _SAY_OF_UNLIKE, 1.0)[:, None]
    logits = calibration.sharpness * say * _log(probabilities)
    heard = logits if audible is None else logits[audible]
    return Scores(windows=softmax(logits), song=softmax(heard.mean(axis=0)), unlike=unlike)


def softmax(logits: FloatArray) -> FloatArray:
    """Normalise the exponentials of the last axis to sum to 1."""
    raised = np.exp(logits - logits.max(axis=-1, keepdims=True))
    result: FloatArray = raised / raised.sum(axis=-1, keepdims=True)
    return result


def _nearest(windows: int, stretches: int) -> IntArray:
    centres = np.arange(windows) * WINDOW_HOP_SECONDS + WINDOW_SECONDS / 2
    index = np.round((centres - STRETCH_SECONDS / 2) / STRETCH_HOP_SECONDS)
    nearest: IntArray = np.clip(index, 0, stretches - 1).astype(int)
    return nearest


def _nearest_of(places: IntArray, length: int) -> IntArray:
    """Return, for each of so many windows, which of some places is nearest: an index into them."""
    windows = np.arange(length)
    after = np.searchsorted(places, windows).clip(max=len(places) - 1)
    before = (after - 1).clip(min=0)
    nearer = np.abs(windows - places[before]) <= np.abs(windows - places[after])
    nearest: IntArray = np.where(nearer, before, after)
    return nearest


def _log(probabilities: FloatArray) -> FloatArray:
    logarithm: FloatArray = np.log(np.maximum(probabilities, _SMALLEST))
    return logarithm
