"""What the settings of a server say, and the first message in a server."""

from __future__ import annotations

from typing import assert_never

from discord.app_commands import locale_str

from bot.presentation.language import _, minutes, ngettext, number, seconds
from bot.presentation.titles import inline_code
from bot.storage import AuditLine, Listening

WELCOME_MODES = (Listening.AUTOMATIC, Listening.OFFER, Listening.MENTION)
"""What the first message in a server lets its admins choose from."""

SETTINGS_DESCRIPTION = locale_str("Choose how I behave in this server.")


def mode_name(mode: Listening) -> str:
    """Return what a way of listening is called."""
    match mode:
        case Listening.AUTOMATIC:
            return _("Automatic")
        case Listening.OFFER:
            return _("On offer")
        case Listening.MENTION:
            return _("When mentioned")
        case Listening.OFF:
            return _("Off")
        case _:
            assert_never(mode)


def mode_meaning(mode: Listening) -> str:
    """Return what the bot does in a way of listening, in at most 100 characters."""
    match mode:
        case Listening.AUTOMATIC:
            return _("I answer songs that are posted, with one reply for each message.")
        case Listening.OFFER:
            return _("I put a reaction under songs; whoever clicks it gets the answer.")
        case Listening.MENTION:
            return _("I answer only where somebody mentions me.")
        case Listening.OFF:
            return _("I answer nothing but commands.")
        case _:
            assert_never(mode)


def managers_only() -> str:
    """Tell somebody who may not change settings."""
    return _(
        "Only members who may manage this server can change my settings; ask one of them to do it."
    )


def not_saved() -> str:
    """Tell that a choice was lost."""
    return _(
        "⚠️ I could not save this, as my memory cannot be reached right now; "
        "please try again in a minute."
    )


def not_known() -> str:
    """Tell that the settings cannot be shown."""
    return _(
        "I cannot look up the settings of this server, as my memory cannot be reached right now; "
        "please try again in a minute."
    )


def blind() -> str:
    """Tell that the bot does not see what is posted."""
    return _(
        "⚠️ I do not see what is posted here, so “Automatic” and “On offer” cannot work: whoever "
        "runs this bot has to turn on its Message Content intent. Until then, mention me, or use "
        "a command."
    )


# --- the panel's pages ---------------------------------------------------------------------------


def listening_page() -> str:
    """Return the name of the page about listening."""
    return _("Listening")


def channels_page() -> str:
    """Return the name of the page about single channels."""
    return _("Channels")


def answers_page() -> str:
    """Return the name of the page about answers."""
    return _("Answers")


def limits_page() -> str:
    """Return the name of the page about limits."""
    return _("Limits")


def page_title(page: str) -> str:
    """Return what stands above a page."""
    return _("Settings: {page}").format(page=page)


# --- listening -----------------------------------------------------------------------------------


def mode_heading() -> str:
    """Return what stands above the way of listening of a server."""
    return _("Songs that are posted")


def mode_chosen(mode: Listening) -> str:
    """Tell how the bot listens."""
    return _("**{mode}**: {meaning}").format(mode=mode_name(mode), meaning=mode_meaning(mode))


def mode_prompt() -> str:
    """Ask for a way of listening."""
    return _("What I do about posted songs")


def shortest_heading() -> str:
    """Return what stands above the shortest song that is answered unasked."""
    return _("Shortest song")


def shortest_chosen(length: float) -> str:
    """Tell which songs are answered unasked; `length` in seconds."""
    if not length:
        return _("I react to audio of any length that is posted, but not to voice messages.")
    return _(
        "I leave audio shorter than {length} alone, and voice messages, unless I am asked for it."
    ).format(length=duration(length))


def shortest_prompt() -> str:
    """Ask for the shortest song that is answered unasked."""
    return _("The shortest song that I react to")


def shortest_option(length: float) -> str:
    """Return the name of a choice of the shortest song; `length` in seconds."""
    return _("{length} or longer").format(length=duration(length)) if length else _("Any length")


def exceptions_counted(count: int) -> str:
    """Tell how many channels have a mode of their own."""
    return ngettext(
        "{count} channel has a mode of its own, see “Channels”.",
        "{count} channels have modes of their own, see “Channels”.",
        count,
    ).format(count=number(count))


