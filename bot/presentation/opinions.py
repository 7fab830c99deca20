"""What people hear in songs: the menus that ask for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import discord

from bot.presentation import privacy_texts
from bot.presentation.pressing import Pressed
from bot.presentation.texts import mood_name
from bot.storage import Recorded
from moodify_core.moods import MOODS, Mood

MOST_SONGS = 5
"""Menus that a message can hold, says Discord."""
_PROMPT_LIMIT = 150


class OpinionMenu(
    Pressed[discord.ui.Select[discord.ui.View]],
    template=r"hear:(?P<record_id>\d{1,19})",
):
    """A choice of the mood that somebody hears.

    Parameters
    ----------
    record_id : int or str
        Of the song that was answered.
    title : str
        Of the song, made harmless.
    said : Mood or None
        What the person said before.
    """

    def __init__(self, record_id: int | str, title: str = "", said: Mood | None = None) -> None:
        super().__init__(
            discord.ui.Select(
                custom_id=f"hear:{record_id}",
                placeholder=privacy_texts.opinion_menu(title)[:_PROMPT_LIMIT],
                options=[
                    discord.SelectOption(
                        label=mood_name(mood), value=mood, emoji=mood.emoji, default=mood is said
                    )
                    for mood in MOODS
                ],
            )
        )
        self._record_id = int(record_id)

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Note the mood that was chosen; discord.py calls this."""
        (chosen,) = self.item.values
        await interaction.client.opinion_desk.say(interaction, self._record_id, Mood(chosen))


def opinion_view(records: Sequence[Recorded], said: Mapping[int, Mood]) -> discord.ui.View:
    """Return a menu for each song, for at most `MOST_SONGS`, with what the person said before."""
    view = discord.ui.View(timeout=None)
    for record in records[:MOST_SONGS]:
        view.add_item(OpinionMenu(record.id, record.title, said.get(record.id)))
    return view


def asked_about(message: discord.Message | None) -> tuple[int, ...]:
    """Return the records that the menus of a message are about."""
    template = OpinionMenu.__discord_ui_compiled_template__
    ids = [
        int(match["record_id"])
        for row in (message.components if message is not None else ())
        for component in getattr(row, "children", ())
        if (match := template.fullmatch(getattr(component, "custom_id", None) or ""))
    ]
    return tuple(ids)
