"""What the bot says of what it keeps of people: ``/privacy``, and what people hear in songs."""

from __future__ import annotations

from discord.app_commands import locale_str

from bot.presentation.language import _, ngettext, number
from bot.presentation.texts import mood_name
from moodify_core.moods import Mood

PRIVACY_DESCRIPTION = locale_str("What I keep of you: see it, delete it, or keep me from it.")
ACTION_DESCRIPTION = locale_str("Do it at once; without it, I first explain what I keep.")
SHOW_CHOICE = locale_str("Show me all that you keep of me")
FORGET_CHOICE = locale_str("Forget me")
HIDE_CHOICE = locale_str("Hide me from the boards")
STOP_CHOICE = locale_str("Never record me")


# --- the page ------------------------------------------------------------------------------------


def privacy_title() -> str:
    """Return what stands above all."""
    return _("What I keep of you")


def kept_heading() -> str:
    """Return what stands above what is kept."""
    return _("What I keep")


def kept() -> str:
    """Tell what is kept."""
    return _(
        "Of each song that you had me answer: its title, its length, its moods and a fingerprint "
        "of how it sounds, with your user ID, when and where it was. Also what you say you hear "
        "in a song, what you choose here, and what moderators do to you or you do as one."
    )


def purpose_heading() -> str:
    """Return what stands above why it is kept."""
    return _("What for")


def purpose() -> str:
    """Tell why it is kept."""
    return _(
        "For the buttons under my answers, so that songs that come again need not be heard again, "
        "and for the boards of the server that it was in. Private answers and direct messages are "
        "on no board, and no other server learns of it."
    )


def never_heading() -> str:
    """Return what stands above what is not kept."""
    return _("What I never keep")


def never() -> str:
    """Tell what is not kept."""
    return _(
        "The song itself, what you write and, once you are answered, where the song can be "
        "downloaded. I learn nothing from what you send, and give it to nobody."
    )


def time_heading() -> str:
    """Return what stands above how long it is kept."""
    return _("How long")


def time_kept(days: float | None, days_after_leaving: float) -> str:
    """Tell how long it is kept.

    Parameters
    ----------
    days : float or None
        For which songs are kept; None for as long as nobody deletes them.
    days_after_leaving : float
        For which a server's songs are kept once the bot is not in it any more.
    """
    until = (
        _(
            "Until somebody deletes my answer with its button, the message with the song, or you "
            "let me forget you."
        )
        if days is None
        else ngettext(
            "For {count} day at most, and no longer than until somebody deletes my answer with "
            "its button, the message with the song, or you let me forget you.",
            "For {count} days at most, and no longer than until somebody deletes my answer with "
            "its button, the message with the song, or you let me forget you.",
            days,
        ).format(count=number(days))
    )
    after = ngettext(
        "Where I am taken out of a server, all of it goes {count} day later.",
        "Where I am taken out of a server, all of it goes {count} days later.",
        days_after_leaving,
    ).format(count=number(days_after_leaving))
    return f"{until} {after}"


def now_heading() -> str:
    """Return what stands above what holds for who asks."""
    return _("Right now")


def entries(count: int) -> str:
    """Tell how many rows name who asks."""
    if not count:
        return _("Nothing that I keep names you.")
    return ngettext(
        "{count} entry of mine names you.", "{count} entries of mine name you.", count
    ).format(count=number(count))


def hidden_here() -> str:
    """Tell who asks that the boards of this server do not show them."""
    return _("🙈 You are hidden from the boards of this server.")


def hidden_everywhere() -> str:
    """Tell who asks that no board shows them."""
    return _("🙈 You are hidden from all boards.")


def unrecorded() -> str:
    """Tell who asks that nothing is recorded."""
    return _("⏸️ I record nothing of you; answers work, without their buttons for details.")


# --- buttons -------------------------------------------------------------------------------------


def show_button() -> str:
    """Return the label of the button that shows all."""
    return _("Show my data")


def hide_here_button() -> str:
    """Return the label of the button that hides from a server's boards."""
    return _("Hide me here")


def unhide_here_button() -> str:
    """Return the label of the button that takes that back."""
    return _("No longer hide me here")


def hide_everywhere_button() -> str:
    """Return the label of the button that hides from all boards."""
    return _("Hide me everywhere")


def unhide_everywhere_button() -> str:
    """Return the label of the button that takes that back."""
    return _("No longer hide me everywhere")


def stop_button() -> str:
    """Return the label of the button that stops records."""
    return _("Never record me")


def resume_button() -> str:
    """Return the label of the button that takes that back."""
    return _("Record me again")


def forget_button() -> str:
    """Return the label of the button that asks whether to forget."""
    return _("Forget me…")


