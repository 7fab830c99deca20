"""How far a stretch of audio is from all music that was learned from.

A classifier answers anything, noise and talk too. So each stretch is held against the music of
the training: by its distance from it (Mahalanobis, "On the generalised distance in statistics",
1936), and by whether it has any pitch at all, which steady noise near the middle of all other
features has not. What has the rhythm and the gliding pitch of talk is rejected nearer by.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Self

import numpy as np

from moodify_core.arrays import FloatArray
from moodify_core.features.extraction import FEATURE_NAMES

_CLIP = 6.0
"""Standard deviations at which a feature is cut: one broken number is not yet another world."""
_PITCHLESS = FEATURE_NAMES.index("chroma_fullness")
"""How evenly the twelve pitch classes sound at once, 0..1; the highest of all in noise."""


@dataclass(frozen=True, slots=True)
class Familiarity:
    """The music of the training, and how far from it is too far.

    Attributes
    ----------
    mean, spread : float32 arrays, shape (features,)
        Of the rows that were learned from; a feature enters as ``(x - mean) / spread``.
    whitening : float32 array, shape (features, features)
        Makes those rows uncorrelated and of variance 1.
    farthest : float
        Distance, in root mean square deviations, above which a stretch is unlike music.
    farthest_spoken : float
        The same for what has the rhythm and the pitch of talk.
    fullest : float
        Evenness of the pitch classes above which it has no pitch.
    """

    mean: FloatArray
    spread: FloatArray
    whitening: FloatArray
    farthest: float
    farthest_spoken: float
    fullest: float

    def standard(self, rows: FloatArray) -> FloatArray:
        """Return rows in standard deviations from the mean, cut at 6."""
        deviations: FloatArray = np.clip((rows - self.mean) / self.spread, -_CLIP, _CLIP)
        return deviations

    def distance(self, rows: FloatArray) -> FloatArray:
        """Return the distance of rows, shape (rows, features), from the music: shape (rows,)."""
        deviations = self.standard(rows) @ self.whitening
        distance: FloatArray = np.sqrt((deviations**2).mean(axis=1))
        return distance

    def unlike(self, rows: FloatArray, *, spoken: bool) -> np.ndarray:
        """Tell which stretches are unlike music.

        Parameters
        ----------
        rows : float32 array, shape (rows, features)
        spoken : bool
            Whether the song has the rhythm and the pitch of talk (`moodify_core.speech`).

        Returns
        -------
        bool array, shape (rows,)
        """
        too_far = self.distance(rows) > (self.farthest_spoken if spoken else self.farthest)
        return np.asarray(too_far | (fullness(rows) > self.fullest))

    def to_bytes(self) -> bytes:
        """Write it as numpy's archive of plain arrays."""
        file = io.BytesIO()
        np.savez(
            file,
            mean=self.mean,
            spread=self.spread,
            whitening=self.whitening,
            limits=np.array((self.farthest, self.farthest_spoken, self.fullest)),
        )
        return file.getvalue()

    @classmethod
    def from_bytes(cls, content: bytes) -> Self:
        """Read what `to_bytes` wrote; nothing in it can run code.

        Raises
        ------
        ValueError, KeyError, OSError
            If it is not such an archive.
        """
        with np.load(io.BytesIO(content), allow_pickle=False) as stored:
            arrays = (stored["mean"], stored["spread"], stored["whitening"])
            return cls(*arrays, *stored["limits"].tolist())


def fullness(rows: FloatArray) -> FloatArray:
    """Return how evenly all pitch classes sound at once, 0..1, shape (rows,)."""
    values: FloatArray = rows[:, _PITCHLESS]
    return values
