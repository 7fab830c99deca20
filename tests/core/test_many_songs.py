"""A folder of songs: all cores, one failure stops nothing, and a stopped run goes on."""

from __future__ import annotations

import csv
import io
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from moodify_core.parallel import WorkerDied, in_processes

TUNE = Path("examples").resolve() / "happy_morning_run.mp3"
COMMAND = (sys.executable, "-W", "error", "-m", "moodify_core", "analyze")


def start(*arguments: object) -> subprocess.Popen[str]:
    """Start the command as a shell does: in a process group of its own."""
    return subprocess.Popen(
        [*COMMAND, *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def moodify(*arguments: object) -> tuple[int, str, str]:
    with start(*arguments) as process:
        output, errors = process.communicate(timeout=300)
    return process.returncode, output, errors


def album(folder: Path, songs: int) -> list[Path]:
    folder.mkdir()
    paths = [folder / f"{number:02}.mp3" for number in range(songs)]
    for number, path in enumerate(paths):
        path.write_bytes(TUNE.read_bytes()[: 60_000 + 1000 * number])
    return paths


def an_hour(path: Path) -> None:
    """Make a song so long that a run is still busy with it when it is stopped."""
    path.write_bytes(TUNE.read_bytes() * 100)


def rows(table: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(table.read_text(encoding="utf-8"))))


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 120
    while not condition():
        assert time.monotonic() < deadline, "It took too long."
        time.sleep(0.02)


def of_group(group: int) -> list[int]:
    """List the processes of a group that still run."""
    found = []
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, _, its_group = status.read_text().rpartition(")")[2].split()[:3]
        except OSError:
            continue
        if int(its_group) == group and state != "Z":
            found.append(int(status.parent.name))
    return found


def test_answers_come_in_order_whatever_fails(tmp_path: Path) -> None:
    songs = album(tmp_path / "album", 5)
    songs[1].write_bytes(b"fLaC" + bytes(100))
    (tmp_path / "pictures").mkdir()
    (tmp_path / "pictures" / "03.png").mkdir()  # no picture can be written here
    table = tmp_path / "moods.csv"
    code, output, errors = moodify(
        tmp_path / "album", "--jobs", 2, "--csv", table, "--image", tmp_path / "pictures"
    )
    assert code == 1
    named = [line.split()[0] for line in output.splitlines() if ".mp3 (" in line]
    assert named == ["00.mp3", "02.mp3", "03.mp3", "04.mp3"]
    assert [Path(row["file"]).name for row in rows(table)] == named
    broken, unwritten = errors.splitlines()
    assert broken.startswith("01.mp3: This audio file is damaged")
    assert unwritten.startswith("03.mp3: 03.png cannot be read or written")
    assert {path.name for path in (tmp_path / "pictures").iterdir() if path.is_file()} == {
        "00.png",
        "02.png",
        "04.png",
    }


def test_many_and_one_by_one_say_the_same(tmp_path: Path) -> None:
    album(tmp_path / "album", 3)
    together = moodify(tmp_path / "album", "--json", "--jobs", 3)
    assert together == moodify(tmp_path / "album", "--json", "--jobs", 1)
    assert together[0] == 0


def test_a_run_that_was_killed_goes_on(tmp_path: Path) -> None:
    songs = album(tmp_path / "album", 8)
    table = tmp_path / "moods.csv"
    short = songs[4].read_bytes()
    an_hour(songs[4])
    with start(tmp_path / "album", "--csv", table, "--jobs", 2) as process:
        wait_for(lambda: table.exists() and table.read_text().count("\n") > 2)
        os.killpg(process.pid, signal.SIGKILL)
    songs[4].write_bytes(short)
    done = [Path(row["file"]).name for row in rows(table)]
    assert 2 <= len(done) <= 4
    with table.open("a", encoding="utf-8") as file:
        file.write(f"{songs[-1]},12.3,hap")  # as far as a full disk may let it come
    code, output, errors = moodify(tmp_path / "album", "--csv", table, "--jobs", 2)
    assert code == 0
    assert errors == f"{len(done)} songs are in moods.csv already.\n"
    assert not [name for name in done if name in output]
    assert [Path(row["file"]) for row in rows(table)] == songs
    assert all(row["dominant"] and row["modified"] for row in rows(table))


def test_songs_that_changed_or_lack_a_picture_are_done_again(tmp_path: Path) -> None:
    songs = album(tmp_path / "album", 3)
    table, pictures = tmp_path / "moods.csv", tmp_path / "pictures"
    arguments = (tmp_path / "album", "--csv", table, "--image", pictures)
    assert moodify(*arguments)[0] == 0
    songs[0].write_bytes(TUNE.read_bytes()[:90_000])
    (pictures / "01.png").unlink()
    code, output, errors = moodify(*arguments)
    assert (code, errors) == (0, "1 song is in moods.csv already.\n")
    assert [line.split()[0] for line in output.splitlines() if ".mp3 (" in line] == [
        "00.mp3",
        "01.mp3",
    ]
    assert sorted(Path(row["file"]) for row in rows(table)) == songs
    assert (pictures / "01.png").is_file()


def test_songs_that_failed_are_tried_again(tmp_path: Path) -> None:
    songs = album(tmp_path / "album", 2)
    whole = songs[0].read_bytes()
    songs[0].write_bytes(b"fLaC" + bytes(100))
    table = tmp_path / "moods.csv"
    assert moodify(tmp_path / "album", "--csv", table)[0] == 1
    songs[0].write_bytes(whole)
    code, output, _ = moodify(tmp_path / "album", "--csv", table)
    assert code == 0
    assert "00.mp3 (" in output
    assert len(rows(table)) == 2


def test_a_song_that_is_named_twice_has_one_row(tmp_path: Path) -> None:
    table = tmp_path / "moods.csv"
    assert moodify(TUNE, TUNE, "--csv", table)[0] == 0
    assert len(rows(table)) == 1


@pytest.mark.parametrize("content", ["name,price\ntea,3\n", "Dear diary,\n", "x" * 200_000])
def test_what_is_no_table_of_moods_is_left_alone(tmp_path: Path, content: str) -> None:
    other = tmp_path / "other.csv"
    other.write_text(content)
    code, _, errors = moodify(TUNE, "--csv", other)
    assert code == 2
    assert "other.csv holds something else than a table of moods" in errors
    assert other.read_text() == content


@pytest.fixture
def heeds_ctrl_c() -> Iterator[None]:
    """Let programs that are started heed Ctrl-C, even where the tests run in the background."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("heeds_ctrl_c")
def test_ctrl_c_stops_all_of_it(tmp_path: Path) -> None:
    an_hour(album(tmp_path / "album", 6)[4])
    table = tmp_path / "moods.csv"
    with start(tmp_path / "album", "--csv", table, "--jobs", 2) as process:
        wait_for(lambda: table.exists() and table.read_text().count("\n") > 1)
        os.killpg(process.pid, signal.SIGINT)
        _, errors = process.communicate(timeout=60)
    assert process.returncode == 1
    assert errors.strip() == "Aborted!"
    wait_for(lambda: not of_group(process.pid))


def _square_unless_two(number: int) -> int:
    if number == 2:
        os.kill(os.getpid(), signal.SIGKILL)
    if number == 3:
        raise ValueError("three")
    return number**2


def test_a_worker_that_dies_takes_only_its_own_work_along() -> None:
    seen: list[object] = []
    with in_processes(_square_unless_two, range(6), 2) as results:
        for result in results:
            try:
                seen.append(result())
            except (WorkerDied, ValueError) as error:
                seen.append(type(error))
    assert seen == [0, 1, WorkerDied, ValueError, 16, 25]


def test_workers_have_one_thread_each() -> None:
    with in_processes(os.getenv, ["OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"], 2) as results:
        assert [result() for result in results] == ["1", "1"]


_LOADED = """
import sys
from moodify_core.cli import main
main(["analyze", sys.argv[1], "--csv", sys.argv[2]], standalone_mode=False)
print(*sorted({name.partition(".")[0] for name in sys.modules}))
"""


def test_one_song_loads_nothing_that_it_does_not_need(tmp_path: Path) -> None:
    command = [sys.executable, "-c", _LOADED, str(TUNE), str(tmp_path / "moods.csv")]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    loaded = set(done.stdout.splitlines()[-1].split())
    assert "moodify_core" in loaded
    assert not loaded & {
        "librosa", "numba", "sklearn", "joblib",  # training
        "matplotlib", "PIL",  # pictures
        "pebble", "rich",  # many songs, a terminal
        "discord", "aiohttp",
    }  # fmt: skip
