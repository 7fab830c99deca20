"""What was heard, in a form that survives re-encoding, re-tagging and a change of level.

Each row of the song's chroma becomes 24 bits: whether each pitch class grows, and whether it is
stronger than its neighbour, over the next second and a half. That is the idea of Chromaprint
(Jang et al., "Pairwise boosted audio fingerprint", IEEE TIFS 2009), with plain comparisons in
place of learned filters.
"""

from __future__ import annotations

import base64

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from moodify_core.arrays import FloatArray

_SMOOTHING = 10
"""Rows of chroma, at about 7 a second, that are averaged."""
_MOST_SHIFT = 150
"""Rows, about 20 s, by which two recordings of one song may be displaced."""
_FEWEST_ROWS = 20
_LANDMARKS = 32

SAME_SONG = 0.5
"""Least `similarity` of copies of a song. Of 64 clips of 30 s, copies through MP3 scored 0.69 and
more, copies without their first moments, which move every row, 0.58 and more, and different clips
0.44 and less."""


def fingerprint(chroma: FloatArray) -> str:
    """Make the fingerprint of a song.

    Parameters
    ----------
    chroma : float32 array, shape (rows, 12)
        About seven rows a second (`moodify_core.features.extraction.CHROMA_RATE`).

    Returns
    -------
    str
        Base64 of 3 bytes for each row; short songs give a short text, perhaps an empty one.
    """
    if len(chroma) <= _SMOOTHING + 1:
        return ""
    smooth = sliding_window_view(chroma, _SMOOTHING, axis=0).mean(axis=-1)
    grows = smooth[1:] > smooth[:-1]
    leads = (smooth > np.roll(smooth, 1, axis=1))[1:]
    return base64.b64encode(np.packbits(np.hstack((grows, leads)), axis=None).tobytes()).decode()


def similarity(one: str, other: str) -> float:
    """Tell how alike two songs sound, wherever the shorter one starts in the longer.

    Parameters
    ----------
    one, other : str
        Fingerprints.

    Returns
    -------
    float
        0 (unrelated) to 1 (the same audio); 0 if either is too short to tell.
    """
    a, b = _rows(one), _rows(other)
    overlap_needed = max(_FEWEST_ROWS, min(len(a), len(b)) // 2)
    best = 0.0
    for shift in range(-_MOST_SHIFT, _MOST_SHIFT + 1):
        x, y = a[max(0, shift) :], b[max(0, -shift) :]
        overlap = min(len(x), len(y))
        if overlap >= overlap_needed:
            differing = np.bitwise_count(x[:overlap] ^ y[:overlap]).mean() / 8
            best = max(best, 1 - 2 * float(differing))
    return best


def landmarks(text: str) -> tuple[int, ...]:
    """Choose details of a fingerprint by which copies of a song can be looked up in a table.

    Of all rows, those whose scrambled values are the least: which ones these are does not depend
    on where a copy begins (Broder, "On the resemblance and containment of documents", 1997).

    Parameters
    ----------
    text : str
        A fingerprint.

    Returns
    -------
    tuple of int
        Up to 32 different numbers of 24 bits. Copies of a song share some of them, different songs
        hardly ever any.
    """
    rows = _rows(text).astype(np.uint32)
    words = np.unique(rows[:, 0] << 16 | rows[:, 1] << 8 | rows[:, 2])
    # Knuth's multiplicative hash.
    scrambled = words * np.uint32(2654435761)
    return tuple(words[np.argsort(scrambled)[:_LANDMARKS]].tolist())


def _rows(text: str) -> np.ndarray:
    return np.frombuffer(base64.b64decode(text), np.uint8).reshape(-1, 3)
