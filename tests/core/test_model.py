"""The model vouches for itself, and is refused where it cannot."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from moodify_core.errors import ModelCorrupt, ModelMissing
from moodify_core.familiarity import Familiarity
from moodify_core.features.extraction import WINDOW_NAMES
from moodify_core.features.harmony import HARMONY_NAMES
from moodify_core.model import CLASSIFIER, FAMILIARITY, load_model
from moodify_core.shipped import DESCRIPTION, default_folder


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    return Path(shutil.copytree(default_folder(), tmp_path / "models"))


def test_the_shipped_model_answers() -> None:
    rng = np.random.default_rng(0)
    windows = rng.standard_normal((7, len(WINDOW_NAMES))).astype(np.float32)
    harmony = rng.standard_normal((2, len(HARMONY_NAMES))).astype(np.float32)
    scores = load_model().score(windows, harmony)
    assert scores.windows.shape == (7, 5)
    np.testing.assert_allclose(scores.windows.sum(axis=1), 1, atol=1e-6)
    assert scores.song.sum() == pytest.approx(1)


def test_the_shipped_model_is_small() -> None:
    assert sum(file.stat().st_size for file in default_folder().glob("*.onnx")) < 40e6


def test_a_changed_file_is_refused(copy: Path) -> None:
    content = bytearray((copy / CLASSIFIER).read_bytes())
    content[len(content) // 2] ^= 1
    (copy / CLASSIFIER).write_bytes(content)
    with pytest.raises(ModelCorrupt, match=r"moods\.onnx is not the file that was trained"):
        load_model(copy)


def test_what_is_known_of_music_is_vouched_for_too(copy: Path) -> None:
    content = bytearray((copy / FAMILIARITY).read_bytes())
    content[len(content) // 2] ^= 1
    (copy / FAMILIARITY).write_bytes(content)
    with pytest.raises(ModelCorrupt, match=r"music\.npz is not the file that was trained"):
        load_model(copy)


def test_familiarity_travels_as_bytes() -> None:
    music = load_model().familiarity
    again = Familiarity.from_bytes(music.to_bytes())
    rows = np.random.default_rng(1).standard_normal((5, len(music.mean))).astype(np.float32)
    np.testing.assert_array_equal(again.distance(rows), music.distance(rows))
    assert (again.farthest, again.farthest_spoken, again.fullest) == (
        music.farthest,
        music.farthest_spoken,
        music.fullest,
    )


def test_a_model_for_other_features_is_refused(copy: Path) -> None:
    description = json.loads((copy / DESCRIPTION).read_text())
    description["features"][0] = "loudness"
    (copy / DESCRIPTION).write_text(json.dumps(description))
    with pytest.raises(ModelCorrupt, match="another version"):
        load_model(copy)


@pytest.mark.parametrize("text", ["", "{}", "[1]", '{"version": 1}'])
def test_a_description_that_is_none_is_refused(copy: Path, text: str) -> None:
    (copy / DESCRIPTION).write_text(text)
    with pytest.raises(ModelCorrupt, match="cannot be read"):
        load_model(copy)


@pytest.mark.parametrize("name", [DESCRIPTION, CLASSIFIER, FAMILIARITY])
def test_a_missing_file_is_named(copy: Path, name: str) -> None:
    (copy / name).unlink()
    with pytest.raises(ModelMissing, match=str(copy)):
        load_model(copy)


def test_analysing_imports_nothing_of_training_or_discord() -> None:
    code = (
        "import sys; from moodify_core import analyze; "
        "analyze('examples/sad_empty_platform.mp3'); print(*sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "scipy.signal" not in done.stdout.split()
    loaded = {name.split(".")[0] for name in done.stdout.split()}
    assert loaded.isdisjoint({"sklearn", "librosa", "numba", "joblib", "discord", "matplotlib"})
