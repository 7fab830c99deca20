"""What others may build on."""

from __future__ import annotations

import subprocess
import sys

import moodify_core


def test_every_public_name_is_there() -> None:
    for name in moodify_core.__all__:
        assert getattr(moodify_core, name) is not None


def test_the_names_alone_are_light() -> None:
    code = "import sys, moodify_core.result, moodify_core.errors; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = {name.split(".")[0] for name in done.stdout.split()}
    assert loaded.isdisjoint({"onnxruntime", "av", "scipy", "numpy"})
