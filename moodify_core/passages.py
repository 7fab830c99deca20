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
_SMALLEST = 1e-6


def find_passages(windows: tuple[Window, ...], duration: float) -> tuple[Segment, ...]:
    """Cut a song where its mood changes for good.

    The most likely path of a hidden Markov model whose states are the moods (Viterbi 1967).

    Parameters
    ----------
    windows : tuple of Window
        In order, at least one.
    duration : float
        Seconds.

    Returns
    -------
    tuple of Segment
        Neighbours differ in mood; they tile ``0..duration``. A border lies half way between
        the centres of the two windows that it parts.
    """
    probabilities = np.array([[window.probabilities[mood] for mood in MOODS] for window in windows])
    path = _most_likely_path(probabilities)
    borders = [0, *(np.flatnonzero(np.diff(path)) + 1).tolist(), len(path)]
    segments = []
    for first, end in pairwise(borders):
        segments.append(
            Segment(
                start=_border(windows, first) if first else 0.0,
                end=_border(windows, end) if end < len(windows) else duration,
                mood=MOODS[path[first]],
                probabilities=shares(probabilities[first:end].mean(axis=0)),
            )
        )
    return tuple(segments)


def _border(windows: tuple[Window, ...], index: int) -> float:
    before, after = windows[index - 1], windows[index]
    return (before.start + before.end + after.start + after.end) / 4


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
