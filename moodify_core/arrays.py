"""The array types that are passed between modules; docstrings give their shapes."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.floating[Any]]
"""Real numbers; float32 wherever there is one per frame or per sample."""

BoolArray = npt.NDArray[np.bool_]
"""Which of something."""

IntArray = npt.NDArray[np.integer[Any]]
"""Indices and labels."""
