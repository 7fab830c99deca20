"""What the boards say: who shares what, which songs feel so, how a server sounds."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date

from babel.dates import format_skeleton
from babel.units import format_unit
from discord.app_commands import locale_str

from bot.presentation.language import _, listing, ngettext, number, percent, spoken
from bot.presentation.texts import mood_name
from bot.storage import MINIMUM_SONGS, Period
from moodify_core.moods import Mood

LEADERBOARD_DESCRIPTION = locale_str("Who shares most of a mood, and which songs have most of it.")
BOARD_DESCRIPTION = locale_str("Members, songs, or who leads each mood.")
BOARD_MOOD_DESCRIPTION = locale_str("The mood; without one, members are ranked by all of them.")
PERIOD_DESCRIPTION = locale_str("Which time, by this server's clock; else this month.")
PAGE_DESCRIPTION = locale_str("The page to begin with.")
SERVERMOOD_DESCRIPTION = locale_str("How this server sounds, and how that has changed.")
MYMOODS_DESCRIPTION = locale_str("The moods that you, or somebody else, share in this server.")
MYMOODS_USER_DESCRIPTION = locale_str("Whose moods; yours if you name nobody.")
FIND_DESCRIPTION = locale_str("Songs of this server that feel like a mood, to jump to.")
FIND_MOOD_DESCRIPTION = locale_str("How they shall feel.")
FIND_STRENGTH_DESCRIPTION = locale_str("How much of a song; else at least half of it.")
SIMILAR_DESCRIPTION = locale_str("Songs of this server that feel most like another.")
SIMILAR_SONG_DESCRIPTION = locale_str("A song of this server: type a part of its title.")

MEMBERS_CHOICE = locale_str("Members")
SONGS_CHOICE = locale_str("Songs")
OVERVIEW_CHOICE = locale_str("Leaders")

MOOD_CHOICES: Mapping[Mood, locale_str] = {
    Mood.AGGRESSIVE: locale_str("aggressive"),
    Mood.DRAMATIC: locale_str("dramatic"),
    Mood.HAPPY: locale_str("happy"),
    Mood.ROMANTIC: locale_str("romantic"),
    Mood.SAD: locale_str("sad"),
}
PERIOD_CHOICES: Mapping[Period, locale_str] = {
    Period.WEEK: locale_str("This week"),
    Period.MONTH: locale_str("This month"),
    Period.YEAR: locale_str("This year"),
    Period.ALL: locale_str("All time"),
}
STRENGTH_CHOICES: Mapping[int, locale_str] = {
    25: locale_str("At least a quarter of the song"),
    50: locale_str("At least half of the song"),
    75: locale_str("At least three quarters of the song"),
    90: locale_str("Nearly all of the song"),
}
"""Least shares in percent."""

_SONGS_OF: Mapping[Mood, Callable[[], str]] = {
    Mood.AGGRESSIVE: lambda: _("Most aggressive songs"),
    Mood.DRAMATIC: lambda: _("Most dramatic songs"),
    Mood.HAPPY: lambda: _("Happiest songs"),
    Mood.ROMANTIC: lambda: _("Most romantic songs"),
    Mood.SAD: lambda: _("Saddest songs"),
}
_MINUTES_OF: Mapping[Mood, Callable[[], str]] = {
    Mood.AGGRESSIVE: lambda: _("Aggressive minutes"),
    Mood.DRAMATIC: lambda: _("Dramatic minutes"),
    Mood.HAPPY: lambda: _("Happy minutes"),
    Mood.ROMANTIC: lambda: _("Romantic minutes"),
    Mood.SAD: lambda: _("Sad minutes"),
}
_FEW_MINUTES = 10


# --- parts ---------------------------------------------------------------------------------------


def minutes(seconds: float) -> str:
    """Write a length of time in minutes, short; what is there is never called 0."""
    count = seconds / 60
    shown = round(count) if count >= _FEW_MINUTES else max(round(count, 1), 0.1 if count else 0)
    return format_unit(shown, "duration-minute", length="short", locale=spoken().locale)


def short_date(day: date) -> str:
    """Write a day of a year, short."""
    return format_skeleton("MMMd", day, locale=spoken().locale)


def span(first: date, last: date) -> str:
    """Write the days from one to another, for a heading."""
    return _("{first} – {last}").format(first=short_date(first), last=short_date(last))


def period_name(period: Period) -> str:
    """Return what a time is called."""
    return _(PERIOD_CHOICES[period].message)


def board_facts(period: Period, page: int, pages: int) -> str:
    """Return what stands beside the heading of a board; `page` counts from 1."""
    if pages == 1:
        return period_name(period)
    return _("{period} · page {page} of {pages}").format(
        period=period_name(period), page=number(page), pages=number(pages)
    )


def page_of(page: int) -> str:
    """Tell which page of a list without an end this is; counted from 1."""
    return _("Page {page}").format(page=number(page))


def page_with_ranks(page: int, first: int, last: int) -> str:
    """Return what a page is called in a list of pages; all counted from 1."""
    return _("Page {page}: {first} to {last}").format(
        page=number(page), first=number(first), last=number(last)
    )


def page_with_you(page: int, rank: int) -> str:
    """Return what the page is called on which somebody stands."""
    return _("Page {page}, with you at {rank}").format(page=number(page), rank=number(rank))


def minutes_title(mood: Mood | None) -> str:
    """Return the heading of the board of people."""
    return _("Minutes of music") if mood is None else _MINUTES_OF[mood]()


def songs_title(mood: Mood) -> str:
    """Return the heading of the board of songs."""
    return _SONGS_OF[mood]()


def overview_title() -> str:
    """Return the heading of the board of all moods."""
    return _("Who leads each mood")


def someone_who_left() -> str:
    """Return what a person is called who is in the server no more."""
    return _("someone who left")


def somebody() -> str:
    """Return what a person is called whose name cannot be looked up, or not be drawn."""
    return _("a member")


def jump(url: str) -> str:
    """Return a link to a song's message."""
    label = _("open")
    return f"[{label}]({url})"


