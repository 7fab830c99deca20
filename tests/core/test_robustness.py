"""The same song gets the same answer, however loud, encoded or cut it is sent."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from benchmarks.robustness import CHANGES, measure

CLEAR = ("happy_morning_run", "sad_empty_platform", "dramatic_siege_at_dawn")


@pytest.fixture(scope="module")
def songs() -> list[tuple[np.ndarray, int]]:
    return [
        soundfile.read(Path("examples") / f"{name}.mp3", dtype="float32", always_2d=True)
        for name in CLEAR
    ]


@pytest.mark.parametrize(
    "change",
    ["40 dB down", "6 dB up", "mp3, 64 kbit/s", "m4a (aac), 96 kbit/s", "at 16 kHz", "mono"],
)
def test_a_song_keeps_its_moods(songs: list[tuple[np.ndarray, int]], change: str) -> None:
    assert change in CHANGES
    (row,) = measure(songs, (change,))
    assert row.kept == 1
    assert row.moved <= 0.03


def test_a_song_whose_front_is_cut_keeps_its_moods(songs: list[tuple[np.ndarray, int]]) -> None:
    (row,) = measure(songs, ("2 s cut off the front",))
    assert row.kept == 1
    assert row.moved <= 0.06  # two of forty seconds are gone, and borders move with the windows
