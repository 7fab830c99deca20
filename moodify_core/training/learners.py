"""The classifiers that compete."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

import numpy as np
from skl2onnx import to_onnx
from sklearn.ensemble import ExtraTreesClassifier, RandomForestClassifier

from moodify_core.arrays import FloatArray
from moodify_core.training.kernel_machine import KernelMachine
from moodify_core.training.rows import Rows

_TREES = 200
_SMALLEST_LEAF = 5
"""Rows of one clip are near copies, so leaves must span clips."""
_NOTHING = 1e-9
_OPSET = 17


class Learner(Protocol):
    """A classifier that learns from rows, answers, and can be written as ONNX."""

    def fit(self, rows: Rows, /) -> Learner:
        """Learn from rows, and return the learner itself."""
        ...

    def predict_proba(self, features: FloatArray, /) -> FloatArray:
        """Return probabilities, shape (rows, 5), for features, shape (rows, features)."""
        ...

    def to_onnx(self) -> bytes:
        """Write what was learned as an ONNX model whose last output is the probabilities."""
        ...


class Forest:
    """A forest of scikit-learn, which learns the strongest mood of each row.

    Parameters
    ----------
    estimator : RandomForestClassifier or ExtraTreesClassifier
    """

    def __init__(self, estimator: RandomForestClassifier | ExtraTreesClassifier) -> None:
        self._estimator = estimator

    def fit(self, rows: Rows) -> Forest:
        """Learn from rows, and return the forest itself."""
        labels = rows.targets.argmax(axis=1)
        # A mood that is nowhere the strongest keeps its column by a row that weighs nothing.
        missing = np.setdiff1d(np.arange(rows.targets.shape[1]), labels)
        average = np.repeat(rows.features.mean(axis=0)[None], len(missing), axis=0)
        self._estimator.fit(
            np.vstack((rows.features, average)),
            np.concatenate((labels, missing)),
            sample_weight=np.concatenate((rows.weights, np.full(len(missing), _NOTHING))),
        )
        # One thread at prediction: threads add up the votes in a different order each time.
        self._estimator.set_params(n_jobs=1)
        return self

    def predict_proba(self, features: FloatArray) -> FloatArray:
        """Return probabilities, shape (rows, 5), for features, shape (rows, features)."""
        probabilities: FloatArray = self._estimator.predict_proba(features)
        return probabilities

    def to_onnx(self) -> bytes:
        """Write the forest as ONNX."""
        example = np.zeros((1, self._estimator.n_features_in_), np.float32)
        options = {id(self._estimator): {"zipmap": False}}
        graph = to_onnx(self._estimator, example, options=options, target_opset=_OPSET)
        content: bytes = graph.SerializeToString()
        return content


def _random_forest(seed: int) -> Learner:
    """Breiman, "Random forests", 2001: what most programs of this kind use."""
    return Forest(
        RandomForestClassifier(
            _TREES, min_samples_leaf=_SMALLEST_LEAF, n_jobs=-1, random_state=seed
        )
    )


def _extra_trees(seed: int) -> Learner:
    """Geurts, Ernst, Wehenkel, "Extremely randomized trees", 2006."""
    return Forest(
        ExtraTreesClassifier(
            _TREES,
            min_samples_leaf=_SMALLEST_LEAF,
            max_features=0.2,
            n_jobs=-1,
            random_state=seed,
        )
    )


def _kernel_machine(seed: int) -> Learner:
    del seed  # nothing in it is random
    return KernelMachine()


CANDIDATES: Mapping[str, Callable[[int], Learner]] = {
    "random forest": _random_forest,
    "extra trees": _extra_trees,
    "kernel machine": _kernel_machine,
}
"""Name and builder, which takes a seed, of each classifier that competes."""
