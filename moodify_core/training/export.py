"""From a trained classifier to the files that Moodify ships."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from moodify_core.errors import MoodifyError
from moodify_core.features.extraction import FEATURE_NAMES
from moodify_core.model import (
    CLASSIFIER,
    FAMILIARITY,
    Description,
    OnnxClassifier,
    sha256,
)
from moodify_core.moods import MOODS
from moodify_core.shipped import DESCRIPTION
from moodify_core.training.extraction import TrainingSet
from moodify_core.training.protocol import Fitted
from moodify_core.training.rows import training_rows

TOLERANCE = 1e-4
"""Most that an exported probability may differ from the trained one, on any training row."""


class ExportError(MoodifyError):
    """The exported classifier does not say what the trained one says."""


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


def export_model(fitted: Fitted, examples: TrainingSet, folder: Path) -> Exported:
    """Write a trained model as ONNX, with the description that vouches for it.

    Parameters
    ----------
    fitted : Fitted
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
    content = fitted.learner.to_onnx()
    rows = training_rows(examples).features
    exported = OnnxClassifier(content).predict_proba(rows)
    difference = float(np.abs(exported - fitted.learner.predict_proba(rows)).max())
    if difference > TOLERANCE:
        raise ExportError(
            f"The exported model differs from the trained one by {difference:.1e}, "
            f"more than the {TOLERANCE:.0e} that is allowed; nothing was written."
        )
    music = fitted.model.familiarity.to_bytes()
    description = Description(
        version="",
        moods=tuple(mood.value for mood in MOODS),
        features=FEATURE_NAMES,
        sha256=sha256(content),
        familiarity_sha256=sha256(music),
        calibration=fitted.model.calibration,
        unsure_below=fitted.model.unsure_below,
    )
    version = f"moods-{sha256(description.to_json().encode())[:10]}"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / CLASSIFIER).write_bytes(content)
    (folder / FAMILIARITY).write_bytes(music)
    (folder / DESCRIPTION).write_text(
        replace(description, version=version).to_json(), encoding="utf-8"
    )
    return Exported(version, difference)
