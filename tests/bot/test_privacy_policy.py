"""PRIVACY.md says of every table what it is for, and leaves open only what an operator must say."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bot.config import Settings, variable
from bot.presentation import privacy_texts
from bot.storage.people import PERSON_COLUMNS
from bot.storage.tables import Base

POLICY = Path("PRIVACY.md").read_text(encoding="utf-8")
ROWS = {
    name: line
    for line in POLICY.splitlines()
    if line.startswith("| `")
    for name in re.findall(r"`(\w+)`", line.split("|")[1])
}


@pytest.mark.parametrize("table", Base.metadata.tables.values(), ids=lambda table: table.name)
def test_the_policy_tells_what_is_in_every_table(table: object) -> None:
    said = ROWS[table.name].split("|")[2]  # type: ignore[attr-defined]
    names_somebody = any(name in table.columns for name in PERSON_COLUMNS)  # type: ignore[attr-defined]
    assert ("user ID" in said) == names_somebody
    assert said.strip().startswith("nothing:") != names_somebody


def test_the_policy_names_no_table_that_is_not_there() -> None:
    assert set(ROWS) == set(Base.metadata.tables)


def test_the_policy_names_the_settings_that_decide_and_their_defaults() -> None:
    for field in ("retention_days", "keep_after_leaving_days"):
        assert variable(field) in POLICY
    assert f"[{Settings.model_fields['keep_after_leaving_days'].default}] days" in POLICY


def test_the_policy_names_what_can_be_pressed() -> None:
    for label in (
        privacy_texts.show_button(),
        privacy_texts.forget_now_button(),
        privacy_texts.hide_here_button(),
        privacy_texts.stop_button(),
    ):
        assert f"**{label}" in POLICY
