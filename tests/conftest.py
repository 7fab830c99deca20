"""What all tests share: their order, and how patient property tests are."""

from __future__ import annotations

import pytest
from hypothesis import settings

# How long an example takes says how busy the machine is.
settings.register_profile("moodify", deadline=None)
settings.load_profile("moodify")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the files that take long, so that in the end no process works alone."""
    items.sort(key=lambda item: item.get_closest_marker("long") is None)
