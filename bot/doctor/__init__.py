"""``moodify doctor``: whether a bot can run here, and what to do where it cannot.

It changes nothing: no folder, no file and no table is made, and nothing is sent to any channel.
"""