# --- channels ------------------------------------------------------------------------------------


def channels_explained(mode: Listening) -> str:
    """Tell what channels do that have no mode of their own."""
    return _(
        "Every channel is set to “{mode}” like the whole server, unless you give it a mode of its "
        "own. Threads are like their channel."
    ).format(mode=mode_name(mode))


def exceptions_heading() -> str:
    """Return what stands above the channels with modes of their own."""
    return _("Channels with a mode of their own")


def no_exceptions() -> str:
    """Tell that no channel has a mode of its own."""
    return _("None yet.")


def exception_line(channel_id: int, mode: Listening, *, mute: bool) -> str:
    """Return the line of a channel; `mute` tells that the bot may not speak there."""
    if mute:
        return _("<#{channel}>: {mode} (⚠️ I may not speak there)").format(
            channel=channel_id, mode=mode_name(mode)
        )
    return _("<#{channel}>: {mode}").format(channel=channel_id, mode=mode_name(mode))


def more_exceptions(count: int) -> str:
    """Tell how many channels are not listed."""
    return ngettext("… and {count} more channel", "… and {count} more channels", count).format(
        count=number(count)
    )


def channel_prompt() -> str:
    """Ask for a channel."""
    return _("Choose a channel to set its mode")


def channel_mode_prompt(name: str) -> str:
    """Ask for the mode of a channel."""
    return _("What I do in {channel}").format(channel=name)


def as_the_server() -> str:
    """Return the choice of no mode of a channel's own."""
    return _("Like the whole server")


def as_the_server_meaning(mode: Listening) -> str:
    """Return what that choice means at the moment."""
    return _("Right now: {mode}").format(mode=mode_name(mode))


def removal_prompt() -> str:
    """Ask for channels that shall lose their modes."""
    return _("Take away the modes of channels")


def lost_channel(channel_id: int) -> str:
    """Return what to call a channel that is not there any more."""
    return _("a deleted channel ({number})").format(number=channel_id)


# --- answers -------------------------------------------------------------------------------------


def language_heading() -> str:
    """Return what stands above the language."""
    return _("Language")


def members_language() -> str:
    """Return the choice of everybody's own language."""
    return _("Each member's own language")


def language_prompt() -> str:
    """Ask for a language."""
    return _("The language of my answers")


def role_heading() -> str:
    """Return what stands above the role that may ask."""
    return _("Who may ask")


def role_chosen(role_id: int | None) -> str:
    """Tell who may ask."""
    if role_id is None:
        return _("Everybody.")
    return _("Members with the role <@&{role}>.").format(role=role_id)


def role_prompt() -> str:
    """Ask for a role."""
    return _("Only members with this role may ask")


def everybody() -> str:
    """Return the label of the button that lets everybody ask."""
    return _("Let everybody ask")


def leaderboard_heading() -> str:
    """Return what stands above the leaderboard's state."""
    return _("Leaderboard")


def leaderboard_chosen(*, on: bool) -> str:
    """Tell whether there is a leaderboard."""
    return (
        _("On: members can see who shares the happiest, saddest or most dramatic music.")
        if on
        else _("Off: nobody is ranked here.")
    )


def leaderboard_button(*, on: bool) -> str:
    """Return the label of the button that changes it; `on` is what it is now."""
    return _("Turn leaderboard off") if on else _("Turn leaderboard on")


# --- limits --------------------------------------------------------------------------------------


def limits_explained() -> str:
    """Tell what limits are there for."""
    return _("You can be stricter here than whoever runs this bot, but not more generous.")


def longest_heading() -> str:
    """Return what stands above the longest song."""
    return _("Longest song")


def longest_chosen(length: float) -> str:
    """Tell how long a song may be; `length` in minutes."""
    return _("Songs may be up to {length} long.").format(length=minutes(length))


def longest_prompt() -> str:
    """Ask for the longest song."""
    return _("The longest song that I take")


def longest_free(length: float) -> str:
    """Return the choice of no limit of the server's own; `length` in minutes."""
    return _("As long as I can take ({length})").format(length=minutes(length))


def longest_option(length: float) -> str:
    """Return the name of a choice of the longest song; `length` in minutes."""
    return _("Up to {length}").format(length=minutes(length))


