"""The pages of ``/privacy``: what they say, and what can be pressed on them."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

import discord

from bot.presentation import privacy_texts as texts
from bot.presentation.about_texts import policy_button
from bot.presentation.pressing import PressedButton
from bot.storage import Wishes

FILE_NAME = "moodify-data.json"
_COLOUR = discord.Colour(0x5865F2)


class Deed(StrEnum):
    """What a button of ``/privacy`` does."""

    SHOW = "show"
    HIDE_HERE = "hide-here"
    UNHIDE_HERE = "unhide-here"
    HIDE = "hide"
    UNHIDE = "unhide"
    STOP = "stop"
    RESUME = "resume"
    FORGET = "forget"
    FORGET_NOW = "forget-now"
    FORGET_AND_STOP = "forget-and-stop"
    KEEP = "keep"


@dataclass(frozen=True, slots=True)
class Kept:
    """What is kept of somebody, and for how long.

    Attributes
    ----------
    wishes : Wishes
    entries : int
        Rows that name them.
    in_server : bool
        Whether they ask in a server that the bot is in.
    days : float or None
        For which songs are kept; None for as long as nobody deletes them.
    days_after_leaving : float
        For which a server's songs are kept once the bot is not in it any more.
    policy : str or None
        Address of the operator's policy.
    """

    wishes: Wishes
    entries: int
    in_server: bool
    days: float | None
    days_after_leaving: float
    policy: str | None = None


class PrivacyButton(PressedButton, template=rf"privacy:(?P<deed>{'|'.join(Deed)})"):
    """A button of ``/privacy``; it works after a restart too.

    Parameters
    ----------
    deed : str
        A `Deed`.
    """

    def __init__(self, deed: str) -> None:
        self._deed = Deed(deed)
        super().__init__(
            f"privacy:{deed}",
            _LABELS[self._deed](),
            emoji=_EMOJI.get(self._deed),
            style=_STYLES.get(self._deed, discord.ButtonStyle.secondary),
        )

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Do it; discord.py calls this."""
        await interaction.client.privacy_desk.press(interaction, self._deed)


def privacy_embed(kept: Kept) -> discord.Embed:
    """Return what is kept, why and for how long, in plain words."""
    embed = discord.Embed(title=f"🔒 {texts.privacy_title()}", colour=_COLOUR)
    for heading, text in (
        (texts.kept_heading(), texts.kept()),
        (texts.purpose_heading(), texts.purpose()),
        (texts.never_heading(), texts.never()),
        (texts.time_heading(), texts.time_kept(kept.days, kept.days_after_leaving)),
        (texts.now_heading(), "\n".join(_now(kept))),
    ):
        embed.add_field(name=heading, value=text, inline=False)
    return embed


def privacy_view(kept: Kept) -> discord.ui.View:
    """Return what can be done about it."""
    view = discord.ui.View(timeout=None)
    view.add_item(PrivacyButton(Deed.SHOW))
    if kept.in_server:
        view.add_item(
            PrivacyButton(Deed.UNHIDE_HERE if kept.wishes.hidden_here else Deed.HIDE_HERE)
        )
    view.add_item(PrivacyButton(Deed.UNHIDE if kept.wishes.hidden else Deed.HIDE))
    view.add_item(PrivacyButton(Deed.RESUME if kept.wishes.unrecorded else Deed.STOP))
    view.add_item(PrivacyButton(Deed.FORGET))
    if kept.policy:
        view.add_item(discord.ui.Button(label=policy_button(), url=kept.policy))
    return view


def forget_view() -> discord.ui.View:
    """Return the buttons that confirm that somebody is to be forgotten, or not."""
    view = discord.ui.View(timeout=None)
    for deed in (Deed.FORGET_NOW, Deed.FORGET_AND_STOP, Deed.KEEP):
        view.add_item(PrivacyButton(deed))
    return view


def data_file(
    user_id: int, tables: Mapping[str, Any], *, limit: int, at: float
) -> tuple[str, bytes] | None:
    """Return all that is kept of somebody as a file.

    Parameters
    ----------
    user_id : int
    tables : mapping
        As `bot.storage.PrivacyStore.everything_of` returns it.
    limit : int
        Most bytes that Discord takes.
    at : float
        When it was looked up, in seconds of Unix time.

    Returns
    -------
    (str, bytes) or None
        The file's name and what is in it, compressed if it would be too large otherwise; None if
        even that is.
    """
    what = {
        "what": "All that this Moodify bot keeps of you: every row that names you, by its table. "
        "PRIVACY.md tells what each table is for.",
        "user_id": str(user_id),
        "made_at": datetime.fromtimestamp(at, UTC).isoformat(timespec="seconds"),
        "tables": tables,
    }
    content = json.dumps(what, ensure_ascii=False, indent=2).encode()
    if len(content) <= limit:
        return FILE_NAME, content
    content = gzip.compress(content)
    return (f"{FILE_NAME}.gz", content) if len(content) <= limit else None


def _now(kept: Kept) -> Iterator[str]:
    yield texts.entries(kept.entries)
    if kept.wishes.hidden:
        yield texts.hidden_everywhere()
    elif kept.wishes.hidden_here:
        yield texts.hidden_here()
    if kept.wishes.unrecorded:
        yield texts.unrecorded()


_LABELS = {
    Deed.SHOW: texts.show_button,
    Deed.HIDE_HERE: texts.hide_here_button,
    Deed.UNHIDE_HERE: texts.unhide_here_button,
    Deed.HIDE: texts.hide_everywhere_button,
    Deed.UNHIDE: texts.unhide_everywhere_button,
    Deed.STOP: texts.stop_button,
    Deed.RESUME: texts.resume_button,
    Deed.FORGET: texts.forget_button,
    Deed.FORGET_NOW: texts.forget_now_button,
    Deed.FORGET_AND_STOP: texts.forget_and_stop_button,
    Deed.KEEP: texts.keep_button,
}
_EMOJI = {
    Deed.SHOW: "📄",
    Deed.HIDE_HERE: "🙈",
    Deed.HIDE: "🙈",
    Deed.UNHIDE_HERE: "👀",
    Deed.UNHIDE: "👀",
    Deed.STOP: "⏸️",
    Deed.RESUME: "▶️",
    Deed.FORGET: "🗑️",
}
_STYLES = {
    Deed.FORGET: discord.ButtonStyle.danger,
    Deed.FORGET_NOW: discord.ButtonStyle.danger,
    Deed.FORGET_AND_STOP: discord.ButtonStyle.danger,
}
