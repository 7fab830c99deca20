"""Everything that can go wrong in the analyser, as one tree.

::

    MoodifyError
    ├── AudioError                the audio that was handed in cannot be analysed
    │   ├── UnsupportedFormat     not audio, or a kind of audio that is not taken
    │   ├── NoAudioTrack          a file for audio, or a film, with no sound in it
    │   ├── BrokenAudio           named like audio, but nothing could be decoded
    │   ├── UnsupportedStream     a sample rate or a number of channels out of range
    │   ├── TooShort              less than the shortest song that gets an answer
    │   ├── TooLong               longer than the caller allows
    │   └── SilentAudio           nothing but silence
    ├── FilmTooLong               no film of this length fits the size that is allowed
    └── ModelError                the trained model cannot be used
        ├── ModelMissing          no model where one should be
        └── ModelCorrupt          the model is not the one that its metrics describe

The text of each error is one sentence for the person who handed in the audio. Errors carry
their figures as attributes and survive pickling, so that a worker process can raise them.
"""

from __future__ import annotations

import math


class MoodifyError(Exception):
    """Base of all errors that Moodify raises on purpose."""


class AudioError(MoodifyError):
    """The audio that was handed in cannot be analysed."""


class UnsupportedFormat(AudioError):
    """The bytes are not audio of a kind that Moodify takes."""

    def __str__(self) -> str:
        return (
            "This is not an audio file that Moodify can read; "
            "send MP3, WAV, FLAC, AIFF, Ogg, Opus, M4A, WebM, MP4 or WMA."
        )


class NoAudioTrack(AudioError):
    """The file is whole, but there is no sound in it: a film without sound, an empty recording."""

    def __str__(self) -> str:
        return "There is no sound in this file; send one that has music in it."


class BrokenAudio(AudioError):
    """The file looks like audio, but nothing in it could be decoded."""

    def __str__(self) -> str:
        return (
            "This audio file is damaged and nothing in it could be decoded; "
            "try to export or download it again."
        )


class UnsupportedStream(AudioError):
    """The audio's sample rate or number of channels is out of range.

    Attributes
    ----------
    sample_rate : int
        Declared sample rate in Hz.
    channels : int
        Declared number of channels.
    """

    def __init__(self, sample_rate: int, channels: int) -> None:
        super().__init__(sample_rate, channels)
        self.sample_rate = sample_rate
        self.channels = channels

    def __str__(self) -> str:
        return (
            f"This file claims {self.channels} channels at {self.sample_rate} Hz; Moodify takes "
            "up to 8 channels at 8000 to 192000 Hz, so export it again with ordinary settings."
        )


class TooShort(AudioError):
    """The audio is shorter than the shortest song that gets an answer.

    Attributes
    ----------
    duration : float
        Seconds of audio that were found.
    minimum : float
        Seconds that are needed.
    """

    def __init__(self, duration: float, minimum: float) -> None:
        super().__init__(duration, minimum)
        self.duration = duration
        self.minimum = minimum

    @property
    def length(self) -> str:
        """The duration to be read, rounded down: too short must never look long enough."""
        return f"{math.floor(self.duration * 100) / 100:.2f}"

    def __str__(self) -> str:
        seconds = "second" if self.minimum == 1 else "seconds"
        return (
            f"This audio is {self.length} seconds long; "
            f"Moodify needs at least {self.minimum:g} {seconds} to hear a mood."
        )


class TooLong(AudioError):
    """The audio is longer than the caller allows.

    Attributes
    ----------
    limit : float
        Seconds that are allowed.
    """

    def __init__(self, limit: float) -> None:
        super().__init__(limit)
        self.limit = limit

    def __str__(self) -> str:
        return (
            f"This audio is longer than the {self.limit / 60:g} minutes that are allowed here; "
            "send a shorter cut of it."
        )


class SilentAudio(AudioError):
    """The audio holds nothing but silence."""

    def __str__(self) -> str:
        return "This audio is silent from start to end, so there is no mood to hear."


class FilmTooLong(MoodifyError):
    """No film of this length fits the size that is allowed.

    Attributes
    ----------
    max_bytes : int
        Size that is allowed.
    longest : float
        Seconds of the longest film that fits.
    """

    def __init__(self, max_bytes: int, longest: float) -> None:
        super().__init__(max_bytes, longest)
        self.max_bytes = max_bytes
        self.longest = longest

    def __str__(self) -> str:
        minutes, seconds = divmod(int(self.longest), 60)
        return (
            f"This song is too long for a film of at most {self.max_bytes / 2**20:g} MiB, which "
            f"holds {minutes} min {seconds} s; send a shorter cut of it."
        )


class ModelError(MoodifyError):
    """The trained model cannot be used."""


class ModelMissing(ModelError):
    """There is no model where one should be."""

    def __init__(self, folder: str) -> None:
        super().__init__(folder)
        self.folder = folder

    def __str__(self) -> str:
        return (
            f"No trained model was found in {self.folder}; "
            "install Moodify again, or make one with 'moodify train'."
        )


class ModelCorrupt(ModelError):
    """The model file is not the one that its description names."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason

    def __str__(self) -> str:
        return (
            f"The trained model cannot be trusted ({self.reason}); "
            "install Moodify again, or make one with 'moodify train'."
        )
