"""What the panel of `/settings` shows, and what a press writes: without Discord."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import discord
import pytest

from bot.commands.settings import OperatorLimits
from bot.commands.settings._changes import change
from bot.commands.settings._panel import (
    NONE,
    Action,
    Member,
    Page,
    Panel,
    panel_embed,
    panel_items,
)
from bot.commands.settings._zones import ZONES, zone_city, zone_named, zone_offset
from bot.presentation import settings_texts as texts
from bot.presentation.language import SUPPORTED, Language, speaking
from bot.storage import AuditLine, Excluded, GuildSettings, Listening, Storage
from tests.discord_double.limits import component_problems, embed_problems

GUILD = 42
LIMITS = OperatorLimits(max_minutes=20, cooldown=10)
CHANNELS = dict(zip(range(1, 41), [*Listening] * 10, strict=True))
BUSY = GuildSettings(
    listening=Listening.OFFER,
    channels=CHANNELS,
    min_seconds=75.0,
    language="pt-BR",
    role_id=7,
    max_minutes=5.0,
    cooldown=60.0,
    leaderboard=False,
)


EXCLUDED = tuple(Excluded(10**18 + number, None, 1.0) for number in range(200))
DONE = tuple(
    AuditLine(GUILD, 10**18, action, 1e9, subject_id=10**18, title="x" * 80)
    for action in (
        *("exclude", "readmit", "remove", "time-zone", "digest", "boards-on", "boards-off"),
        *("remove", "remove", "remove"),
    )
)


@pytest.fixture
async def storage(tmp_path: Path) -> AsyncIterator[Storage]:
    storage = await Storage.open(f"sqlite:///{tmp_path / 'moodify.db'}")
    yield storage
    await storage.close()


def _panel(settings: GuildSettings = BUSY, **more: Any) -> Panel:
    return replace(Panel(settings, LIMITS, sees_posts=True), **more)


def _components(panel: Panel) -> list[dict[str, Any]]:
    view = discord.ui.View(timeout=None)
    for item in panel_items(panel):
        view.add_item(item)
    return view.to_components()


def _menu(panel: Panel, action: Action) -> dict[str, Any]:
    rows = _components(panel)
    return next(
        component
        for row in rows
        for component in row["components"]
        if component["custom_id"].split(":")[1] == action
    )


def _chosen(panel: Panel, action: Action) -> list[str]:
    return [each["value"] for each in _menu(panel, action)["options"] if each.get("default")]


@pytest.mark.parametrize("language", SUPPORTED, ids=lambda language: language.code)
@pytest.mark.parametrize("page", Page)
def test_every_page_is_within_the_limits_in_every_language(language: Language, page: Page) -> None:
    names = dict.fromkeys(CHANNELS, "a-very-long-channel-name-" * 4)
    with speaking(language.code):
        for settings in (GuildSettings(), BUSY):
            panel = _panel(
                settings,
                page=page,
                chosen=3,
                names=names,
                sees_posts=False,
                excluded=EXCLUDED,
                done=DONE,
                member=Member(20, is_bot=False),
            )
            embed = panel_embed(panel)
            assert list(embed_problems([embed.to_dict()])) == []  # type: ignore[list-item]
            assert list(component_problems(_components(panel))) == []


@pytest.mark.parametrize("language", SUPPORTED, ids=lambda language: language.code)
def test_what_a_mode_means_is_not_cut_in_any_language(language: Language) -> None:
    with speaking(language.code):
        for mode in Listening:
            assert len(texts.mode_meaning(mode)) <= 100
        assert len(texts.channel_mode_prompt("#" + "x" * 100)) <= 150


def test_what_holds_is_what_is_chosen_in_the_menus() -> None:
    assert _chosen(_panel(), Action.MODE) == ["offer"]
    assert _chosen(_panel(), Action.SHORTEST) == ["75.0"]
    answers = _panel(page=Page.ANSWERS)
    assert _chosen(answers, Action.LANGUAGE) == ["pt-BR"]
    boards = _panel(page=Page.BOARDS)
    assert _menu(boards, Action.LEADERBOARD)["label"] == texts.leaderboard_button(on=False)
    limits = _panel(page=Page.LIMITS)
    assert _chosen(limits, Action.LONGEST) == ["5.0"]
    assert _chosen(limits, Action.PAUSE) == ["60.0"]
    channels = _panel(page=Page.CHANNELS, chosen=2)
    assert _chosen(channels, Action.CHANNEL_MODE) == [CHANNELS[2]]
    assert _chosen(_panel(page=Page.CHANNELS, chosen=99), Action.CHANNEL_MODE) == [NONE]


def test_the_operators_limits_are_the_widest() -> None:
    panel = _panel(GuildSettings(max_minutes=300, cooldown=0), page=Page.LIMITS)
    assert _chosen(panel, Action.LONGEST) == [NONE]
    assert _chosen(panel, Action.PAUSE) == [NONE]
    lengths = [each["value"] for each in _menu(panel, Action.LONGEST)["options"]][1:]
    assert max(map(float, lengths)) < 20
    pauses = [each["value"] for each in _menu(panel, Action.PAUSE)["options"]][1:]
    assert min(map(float, pauses)) > 10
    embed = panel_embed(panel)
    assert embed.fields[0].value == texts.longest_chosen(20)
    assert embed.fields[1].value == texts.pause_chosen(10)


def test_without_the_intent_the_panel_says_what_cannot_work() -> None:
    assert panel_embed(_panel(sees_posts=False)).description == texts.blind()
    assert panel_embed(_panel()).description is None


def test_channels_with_modes_of_their_own_are_listed() -> None:
    modes = {1: Listening.OFF, 2: Listening.MENTION, 3: Listening.AUTOMATIC, 4: Listening.OFF}
    panel = _panel(
        GuildSettings(channels=modes),
        page=Page.CHANNELS,
        names={1: "quiet", 2: "talk", 4: "mute"},
        mute=frozenset({2, 4}),
    )
    lines = (panel_embed(panel).description or "").splitlines()[-4:]
    assert lines == [
        "<#1>: Off",
        "<#2>: When mentioned (⚠️ I may not speak there)",
        "a deleted channel (3): Automatic",
        "<#4>: Off",
    ]
    removable = _menu(panel, Action.REMOVE)
    assert [each["value"] for each in removable["options"]] == ["1", "2", "3", "4"]
    assert removable["max_values"] == 4
    many = panel_embed(_panel(page=Page.CHANNELS)).description or ""
    assert many.endswith(texts.more_exceptions(len(CHANNELS) - 25))


@pytest.mark.parametrize(
    ("action", "argument", "values", "changed"),
    [
        (Action.MODE, None, ["mention"], {"listening": Listening.MENTION}),
        (Action.SHORTEST, None, ["0.0"], {"min_seconds": 0.0}),
        (Action.CHANNEL_MODE, "5", ["off"], {"channels": {5: Listening.OFF, 6: Listening.OFFER}}),
        (Action.CHANNEL_MODE, "6", [NONE], {"channels": {}}),
        (Action.REMOVE, None, ["6", "7"], {"channels": {}}),
        (Action.LANGUAGE, None, ["ja"], {"language": "ja"}),
        (Action.LANGUAGE, None, [NONE], {"language": None}),
        (Action.ROLE, None, ["77"], {"role_id": 77}),
        (Action.ROLE, None, [], {"role_id": None}),
        (Action.ROLE, None, [str(GUILD)], {"role_id": None}),
        (Action.ROLE, NONE, [], {"role_id": None}),
        (Action.LEADERBOARD, "off", [], {"leaderboard": False}),
        (Action.LEADERBOARD, "on", [], {"leaderboard": True}),
        (Action.TIME_ZONE, None, ["Asia/Tokyo"], {"time_zone": "Asia/Tokyo"}),
        (Action.DIGEST, None, ["9"], {"digest_channel_id": 9}),
        (Action.DIGEST, None, [], {"digest_channel_id": None}),
        (Action.DIGEST, NONE, [], {"digest_channel_id": None}),
        (Action.LONGEST, None, ["5.0"], {"max_minutes": 5.0}),
        (Action.LONGEST, None, [NONE], {"max_minutes": None}),
        (Action.PAUSE, None, ["30.0"], {"cooldown": 30.0}),
        (Action.PAUSE, None, [NONE], {"cooldown": None}),
    ],
)
async def test_a_press_changes_one_thing(
    storage: Storage,
    action: Action,
    argument: str | None,
    values: list[str],
    changed: dict[str, Any],
) -> None:
    await storage.settings.save(GUILD, language="de", role_id=9, max_minutes=8, cooldown=20)
    before = await storage.settings.set_channel(GUILD, 6, Listening.OFFER)
    written = change(GUILD, action, argument, values, by=5)
    assert written is not None
    assert await written(storage) == replace(before, **changed)
    assert await storage.settings.of(GUILD) == replace(before, **changed)


def test_what_is_not_there_any_more_is_not_preselected() -> None:
    answers = _panel(page=Page.ANSWERS)
    assert _menu(answers, Action.ROLE)["default_values"] == [{"id": 7, "type": "role"}]
    assert not _menu(replace(answers, role_exists=False), Action.ROLE).get("default_values")
    channels = _panel(page=Page.CHANNELS, chosen=2, names={2: "here"})
    assert _menu(channels, Action.CHANNEL)["default_values"] == [{"id": 2, "type": "channel"}]
    assert not _menu(replace(channels, names={}), Action.CHANNEL).get("default_values")


def test_looking_around_changes_nothing() -> None:
    assert change(GUILD, Action.SHOW, "limits", [], by=5) is None
    assert change(GUILD, Action.CHANNEL, None, ["5"], by=5) is None


@pytest.mark.parametrize(
    ("typed", "zone"),
    [
        ("Europe/Berlin", "Europe/Berlin"),
        (" europe/berlin ", "Europe/Berlin"),
        ("berlin", "Europe/Berlin"),
        ("New York", "America/New_York"),
        ("america/argentina/buenos aires", "America/Argentina/Buenos_Aires"),
        ("utc", "UTC"),
        ("gmt+2", None),  # the zones that are called so lie on the other side of Greenwich
        ("Atlantis", None),
        ("Europe", None),
        ("../etc/passwd", None),
        ("", None),
    ],
)
def test_a_time_zone_is_known_by_its_name_or_its_city(typed: str, zone: str | None) -> None:
    assert zone_named(typed) == zone


@pytest.mark.parametrize("language", SUPPORTED, ids=lambda language: language.code)
def test_time_zones_are_shown_with_their_cities(language: Language) -> None:
    assert len(set(ZONES)) == 25
    with speaking(language.code):
        assert len({zone_city(zone) for zone in ZONES}) == 25
        assert all(zone_named(zone) == zone and zone_offset(zone) for zone in ZONES)
    boards = _panel(GuildSettings(time_zone="Asia/Kathmandu"), page=Page.BOARDS)
    assert _chosen(boards, Action.TIME_ZONE) == ["Asia/Kathmandu"]


def test_the_panel_tells_what_becomes_of_the_digest() -> None:
    settings = GuildSettings(digest_channel_id=9)
    there = _panel(settings, page=Page.BOARDS, names={9: "news"})
    for panel, sentence in (
        (there, texts.digest_chosen(9)),
        (replace(there, mute=frozenset({9})), texts.digest_not_allowed(9)),
        (replace(there, names={}), texts.digest_channel_gone()),
    ):
        assert sentence in [field.value for field in panel_embed(panel).fields]


def test_a_member_who_is_kept_off_can_be_let_back_and_a_bot_neither() -> None:
    panel = _panel(page=Page.MODERATION, excluded=EXCLUDED)
    assert "settings:exclude" not in str(_components(panel))
    out, there, bot = (
        _components(replace(panel, member=member))
        for member in (
            Member(EXCLUDED[0].user_id, is_bot=False),
            Member(20, is_bot=False),
            Member(20, is_bot=True),
        )
    )
    assert f"settings:readmit:{EXCLUDED[0].user_id}" in str(out)
    assert "settings:exclude:20" in str(there)
    assert "settings:exclude" not in str(bot)


def test_of_who_is_forgotten_a_line_says_so() -> None:
    line = texts.audit_line(AuditLine(GUILD, None, "remove", 1e9))
    assert line == "<t:1000000000:R>: (forgotten) removed (forgotten) of (forgotten)."
