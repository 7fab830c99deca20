"""What messages with answers hold, judged as Discord would."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import discord
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import outcomes
from bot.outcomes import Answered, Outcome
from bot.presentation import answer_texts, texts
from bot.presentation.answers import Abilities, Content, versions
from bot.presentation.buttons import answer_view, cancel_request_view
from bot.presentation.language import SUPPORTED, Language, speaking
from bot.presentation.titles import song_title
from moodify_core.errors import SilentAudio
from moodify_core.moods import MOODS
from moodify_core.result import Note, ReasonCode, WarningCode
from tests.bot.songs import analysis, hearing
from tests.discord_double.limits import Upload, message_problems

ANSWER = Answered("Moonlit", hearing(), film_key="7", record_id=3)
SILENT = outcomes.Unanalysable(SilentAudio())
ABILITIES = [Abilities(embeds, files) for embeds in (True, False) for files in (True, False)]

TALKATIVE = analysis(
    [0.2] * 5,
    warnings=(
        Note(WarningCode.TRUNCATED, {"at": 3599.2}),
        Note(WarningCode.SHORT, {"duration": 3.0}),
        Note(WarningCode.CLOSE_CALL, {"first": "aggressive", "second": "romantic"}),
    ),
    reasons=(ReasonCode.EVEN_DYNAMICS, ReasonCode.MINOR_COLOUR, ReasonCode.MOVING_HARMONY),
    passages=[(100.0, MOODS[number % 5]) for number in range(50)],
)
"""An analysis that has something to say of everything."""

REASONS: tuple[Outcome, ...] = (
    SILENT,
    outcomes.NoAudio(),
    outcomes.TooBig(25 * 2**20),
    outcomes.TooManyAtOnce(3),
    outcomes.StreamingLink(),
    outcomes.RoleNeeded(10**18),
    outcomes.Failed("1234567890123456789"),
    outcomes.DownloadFailed(),
    outcomes.TookTooLong(60),
)


def wholly(*answers: Outcome, abilities: Abilities = ABILITIES[0]) -> list[Content]:
    """Return all versions of an answer."""
    titles = [f"Song {number}" for number, _ in enumerate(answers)]
    return [make() for make in versions(answers, titles, abilities)]


def problems(content: Content) -> list[str]:
    """Return what Discord would not take in a message."""
    uploads = [
        Upload(f"files[{number}]", file.filename, file.fp.read())
        for number, file in enumerate(content["attachments"])
    ]
    view = content["view"]
    message: dict[str, Any] = {
        "content": content["content"],
        "embeds": [embed.to_dict() for embed in content["embeds"]],
        "attachments": [
            {"id": number, "filename": file.filename, "description": file.description}
            for number, file in enumerate(content["attachments"])
        ],
        "components": view.to_components() if view else [],
    }
    return list(message_problems(message, uploads=uploads, flags_allowed=0))


def test_several_songs_have_each_its_embed_and_its_picture() -> None:
    content = wholly(ANSWER, replace(ANSWER, title="Dawn"))[0]
    assert [embed.title for embed in content["embeds"]] == ["🎵 `Moonlit`", "🎵 `Dawn`"]
    assert [embed.image.url for embed in content["embeds"]] == [
        "attachment://mood-1.png",
        "attachment://mood-2.png",
    ]
    assert [file.filename for file in content["attachments"]] == ["mood-1.png", "mood-2.png"]
    assert content["content"] is None


def test_of_several_songs_those_without_an_answer_are_named() -> None:
    content = wholly(ANSWER, SILENT, outcomes.NoAudio(), SILENT)[0]
    assert len(content["embeds"]) == 1
    assert content["content"] == (
        f"`Song 1` and `Song 3`: {texts.refusal(SILENT)}\n"
        f"`Song 2`: {texts.refusal(outcomes.NoAudio())}"
    )


def test_one_song_without_an_answer_is_one_sentence() -> None:
    (make,) = versions([SILENT])
    assert make() == Content(content=texts.refusal(SILENT), embeds=[], attachments=[], view=None)


@pytest.mark.parametrize(
    ("abilities", "embeds", "files", "notice"),
    [
        (Abilities(), 1, 1, None),
        (Abilities(files=False), 1, 0, answer_texts.no_files()),
        (Abilities(embeds=False), 0, 1, answer_texts.no_embeds()),
        (Abilities(embeds=False, files=False), 0, 0, answer_texts.no_embeds_no_files()),
    ],
    ids=["all", "no files", "no embeds", "neither"],
)
def test_what_the_bot_may_not_show_is_left_out_and_named(
    abilities: Abilities, embeds: int, files: int, notice: str | None
) -> None:
    ways = wholly(ANSWER, abilities=abilities)
    fullest = ways[0]
    assert len(fullest["embeds"]) == embeds
    assert len(fullest["attachments"]) == files
    assert (fullest["content"] or "").endswith(notice or "")
    assert bool(fullest["content"]) == (notice is not None)
    if not embeds:
        assert "This song feels **romantic**" in (fullest["content"] or "")
    for content in ways:
        assert abilities.embeds or not content["embeds"]
        assert abilities.files or not content["attachments"]


def test_the_missing_permissions_are_called_as_discord_calls_them() -> None:
    assert "“Attach Files”" in answer_texts.no_files()
    assert "“Embed Links”" in answer_texts.no_embeds()
    both = answer_texts.no_embeds_no_files()
    assert "“Attach Files”" in both
    assert "“Embed Links”" in both


@pytest.mark.parametrize("abilities", ABILITIES, ids=str)
def test_the_plainest_version_is_only_text(abilities: Abilities) -> None:
    plainest = wholly(ANSWER, abilities=abilities)[-1]
    assert plainest["embeds"] == []
    assert plainest["attachments"] == []
    assert "romantic" in (plainest["content"] or "")


@given(
    st.lists(
        st.tuples(st.text(max_size=300), st.sampled_from((None, *REASONS))), min_size=1, max_size=10
    ),
    st.sampled_from(ABILITIES),
    st.sampled_from(SUPPORTED),
)
def test_discord_takes_every_version_of_every_answer(
    songs: list[tuple[str, Outcome | None]], abilities: Abilities, language: Language
) -> None:
    with speaking(language.code):
        titles = [song_title(filename) for filename, _ in songs]
        ended: list[Outcome] = [
            reason
            or Answered(
                title,
                hearing("d" * 3000, TALKATIVE),
                film_key=str(10**19 + number),
                record_id=10**7 + number,
                repeated=True,
            )
            for number, (title, (_, reason)) in enumerate(zip(titles, songs, strict=True))
        ]
        for make in versions(ended, titles, abilities, lambda: view_of(ended)):
            assert problems(make()) == []


def test_ten_songs_are_told_even_without_embeds() -> None:
    long = replace(ANSWER, title="x" * 80, hearing=hearing(heard=TALKATIVE))
    for content in wholly(*[long] * 10, abilities=Abilities(embeds=False)):
        assert problems(content) == []
        assert (content["content"] or "").count("x" * 80) == 10


def view_of(ended: Sequence[Outcome], *, in_server: bool = True) -> discord.ui.View | None:
    return answer_view(ended, asker_id=10**19, in_server=in_server)


def buttons(ended: Sequence[Outcome], *, in_server: bool = True) -> list[str]:
    view = view_of(ended, in_server=in_server)
    assert view is not None
    assert view.is_persistent()
    return [item.custom_id for item in view.walk_children()]  # type: ignore[attr-defined]


DELETE = f"delete:{10**19}"


def test_an_answer_has_the_buttons_that_work() -> None:
    assert buttons([ANSWER]) == ["film:7", "details:3", "compare:3", "opinion:3", DELETE]
    assert buttons([ANSWER], in_server=False) == ["film:7", "details:3", DELETE]
    assert buttons([replace(ANSWER, record_id=None)]) == ["film:7", DELETE]
    assert buttons([replace(ANSWER, film_key=None)]) == [
        *("details:3", "compare:3", "opinion:3"),
        DELETE,
    ]
    assert view_of([SILENT]) is None


def test_nobody_is_asked_about_a_private_answer_or_one_without_a_mood() -> None:
    private = answer_view([ANSWER], asker_id=1, in_server=True, private=True)
    assert private is not None
    assert not any("opinion" in item.custom_id for item in private.walk_children())  # type: ignore[attr-defined]
    heard = replace(ANSWER.hearing, analysis=replace(ANSWER.hearing.analysis, unsure=True))
    assert "opinion:3" not in buttons([replace(ANSWER, hearing=heard)])


def test_several_songs_share_their_buttons_but_those_for_films() -> None:
    second = replace(ANSWER, film_key="8", record_id=4)
    assert buttons([ANSWER, SILENT, second]) == [
        *("film:7", "film:8", "details:3-4", "opinion:3-4"),
        DELETE,
    ]
    view = view_of([ANSWER, SILENT, second])
    assert view is not None
    labels = [button["label"] for row in view.to_components() for button in row["components"]]
    assert labels[:2] == ["Film 1", "Film 2"]


def test_the_button_to_cancel_knows_request_and_asker() -> None:
    (button,) = cancel_request_view(12, 34).walk_children()
    assert button.custom_id == "cancel:12:34"  # type: ignore[attr-defined]