def pause_heading() -> str:
    """Return what stands above the pause between songs."""
    return _("Pause")


def pause_chosen(length: float) -> str:
    """Tell how long a person waits between two songs; `length` in seconds."""
    if not length:
        return _("Nobody has to wait between two songs.")
    return _("Each member waits {length} from one song to the next.").format(
        length=duration(length)
    )


def pause_prompt() -> str:
    """Ask for the pause between songs."""
    return _("How long a member waits between two songs")


def pause_free(length: float) -> str:
    """Return the choice of no pause of the server's own; `length` in seconds."""
    if not length:
        return _("No pause")
    return _("As short as I allow ({length})").format(length=duration(length))


def duration(length: float) -> str:
    """Write a number of seconds as people say it."""
    return minutes(length / 60) if length >= 60 else seconds(length)


# --- boards --------------------------------------------------------------------------------------


def boards_page() -> str:
    """Return the name of the page about boards."""
    return _("Boards")


def zone_heading() -> str:
    """Return what stands above the time zone."""
    return _("Time zone")


def zone_chosen(city: str, name: str, offset: str) -> str:
    """Tell in which time zone weeks begin.

    Parameters
    ----------
    city : str
        That the zone is named after.
    name : str
        Of the zone.
    offset : str
        From Greenwich.
    """
    return _("**{city}** ({name}, {offset}): there, weeks begin on Monday at midnight.").format(
        city=city, name=name, offset=offset
    )


def zone_prompt() -> str:
    """Ask for a time zone."""
    return _("The time zone of this server")


def zone_option(name: str, offset: str) -> str:
    """Return what a choice of a time zone means."""
    return f"{name} · {offset}"


def other_zone_button() -> str:
    """Return the label of the button that asks for any other time zone."""
    return _("Another time zone…")


def zone_field() -> str:
    """Return what stands above the field for a time zone, in at most 45 characters."""
    return _("City or name of the zone")


def zone_unknown(text: str) -> str:
    """Tell that there is no such time zone; `text` is made harmless."""
    return _(
        "⚠️ I know no time zone {text}: name its city, such as Berlin, or write it as in "
        "Europe/Berlin."
    ).format(text=text)


def digest_heading() -> str:
    """Return what stands above the weekly digest."""
    return _("Weekly digest")


def digest_chosen(channel_id: int | None) -> str:
    """Tell where each week is summed up."""
    if channel_id is None:
        return _("Nowhere: I do not sum up the weeks.")
    return _("In <#{channel}>, every Monday.").format(channel=channel_id)


def digest_channel_gone() -> str:
    """Tell admins that the digest has no channel."""
    return _("⚠️ The channel of the weekly message is gone, so nothing is sent; choose another.")


def digest_not_allowed(channel_id: int) -> str:
    """Tell admins that the bot may not speak in the digest's channel."""
    return _(
        "⚠️ I am not allowed to see <#{channel}> or to write in it, so the weekly message is not "
        "sent; allow me to, or choose another channel."
    ).format(channel=channel_id)


def digest_prompt() -> str:
    """Ask for the channel of the weekly digest."""
    return _("Sum up each week in this channel")


def no_digest_button() -> str:
    """Return the label of the button that turns the weekly digest off."""
    return _("No weekly digest")


# --- moderation ----------------------------------------------------------------------------------


def moderation_page() -> str:
    """Return the name of the page for moderators."""
    return _("Moderation")


def moderation_explained() -> str:
    """Tell what moderators can do."""
    return _(
        "Keep a member off the boards of this server, or remove a song from all that I keep. "
        "Members who are kept off still count for the server as a whole, which names nobody."
    )


def member_prompt() -> str:
    """Ask for a member."""
    return _("Choose a member")


def member_ranked(user_id: int) -> str:
    """Tell that a member can be on boards."""
    return _("<@{user}> can be on the boards.").format(user=user_id)


def member_excluded(user_id: int) -> str:
    """Tell that a member is kept off the boards."""
    return _("<@{user}> is kept off the boards.").format(user=user_id)


def member_is_bot(user_id: int) -> str:
    """Tell that bots are on no board."""
    return _("<@{user}> is a bot, and bots are never on the boards.").format(user=user_id)


