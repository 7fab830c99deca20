"""From blocks of audio to the numbers that the mood model reads.

One short-time Fourier transform serves every feature but those of harmony, which need finer ears
and get a second one, at a quarter of the sample rate::

    blocks ── frames.FrameAnalyser ──> a row for each frame ── windows.WindowPooler ──> a row of
              statistics for each window of 5 s
           ── peaks.PeakFinder ──> spectral peaks ── harmony.HarmonyAnalyser ──> a row for each
              half minute, every 15 s

Nothing here grows with the song but those rows and a few numbers per frame.
"""

from moodify_core.features.extraction import SongFeatures, extract

__all__ = ["SongFeatures", "extract"]
