"""How answers look and what they say."""
