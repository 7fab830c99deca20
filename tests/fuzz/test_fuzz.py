"""Two minutes of the files that ``python -m tests.fuzz`` makes, the same ones in each run."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from moodify_core.containers import MOST_LINKS, Container, ends_early, find_audio, ogg_links
from tests.fuzz.campaign import MEMORY, TIME_LIMIT, Campaign
from tests.fuzz.mutants import Mutant, mutants
from tests.fuzz.seeds import seeds
from tests.fuzz.structure import parts, with_checksums

pytestmark = pytest.mark.long

MINUTES = 2.0


def test_damaged_files_are_answered_or_refused_and_harm_nobody(tmp_path: Path) -> None:
    folder = tmp_path / "songs"
    folder.mkdir()
    # One worker: the tests beside it need the other core.
    campaign = Campaign(folder, tmp_path / "broken", workers=1)
    tally = campaign.run(cases=10**9, minutes=MINUTES, number=7)
    assert tally.broken == []
    assert tally.deaths == 0
    assert tally.cases > 350  # on the busiest machine
    assert tally.witnesses >= tally.cases / 8
    assert tally.slowest < TIME_LIMIT
    assert tally.largest < MEMORY
    # It is no test of damage where nothing is heard, or nothing refused.
    assert {"BrokenAudio", "UnsupportedFormat", "TooShort"} < set(tally.outcomes)
    heard = sum(count for name, count in tally.outcomes.items() if "moods" in name)
    assert heard > tally.cases / 10
    assert not list(folder.glob("work-*"))


@pytest.mark.parametrize("name", sorted(seeds()))
def test_a_seed_has_parts_and_they_lie_in_it(name: str) -> None:
    data = seeds()[name]
    found = parts(data)
    assert len(found) >= 3
    assert all(0 <= part.start < part.head <= part.end <= len(data) for part in found)


@pytest.mark.parametrize("name", [name for name, data in seeds().items() if data[:4] == b"OggS"])
def test_a_whole_ogg_has_its_checksums_already(name: str) -> None:
    assert with_checksums(seeds()[name]) == seeds()[name]


@settings(max_examples=200, deadline=None)
@given(mutants() | st.binary(max_size=4096).map(Mutant))
def test_our_own_parser_says_something_of_any_bytes(mutant: Mutant) -> None:
    file = io.BytesIO(mutant.data)
    found = find_audio(file)
    assert file.tell() == 0
    if found is not None:
        assert 0 <= found.start <= len(mutant.data)
        assert isinstance(ends_early(file, found), bool)
    if found is not None and found.container is Container.OGG:
        links = ogg_links(file, found.start)
        assert links == sorted(set(links))
        assert 1 <= len(links) <= MOST_LINKS
