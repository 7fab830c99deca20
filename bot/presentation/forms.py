"""Forms that open over Discord: what all of them have in common."""

from __future__ import annotations

import discord

LIFETIME = 15 * 60.0
"""Seconds that somebody has to fill in a form, before it is forgotten."""


class Form(discord.ui.Modal):
    """A form for whoever opened it.

    Parameters
    ----------
    title : str
    name : str
        What it asks for; with the next, its id.
    opened_by : int
        The interaction that opens it: of forms with the same id, discord.py knows only the latest,
        whoever has it open.
    """

    def __init__(self, title: str, name: str, opened_by: int) -> None:
        super().__init__(title=title, custom_id=f"{name}:{opened_by}", timeout=LIFETIME)