def forget_now_button() -> str:
    """Return the label of the button that forgets."""
    return _("Forget me")


def forget_and_stop_button() -> str:
    """Return the label of the button that forgets, and stops records."""
    return _("Forget me and never record me again")


def keep_button() -> str:
    """Return the label of the button that forgets nothing."""
    return _("Keep everything")


# --- what comes of it ----------------------------------------------------------------------------


def away() -> str:
    """Tell that nothing was changed or shown."""
    return _(
        "⚠️ My memory cannot be reached right now, so nothing was changed; please try again in a "
        "minute."
    )


def shown(count: int) -> str:
    """Tell what the file holds."""
    return ngettext(
        "Here is the {count} entry that names you, as a file. Nobody else sees it.",
        "Here are all {count} entries that name you, as a file. Nobody else sees it.",
        count,
    ).format(count=number(count))


def nothing_to_show() -> str:
    """Tell that there is nothing of who asks."""
    return _("I keep nothing that names you.")


def file_not_allowed() -> str:
    """Tell that the file cannot be sent here."""
    return _("I may not attach files here; use `/privacy` in a direct message with me instead.")


def file_too_large() -> str:
    """Tell that the file cannot be sent at all."""
    return _(
        "There is too much of you for one file on Discord; whoever runs this bot can hand it to "
        "you, so please ask them."
    )


def forget_question(count: int) -> str:
    """Ask whether to forget."""
    return ngettext(
        "🗑️ **Shall I forget you?** The {count} entry that names you is deleted or loses your "
        "name, in all servers. You lose your place on the boards, and the buttons under my "
        "answers to you stop working. This cannot be undone.",
        "🗑️ **Shall I forget you?** All {count} entries that name you are deleted or lose your "
        "name, in all servers. You lose your place on the boards, and the buttons under my "
        "answers to you stop working. This cannot be undone.",
        count,
    ).format(count=number(count))


def what_stays() -> str:
    """Tell what forgetting does with wishes, and with what is under way."""
    return _(
        "Your wishes go, too, unless you choose “{button}”: then I remember just that. Songs of "
        "yours that I am still listening to are answered, and not recorded."
    ).format(button=forget_and_stop_button())


def forgotten(count: int) -> str:
    """Tell how much was forgotten."""
    return ngettext(
        "✅ Done: {count} entry named you, and none does any more.",
        "✅ Done: {count} entries named you, and none does any more.",
        count,
    ).format(count=number(count))


def forgotten_for_good(count: int) -> str:
    """Tell how much was forgotten, and that nothing will be recorded."""
    return ngettext(
        "✅ Done: {count} entry named you. All that I keep now is that I must not record you.",
        "✅ Done: {count} entries named you. All that I keep now is that I must not record you.",
        count,
    ).format(count=number(count))


# --- what people hear ----------------------------------------------------------------------------


def opinion_button() -> str:
    """Return the label of the button under an answer."""
    return _("Not this mood?")


def opinion_prompt() -> str:
    """Ask what somebody hears."""
    return _(
        "What do you hear? I count how often people here agree with me, and show that count in "
        "`/about`. I never learn from it."
    )


def opinion_menu(title: str) -> str:
    """Ask what somebody hears in one song; `title` is cut by who shows it."""
    return _("The mood of {title}").format(title=title)


def opinion_noted(title: str, heard: Mood, named: Mood) -> str:
    """Tell what was noted.

    Parameters
    ----------
    title : str
        Made harmless.
    heard, named : Mood
        What the person says, and what the bot does.
    """
    if heard is named:
        return _("✅ {title}: you hear {mood}, as I do.").format(title=title, mood=_face(heard))
    return _("✅ {title}: you hear {mood}; I had said {other}.").format(
        title=title, mood=_face(heard), other=_face(named)
    )


def opinion_unrecorded() -> str:
    """Tell that no opinion is noted of somebody who wants no records."""
    return _(
        "You asked me never to record you, so I do not note what you hear; `/privacy` changes that."
    )


def agreement_heading() -> str:
    """Return what stands above how often people agree."""
    return _("What this server hears")


def agreement(agreed: int, asked: int) -> str:
    """Tell how often the people of a server hear what the bot does."""
    if not asked:
        return _(
            "Nobody here has told me yet what they hear; the button “{button}” under my answers "
            "asks for it."
        ).format(button=opinion_button())
    return ngettext(
        "In {agreed} of {count} opinion people here heard the mood that I had named. I only count "
        "them; I never learn from them.",
        "In {agreed} of {count} opinions people here heard the mood that I had named. I only count "
        "them; I never learn from them.",
        asked,
    ).format(agreed=number(agreed), count=number(asked))


def _face(mood: Mood) -> str:
    return f"{mood.emoji} {mood_name(mood)}"
