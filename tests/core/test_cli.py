"""The command `moodify`, as a person or a script runs it."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
from pathlib import Path

import av
import pytest
from PIL import Image

from moodify_core.moods import MOODS

EXAMPLES = Path("examples").resolve()
TUNE = EXAMPLES / "happy_morning_run.mp3"


def moodify(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-W", "error", "-m", "moodify_core", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)


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
