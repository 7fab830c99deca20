"""Make the example tunes again: ``python -m examples.make_tunes`` from the root of the repository.

The same versions of numpy, scipy, soundfile and libsndfile give the same bytes.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import soundfile

from examples.tunes import RATE, compose, join
from examples.tunes.synth import Audio

FOLDER: Final = Path(__file__).parent
CROSSFADE: Final = 1.5

# libsndfile counts from 0 (320 kbit/s) to 1 (the least): this is 96 kbit/s.
COMPRESSION: Final = 0.78


@dataclass(frozen=True, slots=True)
class Tune:
    """An example tune.

    Parameters
    ----------
    file
        Its name in this folder.
    title
        Its title in the file's tags.
    passages
        Mood, seed and seconds of each passage; one after the other with a crossfade between.
    """

    file: str
    title: str
    passages: tuple[tuple[str, int, float], ...]

    def play(self) -> Audio:
        """Compose the tune: float32 of shape (samples, 2) at :data:`~examples.tunes.RATE`."""
        played = [
            compose(mood, seed=seed, seconds=seconds)[0] for mood, seed, seconds in self.passages
        ]
        return join(played, crossfade=CROSSFADE)


TUNES: Final = (
    Tune("aggressive_broken_gears.mp3", "Broken Gears", (("aggressive", 1, 36.0),)),
    Tune("dramatic_siege_at_dawn.mp3", "Siege at Dawn", (("dramatic", 1, 40.0),)),
    Tune("happy_morning_run.mp3", "Morning Run", (("happy", 1, 35.4),)),
    Tune("romantic_last_dance.mp3", "Last Dance", (("romantic", 1, 42.0),)),
    Tune("sad_empty_platform.mp3", "Empty Platform", (("sad", 1, 42.0),)),
    Tune(
        "medley_after_the_storm.mp3",
        "After the Storm",
        (("sad", 2, 26.0), ("dramatic", 2, 26.0), ("happy", 2, 26.0)),
    ),
)
"""Everything in this folder that can be heard."""


def write(tune: Tune, folder: Path) -> Path:
    """Write a tune as an MP3 with its title and licence in the tags.

    Parameters
    ----------
    tune
        What to play.
    folder
        Where the file goes; one of the same name is replaced.

    Returns
    -------
    Path
        The file.
    """
    path = folder / tune.file
    with soundfile.SoundFile(
        path,
        "w",
        samplerate=RATE,
        channels=2,
        format="MP3",
        subtype="MPEG_LAYER_III",
        compression_level=COMPRESSION,
        bitrate_mode="CONSTANT",
    ) as file:
        file.title = tune.title
        file.artist = "Moodify"
        file.copyright = "CC0 1.0, no rights reserved"
        file.write(tune.play())
    return path


def main() -> None:
    """Write every example tune beside this script."""
    for tune in TUNES:
        path = write(tune, FOLDER)
        print(f"{path.name}: {path.stat().st_size / 1024:.0f} KiB")


if __name__ == "__main__":
    main()
