"""The trained model: a classifier in ONNX and a description that vouches for it.

ONNX instead of a pickle: loading it runs no code, it starts faster and predicts faster. The
description, ``model.json``, holds the SHA-256 of the classifier and of what it knows of music as
such, the names of the features that they expect, and the calibration; a file that does not match
is refused.
"""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Protocol, Self

import numpy as np

# It would otherwise report to its makers, and keep what it has to report in the user's home. It
# asks for this once, as it is loaded.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"
import onnxruntime

from moodify_core.arrays import BoolArray, FloatArray
from moodify_core.errors import ModelCorrupt, ModelMissing
from moodify_core.familiarity import Familiarity
from moodify_core.features.extraction import FEATURE_NAMES
from moodify_core.moods import MOODS
from moodify_core.scoring import Calibration, Scores, calibrated, stretches
from moodify_core.shipped import DESCRIPTION, default_folder

CLASSIFIER = "moods.onnx"
FAMILIARITY = "music.npz"

_AT_A_TIME = 32
"""Rows that are judged together; the classifier takes 100 kB for each of them."""


class Classifier(Protocol):
    """Anything that gives probabilities for rows of features, as scikit-learn does."""

    def predict_proba(self, rows: FloatArray, /) -> FloatArray:
        """Return probabilities, shape (rows, 5), for features, shape (rows, features)."""
        ...


@dataclass(frozen=True, slots=True)
class Description:
    """What ``model.json`` says.

    Attributes
    ----------
    version : str
        Name of the model; made from its contents.
    moods, features : tuple of str
        Names of the outputs and of the inputs, in order.
    sha256, familiarity_sha256 : str
        Digests of the classifier's file, and of the one that tells what is like music.
    calibration : Calibration
    unsure_below : float
        Confidence under which an answer is called unsure.
    """

    version: str
    moods: tuple[str, ...]
    features: tuple[str, ...]
    sha256: str
    familiarity_sha256: str
    calibration: Calibration
    unsure_below: float

    def to_json(self) -> str:
        """Return the text of ``model.json``."""
        return json.dumps(asdict(self), indent=2) + "\n"

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read the text of ``model.json``.

        Raises
        ------
        ValueError, KeyError, TypeError
            If it is not such a text.
        """
        fields: dict[str, Any] = json.loads(text)
        return cls(
            moods=tuple(fields.pop("moods")),
            features=tuple(fields.pop("features")),
            calibration=Calibration(**fields.pop("calibration")),
            **fields,
        )


class OnnxClassifier:
    """A classifier that was exported to ONNX, run on one thread.

    Parameters
    ----------
    content : bytes
        The ONNX file.

    Raises
    ------
    ModelCorrupt
        If it is no ONNX model that the installed runtime can run.
    """

    def __init__(self, content: bytes) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 4
        try:
            self._session = onnxruntime.InferenceSession(
                content, options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:  # the runtime raises plain RuntimeErrors of its own making
            raise ModelCorrupt("it cannot be run") from error
        self._input = self._session.get_inputs()[0].name
        self._output = self._session.get_outputs()[-1].name

    def predict_proba(self, rows: FloatArray) -> FloatArray:
        """Return probabilities, shape (rows, 5), for features, shape (rows, features)."""
        parts = [
            self._session.run([self._output], {self._input: np.ascontiguousarray(some, np.float32)})
            for some in _parts(rows)
        ]
        probabilities: FloatArray = np.concatenate([outputs[0] for outputs in parts])
        return probabilities


@dataclass(frozen=True, slots=True)
class MoodModel:
    """A classifier with what is needed to read it.

    Attributes
    ----------
    classifier : Classifier
    calibration : Calibration
    familiarity : Familiarity
    version : str
    unsure_below : float
        Confidence under which an answer is called unsure.
    """

    classifier: Classifier
    calibration: Calibration
    familiarity: Familiarity
    version: str
    unsure_below: float

    def score(
        self,
        windows: FloatArray,
        harmony: FloatArray,
        *,
        spoken: bool = False,
        audible: BoolArray | None = None,
    ) -> Scores:
        """Give the probabilities of a song and of its windows.

        Parameters
        ----------
        windows : float32 array, shape (windows, window features)
        harmony : float32 array, shape (stretches of 30 s, harmony features)
        spoken : bool
            Whether the song has the rhythm and the pitch of talk.
        audible : bool array, shape (windows,), optional
            Which windows are not silent; at least one. Default: all.

        Returns
        -------
        Scores
        """
        rows = stretches(windows, harmony, audible)
        unlike = np.concatenate(
            [self.familiarity.unlike(some, spoken=spoken) for some in _parts(rows)]
        )
        return calibrated(self.classifier.predict_proba(rows), self.calibration, unlike, audible)


def _parts(rows: FloatArray) -> list[FloatArray]:
    """Cut rows into a few at a time, so that the memory for them does not grow with the song."""
    return [rows[start : start + _AT_A_TIME] for start in range(0, len(rows), _AT_A_TIME)]


@lru_cache(maxsize=4)
def load_model(folder: Path | None = None) -> MoodModel:
    """Load a trained model and check that it is what its description says.

    Parameters
    ----------
    folder : Path, optional
        Default: the model that comes with Moodify. Loaded models are kept.

    Returns
    -------
    MoodModel

    Raises
    ------
    ModelMissing
        If a file of the model is not there.
    ModelCorrupt
        If a file does not match the description, or was made for other features.
    """
    folder = folder or default_folder()
    try:
        text = (folder / DESCRIPTION).read_bytes()
        content = (folder / CLASSIFIER).read_bytes()
        music = (folder / FAMILIARITY).read_bytes()
    except OSError as error:
        raise ModelMissing(str(folder)) from error
    try:
        description = Description.from_json(text.decode())
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ModelCorrupt(f"{DESCRIPTION} cannot be read") from error
    if description.features != FEATURE_NAMES or description.moods != MOODS:
        raise ModelCorrupt("it was made for another version of Moodify")
    for name, digest, data in (
        (CLASSIFIER, description.sha256, content),
        (FAMILIARITY, description.familiarity_sha256, music),
    ):
        if digest != sha256(data):
            raise ModelCorrupt(f"{name} is not the file that was trained")
    return MoodModel(
        classifier=OnnxClassifier(content),
        calibration=description.calibration,
        familiarity=Familiarity.from_bytes(music),
        version=description.version,
        unsure_below=description.unsure_below,
    )


def sha256(content: bytes) -> str:
    """Return the SHA-256 of a file's content, in hexadecimal."""
    return hashlib.sha256(content).hexdigest()