def row(*parts: str | None) -> str:
    """Return the parts of one line of a list."""
    return " · ".join(filter(None, parts))


def ranked(rank: int, line: str) -> str:
    """Return a line of a board with its rank."""
    return f"**{number(rank)}.** {line}"


def more_lines(count: int) -> str:
    """Tell how many lines had no room."""
    return _("… and {count} more").format(count=number(count))


def share_of(mood: Mood, share: float) -> str:
    """Tell how much of a song has a mood."""
    return _("{share} {mood}").format(share=percent(share), mood=mood_name(mood))


# --- buttons and menus ---------------------------------------------------------------------------


def members_button() -> str:
    """Return the label of the button to the board of people."""
    return _(MEMBERS_CHOICE.message)


def songs_button() -> str:
    """Return the label of the button to the board of songs."""
    return _(SONGS_CHOICE.message)


def overview_button() -> str:
    """Return the label of the button to the board of all moods."""
    return _(OVERVIEW_CHOICE.message)


def all_moods() -> str:
    """Return what all moods together are called in a menu."""
    return _("All moods")


def mood_menu() -> str:
    """Return what stands in the menu of moods."""
    return _("Another mood…")


def period_menu() -> str:
    """Return what stands in the menu of times."""
    return _("Another time…")


# --- boards --------------------------------------------------------------------------------------


def own_rank(rank: int, ranked: int, seconds: float) -> str:
    """Tell somebody where they stand."""
    return _("You are at rank **{rank}** of {ranked} ({minutes}).").format(
        rank=number(rank), ranked=number(ranked), minutes=minutes(seconds)
    )


def songs_until_ranked(songs: int) -> str:
    """Tell somebody how many songs they are away from a rank."""
    return ngettext(
        "{count} more song until you rank here.", "{count} more songs until you rank here.", songs
    ).format(count=number(songs))


def own_hidden() -> str:
    """Tell somebody who is kept off the boards."""
    return _("You are not on the boards of this server; only you see this.")


def own_none(mood: Mood) -> str:
    """Tell somebody that they have nothing of a mood."""
    return _("You have no {mood} minutes in this time.").format(mood=mood_name(mood))


def minutes_rule() -> str:
    """Explain what the board of people counts."""
    return _(
        "Minutes of a mood: the length of your songs × their share of it. A song counts once for "
        "each member; it takes {count} songs to rank."
    ).format(count=number(MINIMUM_SONGS))


