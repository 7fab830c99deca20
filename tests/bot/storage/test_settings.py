from __future__ import annotations

import asyncio

import pytest

from bot.storage import GuildSettings, Listening, Storage


async def test_a_server_that_chose_nothing_has_the_defaults(storage: Storage) -> None:
    assert await storage.settings.of(1) == GuildSettings(
        listening=Listening.AUTOMATIC, min_seconds=60, leaderboard=True, welcomed=False
    )


async def test_what_was_chosen_outlives_a_restart(url: str) -> None:
    before = await Storage.open(url)
    chosen = await before.settings.save(
        2**62,
        listening=Listening.OFFER,
        min_seconds=20.5,
        language="ja",
        role_id=2**61,
        max_minutes=7.5,
        cooldown=30.0,
        leaderboard=False,
        welcomed=True,
        time_zone="Asia/Tokyo",
        digest_channel_id=2**60,
        digested=740_000,
    )
    chosen = await before.settings.set_channel(2**62, 5, Listening.OFF)
    await before.close()
    after = await Storage.open(url)
    assert await after.settings.of(2**62) == chosen
    assert chosen == GuildSettings(
        *(Listening.OFFER, {5: Listening.OFF}, 20.5, "ja", 2**61, 7.5, 30.0, False, True),
        *("Asia/Tokyo", 2**60, 740_000),
    )
    assert isinstance((await after.settings.of(2**62)).listening, Listening)
    await after.close()


async def test_a_change_leaves_the_rest_and_the_other_servers(storage: Storage) -> None:
    await storage.settings.save(1, language="de", role_id=4)
    assert await storage.settings.save(1, role_id=None) == GuildSettings(language="de")
    assert await storage.settings.of(2) == GuildSettings()


async def test_what_is_known_is_not_older_than_what_was_saved(storage: Storage) -> None:
    await storage.settings.of(1)
    await storage.settings.save(1, language="fr")
    assert (await storage.settings.of(1)).language == "fr"
    await storage.settings.set_channel(1, 5, Listening.OFF)
    assert (await storage.settings.of(1)).channels == {5: Listening.OFF}


async def test_saving_nothing_changes_nothing(storage: Storage) -> None:
    await storage.settings.save(1, language="fr")
    assert await storage.settings.save(1) == GuildSettings(language="fr")


async def test_changes_made_at_once_are_all_kept(storage: Storage) -> None:
    await asyncio.gather(
        storage.settings.save(1, language="fr"),
        storage.settings.save(1, role_id=7),
        storage.settings.save(1, cooldown=3.0),
        *(storage.settings.set_channel(1, each, Listening.OFF) for each in range(5)),
    )
    assert await storage.settings.of(1) == GuildSettings(
        language="fr", role_id=7, cooldown=3.0, channels=dict.fromkeys(range(5), Listening.OFF)
    )


async def test_a_channel_can_be_as_the_rest_of_its_server_again(storage: Storage) -> None:
    await storage.settings.set_channel(1, 5, Listening.OFF)
    await storage.settings.set_channel(1, 5, Listening.OFFER)
    assert (await storage.settings.of(1)).channels == {5: Listening.OFFER}
    assert await storage.settings.set_channel(1, 5, None) == GuildSettings()


@pytest.mark.parametrize(
    ("channel", "parent", "listening"),
    [
        (1, None, Listening.OFF),
        (3, None, Listening.MENTION),
        (3, 2, Listening.OFFER),
        (1, 2, Listening.OFF),
        (3, 4, Listening.MENTION),
    ],
    ids=["own", "the server's", "its parent's", "own before its parent's", "neither has one"],
)
def test_how_the_bot_listens_in_a_channel(
    channel: int, parent: int | None, listening: Listening
) -> None:
    settings = GuildSettings(Listening.MENTION, {1: Listening.OFF, 2: Listening.OFFER})
    assert settings.listening_in(channel, parent) is listening


async def test_a_server_can_be_forgotten(storage: Storage) -> None:
    for guild_id in (1, 2):
        await storage.settings.save(guild_id, language="de")
        await storage.settings.set_channel(guild_id, 5, Listening.OFF)
    await storage.settings.forget(1)
    assert await storage.settings.of(1) == GuildSettings()
    assert await storage.settings.of(2) == GuildSettings(language="de", channels={5: Listening.OFF})
