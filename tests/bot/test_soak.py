"""The long run of `benchmarks.soak` for some seconds: whatever happens, nothing is lost or left."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.soak import measure

pytestmark = pytest.mark.long


async def test_whatever_happens_nothing_is_lost_and_nothing_is_left(tmp_path: Path) -> None:
    soak = await measure(tmp_path, minutes=0.2, think=1.0)
    assert soak.failures == []
    assert soak.requests > 20
    assert soak.outcomes["Answered"] > 0
    assert soak.outcomes["Unanalysable"] > 0
    assert soak.disturbances["kill_a_worker"] > 0
    assert set(soak.memory) == {"bot", "workers", "largest_worker"}
    assert set(soak.left) == {"descriptors", "tasks", "threads"}
