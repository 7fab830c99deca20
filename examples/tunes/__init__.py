"""A small band that plays original music in a chosen mood, from a seed.

The music feeds the example files, the tests and the benchmarks: it can be made in any length
and amount, nobody owns it (CC0), and every musical cue in it can be turned by hand, so that a
test can ask what a faster, sparser, brighter or minor version of the same tune does.

>>> from examples.tunes import compose
>>> samples, rate = compose("happy", seed=1, seconds=30.0)
>>> slower, rate = compose("happy", seed=1, seconds=30.0, tempo=80.0, drums=False)

The modules, in the order in which the music flows through them::

    style.py    what a tune should be like: the Style of each mood
    form.py     how long the sections are, and how strongly each is played
    harmony.py  scales, chords and the voices that carry them
    parts.py    who plays which notes: melody, figure, pad, bass, drums
    synth.py    the sound of one note on one instrument
    mix.py      notes to a stereo mix: distortion, reverb, loudness
    compose.py  all of it in one call
"""

from examples.tunes.compose import compose, join
from examples.tunes.style import PRESETS, RATE, Style

__all__ = ["PRESETS", "RATE", "Style", "compose", "join"]
