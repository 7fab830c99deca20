"""`moodify backup` and `moodify restore`, as operators run them."""

from __future__ import annotations

import asyncio
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from bot.storage import Storage
from tests.bot.process import ROOT
from tests.bot.storage.samples import entry


def moodify(folder: Path, *arguments: object, **settings: str) -> subprocess.CompletedProcess[str]:
    """Run the command in a folder, without a token."""
    return subprocess.run(
        [sys.executable, "-m", "moodify_core", *map(str, arguments)],
        cwd=folder,
        env={"PYTHONPATH": str(ROOT), **settings},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def backed_up(tmp_path: Path) -> Path:
    """Return a folder with a database of one answer, and its backup."""

    async def fill() -> None:
        storage = await Storage.open(f"sqlite:///{tmp_path}/data/moodify.db")
        await storage.songs.record(entry(1, title="Tune"))
        await storage.close()

    asyncio.run(fill())
    done = moodify(tmp_path, "backup", "copy.backup")
    assert (done.returncode, done.stderr) == (0, "")
    assert "copy.backup holds all" in done.stdout
    return tmp_path


def test_a_backup_is_private_and_restored_into_an_empty_database(backed_up: Path) -> None:
    file = backed_up / "copy.backup"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    done = moodify(backed_up, "restore", file, MOODIFY_DATA_DIR="other")
    assert (done.returncode, done.stderr) == (0, "")

    async def titles() -> list[str]:
        storage = await Storage.open(f"sqlite:///{backed_up}/other/moodify.db")
        found = await storage.songs.titles(31)
        await storage.close()
        return [each.title for each in found]

    assert asyncio.run(titles()) == ["Tune"]


@pytest.mark.parametrize(
    ("arguments", "settings", "code", "says"),
    [
        (("restore", "copy.backup"), {}, 1, "not empty"),
        (("restore", "nowhere.backup"), {"MOODIFY_DATA_DIR": "other"}, 1, "cannot be read"),
        (("backup", "another"), {"MOODIFY_DATA_DIR": "other"}, 1, "nothing to back up"),
        (("backup", "no/such/folder"), {}, 1, "cannot be written"),
        (("backup", "another"), {"MOODIFY_DATABASE_URL": "mysql://x"}, 2, "MOODIFY_DATABASE_URL"),
        (("backup",), {}, 2, "FILE"),
    ],
)
def test_what_cannot_be_done_is_one_sentence(
    backed_up: Path, arguments: tuple[str, ...], settings: dict[str, str], code: int, says: str
) -> None:
    done = moodify(backed_up, *arguments, **settings)
    assert (done.returncode, done.stdout) == (code, "")
    assert says in done.stderr
    assert "Traceback" not in done.stderr


def test_help_tells_what_they_do(tmp_path: Path) -> None:
    assert "empty database" in moodify(tmp_path, "restore", "--help").stdout
    commands = moodify(tmp_path, "--help").stdout
    assert "backup" in commands
    assert "restore" in commands
