"""The panel of `/settings`: pure functions from a server's settings to what Discord shows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import islice

import discord

from bot.commands.settings._choices import SHORTEST, OperatorLimits
from bot.commands.settings._zones import ZONES, zone_city, zone_offset
from bot.presentation import settings_texts as texts
from bot.presentation.language import SUPPORTED, language_of
from bot.storage import AuditLine, Excluded, GuildSettings, Listening

PREFIX = "settings"
"""With this begin the ids of all of the panel's components."""

NONE = "none"
"""Value of the choice that leaves a setting to others."""

_COLOUR = discord.Colour(0x5865F2)
_MOST_OPTIONS = 25
_LABEL_LIMIT = 100
_PROMPT_LIMIT = 150
_TABS_A_ROW = 3
_MOST_NAMED = 20
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
    BOARDS = "boards"
    MODERATION = "moderation"


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
    TIME_ZONE = "time-zone"
    OTHER_ZONE = "other-zone"
    DIGEST = "digest"
    MEMBER = "member"
    EXCLUDE = "exclude"
    READMIT = "readmit"
    REMOVE_SONG = "remove-song"


@dataclass(frozen=True, slots=True)
class Member:
    """A member to do something about.

    Attributes
    ----------
    user_id : int
    is_bot : bool
    """

    user_id: int
    is_bot: bool


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
    excluded : tuple of Excluded
        Members who are kept off the boards.
    done : tuple of AuditLine
        What moderators did last.
    member : Member or None
        The member that was chosen.
    """

    settings: GuildSettings
    limits: OperatorLimits
    sees_posts: bool
    page: Page = Page.LISTENING
    chosen: int | None = None
    names: Mapping[int, str] = field(default_factory=dict)
    mute: frozenset[int] = frozenset()
    role_exists: bool = True
    excluded: tuple[Excluded, ...] = ()
    done: tuple[AuditLine, ...] = ()
    member: Member | None = None


def component_id(action: Action, argument: object = None) -> str:
    """Return the id of a component, which says all that it does."""
    return f"{PREFIX}:{action}" + ("" if argument is None else f":{argument}")


def panel_embed(panel: Panel) -> discord.Embed:
    """Return what a page tells."""
    embed = discord.Embed(title=f"⚙️ {texts.page_title(_PAGE_NAMES[panel.page]())}", colour=_COLOUR)
    return _EMBEDS[panel.page](panel, embed)


def panel_items(panel: Panel) -> Iterator[discord.ui.Item[discord.ui.View]]:
    """Return what can be chosen on a page, the tabs of all pages first."""
    for number, page in enumerate(Page):
        yield discord.ui.Button(
            label=_PAGE_NAMES[page](),
            emoji=_PAGE_EMOJI[page],
            style=(
                discord.ButtonStyle.primary if page is panel.page else discord.ButtonStyle.secondary
            ),
            custom_id=component_id(Action.SHOW, page),
            row=number // _TABS_A_ROW,
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
    yield _menu(Action.MODE, texts.mode_prompt(), _mode_options(settings.listening), row=2)
    lengths = sorted({*SHORTEST, settings.min_seconds})
    yield _menu(
        Action.SHORTEST,
        texts.shortest_prompt(),
        [
            _option(texts.shortest_option(length), length, chosen=length == settings.min_seconds)
            for length in lengths
        ],
        row=3,
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
        row=2,
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
            row=3,
        )
    if settings.channels:
        options = [
            _option(_name(panel, each), each, texts.mode_name(mode))
            for each, mode in islice(settings.channels.items(), _MOST_OPTIONS)
        ]
        yield _menu(Action.REMOVE, texts.removal_prompt(), options, row=4, most=len(options))


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
    yield _menu(Action.LANGUAGE, texts.language_prompt(), options, row=2)
    yield discord.ui.RoleSelect(
        custom_id=component_id(Action.ROLE),
        placeholder=texts.role_prompt()[:_PROMPT_LIMIT],
        min_values=0,
        default_values=(
            [discord.Object(settings.role_id, type=discord.Role)]
            if settings.role_id is not None and panel.role_exists
            else []
        ),
        row=3,
    )
    if settings.role_id is not None:
        yield discord.ui.Button(
            label=texts.everybody(), custom_id=component_id(Action.ROLE, NONE), row=4
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
        row=2,
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
        row=3,
    )


# --- boards --------------------------------------------------------------------------------------


def _boards_embed(panel: Panel, embed: discord.Embed) -> discord.Embed:
    settings = panel.settings
    zone, channel_id = settings.time_zone, settings.digest_channel_id
    if channel_id is None:
        digest = texts.digest_chosen(None)
    elif channel_id in panel.mute:
        digest = texts.digest_not_allowed(channel_id)
    elif channel_id in panel.names:
        digest = texts.digest_chosen(channel_id)
    else:
        digest = texts.digest_channel_gone()
    for heading, value in (
        (texts.leaderboard_heading(), texts.leaderboard_chosen(on=settings.leaderboard)),
        (texts.zone_heading(), texts.zone_chosen(zone_city(zone), zone, zone_offset(zone))),
        (texts.digest_heading(), digest),
    ):
        embed.add_field(name=heading, value=value, inline=False)
    return embed


def _boards_items(panel: Panel) -> Iterator[discord.ui.Item[discord.ui.View]]:
    settings = panel.settings
    zones = ZONES if settings.time_zone in ZONES else (*ZONES[:-1], settings.time_zone)
    options = [
        _option(
            zone_city(zone),
            zone,
            texts.zone_option(zone, zone_offset(zone)),
            chosen=zone == settings.time_zone,
        )
        for zone in zones
    ]
    yield _menu(Action.TIME_ZONE, texts.zone_prompt(), options, row=2)
    digest = settings.digest_channel_id
    yield discord.ui.ChannelSelect(
        custom_id=component_id(Action.DIGEST),
        placeholder=texts.digest_prompt()[:_PROMPT_LIMIT],
        channel_types=[discord.ChannelType.text, discord.ChannelType.news],
        min_values=0,
        default_values=(
            [discord.Object(digest, type=discord.abc.GuildChannel)]
            if digest is not None and digest in panel.names
            else []
        ),
        row=3,
    )
    yield discord.ui.Button(
        label=texts.other_zone_button(), custom_id=component_id(Action.OTHER_ZONE), row=4
    )
    if digest is not None:
        yield discord.ui.Button(
            label=texts.no_digest_button(), custom_id=component_id(Action.DIGEST, NONE), row=4
        )
    yield discord.ui.Button(
        label=texts.leaderboard_button(on=settings.leaderboard),
        custom_id=component_id(Action.LEADERBOARD, "off" if settings.leaderboard else "on"),
        row=4,
    )


# --- moderation ----------------------------------------------------------------------------------


def _moderation_embed(panel: Panel, embed: discord.Embed) -> discord.Embed:
    embed.description = texts.moderation_explained()
    member = panel.member
    if member is not None:
        embed.description += f"\n\n➡️ {_standing(panel, member)}"
    shown, left = panel.excluded[:_MOST_NAMED], panel.excluded[_MOST_NAMED:]
    names = [f"<@{each.user_id}>" for each in shown]
    if left:
        names.append(texts.more_excluded(len(left)))
    embed.add_field(
        name=texts.excluded_heading(),
        value="\n".join(names) or texts.nobody_excluded(),
        inline=False,
    )
    # In the description, as a field is too short for so many lines.
    lines = [texts.audit_line(line) for line in panel.done] or [texts.nothing_done()]
    embed.description += f"\n\n**{texts.audit_heading()}**\n" + "\n".join(lines)
    return embed


def _standing(panel: Panel, member: Member) -> str:
    if member.is_bot:
        return texts.member_is_bot(member.user_id)
    if _is_excluded(panel, member):
        return texts.member_excluded(member.user_id)
    return texts.member_ranked(member.user_id)


def _is_excluded(panel: Panel, member: Member) -> bool:
    return any(each.user_id == member.user_id for each in panel.excluded)


def _moderation_items(panel: Panel) -> Iterator[discord.ui.Item[discord.ui.View]]:
    member = panel.member
    yield discord.ui.UserSelect(
        custom_id=component_id(Action.MEMBER),
        placeholder=texts.member_prompt()[:_PROMPT_LIMIT],
        default_values=[]
        if member is None
        else [discord.Object(member.user_id, type=discord.User)],
        row=2,
    )
    if member is not None and not member.is_bot:
        excluded = _is_excluded(panel, member)
        yield discord.ui.Button(
            label=texts.readmit_button() if excluded else texts.exclude_button(),
            style=discord.ButtonStyle.success if excluded else discord.ButtonStyle.danger,
            custom_id=component_id(Action.READMIT if excluded else Action.EXCLUDE, member.user_id),
            row=3,
        )
    yield discord.ui.Button(
        label=texts.removal_button(), custom_id=component_id(Action.REMOVE_SONG), row=3
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
    Page.BOARDS: texts.boards_page,
    Page.MODERATION: texts.moderation_page,
}
_PAGE_EMOJI: Mapping[Page, str] = {
    Page.LISTENING: "👂",
    Page.CHANNELS: "📂",
    Page.ANSWERS: "💬",
    Page.LIMITS: "⏱️",
    Page.BOARDS: "🏆",
    Page.MODERATION: "🛡️",
}
_EMBEDS: Mapping[Page, Callable[[Panel, discord.Embed], discord.Embed]] = {
    Page.LISTENING: _listening_embed,
    Page.CHANNELS: _channels_embed,
    Page.ANSWERS: _answers_embed,
    Page.LIMITS: _limits_embed,
    Page.BOARDS: _boards_embed,
    Page.MODERATION: _moderation_embed,
}
_ITEMS: Mapping[Page, Callable[[Panel], _Items]] = {
    Page.LISTENING: _listening_items,
    Page.CHANNELS: _channels_items,
    Page.ANSWERS: _answers_items,
    Page.LIMITS: _limits_items,
    Page.BOARDS: _boards_items,
    Page.MODERATION: _moderation_items,
}
