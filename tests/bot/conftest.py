from __future__ import annotations

import warnings

# discord.py 2.7 imports audioop, which Python 3.11 and 3.12 announce to be going. It does
# without where it is gone; nothing of ours uses its voice support.
with warnings.catch_warnings():
    warnings.filterwarnings("ignore", "'audioop' is deprecated", DeprecationWarning)
    import discord  # noqa: F401
