"""From blocks of audio to the numbers that the mood model reads.

One short-time Fourier transform per block serves every feature::

    blocks of samples ── frames.FrameAnalyser ──> one row of features per frame (43 a second)
                      ── windows.WindowPooler  ──> one row of statistics per window of 5 s

Nothing here grows with the song but the windows' rows and two numbers per frame.
"""

from moodify_core.features.extraction import SongFeatures, extract

__all__ = ["SongFeatures", "extract"]
