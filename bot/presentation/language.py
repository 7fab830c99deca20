"""The languages that the bot speaks, and the one that is spoken right now.

What people read is written in English in `bot.presentation.texts` and looked up in the catalogues
of ``bot/locales`` when it is said. `speaking` sets the language for a block of code and for the
tasks that start in it, so that no function has to hand it on.
"""

from __future__ import annotations

import gettext as catalogues
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from importlib.resources import files
from io import BytesIO

from babel import Locale
from babel.lists import format_list
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_decimal
from discord import app_commands
from discord.app_commands import TranslationContextLocation, TranslationContextTypes, locale_str
from discord.enums import Locale as DiscordLocale

from moodify_core.figures import in_percent

DOMAIN = "moodify"
"""Name of the catalogues."""

_KIB, _MIB = 2**10, 2**20


@dataclass(frozen=True, slots=True)
class Language:
    """A language that the bot speaks.

    Attributes
    ----------
    code : str
        As Discord begins the names of its locales (``"de"``, ``"pt-BR"``).
    name : str
        What its speakers call it.
    """

    code: str
    name: str

    @property
    def locale(self) -> Locale:
        """What Babel knows of it: how it writes numbers and lists."""
        return Locale.parse(self.code, sep="-")


ENGLISH = Language("en", "English")

SUPPORTED: tuple[Language, ...] = (
    ENGLISH,
    Language("de", "Deutsch"),
    Language("es", "Español"),
    Language("fr", "Français"),
    Language("pt-BR", "Português do Brasil"),
    Language("ja", "日本語"),
)
"""All languages; the texts themselves are English."""

_BY_TONGUE = {language.code.partition("-")[0]: language for language in SUPPORTED}

_spoken: ContextVar[Language] = ContextVar("spoken", default=ENGLISH)


def language_of(locale: str | DiscordLocale | None) -> Language:
    """Return the language to speak to somebody.

    Parameters
    ----------
    locale : str, discord.Locale or None
        As Discord writes it (``"es-419"``, ``"pt-BR"``).

    Returns
    -------
    Language
        English for a language that the bot does not speak.
    """
    return _BY_TONGUE.get(str(locale).partition("-")[0], ENGLISH)


def spoken() -> Language:
    """Return the language that is spoken right now."""
    return _spoken.get()


@contextmanager
def speaking(locale: str | DiscordLocale | None) -> Iterator[None]:
    """Speak the language of a locale within a block, and in tasks that are started in it.

    Parameters
    ----------
    locale : str, discord.Locale or None
        As for `language_of`.
    """
    before = _spoken.set(language_of(locale))
    try:
        yield
    finally:
        _spoken.reset(before)


def _(message: str) -> str:
    """Return a text in the language that is spoken; called with a literal."""
    return _CATALOGUES[spoken()].gettext(message)


def ngettext(singular: str, plural: str, count: float) -> str:
    """Return the text that fits a number, in the language that is spoken.

    Parameters
    ----------
    singular, plural : str
        Literals; what a language does with 0, 2 or 5 is in its catalogue.
    count : float
        What is not whole is one or several as Babel knows of the language: "1.5 minutes", but
        "1,5 minute".
    """
    if float(count).is_integer():
        whole = int(count)
    else:
        whole = 1 if spoken().locale.plural_form(count) == "one" else 2
    return _CATALOGUES[spoken()].ngettext(singular, plural, whole)


def number(value: float) -> str:
    """Write a number, to a hundredth."""
    return format_decimal(round(value, 2), locale=spoken().locale)


def percent(share: float) -> str:
    """Write a share of 0..1 as a whole percentage; what is there is never called 0 %."""
    return in_percent(share, percent_pattern())


def percent_pattern() -> str:
    """Return how a percentage is written, with ``{}`` for its figure."""
    pattern: str = spoken().locale.percent_formats[None].pattern
    return pattern.replace("#,##0", "{}")


def size(count: int) -> str:
    """Write a number of bytes as people read it."""
    if count >= _MIB:
        return _("{count} MiB").format(count=number(count / _MIB))
    return _("{count} KiB").format(count=number(round(count / _KIB)))


def seconds(count: float) -> str:
    """Write a length of time in seconds."""
    return ngettext("{count} second", "{count} seconds", count).format(count=number(count))


def minutes(count: float) -> str:
    """Write a length of time, given in minutes."""
    return ngettext("{count} minute", "{count} minutes", count).format(count=number(count))


def listing(items: Sequence[str]) -> str:
    """Write a list as it stands in a sentence: "a, b, and c"."""
    return format_list(items, locale=spoken().locale)


def separator() -> str:
    """Return what stands between the items of a list, before the last two."""
    pattern: str = spoken().locale.list_patterns["standard"]["middle"]
    return pattern.format("", "")


class CommandTranslator(app_commands.Translator):
    """Tells Discord what the commands are called and what they do, in all languages.

    What is typed, the names of commands and of their options, is the same everywhere, so that
    one explanation serves a whole server.
    """

    async def translate(
        self, string: locale_str, locale: DiscordLocale, context: TranslationContextTypes
    ) -> str | None:
        """Return a text in a language, or None for English; discord.py calls this."""
        language = language_of(locale)
        if language is ENGLISH or _is_typed(context):
            return None
        return _CATALOGUES[language].gettext(string.message)


def _is_typed(context: TranslationContextTypes) -> bool:
    if context.location is TranslationContextLocation.command_name:
        return not isinstance(context.data, app_commands.ContextMenu)
    return context.location in (
        TranslationContextLocation.group_name,
        TranslationContextLocation.parameter_name,
    )


def _read(language: Language) -> catalogues.NullTranslations:
    """Return a language's texts, compiled from what translators edit, so that no step is needed."""
    if language is ENGLISH:
        return catalogues.NullTranslations()
    folder = files("bot") / "locales" / str(language.locale) / "LC_MESSAGES"
    with (folder / f"{DOMAIN}.po").open("rb") as source:
        catalogue = read_po(source, locale=language.locale)
    compiled = BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    return catalogues.GNUTranslations(compiled)


# Read at the start, so that nobody waits for them.
_CATALOGUES = {language: _read(language) for language in SUPPORTED}
