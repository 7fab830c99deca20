"""Our own parser under atheris: ``python -m tests.fuzz.parsers [CORPUS] [-max_total_time=60]``.

Atheris is led by what a file makes our code do; it sees none of the decoders, which are native. It
has wheels for Python 3.11 to 3.13 on Linux, and is installed by hand (``pip install atheris``).
"""

from __future__ import annotations

import io
import sys
import tempfile
from pathlib import Path

import atheris

with atheris.instrument_imports():
    from moodify_core.containers import Container, ends_early, find_audio, ogg_links

from tests.fuzz.seeds import seeds


def look_at(data: bytes) -> None:
    """Ask everything that our parser can be asked; whatever it raises is a finding."""
    file = io.BytesIO(data)
    found = find_audio(file)
    if found is None:
        return
    ends_early(file, found)
    if found.container is Container.OGG:
        ogg_links(file, found.start)


def main() -> None:
    """Run until told to stop, or until something is found."""
    with tempfile.TemporaryDirectory() as folder:
        for name, data in seeds().items():
            (Path(folder) / name).write_bytes(data[:65536])
        atheris.Setup([*sys.argv, folder], look_at)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
