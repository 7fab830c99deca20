"""Whether a recording has the rhythm and the pitch of talk.

Talk comes in syllables and pauses, so its level swings more than that of most music (Scheirer and
Slaney, "Construction and evaluation of a robust multifeature speech/music discriminator", ICASSP
1997), and its pitch glides: half a second later other pitch classes sound, where music keeps to
a chord or comes back to it. Rap has both too; therefore this alone decides nothing
(`moodify_core.familiarity`).
"""

from __future__ import annotations

import numpy as np

from moodify_core.arrays import FloatArray

_LEAST_SWING = 0.55
"""Standard deviation of the logarithm of the level (natural, floor at 3 % of the loudest)."""
_MOST_ALIKE = 0.3
"""Correlation of the pitch classes with those of half a second later."""
_LATER = 4
"""Rows of chroma, 0.14 s each."""
_LOUDEST, _FLOOR, _TINY = 0.95, 0.03, 1e-9


def sounds_spoken(peaks: FloatArray, chroma: FloatArray) -> bool:
    """Tell whether a recording has the rhythm and the pitch of talk.

    Parameters
    ----------
    peaks : float array, shape (n,)
        Level in each 93 ms, linear, as in `SongFeatures`.
    chroma : float array, shape (m, 12)
        Pitch classes in each 0.14 s, as in `SongFeatures`.

    Returns
    -------
    bool
    """
    if len(chroma) <= _LATER:
        return False
    level = peaks / (np.quantile(peaks, _LOUDEST) + _TINY)
    swing = float(np.log(level + _FLOOR).std())
    centred = chroma - chroma.mean(axis=1, keepdims=True)
    length = np.linalg.norm(centred, axis=1)
    lengths = length[_LATER:] * length[:-_LATER]
    sounding = lengths > _TINY
    if not sounding.any():
        return False
    products = (centred[_LATER:] * centred[:-_LATER]).sum(axis=1)
    alike = float((products[sounding] / lengths[sounding]).mean())
    return swing > _LEAST_SWING and alike < _MOST_ALIKE
