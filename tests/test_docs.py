"""What the documents say is so: commands are described, figures are those that were measured."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path

import click
import pytest

from moodify_core.cli import main
from moodify_core.training.report import (
    describe_confusion,
    describe_coverage,
    describe_reliability,
)

README = Path("README.md").read_text(encoding="utf-8")
DOCUMENTS = README + "".join(
    path.read_text(encoding="utf-8") for path in sorted(Path("docs").rglob("*.md"))
)
METRICS = json.loads(Path("models/metrics.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", sorted(main.commands))
def test_every_command_is_documented(name: str) -> None:
    assert f"moodify {name}" in DOCUMENTS


@pytest.mark.parametrize(
    "option",
    sorted(
        option
        for command in main.commands.values()
        for parameter in command.params
        if isinstance(parameter, click.Option)
        for option in parameter.opts
    ),
)
def test_every_option_is_documented(option: str) -> None:
    assert option in DOCUMENTS


def test_the_figures_of_the_readme_are_the_measured_ones() -> None:
    table = README.split("<!-- accuracy -->")[1].split("<!-- /accuracy -->")[0]
    scores = METRICS["unheard_artists"]
    for corpus, score in scores.items():
        for figure in (score["macro_f1"], *score["recall"].values()):
            cell = f"{figure['value']:.2f} ({figure['low']:.2f}–{figure['high']:.2f})"
            assert cell in table, (corpus, cell)
        assert f"{score['calibration']['ece']:.2f}" in table
    locked = METRICS["locked_artists"]["all"]["macro_f1"]
    assert f"{locked['value']:.2f} ({locked['low']:.2f}–{locked['high']:.2f})" in README
    transfer = METRICS["unheard_corpus"]
    found = [round(100 * transfer[corpus]["accuracy"]["value"]) for corpus in ("4q", "emotify")]
    assert f"{found[0]} and {found[1]} of 100 songs" in README
    leaky = re.search(r"Measured that way a plain random forest on our windows has (\d+) %", README)
    assert leaky is not None
    assert int(leaky[1]) == round(100 * METRICS["leaky_window_accuracy"])


def test_the_pictures_of_the_accuracy_are_described_by_the_measured_figures() -> None:
    scores = METRICS["unheard_artists"]["all"]
    text = Path("docs/accuracy.md").read_text(encoding="utf-8")
    for description, picture in (
        (describe_confusion(scores), "confusion"),
        (describe_reliability(scores["calibration"]["reliability"]), "reliability"),
        (describe_coverage(scores["coverage"]), "coverage"),
    ):
        assert f"![{description}](images/{picture}.png)" in text


def test_links_lead_somewhere() -> None:
    for document in (Path("README.md"), *Path("docs").rglob("*.md")):
        for target in re.findall(r"\]\(([^)#:]+)\)", document.read_text(encoding="utf-8")):
            assert (document.parent / target).exists(), (document, target)


def test_the_changelog_knows_this_version() -> None:
    version = tomllib.loads(Path("pyproject.toml").read_text())["project"]["version"]
    assert f"## {version}" in Path("CHANGELOG.md").read_text(encoding="utf-8")
