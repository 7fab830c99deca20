"""The model that comes with Moodify: where it lies, and how well it was measured to do.

Reads two small JSON files; the model itself is loaded by `moodify_core.model`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

DESCRIPTION = "model.json"
METRICS = "metrics.json"


@dataclass(frozen=True, slots=True)
class Share:
    """A measured share with its 95 % interval; all of 0..1."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Measured:
    """How often the model names the mood that people named.

    Attributes
    ----------
    songs : int
        Songs that it was measured on.
    unheard_artists : Share
        On artists that it had never heard, in collections that it had learned from.
    unheard_collections : tuple of float
        On whole collections that it had never heard, the best first; shares of 0..1.
    """

    songs: int
    unheard_artists: Share
    unheard_collections: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Shipped:
    """What is known of the model.

    Attributes
    ----------
    version : str
    measured : Measured or None
        None where the figures are missing, or are those of another model.
    """

    version: str
    measured: Measured | None


def default_folder() -> Path:
    """Return where the model that comes with Moodify lies."""
    package = Path(__file__).parent
    inside = package / "models"
    return inside if inside.is_dir() else package.parent / "models"


def shipped(folder: Path | None = None) -> Shipped | None:
    """Return what is known of a model; None where it does not even have a readable description.

    Parameters
    ----------
    folder : Path, optional
        Default: the model that comes with Moodify.
    """
    folder = folder or default_folder()
    description = _read(folder / DESCRIPTION)
    if "version" not in description:
        return None
    version = str(description["version"])
    metrics = _read(folder / METRICS)
    try:
        if metrics["model"]["version"] != version:
            return Shipped(version, None)
        return Shipped(version, _measured(metrics))
    except (KeyError, TypeError):
        return Shipped(version, None)


def _measured(metrics: dict[str, Any]) -> Measured:
    unheard = metrics["unheard_artists"]["all"]
    accuracy = unheard["accuracy"]
    collections = (each["accuracy"]["value"] for each in metrics["unheard_corpus"].values())
    return Measured(
        songs=int(unheard["clips"]),
        unheard_artists=Share(accuracy["value"], accuracy["low"], accuracy["high"]),
        unheard_collections=tuple(sorted(map(float, collections), reverse=True)),
    )


def _read(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}
