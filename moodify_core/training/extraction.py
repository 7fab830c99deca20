"""The features of a whole dataset, in parallel, each file being heard once and remembered."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import joblib
import numpy as np

import moodify_core.audio
import moodify_core.containers
import moodify_core.features
import moodify_core.speech
import moodify_core.training.studios
from moodify_core.arrays import FloatArray, IntArray
from moodify_core.audio import AudioReader
from moodify_core.errors import AudioError
from moodify_core.features import extract
from moodify_core.moods import MOODS
from moodify_core.speech import sounds_spoken
from moodify_core.training.datasets import Clip, DatasetError
from moodify_core.training.studios import remastered

UNCLEAR = -1
"""Label of a clip that has no clear mood."""


@dataclass(frozen=True, slots=True)
class TrainingSet:
    """A dataset as numbers; the arrays and lists run over the clips.

    Attributes
    ----------
    windows : list of float32 array, shape (windows, window features)
        Clips may differ in length.
    harmony : list of float32 array, shape (stretches, harmony features)
    labels : int array, shape (clips,)
        Index into `MOODS`; `UNCLEAR` where no mood is a clear winner: such clips are learned
        from, but nothing is measured on them.
    targets : float array, shape (clips, 5)
        How much of each mood there is; rows sum to 1.
    artists, corpora, genres : array of str, shape (clips,)
    spoken : bool array, shape (clips,)
        Which have the rhythm and the pitch of talk.
    described : float array, shape (clips, words)
        What people said of each clip, a column for each tag, quadrant and rating.
    remastered : float32 array, shape (clips, features)
        Each clip as a whole, as another studio would have sent it.
    """

    windows: list[FloatArray]
    harmony: list[FloatArray]
    labels: IntArray
    targets: FloatArray
    artists: IntArray
    corpora: IntArray
    genres: IntArray
    spoken: np.ndarray
    described: FloatArray
    remastered: FloatArray

    @property
    def clear(self) -> IntArray:
        """Indices of the clips whose mood is clear."""
        return np.flatnonzero(self.labels != UNCLEAR)

    def __len__(self) -> int:
        return len(self.windows)

    def take(self, indices: IntArray) -> TrainingSet:
        """Return the clips with these indices."""
        return TrainingSet(
            windows=[self.windows[index] for index in indices],
            harmony=[self.harmony[index] for index in indices],
            labels=self.labels[indices],
            targets=self.targets[indices],
            artists=self.artists[indices],
            corpora=self.corpora[indices],
            genres=self.genres[indices],
            spoken=self.spoken[indices],
            described=self.described[indices],
            remastered=self.remastered[indices],
        )


class _Heard(NamedTuple):
    windows: FloatArray
    harmony: FloatArray
    spoken: bool
    remastered: FloatArray


def whole(windows: FloatArray, harmony: FloatArray) -> FloatArray:
    """Describe a clip as a whole, shape (features,)."""
    return np.concatenate((windows.mean(axis=0), harmony.mean(axis=0)))


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
    heard = joblib.Parallel(n_jobs=jobs)(
        joblib.delayed(hear)(clip.path, _digest(clip.path), revision) for clip in clips
    )
    return TrainingSet(
        windows=[clip.windows for clip in heard],
        harmony=[clip.harmony for clip in heard],
        labels=np.array([MOODS.index(clip.mood) if clip.mood else UNCLEAR for clip in clips]),
        targets=np.array([clip.targets for clip in clips]),
        artists=np.array([clip.artist for clip in clips]),
        corpora=np.array([clip.corpus for clip in clips]),
        genres=np.array([clip.genre for clip in clips]),
        spoken=np.array([clip.spoken for clip in heard]),
        described=_descriptions(clips),
        remastered=np.stack([clip.remastered for clip in heard]),
    )


def _descriptions(clips: Sequence[Clip]) -> FloatArray:
    words = sorted({word for clip in clips for word in clip.described})
    table = [[clip.described.get(word, 0.0) for word in words] for clip in clips]
    return np.array(table).reshape(len(clips), len(words))


def _hear(path: Path, digest: str, revision: str) -> _Heard:
    del revision  # it is here to tell one remembered result from another
    try:
        with AudioReader(path) as reader:
            blocks = list(reader)
        features = extract(blocks)
    except (AudioError, OSError) as error:
        raise DatasetError(f"{path} cannot be learned from: {error}") from error
    studio = np.random.default_rng(int(digest, 16))
    elsewhere = extract([remastered(np.concatenate(blocks), studio)])
    return _Heard(
        features.windows,
        features.harmony,
        sounds_spoken(features.peaks, features.chroma),
        whole(elsewhere.windows, elsewhere.harmony),
    )


def _digest(path: Path) -> str:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise DatasetError(f"{path} cannot be read: {error.strerror}.") from error


def _revision_of_code() -> str:
    """Digest of the code that turns a file into features."""
    package = Path(moodify_core.features.__file__).parent
    sources = [
        *sorted(package.glob("*.py")),
        Path(moodify_core.audio.__file__),
        Path(moodify_core.containers.__file__),
        Path(moodify_core.speech.__file__),
        Path(moodify_core.training.studios.__file__),
    ]
    return hashlib.sha256(b"".join(source.read_bytes() for source in sources)).hexdigest()
