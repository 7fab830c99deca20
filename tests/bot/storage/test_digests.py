"""Who wants a message about each week, and that one of many sends it, in both databases."""

from __future__ import annotations

import asyncio
from datetime import date, timedelta

from bot.storage import Changes, Storage, Subscription

MONDAY = date(2026, 6, 1)
WEEK = timedelta(days=7)


async def test_of_many_that_claim_a_week_one_gets_it(url: str, storage: Storage) -> None:
    await storage.settings.save(7, digest_channel_id=8)
    other = await Storage.open(url)
    claims = [each.digests.claim(7, MONDAY) for each in (storage, other) * 5]
    assert sorted(await asyncio.gather(*claims)) == [False] * 9 + [True]
    assert not await storage.digests.claim(7, MONDAY - WEEK)
    assert await other.digests.claim(7, MONDAY + WEEK)
    assert not await storage.digests.claim(99, MONDAY)
    await other.close()


async def test_only_servers_that_want_it_and_have_boards_subscribe(storage: Storage) -> None:
    chosen: list[Changes] = [
        {},
        {"digest_channel_id": 5, "language": "de", "time_zone": "Asia/Tokyo"},
        {"digest_channel_id": 6, "leaderboard": False},
        {"digest_channel_id": 7, "digested": MONDAY.toordinal()},
    ]
    for guild_id, changes in enumerate(chosen):
        await storage.settings.save(guild_id, **changes)
    assert sorted(await storage.digests.subscriptions(), key=lambda each: each.guild_id) == [
        Subscription(1, 5, "Asia/Tokyo", "de", None),
        Subscription(3, 7, "UTC", None, MONDAY),
    ]
