"""Compose the tunes that ``moodify train`` learns from: some as they are, some with a cue turned.

    python -m examples.make_lessons

Writes what Moodify hears in each of them, as features, in the place from which the training takes
it. To be run again when a feature changes. No test or measurement uses its seeds.
"""

import io
from typing import Any, Final

import numpy as np
import soundfile
import soxr

import moodify_core.training
from examples.tunes import PRESETS, RATE, compose
from moodify_core.arrays import FloatArray
from moodify_core.audio import AudioReader
from moodify_core.features import extract
from moodify_core.features.extraction import FEATURE_NAMES
from moodify_core.scoring import stretches
from moodify_core.training.lessons import TUNES

SEEDS: Final = range(1000, 1004)
"""Of tunes that are turned."""
PLAIN_SEEDS: Final = range(2000, 2012)
"""Of tunes that are left as they are."""
RATES: Final = (RATE, 8000)
"""At which those are sent: what they teach is to hold on a telephone, too."""
SECONDS: Final = 20.0


def turns(mood: str) -> dict[str, tuple[dict[str, Any], dict[str, Any]]]:
    """Name the ways to turn a tune of a mood, each with its cues before and after."""
    tempo = PRESETS[mood].tempo
    return {
        "faster": ({"tempo": 0.7 * tempo}, {"tempo": 1.4 * tempo}),
        "sparser": ({"density": 0.8}, {"density": 0.1}),
        "brighter": ({"brightness": 0.1}, {"brightness": 0.9}),
        "minor": ({"mode": "major"}, {"mode": "minor"}),
    }


def composed(mood: str, seed: int, cues: dict[str, Any], rate: int = RATE) -> io.BytesIO:
    """Compose a tune, and return it as a file of a rate."""
    samples, _ = compose(mood, seed=seed, seconds=SECONDS, **cues)
    file = io.BytesIO()
    soundfile.write(file, soxr.resample(samples, RATE, rate), rate, format="FLAC")
    file.seek(0)
    return file


def heard(mood: str, seed: int, cues: dict[str, Any], rate: int = RATE) -> FloatArray:
    """Compose a tune, and return the mean of its stretches, (features,)."""
    with AudioReader(composed(mood, seed, cues, rate)) as reader:
        features = extract(reader)
    row: FloatArray = stretches(features.windows, features.harmony).mean(axis=0)
    return row


def main() -> None:
    """Compose, turn, hear and write them all."""
    names, before, after = [], [], []
    for seed in SEEDS:
        for mood in PRESETS:
            for name, (first, second) in turns(mood).items():
                names.append(name)
                before.append(heard(mood, seed, first))
                after.append(heard(mood, seed, second))
    plain = [(mood, seed, rate) for seed in PLAIN_SEEDS for mood in PRESETS for rate in RATES]
    np.savez_compressed(
        f"{moodify_core.training.__path__[0]}/{TUNES}",
        features=np.array(FEATURE_NAMES),
        turns=np.array(names),
        before=np.array(before),
        after=np.array(after),
        tunes=np.array([heard(mood, seed, {}, rate) for mood, seed, rate in plain]),
        moods=np.array([mood for mood, _, _ in plain]),
    )


if __name__ == "__main__":
    main()
