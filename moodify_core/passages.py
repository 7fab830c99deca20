"""From flickering windows to passages of one mood."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from moodify_core.arrays import FloatArray
from moodify_core.moods import MOODS, shares
from moodify_core.result import Segment, Window

CHANGE_COST = 1.5
"""What a change of mood must win in log-probability, over the windows that it wins.

Neighbouring windows share half of their music, so their evidence counts half; a change back
and forth must then be supported by about 10 s of clearly different music.
"""
_EVIDENCE = 0.5
_NEARBY = 4
"""Windows, 10 s: the classifier hears 15 s at a time and cannot place a border better."""
_SMALLEST = 1e-6


def find_passages(
    windows: tuple[Window, ...], duration: float, change: FloatArray
) -> tuple[Segment, ...]:
    """Cut a song where its mood changes for good.

    The most likely path of a hidden Markov model whose states are the moods (Viterbi 1967)
    tells which moods follow each other; the exact border is where, close to there, the sound
    itself changes most.

    Parameters
    ----------
    windows : tuple of Window
        In order, at least one.
    duration : float
        Seconds.
    change : float array, shape (windows,)
        How much the sound changes at the middle of each window (`change_of_sound`).

    Returns
    -------
    tuple of Segment
        Neighbours differ in mood; they tile ``0..duration``.
    """
    probabilities = np.array([[window.probabilities[mood] for mood in MOODS] for window in windows])
    path = _most_likely_path(probabilities)
    middles = [(window.start + window.end) / 2 for window in windows]
    turns = (np.flatnonzero(np.diff(path)) + 1).tolist()
    borders = _exact(turns, change)
    edges = [0.0, *(middles[border] for border in borders), duration]
    segments = []
    for (start, end), (first, beyond) in zip(
        pairwise(edges), pairwise([0, *turns, len(path)]), strict=True
    ):
        segments.append(
            Segment(
                start=start,
                end=end,
                mood=MOODS[path[first]],
                probabilities=shares(probabilities[first:beyond].mean(axis=0)),
            )
        )
    return tuple(segments)


def change_of_sound(features: FloatArray) -> FloatArray:
    """Tell how much the sound changes at the middle of each window.

    Parameters
    ----------
    features : float32 array, shape (windows, features)

    Returns
    -------
    float array, shape (windows,)
        Distance between what is heard in the 7.5 s before and after it, in the song's own
        standard deviations; 0 at the first and last window.
    """
    standard = (features - features.mean(axis=0)) / (features.std(axis=0) + _SMALLEST)
    change = np.zeros(len(features))
    for middle in range(1, len(features) - 1):
        before = standard[max(0, middle - 2) : middle].mean(axis=0)
        after = standard[middle + 1 : middle + 3].mean(axis=0)
        change[middle] = np.linalg.norm(after - before)
    return change


def _exact(turns: list[int], change: FloatArray) -> list[int]:
    """Move each border to the strongest change of sound nearby; they stay in order."""
    borders: list[int] = []
    for number, turn in enumerate(turns):
        lowest = max(borders[-1] + 1 if borders else 1, turn - _NEARBY)
        following = turns[number + 1] if number + 1 < len(turns) else len(change)
        highest = min(turn + _NEARBY, following - 1)
        nearby = np.arange(lowest, max(highest, lowest) + 1)
        borders.append(int(nearby[change[nearby].argmax()]))
    return borders


def _most_likely_path(probabilities: FloatArray) -> list[int]:
    evidence = _EVIDENCE * np.log(np.maximum(probabilities, _SMALLEST))
    best = evidence[0]
    origins = []
    for row in evidence[1:]:
        stay, leave = best, best.max() - CHANGE_COST
        origins.append(np.where(stay >= leave, np.arange(len(row)), best.argmax()))
        best = np.maximum(stay, leave) + row
    path = [int(best.argmax())]
    for origin in reversed(origins):
        path.append(int(origin[path[-1]]))
    return path[::-1]
