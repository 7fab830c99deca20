"""The command ``moodify``.

Exit codes: 0 all done, 1 something failed (the rest was done), 2 wrong use.
"""

from __future__ import annotations

import io
import logging
import sys

import click

from moodify_core.cli._analyze import analyze_command
from moodify_core.cli._bot import BOT_COMMANDS
from moodify_core.cli._training import evaluate_command, train_command


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="moodify")
def main() -> None:
    """How a song feels: aggressive, dramatic, happy, romantic or sad, and when."""
    logging.getLogger("libav").setLevel(logging.CRITICAL)
    for stream in (sys.stdout, sys.stderr):
        # What a terminal of another encoding cannot show is no reason to stop.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


for _command in (analyze_command, train_command, evaluate_command, *BOT_COMMANDS):
    main.add_command(_command)
