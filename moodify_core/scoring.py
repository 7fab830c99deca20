"""From what two classifiers say of a song's windows to probabilities that can be shown.

One classifier hears a window of 5 s by itself, the other hears the half minute around it.
What the half minutes say, calibrated, is what the song as a whole sounds like; it is the prior
of each window, which then differs from it only as far as the window itself differs from the
song's other windows. So the windows of a song agree with the song on average, and still tell
its passages apart.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from moodify_core.arrays import FloatArray

CONTEXT_WINDOWS = 5
"""Windows on either side that belong to a context: 12.5 s each way, 30 s in all."""

_SMALLEST = 1e-4
"""A forest may give a mood no vote at all; that is not proof that it is impossible."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """What turns votes into probabilities; fitted on artists that the classifiers never heard.

    Attributes
    ----------
    sharpness : float
        Factor on the logarithm of the votes; above 1 the votes were too timid.
    bias : tuple of float, length 5
        Added to the logarithm of each mood's votes.
    window_share : float
        How much of the song's verdict comes from its windows by themselves, 0..1.
    window_contrast : float
        How far a window may depart from its song.
    """

    sharpness: float
    bias: tuple[float, ...]
    window_share: float
    window_contrast: float


@dataclass(frozen=True, slots=True)
class Scores:
    """Probabilities of the moods.

    Attributes
    ----------
    windows : float array, shape (windows, 5)
    song : float array, shape (5,)
    """

    windows: FloatArray
    song: FloatArray


def contexts(windows: FloatArray) -> FloatArray:
    """Describe the half minute around each window.

    Parameters
    ----------
    windows : float32 array, shape (windows, features)

    Returns
    -------
    float32 array, shape (windows, 2 * features)
        Mean and standard deviation of the features over the neighbouring windows.
    """
    rows = []
    for centre in range(len(windows)):
        near = windows[max(0, centre - CONTEXT_WINDOWS) : centre + CONTEXT_WINDOWS + 1]
        rows.append(np.concatenate((near.mean(axis=0), near.std(axis=0))))
    return np.stack(rows).astype(np.float32)


def song_votes(of_windows: FloatArray, of_contexts: FloatArray, window_share: float) -> FloatArray:
    """Blend what both classifiers say of a song, before calibration.

    Parameters
    ----------
    of_windows, of_contexts : float array, shape (windows, 5)
        Probabilities by the two classifiers.
    window_share : float
        Weight of the first, 0..1.

    Returns
    -------
    float array, shape (5,)
        Log-votes.
    """
    blend: FloatArray = window_share * _log(of_windows.mean(axis=0)) + (1 - window_share) * _log(
        of_contexts.mean(axis=0)
    )
    return blend


def combine(of_windows: FloatArray, of_contexts: FloatArray, calibration: Calibration) -> Scores:
    """Turn what both classifiers say into calibrated probabilities.

    Parameters
    ----------
    of_windows, of_contexts : float array, shape (windows, 5)
        Probabilities by the two classifiers.
    calibration : Calibration

    Returns
    -------
    Scores
    """
    bias = np.array(calibration.bias)
    votes = song_votes(of_windows, of_contexts, calibration.window_share)
    song = calibration.sharpness * votes + bias
    local = _log(of_windows) + _log(of_contexts)
    departure = local - local.mean(axis=0)
    windows = song + calibration.window_contrast * departure
    return Scores(windows=softmax(windows), song=softmax(song))


def softmax(logits: FloatArray) -> FloatArray:
    """Normalise the exponentials of the last axis to sum to 1."""
    raised = np.exp(logits - logits.max(axis=-1, keepdims=True))
    result: FloatArray = raised / raised.sum(axis=-1, keepdims=True)
    return result


def _log(probabilities: FloatArray) -> FloatArray:
    logarithm: FloatArray = np.log(np.maximum(probabilities, _SMALLEST))
    return logarithm
