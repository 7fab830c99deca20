"""Buttons under messages. Their ids say all that they need, so they work after a restart too."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

import discord

from bot.outcomes import Answered, Outcome
from bot.presentation import answer_texts, privacy_texts, texts
from bot.presentation.forms import Form
from bot.presentation.opinions import OpinionMenu
from bot.presentation.pressing import Pressed, PressedButton
from bot.storage import Titled

CHOICES = 25
"""Songs that a menu can hold, says Discord."""

_CUSTOM_ID_LIMIT = 100
_NAME_PART_LIMIT = 80
_IDS = r"(?P<ids>\d{1,19}(?:-\d{1,19})*)"


class FilmButton(PressedButton, template=r"film:(?P<key>\d+)"):
    """Asks for a film of the song that was answered.

    Parameters
    ----------
    key : str
        What the film can be asked for by.
    number : int, optional
        Which of several songs it is.
    """

    def __init__(self, key: str, number: int | None = None) -> None:
        label = texts.film_button()
        super().__init__(
            f"film:{key}", label if number is None else f"{label} {number}", emoji="🎬"
        )
        self._key = key

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Make the film; discord.py calls this."""
        await interaction.client.film_desk.film(interaction, self._key)


class CancelFilmButton(PressedButton, template=r"film-cancel:(?P<key>\d+)"):
    """Stops a film that is in the making.

    Parameters
    ----------
    key : str
        Id of the film.
    """

    def __init__(self, key: str) -> None:
        super().__init__(
            f"film-cancel:{key}", texts.cancel_button(), style=discord.ButtonStyle.danger
        )
        self._key = key

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Stop the film; discord.py calls this."""
        await interaction.client.film_desk.cancel(interaction, self._key)


class CancelRequestButton(PressedButton, template=r"cancel:(?P<request_id>\d+):(?P<asker_id>\d+)"):
    """Stops a request that is under way.

    Parameters
    ----------
    request_id, asker_id : str
        The request, and who asks.
    """

    def __init__(self, request_id: str, asker_id: str) -> None:
        super().__init__(
            f"cancel:{request_id}:{asker_id}",
            texts.cancel_button(),
            style=discord.ButtonStyle.danger,
        )
        self._request_id, self._asker_id = int(request_id), int(asker_id)

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Stop the request; discord.py calls this."""
        await interaction.client.answer_desk.cancel(interaction, self._request_id, self._asker_id)


class DetailsButton(PressedButton, template=rf"details:{_IDS}"):
    """Shows what else there is to know of an answer.

    Parameters
    ----------
    ids : str
        Of the records of its songs, joined by dashes.
    """

    def __init__(self, ids: str) -> None:
        super().__init__(f"details:{ids}", answer_texts.details_button(), emoji="🔍")
        self.record_ids = tuple(map(int, ids.split("-")))

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Show the details; discord.py calls this."""
        await interaction.client.answer_desk.details(interaction, self.record_ids)


class PageButton(PressedButton, template=rf"page:{_IDS}:(?P<page>\d{{1,4}}):(?P<sign>[<>])"):
    """Turns to another page of the details.

    Parameters
    ----------
    ids : str
        As for `DetailsButton`.
    page : str
        Which page it turns to, counted from 0.
    sign : str
        ``"<"`` or ``">"``: where that lies.
    """

    def __init__(self, ids: str, page: str, sign: str) -> None:
        super().__init__(f"page:{ids}:{page}:{sign}", {"<": "◀", ">": "▶"}[sign])
        self._record_ids = tuple(map(int, ids.split("-")))
        self._page = int(page)

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Turn the page; discord.py calls this."""
        await interaction.client.answer_desk.page(interaction, self._record_ids, self._page)


class CompareButton(PressedButton, template=r"compare:(?P<record_id>\d{1,19})"):
    """Asks which song to compare this one with.

    Parameters
    ----------
    record_id : str
        Of the song that was answered.
    """

    def __init__(self, record_id: str) -> None:
        super().__init__(f"compare:{record_id}", answer_texts.compare_button(), emoji="⚖️")
        self._record_id = int(record_id)

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Show the songs; discord.py calls this."""
        await interaction.client.answer_desk.compare(interaction, self._record_id)


class SearchButton(PressedButton, template=r"search:(?P<record_id>\d{1,19})"):
    """Opens the form that finds a song to compare with by its name.

    Parameters
    ----------
    record_id : str
        Of the song that was answered.
    """

    def __init__(self, record_id: str) -> None:
        super().__init__(f"search:{record_id}", answer_texts.search_button(), emoji="🔎")
        self._record_id = int(record_id)

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Open the form; discord.py calls this."""
        await interaction.client.answer_desk.search(interaction, self._record_id)


class SearchForm(Form):
    """Asks for a part of a song's name.

    Parameters
    ----------
    record_id : int
        Of the song that was answered.
    opened_by : int
        The interaction that opens it.
    """

    def __init__(self, record_id: int, opened_by: int) -> None:
        super().__init__(answer_texts.search_button(), "search-form", opened_by)
        self._record_id = record_id
        self._part: discord.ui.TextInput[Self] = discord.ui.TextInput(
            label=answer_texts.search_field(), custom_id="part", max_length=_NAME_PART_LIMIT
        )
        self.add_item(self._part)

    async def on_submit(self, interaction: discord.Interaction[Any], /) -> None:
        """Show the songs that were found; discord.py calls this."""
        await interaction.client.answer_desk.found(interaction, self._record_id, self._part.value)


