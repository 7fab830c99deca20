from __future__ import annotations

import sys

import pytest

from bot.cooldown import LONGEST, Cooldowns


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_a_person_waits_after_an_accepted_request(clock: Clock) -> None:
    cooldowns = Cooldowns(clock)
    assert cooldowns.left(1, 10) == 0
    cooldowns.start(1)
    assert cooldowns.left(1, 10) == 10
    clock.now += 4
    assert cooldowns.left(1, 10) == 6
    assert cooldowns.left(2, 10) == 0
    clock.now += 6.5
    assert cooldowns.left(1, 10) == 0


def test_asking_too_early_does_not_make_the_wait_longer(clock: Clock) -> None:
    cooldowns = Cooldowns(clock)
    cooldowns.start(1)
    for _ in range(9):
        clock.now += 1
        cooldowns.left(1, 10)
    assert cooldowns.left(1, 10) == 1


def test_a_refused_request_costs_nothing(clock: Clock) -> None:
    cooldowns = Cooldowns(clock)
    assert cooldowns.left(1, 10) == cooldowns.left(1, 10) == 0


def test_each_accepted_request_begins_a_new_wait(clock: Clock) -> None:
    cooldowns = Cooldowns(clock)
    for _ in range(3):
        cooldowns.start(1)
        assert cooldowns.left(1, 10) == 10
        clock.now += 11


def test_no_cooldown_lets_everybody_ask_at_any_time(clock: Clock) -> None:
    cooldowns = Cooldowns(clock)
    for _ in range(3):
        cooldowns.start(1)
        assert cooldowns.left(1, 0) == 0


def test_the_clock_of_the_machine_is_the_default() -> None:
    cooldowns = Cooldowns()
    cooldowns.start(1)
    assert 3500 < cooldowns.left(1, 3600) <= 3600


def test_each_server_says_how_long(clock: Clock) -> None:
    cooldowns = Cooldowns(clock)
    cooldowns.start(1)
    clock.now += 4
    assert (cooldowns.left(1, 5), cooldowns.left(1, 60)) == (1, 56)


def test_who_asked_long_ago_is_forgotten(clock: Clock) -> None:
    cooldowns = Cooldowns(clock)
    for user_id in range(10_000):
        cooldowns.start(user_id)
        clock.now += LONGEST / 10
    assert sum(cooldowns.left(user_id, LONGEST) > 0 for user_id in range(10_000)) == 9
    assert sys.getsizeof(cooldowns._asked) < 10_000
