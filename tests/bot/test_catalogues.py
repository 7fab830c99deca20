"""Every text is there in every language."""

from __future__ import annotations

import re
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from string import Formatter

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.pofile import read_po

import bot
from bot.presentation.language import DOMAIN, ENGLISH, SUPPORTED, Language

BOT = Path(bot.__file__).parent

Text = str | tuple[str, ...]
"""A text, or the one for one thing and the one for several."""

TRANSLATIONS = [language for language in SUPPORTED if language is not ENGLISH]
LANGUAGES = pytest.mark.parametrize("language", TRANSLATIONS, ids=lambda language: language.code)

SIZES = {"{count} MiB", "{count} KiB"}

SPELT_ALIKE: dict[str, set[Text]] = {
    "de": {"Details", "Film", "Moderation", "Pause", "Songs", *SIZES},
    "es": SIZES,
    "fr": {"Page {page}", "Passages", "Pause", ("{count} minute", "{count} minutes")},
    "pt-BR": SIZES,
    "ja": SIZES,
}
"""Texts that another language spells as English does."""

NOT_WORDS = re.compile(r"\{\w+\}|`[^`]*`|\W")


def _in_the_code() -> set[Text]:
    found = extract_from_dir(
        BOT, [("**.py", "python")], keywords={**DEFAULT_KEYWORDS, "locale_str": None}
    )
    return {message for _, _, message, *_ in found}


IN_THE_CODE = _in_the_code()


def _place(language: Language) -> Traversable:
    return files("bot") / "locales" / str(language.locale) / "LC_MESSAGES" / f"{DOMAIN}.po"


def _catalogue(language: Language) -> Catalog:
    with _place(language).open("rb") as source:
        return read_po(source, locale=language.locale, abort_invalid=True)


def _translations(language: Language) -> dict[Text, Text]:
    return {
        tuple(message.id) if isinstance(message.id, (list, tuple)) else message.id: (
            tuple(message.string)
            if isinstance(message.string, (list, tuple))
            else (message.string or "")
        )
        for message in _catalogue(language)
        if message.id and not message.fuzzy
    }


def _forms(text: Text) -> tuple[str, ...]:
    return text if isinstance(text, tuple) else (text,)


def _placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


def test_the_code_has_texts() -> None:
    assert len(IN_THE_CODE) > 100
    assert "Analyze mood" in IN_THE_CODE
    assert ("{count} second", "{count} seconds") in IN_THE_CODE


@LANGUAGES
def test_a_catalogue_names_nobody_and_no_day(language: Language) -> None:
    header = _place(language).read_text(encoding="utf-8").partition("\n\n")[0]
    names = {line.partition(":")[0].strip('"') for line in header.splitlines() if ": " in line}
    assert names == {
        *("Language", "Plural-Forms", "MIME-Version"),
        *("Content-Type", "Content-Transfer-Encoding"),
    }


@LANGUAGES
def test_every_text_is_translated_and_nothing_else_is(language: Language) -> None:
    translations = _translations(language)
    missing = {text for text in IN_THE_CODE if not all(_forms(translations.get(text, "")))}
    assert not missing
    assert set(translations) == IN_THE_CODE


@LANGUAGES
def test_every_translation_fills_in_the_same(language: Language) -> None:
    for text, translation in _translations(language).items():
        wanted = _placeholders(_forms(text)[-1])
        for form in _forms(translation):
            assert _placeholders(form) == wanted, form


@LANGUAGES
def test_every_plural_has_all_forms_of_its_language(language: Language) -> None:
    forms = _catalogue(language).num_plurals
    for text, translation in _translations(language).items():
        if isinstance(text, tuple):
            assert len(_forms(translation)) == forms


@LANGUAGES
def test_no_english_is_left(language: Language) -> None:
    alike = {
        text
        for text, translation in _translations(language).items()
        if set(_forms(translation)) & set(_forms(text)) and NOT_WORDS.sub("", _forms(text)[0])
    }
    assert alike == SPELT_ALIKE[language.code]


@LANGUAGES
def test_markup_links_and_commands_stay(language: Language) -> None:
    kept = re.compile(r"`[^`]*`|\*\*|<[@#]|https?://\S+|^[^\w\s{<*`“/]+ ")
    for text, translation in _translations(language).items():
        for form in _forms(translation):
            assert sorted(kept.findall(form)) == sorted(kept.findall(_forms(text)[-1])), form


@LANGUAGES
def test_what_a_text_quotes_is_called_as_it_is_elsewhere(language: Language) -> None:
    translations = _translations(language)
    for text, translation in translations.items():
        quoted = re.findall(r"“([^”{]+)”|(Analyze mood)", _forms(text)[0])
        for name in filter(None, (name for pair in quoted for name in pair)):
            if name in translations:
                for form in _forms(translation):
                    assert _forms(translations[name])[0] in form