class SongMenu(
    Pressed[discord.ui.Select[discord.ui.View]],
    template=r"compare-with:(?P<record_id>\d{1,19})",
):
    """A choice of songs to compare with.

    Parameters
    ----------
    record_id : int or str
        Of the song that was answered.
    songs : sequence of Titled
        At most `CHOICES`.
    """

    def __init__(self, record_id: int | str, songs: Sequence[Titled] = ()) -> None:
        super().__init__(
            discord.ui.Select(
                custom_id=f"compare-with:{record_id}",
                placeholder=answer_texts.compare_menu(),
                options=[_option(song) for song in songs],
            )
        )
        self._record_id = int(record_id)

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Compare with the song that was chosen; discord.py calls this."""
        (chosen,) = self.item.values
        await interaction.client.answer_desk.compared(interaction, self._record_id, int(chosen))


class OpinionButton(PressedButton, template=rf"opinion:{_IDS}"):
    """Asks who presses it what they hear.

    Parameters
    ----------
    ids : str
        Of the records of the songs whose mood was named, joined by dashes.
    """

    def __init__(self, ids: str) -> None:
        super().__init__(f"opinion:{ids}", privacy_texts.opinion_button(), emoji="👂")
        self._record_ids = tuple(map(int, ids.split("-")))

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Ask; discord.py calls this."""
        await interaction.client.opinion_desk.ask(interaction, self._record_ids)


class DeleteButton(PressedButton, template=r"delete:(?P<asker_id>\d+)"):
    """Takes an answer back.

    Parameters
    ----------
    asker_id : str
        Who had asked for it.
    """

    def __init__(self, asker_id: str) -> None:
        super().__init__(f"delete:{asker_id}", answer_texts.delete_button(), emoji="🗑️")
        self._asker_id = int(asker_id)

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Delete the answer; discord.py calls this."""
        await interaction.client.answer_desk.delete(interaction, self._asker_id)


BUTTONS = (
    FilmButton,
    CancelFilmButton,
    CancelRequestButton,
    DetailsButton,
    PageButton,
    CompareButton,
    SearchButton,
    SongMenu,
    OpinionButton,
    OpinionMenu,
    DeleteButton,
)
"""To be made known to discord.py, so that they work under messages of an earlier run."""


def answer_view(
    outcomes: Sequence[Outcome], *, asker_id: int, in_server: bool, private: bool = False
) -> discord.ui.View | None:
    """Return the buttons under an answer: those that work there.

    Parameters
    ----------
    outcomes : sequence of Outcome
        Of the songs of the answer.
    asker_id : int
        Who asked.
    in_server : bool
        Whether it is shown in a server that the bot is in, so that there are other songs.
    private : bool
        Whether only who asked sees it, so that nobody else has a say.

    Returns
    -------
    discord.ui.View or None
        None if no song was answered.
    """
    answered = [outcome for outcome in outcomes if isinstance(outcome, Answered)]
    if not answered:
        return None
    view = discord.ui.View(timeout=None)
    for number, answer in enumerate(answered, start=1):
        if answer.film_key is not None:
            view.add_item(FilmButton(answer.film_key, number if len(answered) > 1 else None))
    records = [answer.record_id for answer in answered if answer.record_id is not None]
    ids = "-".join(map(str, records))
    if records and len(f"page:{ids}:0000:>") <= _CUSTOM_ID_LIMIT:
        view.add_item(DetailsButton(ids))
    if in_server and len(answered) == 1 and records:
        view.add_item(CompareButton(ids))
    named = [
        str(answer.record_id)
        for answer in answered
        if answer.record_id is not None and not answer.hearing.analysis.unsure
    ]
    heard = "-".join(named)
    if in_server and not private and heard and len(f"opinion:{heard}") <= _CUSTOM_ID_LIMIT:
        view.add_item(OpinionButton(heard))
    return view.add_item(DeleteButton(str(asker_id)))


def cancel_request_view(request_id: int, asker_id: int) -> discord.ui.View:
    """Return the button that stops a request."""
    return discord.ui.View(timeout=None).add_item(
        CancelRequestButton(str(request_id), str(asker_id))
    )


def cancel_view(film_id: str) -> discord.ui.View:
    """Return the button that stops a film."""
    return discord.ui.View(timeout=None).add_item(CancelFilmButton(film_id))


def pages_view(record_ids: Sequence[int], page: int, pages: int) -> discord.ui.View:
    """Return the buttons that turn the pages of the details of some songs."""
    ids = "-".join(map(str, record_ids))
    view = discord.ui.View(timeout=None)
    if page > 0:
        view.add_item(PageButton(ids, str(page - 1), "<"))
    if page < pages - 1:
        view.add_item(PageButton(ids, str(page + 1), ">"))
    return view


def songs_view(record_id: int, songs: Sequence[Titled]) -> discord.ui.View:
    """Return a menu of songs to compare with, and a way to find others."""
    view = discord.ui.View(timeout=None).add_item(SongMenu(record_id, songs[:CHOICES]))
    return view.add_item(SearchButton(str(record_id)))


def records_of(message: discord.Message) -> tuple[int, ...]:
    """Return the records that the buttons of an answer name."""
    template = DetailsButton.__discord_ui_compiled_template__
    for row in message.components:
        for component in getattr(row, "children", ()):
            if match := template.fullmatch(getattr(component, "custom_id", None) or ""):
                return tuple(map(int, match["ids"].split("-")))
    return ()


def _option(song: Titled) -> discord.SelectOption:
    mood = answer_texts.unsure_song() if song.unsure else texts.mood_name(song.dominant)
    emoji = None if song.unsure else song.dominant.emoji
    return discord.SelectOption(
        label=song.title, value=str(song.record_id), description=mood, emoji=emoji
    )
