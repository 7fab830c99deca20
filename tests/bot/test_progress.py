"""How far a worker is, told through a real file by real work."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from bot.engine import (
    HearingStage,
    InputFile,
    WorkerRules,
    hear,
    prepare,
    progress_note,
)
from bot.engine.local import LocalEngine
from bot.engine.progress import telling

MIB = 1024 * 1024
PATIENCE = 120.0
EXAMPLES = Path(__file__).parents[2] / "examples"
SONG = EXAMPLES / "happy_morning_run.mp3"


@pytest.mark.parametrize("share", [0.0, 0.04, 0.42, 0.99, 1.0])
def test_what_is_told_is_read(tmp_path: Path, share: float) -> None:
    with progress_note(tmp_path) as note:
        assert note.share == 0
        with telling(note) as tell:
            tell(share)
            assert note.share == share


def test_the_stage_follows_the_share(tmp_path: Path) -> None:
    with progress_note(tmp_path) as note, telling(note) as tell:
        assert note.stage is HearingStage.LISTENING
        tell(0.99)
        assert note.stage is HearingStage.LISTENING
        tell(1.0)
        assert note.stage is HearingStage.DRAWING


def test_shares_that_come_too_fast_are_not_written_except_for_the_last(tmp_path: Path) -> None:
    with progress_note(tmp_path) as note, telling(note) as tell:
        seen = set()
        for thousandth in range(1000):
            tell(thousandth / 1000)
            seen.add(note.share)
        tell(1.0)
        assert note.share == 1.0
    assert len(seen) < 500


def test_nothing_is_left_of_a_note_and_its_work_counts_as_done(tmp_path: Path) -> None:
    with progress_note(tmp_path) as note:
        pass
    assert not [*tmp_path.iterdir()]
    assert (note.share, note.stage) == (1.0, HearingStage.DRAWING)


def test_a_worker_whose_note_is_taken_away_goes_on(tmp_path: Path) -> None:
    with progress_note(tmp_path) as note:
        worker = telling(note)
        tell = worker.__enter__()
    tell(1.0)
    assert not [*tmp_path.iterdir()]
    worker.__exit__(None, None, None)


def test_two_jobs_of_one_folder_have_notes_of_their_own(tmp_path: Path) -> None:
    with progress_note(tmp_path) as first, progress_note(tmp_path) as second:
        with telling(first) as tell:
            tell(0.5)
        assert (first.share, second.share) == (0.5, 0.0)


async def test_hearing_a_song_tells_how_far_it_is(tmp_path: Path) -> None:
    rules = WorkerRules(memory=1024 * MIB, max_jobs=5, caches=tmp_path, prepare=prepare)
    engine = LocalEngine(workers=1, rules=rules, folder=tmp_path)
    try:
        await engine.start()
        with progress_note(tmp_path) as note:
            work = asyncio.create_task(
                engine.run(hear, InputFile(SONG), "x", 600.0, note, time_limit=PATIENCE)
            )
            shares = {note.share}
            while not work.done():
                await asyncio.sleep(0.001)
                shares.add(note.share)
            hearing = await work
    finally:
        await engine.close()
    assert hearing.picture.startswith(b"\x89PNG")
    assert {0.0, 1.0} < shares
