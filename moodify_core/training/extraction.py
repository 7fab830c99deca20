"""The features of a whole dataset, in parallel, each file being heard once and remembered."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import joblib
import numpy as np

import moodify_core.audio
import moodify_core.features
from moodify_core.arrays import FloatArray, IntArray
from moodify_core.audio import AudioReader
from moodify_core.errors import AudioError
from moodify_core.features import extract
from moodify_core.moods import MOODS
from moodify_core.training.datasets import Clip, DatasetError


@dataclass(frozen=True, slots=True)
class TrainingSet:
    """A dataset as numbers; the arrays and lists run over the clips.

    Attributes
    ----------
    windows : list of float32 array, shape (windows, features)
        Rows of each clip; clips may differ in length.
    labels : int array, shape (clips,)
        Index into `MOODS`.
    artists, corpora : array of str, shape (clips,)
    names : list of str
        Path of each clip, for messages.
    """

    windows: list[FloatArray]
    labels: IntArray
    artists: IntArray
    corpora: IntArray
    names: list[str]

    def __len__(self) -> int:
        return len(self.windows)

    def take(self, indices: IntArray) -> TrainingSet:
        """Return the clips with these indices."""
        return TrainingSet(
            windows=[self.windows[index] for index in indices],
            labels=self.labels[indices],
            artists=self.artists[indices],
            corpora=self.corpora[indices],
            names=[self.names[index] for index in indices],
        )


def extract_training_set(clips: Sequence[Clip], cache: Path | None, jobs: int = -1) -> TrainingSet:
    """Hear all clips of a dataset.

    Parameters
    ----------
    clips : sequence of Clip
    cache : Path, optional
        Folder that remembers the features of each file, by the file's content and by the code
        that computed them.
    jobs : int
        Processes; -1 for one per core.

    Returns
    -------
    TrainingSet

    Raises
    ------
    DatasetError
        If a clip cannot be analysed; the message names it.
    """
    memory = joblib.Memory(cache, verbose=0) if cache else joblib.Memory(None, verbose=0)
    hear = memory.cache(_hear, ignore=["path"])
    revision = _revision_of_code()
    windows = joblib.Parallel(n_jobs=jobs)(
        joblib.delayed(hear)(clip.path, _digest(clip.path), revision) for clip in clips
    )
    return TrainingSet(
        windows=windows,
        labels=np.array([MOODS.index(clip.mood) for clip in clips]),
        artists=np.array([clip.artist for clip in clips]),
        corpora=np.array([clip.corpus for clip in clips]),
        names=[str(clip.path) for clip in clips],
    )


def _hear(path: Path, digest: str, revision: str) -> FloatArray:
    del digest, revision  # they are here to tell one remembered result from another
    try:
        with AudioReader(path) as reader:
            return extract(reader).windows
    except (AudioError, OSError) as error:
        raise DatasetError(f"{path} cannot be learned from: {error}") from error


def _digest(path: Path) -> str:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise DatasetError(f"{path} cannot be read: {error.strerror}.") from error


def _revision_of_code() -> str:
    """Digest of the code that turns a file into features."""
    package = Path(moodify_core.features.__file__).parent
    sources = [*sorted(package.glob("*.py")), Path(moodify_core.audio.__file__)]
    return hashlib.sha256(b"".join(source.read_bytes() for source in sources)).hexdigest()
