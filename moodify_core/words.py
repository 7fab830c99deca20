"""What is written in pictures and said of them, in the language of whoever looks at them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from moodify_core.figures import PERCENT, in_percent
from moodify_core.moods import MOODS, Mood


def _english_names() -> Mapping[Mood, str]:
    return {mood: mood.value for mood in MOODS}


@dataclass(frozen=True, slots=True)
class Words:
    """The words of one language; English where nothing else is said.

    Patterns name in braces what is filled in: ``{title}``, ``{length}``, ``{mood}``, ``{share}``,
    ``{others}``, ``{start}``, ``{end}``, ``{passages}`` and ``{count}``.

    Attributes
    ----------
    moods : mapping of Mood to str
        The moods as they stand within a sentence, with first letters that tell them apart.
    percent : str
        How a percentage is written, with ``{}`` for its figure.
    separator : str
        What stands between the items of a list.
    unsure : str
        Beside the title where no mood is clearly ahead.
    of_the_song : str
        Under the name of a mood in a film: how much of the song has it.
    untitled_timeline, untitled_film : str
        The heading of a picture of a song without a title.
    heading, heading_untitled : str
        First sentence of the words that stand for a timeline.
    mostly, mostly_alone, more_than_others : str
        Its second: how much of the time has the leading mood, and the others, if there are any;
        `more_than_others` where that is less than half.
    no_mood_ahead : str
        Its third where the answer is unsure.
    passage : str
        One passage.
    passages, passages_cut : str
        Its last sentence, with all passages, or with the number of those that found no room.
    """

    moods: Mapping[Mood, str] = field(default_factory=_english_names)
    percent: str = PERCENT
    separator: str = ", "
    unsure: str = "unsure"
    of_the_song: str = "{share} of the song"
    untitled_timeline: str = "Mood over time"
    untitled_film: str = "Mood of a song"
    heading: str = "Mood over time of “{title}”, {length}."
    heading_untitled: str = "Mood over time of a song, {length}."
    mostly: str = "Mostly {mood}: {share} of the time; {others}."
    mostly_alone: str = "Mostly {mood}: {share} of the time."
    more_than_others: str = "More {mood} than anything else: {share} of the time; {others}."
    no_mood_ahead: str = "The answer is unsure: no mood is clearly ahead."
    passage: str = "{mood} {start}–{end}"
    passages: str = "Passages: {passages}."
    passages_cut: str = "Passages: {passages} and {count} more."

    def name(self, mood: Mood) -> str:
        """Return a mood's name as it is written in pictures."""
        return self.moods[mood].capitalize()

    def initial(self, mood: Mood) -> str:
        """Return the letter that stands for a mood where there is little room."""
        return self.name(mood)[0]

    def labels(self, mood: Mood) -> tuple[str, str]:
        """Return what a passage is called: where there is room, and where there is little."""
        return self.name(mood), self.initial(mood)

    def share(self, share: float) -> str:
        """Write a share as a percentage; what is there is never called 0 %."""
        return in_percent(share, self.percent)


ENGLISH = Words()
