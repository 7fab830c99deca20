"""The panel of `/settings`: pure functions from a server's settings to what Discord shows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import islice

import discord

from bot.commands.settings._choices import SHORTEST, OperatorLimits
from bot.presentation import settings_texts as texts
from bot.presentation.language import SUPPORTED, language_of
from bot.storage import GuildSettings, Listening

PREFIX = "settings"
"""With this begin the ids of all of the panel's components."""

NONE = "none"
"""Value of the choice that leaves a setting to others."""

_COLOUR = discord.Colour(0x5865F2)
_MOST_OPTIONS = 25
_LABEL_LIMIT = 100
_PROMPT_LIMIT = 150
_CHANNEL_TYPES = [
    discord.ChannelType.text,
    discord.ChannelType.news,
    discord.ChannelType.voice,
    discord.ChannelType.stage_voice,
    discord.ChannelType.forum,
]


class Page(StrEnum):
    """A page of the panel."""

    LISTENING = "listening"
    CHANNELS = "channels"
    ANSWERS = "answers"
    LIMITS = "limits"


class Action(StrEnum):
    """What a component of the panel does."""

    SHOW = "show"
    MODE = "mode"
    SHORTEST = "shortest"
    CHANNEL = "channel"
    CHANNEL_MODE = "channel-mode"
    REMOVE = "remove"
    LANGUAGE = "language"
    ROLE = "role"
    LEADERBOARD = "leaderboard"
    LONGEST = "longest"
    PAUSE = "pause"


@dataclass(frozen=True, slots=True)
class Panel:
    """All that the panel is made of.

    Attributes
    ----------
    settings : GuildSettings
    limits : OperatorLimits
    sees_posts : bool
        Whether the bot sees what is posted.
    page : Page
    chosen : int or None
        The channel whose mode is to be set.
    names : mapping of int to str
        What the channels are called that have modes of their own, and the chosen one; those that
        are not there any more are missing.
    mute : frozenset of int
        Those of them in which the bot may not speak.
    role_exists : bool
        Whether the role that may ask is still there.
    """

    settings: GuildSettings
    limits: OperatorLimits
    sees_posts: bool
    page: Page = Page.LISTENING
    chosen: int | None = None
    names: Mapping[int, str] = field(default_factory=dict)
    mute: frozenset[int] = frozenset()
    role_exists: bool = True


def component_id(action: Action, argument: object = None) -> str:
    """Return the id of a component, which says all that it does."""
    return f"{PREFIX}:{action}" + ("" if argument is None else f":{argument}")


def panel_embed(panel: Panel) -> discord.Embed:
    """Return what a page tells."""
    embed = discord.Embed(title=f"⚙️ {texts.page_title(_PAGE_NAMES[panel.page]())}", colour=_COLOUR)
    return _EMBEDS[panel.page](panel, embed)


def panel_items(panel: Panel) -> Iterator[discord.ui.Item[discord.ui.View]]:
    """Return what can be chosen on a page, the tabs of all pages first."""
    for page in Page:
        yield discord.ui.Button(
            label=_PAGE_NAMES[page](),
            emoji=_PAGE_EMOJI[page],
            style=(
                discord.ButtonStyle.primary if page is panel.page else discord.ButtonStyle.secondary
            ),
            custom_id=component_id(Action.SHOW, page),
            row=0,
        )
    yield from _ITEMS[panel.page](panel)


# --- listening -----------------------------------------------------------------------------------


def _listening_embed(panel: Panel, embed: discord.Embed) -> discord.Embed:
    settings = panel.settings
    if not panel.sees_posts:
        embed.description = texts.blind()
    embed.add_field(
        name=texts.mode_heading(), value=texts.mode_chosen(settings.listening), inline=False
    )
    embed.add_field(
        name=texts.shortest_heading(),
        value=texts.shortest_chosen(settings.min_seconds),
        inline=False,
    )
    if settings.channels:
        embed.set_footer(text=texts.exceptions_counted(len(settings.channels)))
    return embed


