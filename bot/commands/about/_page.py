"""What `/about` shows: pure functions from what is known to Discord's embed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import discord

from bot.presentation import about_texts as texts
from bot.presentation import privacy_texts
from bot.storage import Agreement
from moodify_core.shipped import Shipped


@dataclass(frozen=True, slots=True)
class About:
    """What is known of the bot.

    Attributes
    ----------
    name : str
    model : Shipped or None
        None where no model lies.
    started : datetime
    latency : float or None
        Seconds that Discord takes to answer; None before it is known.
    agreement : Agreement or None
        What the people of the server hear, beside what the bot said; None elsewhere.
    source, policy, terms : str or None
        Addresses.
    """

    name: str
    model: Shipped | None
    started: datetime
    latency: float | None = None
    agreement: Agreement | None = None
    source: str | None = None
    policy: str | None = None
    terms: str | None = None


def about_embed(about: About) -> discord.Embed:
    """Return all that is told."""
    embed = discord.Embed(
        title=texts.about_title(about.name),
        description=texts.about_me(),
        colour=discord.Colour.blurple(),
    )
    embed.add_field(name=texts.trust_heading(), value=_trust(about.model), inline=False)
    if about.agreement is not None:
        embed.add_field(
            name=privacy_texts.agreement_heading(),
            value=privacy_texts.agreement(about.agreement.agreed, about.agreement.asked),
            inline=False,
        )
    embed.add_field(name=texts.kept_heading(), value=texts.kept(), inline=False)
    version = about.model.version if about.model else None
    since = discord.utils.format_dt(about.started, "R")
    embed.add_field(
        name=texts.state_heading(), value=texts.state(version, since, about.latency), inline=False
    )
    return embed


def about_links(about: About) -> discord.ui.View:
    """Return the links that there are, as buttons."""
    view = discord.ui.View()
    for label, url in (
        (texts.source_button, about.source),
        (texts.policy_button, about.policy),
        (texts.terms_button, about.terms),
    ):
        if url:
            view.add_item(discord.ui.Button(label=label(), url=url))
    return view


def _trust(model: Shipped | None) -> str:
    if model is None or model.measured is None:
        return texts.trust_unknown()
    unheard = model.measured.unheard_artists
    return "\n".join(
        (
            texts.trust(unheard.value, unheard.low, unheard.high),
            texts.trust_elsewhere(model.measured.unheard_collections),
        )
    )
