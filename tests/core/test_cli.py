"""The command `moodify`, as a person or a script runs it."""

from __future__ import annotations

import csv
import io
import json
import os
import pty
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import av
import pytest
from PIL import Image

from moodify_core import analyze
from moodify_core.console import summary
from moodify_core.moods import MOODS, Mood, shares

EXAMPLES = Path("examples").resolve()
TUNE = EXAMPLES / "happy_morning_run.mp3"


def moodify(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-W", "error", "-m", "moodify_core", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)


def test_a_terminal_of_another_encoding_shows_what_it_can(tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHONIOENCODING": "cp1252"}
    command = [
        sys.executable,
        "-m",
        "moodify_core",
        "analyze",
        TUNE,
        "--csv",
        tmp_path / "moods.csv",
    ]
    done = subprocess.run(command, capture_output=True, check=False, env=environment, timeout=300)
    assert (done.returncode, done.stderr) == (0, b"")
    assert b"Mostly happy" in done.stdout
    assert len((tmp_path / "moods.csv").read_text().splitlines()) == 2


def moodify_on_a_terminal(*arguments: object, piped: bool = False) -> tuple[bytes, bytes]:
    """Run the command with a terminal; return what went there, and what went to a pipe."""
    leader, follower = pty.openpty()
    command = [sys.executable, "-m", "moodify_core", *map(str, arguments)]
    output = subprocess.PIPE if piped else follower
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "100"}
    with subprocess.Popen(command, stdout=output, stderr=follower, env=environment) as process:
        os.close(follower)
        seen = bytearray()
        while True:
            try:
                piece = os.read(leader, 65536)
            except OSError:  # how Linux says that nobody has the terminal open any more
                break
            if not piece:
                break
            seen += piece
        rest = process.stdout.read() if process.stdout else b""
    os.close(leader)
    return bytes(seen), rest


def test_a_song_gives_its_moods_and_a_picture(tmp_path: Path) -> None:
    done = moodify("analyze", TUNE, "--image", tmp_path / "mood.png")
    assert done.returncode == 0
    assert done.stderr == ""
    assert "happy_morning_run.mp3 (0:35)" in done.stdout
    for mood in MOODS:
        assert f"  {mood.value}" in done.stdout
    shares = [int(word.rstrip("%")) for word in done.stdout.split() if word.endswith("%")]
    assert sum(shares) == pytest.approx(100, abs=2)
    with Image.open(tmp_path / "mood.png") as picture:
        assert picture.size == (1200, 600)


def test_less_than_half_of_the_time_is_not_called_mostly() -> None:
    answer = replace(
        analyze(TUNE),
        breakdown=shares({Mood.SAD: 0.35, Mood.HAPPY: 0.3}.get(mood, 0.35 / 3) for mood in MOODS),
        dominant=Mood.SAD,
        unsure=False,
    )
    assert "  More sad than anything else, with" in summary("song", answer)
    half = replace(answer, breakdown=shares(0.5 * (mood is Mood.SAD) + 0.1 for mood in MOODS))
    assert "  Mostly sad, with" in summary("song", half)


def test_json_is_all_that_json_prints() -> None:
    done = moodify("analyze", TUNE, "--json")
    answer = json.loads(done.stdout)
    assert answer["file"] == str(TUNE)
    assert answer["duration"] == pytest.approx(35.4, abs=0.1)
    assert sum(answer["breakdown"].values()) == pytest.approx(1, abs=1e-3)
    assert done.stderr == ""


def test_a_folder_with_bad_files_is_done_as_far_as_it_goes(tmp_path: Path) -> None:
    album = tmp_path / "album"
    (album / "disc 2").mkdir(parents=True)
    (album / "one.mp3").write_bytes(TUNE.read_bytes())
    (album / "disc 2" / "two.bin").write_bytes((EXAMPLES / "sad_empty_platform.mp3").read_bytes())
    (album / "broken.flac").write_bytes(b"fLaC" + bytes(100))
    (album / "cover.jpg").write_bytes(b"\xff\xd8\xff\xe0" + bytes(100))
    table, pictures = tmp_path / "album.csv", tmp_path / "pictures"
    done = moodify("analyze", album, "--csv", table, "--image", pictures)
    assert done.returncode == 1
    assert "broken.flac: This audio file is damaged" in done.stderr
    assert "cover.jpg" not in done.stdout + done.stderr
    rows = list(csv.DictReader(io.StringIO(table.read_text(encoding="utf-8"))))
    assert {Path(row["file"]).name for row in rows} == {"one.mp3", "two.bin"}
    for row in rows:
        assert sum(float(row[f"share_{mood.value}"]) for mood in MOODS) == pytest.approx(
            1, abs=0.01
        )
    assert (pictures / "one.png").is_file()
    assert (pictures / "disc 2" / "two.png").is_file()


def test_failures_are_json_too(tmp_path: Path) -> None:
    bad = tmp_path / "bad.mp3"
    bad.write_bytes(b"no music")
    done = moodify("analyze", bad, TUNE, "--json")
    assert done.returncode == 1
    first, second = map(json.loads, done.stdout.splitlines())
    assert first["error"]["kind"] == "UnsupportedFormat"
    assert second["dominant"]


@pytest.mark.parametrize(
    "arguments",
    [(), ("analyze",), ("analyze", "no such file.mp3"), ("analyze", "tests/core"), ("sing",)],
    ids=["nothing", "no file", "missing file", "folder without songs", "unknown command"],
)
def test_wrong_use_is_explained(arguments: tuple[str, ...]) -> None:
    done = moodify(*arguments)
    assert done.returncode == 2
    assert "Usage:" in done.stderr
    assert "Traceback" not in done.stderr


def test_several_songs_cannot_share_one_picture(tmp_path: Path) -> None:
    done = moodify("analyze", TUNE, TUNE, "--image", tmp_path / "one.png")
    assert done.returncode == 2
    assert "--image takes a folder" in done.stderr


def test_the_picture_for_phones(tmp_path: Path) -> None:
    assert moodify("analyze", TUNE, "--phone", "--image", tmp_path / "p.png").returncode == 0
    with Image.open(tmp_path / "p.png") as picture:
        assert picture.size == (1080, 1080)


def test_a_picture_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    done = moodify("analyze", TUNE, "--image", tmp_path / "missing" / "mood.png")
    assert done.returncode == 1
    assert "cannot be read or written" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_film_is_made_in_the_shape_that_was_asked_for(tmp_path: Path) -> None:
    film = tmp_path / "film.mp4"
    done = moodify("analyze", TUNE, "--film", film, "--shape", "square", "--silent")
    assert (done.returncode, done.stderr) == (0, "")
    with av.open(film) as made:
        assert not made.streams.audio
        assert (made.streams.video[0].width, made.streams.video[0].height) == (640, 640)
        assert made.metadata["title"] == "happy morning run"


def test_several_songs_cannot_share_one_film(tmp_path: Path) -> None:
    done = moodify("analyze", TUNE, TUNE, "--film", tmp_path / "one.mp4")
    assert done.returncode == 2
    assert "--film takes a folder" in done.stderr


def test_the_progress_bar_is_gone_before_the_answer() -> None:
    seen, _ = moodify_on_a_terminal("analyze", TUNE)
    bar, _, answer = seen.partition(b"happy_morning_run.mp3 (0:35)")
    assert "━".encode() in bar
    assert bar.endswith((b"\x1b[2K", b"\r\n"))
    assert b"\x1b" not in answer
    assert "━".encode() not in answer


def test_the_answer_goes_to_a_pipe_and_the_bar_to_the_terminal() -> None:
    seen, answer = moodify_on_a_terminal("analyze", TUNE, piped=True)
    assert "━".encode() in seen
    assert b"(0:35)" not in seen
    assert answer.startswith(b"happy_morning_run.mp3 (0:35)")


@pytest.mark.parametrize("option", ["--image", "--html", "--film", "--csv"])
@pytest.mark.parametrize("link", [False, True])
def test_a_song_is_never_overwritten(tmp_path: Path, option: str, link: bool) -> None:
    song = tmp_path / "song.mp3"
    song.write_bytes(TUNE.read_bytes())
    target = tmp_path / "link.mp3" if link else song
    if link:
        target.symlink_to(song)
    done = moodify("analyze", song, option, target)
    assert done.returncode == 2
    assert f"{option} would overwrite the song" in done.stderr
    assert song.read_bytes() == TUNE.read_bytes()


@pytest.mark.parametrize("second", ["--html", "--csv"])
def test_one_output_is_never_overwritten_by_another(tmp_path: Path, second: str) -> None:
    target = tmp_path / "mood.png"
    done = moodify("analyze", TUNE, "--image", target, second, tmp_path / "." / "mood.png")
    assert done.returncode == 2
    assert f"--image and {second} would both write mood.png" in done.stderr
    assert not target.exists()


def test_a_table_and_a_folder_need_two_names(tmp_path: Path) -> None:
    done = moodify("analyze", TUNE, "--csv", tmp_path / "out", "--image", tmp_path / "out")
    assert done.returncode == 2
    assert "out cannot be the file of --csv and the folder of --image" in done.stderr
    assert not (tmp_path / "out").exists()


def test_a_link_that_leads_to_itself_is_said(tmp_path: Path) -> None:
    (tmp_path / "loop.png").symlink_to(tmp_path / "loop.png")
    done = moodify("analyze", TUNE, "--image", tmp_path / "loop.png")
    assert done.returncode == 1
    assert "loop.png cannot be read or written" in done.stderr


def test_songs_that_differ_in_their_ending_keep_their_own_pictures(tmp_path: Path) -> None:
    album, pictures = tmp_path / "album", tmp_path / "pictures"
    album.mkdir()
    for name in ("tune.mp3", "tune.mpeg", "a.b.mp3"):
        (album / name).write_bytes(TUNE.read_bytes())
    assert moodify("analyze", album, album / "tune.mp3", "--image", pictures).returncode == 0
    made = {path.name for path in pictures.iterdir()}
    assert made == {"tune.mp3.png", "tune.mpeg.png", "a.b.png", "tune.mp3 (2).png"}


def test_one_song_may_go_to_a_new_folder(tmp_path: Path) -> None:
    assert moodify("analyze", TUNE, "--image", f"{tmp_path}/new/").returncode == 0
    assert (tmp_path / "new" / "happy_morning_run.png").is_file()


def test_the_answer_is_told_even_if_its_picture_cannot_be_written(tmp_path: Path) -> None:
    picture = tmp_path / "missing" / "mood.png"
    done = moodify("analyze", TUNE, "--image", picture)
    assert "happy_morning_run.mp3 (0:35)" in done.stdout
    machine = moodify("analyze", TUNE, "--image", picture, "--json")
    assert machine.returncode == 1
    assert json.loads(machine.stdout)["dominant"]


@pytest.mark.parametrize("table", ["missing/moods.csv", "/dev/full"])
def test_a_table_that_cannot_be_written_is_said(tmp_path: Path, table: str) -> None:
    done = moodify("analyze", TUNE, "--csv", tmp_path / table)
    assert done.returncode == 1
    assert "cannot be written" in done.stderr
    assert "Traceback" not in done.stderr


def test_an_answer_that_cannot_be_printed_is_said() -> None:
    command = [sys.executable, "-m", "moodify_core", "analyze", str(TUNE)]
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, check=False)
    assert done.returncode == 1
    assert done.stderr == b"Error: The answer cannot be printed (No space left on device).\n"


