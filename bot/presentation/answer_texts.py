"""What answers and their buttons say; all else that users read is in `bot.presentation.texts`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from bot.presentation.language import _, listing, ngettext, number, percent
from bot.presentation.texts import mood_name
from moodify_core.figures import clock
from moodify_core.moods import Mood
from moodify_core.result import ReasonCode

_REASONS: Mapping[str, Callable[[], str]] = {
    ReasonCode.FAST_PULSE: lambda: _("The pulse is fast."),
    ReasonCode.SLOW_PULSE: lambda: _("The pulse is slow."),
    ReasonCode.STEADY_BEAT: lambda: _("The beat is steady."),
    ReasonCode.LOOSE_BEAT: lambda: _("The beat is loose."),
    ReasonCode.MANY_NOTES: lambda: _("There are many notes."),
    ReasonCode.FEW_NOTES: lambda: _("There are few notes."),
    ReasonCode.HARD_ATTACKS: lambda: _("The notes set in hard."),
    ReasonCode.SOFT_ATTACKS: lambda: _("The notes set in softly."),
    ReasonCode.BRIGHT_SOUND: lambda: _("The sound is bright."),
    ReasonCode.DARK_SOUND: lambda: _("The sound is dark."),
    ReasonCode.STRONG_BASS: lambda: _("The bass is strong."),
    ReasonCode.LIGHT_BASS: lambda: _("The bass is light."),
    ReasonCode.FULL_SOUND: lambda: _("The sound is full."),
    ReasonCode.THIN_SOUND: lambda: _("The sound is thin."),
    ReasonCode.ROUGH_SOUND: lambda: _("The sound is rough."),
    ReasonCode.SMOOTH_SOUND: lambda: _("The sound is smooth."),
    ReasonCode.WIDE_DYNAMICS: lambda: _("Quiet and loud lie far apart."),
    ReasonCode.EVEN_DYNAMICS: lambda: _("It is about equally loud throughout."),
    ReasonCode.MAJOR_COLOUR: lambda: _("The harmony leans towards major."),
    ReasonCode.MINOR_COLOUR: lambda: _("The harmony leans towards minor."),
    ReasonCode.CLEAR_KEY: lambda: _("The key is clear."),
    ReasonCode.VAGUE_KEY: lambda: _("The key is vague."),
    ReasonCode.TENSE_HARMONY: lambda: _("The harmony is tense."),
    ReasonCode.CALM_HARMONY: lambda: _("The harmony is calm."),
    ReasonCode.MOVING_HARMONY: lambda: _("The harmony moves a lot."),
    ReasonCode.STILL_HARMONY: lambda: _("The harmony hardly moves."),
}


# --- the answer -----------------------------------------------------------------------------------


def speech() -> str:
    """Return what stands in place of a mood where somebody talks."""
    return _("🗣️ This sounds like somebody talking, so I name no mood.")


def not_like_music() -> str:
    """Return what stands in place of a mood where there is no music."""
    return _("🔈 This does not sound like music that I know, so I name no mood.")


def reason(code: str) -> str | None:
    """Return the sentence for a `ReasonCode`, or None for one that has no meaning to users."""
    sentence = _REASONS.get(code)
    return sentence() if sentence else None


def why() -> str:
    """Return the heading of the reasons."""
    return _("Why this mood")


def passages_heading() -> str:
    """Return the heading of the passages."""
    return _("Passages")


def passage(start: float, mood: Mood) -> str:
    """Return one passage, by when it begins."""
    return _("{start} {mood}").format(start=clock(start), mood=mood_name(mood))


def passages(shown: Sequence[str], left_out: int) -> str:
    """Return passages in their order.

    Parameters
    ----------
    shown : sequence of str
        What `passage` returned.
    left_out : int
        How many more there are.
    """
    line = " → ".join(shown)
    if not left_out:
        return line
    return ngettext(
        "{passages} (and {count} shorter passage)",
        "{passages} (and {count} shorter passages)",
        left_out,
    ).format(passages=line, count=number(left_out))


def repeated() -> str:
    """Return the note under an answer that was not heard anew."""
    return _("I had heard this song here before, so this is from my notes.")


def no_files() -> str:
    """Return what is said where the bot lacks the permission to attach files."""
    return _(
        "The picture is missing, as I may not attach files here: the permission “Attach Files” "
        "would let me."
    )


def no_embeds() -> str:
    """Return what is said where the bot lacks the permission to embed links."""
    return _(
        "This is only a text with a picture, as I may not show embeds here: the permission "
        "“Embed Links” would let me."
    )


def no_embeds_no_files() -> str:
    """Return what is said where the bot lacks both permissions."""
    return _(
        "This is only a text, as I may show neither embeds nor pictures here: the permissions "
        "“Embed Links” and “Attach Files” would let me."
    )


def in_one_line(title: str, mood: Mood, confidence: float, *, unsure: bool) -> str:
    """Return the shortest answer.

    Parameters
    ----------
    title : str
        Made harmless.
    mood : Mood
    confidence : float
        0..1.
    unsure : bool
        Whether no mood is to be named.
    """
    if unsure:
        return _("{title}: no mood is clearly ahead.").format(title=title)
    return _("{title}: {emoji} {mood}, {confidence} sure.").format(
        title=title, emoji=mood.emoji, mood=mood_name(mood), confidence=percent(confidence)
    )


def songs_refused(titles: Sequence[str], sentence: str) -> str:
    """Return why some of several songs have no answer.

    Parameters
    ----------
    titles : sequence of str
        Made harmless.
    sentence : str
        What `bot.presentation.texts.refusal` returned.
    """
    return _("{titles}: {sentence}").format(titles=listing(titles), sentence=sentence)


def unnamed_songs_refused(count: int, sentence: str) -> str:
    """Return the same for songs whose names would take too much room."""
    return ngettext("{count} song: {sentence}", "{count} songs: {sentence}", count).format(
        count=number(count), sentence=sentence
    )


def more_refused(count: int) -> str:
    """Return that more songs have no answer than there was room to name."""
    return ngettext(
        "{count} more song could not be answered.",
        "{count} more songs could not be answered.",
        count,
    ).format(count=number(count))


# --- details --------------------------------------------------------------------------------------


def details_button() -> str:
    """Return the label of the button."""
    return _("Details")


def mood_table() -> str:
    """Return what stands above the table of moods."""
    return _("Each mood: its share of the time, and how likely it is for the song as a whole.")


def passage_table() -> str:
    """Return what stands above the table of passages."""
    return _(
        "Each passage: its start, its mood, its share of the time, and how likely that mood is."
    )


def likely() -> str:
    """Return what kind of certainty the figures have."""
    return _(
        "How likely a mood is for the song as a whole was put to the test: of 100 songs at 70%, "
        "about 70 are right. For a single passage it is only an estimate."
    )


def likely_unsure() -> str:
    """Return the same for a song without a clear mood."""
    return _(
        "No mood is clearly ahead, so even the likeliest is no more than a guess, "
        "and those of single passages all the more."
    )


def likely_no_music() -> str:
    """Return the same for what is no music."""
    return _(
        "The figures are what I would say if this were music; as it does not sound like any that "
        "I know, they mean little."
    )


def page(page: int, pages: int) -> str:
    """Return which page this is; both count from 1."""
    return _("Page {page} of {pages}").format(page=number(page), pages=number(pages))


# --- the other buttons ----------------------------------------------------------------------------


def compare_button() -> str:
    """Return the label of the button."""
    return _("Compare with…")


def compare_prompt(title: str) -> str:
    """Return what stands above the menu; `title` has been made harmless."""
    return _("Which song of this server shall I compare {title} with?").format(title=title)


def compare_menu() -> str:
    """Return what stands in the menu as long as nothing is chosen."""
    return _("Choose a song")


def unsure_song() -> str:
    """Return how a song is described whose mood is not clear."""
    return _("no clear mood")


def search_button() -> str:
    """Return the label of the button that opens the form, and its title."""
    return _("Search by name")


def search_field() -> str:
    """Return the label of the form's one field."""
    return _("Part of the song's name")


