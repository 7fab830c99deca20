"""Making and measuring a model: on tunes of our own, small enough for every test run."""

from __future__ import annotations

import io
import json
from pathlib import Path

import numpy as np
import pytest
import soundfile
from click.testing import CliRunner

from examples.tunes import compose
from moodify_core import analyze
from moodify_core.cli import main
from moodify_core.model import (
    CONTEXT_CLASSIFIER,
    WINDOW_CLASSIFIER,
    OnnxClassifier,
    load_model,
)
from moodify_core.moods import MOODS, Mood
from moodify_core.scoring import contexts
from moodify_core.training.datasets import Clip, DatasetError, load_dataset
from moodify_core.training.evaluation import evaluate_model
from moodify_core.training.export import TOLERANCE, export_model
from moodify_core.training.extraction import TrainingSet, extract_training_set
from moodify_core.training.learners import CANDIDATES, fit_pair
from moodify_core.training.protocol import artist_folds, calibrate, fit_model

ARTISTS = 8


@pytest.fixture(scope="module")
def music(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for each mood, a folder for each artist in it."""
    folder = tmp_path_factory.mktemp("music")
    for mood in MOODS:
        for artist in range(ARTISTS):
            samples, rate = compose(mood.value, seed=200 + artist, seconds=12.0)
            place = folder / mood.value / f"artist {artist}"
            place.mkdir(parents=True)
            soundfile.write(place / "song.flac", samples, rate)
    return folder


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="module")
def examples(music: Path, cache: Path) -> TrainingSet:
    return extract_training_set(load_dataset(music), cache, jobs=2)


@pytest.fixture(scope="module")
def trained(music: Path, cache: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("models")
    done = CliRunner().invoke(
        main, ["train", "--data", str(music), "--out", str(out), "--cache", str(cache)]
    )
    assert done.exit_code == 0, done.output
    return out


def test_a_mood_folder_is_read(music: Path) -> None:
    clips = load_dataset(music)
    assert len(clips) == len(MOODS) * ARTISTS
    assert {clip.artist for clip in clips} == {f"artist {number}" for number in range(ARTISTS)}
    assert clips == sorted(clips)


def test_files_beside_artist_folders_are_told_by_their_names(tmp_path: Path) -> None:
    (tmp_path / "sad").mkdir()
    for name in ("Ann - One.mp3", "Ann - Two.mp3", "alone.mp3", ".hidden"):
        (tmp_path / "sad" / name).touch()
    artists = [clip.artist for clip in load_dataset(tmp_path)]
    assert artists == ["Ann", "Ann", "alone"]


def test_a_table_is_read(tmp_path: Path) -> None:
    (tmp_path / "clips.csv").write_text(
        "clip,corpus,artist_id,genre,mood\na.ogg,one,x,Rock,sad\nb.ogg,two,y,,\n"
    )
    assert load_dataset(tmp_path) == [Clip(tmp_path / "a.ogg", Mood.SAD, "x", "one", "Rock")]


@pytest.mark.parametrize("row", ["a.ogg,one,x,Rock,gloomy", "a.ogg"])
def test_a_table_that_is_not_understood_names_the_line(tmp_path: Path, row: str) -> None:
    (tmp_path / "clips.csv").write_text(f"clip,corpus,artist_id,genre,mood\n{row}\n")
    with pytest.raises(DatasetError, match="Line 2"):
        load_dataset(tmp_path)


def test_an_empty_folder_is_explained(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"needs a clips\.csv"):
        load_dataset(tmp_path)


def test_a_file_that_cannot_be_heard_is_named(tmp_path: Path) -> None:
    (tmp_path / "sad").mkdir()
    (tmp_path / "sad" / "broken.mp3").write_bytes(b"no music")
    with pytest.raises(DatasetError, match=r"broken\.mp3 cannot be learned from"):
        extract_training_set(load_dataset(tmp_path), None, jobs=1)


def test_no_artist_stands_on_both_sides(examples: TrainingSet) -> None:
    seen: list[int] = []
    for train, test in artist_folds(examples, 4, seed=0):
        assert set(examples.artists[train]).isdisjoint(examples.artists[test])
        seen += test.tolist()
    assert sorted(seen) == list(range(len(examples)))


@pytest.mark.parametrize("candidate", CANDIDATES)
def test_every_candidate_exports_as_it_was_trained(
    examples: TrainingSet, tmp_path: Path, candidate: str
) -> None:
    model, _, _ = fit_model(examples, 0)
    pair = fit_pair(candidate, examples, 0)
    exported = export_model(model, pair, examples, tmp_path)
    assert exported.largest_difference <= TOLERANCE
    for name, fitted, rows in (
        (WINDOW_CLASSIFIER, pair.window, np.vstack(examples.windows)),
        (CONTEXT_CLASSIFIER, pair.context, np.vstack([contexts(r) for r in examples.windows])),
    ):
        shipped = OnnxClassifier((tmp_path / name).read_bytes())
        np.testing.assert_allclose(
            shipped.predict_proba(rows), fitted.predict_proba(rows), atol=TOLERANCE
        )


def test_a_model_of_our_tunes_knows_our_tunes(trained: Path) -> None:
    model = load_model(trained)
    right = 0
    for mood in MOODS:
        samples, rate = compose(mood.value, seed=300, seconds=15.0)
        file = io.BytesIO()
        soundfile.write(file, samples, rate, format="FLAC")
        right += analyze(file, model=model).dominant is mood
    assert right >= 4


def test_metrics_are_what_evaluate_prints(trained: Path, music: Path, cache: Path) -> None:
    arguments = ["evaluate", "--data", str(music), "--cache", str(cache)]
    printed = CliRunner().invoke(main, [*arguments, "--json"])
    assert printed.exit_code == 0, printed.output
    stored = json.loads((trained / "metrics.json").read_text())
    del stored["model"]
    assert json.loads(printed.stdout) == stored
    words = CliRunner().invoke(main, arguments).stdout
    overall = stored["unheard_artists"]["all"]
    assert f"{overall['macro_f1']['value']:.3f} ({overall['macro_f1']['low']:.3f}" in words
    for mood in MOODS:
        assert f"recall {mood.value}" in words
    assert "calibration error" in words


def test_the_card_carries_the_figures(trained: Path) -> None:
    card = (trained / "model_card.md").read_text()
    stored = json.loads((trained / "metrics.json").read_text())
    assert load_model(trained).version in card
    assert f"{stored['unheard_artists']['all']['macro_f1']['value']:.2f}" in card


def test_same_data_and_seed_make_the_same_model(
    trained: Path, music: Path, cache: Path, tmp_path: Path
) -> None:
    arguments = ["--data", str(music), "--out", str(tmp_path), "--cache", str(cache)]
    assert CliRunner().invoke(main, ["train", *arguments]).exit_code == 0
    for file in trained.iterdir():
        assert (tmp_path / file.name).read_bytes() == file.read_bytes(), file.name


def test_a_finished_model_is_measured(trained: Path, examples: TrainingSet, music: Path) -> None:
    metrics = evaluate_model(examples, load_model(trained), seed=0)
    assert metrics["scores"]["accuracy"]["value"] > 0.8  # it learned from these very clips
    done = CliRunner().invoke(
        main, ["evaluate", "--data", str(music), "--model", str(trained), "--json"]
    )
    assert json.loads(done.stdout) == metrics


def test_wrong_labels_are_not_learned(examples: TrainingSet) -> None:
    rng = np.random.default_rng(0)
    shuffled = TrainingSet(
        windows=examples.windows,
        labels=rng.permutation(examples.labels),
        artists=np.array([f"{number}" for number in range(len(examples))]),
        corpora=examples.corpora,
        names=examples.names,
    )
    right: list[bool] = []
    for train, test in artist_folds(shuffled, 4, seed=0):
        model, _, _ = fit_model(shuffled.take(train), 0)
        answers = [model.score(shuffled.windows[index]).song.argmax() for index in test]
        right += (shuffled.labels[test] == answers).tolist()
    assert np.mean(right) < 0.45


def test_calibration_sharpens_timid_votes() -> None:
    rng = np.random.default_rng(3)
    labels = rng.integers(5, size=2000)
    truth = np.full((2000, 5), 0.05)
    truth[np.arange(2000), labels] = 0.8
    said = truth**0.25
    votes = np.log(said / said.sum(axis=1, keepdims=True))
    wrong = rng.random(2000) < 0.2
    votes[wrong] = np.roll(votes[wrong], 1, axis=1)
    calibration = calibrate(votes, labels)
    assert calibration.sharpness > 2
    assert max(map(abs, calibration.bias)) < 0.2


def test_training_leaves_only_its_files(trained: Path) -> None:
    assert sorted(file.name for file in trained.iterdir()) == [
        "context.onnx",
        "metrics.json",
        "model.json",
        "model_card.md",
        "window.onnx",
    ]
