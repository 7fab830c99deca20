"""Many people at once, as `benchmarks.load` measures it; here nothing of it is timed."""

from __future__ import annotations

from pathlib import Path

from benchmarks.load import measure


async def test_everybody_is_answered_when_many_ask_at_once(tmp_path: Path) -> None:
    load = await measure(tmp_path, requests=20, seconds=1)
    assert (load.answered, load.refused, load.violations) == (20, 0, 0)
    assert set(load.loop_late) == {"p50", "p99", "p99_9", "longest"}
