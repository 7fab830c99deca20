"""Learning what music sounds like at all, and how much of it lies at the edge."""

from __future__ import annotations

import numpy as np

from moodify_core.arrays import FloatArray
from moodify_core.familiarity import Familiarity, fullness
from moodify_core.training.rows import Rows

_SHRINKAGE = 0.3
"""Share of the correlations that is not believed (Ledoit and Wolf, 2004, tell why any is)."""
_FARTHEST, _FARTHEST_SPOKEN, _FULLEST = 0.995, 0.95, 0.999
"""Shares of the stretches by unheard artists that lie within each limit.

Hardly any music has the rhythm and the pitch of talk, so the second limit costs next to none.
"""
_FOLDS = 5
_NO_LIMITS = (np.inf, np.inf, np.inf)


def fit_familiarity(rows: Rows) -> Familiarity:
    """Learn where the music lies, and set the limits by artists that were left out.

    Parameters
    ----------
    rows : Rows

    Returns
    -------
    Familiarity
    """
    features = rows.features.astype(np.float64)
    _, artists = np.unique(rows.artists, return_inverse=True)
    distances = np.empty(len(features))
    for fold in range(_FOLDS):
        apart = artists % _FOLDS == fold
        if apart.any() and not apart.all():
            distances[apart] = _located(features[~apart]).distance(features[apart])
    everything = _located(features)
    return Familiarity(
        everything.mean.astype(np.float32),
        everything.spread.astype(np.float32),
        everything.whitening.astype(np.float32),
        farthest=round(float(np.quantile(distances, _FARTHEST)), 4),
        farthest_spoken=round(float(np.quantile(distances, _FARTHEST_SPOKEN)), 4),
        fullest=round(float(np.quantile(fullness(features), _FULLEST)), 4),
    )


def _located(features: FloatArray) -> Familiarity:
    mean, spread = features.mean(axis=0), features.std(axis=0) + 1e-6
    located = Familiarity(mean, spread, np.eye(len(mean)), *_NO_LIMITS)
    standard = located.standard(features)
    covariance = np.cov(standard, rowvar=False)
    average = np.trace(covariance) / len(covariance)
    shrunk = (1 - _SHRINKAGE) * covariance + _SHRINKAGE * average * np.eye(len(covariance))
    whitening = np.linalg.inv(np.linalg.cholesky(shrunk)).T
    return Familiarity(mean, spread, whitening, *_NO_LIMITS)
