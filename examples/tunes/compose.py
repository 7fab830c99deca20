"""A finished tune in one call, and several joined into one."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from examples.tunes.form import plan
from examples.tunes.mix import mix
from examples.tunes.parts import Score, arrange
from examples.tunes.style import PRESETS, RATE
from examples.tunes.synth import Audio


def compose(mood: str, *, seed: int, seconds: float, **overrides: Any) -> tuple[Audio, int]:  # noqa: ANN401
    """Compose and play a tune.

    Parameters
    ----------
    mood
        A key of :data:`~examples.tunes.style.PRESETS`: aggressive, dramatic, happy, romantic or
        sad.
    seed
        Key, melodies, rhythms and human timing; not negative. The same arguments give the same
        samples.
    seconds
        Length, above 0. From about 30 s on a tune has an introduction, verses, choruses and an
        ending.
    **overrides
        Cues of :class:`~examples.tunes.style.Style` to turn, such as ``tempo=90.0``.

    Returns
    -------
    samples : ndarray of float32, shape (round(seconds * sample_rate), 2)
        Within -0.89 to 0.89.
    sample_rate : int
        In Hz.

    Raises
    ------
    KeyError
        If there is no such mood.
    TypeError
        If a :class:`~examples.tunes.style.Style` has no such cue.
    ValueError
        If ``seconds`` is not above 0.
    """
    if seconds <= 0:
        raise ValueError("A tune needs a length above 0 seconds.")
    style = replace(PRESETS[mood], **overrides)
    score = Score(style, plan(style, seconds), seed, seconds)
    return mix(arrange(score), style, seconds), RATE


def join(tunes: Sequence[Audio], *, crossfade: float = 0.0) -> Audio:
    """Join tunes into one.

    Parameters
    ----------
    tunes
        At least one, each of shape (samples, 2) and longer than ``crossfade``.
    crossfade
        Seconds for which a tune fades in over the end of the one before it.

    Returns
    -------
    ndarray of float32, shape (samples, 2)
        As long as the tunes together, less the crossfades.
    """
    overlap = round(crossfade * RATE)
    rise = np.sin(np.linspace(0, np.pi / 2, overlap, dtype=np.float32))[:, None]
    joined = tunes[0]
    for tune in tunes[1:]:
        kept = joined.shape[0] - overlap
        both = joined[kept:] * rise[::-1] + tune[:overlap] * rise
        joined = np.concatenate([joined[:kept], both, tune[overlap:]])
    return joined
