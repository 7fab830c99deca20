"""The classifiers that compete, and how a pair of them is fitted to clips."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.ensemble import ExtraTreesClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from moodify_core.arrays import FloatArray
from moodify_core.scoring import contexts
from moodify_core.training.extraction import TrainingSet

Estimator = Any
"""A scikit-learn classifier with ``fit`` and ``predict_proba``; the library has no types."""

_TREES = 200
_JOBS = -1


@dataclass(frozen=True, slots=True)
class FittedPair:
    """The two classifiers of a model, before calibration.

    Attributes
    ----------
    window, context : Estimator
    """

    window: Estimator
    context: Estimator

    def votes(self, examples: TrainingSet) -> list[tuple[FloatArray, FloatArray]]:
        """Return for each clip the probabilities of its windows and of their contexts."""
        lengths = np.cumsum([len(rows) for rows in examples.windows])[:-1]
        of_windows = self.window.predict_proba(np.vstack(examples.windows))
        of_contexts = self.context.predict_proba(
            np.vstack([contexts(rows) for rows in examples.windows])
        )
        return list(zip(np.split(of_windows, lengths), np.split(of_contexts, lengths), strict=True))


def forest(smallest_leaf: int, seed: int) -> Estimator:
    """Build a random forest (Breiman 2001), the classifier of the plain baseline."""
    return RandomForestClassifier(
        _TREES,
        min_samples_leaf=smallest_leaf,
        class_weight="balanced",
        n_jobs=_JOBS,
        random_state=seed,
    )


def extra_trees(smallest_leaf: int, seed: int) -> Estimator:
    """Build extremely randomised trees (Geurts, Ernst, Wehenkel 2006)."""
    return ExtraTreesClassifier(
        _TREES,
        min_samples_leaf=smallest_leaf,
        class_weight="balanced",
        max_features=0.2,
        n_jobs=_JOBS,
        random_state=seed,
    )


def logistic(smallest_leaf: int, seed: int) -> Pipeline:
    """Build a strongly regularised multinomial logistic regression on standardised features."""
    del smallest_leaf
    return make_pipeline(
        StandardScaler(),
        LogisticRegression(C=0.003, class_weight="balanced", max_iter=1000, random_state=seed),
    )


CANDIDATES: Mapping[str, Callable[[int, int], Estimator]] = {
    "random forest": forest,
    "extra trees": extra_trees,
    "logistic regression": logistic,
}
"""Name and builder (smallest leaf, seed) of each classifier that competes."""

_WINDOW_LEAF, _CONTEXT_LEAF = 15, 3
"""Smallest leaves: windows of one clip are near copies, so their leaves must span clips."""
_WINDOW_STEP = 2
"""Every second window is learned from; its neighbours hold the same music."""


def fit_pair(candidate: str, examples: TrainingSet, seed: int) -> FittedPair:
    """Fit both classifiers of a model.

    Parameters
    ----------
    candidate : str
        A name in `CANDIDATES`.
    examples : TrainingSet
        Each clip weighs the same, however long it is.
    seed : int

    Returns
    -------
    FittedPair
    """
    build = CANDIDATES[candidate]
    spaced = [rows[::_WINDOW_STEP] for rows in examples.windows]
    lengths = np.array([len(rows) for rows in spaced])
    window = build(_WINDOW_LEAF, seed)
    weight = np.repeat(lengths.mean() / lengths, lengths)
    window.fit(
        np.vstack(spaced),
        np.repeat(examples.labels, lengths),
        **{_weight_parameter(window): weight},
    )
    context = build(_CONTEXT_LEAF, seed)
    context.fit(np.stack([_whole(rows) for rows in examples.windows]), examples.labels)
    for fitted in (window, context):
        # One thread at prediction: threads add up a forest's votes in a different order each time.
        if "n_jobs" in fitted.get_params():
            fitted.set_params(n_jobs=1)
    return FittedPair(window, context)


def _whole(windows: FloatArray) -> FloatArray:
    return np.concatenate((windows.mean(axis=0), windows.std(axis=0)))


def _weight_parameter(estimator: Estimator) -> str:
    if isinstance(estimator, Pipeline):
        return f"{estimator.steps[-1][0]}__sample_weight"
    return "sample_weight"