def songs_rule() -> str:
    """Explain what the board of songs counts."""
    return _("By how much of the song has the mood. Songs that I was not sure of are left out.")


def nobody_ranks() -> str:
    """Tell that a board of people is empty."""
    return _(
        "Nobody ranks here yet: that takes {count} different songs of one member. Post songs where "
        "I listen, or use `/mood`."
    ).format(count=number(MINIMUM_SONGS))


def no_songs() -> str:
    """Tell that there are no songs to show."""
    return _(
        "There are no songs to show here yet. Post one where I listen, or use `/mood`; private "
        "answers, and channels that not everybody here can see, are left out."
    )


def nobody_leads() -> str:
    """Tell that nobody leads in a mood."""
    return _("nobody yet")


def leader_line(mood: Mood, name: str, seconds: float) -> str:
    """Tell who leads in a mood; `name` was made harmless."""
    return _("{emoji} {mood}: {name}, {minutes}").format(
        emoji=mood.emoji, mood=mood_name(mood), name=name, minutes=minutes(seconds)
    )


def nobody_line(mood: Mood) -> str:
    """Tell that nobody leads in a mood, as a line of a list."""
    return _("{emoji} {mood}: nobody yet").format(emoji=mood.emoji, mood=mood_name(mood))


# --- a server's mood, and a member's -------------------------------------------------------------


def server_title(name: str) -> str:
    """Return the heading of a server's mood; `name` was made harmless."""
    return _("The mood of {server}").format(server=name)


def songs_of_members(songs: int, members: int) -> str:
    """Tell how many songs and people a server's mood is made of."""
    return _("{songs} of {members}").format(
        songs=song_count(songs),
        members=ngettext("{count} member", "{count} members", members).format(
            count=number(members)
        ),
    )


def song_count(songs: int) -> str:
    """Tell how many songs."""
    return ngettext("{count} song", "{count} songs", songs).format(count=number(songs))


def songs_a_week(most: int) -> str:
    """Tell what the bars under the weeks mean."""
    return _("Songs in each week, at most {count}").format(count=number(most))


def mostly(mood: Mood, share: float) -> str:
    """Tell which mood is ahead."""
    return _("{emoji} More **{mood}** than anything else: {share}.").format(
        emoji=mood.emoji, mood=mood_name(mood), share=percent(share)
    )


def typical(song: str) -> str:
    """Tell which song is most like the whole; `song` is a line of a list."""
    return _("🎯 The song most like this server: {song}").format(song=song)


def swing(mood: Mood, before: date, after: date, change: float) -> str:
    """Tell of the largest change from one week to the next."""
    points = number(round(abs(change) * 100))
    if change > 0:
        text = _(
            "📈 Biggest swing: {mood} rose by {points} points from the week of {before} to that of "
            "{after}."
        )
    else:
        text = _(
            "📉 Biggest swing: {mood} fell by {points} points from the week of {before} to that of "
            "{after}."
        )
    return text.format(
        mood=mood_name(mood), points=points, before=short_date(before), after=short_date(after)
    )


def agreement(agreed: int, asked: int) -> str:
    """Tell how often people heard what the bot heard."""
    return ngettext(
        "🗳️ Of {count} answer that somebody judged, {agreed} had the mood that they heard.",
        "🗳️ Of {count} answers that somebody judged, {agreed} had the mood that they heard.",
        asked,
    ).format(count=number(asked), agreed=number(agreed))


def alt_mix(moods: Sequence[tuple[Mood, float]]) -> str:
    """Say a mix in words."""
    return _("Shares: {shares}.").format(
        shares=listing([share_of(mood, share) for mood, share in moods])
    )


def alt_weeks(weeks: int, first: date, last: date) -> str:
    """Say which weeks a picture shows."""
    return ngettext(
        "The moods of {count} week, that of {first}.",
        "The moods of {count} weeks, from that of {first} to that of {last}, stacked.",
        weeks,
    ).format(count=number(weeks), first=short_date(first), last=short_date(last))


def alt_beside(mark: str, moods: Sequence[tuple[Mood, float]]) -> str:
    """Say what a mix is held against; `mark` is what the marks mean."""
    return _("{mark}: {shares}.").format(
        mark=mark, shares=listing([share_of(mood, share) for mood, share in moods])
    )


