"""What is learned from: labels, steadied by all that people said of a clip.

Which mood has most tags often hangs on a single tag; the others say as much. So each clip is
given what the tags, the quadrant or the ratings of the clip make likely in the view of all other
clips of its collection. That is known of music that is learned from and never of music that is
heard: learning from privileged information (Vapnik and Vashist, Neural Networks 22, 2009) by way
of soft targets (Lopez-Paz et al., "Unifying distillation and privileged information", ICLR 2016).
"""

from __future__ import annotations

import numpy as np

from moodify_core.arrays import FloatArray
from moodify_core.training.extraction import TrainingSet

_SHARE = 0.8
"""How much of a target comes from the other clips; docs/accuracy.md has other shares."""
_RIDGE = 4.0
_TINY = 1e-9


def steadied(examples: TrainingSet) -> FloatArray:
    """Mix each clip's target with what others make of its description.

    Parameters
    ----------
    examples : TrainingSet
        Of one side of a split: nothing else is looked at.

    Returns
    -------
    float array, shape (clips, 5)
        Rows sum to 1. Collections that nothing was said of keep their targets.
    """
    targets = examples.targets.astype(np.float64)
    for corpus in np.unique(examples.corpora):
        inside = np.flatnonzero(examples.corpora == corpus)
        described = examples.described[inside]
        if len(inside) > 1 and described.size and np.ptp(described, axis=0).any():
            others = _by_others(described, targets[inside])
            targets[inside] = (1 - _SHARE) * targets[inside] + _SHARE * others
    return targets


def _by_others(described: FloatArray, targets: FloatArray) -> FloatArray:
    """Predict each target from its description by ridge regression on all other clips.

    The predictions without a row follow from those with it and its leverage (Allen, "The
    relationship between variable selection and data augmentation and a method for prediction",
    Technometrics 16, 1974).
    """
    said = described - described.mean(axis=0)
    inner = said.T @ said + _RIDGE * np.eye(said.shape[1])
    hat = said @ np.linalg.solve(inner, said.T) + 1 / len(said)
    leverage = np.diag(hat)[:, None]
    left_out = np.maximum((hat @ targets - leverage * targets) / (1 - leverage), _TINY)
    shares: FloatArray = left_out / left_out.sum(axis=1, keepdims=True)
    return shares
