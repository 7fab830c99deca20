"""The commands as Discord is told them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from discord import AppCommandType, Permissions

from bot.client import MoodifyBot
from bot.commands import EXTENSIONS
from bot.config import Settings
from bot.sync import commands_digest

BOARDS = ("leaderboard", "servermood", "mymoods", "find", "similar")


@pytest.fixture
async def bot(tmp_path: Path) -> AsyncIterator[MoodifyBot]:
    settings = Settings(DISCORD_TOKEN="x", data_dir=tmp_path, _env_file=None)  # type: ignore[call-arg]
    async with MoodifyBot(settings) as bot:
        for extension in EXTENSIONS:
            await bot.load_extension(extension)
        yield bot


def _payloads(bot: MoodifyBot) -> list[dict[str, Any]]:
    return [command.to_dict(bot.tree) for command in bot.tree.get_commands()]


async def test_names_are_unique_and_what_users_know(bot: MoodifyBot) -> None:
    names = [(payload.get("type", 1), payload["name"]) for payload in _payloads(bot)]
    assert len(names) == len(set(names))
    assert set(names) == {
        *((1, name) for name in ("mood", *BOARDS, "settings", "privacy", "about", "help")),
        (AppCommandType.message.value, "Analyze mood"),
    }


async def test_commands_that_need_no_server_work_everywhere_and_installed_by_a_user(
    bot: MoodifyBot,
) -> None:
    for payload in _payloads(bot):
        if payload["name"] not in ("settings", *BOARDS):
            assert sorted(payload["integration_types"]) == [0, 1]
            assert sorted(payload["contexts"]) == [0, 1, 2]


async def test_settings_are_of_a_server_and_for_those_who_manage_it(bot: MoodifyBot) -> None:
    (settings,) = [payload for payload in _payloads(bot) if payload["name"] == "settings"]
    assert settings["integration_types"] == [0]
    assert settings["contexts"] == [0]
    assert settings["default_member_permissions"] == Permissions(manage_guild=True).value


async def test_boards_are_of_servers_and_for_everybody(bot: MoodifyBot) -> None:
    boards = [payload for payload in _payloads(bot) if payload["name"] in BOARDS]
    for board in boards:
        assert board["integration_types"] == [0]
        assert board["contexts"] == [0]
        assert board["default_member_permissions"] is None
        required = [each["name"] for each in board["options"] if each["required"]]
        assert required == {"find": ["mood"], "similar": ["song"]}.get(board["name"], [])


async def test_mood_takes_a_file_or_a_link_and_whether_the_answer_is_private(
    bot: MoodifyBot,
) -> None:
    (mood,) = [payload for payload in _payloads(bot) if payload["name"] == "mood"]
    options = {option["name"]: option for option in mood["options"]}
    assert list(options) == ["file", "link", "private"]
    assert (options["file"]["type"], options["file"]["required"]) == (11, False)
    assert (options["link"]["type"], options["link"]["required"]) == (3, False)
    assert (options["private"]["type"], options["private"]["required"]) == (5, False)
    assert all(0 < len(option["description"]) <= 100 for option in options.values())
    assert 0 < len(mood["description"]) <= 100


async def test_the_digest_changes_with_the_commands_and_the_application(bot: MoodifyBot) -> None:
    digest = await commands_digest(bot.tree, 1)
    assert await commands_digest(bot.tree, 1) == digest
    assert await commands_digest(bot.tree, 2) != digest
    bot.tree.remove_command("mood")
    assert await commands_digest(bot.tree, 1) != digest


async def test_the_bot_asks_for_no_privileged_intent_and_pings_nobody(bot: MoodifyBot) -> None:
    assert not bot.intents.message_content
    assert not bot.intents.members
    assert not bot.intents.presences
    assert bot.allowed_mentions is not None
    assert bot.allowed_mentions.to_dict() == {"parse": []}


async def test_unloading_takes_the_commands_away(bot: MoodifyBot) -> None:
    for extension in EXTENSIONS:
        await bot.unload_extension(extension)
    assert bot.tree.get_commands() == []
    assert bot.tree.get_commands(type=AppCommandType.message) == []
