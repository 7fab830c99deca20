"""Songs to measure with, composed by our own synthesiser."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import soundfile

from examples.tunes import compose, join
from moodify_core.moods import MOODS

_ENCODED = 10.0
"""Longest song in minutes that is encoded as a whole."""


def song(folder: Path, minutes: float) -> Path:
    """Make an MP3 of about 320 kbit/s, stereo at 44.1 kHz.

    Parameters
    ----------
    folder : Path
        Where it is kept; what is there already is used again.
    minutes : float
        Length; beyond five minutes the music repeats, and beyond ten the encoded bytes do, of
        which only whole tens are taken.

    Returns
    -------
    Path
    """
    path = folder / f"song-{minutes:g}-minutes.mp3"
    if path.exists():
        return path
    partial = path.with_suffix(".partial")
    if minutes > _ENCODED:
        # An MP3 is a row of frames that stand for themselves; encoding two hours takes as long
        # as hearing them twenty times.
        partial.write_bytes(song(folder, _ENCODED).read_bytes() * round(minutes / _ENCODED))
        return partial.rename(path)
    tunes = [compose(mood.value, seed=400, seconds=60.0) for mood in MOODS]
    rate = tunes[0][1]
    music = join([samples for samples, _ in tunes])
    left = int(minutes * 60 * rate)
    with soundfile.SoundFile(
        partial,
        "w",
        rate,
        2,
        format="MP3",
        subtype="MPEG_LAYER_III",
        bitrate_mode="CONSTANT",
        compression_level=0.0,
    ) as file:
        while left > 0:
            file.write(np.ascontiguousarray(music[:left]))
            left -= len(music)
    return partial.rename(path)
