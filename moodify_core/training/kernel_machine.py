"""A kernel machine that learns what holds in every collection.

Kernel ridge regression onto soft targets, with an exponential kernel over features that are
weighted by how far their relation to the moods agrees between collections, and by how well they
survive another studio: what goes with a mood in one collection only is more likely a habit of that
collection than a property of the mood, and what a studio moves hardly tells one mood from another.

It starts from what is known of musical cues (`moodify_core.training.lessons`): a linear score,
which the kernel corrects where the data says otherwise, and pairs of tunes that differ in one cue,
of which only the difference is learned. Both are functions of the same kernel space, so there is
one solution in closed form (Wahba, "Spline models for observational data", 1990, chapter 1), as
there is with the third lesson, the moods that composed tunes have on average.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from scipy.linalg import solve
from scipy.sparse import block_diag, csr_array, eye_array
from scipy.spatial.distance import cdist

from moodify_core.arrays import FloatArray
from moodify_core.moods import MOODS, Mood
from moodify_core.scoring import softmax
from moodify_core.training.lessons import Lessons, cue_slope, lessons
from moodify_core.training.rows import Rows

_CLIP = 3.0
"""Standard deviations at which a feature is cut: unheard music must not extrapolate."""
_TEMPERATURE = 0.165
"""Brings scores to the scale of probabilities; the calibration sharpens them from there."""
_PAIR_WEIGHT, _TUNES_WEIGHT = 5.0, 0.3
"""Of a pair of tunes, and of all tunes of a mood; docs/accuracy.md has others."""
_CAUTION = 3.0
"""By how much less a feature counts that another studio moves as far as other music does."""
_OFFSETS: Mapping[Mood, float] = {Mood.DRAMATIC: 0.17}
"""Logits. What dramatic songs have in common is little, so their scores are drawn most towards the
mean, and without this they are answered too seldom."""
_OPSET = 17
_IR_VERSION = 8
"""The first that carries this operator set; older readers stay able to read the file."""


@dataclass
class KernelMachine:
    """Learns from soft targets; answers under a uniform prior over moods.

    Parameters
    ----------
    ridge : float
        Strength of the regularisation.

    Attributes
    ----------
    mean, scale, strength : float arrays, shape (features,)
        A feature enters as ``clip((x - mean) / scale, -3, 3) * strength``.
    slope : float array, shape (features, 5)
        What is known of cues beforehand, by standardised feature and without its strength.
    points : float array, shape (points, features)
        What was learned from, in the form above: rows, tunes, and the pairs of tunes.
    coefficients : float array, shape (points, 5)
    """

    ridge: float = 0.4
    mean: FloatArray = field(init=False, repr=False)
    scale: FloatArray = field(init=False, repr=False)
    strength: FloatArray = field(init=False, repr=False)
    slope: FloatArray = field(init=False, repr=False)
    points: FloatArray = field(init=False, repr=False)
    coefficients: FloatArray = field(init=False, repr=False)

    def fit(self, rows: Rows) -> KernelMachine:
        """Learn from rows, and return the machine itself."""
        features = rows.features.astype(np.float64)
        self.mean, self.scale = features.mean(axis=0), features.std(axis=0) + 1e-6
        standard = self._standard(features)
        strength = _agreement(standard, rows) / (1 + _CAUTION * rows.wavering)
        size = np.sqrt((strength**2).mean())
        self.strength = strength / size if size > 0 else np.ones_like(strength)
        self.slope = cue_slope()
        taught = lessons()
        tunes, before, after = map(self._standard, (taught.tunes, taught.before, taught.after))
        everything = np.vstack((standard, tunes, before, after))
        self.points = everything * self.strength
        # Leaving the mean out of the scores leaves the collection's mix of moods out.
        prior = np.average(rows.targets, axis=0, weights=rows.weights)
        seen = _seen(len(rows.targets), taught)
        wanted = np.vstack((rows.targets - prior, np.eye(len(MOODS)) - prior, taught.change))
        wanted -= seen @ (everything @ self.slope)
        weights = np.concatenate(
            (
                rows.weights,
                np.full(len(MOODS), _TUNES_WEIGHT),
                np.full(len(taught.change), _PAIR_WEIGHT),
            )
        )
        kernel = seen @ (seen @ self._kernel(self.points)).T
        kernel[np.diag_indices_from(kernel)] += self.ridge / weights
        self.coefficients = seen.T @ solve(kernel, wanted, assume_a="pos")
        return self

    def predict_proba(self, features: FloatArray) -> FloatArray:
        """Return probabilities, shape (rows, 5), for features, shape (rows, features)."""
        standard = self._standard(features)
        scores = self._kernel(standard * self.strength) @ self.coefficients
        return softmax((scores + standard @ self.slope) / _TEMPERATURE + _offsets())

    def _standard(self, features: FloatArray) -> FloatArray:
        standard: FloatArray = np.clip((features - self.mean) / self.scale, -_CLIP, _CLIP)
        return standard

    def _kernel(self, points: FloatArray) -> FloatArray:
        distance = cdist(points, self.points) / np.sqrt(points.shape[1])
        kernel: FloatArray = np.exp(-distance)
        return kernel

    def to_onnx(self) -> bytes:
        """Write the machine as an ONNX model of a dozen operators.

        Returns
        -------
        bytes
            Input ``features``, float32 (rows, features); output ``probabilities``, float32
            (rows, 5). Distances are computed in float64, as a difference of squares.
        """
        points = self.points.astype(np.float32).astype(np.float64)
        features = points.shape[1]
        constants = {
            "mean": self.mean,
            "scale": self.scale,
            "low": np.array(-_CLIP),
            "high": np.array(_CLIP),
            "strength": self.strength,
            "squares": (points**2).sum(axis=1),
            "zero": np.array(0.0),
            "root": np.array(-1 / np.sqrt(features)),
            "coefficients": self.coefficients / _TEMPERATURE,
            "slope": self.slope / _TEMPERATURE,
            "offsets": _offsets(),
        }
        nodes: list[tuple[str, list[str], str, dict[str, Any]]] = [
            ("Cast", ["features"], "precise", {"to": TensorProto.DOUBLE}),
            ("Sub", ["precise", "mean"], "centred", {}),
            ("Div", ["centred", "scale"], "standard", {}),
            ("Clip", ["standard", "low", "high"], "cut", {}),
            ("Mul", ["cut", "strength"], "point", {}),
            ("ReduceSumSquare", ["point"], "square", {"axes": [1], "keepdims": 1}),
            ("Cast", ["stored_points"], "twice_points", {"to": TensorProto.DOUBLE}),
            ("MatMul", ["point", "twice_points"], "product", {}),
            ("Add", ["square", "squares"], "sum", {}),
            ("Sub", ["sum", "product"], "difference", {}),
            ("Max", ["difference", "zero"], "squared_distance", {}),
            ("Sqrt", ["squared_distance"], "distance", {}),
            ("Mul", ["distance", "root"], "exponent", {}),
            ("Exp", ["exponent"], "kernel", {}),
            ("MatMul", ["kernel", "coefficients"], "learned", {}),
            ("MatMul", ["cut", "slope"], "known", {}),
            ("Add", ["learned", "known"], "balanced", {}),
            ("Add", ["balanced", "offsets"], "scores", {}),
            ("Softmax", ["scores"], "precise_probabilities", {"axis": 1}),
            ("Cast", ["precise_probabilities"], "probabilities", {"to": TensorProto.FLOAT}),
        ]
        graph = helper.make_graph(
            [
                helper.make_node(op, inputs, [name], **options)
                for op, inputs, name, options in nodes
            ],
            "moods",
            [helper.make_tensor_value_info("features", TensorProto.FLOAT, [None, features])],
            [helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, [None, len(MOODS)])],
            [
                numpy_helper.from_array((2 * points.T).astype(np.float32), "stored_points"),
                *(
                    numpy_helper.from_array(np.asarray(value, np.float64), name)
                    for name, value in constants.items()
                ),
            ],
        )
        model = helper.make_model(
            graph, opset_imports=[helper.make_opsetid("", _OPSET)], ir_version=_IR_VERSION
        )
        onnx.checker.check_model(model)
        content: bytes = model.SerializeToString(deterministic=True)
        return content


def _offsets() -> FloatArray:
    return np.array([_OFFSETS.get(mood, 0.0) for mood in MOODS])


def _seen(rows: int, taught: Lessons) -> csr_array:
    """Return what is learned of, by point: rows, means of the tunes of a mood, and differences."""
    of_moods = taught.moods.T / taught.moods.sum(axis=0)[:, None]
    pairs = np.eye(len(taught.change))
    return csr_array(block_diag((eye_array(rows), of_moods, np.hstack((-pairs, pairs)))))


def _agreement(features: FloatArray, rows: Rows) -> FloatArray:
    """How strongly each feature goes with the moods, in the same direction in two collections.

    The root of the sum over moods of the product of both correlations, taken as 0 where their
    signs differ. Where there are not two collections, every other artist makes one.
    """
    halves = _two_halves(rows)
    first, second = (_correlation(features[half], rows.targets[half]) for half in (halves, ~halves))
    strength: FloatArray = np.sqrt(np.maximum(first * second, 0).sum(axis=1))
    return strength


def _two_halves(rows: Rows) -> np.ndarray:
    names = np.unique(rows.corpora)
    if len(names) > 1:
        return np.asarray(rows.corpora == names[0])
    _, numbers = np.unique(rows.artists, return_inverse=True)
    return np.asarray(numbers % 2 == 0)


def _correlation(features: FloatArray, targets: FloatArray) -> FloatArray:
    f, t = features - features.mean(axis=0), targets - targets.mean(axis=0)
    lengths = np.outer(np.linalg.norm(f, axis=0), np.linalg.norm(t, axis=0))
    correlation: FloatArray = f.T @ t / (lengths + 1e-9)
    return correlation