def exclude_button() -> str:
    """Return the label of the button that keeps a member off the boards."""
    return _("Keep off the boards")


def readmit_button() -> str:
    """Return the label of the button that takes that back."""
    return _("Let back on the boards")


def removal_button() -> str:
    """Return the label of the button that removes a song."""
    return _("Remove a song…")


def removal_field() -> str:
    """Return what stands above the field for a link, in at most 45 characters."""
    return _("Link to the song's message or my answer")


def removed(count: int) -> str:
    """Tell how many songs were removed."""
    return ngettext(
        "✅ I removed {count} song from all that I keep.",
        "✅ I removed {count} songs from all that I keep.",
        count,
    ).format(count=number(count))


def nothing_removed() -> str:
    """Tell that a message has no song that is kept."""
    return _("I keep no song of that message, so there is nothing to remove.")


def not_a_message_here() -> str:
    """Tell that a link leads to no message of the server."""
    return _(
        "⚠️ That is no link to a message of this server: open the message's menu and choose Copy "
        "Message Link."
    )


def excluded_heading() -> str:
    """Return what stands above the members who are kept off the boards."""
    return _("Kept off the boards")


def nobody_excluded() -> str:
    """Tell that no member is kept off the boards."""
    return _("Nobody.")


def more_excluded(count: int) -> str:
    """Tell how many members are not listed."""
    return ngettext("… and {count} more member", "… and {count} more members", count).format(
        count=number(count)
    )


def audit_heading() -> str:
    """Return what stands above what was done last."""
    return _("What was done last")


def nothing_done() -> str:
    """Tell that nothing was done."""
    return _("Nothing yet.")


def audit_line(line: AuditLine) -> str:
    """Tell what somebody did, to whom, and when."""
    named = {
        "when": f"<t:{line.at:.0f}:R>",
        "who": _person(line.moderator_id),
        "whom": _person(line.subject_id),
        "what": _("(forgotten)") if line.title is None else inline_code(line.title),
    }
    if line.action == "digest":
        named["what"] = f"<{line.title}>"
    match line.action:
        case "exclude":
            sentence = _("{when}: {who} kept {whom} off the boards.")
        case "readmit":
            sentence = _("{when}: {who} let {whom} back on the boards.")
        case "remove":
            sentence = _("{when}: {who} removed {what} of {whom}.")
        case "time-zone":
            sentence = _("{when}: {who} set the time zone to {what}.")
        case "digest" if line.title is None:
            sentence = _("{when}: {who} turned the weekly digest off.")
        case "digest":
            sentence = _("{when}: {who} set the weekly digest to {what}.")
        case "boards-on":
            sentence = _("{when}: {who} turned the boards on.")
        case _:
            sentence = _("{when}: {who} turned the boards off.")
    return sentence.format(**named)


def _person(user_id: int | None) -> str:
    return _("(forgotten)") if user_id is None else f"<@{user_id}>"


# --- the first message ---------------------------------------------------------------------------


def welcome(chosen: str | None = None, *, sees_posts: bool) -> str:
    """Greet a server.

    Parameters
    ----------
    chosen : str or None
        What was chosen, from `welcome_chosen`.
    sees_posts : bool
        Whether the bot sees what is posted.
    """
    greeting = _(
        "👋 Hi, I am Moodify: show me a song, and I tell how it feels, with a picture of how its "
        "mood moves. Try `/mood`, or press and hold a message with a song and choose Apps → "
        "Analyze mood."
    )
    asked = _("Members who manage this server choose here what I do about songs that are posted:")
    modes = "\n".join(f"- {mode_chosen(mode)}" for mode in WELCOME_MODES)
    default = _("Until somebody chooses, it is “Automatic”, for audio of a minute and more.")
    last = [] if sees_posts else [blind()]
    if chosen is not None:
        last.append(chosen)
    elif sees_posts:
        last.append(default)
    return "\n\n".join([greeting, f"{asked}\n{modes}", *last])


def welcome_chosen(mode: Listening, user_id: int) -> str:
    """Tell what was chosen, and by whom."""
    return _("✅ <@{user}> has chosen “{mode}”; `/settings` changes it.").format(
        user=user_id, mode=mode_name(mode)
    )


def settings_button() -> str:
    """Return the label of the button that opens the settings."""
    return _("Settings")
