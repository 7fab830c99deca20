from __future__ import annotations

import gc

import pytest
from discord.app_commands import Cooldown

from bot.cooldown import Cooldowns


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def _remembered() -> int:
    gc.collect()
    return sum(isinstance(thing, Cooldown) for thing in gc.get_objects())


def test_a_person_waits_after_an_accepted_request(clock: Clock) -> None:
    cooldowns = Cooldowns(10, clock)
    assert cooldowns.left(1) == 0
    cooldowns.start(1)
    assert cooldowns.left(1) == 10
    clock.now += 4
    assert cooldowns.left(1) == 6
    assert cooldowns.left(2) == 0
    clock.now += 6.5
    assert cooldowns.left(1) == 0


def test_asking_too_early_does_not_make_the_wait_longer(clock: Clock) -> None:
    cooldowns = Cooldowns(10, clock)
    cooldowns.start(1)
    for _ in range(9):
        clock.now += 1
        cooldowns.left(1)
    assert cooldowns.left(1) == 1


def test_a_refused_request_costs_nothing(clock: Clock) -> None:
    cooldowns = Cooldowns(10, clock)
    assert cooldowns.left(1) == cooldowns.left(1) == 0


def test_each_accepted_request_begins_a_new_wait(clock: Clock) -> None:
    cooldowns = Cooldowns(10, clock)
    for _ in range(3):
        cooldowns.start(1)
        assert cooldowns.left(1) == 10
        clock.now += 11


def test_no_cooldown_lets_everybody_ask_at_any_time(clock: Clock) -> None:
    cooldowns = Cooldowns(0, clock)
    for _ in range(3):
        cooldowns.start(1)
        assert cooldowns.left(1) == 0


def test_the_clock_of_the_machine_is_the_default() -> None:
    cooldowns = Cooldowns(3600)
    cooldowns.start(1)
    assert 3500 < cooldowns.left(1) <= 3600


def test_who_asked_long_ago_is_forgotten(clock: Clock) -> None:
    before, cooldowns = _remembered(), Cooldowns(10, clock)
    for user_id in range(1000):
        cooldowns.start(user_id)
        clock.now += 1
    assert _remembered() - before < 20