def profile_title(name: str) -> str:
    """Return the heading of a member's moods; `name` was made harmless."""
    return _("The moods of {name}").format(name=name)


def this_server() -> str:
    """Return what the marks on a member's bars mean."""
    return _("This server")


def week_before() -> str:
    """Return what the marks on a week's bars mean."""
    return _("The week before")


def favourite(mood: Mood, seconds: float) -> str:
    """Tell somebody's favourite mood."""
    return _("{emoji} Favourite mood: **{mood}** ({minutes}).").format(
        emoji=mood.emoji, mood=mood_name(mood), minutes=minutes(seconds)
    )


def likeness(share: float) -> str:
    """Tell how like the server somebody is."""
    return _("🤝 {share} like this server.").format(share=percent(share))


def extremes_heading() -> str:
    """Return the heading of somebody's most extreme songs."""
    return _("Most extreme songs")


def no_profile() -> str:
    """Tell somebody that nothing counts for them yet."""
    return _(
        "Nothing of yours counts here yet. Post a song where I listen, or use `/mood`; private "
        "answers are left out."
    )


def no_profile_of(name: str) -> str:
    """Tell that nothing counts for another; `name` was made harmless."""
    return _("Nothing of {name} counts here yet.").format(name=name)


def hidden_profile(name: str) -> str:
    """Tell that another's moods are not shown; `name` was made harmless."""
    return _("The moods of {name} are not shown to others here.").format(name=name)


# --- finding songs -------------------------------------------------------------------------------


def found_title(mood: Mood) -> str:
    """Return the heading of songs that feel so."""
    return _("Songs that feel {mood}").format(mood=mood_name(mood))


def found_rule(strength: float) -> str:
    """Tell how much of each song has the mood."""
    return _("At least {share} of each song.").format(share=percent(strength))


def nothing_found(mood: Mood, strength: float) -> str:
    """Tell that no song feels so."""
    return _(
        "No song that everybody here can see is {mood} for at least {share} of its time; try a "
        "smaller `strength`."
    ).format(mood=mood_name(mood), share=percent(strength))


def similar_title(title: str) -> str:
    """Return the heading of songs like another; `title` was made harmless."""
    return _("Songs like {title}").format(title=title)


def similar_rule() -> str:
    """Tell how the songs are ordered."""
    return _("By how much of their moods they share with it.")


def nothing_similar() -> str:
    """Tell that there is no other song."""
    return _("There is no other song here yet that I could hold it against.")


def song_unknown() -> str:
    """Tell that no song of that name is known."""
    return _(
        "I know no song of that name in this server that you can see; choose one from the list "
        "that appears while you type."
    )


# --- why there is no board -----------------------------------------------------------------------


def boards_off() -> str:
    """Tell that the server wants no boards."""
    return _(
        "The boards are turned off in this server; whoever manages it can turn them on with "
        "`/settings`."
    )


def boards_away() -> str:
    """Tell that the database is away."""
    return _(
        "I cannot look that up, as my memory cannot be reached right now; please try again in a "
        "minute."
    )


def boards_need_me() -> str:
    """Tell that the bot is no member of the server."""
    return _("I am not a member of this server, so there are no boards; ask an admin to add me.")


def only_text() -> str:
    """Return what is said where the bot lacks the permission to show a list as an embed."""
    return _(
        "This is only a text, as I may not show embeds here: the permission “Embed Links” would "
        "let me."
    )


# --- the digest ----------------------------------------------------------------------------------


def digest_title() -> str:
    """Return the heading of the message about a week."""
    return _("The week in moods")


def digest_leaders() -> str:
    """Return the heading of who leads."""
    return _("In the lead")


def digest_songs() -> str:
    """Return the heading of a week's songs."""
    return _("Songs of the week")


def digest_rule() -> str:
    """Tell why this message comes."""
    return _("Every Monday at 9; whoever manages this server can change that with /settings.")


def board_name(board: str) -> str:
    """Return what a board is called."""
    match board:
        case "members":
            return members_button()
        case "songs":
            return songs_button()
        case _:
            return overview_button()
