"""From scikit-learn to the files that Moodify ships."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from skl2onnx import to_onnx

from moodify_core.arrays import FloatArray
from moodify_core.errors import MoodifyError
from moodify_core.features.extraction import FEATURE_NAMES
from moodify_core.model import (
    CONTEXT_CLASSIFIER,
    DESCRIPTION,
    WINDOW_CLASSIFIER,
    Description,
    MoodModel,
    OnnxClassifier,
    sha256,
)
from moodify_core.moods import MOODS
from moodify_core.scoring import contexts
from moodify_core.training.extraction import TrainingSet
from moodify_core.training.learners import Estimator, FittedPair

TOLERANCE = 1e-4
"""Most that an exported probability may differ from scikit-learn's, on any training row."""

_OPSET = 17


class ExportError(MoodifyError):
    """The exported classifiers do not say what the trained ones say."""


@dataclass(frozen=True, slots=True)
class Exported:
    """What was written.

    Attributes
    ----------
    version : str
    largest_difference : float
        Between exported and trained probabilities, over all training rows.
    """

    version: str
    largest_difference: float


def export_model(
    model: MoodModel, pair: FittedPair, examples: TrainingSet, folder: Path
) -> Exported:
    """Write a trained model as ONNX, with the description that vouches for it.

    Parameters
    ----------
    model : MoodModel
    pair : FittedPair
        Its classifiers.
    examples : TrainingSet
        What it was trained on; every row is answered by both forms and compared.
    folder : Path
        Made if need be.

    Returns
    -------
    Exported

    Raises
    ------
    ExportError
        If a probability differs by more than `TOLERANCE`; nothing is written then.
    """
    rows = {
        WINDOW_CLASSIFIER: np.vstack(examples.windows),
        CONTEXT_CLASSIFIER: np.vstack([contexts(windows) for windows in examples.windows]),
    }
    trained = {WINDOW_CLASSIFIER: pair.window, CONTEXT_CLASSIFIER: pair.context}
    contents = {name: _to_onnx(trained[name], rows[name]) for name in rows}
    difference = max(_difference(trained[name], contents[name], rows[name]) for name in rows)
    if difference > TOLERANCE:
        raise ExportError(
            f"The exported model differs from the trained one by {difference:.1e}, "
            f"more than the {TOLERANCE:.0e} that is allowed; nothing was written."
        )
    description = Description(
        version="",
        moods=tuple(mood.value for mood in MOODS),
        features=FEATURE_NAMES,
        sha256={name: sha256(content) for name, content in contents.items()},
        calibration=model.calibration,
        unsure_below=model.unsure_below,
    )
    version = f"moods-{sha256(description.to_json().encode())[:10]}"
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in contents.items():
        (folder / name).write_bytes(content)
    (folder / DESCRIPTION).write_text(
        replace(description, version=version).to_json(), encoding="utf-8"
    )
    return Exported(version, difference)


def _to_onnx(estimator: Estimator, rows: FloatArray) -> bytes:
    options = {id(estimator): {"zipmap": False}}
    graph = to_onnx(estimator, rows[:1].astype(np.float32), options=options, target_opset=_OPSET)
    content: bytes = graph.SerializeToString()
    return content


def _difference(estimator: Estimator, content: bytes, rows: FloatArray) -> float:
    exported = OnnxClassifier(content).predict_proba(rows)
    return float(np.abs(exported - estimator.predict_proba(rows)).max())
