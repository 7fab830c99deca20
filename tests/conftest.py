"""The order of all tests."""

from __future__ import annotations

import pytest


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the files that take long, so that in the end no process works alone."""
    items.sort(key=lambda item: item.get_closest_marker("long") is None)