def _listening_items(panel: Panel) -> Iterator[discord.ui.Item[discord.ui.View]]:
    settings = panel.settings
    yield _menu(Action.MODE, texts.mode_prompt(), _mode_options(settings.listening), row=1)
    lengths = sorted({*SHORTEST, settings.min_seconds})
    yield _menu(
        Action.SHORTEST,
        texts.shortest_prompt(),
        [
            _option(texts.shortest_option(length), length, chosen=length == settings.min_seconds)
            for length in lengths
        ],
        row=2,
    )


# --- channels ------------------------------------------------------------------------------------


def _channels_embed(panel: Panel, embed: discord.Embed) -> discord.Embed:
    modes = panel.settings.channels
    embed.description = texts.channels_explained(panel.settings.listening)
    lines = [
        texts.exception_line(each, mode, mute=each in panel.mute and mode is not Listening.OFF)
        if each in panel.names
        else f"{texts.lost_channel(each)}: {texts.mode_name(mode)}"
        for each, mode in islice(modes.items(), _MOST_OPTIONS)
    ]
    if len(modes) > _MOST_OPTIONS:
        lines.append(texts.more_exceptions(len(modes) - _MOST_OPTIONS))
    # In the description, as a field is too short for so many lines.
    embed.description += f"\n\n**{texts.exceptions_heading()}**\n" + "\n".join(
        lines or [texts.no_exceptions()]
    )
    return embed


def _channels_items(panel: Panel) -> Iterator[discord.ui.Item[discord.ui.View]]:
    settings, chosen = panel.settings, panel.chosen
    yield discord.ui.ChannelSelect(
        custom_id=component_id(Action.CHANNEL),
        placeholder=texts.channel_prompt()[:_PROMPT_LIMIT],
        channel_types=_CHANNEL_TYPES,
        default_values=(
            [discord.Object(chosen, type=discord.abc.GuildChannel)]
            if chosen is not None and chosen in panel.names
            else []
        ),
        row=1,
    )
    if chosen is not None:
        own = settings.channels.get(chosen)
        as_the_server = _option(
            texts.as_the_server(),
            NONE,
            texts.as_the_server_meaning(settings.listening),
            chosen=own is None,
        )
        yield _menu(
            Action.CHANNEL_MODE,
            texts.channel_mode_prompt(_name(panel, chosen)),
            [as_the_server, *_mode_options(own)],
            argument=chosen,
            row=2,
        )
    if settings.channels:
        options = [
            _option(_name(panel, each), each, texts.mode_name(mode))
            for each, mode in islice(settings.channels.items(), _MOST_OPTIONS)
        ]
        yield _menu(Action.REMOVE, texts.removal_prompt(), options, row=3, most=len(options))


def _name(panel: Panel, channel_id: int) -> str:
    name = panel.names.get(channel_id)
    return texts.lost_channel(channel_id) if name is None else f"#{name}"


# --- answers -------------------------------------------------------------------------------------


def _answers_embed(panel: Panel, embed: discord.Embed) -> discord.Embed:
    settings = panel.settings
    language = (
        texts.members_language()
        if settings.language is None
        else language_of(settings.language).name
    )
    embed.add_field(name=texts.language_heading(), value=language, inline=False)
    embed.add_field(
        name=texts.role_heading(), value=texts.role_chosen(settings.role_id), inline=False
    )
    embed.add_field(
        name=texts.leaderboard_heading(),
        value=texts.leaderboard_chosen(on=settings.leaderboard),
        inline=False,
    )
    return embed


def _answers_items(panel: Panel) -> Iterator[discord.ui.Item[discord.ui.View]]:
    settings = panel.settings
    own = settings.language
    options = [
        _option(texts.members_language(), NONE, chosen=own is None),
        *(
            _option(
                language.name,
                language.code,
                chosen=own is not None and language == language_of(own),
            )
            for language in SUPPORTED
        ),
    ]
    yield _menu(Action.LANGUAGE, texts.language_prompt(), options, row=1)
    yield discord.ui.RoleSelect(
        custom_id=component_id(Action.ROLE),
        placeholder=texts.role_prompt()[:_PROMPT_LIMIT],
        min_values=0,
        default_values=(
            [discord.Object(settings.role_id, type=discord.Role)]
            if settings.role_id is not None and panel.role_exists
            else []
        ),
        row=2,
    )
    if settings.role_id is not None:
        yield discord.ui.Button(
            label=texts.everybody(), custom_id=component_id(Action.ROLE, NONE), row=3
        )
    yield discord.ui.Button(
        label=texts.leaderboard_button(on=settings.leaderboard),
        custom_id=component_id(Action.LEADERBOARD, "off" if settings.leaderboard else "on"),
        row=3,
    )