def nothing_found() -> str:
    """Return what is said when no song has what was searched for in its name."""
    return _("No other song of this server has that in its name; choose one, or search again.")


def nothing_to_compare_with() -> str:
    """Return what is said where there is no other song."""
    return _(
        "I know no other song of this server that you can see; "
        "have another one answered, then press this again."
    )


def compared(first: str, second: str) -> str:
    """Return what stands above the picture; both titles have been made harmless."""
    return _("{first} and {second} side by side").format(first=first, second=second)


def not_compared() -> str:
    """Return what is said when no comparison could be drawn."""
    return _("I could not draw this comparison; please try again in a minute.")


def comparing_already() -> str:
    """Return what is said to who wants two comparisons at a time."""
    return _("I am still drawing your last comparison; please wait until it is there.")


def record_gone() -> str:
    """Return what is said when there is no record of an answer any more."""
    return _("I do not remember this song any more; have it answered again.")


def record_out_of_reach() -> str:
    """Return what is said while the database is away."""
    return _("I cannot look this up right now; please try again in a few minutes.")


def delete_button() -> str:
    """Return the label of the button."""
    return _("Delete")


def not_yours_to_delete() -> str:
    """Return what is said to who may not delete an answer."""
    return _("Only the person who asked for this answer, or a moderator, can delete it.")


def not_deleted() -> str:
    """Return what is said when Discord does not let an answer be deleted."""
    return _("I could not delete this answer; please try again in a minute.")


def not_yours_to_cancel() -> str:
    """Return what is said to who may not stop a request."""
    return _(
        "Only the person who asked for this, or a moderator, can stop it; please let it finish."
    )


def not_under_way() -> str:
    """Return what is said when there is nothing left to stop."""
    return _("This is not under way any more, so there is nothing to stop.")
