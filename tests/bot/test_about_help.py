"""`/about` and `/help`: what they say, and that they say it at the stand-in."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import discord
import pytest

from bot.commands.about._page import About, about_embed, about_links
from bot.commands.help._page import Server, help_embed
from bot.presentation import about_texts as texts
from bot.presentation import privacy_texts
from bot.presentation.language import SUPPORTED, Language, speaking
from bot.storage import Listening
from moodify_core.shipped import Measured, Share, Shipped, default_folder, shipped
from tests.bot.process import PATIENCE, is_answer, running_bot
from tests.discord_double import MESSAGE_CONTENT, DiscordDouble, Message
from tests.discord_double.limits import embed_problems
from tests.discord_double.world import ATTACH_FILES, BOT_PERMISSIONS

MODEL = Shipped("moods-1", Measured(100, Share(0.54, 0.507, 0.583), (0.43, 0.36)))
ABOUT = About("Moodify", MODEL, discord.utils.utcnow(), latency=0.0451)
SERVER = Server(
    mode=Listening.AUTOMATIC,
    min_seconds=60,
    role_id=None,
    sees_posts=True,
    may_speak=True,
    may_embed=True,
    may_attach=True,
)


def _help(server: Server | None, *, direct: bool = False) -> str:
    return help_embed(server, direct=direct).description or ""


# --- the model that comes with Moodify -----------------------------------------------------------


def test_the_accuracy_is_the_measured_one() -> None:
    metrics = json.loads((default_folder() / "metrics.json").read_text(encoding="utf-8"))
    accuracy = metrics["unheard_artists"]["all"]["accuracy"]
    model = shipped()
    assert model is not None
    assert model.version == metrics["model"]["version"]
    assert model.measured is not None
    assert model.measured.unheard_artists == Share(**accuracy)
    elsewhere = [each["accuracy"]["value"] for each in metrics["unheard_corpus"].values()]
    assert sorted(model.measured.unheard_collections) == sorted(elsewhere)


def test_figures_of_another_model_are_not_told(tmp_path: Path) -> None:
    (tmp_path / "model.json").write_text('{"version": "mine"}')
    assert shipped(tmp_path) == Shipped("mine", None)
    (tmp_path / "metrics.json").write_text((default_folder() / "metrics.json").read_text())
    assert shipped(tmp_path) == Shipped("mine", None)
    (tmp_path / "metrics.json").write_text('{"model": {"version": "mine"}}')
    assert shipped(tmp_path) == Shipped("mine", None)
    (tmp_path / "model.json").write_text("[1")
    assert shipped(tmp_path) is None
    assert shipped(tmp_path / "nowhere") is None


# --- what is said --------------------------------------------------------------------------------


def test_about_tells_the_figures_and_what_is_kept() -> None:
    said = "\n".join(field.value or "" for field in about_embed(ABOUT).fields)
    assert texts.trust(0.54, 0.507, 0.583) in said
    assert "54 (between 51 and 58" in said
    assert "43 and 36 of 100" in said
    assert texts.kept() in said
    assert "`moods-1`" in said
    assert "45 ms" in said


def test_about_claims_nothing_of_a_model_that_was_not_measured() -> None:
    for model in (None, Shipped("moods-1", None)):
        fields = about_embed(replace(ABOUT, model=model, latency=None)).fields
        assert fields[0].value == texts.trust_unknown()


def test_about_links_to_what_there_is() -> None:
    assert about_links(ABOUT).children == []
    links = about_links(replace(ABOUT, source="https://a.test/x", policy="https://b.test"))
    assert [each.url for each in links.children] == [  # type: ignore[attr-defined]
        "https://a.test/x",
        "https://b.test",
    ]


@pytest.mark.parametrize(
    ("change", "says", "never"),
    [
        ({}, [texts.help_mention(), texts.help_posted(Listening.AUTOMATIC, 60)], []),
        ({"mode": Listening.OFFER}, [texts.help_posted(Listening.OFFER, 60)], []),
        (
            {"mode": Listening.MENTION},
            [texts.help_mention(), texts.help_posted(Listening.MENTION, 60)],
            [],
        ),
        (
            {"mode": Listening.OFF},
            [texts.help_mention_off(), texts.help_posted(Listening.OFF, 60)],
            [texts.help_mention()],
        ),
        (
            {"sees_posts": False},
            [texts.help_mention_blind(), texts.help_posted_blind()],
            [texts.help_mention(), texts.help_posted(Listening.AUTOMATIC, 60)],
        ),
        (
            {"may_speak": False},
            [texts.help_mute()],
            [texts.help_mention(), texts.help_posted(Listening.AUTOMATIC, 60)],
        ),
        (
            {"may_attach": False, "may_embed": False},
            [texts.help_lacks([texts.embed_links(), texts.attach_files()])],
            [],
        ),
        ({"role_id": 5}, [texts.help_role(5)], []),
        ({"boards": True}, [texts.help_boards()], [texts.help_boards_off()]),
        ({"boards": False}, [texts.help_boards_off()], [texts.help_boards()]),
    ],
)
def test_help_says_what_works_where_it_is_asked(
    change: dict[str, object], says: list[str], never: list[str]
) -> None:
    said = _help(replace(SERVER, **change))  # type: ignore[arg-type]
    for sentence in [texts.help_command(), texts.help_menu(), *says]:
        assert sentence in said
    for sentence in never:
        assert sentence not in said


def test_help_outside_servers_names_only_what_works_there() -> None:
    for direct in (True, False):
        said = _help(None, direct=direct)
        assert texts.help_command() in said
        assert texts.help_direct(here=direct) in said
        assert texts.help_mention() not in said
        assert texts.help_boards() not in said


@pytest.mark.parametrize("language", SUPPORTED, ids=lambda language: language.code)
def test_both_are_within_the_limits_in_every_language(language: Language) -> None:
    with speaking(language.code):
        strict = replace(SERVER, sees_posts=False, may_embed=False, may_attach=False, role_id=2**62)
        embeds = [about_embed(ABOUT), help_embed(strict, direct=False)]
        for embed in embeds:
            assert list(embed_problems([embed.to_dict()])) == []  # type: ignore[list-item]


# --- at the stand-in -----------------------------------------------------------------------------


def _said(message: Message) -> str:
    (embed,) = message.embeds
    return "\n".join([embed["description"], *(f["value"] for f in embed.get("fields", []))])


async def test_both_answer_only_who_asks_in_their_language(tmp_path: Path) -> None:
    double = DiscordDouble(privileged_intents=MESSAGE_CONTENT)
    ann, bo = double.add_user("Ann"), double.add_user("Bo", locale="fr")
    guild = double.add_guild("Music", owner=ann, members=[bo])
    channel = double.add_channel(guild, "songs", bot_permissions=BOT_PERMISSIONS & ~ATTACH_FILES)
    foreign = double.add_channel(
        double.add_guild("Elsewhere", owner=ann, with_bot=False), "general"
    )
    source = "https://example.org/moodify"
    async with double, running_bot(double, tmp_path, source_url=source):
        await double.wait_command("help", PATIENCE)
        exchange = await double.slash("about", user=ann, channel=channel)
        about = await exchange.final(PATIENCE, when=is_answer)
        assert privacy_texts.agreement(0, 0) in _said(about)
        assert about.ephemeral
        model = shipped()
        assert model is not None
        assert model.version in _said(about)
        assert about.component(texts.source_button())["url"] == source

        said = await (await double.slash("help", user=ann, channel=channel)).final(PATIENCE)
        assert said.ephemeral
        assert texts.help_posted(Listening.AUTOMATIC, 60) in _said(said)
        assert texts.help_lacks([texts.attach_files()]) in _said(said)

        panel = await (await double.slash("settings", user=ann, channel=channel)).final(PATIENCE)
        exchange = await double.select(ann, panel, "settings:mode", ["off"])
        await exchange.final(PATIENCE)
        said = await (await double.slash("help", user=bo, channel=channel)).final(PATIENCE)
        with speaking("fr"):
            assert texts.help_mention_off() in _said(said)

        direct = double.direct_channel(ann)
        said = await (await double.slash("help", user=ann, channel=direct)).final(PATIENCE)
        assert texts.help_direct(here=True) in _said(said)

        exchange = await double.slash("help", user=ann, channel=foreign, user_installed=True)
        said = await exchange.final(PATIENCE)
        assert texts.help_menu() in _said(said)
        assert texts.help_mention() not in _said(said)
        exchange = await double.slash("about", user=ann, channel=foreign, user_installed=True)
        about = await exchange.final(PATIENCE, when=is_answer)
        assert texts.kept() in _said(about)
        assert privacy_texts.agreement(0, 0) not in _said(about)
    assert double.violations == []
    assert double.own_errors == []