# --- limits --------------------------------------------------------------------------------------


def _limits_embed(panel: Panel, embed: discord.Embed) -> discord.Embed:
    embed.description = texts.limits_explained()
    embed.add_field(
        name=texts.longest_heading(),
        value=texts.longest_chosen(panel.limits.longest_song(panel.settings)),
        inline=False,
    )
    embed.add_field(
        name=texts.pause_heading(),
        value=texts.pause_chosen(panel.limits.pause(panel.settings)),
        inline=False,
    )
    return embed


def _limits_items(panel: Panel) -> Iterator[discord.ui.Item[discord.ui.View]]:
    limits = panel.limits
    longest, pause = limits.longest_song(panel.settings), limits.pause(panel.settings)
    yield _menu(
        Action.LONGEST,
        texts.longest_prompt(),
        [
            _option(
                texts.longest_free(limits.max_minutes), NONE, chosen=longest == limits.max_minutes
            ),
            *(
                _option(texts.longest_option(length), length, chosen=length == longest)
                for length in limits.longest_songs
            ),
        ],
        row=1,
    )
    yield _menu(
        Action.PAUSE,
        texts.pause_prompt(),
        [
            _option(texts.pause_free(limits.cooldown), NONE, chosen=pause == limits.cooldown),
            *(
                _option(texts.duration(length), length, chosen=length == pause)
                for length in limits.pauses
            ),
        ],
        row=2,
    )


# --- parts ---------------------------------------------------------------------------------------


def _mode_options(chosen: Listening | None) -> list[discord.SelectOption]:
    return [
        _option(texts.mode_name(mode), mode, texts.mode_meaning(mode), chosen=mode is chosen)
        for mode in Listening
    ]


def _option(
    label: str, value: object, meaning: str | None = None, *, chosen: bool = False
) -> discord.SelectOption:
    return discord.SelectOption(
        label=label[:_LABEL_LIMIT],
        value=str(value),
        description=meaning and meaning[:_LABEL_LIMIT],
        default=chosen,
    )


def _menu(
    action: Action,
    prompt: str,
    options: list[discord.SelectOption],
    *,
    row: int,
    argument: object = None,
    most: int = 1,
) -> discord.ui.Select[discord.ui.View]:
    return discord.ui.Select(
        custom_id=component_id(action, argument),
        placeholder=prompt[:_PROMPT_LIMIT],
        options=options,
        max_values=most,
        row=row,
    )


_Items = Iterable[discord.ui.Item[discord.ui.View]]

_PAGE_NAMES: Mapping[Page, Callable[[], str]] = {
    Page.LISTENING: texts.listening_page,
    Page.CHANNELS: texts.channels_page,
    Page.ANSWERS: texts.answers_page,
    Page.LIMITS: texts.limits_page,
}
_PAGE_EMOJI: Mapping[Page, str] = {
    Page.LISTENING: "👂",
    Page.CHANNELS: "📂",
    Page.ANSWERS: "💬",
    Page.LIMITS: "⏱️",
}
_EMBEDS: Mapping[Page, Callable[[Panel, discord.Embed], discord.Embed]] = {
    Page.LISTENING: _listening_embed,
    Page.CHANNELS: _channels_embed,
    Page.ANSWERS: _answers_embed,
    Page.LIMITS: _limits_embed,
}
_ITEMS: Mapping[Page, Callable[[Panel], _Items]] = {
    Page.LISTENING: _listening_items,
    Page.CHANNELS: _channels_items,
    Page.ANSWERS: _answers_items,
    Page.LIMITS: _limits_items,
}
