"""``python -m moodify_core`` is ``moodify``."""

from moodify_core.cli import main

main(prog_name="moodify")