def test_pipes_and_devices_are_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "song.mp3")
    for path in (tmp_path / "song.mp3", Path("/dev/zero")):
        done = moodify("analyze", path)
        assert done.returncode == 2
        assert "is a pipe or a device" in done.stderr


def test_hostile_names_reach_neither_terminal_nor_spreadsheet(tmp_path: Path) -> None:
    names = (b"esc\x1b[31m.mp3", b"new\nline.mp3", b"\xff.mp3", "turned\u202egnp.mp3".encode())
    for name in names:
        Path(os.fsdecode(os.fsencode(tmp_path) + b"/" + name)).write_bytes(
            TUNE.read_bytes()[:60000]
        )
    table = tmp_path / "moods.csv"
    done = moodify("analyze", tmp_path, "--csv", table, "--image", tmp_path / "pictures")
    assert (done.returncode, done.stderr) == (0, "")
    assert not {"\x1b", "\u202e"} & set(done.stdout)
    assert "new\ufffdline.mp3 (" in done.stdout
    assert "\ufffd.mp3 (" in done.stdout
    assert b"\xff.mp3" in table.read_bytes()
    answers = [
        json.loads(line)
        for line in moodify("analyze", tmp_path, "--json").stdout.split("\n")
        if line
    ]
    assert {os.fsencode(Path(answer["file"]).name) for answer in answers} == set(names)


def test_a_name_is_no_formula(tmp_path: Path) -> None:
    (tmp_path / "=cmd.mp3").write_bytes(TUNE.read_bytes())
    command = [sys.executable, "-m", "moodify_core", "analyze", "=cmd.mp3", "--csv", "t.csv"]
    environment = {**os.environ, "PYTHONPATH": str(Path.cwd())}
    subprocess.run(command, cwd=tmp_path, env=environment, check=True, capture_output=True)
    (row,) = csv.DictReader(io.StringIO((tmp_path / "t.csv").read_text(encoding="utf-8")))
    assert row["file"] == "'=cmd.mp3"


def test_decoders_write_nothing_to_the_terminal(tmp_path: Path) -> None:
    data = TUNE.read_bytes()
    (tmp_path / "cut.mp3").write_bytes(data[: len(data) * 2 // 3])
    done = moodify("analyze", tmp_path / "cut.mp3")
    assert (done.returncode, done.stderr) == (0, "")
    assert "the file ends early" in done.stdout
