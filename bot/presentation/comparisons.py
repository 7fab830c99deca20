"""Two songs side by side."""

from __future__ import annotations

import io
from collections.abc import Callable

import discord

from bot.engine import Comparison
from bot.presentation import answer_texts, texts
from bot.presentation.answers import CONTENT_LIMIT, Abilities, Content, sentence
from bot.presentation.embeds import ALT_TEXT_LIMIT
from bot.presentation.titles import inline_code

PICTURE_NAME = "comparison.png"


def comparison(
    titles: tuple[str, str],
    drawn: Comparison,
    abilities: Abilities,
    view: Callable[[], discord.ui.View | None],
) -> tuple[Callable[[], Content], ...]:
    """Return ways to show two songs, from the fullest to the plainest.

    Parameters
    ----------
    titles : (str, str)
        From `bot.presentation.titles.song_title`.
    drawn : Comparison
    abilities : Abilities
    view : callable
        Makes what stands below.
    """
    heading = answer_texts.compared(*map(inline_code, titles))

    def illustrated() -> Content:
        file = discord.File(
            io.BytesIO(drawn.picture),
            filename=PICTURE_NAME,
            description=drawn.description[:ALT_TEXT_LIMIT],
        )
        return Content(content=heading, embeds=[], attachments=[file], view=view())

    def in_words(notice: str) -> Content:
        room = CONTENT_LIMIT - len(heading) - len(notice) - 2
        return sentence(f"{heading}\n{drawn.description[:room]}\n{notice}", view())

    if not abilities.files:
        return (lambda: in_words(answer_texts.no_files()),)
    return (illustrated, lambda: in_words(texts.no_picture()))
