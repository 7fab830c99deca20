"""How the bot bears many people at once: ``python -m benchmarks.load``.

People of ten servers ask for songs of 30 s, each another one, at the local stand-in for Discord.
One server asks for as much as all others together. Printed, and written with ``--json``:

- how many were answered with moods, and how many were refused in words;
- seconds until Discord was given a first sign of each, which it waits 3 s for;
- seconds until the answer, in the crowded server and in the others;
- by how much the bot's event loop was late, in milliseconds, looked at 20 times a second.

What is measured is this machine, too: the stand-in and the people run beside the bot.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import statistics
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from benchmarks.crowd import Town, cut, towns
from tests.bot.process import is_answer, running_bot
from tests.discord_double import Channel, DiscordDouble, Exchange, File, User

SECONDS = 30.0
SERVERS = 10
CROWD = 14
"""People in the crowded server; the others have four each."""
OTHERS = 4
PATIENCE = 600.0


@dataclass(frozen=True)
class Load:
    """What came of it.

    Attributes
    ----------
    requests, answered, refused : int
    first_response : dict
        Seconds, by percentile.
    wait_crowded, wait_others : dict
        Seconds until the answer, by percentile: in the crowded server, and elsewhere.
    loop_late : dict
        Milliseconds, by percentile.
    violations : int
        Of Discord's rules.
    """

    requests: int
    answered: int
    refused: int
    first_response: dict[str, float]
    wait_crowded: dict[str, float]
    wait_others: dict[str, float]
    loop_late: dict[str, float]
    violations: int


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--requests", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=60.0, help="in which they come")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--json", type=Path, help="file for the figures")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        load = asyncio.run(
            measure(
                Path(folder),
                requests=arguments.requests,
                seconds=arguments.seconds,
                workers=arguments.workers,
            )
        )
    figures = json.dumps(asdict(load), indent=2)
    print(figures)
    if arguments.json:
        arguments.json.write_text(figures + "\n", encoding="utf-8")


async def measure(folder: Path, *, requests: int, seconds: float, workers: int = 2) -> Load:
    """Let people ask, and see what they get.

    Parameters
    ----------
    folder : Path
        The bot's.
    requests : int
    seconds : float
        Time in which the requests come, evenly spread.
    workers : int

    Returns
    -------
    Load
    """
    async with DiscordDouble() as double:
        places = towns(double, [CROWD] + [OTHERS] * (SERVERS - 1))
        asking = _asking(places, requests)
        settings = {
            "workers": workers,
            # Whoever comes is let in: what is measured is the work, not the limits.
            "queue_limit": 4 * requests,
            "user_queue_limit": requests,
            "log_level": "INFO",
            "log_format": "json",
        }
        async with running_bot(double, folder, **settings) as bot:
            await double.wait_command("mood", PATIENCE)
            await bot.logged("workers started")
            tasks = []
            started = time.monotonic()
            for number, (user, channel) in enumerate(asking):
                due = started + number * seconds / requests
                await asyncio.sleep(max(0.0, due - time.monotonic()))
                exchange = await double.slash(
                    "mood",
                    user=user,
                    channel=channel,
                    options={"file": _song(number, requests)},
                )
                tasks.append(asyncio.create_task(_answer(exchange)))
            answers = await asyncio.gather(*tasks)
        crowded = places[0].channel
        return Load(
            requests=requests,
            answered=sum(moods for _, moods, _ in answers),
            refused=sum(not moods for _, moods, _ in answers),
            first_response=_percentiles([each.responded_after or 0.0 for each, _, _ in answers]),
            wait_crowded=_percentiles([w for each, _, w in answers if each.channel == crowded]),
            wait_others=_percentiles([w for each, _, w in answers if each.channel != crowded]),
            loop_late=_loop_late(bot.output()),
            violations=len(double.violations),
        )


def _asking(places: Sequence[Town], requests: int) -> list[tuple[User, Channel]]:
    """Choose who asks where, in the order in which they do."""
    asking = []
    for number in range(requests):
        half, turn = number % 2, number // 2
        town = places[1 + turn % (SERVERS - 1)] if half else places[0]
        person = town.people[turn // (1 + half * (SERVERS - 2)) % len(town.people)]
        asking.append((person, town.channel))
    random.Random(5).shuffle(asking)
    return asking


def _song(number: int, requests: int) -> File:
    return File(f"song-{number}.mp3", cut(number, requests, SECONDS))


async def _answer(exchange: Exchange) -> tuple[Exchange, bool, float]:
    """Return whether an answer has moods, and after how many seconds it came."""
    message = await exchange.final(PATIENCE, when=is_answer)
    return exchange, bool(message.embeds), time.monotonic() - exchange.sent_at


def _percentiles(values: Sequence[float]) -> dict[str, float]:
    ordered = sorted(values)
    return {
        "median": round(statistics.median(ordered), 3),
        "p99": round(ordered[round((len(ordered) - 1) * 0.99)], 3),
        "longest": round(ordered[-1], 3),
    }


def _loop_late(output: str) -> dict[str, float]:
    lines: list[dict[str, Any]] = [json.loads(line) for line in output.splitlines()]
    (line,) = (each for each in lines if each["event"] == "event loop late by")
    return {name: line[name] for name in ("p50", "p99", "p99_9", "longest")}


if __name__ == "__main__":
    main()
