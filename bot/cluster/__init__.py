"""Beyond one machine: ``moodify scheduler`` and ``moodify worker``, which a `DaskEngine` uses.

A worker knows nothing of the bot: neither its token nor its database.
"""
