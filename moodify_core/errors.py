"""Everything that can go wrong in the analyser, as one tree.

::

    MoodifyError
    ├── AudioError                the audio that was handed in cannot be analysed
    │   ├── UnsupportedFormat     not audio, or a kind of audio that is not taken
    │   ├── BrokenAudio           named like audio, but nothing could be decoded
    │   ├── UnsupportedStream     a sample rate or a number of channels out of range
    │   ├── TooShort              less than the shortest song that gets an answer
    │   ├── TooLong               longer than the caller allows
    │   └── SilentAudio           nothing but silence
    └── ModelError                the trained model cannot be used
        ├── ModelMissing          no model where one should be
        └── ModelCorrupt          the model is not the one that its metrics describe

The text of each error is one sentence for the person who handed in the audio. Errors carry
their figures as attributes and survive pickling, so that a worker process can raise them.
"""

from __future__ import annotations


class MoodifyError(Exception):
    """Base of all errors that Moodify raises on purpose."""


class AudioError(MoodifyError):
    """The audio that was handed in cannot be analysed."""


class UnsupportedFormat(AudioError):
    """The bytes are not audio of a kind that Moodify takes."""

    def __init__(self) -> None:
        super().__init__(
            "This is not an audio file that Moodify can read; "
            "send MP3, WAV, FLAC, AIFF, Ogg, Opus, M4A, WebM, MP4 or WMA."
        )

    def __reduce__(self) -> tuple[type[UnsupportedFormat], tuple[()]]:
        return (type(self), ())


class BrokenAudio(AudioError):
    """The file looks like audio, but nothing in it could be decoded."""

    def __init__(self) -> None:
        super().__init__(
            "This audio file is damaged and nothing in it could be decoded; "
            "try to export or download it again."
        )

    def __reduce__(self) -> tuple[type[BrokenAudio], tuple[()]]:
        return (type(self), ())


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
        self.sample_rate = sample_rate
        self.channels = channels
        super().__init__(
            f"This file claims {channels} channels at {sample_rate} Hz; Moodify takes up to "
            "8 channels at 8000 to 192000 Hz, so export it again with ordinary settings."
        )

    def __reduce__(self) -> tuple[type[UnsupportedStream], tuple[int, int]]:
        return (type(self), (self.sample_rate, self.channels))


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
        self.duration = duration
        self.minimum = minimum
        super().__init__(
            f"This audio is {duration:.2f} seconds long; "
            f"Moodify needs at least {minimum:g} second(s) to hear a mood."
        )

    def __reduce__(self) -> tuple[type[TooShort], tuple[float, float]]:
        return (type(self), (self.duration, self.minimum))


class TooLong(AudioError):
    """The audio is longer than the caller allows.

    Attributes
    ----------
    limit : float
        Seconds that are allowed.
    """

    def __init__(self, limit: float) -> None:
        self.limit = limit
        super().__init__(
            f"This audio is longer than the {limit / 60:g} minutes that are allowed here; "
            "send a shorter cut of it."
        )

    def __reduce__(self) -> tuple[type[TooLong], tuple[float]]:
        return (type(self), (self.limit,))


class SilentAudio(AudioError):
    """The audio holds nothing but silence."""

    def __init__(self) -> None:
        super().__init__("This audio is silent from start to end, so there is no mood to hear.")

    def __reduce__(self) -> tuple[type[SilentAudio], tuple[()]]:
        return (type(self), ())


class ModelError(MoodifyError):
    """The trained model cannot be used."""


class ModelMissing(ModelError):
    """There is no model where one should be."""

    def __init__(self, folder: str) -> None:
        self.folder = folder
        super().__init__(
            f"No trained model was found in {folder}; "
            "install Moodify again, or make one with 'moodify train'."
        )

    def __reduce__(self) -> tuple[type[ModelMissing], tuple[str]]:
        return (type(self), (self.folder,))


class ModelCorrupt(ModelError):
    """The model file is not the one that its description names."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(
            f"The trained model cannot be trusted ({reason}); "
            "install Moodify again, or make one with 'moodify train'."
        )

    def __reduce__(self) -> tuple[type[ModelCorrupt], tuple[str]]:
        return (type(self), (self.reason,))
