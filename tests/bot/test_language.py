from __future__ import annotations

import asyncio
import re
from pathlib import Path
from typing import Any

import pytest
from discord import Locale, app_commands
from discord.app_commands import locale_str

from bot.client import MoodifyBot
from bot.commands import EXTENSIONS
from bot.config import Settings
from bot.presentation import texts
from bot.presentation.language import (
    ENGLISH,
    SUPPORTED,
    CommandTranslator,
    language_of,
    listing,
    minutes,
    ngettext,
    number,
    percent,
    seconds,
    size,
    speaking,
    spoken,
)


@pytest.mark.parametrize(
    ("locale", "code"),
    [
        ("de", "de"),
        ("en-US", "en"),
        ("en-GB", "en"),
        ("es-ES", "es"),
        ("es-419", "es"),
        ("pt-BR", "pt-BR"),
        ("fr", "fr"),
        ("ja", "ja"),
        (Locale.german, "de"),
        ("it", "en"),
        ("", "en"),
        (None, "en"),
    ],
)
def test_everybody_is_spoken_to_in_a_language_that_is_there(
    locale: str | Locale | None, code: str
) -> None:
    assert language_of(locale).code == code


def test_every_language_is_one_of_discords() -> None:
    theirs = {locale.value.partition("-")[0] for locale in Locale}
    assert {language.code.partition("-")[0] for language in SUPPORTED} <= theirs


async def test_a_language_holds_for_a_block_and_for_the_tasks_that_start_in_it() -> None:
    async def name() -> str:
        await asyncio.sleep(0)
        return spoken().code

    with speaking("de"):
        german = asyncio.create_task(name())
        with speaking("ja"):
            assert spoken().code == "ja"
        assert spoken().code == "de"
    assert spoken() is ENGLISH
    assert await german == "de"


def test_an_error_ends_a_language_too() -> None:
    with pytest.raises(KeyError), speaking("fr"):
        raise KeyError
    assert spoken() is ENGLISH


@pytest.mark.parametrize(
    ("locale", "written"),
    [
        ("en", ["61%", "<1%", "44,100.5", "10 MiB", "1 second", "1.5 minutes", "a, b, and c"]),
        ("de", ["61 %", "<1 %", "44.100,5", "10 MiB", "1 Sekunde", "1,5 Minuten", "a, b und c"]),
        ("es", ["61 %", "<1 %", "44.100,5", "10 MiB", "1 segundo", "1,5 minutos", "a, b y c"]),
        ("fr", ["61 %", "<1 %", "44 100,5", "10 Mio", "1 seconde", "1,5 minute", "a, b et c"]),
        ("pt-BR", ["61%", "<1%", "44.100,5", "10 MiB", "1 segundo", "1,5 minuto", "a, b e c"]),
        ("ja", ["61%", "<1%", "44,100.5", "10 MiB", "1秒", "1.5分", "a、b、c"]),
    ],
)
def test_figures_are_written_as_the_language_does(locale: str, written: list[str]) -> None:
    with speaking(locale):
        figures = [percent(0.61), percent(0.001), number(44_100.5), size(10 * 2**20)]
        figures += [seconds(1), minutes(1.5), listing(["a", "b", "c"])]
    # Babel's spaces are those that do not break.
    assert [re.sub(r"[\u00a0\u202f]", " ", figure) for figure in figures] == written


def test_a_plural_is_chosen_by_the_language() -> None:
    def songs(count: float) -> str:
        return ngettext("{count} minute", "{count} minutes", count).format(count=count)

    assert [songs(count) for count in (0, 1, 2)] == ["0 minutes", "1 minute", "2 minutes"]
    with speaking("fr"):
        assert [songs(count) for count in (0, 1, 2)] == ["0 minute", "1 minute", "2 minutes"]
    with speaking("ja"):
        assert [songs(count) for count in (1, 2)] == ["1分", "2分"]


def test_a_small_file_is_measured_in_kib() -> None:
    assert size(512 * 1024) == "512 KiB"
    assert size(2**20 + 2**19) == "1.5 MiB"


@pytest.fixture
async def payloads(tmp_path: Path) -> dict[str, dict[str, Any]]:
    """What Discord is told of each command, by its name."""
    settings = Settings(DISCORD_TOKEN="x", data_dir=tmp_path, _env_file=None)  # type: ignore[call-arg]
    async with MoodifyBot(settings) as bot:
        for extension in EXTENSIONS:
            await bot.load_extension(extension)
        told = [
            await command.get_translated_payload(bot.tree, CommandTranslator())
            for command in bot.tree.get_commands()
        ]
    return {payload["name"]: payload for payload in told}


async def test_what_is_typed_stays_and_what_is_read_is_translated(
    payloads: dict[str, dict[str, Any]],
) -> None:
    mood = payloads["mood"]
    assert mood["name_localizations"] == {}
    assert mood["description"] == "Hear how a song feels."
    told = mood["description_localizations"]
    assert set(told) == {"de", "es-ES", "es-419", "fr", "pt-BR", "ja"}
    assert told["de"] == "Hör, wie sich ein Song anfühlt."
    for option in mood["options"]:
        assert not option.get("name_localizations")
        assert set(option["description_localizations"]) == set(told)


async def test_the_menu_has_a_name_in_every_language(payloads: dict[str, dict[str, Any]]) -> None:
    names = payloads["Analyze mood"]["name_localizations"]
    assert names["fr"] == "Analyser l’ambiance"
    with speaking("fr"):
        assert texts.menu_name() == names["fr"]


async def test_discord_takes_every_localisation_of_every_command(
    payloads: dict[str, dict[str, Any]],
) -> None:
    for payload in payloads.values():
        for name in payload["name_localizations"].values():
            assert 0 < len(name) <= 32
        for described in [payload, *payload.get("options", [])]:
            for description in described.get("description_localizations", {}).values():
                assert 0 < len(description) <= 100


async def test_what_nobody_translated_stays_english() -> None:
    context = app_commands.TranslationContext(
        location=app_commands.TranslationContextLocation.other, data=None
    )
    text = locale_str("Nobody has heard of this.")
    assert await CommandTranslator().translate(text, Locale.german, context) == text.message
    assert await CommandTranslator().translate(text, Locale.italian, context) is None
