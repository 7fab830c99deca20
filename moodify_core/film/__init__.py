"""A song as a film: its colours follow the mood, and the picture moves with the sound.

::

    MoodAnalysis, title ── pictures ──> layers, each drawn once by matplotlib
    blocks of sound ── spectrum ──> how high the bars stand at each frame
    both ── frames ──> frames, put together in numpy ── encoding ──> MP4 or WebP

What a frame costs is settled beforehand (`plan`), and memory does not grow with the song.
"""

from moodify_core.film.making import make_film, make_teaser
from moodify_core.film.plan import DEFAULT_MAX_BYTES
from moodify_core.film.shapes import Shape

__all__ = ["DEFAULT_MAX_BYTES", "Shape", "make_film", "make_teaser"]
