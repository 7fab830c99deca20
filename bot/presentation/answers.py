"""What a message with answers holds: from the fullest version to the plainest."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Self, TypedDict

import discord

from bot.outcomes import Answered, Filmed, Outcome
from bot.presentation import answer_texts, embeds, texts
from bot.presentation.titles import inline_code

FILM_NAME = "film.mp4"

CONTENT_LIMIT = 2000
"""Characters that Discord takes as the text of a message."""

_REFUSALS_LIMIT = 900
"""Characters of it that songs without an answer may take."""


class Content(TypedDict):
    """What a message shows, in the words of discord.py."""

    content: str | None
    embeds: list[discord.Embed]
    attachments: list[discord.File]
    view: discord.ui.View | None


@dataclass(frozen=True, slots=True)
class Abilities:
    """What the bot may show in a channel.

    Attributes
    ----------
    embeds : bool
    files : bool
    """

    embeds: bool = True
    files: bool = True

    @classmethod
    def of(cls, permissions: discord.Permissions) -> Self:
        """Return what the bot may show with some permissions."""
        return cls(embeds=permissions.embed_links, files=permissions.attach_files)


ALL = Abilities()


def versions(
    outcomes: Sequence[Outcome],
    titles: Sequence[str] = (),
    abilities: Abilities = ALL,
    view: Callable[[], discord.ui.View | None] = lambda: None,
) -> tuple[Callable[[], Content], ...]:
    """Return ways to say how some songs ended, from the fullest to the plainest.

    Each makes its content afresh, as a file can be sent only once. What the bot is not able to
    show is left out from the start, with a sentence that names the missing permission.

    Parameters
    ----------
    outcomes : sequence of Outcome
        One for each song, at most 10; a film only by itself.
    titles : sequence of str
        What the songs are called, from `bot.presentation.titles.song_title`; needed for more
        than one.
    abilities : Abilities
    view : callable
        Makes the buttons under the answer.
    """
    if len(outcomes) == 1 and isinstance(outcomes[0], Filmed):
        film = outcomes[0]
        return (lambda: _film(film), lambda: sentence(texts.film_not_taken()))
    answers = _Answers(
        [outcome for outcome in outcomes if isinstance(outcome, Answered)],
        _refusals(outcomes, titles),
        view,
    )
    if not answers.answered:
        return (lambda: sentence(answers.refusals),)
    in_words = answers.in_words
    if abilities.embeds and abilities.files:
        return (
            answers.illustrated,
            lambda: answers.embedded(texts.no_picture()),
            lambda: in_words(texts.no_embed()),
        )
    if abilities.embeds:
        return (
            lambda: answers.embedded(answer_texts.no_files()),
            lambda: in_words(texts.no_embed()),
        )
    if abilities.files:
        return (
            lambda: in_words(answer_texts.no_embeds(), pictures=True),
            lambda: in_words(texts.no_embed()),
        )
    return (lambda: in_words(answer_texts.no_embeds_no_files()),)


def sentence(text: str, view: discord.ui.View | None = None) -> Content:
    """Return a message that is only a text."""
    return Content(content=text, embeds=[], attachments=[], view=view)


@dataclass(frozen=True, slots=True)
class _Answers:
    """Songs that were answered, and a text about those that were not."""

    answered: Sequence[Answered]
    refusals: str
    view: Callable[[], discord.ui.View | None]

    def illustrated(self) -> Content:
        pictures = self._pictures()
        return Content(
            content=self.refusals or None,
            embeds=[
                embed.set_image(url=f"attachment://{file.filename}")
                for embed, file in zip(self._embeds(), pictures, strict=True)
            ],
            attachments=pictures,
            view=self.view(),
        )

    def embedded(self, notice: str) -> Content:
        return Content(
            content=_lines(notice, self.refusals),
            embeds=self._embeds(),
            attachments=[],
            view=self.view(),
        )

    def in_words(self, notice: str, *, pictures: bool = False) -> Content:
        return Content(
            content=self._text(notice),
            embeds=[],
            attachments=self._pictures() if pictures else [],
            view=self.view(),
        )

    def _embeds(self) -> list[discord.Embed]:
        room = embeds.EMBEDS_LIMIT // len(self.answered)
        return [
            embeds.mood_embed(
                answer.title, answer.hearing.analysis, repeated=answer.repeated, room=room
            )
            for answer in self.answered
        ]

    def _pictures(self) -> list[discord.File]:
        several = len(self.answered) > 1
        return [
            embeds.picture(answer.hearing, number if several else None)
            for number, answer in enumerate(self.answered, start=1)
        ]

    def _text(self, notice: str) -> str:
        """Return the fullest text that a message can hold."""
        for describe in (embeds.whole_text, embeds.plain_text, embeds.line):
            songs = (describe(answer.title, answer.hearing.analysis) for answer in self.answered)
            text = _lines(*songs, self.refusals, notice)
            if len(text) <= CONTENT_LIMIT:
                break
        return text


def _film(outcome: Filmed) -> Content:
    file = discord.File(
        outcome.path, filename=FILM_NAME, description=outcome.description[: embeds.ALT_TEXT_LIMIT]
    )
    caption = texts.film_caption(inline_code(outcome.title))
    return Content(content=caption, embeds=[], attachments=[file], view=None)


def _refusals(outcomes: Sequence[Outcome], titles: Sequence[str]) -> str:
    """Return why songs were not answered; songs with the same reason share a line."""
    named: dict[str, list[str]] = {}
    for outcome, title in zip(outcomes, titles or [""] * len(outcomes), strict=True):
        if not isinstance(outcome, Answered | Filmed):
            named.setdefault(texts.refusal(outcome), []).append(inline_code(title))
    if len(outcomes) == 1:
        return "".join(named)
    return "\n".join(_named_refusals(named))


def _named_refusals(named: dict[str, list[str]]) -> Iterator[str]:
    room, left_out = _REFUSALS_LIMIT, 0
    for reason, titles in named.items():
        line = answer_texts.songs_refused(titles, reason)
        if len(line) >= room:
            line = answer_texts.unnamed_songs_refused(len(titles), reason)
        if len(line) < room:
            yield line
            room -= len(line) + 1
        else:
            left_out += len(titles)
    if left_out:
        yield answer_texts.more_refused(left_out)


def _lines(*lines: str) -> str:
    return "\n".join(filter(None, lines))
