"""What the bot says of itself: ``/about`` and ``/help``."""

from __future__ import annotations

from collections.abc import Sequence

from discord.app_commands import locale_str

from bot.presentation.language import _, listing, number
from bot.presentation.settings_texts import duration
from bot.storage import Listening

ABOUT_DESCRIPTION = locale_str("What I am, how far I can be trusted, and what I keep.")
HELP_DESCRIPTION = locale_str("All ways to show me a song, and which of them work here.")


# --- about ---------------------------------------------------------------------------------------


def about_title(name: str) -> str:
    """Return what stands above all; `name` is the bot's."""
    return _("About {name}").format(name=name)


def about_me() -> str:
    """Tell what the bot is."""
    return _(
        "I listen to songs and tell how they feel: aggressive, dramatic, happy, romantic or sad, "
        "how much of the song has each mood, and when it turns."
    )


def trust_heading() -> str:
    """Return what stands above the accuracy."""
    return _("How far to trust me")


def trust(share: float, low: float, high: float) -> str:
    """Tell how often the model is right on artists that it has never heard; shares of 0..1."""
    return _(
        "Of 100 songs by artists that I had never heard, I named the mood that people had given "
        "them for {count} (between {low} and {high}, to be fair about chance); blind guessing "
        "gets 20."
    ).format(count=_of_100(share), low=_of_100(low), high=_of_100(high))


def trust_elsewhere(shares: Sequence[float]) -> str:
    """Tell how often it is right in collections that it has never heard; shares of 0..1."""
    return _(
        "In collections of music unlike what I learned from, it was {counts} of 100. People often "
        "disagree about moods, too: take me as one more opinion."
    ).format(counts=listing([_of_100(share) for share in shares]))


def trust_unknown() -> str:
    """Tell that the model was not measured."""
    return _("Nobody has measured how often this model of mine is right: be doubtful.")


def kept_heading() -> str:
    """Return what stands above what is stored."""
    return _("What I keep")


def kept() -> str:
    """Tell what is stored."""
    return _(
        "Of each song: its title, its length, its moods and a fingerprint of how it sounds, with "
        "who asked for it, when and where. Never the song itself: it is deleted as soon as I have "
        "heard it, and I learn nothing from it. `/privacy` shows and deletes what is yours."
    )


def state_heading() -> str:
    """Return what stands above how the bot is doing."""
    return _("Right now")


def state(model: str | None, since: str, latency: float | None) -> str:
    """Tell how the bot is doing.

    Parameters
    ----------
    model : str or None
        Version of the model; None without one.
    since : str
        When the bot was started, as Discord shows it ("2 hours ago").
    latency : float or None
        Seconds that Discord takes to answer; None before it is known.
    """
    lines = [
        _("Model: `{version}`").format(version=model)
        if model is not None
        else _("Model: ⚠️ missing, so I cannot listen to songs"),
        _("Started {since}").format(since=since),
    ]
    if latency is not None:
        lines.append(
            _("Discord answers me in {count} ms").format(count=number(round(latency * 1000)))
        )
    return "\n".join(lines)


def source_button() -> str:
    """Return the label of the link to the source code."""
    return _("Source code")


def policy_button() -> str:
    """Return the label of the link to the privacy policy."""
    return _("Privacy policy")


def terms_button() -> str:
    """Return the label of the link to the terms of service."""
    return _("Terms of service")


def _of_100(share: float) -> str:
    return number(round(100 * share))


# --- help ----------------------------------------------------------------------------------------


def help_title() -> str:
    """Return what stands above all ways."""
    return _("How to show me a song")


def help_command() -> str:
    """Explain ``/mood``."""
    return _(
        "✅ **`/mood`**: attach a song, or give a link to a message that has one. With `private` "
        "only you see the answer."
    )


def help_menu() -> str:
    """Explain the message command."""
    return _(
        "✅ **The menu of a message** with a song: press and hold it, or right-click it on a "
        "computer, then choose Apps → Analyze mood."
    )


def help_mention() -> str:
    """Explain mentions, where the bot sees what they reply to."""
    return _("✅ **Mention me** beside a song, or in a reply to a message that has one.")


def help_mention_blind() -> str:
    """Explain mentions, where the bot does not see what they reply to."""
    return _(
        "✅ **Mention me** in the message that has the song. A song that you only reply to I "
        "cannot see here: use its menu instead."
    )


def help_mention_off() -> str:
    """Tell that mentions do nothing."""
    return _("🚫 **Mentions** do nothing in this channel: only commands are turned on here.")


def help_mute() -> str:
    """Tell that the bot may not speak."""
    return _(
        "🚫 **Mentions and posted songs** do nothing in this channel, as I may not send messages "
        "here. Commands work all the same."
    )


def help_posted(mode: Listening, shortest: float) -> str:
    """Explain what happens to songs that are posted; `shortest` in seconds."""
    if mode is Listening.AUTOMATIC:
        if not shortest:
            return _("✅ **Just post a song** in this channel: I answer by myself.")
        return _(
            "✅ **Just post a song** in this channel: I answer by myself if it lasts {length} or "
            "longer."
        ).format(length=duration(shortest))
    if mode is Listening.OFFER:
        return _(
            "✅ **Post a song** in this channel: I put a reaction under it; click it, and I answer."
        )
    return _("🚫 **Songs that are just posted** I leave alone in this channel.")


def help_posted_blind() -> str:
    """Tell that posted songs are not seen."""
    return _(
        "🚫 **Songs that are just posted** I do not see, as whoever runs this bot has not turned "
        "on its Message Content intent."
    )


def help_direct(*, here: bool) -> str:
    """Explain direct messages; `here` tells that this is one."""
    return (
        _("✅ **Just send me a song** here.")
        if here
        else _("✅ **Send me a song** in a direct message, for nobody else to see.")
    )


def help_account() -> str:
    """Explain the app that a user installs."""
    return _(
        "✅ **Everywhere else**: open my profile and choose Add App → Add to My Apps. `/mood` and "
        "the menu then go with you, even to servers that I am not in."
    )


def help_boards() -> str:
    """Explain the boards."""
    return _(
        "🏆 **What this server sounds like**: `/leaderboard` ranks members and songs by mood, "
        "`/servermood` and `/mymoods` show mixes, `/find` and `/similar` bring songs."
    )


def help_boards_off() -> str:
    """Tell that the server has no boards."""
    return _("🚫 **Boards** are turned off in this server: nobody and no song is ranked.")


def help_privacy() -> str:
    """Explain ``/privacy``."""
    return _(
        "🔒 **What I keep of you**: `/privacy` shows it, deletes it, and keeps you off boards."
    )


def help_role(role_id: int) -> str:
    """Tell who may ask."""
    return _("In this server only members with the role <@&{role}> may ask.").format(role=role_id)


def help_lacks(permissions: Sequence[str]) -> str:
    """Tell what makes answers plainer than they could be."""
    return _("⚠️ My answers are plainer here than they could be, as I lack: {permissions}.").format(
        permissions=listing(permissions)
    )


def help_formats() -> str:
    """Tell which formats are taken."""
    return _("I take MP3, WAV, FLAC, AIFF, Ogg, Opus, M4A, WebM, MP4 and WMA.")


def embed_links() -> str:
    """Return what Discord calls the permission to show embeds."""
    return _("“Embed Links”")


def attach_files() -> str:
    """Return what Discord calls the permission to upload."""
    return _("“Attach Files”")
